//! What others got wrong, as tests.

use bytes::BytesMut;
use switchboard_sip::{
    Builder, Decoded, Framer, HeaderName, HeaderValue, MAX_DEPTH, MAX_HEADERS, MAX_LINE,
    MAX_MESSAGE, Message, Method, ParseErrorKind, StatusCode, Uri, quote, refusal,
};

const HEAD: &str = "OPTIONS sip:bob@example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa;rport\r\n\
    From: <sip:anna@example.com>;tag=1\r\n\
    To: <sip:bob@example.com>\r\n\
    Call-ID: a@b\r\n\
    CSeq: 1 OPTIONS\r\n";

fn options(more: &str) -> String {
    format!("{HEAD}{more}\r\n")
}

fn refused(text: impl Into<Vec<u8>>) -> (ParseErrorKind, Option<HeaderName>) {
    let error = Message::parse(text.into()).expect_err("must be refused");
    assert_eq!(error.status().code() / 100, if error.status().code() < 500 { 4 } else { 5 });
    (error.kind(), error.header())
}

#[test]
fn h01_content_length() {
    use ParseErrorKind as K;
    let length = Some(HeaderName::ContentLength);
    assert_eq!(refused(options("Content-Length: 1\r\n")), (K::BodyTruncated, length));
    assert_eq!(refused(options("Content-Length: 4294967296\r\n")), (K::Number, length));
    for value in ["-1", "+1", "five", "", "1 2", "0x10", "1,1", "1;a"] {
        let (kind, header) = refused(options(&format!("Content-Length: {value}\r\n")));
        assert!(matches!(kind, K::Number | K::Trailing), "{value}: {kind:?}");
        assert_eq!(header, length);
    }
    assert_eq!(refused(options("Content-Length: 0\r\nl: 0\r\n")), (K::Repeated, length));

    for value in ["-1", "five", "99999999999", "65536"] {
        let text = options(&format!("Content-Length: {value}\r\n"));
        let mut framer = Framer::new();
        assert!(framer.decode(&mut BytesMut::from(text.as_bytes())).is_err(), "{value}");
    }
    let missing = Framer::new().decode(&mut BytesMut::from(options("").as_bytes())).unwrap_err();
    assert_eq!(missing.0.kind(), K::Missing);
}

/// Empty lines before a message are skipped; a keep-alive is none.
#[test]
fn h02_empty_lines_before_the_message() {
    let text = options("");
    let message = Message::parse(format!("\r\n\r\n{text}")).unwrap();
    assert_eq!(message.as_bytes(), text.as_bytes());
    assert_eq!(refused("\r\n\r\n").0, ParseErrorKind::Incomplete);
    let error = Message::parse("\r\n\r\n").unwrap_err();
    assert_eq!(refusal(b"\r\n\r\n", &error), None);
}

#[test]
fn h02_octets_after_the_body() {
    let first = options("Content-Length: 2\r\n") + "ab";
    let second = options("Content-Length: 0\r\n");
    let both = format!("{first}{second}");
    let message = Message::parse(both.clone()).unwrap();
    assert_eq!(message.body(), b"ab");

    let mut buffer = BytesMut::from(both.as_bytes());
    let mut framer = Framer::new();
    assert_eq!(framer.decode(&mut buffer).unwrap(), Decoded::Message(first.into()));
    assert_eq!(framer.decode(&mut buffer).unwrap(), Decoded::Message(second.into()));
    assert_eq!(framer.decode(&mut buffer).unwrap(), Decoded::Partial);
}

/// Only a space or tab may stand before the colon, and a name is matched without them.
#[test]
fn h03_white_space_and_control_octets_at_the_colon() {
    let message = Message::parse(options("X-Priv \t: v\r\n")).unwrap();
    assert_eq!(message.text("x-priv"), Some("v"));
    assert!(message.edit().remove("X-Priv").finish().unwrap().header("X-Priv").is_none());
    for name in ["Contact\x01", "Contact\x0b", "Contact\x0c", "Con tact", "", "\x00Contact", "X(y)"]
    {
        assert_eq!(refused(options(&format!("{name}: v\r\n"))).0, ParseErrorKind::FieldName);
    }
    assert_eq!(refused(options("Contact\r\n")).0, ParseErrorKind::FieldName);
}

