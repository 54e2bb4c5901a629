//! What a transaction and a registration cost, from the parsed message to the octets of the answer.
//! There is no peer: the other stacks' transactions are tasks on sockets and cannot be run alone.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use switchboard_benches::Bench;
use switchboard_sip::registrar::{Registrar, RegistrarConfig};
use switchboard_sip::transaction::{
    Event, Input, LayerConfig, Output, TransactionId, TransactionLayer,
};
use switchboard_sip::{Builder, Flow, Message, StatusCode};

fn flow() -> Flow {
    Flow::udp(([192, 0, 2, 1], 5060).into(), ([192, 0, 2, 7], 5062).into())
}

fn message(method: &str, number: u64) -> Message {
    let text = format!(
        "{method} sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK{number};rport\r\n\
         Max-Forwards: 70\r\nFrom: \"Anna\" <sip:anna@192.0.2.1>;tag=a{number}\r\nTo: <sip:102@192.0.2.1>\r\n\
         Call-ID: {number}@192.0.2.7\r\nCSeq: 1 {method}\r\nContact: <sip:anna@192.0.2.7:5062>\r\n\
         User-Agent: bench\r\nContent-Length: 0\r\n\r\n"
    );
    Message::parse(text.into_bytes()).expect("sound")
}

#[allow(clippy::disallowed_methods, reason = "an Instant can be made no other way")]
fn epoch() -> Instant {
    Instant::now()
}

/// Takes a request in and answers it.
fn serve(layer: &mut TransactionLayer, now: Instant, message: Message, status: StatusCode) {
    layer.handle(now, Input::Received { flow: flow(), message });
    while let Some(output) = layer.poll_output() {
        match output {
            Output::Event(Event::Request { id, request, .. }) => {
                answer(layer, now, id, &request, status);
            }
            other => drop(black_box(other)),
        }
    }
}

fn answer(
    layer: &mut TransactionLayer,
    now: Instant,
    id: TransactionId,
    request: &Message,
    status: StatusCode,
) {
    let response = Builder::reply(request, status, Some("t")).build().expect("sound");
    layer.respond(now, id, &response).expect("open");
}

/// A layer in which as many transactions linger as 32 s of this load leave there.
fn loaded(transactions: u64) -> (TransactionLayer, Instant) {
    let config = LayerConfig {
        max_servers: usize::MAX,
        max_servers_per_address: usize::MAX,
        ..LayerConfig::default()
    };
    let mut layer = TransactionLayer::new(config, [1; 32]);
    let start = epoch();
    for number in 0..transactions {
        let now = start + Duration::from_secs(32) * number as u32 / transactions.max(1) as u32;
        serve(&mut layer, now, message("OPTIONS", number), StatusCode::OK);
    }
    (layer, start + Duration::from_secs(32))
}

fn transactions(c: &mut Criterion) {
    let mut group = c.benchmark_group("transaction");
    group.throughput(Throughput::Elements(1));
    for lingering in [10, 10_000, 100_000] {
        let (mut layer, mut now) = loaded(lingering);
        let step = Duration::from_secs(32) / lingering as u32;
        let mut number = lingering;
        group.bench_function(format!("OPTIONS answered, {lingering} lingering"), |b| {
            b.iter_batched(
                || {
                    number += 1;
                    message("OPTIONS", number)
                },
                |message| {
                    // One comes, one goes.
                    now += step;
                    layer.handle_timeout(now);
                    serve(&mut layer, now, message, StatusCode::OK);
                },
                BatchSize::SmallInput,
            );
        });
        let again = message("OPTIONS", number);
        group.bench_function(format!("retransmission, {lingering} lingering"), |b| {
            b.iter(|| serve(&mut layer, now, again.clone(), StatusCode::OK));
        });
    }
    group.finish();
}

fn register(user: usize, cseq: u32) -> Message {
    let text = format!(
        "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK{cseq}\r\n\
         From: <sip:u{user}@192.0.2.1>;tag=a\r\nTo: <sip:u{user}@192.0.2.1>\r\nCall-ID: {user}@192.0.2.7\r\n\
         CSeq: {cseq} REGISTER\r\nContact: <sip:u{user}@192.0.2.7:5062>\r\nExpires: 3600\r\n\r\n"
    );
    Message::parse(text.into_bytes()).expect("sound")
}

fn refresh(registrar: &mut Registrar, now: Instant, user: usize, message: &Message) -> Message {
    let name = format!("u{user}");
    let reply = registrar.register(now, &name, flow(), message, "t").expect("in order");
    while registrar.poll_output().is_some() {}
    reply.build().expect("sound")
}

fn registrar(c: &mut Criterion) {
    let mut group = c.benchmark_group("registrar");
    group.throughput(Throughput::Elements(1));
    for users in [10, 1_000, 100_000] {
        let now = epoch();
        let mut registrar = Registrar::new(RegistrarConfig::default());
        let mut cseq = 1;
        for user in 0..users {
            refresh(&mut registrar, now, user, &register(user, cseq));
        }
        group.bench_function(format!("refresh among {users}"), |b| {
            b.iter_batched(
                || {
                    cseq += 1;
                    register(cseq as usize % users, cseq)
                },
                |message| {
                    let user = message.cseq().number as usize % users;
                    refresh(&mut registrar, now, user, &message)
                },
                BatchSize::SmallInput,
            );
        });
        group.bench_function(format!("lookup among {users}"), |b| {
            let mut user = 0;
            let names: Vec<_> = (0..users.min(1_000)).map(|user| format!("u{user}")).collect();
            b.iter(|| {
                user = (user + 1) % names.len();
                registrar.lookup(now, black_box(&names[user])).len()
            });
        });
    }
    group.finish();
}

/// The same, parse included, with the allocations, and what a lingering transaction takes.
fn report(bench: &Bench) {
    let mut compare = bench
        .compare("OPTIONS taken in, answered and forgotten", "a request", 1)
        .note("From octets to octets: parse, transaction, answer. One transaction ends for each that begins.");
    for lingering in [10_u64, 10_000, 100_000] {
        let (mut layer, mut now) = loaded(lingering);
        let step = Duration::from_secs(32) / lingering as u32;
        let mut number = lingering;
        compare = compare.ours(&format!("beside {lingering} lingering"), move || {
            number += 1;
            now += step;
            layer.handle_timeout(now);
            serve(&mut layer, now, message("OPTIONS", number), StatusCode::OK);
        });
    }
    compare.run();

    let mut compare = bench.compare("REGISTER refreshes its binding", "a request", 1);
    for users in [10_usize, 1_000, 100_000] {
        let now = epoch();
        let mut registrar = Registrar::new(RegistrarConfig::default());
        for user in 0..users {
            refresh(&mut registrar, now, user, &register(user, 1));
        }
        let mut cseq = 1;
        compare = compare.ours(&format!("among {users} bindings"), move || {
            cseq += 1;
            let user = cseq as usize % users;
            refresh(&mut registrar, now, user, &register(user, cseq))
        });
    }
    compare.run();
}

criterion_group!(benches, transactions, registrar);

fn main() {
    let bench = Bench::new(
        "sip_transaction",
        "A transaction and a registration, from the octets of the request to those of the answer, as their tables grow. No \
         peer: the other stacks' transactions are tasks on sockets and cannot be run alone.",
    );
    if bench.wants_criterion() {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    report(&bench);
}
