//! No octets make the reader panic, and what is read prints as it was.

use bytes::BytesMut;
use proptest::prelude::*;
use switchboard_sip::auth::Credentials;
use switchboard_sip::{
    Builder, Decoded, Framer, HeaderName, Message, Method, NameAddr, StatusCode, Uri, Via,
};

use crate::torture;

/// Asks a message everything.
fn touch(message: &Message) {
    let _ = message.validate();
    let _ = (message.request_uri(), message.status(), message.reason(), message.top_via());
    let _ = (message.from(), message.to(), message.contact(), message.replaces(), message.rack());
    let _ = (message.branch(), message.from_tag(), message.to_tag(), message.call_id());
    let _ = message.vias().count() + message.addresses(HeaderName::Contact).count();
    for header in message.headers() {
        let _ = (header.name(), header.text(), header.items().count());
    }
    let _ = format!("{message:?}");
}

/// Changes to a message as a hostile sender makes them.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let cases = torture::cases();
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    (0..cases.len(), prop::collection::vec(change, 0..6)).prop_map(move |(case, changes)| {
        let mut octets = cases[case].octets.clone();
        for (at, octet, kind) in changes {
            let at = at.index(octets.len());
            match kind {
                0 => octets[at] = octet,
                1 => octets.insert(at, octet),
                2 => octets.truncate(at.max(1)),
                _ => {
                    octets.remove(at);
                }
            }
            if octets.is_empty() {
                octets.push(octet);
            }
        }
        octets
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_messages_never_panic_and_print_back(octets in mutated()) {
        if let Ok(message) = Message::parse(octets.clone()) {
            touch(&message);
            prop_assert!(octets.ends_with(message.as_bytes()));
            let octets = message.as_bytes();
            let again = message.edit().finish().expect("an untouched message can be written");
            let length = message.body().len();
            prop_assert_eq!(&again.as_bytes()[..], &octets[..octets.len() - surplus(&message)]);
            prop_assert_eq!(again.body().len(), length);
            if message.is_request() {
                let reply = Builder::reply(&message, StatusCode::OK, Some("t")).build();
                let reply = reply.expect("what can be read can be answered");
                prop_assert_eq!(reply.call_id(), message.call_id());
                prop_assert_eq!(reply.branch(), message.branch());
                prop_assert!(!reply.as_bytes().contains(&0));
            }
        }
    }

    #[test]
    fn any_octets_are_read_without_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::parse(octets.clone()).map(|message| touch(&message));
        let _ = (NameAddr::parse(&octets), Via::parse(&octets), Credentials::parse(&octets));
        if let Ok(text) = core::str::from_utf8(&octets) {
            let _ = Uri::parse(text);
        }
        let mut buffer = BytesMut::from(&octets[..]);
        let mut framer = Framer::new();
        while !matches!(framer.decode(&mut buffer), Ok(Decoded::Partial) | Err(_)) {}
    }

    #[test]
    fn what_is_built_reads_the_same(
        user in "[a-z0-9.]{1,12}",
        name in "[ -~]{0,20}",
        tag in "[a-zA-Z0-9]{1,20}",
        number in 0u32..1 << 31,
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let request = Builder::request(&Method::Message, format_args!("sip:{user}@example.com"))
            .header(HeaderName::Via, format_args!("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{tag}"))
            .header(HeaderName::From, format_args!("{} <sip:{user}@example.com>;tag={tag}", switchboard_sip::quote(&name)))
            .header(HeaderName::To, "<sip:b@example.com>")
            .header(HeaderName::CallId, &tag)
            .header(HeaderName::CSeq, format_args!("{number} MESSAGE"))
            .body("application/octet-stream", body.clone())
            .build()
            .unwrap();
        prop_assert_eq!(request.from().unwrap().display_name(), &*name);
        prop_assert_eq!(request.from_tag(), Some(&*tag));
        prop_assert_eq!(request.cseq().number, number);
        prop_assert_eq!(request.body(), &body[..]);
        prop_assert!(request.validate().is_ok());
    }
}

/// Octets of a datagram after the body.
fn surplus(message: &Message) -> usize {
    let body = message.body().as_ptr() as usize - message.as_bytes().as_ptr() as usize;
    message.as_bytes().len() - body - message.body().len()
}
