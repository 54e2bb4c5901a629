//! Writing SIP messages and checking digests, beside other crates on the same messages.
//!
//! `cargo bench --bench sip_write` prints criterion's figures of ours, then the comparisons.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench measures time; a message that is not read or written is a broken bench"
)]

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, criterion_group};
use switchboard_benches::Bench;
use switchboard_sip::auth::{
    Algorithm, Authenticator, AuthenticatorConfig, Client, ClientConfig, Ha1s, Verdict,
};
use switchboard_sip::{Builder, HeaderName, Message, StatusCode};

include!("sip_parse/messages.rs");

const TAG: &str = "9fxced76sl";
const CONTACT: &str = "<sip:102@192.0.2.1:5060>";
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 16384 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

fn octets() -> Vec<Bytes> {
    MESSAGES.iter().map(|(_, text)| Bytes::from(text.replace('\n', "\r\n"))).collect()
}

/// The INVITE of the ten that has the most header fields.
fn invite() -> Bytes {
    octets()
        .into_iter()
        .filter(|octets| octets.starts_with(b"INVITE"))
        .max_by_key(Bytes::len)
        .unwrap()
}

/// A 200 with Contact and a description to a request, as it goes to the socket.
fn answer(request: &Message) -> Bytes {
    let reply = Builder::reply(request, StatusCode::OK, Some(TAG))
        .header(HeaderName::Contact, CONTACT)
        .body("application/sdp", Bytes::from_static(SDP.as_bytes()));
    reply.build().unwrap().as_bytes().clone()
}

/// What a proxy does: one Via more, one hop less.
fn forward(request: &Message) -> Bytes {
    let edited = request
        .edit()
        .push_via("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKproxy1;rport")
        .set(HeaderName::MaxForwards, 69);
    edited.finish().unwrap().as_bytes().clone()
}

/// `rsip`, and `rsipstack`, which grew from it and has its interface.
macro_rules! rsip_like {
    ($module:ident, $sip:path, $typed:ident, $value:ident $(, $reason:ident)?) => {
        mod $module {
            use bytes::Bytes;
            #[allow(unused_imports, reason = "one of the two needs all three")]
            use sip::prelude::{HeadersExt, ToTypedHeader, UntypedHeader};
            use $sip as sip;

            pub(super) fn read(octets: &Bytes) -> sip::SipMessage {
                sip::SipMessage::try_from(&octets[..]).unwrap()
            }

            pub(super) fn write(message: &sip::SipMessage) -> usize {
                message.to_string().len()
            }

            pub(super) fn answer(request: &sip::SipMessage) -> Vec<u8> {
                let sip::SipMessage::Request(request) = request else { unreachable!() };
                let mut headers = sip::Headers::default();
                for header in request.headers.iter() {
                    match header {
                        sip::Header::Via(_)
                        | sip::Header::From(_)
                        | sip::Header::CallId(_)
                        | sip::Header::CSeq(_)
                        | sip::Header::RecordRoute(_) => headers.push(header.clone()),
                        sip::Header::To(to) => {
                            let tagged = format!("{};tag={}", to.value(), super::TAG);
                            headers.push(sip::Header::To(tagged.into()));
                        }
                        _ => {}
                    }
                }
                headers.push(sip::Header::Contact(super::CONTACT.into()));
                headers.push(sip::Header::ContentType("application/sdp".into()));
                headers.push(sip::Header::ContentLength(super::SDP.len().to_string().into()));
                let response = sip::Response {
                    status_code: sip::StatusCode::OK,
                    version: sip::Version::V2,
                    headers,
                    body: super::SDP.as_bytes().to_vec(),
                    $($reason: None,)?
                };
                response.into()
            }

            pub(super) fn digest(octets: &Bytes, password: &str) -> bool {
                let sip::SipMessage::Request(request) = read(octets) else { unreachable!() };
                let header = request.authorization_header().unwrap();
                let credentials =
                    sip::typed::Authorization::$typed(header.$value()).unwrap();
                sip::services::DigestGenerator::from(&credentials, password, &request.method)
                    .verify(&credentials.response)
            }
        }
    };
}

