//! Reading SIP messages, beside `rsip`, `rsipstack` and `ezk-sip-types` on the same ten messages.
//!
//! Two works: `parse` is what each crate does to take a message in; `touch` is that, then Call-ID, CSeq, the branch of
//! the topmost Via, both tags and the Contact's URI, which is what routing a message needs.
//!
//! `cargo bench --bench sip_parse` prints criterion's figures, then all in one interleaved run with the ratios.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench measures time and prints what it measured; a message that is not read is a broken bench"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group};
use switchboard_sip::Message;

include!("sip_parse/messages.rs");

/// One crate: what it does to parse a message, and to touch it. Both give a number that depends on what was read.
struct Peer {
    name: &'static str,
    parse: fn(&Bytes) -> usize,
    touch: fn(&Bytes) -> usize,
}

const PEERS: [Peer; 4] = [
    Peer { name: "switchboard", parse: ours::parse, touch: ours::touch },
    Peer { name: "rsip", parse: rsip_peer::parse, touch: rsip_peer::touch },
    Peer { name: "rsipstack", parse: rsipstack_peer::parse, touch: rsipstack_peer::touch },
    Peer { name: "ezk-sip-types", parse: ezk::parse, touch: ezk::touch },
];

mod ours {
    use super::*;

    pub(super) fn parse(octets: &Bytes) -> usize {
        let message = Message::parse(octets.clone()).unwrap();
        black_box(&message).body().len()
    }

    pub(super) fn touch(octets: &Bytes) -> usize {
        let message = Message::parse(octets.clone()).unwrap();
        let contact = message.contact().unwrap();
        message.call_id().len()
            + message.cseq().number as usize
            + message.branch().map_or(0, str::len)
            + message.from_tag().map_or(0, str::len)
            + message.to_tag().map_or(0, str::len)
            + contact.map_or(0, |contact| contact.uri().host_str().len())
    }
}

/// `rsip`, and `rsipstack`, which grew from it and has its interface.
macro_rules! rsip_like {
    ($module:ident, $sip:path) => {
        mod $module {
            use bytes::Bytes;
            #[allow(unused_imports, reason = "one of the two needs all three")]
            use sip::prelude::{HeadersExt, ToTypedHeader, UntypedHeader};
            use std::hint::black_box;
            use $sip as sip;

            pub(super) fn parse(octets: &Bytes) -> usize {
                let message = sip::SipMessage::try_from(&octets[..]).unwrap();
                usize::from(black_box(&message).is_request())
            }

            pub(super) fn touch(octets: &Bytes) -> usize {
                let message = sip::SipMessage::try_from(&octets[..]).unwrap();
                let contact =
                    message.contact_header().ok().and_then(|contact| contact.typed().ok());
                message.call_id_header().unwrap().value().len()
                    + message.cseq_header().unwrap().typed().unwrap().seq as usize
                    + message
                        .via_header()
                        .unwrap()
                        .typed()
                        .unwrap()
                        .branch()
                        .map_or(0, |b| b.value().len())
                    + message
                        .from_header()
                        .unwrap()
                        .typed()
                        .unwrap()
                        .tag()
                        .map_or(0, |t| t.value().len())
                    + message
                        .to_header()
                        .unwrap()
                        .typed()
                        .unwrap()
                        .tag()
                        .map_or(0, |t| t.value().len())
                    + contact.map_or(0, |contact| contact.uri.host_with_port.to_string().len())
            }
        }
    };
}

rsip_like!(rsip_peer, ::rsip);
rsip_like!(rsipstack_peer, ::rsipstack::sip);

mod ezk {
    use super::*;
    use ezk_sip_types::header::typed::{CSeq, CallID, Contact, ContentLength, FromTo, Via};
    use ezk_sip_types::msg::{Line, MessageLine, PullParser};
    use ezk_sip_types::parse::Parse;
    use ezk_sip_types::{Headers, Name};

