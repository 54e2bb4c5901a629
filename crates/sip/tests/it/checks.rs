//! What a user agent server refuses, and that the first reason in the standard's order wins.

use switchboard_sip::checks::{Capabilities, Refusal, check};
use switchboard_sip::transaction::SentBy;
use switchboard_sip::{Builder, Message, Method};

fn served(own: &[SentBy], request: &str) -> Result<(), Refusal> {
    let capabilities = Capabilities {
        methods: &[Method::Invite, Method::Ack, Method::Cancel, Method::Bye, Method::Options],
        extensions: &["replaces"],
        bodies: &["application/sdp"],
        own,
    };
    let message = Message::parse(request.replace('\n', "\r\n").into_bytes()).unwrap();
    check(&message, &capabilities)
}

fn request(start: &str, headers: &str, body: &str) -> String {
    let method = start.split(' ').next().unwrap();
    format!(
        "{start} SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKa\nFrom: <sip:a@b>;tag=x\n\
         To: <sip:c@d>\nCall-ID: c1\nCSeq: 1 {method}\n{headers}Content-Length: {}\n\n{body}",
        body.len()
    )
}

fn refused(start: &str, headers: &str, body: &str) -> (u16, String) {
    let refusal = served(&["192.0.2.1:5060".parse().unwrap()], &request(start, headers, body));
    let refusal = refusal.expect_err("served");
    let header = refusal.header().map(|(name, value)| format!("{name}: {value}"));
    (refusal.status().code(), header.unwrap_or_default())
}

#[test]
fn what_is_in_order_is_served() {
    let own = ["192.0.2.1:5060".parse().unwrap()];
    for (start, headers, body) in [
        ("INVITE sip:102@192.0.2.1", "Max-Forwards: 70\nRequire: Replaces\n", ""),
        ("INVITE tel:+4930123", "Content-Type: Application/SDP;x=1\n", "v=0"),
        ("OPTIONS sips:192.0.2.1", "Max-Forwards: 0\n", ""),
        (
            "INVITE sip:1@192.0.2.1",
            "Content-Type: a/b\nContent-Disposition: x; handling = optional\n",
            "?",
        ),
        (
            "INVITE sip:1@192.0.2.1",
            "Content-Type: application/sdp\nContent-Encoding: identity\n",
            "v",
        ),
        // Require means nothing in these two.
        ("CANCEL sip:102@192.0.2.1", "Require: 100rel\n", ""),
        ("ACK sip:102@192.0.2.1", "Require: 100rel\n", ""),
    ] {
        assert_eq!(served(&own, &request(start, headers, body)), Ok(()), "{start} {headers}");
    }
}

#[test]
fn each_refusal_says_what_would_be_served() {
    let allow = || "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS".to_owned();
    assert_eq!(refused("PUBLISH sip:x@y", "", ""), (405, allow()));
    assert_eq!(refused("FROBNICATE sip:x@y", "", ""), (501, allow()));
    assert_eq!(refused("INVITE http://x/", "", ""), (416, String::new()));
    assert_eq!(refused("INVITE sip:@", "", ""), (400, String::new()));
    let unsupported = "Unsupported: 100rel, nothing".to_owned();
    assert_eq!(
        refused("INVITE sip:x@y", "Require: 100rel, replaces, nothing\n", ""),
        (420, unsupported)
    );
    let accept = || "Accept: application/sdp".to_owned();
    assert_eq!(refused("INVITE sip:x@y", "Content-Type: text/plain\n", "?"), (415, accept()));
    let coded = "Content-Type: application/sdp\nContent-Encoding: gzip\n";
    assert_eq!(refused("INVITE sip:x@y", coded, "?"), (415, accept()));
}

/// Headers in a Request-URI never become real headers: the request is refused.
#[test]
fn h12_headers_in_the_request_uri() {
    assert_eq!(refused("INVITE sip:x@y?Replaces=a%3Bto-tag%3Db", "", ""), (400, String::new()));
}

/// A loop ends: by its hops, or because a Via names us.
#[test]
fn h25_loops_and_hops() {
    assert_eq!(refused("INVITE sip:x@y", "Max-Forwards: 0\n", ""), (483, String::new()));
    let ours = "Via: SIP/2.0/UDP 192.0.2.9, SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKb\n";
    assert_eq!(refused("INVITE sip:x@y", ours, ""), (482, String::new()));
}

#[test]
fn the_first_reason_in_order_is_the_answer() {
    let all = "Max-Forwards: 0\nVia: SIP/2.0/UDP 192.0.2.1\nRequire: x\nContent-Type: a/b\n";
    assert_eq!(refused("PUBLISH http://x/", all, "?").0, 405);
    assert_eq!(refused("INVITE http://x/", all, "?").0, 416);
    assert_eq!(refused("INVITE sip:x@y", all, "?").0, 483);
    assert_eq!(refused("INVITE sip:x@y", &all.replace(": 0", ": 1"), "?").0, 482);
    let there = all.replace(": 0", ": 1").replace("192.0.2.1\n", "192.0.2.8\n");
    assert_eq!(refused("INVITE sip:x@y", &there, "?").0, 420);
    assert_eq!(refused("INVITE sip:x@y", &there.replace("Require", "X-R"), "?").0, 415);
}

#[test]
fn a_refusal_makes_a_sound_answer() {
    let text = request("INVITE sip:x@y", "Require: =?;\"<>,x\n", "");
    let message = Message::parse(text.replace('\n', "\r\n").into_bytes()).unwrap();
    let refusal = served(&[], &text).unwrap_err();
    let (name, value) = refusal.header().unwrap();
    let reply = Builder::reply(&message, refusal.status(), Some("t")).header(name, value);
    assert!(reply.build().is_ok());
}