rsip_like!(rsip_peer, ::rsip, try_from, clone);
rsip_like!(rsipstack_peer, ::rsipstack::sip, parse, value, wire_reason);

mod sipx {
    use bytes::Bytes;
    use sipx_sip::build::ResponseBuilder;
    use sipx_sip::message::{Message, Request, StatusCode};
    use sipx_sip::name::HeaderName;
    use sipx_sip::parser::{Limits, parse_datagram};

    pub(super) fn read(octets: &Bytes) -> Message {
        parse_datagram(octets.clone(), &Limits::datagram()).unwrap()
    }

    pub(super) fn request(octets: &Bytes) -> Request {
        let Message::Request(request) = read(octets) else { unreachable!() };
        request
    }

    pub(super) fn write(message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Request(request) => request.write_to(out),
            Message::Response(response) => response.write_to(out),
        }
    }

    /// It adds no tag by itself, and here none is asked for: that is less work than the others do.
    pub(super) fn answer(request: &Request) -> Vec<u8> {
        let response = ResponseBuilder::to_request(request, StatusCode::new(200).unwrap(), "OK")
            .unwrap()
            .header(HeaderName::Contact, super::CONTACT)
            .unwrap()
            .header(HeaderName::ContentType, "application/sdp")
            .unwrap()
            .body(super::SDP)
            .build();
        let mut out = Vec::with_capacity(1024);
        response.write_to(&mut out);
        out
    }
}

fn untouched(bench: &Bench) {
    let octets = octets();
    let times = octets.len() as u32;
    let ours: Vec<Message> = octets.iter().map(|o| Message::parse(o.clone()).unwrap()).collect();
    let sipx: Vec<_> = octets.iter().map(sipx::read).collect();
    let rsip: Vec<_> = octets.iter().map(rsip_peer::read).collect();
    let rsipstack: Vec<_> = octets.iter().map(rsipstack_peer::read).collect();
    let (mut one, mut other) = (Vec::with_capacity(4096), Vec::with_capacity(4096));
    bench
        .compare("an untouched message, written into a buffer", "a message", times)
        .ours("switchboard-sip", || {
            for message in &ours {
                one.clear();
                one.extend_from_slice(black_box(message).as_bytes());
            }
            one.len()
        })
        .peer("sipx-sip 1.0", || {
            for message in &sipx {
                other.clear();
                sipx::write(black_box(message), &mut other);
            }
            other.len()
        })
        .peer("rsip 0.4", || rsip.iter().map(rsip_peer::write).sum::<usize>())
        .peer("rsipstack 0.7", || rsipstack.iter().map(rsipstack_peer::write).sum::<usize>())
        .note("ours is the octets that were read, as they were; the others write each header field anew, rsip and rsipstack into a string of its own")
        .run();
}

fn answered(bench: &Bench) {
    let octets = invite();
    let ours = Message::parse(octets.clone()).unwrap();
    let (sipx, rsip) = (sipx::request(&octets), rsip_peer::read(&octets));
    let rsipstack = rsipstack_peer::read(&octets);
    bench
        .compare("a 200 with a description to an INVITE", "a message", 1)
        .ours("switchboard-sip", || answer(black_box(&ours)))
        .peer("sipx-sip 1.0", || sipx::answer(black_box(&sipx)))
        .peer("rsip 0.4", || rsip_peer::answer(black_box(&rsip)))
        .peer("rsipstack 0.7", || rsipstack_peer::answer(black_box(&rsipstack)))
        .note("ours checks each value, refuses a second header field of those that stand once, and reads the whole back as a message")
        .run();
    bench
        .compare("a request passed on, one Via more and one hop less", "a message", 1)
        .ours("switchboard-sip", || forward(black_box(&ours)))
        .run();
}

/// How many requests are signed before the authenticator is made anew.
const SIGNED: usize = 4_096;

struct Signed {
    key: [u8; 32],
    epoch: Instant,
    algorithm: Algorithm,
    values: Ha1s,
    octets: Vec<Bytes>,
}