    /// As that crate's own transports do it.
    fn read(octets: &Bytes) -> (MessageLine, Headers, Bytes) {
        let mut parser = PullParser::new(octets, 0);
        let mut start = None;
        let mut headers = Headers::new();
        for line in &mut parser {
            let line = std::str::from_utf8(line.unwrap()).unwrap();
            if start.is_none() {
                start = Some(MessageLine::parse(octets)(line).unwrap().1);
            } else {
                let line = Line::parse(octets, line).unwrap().1;
                headers.insert(line.name, line.value);
            }
        }
        let head = parser.head_end();
        let length = headers.get_named::<ContentLength>().unwrap().0;
        (start.unwrap(), headers, octets.slice(head..head + length))
    }

    pub(super) fn parse(octets: &Bytes) -> usize {
        black_box(&read(octets)).2.len()
    }

    pub(super) fn touch(octets: &Bytes) -> usize {
        let (_, headers, _) = read(octets);
        let tag = |name| headers.get::<FromTo>(name).unwrap().tag.map_or(0, |tag| tag.len());
        let contact = headers.get_named::<Contact>().ok();
        headers.get_named::<CallID>().unwrap().0.len()
            + headers.get_named::<CSeq>().unwrap().cseq as usize
            + headers.get_named::<Via>().unwrap().params.get_val("branch").map_or(0, |b| b.len())
            + tag(Name::FROM)
            + tag(Name::TO)
            + contact.map_or(0, |contact| usize::from(contact.uri.name.is_some()))
    }
}

fn messages() -> Vec<Bytes> {
    MESSAGES.iter().map(|(_, text)| Bytes::from(text.replace('\n', "\r\n"))).collect()
}

fn reading(criterion: &mut Criterion) {
    let messages = messages();
    let octets = messages.iter().map(Bytes::len).sum::<usize>() as u64;
    for (work, of) in [
        ("parse", (|peer| peer.parse) as fn(&Peer) -> fn(&Bytes) -> usize),
        ("touch", |peer| peer.touch),
    ] {
        let mut group = criterion.benchmark_group(format!("sip {work}, ten messages"));
        group.throughput(Throughput::Bytes(octets));
        for peer in &PEERS {
            let work = of(peer);
            group.bench_function(peer.name, |bencher| {
                bencher.iter(|| {
                    messages.iter().map(|message| work(black_box(message))).sum::<usize>()
                });
            });
        }
        group.finish();
    }
    let mut message = Message::parse(messages[0].clone()).unwrap();
    criterion.bench_function("sip parse into the same message, ten messages", |bencher| {
        bencher
            .iter(|| messages.iter().for_each(|octets| message.replace(octets.clone()).unwrap()));
    });
}

/// Nanoseconds a message: the peers in turns, the best of many rounds of each.
fn interleaved(work: impl Fn(&Peer) -> fn(&Bytes) -> usize) -> [f64; PEERS.len()] {
    let messages = messages();
    let mut best = [f64::MAX; PEERS.len()];
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        for (peer, best) in PEERS.iter().zip(&mut best) {
            let work = work(peer);
            let start = Instant::now();
            for _ in 0..20 {
                messages.iter().for_each(|message| {
                    black_box(work(black_box(message)));
                });
            }
            let each = start.elapsed().as_nanos() as f64 / (20 * messages.len()) as f64;
            *best = best.min(each);
        }
    }
    best
}

fn ratios() {
    println!("nanoseconds a message, best of interleaved rounds, and the ratio to ours");
    for (name, best) in
        [("parse", interleaved(|peer| peer.parse)), ("touch", interleaved(|peer| peer.touch))]
    {
        for (peer, nanoseconds) in PEERS.iter().zip(best) {
            println!("{name} {:14} {nanoseconds:8.0} {:6.1}", peer.name, nanoseconds / best[0]);
        }
    }
}

criterion_group!(benches, reading);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    if !std::env::args().any(|argument| argument == "--test") {
        ratios();
    }
}
