#![no_main]
//! Any octets as credentials and as a challenge: nobody gets in without the password, a client answers with what the server
//! reads and takes once.
use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use switchboard_sip::auth::{
    Authenticator, AuthenticatorConfig, Client, ClientConfig, Credentials, Ha1s, Verdict,
};
use switchboard_sip::{Builder, HeaderName, Message, Method, StatusCode};

const REALM: &str = "pbx.example.com";

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        let _ = Credentials::parse(input);
        return;
    };
    let Some(request) = request(text) else { return };
    let now = Instant::now();
    let mut server = Authenticator::new(AuthenticatorConfig::new(REALM), [7; 32], now);
    let known = Ha1s::new("anna", REALM, "secret");
    let lookup = |name: &str| (name == "anna").then_some(&known);

    // Whatever stands there, it holds no answer to a nonce of this server.
    let verdict = server.check(now, &request, lookup);
    assert!(!matches!(verdict, Verdict::Accepted { .. }), "{text:?} got in");
    if let Ok(read) = Credentials::parse(input) {
        let again = Credentials::parse(input).expect("reads again");
        assert_eq!((read.username, read.nonce), (again.username, again.nonce));
        assert!(read.qop.is_none_or(|qop| qop.count > 0));
    }

    // As a challenge: what the client makes of it is credentials for this realm.
    let plain = request.edit().remove(HeaderName::Authorization).finish().expect("fewer fields");
    let mut client = Client::new(ClientConfig::new(REALM, "anna", "secret"));
    let asked = Builder::reply(&plain, StatusCode::UNAUTHORIZED, Some("t"))
        .header(HeaderName::WwwAuthenticate, text)
        .build();
    if let Ok(asked) = asked
        && let Ok(answer) = client.answer(&plain, &asked, "0123")
    {
        let read = Credentials::parse(answer.value.as_str().as_bytes());
        let read = read.expect("a client writes what a server reads");
        assert_eq!((&*read.username, &*read.realm), ("anna", REALM));
        assert!(!answer.value.as_str().contains("secret"));
    }

    // The server's own challenge, answered: taken once.
    let own = server.challenge(now);
    let asked = own.write(Builder::reply(&plain, own.status(), Some("t"))).build();
    let asked = asked.expect("a challenge can be written");
    let mut client = Client::new(ClientConfig::new(REALM, "anna", "secret"));
    let answer = client.answer(&plain, &asked, "0123").expect("ours is answered");
    let right = plain.edit().set(answer.name, &answer.value).finish().expect("one field more");
    assert_eq!(server.check(now, &right, lookup), Verdict::Accepted { user: "anna".into() });
    assert!(matches!(server.check(now, &right, lookup), Verdict::Stale(_)));
});

fn request(authorization: &str) -> Option<Message> {
    let request = Builder::request(&Method::Register, "sip:pbx.example.com")
        .header(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa")
        .header(HeaderName::From, "<sip:anna@pbx.example.com>;tag=1")
        .header(HeaderName::To, "<sip:anna@pbx.example.com>")
        .header(HeaderName::CallId, "c1")
        .header(HeaderName::CSeq, "1 REGISTER")
        .header(HeaderName::Authorization, authorization)
        .build();
    request.ok()
}