#[test]
fn h04_nul_in_a_header() {
    use ParseErrorKind::ControlOctet;
    for value in ["a\x00b", "\"a\x00b\" <sip:a@b>", "\\\x00", "a\x7fb", "a\x0bb", "a\rb", "a\nb"] {
        assert_eq!(refused(options(&format!("Subject: {value}\r\n"))).0, ControlOctet, "{value:?}");
    }
    assert_eq!(refused("OPTIONS sip:a\x00b SIP/2.0\r\n\r\n").0, ControlOctet);
    // In a quoted pair it is legal, and no output takes it on.
    let message = Message::parse(options("Contact: \"a\\\x00b\" <sip:a@b>\r\n")).unwrap();
    assert_eq!(message.contact().unwrap().unwrap().display_name(), "a\u{fffd}b");
    let copy = Builder::request(&Method::Options, "sip:x")
        .copy(&message, HeaderName::Via)
        .copy(&message, HeaderName::From)
        .copy(&message, HeaderName::To)
        .copy(&message, HeaderName::CallId)
        .copy(&message, HeaderName::CSeq)
        .copy(&message, HeaderName::Contact);
    assert!(!copy.build().unwrap().as_bytes().contains(&0));
}

/// No road leads CR, LF or NUL into a message that we write.
#[test]
fn h05_crlf_by_any_road() {
    let request = Message::parse(options("")).unwrap();
    for evil in ["a\r\nEvil: 1", "a\nEvil: 1", "a\rEvil: 1", "a\0b", "a\r\n b", "\x7f", "\x1b[2J"] {
        assert!(HeaderValue::new(evil).is_err());
        let reply = || Builder::reply(&request, StatusCode::OK, Some("t"));
        assert!(reply().header(HeaderName::Contact, evil).build().is_err());
        assert!(reply().header(evil, "x").build().is_err());
        assert!(reply().body(evil, "x").build().is_err());
        assert!(Builder::reply(&request, StatusCode::OK, Some(evil)).build().is_err());
        let reason = Builder::reply_with_reason(&request, StatusCode::OK, evil, None);
        assert!(reason.build().is_err());
        assert!(Builder::request(&Method::Options, evil).build().is_err());
        assert!(evil.parse::<Method>().is_err());
        assert!(request.edit().set(HeaderName::Subject, evil).finish().is_err());
        assert!(request.edit().push_via(evil).finish().is_err());
        assert!(request.edit().append("X-A", evil).finish().is_err());
        assert!(request.edit().append(evil, "x").finish().is_err());
        assert!(request.edit().request_uri(evil).finish().is_err());
        assert!(request.edit().to_tag(evil).finish().is_err());
        assert!(request.edit().body(evil, "x").finish().is_err());
        assert!(!quote(evil).contains(['\r', '\n', '\0', '\x7f']));
    }
    let uri = Uri::parse("sip:a%0d%0aEvil:%201@example.com").unwrap();
    assert_eq!(uri.user_text(), None);
    assert!(Uri::parse("sip:a\r\nb@example.com").is_err());
    // A fold in what is copied becomes a space.
    let folded = Message::parse(options("Subject: a\r\n b\r\n\tc\r\n")).unwrap();
    let edited = folded.edit().set("X-Copy", "1").finish().unwrap();
    assert_eq!(edited.header(HeaderName::Subject).unwrap().value(), b"a\r\n b\r\n\tc");
    let reply =
        Builder::reply(&folded, StatusCode::OK, Some("t")).copy(&folded, HeaderName::Subject);
    assert_eq!(reply.build().unwrap().text(HeaderName::Subject), Some("a  b  c"));
}

