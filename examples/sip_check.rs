//! Reads SIP messages from files and tells, a line a file, whether an element would take them:
//! the file, `accept` or `reject`, the status code that an element would answer with or `-`, and the reason.
//!
//! ```text
//! cargo run --example sip_check -- crates/sip/testdata/register.sip
//! cargo run --example sip_check -- --stream recorded-tcp.bin
//! ```
//!
//! A file is one datagram, or with `--stream` what came over a connection: messages framed by Content-Length.

// An example prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use bytes::{Bytes, BytesMut};
use switchboard_sip::checks::{Capabilities, check};
use switchboard_sip::{Decoded, Framer, HeaderName, Message, Method, ParseError, Scheme};

/// What is found about one message.
struct Verdict {
    accepted: bool,
    code: Option<u16>,
    reason: String,
}

fn main() -> ExitCode {
    let mut files: Vec<String> = std::env::args().skip(1).collect();
    let stream = files.iter().any(|file| file == "--stream");
    files.retain(|file| file != "--stream");
    if files.is_empty() {
        eprintln!("usage: sip_check [--stream] FILE...");
        return ExitCode::FAILURE;
    }
    let mut code = ExitCode::SUCCESS;
    for file in files {
        match std::fs::read(&file) {
            Ok(octets) => {
                let Verdict { accepted, code, reason } =
                    if stream { of_stream(&octets) } else { of_message(octets.into()) };
                let verdict = if accepted { "accept" } else { "reject" };
                let code = code.map_or("-".to_owned(), |code| code.to_string());
                println!("{file}\t{verdict}\t{code}\t{reason}");
            }
            Err(error) => {
                eprintln!("{file}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// The first message that is refused, or else the last one.
fn of_stream(octets: &[u8]) -> Verdict {
    let mut buffer = BytesMut::from(octets);
    let mut framer = Framer::new();
    let mut last = Verdict { accepted: true, code: None, reason: "no message".to_owned() };
    loop {
        match framer.decode(&mut buffer) {
            Ok(Decoded::Message(message)) => {
                last = of_message(message);
                if !last.accepted {
                    return last;
                }
            }
            Ok(Decoded::Ping | Decoded::Pong) => {}
            Ok(Decoded::Partial) if buffer.is_empty() => return last,
            Ok(Decoded::Partial) => {
                let reason = format!("incomplete: {} octets wait for the rest", buffer.len());
                return Verdict { accepted: true, code: None, reason };
            }
            Err(error) => return refused(&buffer, error.0),
        }
    }
}

fn of_message(octets: Bytes) -> Verdict {
    let message = match Message::parse(octets.clone()) {
        Ok(message) => message,
        Err(error) => return refused(&octets, error),
    };
    if let Err(error) = message.validate() {
        return refused(&octets, error);
    }
    let (code, reason) = match answer(&message) {
        Some((code, reason)) => (Some(code), reason),
        None => (None, summary(&message)),
    };
    Verdict { accepted: true, code, reason }
}

/// A request that cannot be read is answered, a response is dropped.
fn refused(octets: &[u8], error: ParseError) -> Verdict {
    let is_response = octets.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"));
    let code = (!is_response).then(|| error.status().code());
    Verdict { accepted: false, code, reason: error.to_string() }
}

/// What a user agent, registrar or proxy would answer, whatever is behind it.
fn answer(request: &Message) -> Option<(u16, String)> {
    if !request.is_request() || request.method() == &Method::Ack {
        return None;
    }
    let capabilities = Capabilities {
        methods: &[
            Method::Invite,
            Method::Ack,
            Method::Bye,
            Method::Cancel,
            Method::Register,
            Method::Options,
            Method::Info,
            Method::Prack,
            Method::Update,
            Method::Refer,
            Method::Subscribe,
            Method::Notify,
            Method::Message,
            Method::Publish,
        ],
        extensions: &["100rel", "timer", "replaces", "path", "outbound", "norefersub"],
        bodies: &[
            "application/sdp",
            "application/dtmf-relay",
            "application/dtmf",
            "application/pidf+xml",
            "message/sipfrag",
            "multipart/mixed",
            "multipart/alternative",
            "multipart/related",
            "multipart/signed",
            "text/plain",
        ],
        own: &[],
    };
    if let Err(refusal) = check(request, &capabilities) {
        let reason = refusal.to_string();
        let reason = reason.split_once(": ").map_or(&*reason, |(_, reason)| reason);
        return Some((refusal.status().code(), reason.to_owned()));
    }
    if request.max_forwards() == Some(0) {
        return Some((483, "Max-Forwards is used up; an endpoint may serve it".to_owned()));
    }
    if request.method() == &Method::Register {
        let to = request.to().ok()?.uri().scheme();
        if !matches!(to, Scheme::Sip | Scheme::Sips) {
            return Some((400, "a registrar needs a sip or sips URI in To".to_owned()));
        }
    }
    let digest = |value: &[u8]| value.get(..6).is_some_and(|s| s.eq_ignore_ascii_case(b"Digest"));
    let mut credentials = request.all(HeaderName::Authorization).peekable();
    if credentials.peek().is_some() && !credentials.any(|header| digest(header.value())) {
        return Some((401, "no credentials of a known scheme".to_owned()));
    }
    if request.method() == &Method::Invite && !takes_sdp(request) {
        return Some((406, "Accept leaves no way to describe a session".to_owned()));
    }
    None
}

/// Whether the answer to an INVITE may be a session description (RFC 3261 section 20.1).
fn takes_sdp(request: &Message) -> bool {
    use switchboard_sip::MediaType;
    let mut accepted = request.values(HeaderName::Accept).peekable();
    let range =
        |value| MediaType::parse(value).is_ok_and(|kind| kind.accepts("application", "sdp"));
    accepted.peek().is_none() || accepted.any(range)
}

fn summary(message: &Message) -> String {
    match message.status() {
        Some(status) => format!("response {status} to {}", message.cseq()),
        None => format!("request {}", message.cseq()),
    }
}
