//! The PBX's core, without sockets and audio: a call from a trunk that is answered with the
//! welcome message and hung up, beside 10 and 1,000 calls that are held meanwhile; and a challenge
//! to somebody who has not said who they are. Nothing to compare with: other PBXs are
//! programs, and are measured whole.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group};
use switchboard_benches::Bench;
use switchboard_media::{Command, Event, EventKind, Stats};
use switchboard_pbx::{Config, Input, Listener, Output, Pbx, Secrets, WallClock};
use switchboard_routing::{Directory, DirectorySpec};
use switchboard_sip::{Flow, Message, Transport};

const COMPANY: &str = r#"
users = [{ login = "anna", name = "Anna Ahrens", extension = "101" }]
trunks = [{ id = "carrier", host = "203.0.113.5" }]
lines = [{ id = "main", number = "+4930555000", trunk = "carrier", welcome = true }]
"#;
const DESCRIPTION: &str = "v=0\r\no=- 1 1 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\n\
                           t=0 0\r\nm=audio 6000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";

struct Company {
    pbx: Pbx,
    now: Instant,
    flow: Flow,
    calls: u32,
}

impl Company {
    fn new() -> Self {
        #[allow(clippy::disallowed_methods, reason = "the epoch of a virtual clock")]
        let now = Instant::now();
        let local: SocketAddr = "192.0.2.1:5060".parse().unwrap();
        let clock = WallClock { at: now, unix: Duration::ZERO, utc_offset: 0 };
        let mut config = Config::new("pbx.example", clock, [7; 32]);
        config.listeners = vec![Listener::new(Transport::Udp, local)];
        config.limits.calls_per_trunk = 20_000;
        let spec: DirectorySpec = toml::from_str(COMPANY).unwrap();
        let directory = Arc::new(Directory::build(&spec).unwrap());
        let mut pbx = Pbx::new(config, directory);
        let secrets = Secrets::new().with_user("anna".parse().unwrap(), "correct horse");
        pbx.handle(now, Input::Secrets(Arc::new(secrets))).unwrap();
        let flow = Flow::udp(local, "203.0.113.5:5060".parse().unwrap());
        Self { pbx, now, flow, calls: 0 }
    }

    /// Hands a message in and does what the PBX wants; gives the last message that it sent.
    fn send(&mut self, message: String) -> Option<Bytes> {
        let payload = Bytes::from(message);
        self.pbx.handle(self.now, Input::Sip { flow: self.flow, payload }).unwrap();
        self.drain()
    }

    fn drain(&mut self) -> Option<Bytes> {
        let mut last = None;
        while let Some(output) = self.pbx.poll_output() {
            match output {
                Output::Transmit { payload, .. } => last = Some(payload),
                Output::OpenMedia { leg, .. } => {
                    let local = SocketAddr::from(([192, 0, 2, 1], 40_000));
                    self.pbx.handle(self.now, Input::MediaOpened { leg, local }).unwrap();
                }
                Output::Media(Command::Close { leg }) => {
                    let kind = EventKind::Closed { stats: Stats::default() };
                    self.pbx.handle(self.now, Input::Media(Event { leg, kind })).unwrap();
                }
                other => drop(black_box(other)),
            }
        }
        last
    }

    fn request(&self, method: &str, number: u32, cseq: u32, to_tag: &str, body: &str) -> String {
        format!(
            "{method} sip:+4930555000@192.0.2.1 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK{number}{method}\r\nMax-Forwards: 70\r\n\
             From: <sip:+4917012345@203.0.113.5>;tag={number}\r\n\
             To: <sip:+4930555000@192.0.2.1>{to_tag}\r\nCall-ID: {number}@203.0.113.5\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:203.0.113.5>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// A call is made and answered: its number and the PBX's tag.
    fn call(&mut self) -> (u32, String) {
        self.calls += 1;
        let number = self.calls;
        let answer = self.send(self.request("INVITE", number, 1, "", DESCRIPTION)).unwrap();
        let answer = Message::parse(answer).unwrap();
        assert_eq!(answer.status().unwrap().code(), 200);
        let tag = format!(";tag={}", answer.to_tag().unwrap());
        self.send(self.request("ACK", number, 1, &tag, ""));
        (number, tag)
    }

    fn hang_up(&mut self, (number, tag): (u32, String)) {
        let answer = self.send(self.request("BYE", number, 2, &tag, "")).unwrap();
        assert!(answer.starts_with(b"SIP/2.0 200 "));
    }

    /// Lets the transactions end.
    fn rest(&mut self) {
        self.now += Duration::from_secs(40);
        self.pbx.handle_timeout(self.now);
        self.drain();
    }
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pbx/call");
    for held in [10, 1_000] {
        let mut company = Company::new();
        for _ in 0..held {
            company.call();
        }
        company.rest();
        group.bench_function(BenchmarkId::new("answered and hung up beside", held), |bencher| {
            bencher.iter(|| {
                let call = company.call();
                company.hang_up(call);
                company.rest();
            });
        });
    }
    group.finish();
}

fn challenge(criterion: &mut Criterion) {
    criterion.bench_function("pbx/challenge", |bencher| {
        let mut company = Company::new();
        company.flow.remote = "198.51.100.7:5060".parse().unwrap();
        let request = company.request("INVITE", 1, 1, "", DESCRIPTION);
        bencher.iter_batched(
            || request.clone(),
            |request| {
                let answer = company.send(request).unwrap();
                assert!(answer.starts_with(b"SIP/2.0 401 "));
            },
            BatchSize::SmallInput,
        );
    });
}

/// The same calls with their allocations, and what a held call takes.
fn report(bench: &Bench) {
    let mut compare = bench
        .compare("call from a trunk, answered with the welcome message and hung up", "a call", 1)
        .note("INVITE, 200, ACK, BYE, 200 from octets to octets, with the routing, without sockets and audio.");
    for held in [10, 1_000] {
        let mut company = Company::new();
        for _ in 0..held {
            company.call();
        }
        company.rest();
        compare = compare.ours(&format!("beside {held} held calls"), move || {
            let call = company.call();
            company.hang_up(call);
            company.rest();
        });
    }
    compare.run();

    let mut company = Company::new();
    company.flow.remote = "198.51.100.7:5060".parse().unwrap();
    let request = company.request("INVITE", 1, 1, "", DESCRIPTION);
    bench
        .compare("INVITE from nobody, challenged", "a request", 1)
        .ours("switchboard", || {
            let answer = company.send(request.clone()).unwrap();
            assert!(answer.starts_with(b"SIP/2.0 401 "));
        })
        .run();

    let mut company = Company::new();
    company.call();
    let held = allocation_counter::measure(|| {
        for _ in 0..1_000 {
            company.call();
        }
        company.rest();
    });
    bench.figure(
        "memory that a held call keeps in the core, without its audio",
        held.bytes_current as f64 / 1_000.0,
        "octets",
    );
}

criterion_group!(benches, calls, challenge);

fn main() {
    let bench = Bench::new(
        "pbx",
        "The PBX's core alone. No peer: other PBXs are programs, and are measured whole.",
    );
    if bench.wants_criterion() {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    report(&bench);
}
