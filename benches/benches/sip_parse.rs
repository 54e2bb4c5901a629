//! Reading SIP messages, beside other crates on the same ten messages, and `httparse` on HTTP of the same length.
//!
//! Two works: `parse` is what each crate does to take a message in; `touch` is that, then Call-ID, CSeq, the branch of
//! the topmost Via, both tags and the Contact's URI, which is what routing a message needs.
//!
//! `cargo bench --bench sip_parse` prints criterion's figures of ours, then the comparison, and what each crate makes of
//! RFC 4475. With `--features every-peer` four more crates are built and compared.
//! `cargo xtask instructions` counts instructions: for it, a work runs alone (see [`ALONE`]).
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench measures time and prints what it measured; a message that is not read is a broken bench"
)]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group};
use switchboard_benches::Bench;
use switchboard_sip::Message;

#[cfg(feature = "every-peer")]
#[path = "sip_parse/every_peer.rs"]
mod every_peer;
#[path = "sip_parse/linear.rs"]
mod linear;
#[path = "sip_parse/peers.rs"]
mod peers;
#[path = "sip_parse/torture.rs"]
mod torture;

use peers::{OURS, PEERS, Peer, ours};

include!("sip_parse/messages.rs");

/// Holds `ROUNDS WORK`: the ten messages so many times through one work, and nothing else. `list` prints the works, `verdicts` what each
/// crate makes of RFC 4475.
const ALONE: &str = "SWITCHBOARD_BENCH_ALONE";

fn all() -> Vec<&'static Peer> {
    #[allow(unused_mut, reason = "the feature adds some")]
    let mut all: Vec<&Peer> = std::iter::once(&OURS).chain(&PEERS).collect();
    #[cfg(feature = "every-peer")]
    all.extend(&every_peer::EVERY);
    all
}

fn messages() -> Vec<Bytes> {
    let all = MESSAGES.iter().map(|(_, text)| Bytes::from(text.replace('\n', "\r\n")));
    // A clone makes it a shared one, as a message that came over a socket is.
    all.inspect(|message| drop(message.clone())).collect()
}

/// The same lines as HTTP: its request or status line before the header fields and the body.
fn http() -> Vec<Vec<u8>> {
    let all = MESSAGES.iter().map(|(_, text)| {
        let text = text.replace('\n', "\r\n");
        let (start, rest) = text.split_once("\r\n").unwrap();
        let start = match start.strip_prefix("SIP/2.0 ") {
            Some(status) => format!("HTTP/1.1 {status}"),
            None => format!("{} HTTP/1.1", start.strip_suffix(" SIP/2.0").unwrap()),
        };
        format!("{start}\r\n{rest}").into_bytes()
    });
    all.collect()
}

fn read_http(octets: &[u8]) -> usize {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    if octets.starts_with(b"HTTP/") {
        let mut response = httparse::Response::new(&mut headers);
        response.parse(octets).unwrap();
        black_box(&response).headers.len()
    } else {
        let mut request = httparse::Request::new(&mut headers);
        request.parse(octets).unwrap();
        black_box(&request).headers.len()
    }
}

/// All messages through one work.
fn through(messages: &[Bytes], work: fn(&Bytes) -> Option<usize>) -> usize {
    messages.iter().map(|message| work(black_box(message)).unwrap()).sum()
}

fn reading(criterion: &mut Criterion) {
    let messages = messages();
    let octets = messages.iter().map(Bytes::len).sum::<usize>() as u64;
    let mut group = criterion.benchmark_group("ten SIP messages");
    group.throughput(Throughput::Bytes(octets));
    group.bench_function("parse", |bencher| bencher.iter(|| through(&messages, OURS.read)));
    group.bench_function("touch", |bencher| bencher.iter(|| through(&messages, OURS.touch)));
    let mut message = Message::parse(messages[0].clone()).unwrap();
    group.bench_function("parse into the same message", |bencher| {
        bencher
            .iter(|| messages.iter().for_each(|octets| message.replace(octets.clone()).unwrap()));
    });
    group.finish();
}

fn compare(bench: &Bench) {
    let (messages, http) = (messages(), http());
    let read = all().into_iter().fold(
        bench.compare("parse", "a message", MESSAGES.len() as u32),
        |compare, peer| {
            let work = || through(&messages, peer.read);
            if peer.name == OURS.name {
                compare.ours(peer.name, work)
            } else {
                compare.peer(peer.name, work)
            }
        },
    );
    read.peer("httparse 1.10, the same lines as HTTP", || {
        http.iter().map(|octets| read_http(black_box(octets))).sum::<usize>()
    })
    .note("ten messages of 348 to 1,653 octets, 594 in the mean, with 10.9 header fields")
    .run();
    let touch = all().into_iter().fold(
        bench.compare("parse and touch", "a message", MESSAGES.len() as u32),
        |compare, peer| {
            let work = || through(&messages, peer.touch);
            if peer.name == OURS.name {
                compare.ours(peer.name, work)
            } else {
                compare.peer(peer.name, work)
            }
        },
    );
    touch
        .note("touch: Call-ID, CSeq, the topmost Via's branch, both tags, the Contact's URI")
        .note("sip-core gives Via, From, To and Contact as text only; sipmsg and rvoip read all at once")
        .run();
    let read: Vec<Message> = messages.iter().map(|m| Message::parse(m.clone()).unwrap()).collect();
    bench
        .compare("touch again", "a message", MESSAGES.len() as u32)
        .ours("what the parse found, and the Contact", || read.iter().map(ours::look).sum::<usize>())
        .note("a message is read once: branch, tags, Call-ID and CSeq are kept with it, only the Contact's URI is read when asked")
        .run();
}

/// One work, so many times: what an instruction counter counts. A round of a work reads ten messages.
fn alone(order: &str) {
    let (rounds, wanted) = order.split_once(' ').unwrap_or(("0", "list"));
    let rounds: usize = rounds.parse().unwrap();
    if wanted == "verdicts" {
        for verdict in torture::verdicts(all().into_iter()) {
            println!("{}\t{} / {}", verdict.name, verdict.taken, verdict.refused);
        }
        return;
    }
    let (messages, http) = (messages(), http());
    let mut works: Vec<(String, Box<dyn Fn() -> usize>)> = Vec::new();
    for peer in all() {
        let (read, touch) = (messages.clone(), messages.clone());
        works.push((format!("parse: {}", peer.name), Box::new(move || through(&read, peer.read))));
        works
            .push((format!("touch: {}", peer.name), Box::new(move || through(&touch, peer.touch))));
    }
    let read = move || http.iter().map(|octets| read_http(black_box(octets))).sum();
    works.push(("parse: httparse 1.10, the same lines as HTTP".to_owned(), Box::new(read)));
    for what in linear::KINDS {
        for (name, length) in linear::LENGTHS {
            let long = linear::long(what, length);
            let read = move || (0..10).map(|_| linear::read(black_box(&long))).sum();
            works.push((format!("{name}: {what}"), Box::new(read)));
        }
    }
    for (name, work) in works {
        if wanted == "list" {
            println!("{name}");
        } else if wanted == name {
            (0..rounds).for_each(|_| {
                black_box(work());
            });
        }
    }
}

criterion_group!(benches, reading);

fn main() {
    if let Ok(order) = std::env::var(ALONE) {
        return alone(&order);
    }
    let bench = Bench::new(
        "sip_parse",
        "Ten SIP messages as phones, trunks and proxies send them, read by this crate and by others.",
    );
    if bench.wants_criterion() {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    compare(&bench);
    linear::compare(&bench);
    torture::tell(&bench, all().into_iter());
}
