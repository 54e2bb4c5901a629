#![no_main]
//! What the message parser accepts prints as it was read, can be written anew, and can be answered;
//! a stream gives the same messages however it is cut.
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use switchboard_sip::auth::Credentials;
use switchboard_sip::{
    Builder, Decoded, Framer, HeaderName, Message, NameAddr, StatusCode, Uri, refusal,
};

fuzz_target!(|input: &[u8]| {
    // Empty lines before a message are no part of it.
    let mut message = input;
    while let Some(rest) = message.strip_prefix(b"\r\n") {
        message = rest;
    }
    match Message::parse(Bytes::copy_from_slice(input)) {
        Ok(read) => accepted(message, &read),
        Err(error) => {
            assert!(error.offset() <= input.len());
            if let Some(answer) = refusal(input, &error) {
                assert!(answer.len() <= input.len() + 100);
                assert!(!answer.contains(&0));
            }
        }
    }
    let whole = cut(input, input.len().max(1));
    assert_eq!(whole, cut(input, 7));
});

fn accepted(input: &[u8], message: &Message) {
    assert_eq!(message.as_bytes(), input);
    let valid = message.validate().is_ok();
    let written = message.edit().finish().expect("an untouched message can be written");
    assert!(input.starts_with(written.as_bytes()));
    assert_eq!(written.headers().count(), message.headers().count());
    assert_eq!(written.validate().is_ok(), valid);
    for (a, b) in written.headers().zip(message.headers()) {
        assert_eq!((a.name(), a.value()), (b.name(), b.value()));
        let _ = (a.items().count(), NameAddr::parse(a.value()), Credentials::parse(a.value()));
    }
    if let Ok(uri) = message.request_uri() {
        assert!(uri.equivalent(&uri));
        let again = Uri::parse(uri.as_str()).expect("a URI reads again");
        assert!(again.equivalent(&uri));
    }
    let _ = (message.contact(), message.replaces(), message.rack(), message.find_body("a", "b"));
    if message.is_request() {
        let source = "192.0.2.1:5060".parse().expect("an address");
        let stamped = message.edit().stamp_source(source).to_tag("t").finish();
        let stamped = stamped.expect("a request can be stamped");
        assert_eq!(stamped.branch(), message.branch());
        let reply = Builder::reply(&stamped, StatusCode::OK, None).build();
        let reply = reply.expect("what can be read can be answered");
        assert_eq!(reply.branch(), message.branch());
        assert_eq!(reply.from_tag(), message.from_tag());
        assert_eq!(reply.to_tag(), stamped.to_tag());
        assert_eq!((reply.call_id(), reply.cseq()), (message.call_id(), message.cseq()));
        assert_eq!(reply.vias().count(), message.vias().count());
        let lines = reply.headers().count();
        assert_eq!(lines, message.all(HeaderName::Via).count() + lines_besides_vias(&stamped));
    }
}

/// From, To, Call-ID, CSeq, Content-Length, and the copied Record-Route fields.
fn lines_besides_vias(request: &Message) -> usize {
    5 + request.all(HeaderName::RecordRoute).count()
}

/// The messages of a stream, in segments of this length; keep-alives may be told in halves and are left out.
fn cut(input: &[u8], segment: usize) -> Vec<Bytes> {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::new();
    let mut messages = Vec::new();
    for part in input.chunks(segment) {
        buffer.extend_from_slice(part);
        loop {
            match framer.decode(&mut buffer) {
                Ok(Decoded::Message(message)) => messages.push(message),
                Ok(Decoded::Ping | Decoded::Pong) => {}
                Ok(Decoded::Partial) => break,
                Err(_) => return messages,
            }
        }
    }
    messages
}