#[test]
fn h06_over_long_everything() {
    use ParseErrorKind as K;
    let long = "a".repeat(MAX_LINE);
    assert_eq!(refused(options(&format!("X: {long}\r\n"))).0, K::LineTooLong);
    assert_eq!(
        refused(options(&format!("X: {}\r\n", "a\r\n ".repeat(MAX_LINE / 3)))).0,
        K::LineTooLong
    );
    assert_eq!(refused(options(&format!("{}: x\r\n", "a".repeat(300)))).0, K::FieldName);
    assert_eq!(refused(options(&"X: 1\r\n".repeat(MAX_HEADERS))).0, K::TooManyHeaders);
    assert_eq!(refused(format!("{long} sip:a SIP/2.0\r\n\r\n")).0, K::LineTooLong);
    assert_eq!(refused(format!("{} sip:a SIP/2.0\r\n\r\n", &long[..100])).0, K::Method);
    assert_eq!(refused("x".repeat(MAX_MESSAGE + 1)).0, K::MessageTooLarge);
    let cseq = options("").replace("1 OPTIONS", &format!("1 {}", &long[..4000]));
    assert_eq!(refused(cseq), (K::Method, Some(HeaderName::CSeq)));

    // What fits the limits is read, however odd.
    let tag = options("").replace("tag=1", &format!("tag={}", &long[..8000]));
    assert_eq!(Message::parse(tag).unwrap().from_tag().unwrap().len(), 8000);
    let accepts = Message::parse(options(&"Accept: a/b\r\n".repeat(50))).unwrap();
    assert_eq!(accepts.values(HeaderName::Accept).count(), 50);
    let most = Message::parse(options(&"X: 1\r\n".repeat(MAX_HEADERS - 5))).unwrap();
    assert_eq!(most.headers().count(), MAX_HEADERS);
}