impl Signed {
    fn new(algorithm: Algorithm) -> Self {
        let epoch = Instant::now();
        let (key, values) = ([7; 32], Ha1s::new("anna", "192.0.2.1", "secret"));
        let mut server = Self::server(algorithm, key, epoch);
        let challenge = server.challenge(epoch);
        let mut client = Client::new(ClientConfig::new("192.0.2.1", "anna", "secret"));
        let register = |n: usize, more: Option<&str>| {
            let builder = Builder::request(&"REGISTER".parse().unwrap(), "sip:192.0.2.1")
                .header(
                    HeaderName::Via,
                    format_args!("SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK{n};rport"),
                )
                .header(HeaderName::MaxForwards, 70)
                .header(HeaderName::From, "<sip:anna@192.0.2.1>;tag=a1")
                .header(HeaderName::To, "<sip:anna@192.0.2.1>")
                .header(HeaderName::CallId, "reg@192.0.2.7")
                .header(HeaderName::CSeq, format_args!("{} REGISTER", n + 1))
                .header(HeaderName::Contact, "<sip:anna@192.0.2.7:5062>");
            builder.maybe(HeaderName::Authorization, more).build().unwrap()
        };
        let octets = (0..SIGNED).map(|n| {
            let bare = register(n, None);
            let asked = challenge.write(Builder::reply(&bare, challenge.status(), Some("t")));
            let signed = client.answer(&bare, &asked.build().unwrap(), "0a4f113b").unwrap();
            register(n, Some(signed.value.as_str())).as_bytes().clone()
        });
        let octets = octets.collect();
        Self { key, epoch, algorithm, values, octets }
    }

    fn server(algorithm: Algorithm, key: [u8; 32], epoch: Instant) -> Authenticator {
        let config = AuthenticatorConfig {
            algorithms: vec![algorithm],
            ..AuthenticatorConfig::new("192.0.2.1")
        };
        Authenticator::new(config, key, epoch)
    }

    /// Reads and checks one request after the other; each is let in.
    fn check(&self) -> impl FnMut() + '_ {
        let mut server = Self::server(self.algorithm, self.key, self.epoch);
        let mut next = 0;
        move || {
            if next == self.octets.len() {
                next = 0;
                server = Self::server(self.algorithm, self.key, self.epoch);
            }
            let message = Message::parse(self.octets[next].clone()).unwrap();
            next += 1;
            let verdict = server.check(self.epoch, &message, |_| Some(&self.values));
            assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
        }
    }
}

fn digests(bench: &Bench) {
    let (md5, sha256) = (Signed::new(Algorithm::Md5), Signed::new(Algorithm::Sha256));
    let sha512 = Signed::new(Algorithm::Sha512Trunc256);
    let one = &md5.octets[0];
    bench
        .compare("a REGISTER with digest, read and checked", "a request", 1)
        .ours("MD5", md5.check())
        .ours("SHA-256", sha256.check())
        .ours("SHA-512-256", sha512.check())
        .peer("rsip 0.4, MD5", || assert!(rsip_peer::digest(black_box(one), "secret")))
        .peer("rsipstack 0.7, MD5", || assert!(rsipstack_peer::digest(black_box(one), "secret")))
        .note("ours finds HA1 by the user's name, knows its own nonces and their count, and compares in constant time; the others compare a digest with the password's, and keep no nonces")
        .run();
}

fn writing(criterion: &mut Criterion) {
    let invite = Message::parse(invite()).unwrap();
    let mut group = criterion.benchmark_group("SIP written");
    group.bench_function("200 with a description", |bencher| bencher.iter(|| answer(&invite)));
    group.bench_function("request passed on", |bencher| bencher.iter(|| forward(&invite)));
    let signed = Signed::new(Algorithm::Sha256);
    group.bench_function("REGISTER with SHA-256", |bencher| {
        let mut check = signed.check();
        bencher.iter(&mut check);
    });
    group.finish();
}

criterion_group!(benches, writing);

fn main() {
    let bench = Bench::new(
        "sip_write",
        "SIP messages written, untouched, new and changed, and digests checked, by this crate and by others.",
    );
    if bench.wants_criterion() {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    untouched(&bench);
    answered(&bench);
    digests(&bench);
}