/// A header section that never ends is not held for ever.
#[test]
fn h06_a_stream_without_an_end() {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::new();
    for _ in 0..10_000 {
        buffer.extend_from_slice(b"X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
        if framer.decode(&mut buffer).is_err() {
            assert!(buffer.len() < 40_000);
            return;
        }
    }
    panic!("the framer never gave up");
}

fn with_body(content_type: &str, body: &str) -> Message {
    let length = body.len();
    let more = format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n");
    Message::parse(options(&more) + body).unwrap()
}

/// A broken multipart body is an error, a deep one too, and what is whole is found.
#[test]
fn h07_multipart_nesting() {
    let sdp = |message: &Message| {
        message.find_body("application", "sdp").map(|body| body.map(<[u8]>::to_vec))
    };
    let part = "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n";
    let multipart = "multipart/mixed;boundary=b";
    assert_eq!(sdp(&with_body("application/SDP", "v=0")).unwrap().unwrap(), b"v=0");
    assert_eq!(sdp(&with_body("text/plain", "v=0")).unwrap(), None);
    assert_eq!(sdp(&with_body(multipart, part)).unwrap().unwrap(), b"v=0");
    assert_eq!(sdp(&with_body("multipart/mixed;boundary=\"b\"", part)).unwrap().unwrap(), b"v=0");
    let preamble = format!("preamble --b\r\n{part}epilogue");
    assert_eq!(sdp(&with_body(multipart, &preamble)).unwrap().unwrap(), b"v=0");
    let bare = with_body(multipart, "--b\r\n\r\nno header\r\n--b\r\n\r\n\r\n--b--");
    assert_eq!(sdp(&bare).unwrap(), None);

    let long = format!("multipart/mixed;boundary={}", "b".repeat(71));
    for (content_type, body) in [
        (multipart, "--b"),
        (multipart, "--b\r\n"),
        (multipart, "--b\r\nContent-Type: a/b\r\n\r\nnever closed"),
        (multipart, "--b\r\nContent-Type: a/b"),
        (multipart, "--bb\r\n\r\nother boundary\r\n--bb--"),
        (multipart, ""),
        ("multipart/mixed", part),
        ("multipart/mixed;boundary=\"\"", part),
        (&long, part),
        ("multipart", part),
        ("multipart/mixed;boundary", part),
    ] {
        assert!(sdp(&with_body(content_type, body)).is_err(), "{content_type}: {body}");
    }

    let mut nested = "v=0".to_owned();
    let mut kind = "application/sdp".to_owned();
    for depth in 1..=100 {
        nested = format!("--b{depth}\r\nContent-Type: {kind}\r\n\r\n{nested}\r\n--b{depth}--");
        kind = format!("multipart/mixed;boundary=b{depth}");
        let found = sdp(&with_body(&kind, &nested));
        assert_eq!(found.is_ok(), depth <= MAX_DEPTH, "{depth}");
    }
    let many = "--b\r\nContent-Type: a/b\r\n\r\nx\r\n".repeat(1000) + "--b--";
    assert!(sdp(&with_body(multipart, &many)).is_err());
}

/// What cannot be read is answered shortly if it is a request, and never if it is not.
#[test]
fn h23_refusals_are_short_and_only_for_requests() {
    for case in crate::torture::cases() {
        let Err(error) = Message::parse(case.octets.clone()) else { continue };
        let answer = refusal(&case.octets, &error);
        if case.octets.starts_with(b"SIP/") {
            assert_eq!(answer, None, "{}", case.name);
            continue;
        }
        // Without a Via that can be read nobody knows whom to answer.
        let Some(answer) = answer else {
            assert!(["badinv01", "badvers"].contains(&&*case.name), "{}", case.name);
            continue;
        };
        assert!(answer.starts_with(format!("SIP/2.0 {} ", error.status()).as_bytes()));
        assert!(answer.len() < case.octets.len() + 20, "{}", case.name);
    }
    let broken = "ACK sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n";
    let error = Message::parse(broken).unwrap_err();
    assert_eq!(refusal(broken.as_bytes(), &error), None);
}

/// Folding is read in a loop, not by recursion, and a deep one meets the line limit.
#[test]
fn h08_folded_lines() {
    let folded = options(&format!("X: a{}\r\n", "\r\n b".repeat(1000)));
    assert!(Message::parse(folded).is_ok());
    let quotes = options(&format!("Contact: {}\r\n", "\"\\\"".repeat(2000)));
    let message = Message::parse(quotes).unwrap();
    assert!(message.validate().is_err());
}

#[test]
fn h11_responses_with_bad_codes() {
    for line in [
        "SIP/2.0 99 x",
        "SIP/2.0 700 x",
        "SIP/2.0 2000 x",
        "SIP/2.0 -200 x",
        "SIP/2.0 20 x",
        "SIP/2.0 4294967301 x",
        "SIP/2.0  200 x",
        "SIP/2.0 2 0 x",
        "SIP/2.0",
        "SIP/",
        "SIP/2.0 ",
        "SIP/2.0 1",
    ] {
        let text = options("").replacen("OPTIONS sip:bob@example.com SIP/2.0", line, 1);
        assert!(Message::parse(text).is_err(), "{line}");
    }
}

/// Headers in URIs never become header fields.
#[test]
fn h12_headers_in_uris() {
    let evil =
        "sip:bob@example.com?Route=%3Csip:evil.example%3E&Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2";
    let text = options(&format!("Contact: <{evil}>\r\n")).replacen("sip:bob@example.com", evil, 1);
    let message = Message::parse(text).unwrap();
    assert_eq!(message.validate().unwrap_err().kind(), ParseErrorKind::UriHeaders);
    assert!(message.header(HeaderName::Route).is_none());
    assert!(message.replaces().unwrap().is_none());
    let contact = message.contact().unwrap().unwrap().uri();
    assert_eq!(contact.headers().count(), 2);
    assert_eq!(contact.without_headers().as_str(), "sip:bob@example.com");
}
