//! RFC 4475: 49 messages, each with its verdict.

use bytes::BytesMut;
use switchboard_sip::{Decoded, Framer, HeaderName, Host, Message, Method};
use switchboard_testkit::expand;

/// A message of the data file.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) octets: Vec<u8>,
    expect: String,
    codes: Vec<u16>,
}

/// All messages of RFC 4475.
pub(crate) fn cases() -> Vec<Case> {
    let file = include_str!("../../testdata/rfc4475.toml");
    let table: toml::Table = file.parse().unwrap();
    let cases = table["message"].as_array().unwrap().iter().map(|message| {
        let text = |key: &str| message[key].as_str().unwrap().to_owned();
        let codes = message["codes"].as_array().unwrap().iter();
        Case {
            name: text("name"),
            octets: expand(&text("text")),
            expect: text("expect"),
            codes: codes.map(|code| code.as_integer().unwrap() as u16).collect(),
        }
    });
    cases.collect()
}

fn case(name: &str) -> Vec<u8> {
    cases().into_iter().find(|case| case.name == name).unwrap().octets
}

fn message(name: &str) -> Message {
    Message::parse(case(name)).unwrap()
}

#[test]
fn every_message_gets_its_verdict() {
    let cases = cases();
    assert_eq!(cases.len(), 49);
    for case in &cases {
        let name = &case.name;
        let verdict = Message::parse(case.octets.clone())
            .and_then(|message| message.validate().map(|()| message));
        match (&*case.expect, &verdict) {
            ("valid" | "semantic" | "either", Ok(message)) => {
                let printed = message.as_bytes();
                assert_eq!(printed, &case.octets[..], "{name} prints as it was read");
            }
            ("valid" | "semantic", Err(error)) => panic!("{name} is refused: {error}"),
            ("reject" | "reject-datagram" | "either", Err(error)) => {
                let code = error.status().code();
                let is_response = case.octets.starts_with(b"SIP/");
                assert!(is_response || case.codes.contains(&code), "{name}: {code}, {error}");
                assert!(error.offset() <= case.octets.len(), "{name}: {error}");
            }
            (_, Ok(_)) => panic!("{name} is accepted"),
            (other, _) => panic!("{name}: unknown verdict {other}"),
        }
    }
}

/// Over a stream a message is cut where its Content-Length says, or not at all.
#[test]
fn a_stream_gives_the_same_messages() {
    for case in cases() {
        let mut buffer = BytesMut::from(&case.octets[..]);
        let decoded = Framer::new().decode(&mut buffer);
        match &*case.name {
            "clerr" => assert_eq!(decoded, Ok(Decoded::Partial)),
            // No Content-Length, or one that is none.
            "inv2543" | "ncl" | "mcl01" => assert!(decoded.is_err(), "{}", case.name),
            "dblreq" => {
                assert!(matches!(decoded, Ok(Decoded::Message(_))));
                assert!(buffer.starts_with(b"\r\nINVITE sip:joe@example.com"));
            }
            name => assert!(matches!(decoded, Ok(Decoded::Message(_))), "{name}: {decoded:?}"),
        }
    }
}

#[test]
fn wsinv_is_read_through_its_folds() {
    let message = message("wsinv");
    assert_eq!(message.method(), &Method::Invite);
    assert_eq!(message.to_tag(), Some("1918181833n"));
    assert_eq!(message.from_tag(), Some("98asjd8"));
    let from = message.from().unwrap();
    assert_eq!(from.display_name(), r#"J Rosenberg \""#);
    assert_eq!(from.uri().as_str(), "sip:jdrosen@example.com");
    assert_eq!((message.cseq().number, message.max_forwards()), (9, Some(68)));
    assert_eq!(message.text(HeaderName::Subject), Some(""));
    let vias: Vec<_> = message.vias().map(Result::unwrap).collect();
    let seen: Vec<_> =
        vias.iter().map(|via| (via.transport(), via.host(), via.branch().unwrap())).collect();
    let expected = [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(message.branch(), Some("390skdjuw"));
    let contact = message.contact().unwrap().unwrap();
    assert_eq!(contact.display_name(), r#"Quoted string """#);
    assert_eq!(contact.params().get("newparam"), Some("newvalue"));
    assert!(contact.params().has("secondparam"));
    assert_eq!(contact.q(), 330);
    let route = message.addresses(HeaderName::Route).next().unwrap().unwrap();
    assert!(route.uri().is_loose_router());
    let unknown = message.header("unknownheaderwithunusualvalue").unwrap();
    assert_eq!(unknown.value(), b";;,,;;,;");
    let folded = message.header("NewFangledHeader").unwrap();
    assert_eq!(folded.value(), b"newfangled value\r\n continued newfangled value");
    assert_eq!(message.body().len(), 150);
}

#[test]
fn intmeth_keeps_every_character() {
    let message = message("intmeth");
    assert_eq!(message.method().as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    let uri = message.request_uri().unwrap();
    assert_eq!(uri.user(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri.password(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(uri.host(), Host::Name("example.com"));
    // Control octets that are allowed in quoted pairs do not reach people.
    let to = message.to().unwrap().display_name().into_owned();
    assert_eq!(to, "BEL:\u{fffd} NUL:\u{fffd} DEL:\u{fffd}");
    let from = message.from().unwrap();
    assert_eq!(from.display_name(), "token1~` token2'+_ token3*%!.-");
    assert_eq!(from.params().unquoted("fromParam''~+*_!.-%").as_deref(), Some("работающий"));
    assert_eq!(message.from_tag(), Some("_token~1'+`*%!-."));
    assert_eq!(message.call_id(), r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#);
}

#[test]
fn escapes_are_undone_once_and_only_where_they_are_escapes() {
    let esc01 = message("esc01");
    assert_eq!(esc01.request_uri().unwrap().user_text().unwrap(), "sips:user@example.com");
    assert_eq!(esc01.to().unwrap().uri().user_text().unwrap(), "user");
    assert_eq!(esc01.from().unwrap().uri().user_text().unwrap(), "I have spaces");
    let contact = esc01.contact().unwrap().unwrap().uri();
    assert_eq!(contact.param("n%61me"), Some("v%61lue%25%34%31"));

    let esc02 = message("esc02");
    assert_eq!(esc02.method().as_str(), "RE%47IST%45R");
    assert_eq!(esc02.to().unwrap().display_name(), "%Z%45");
    assert_eq!(esc02.addresses(HeaderName::Contact).count(), 2);

    // An escaped NUL is not the end of a name: the name exists nowhere.
    let escnull = message("escnull");
    assert_eq!(escnull.to().unwrap().uri().user(), Some("null-%00-null"));
    assert_eq!(escnull.to().unwrap().uri().user_text(), None);
    assert_eq!(escnull.addresses(HeaderName::Contact).count(), 2);

    let semiuri = message("semiuri");
    assert_eq!(semiuri.request_uri().unwrap().user_text().unwrap(), "user;par=u@example.net");
}

#[test]
fn parameters_belong_to_the_address_or_to_its_uri() {
    let outside = message("cparam01");
    let contact = outside.contact().unwrap().unwrap();
    assert!(contact.params().has("unknownparam") && contact.uri().params_str().is_empty());
    let inside = message("cparam02");
    let contact = inside.contact().unwrap().unwrap();
    assert!(contact.params().is_empty() && contact.uri().param("unknownparam") == Some(""));
}

#[test]
fn an_old_request_has_no_branch_and_no_tag() {
    let message = message("inv2543");
    assert_eq!((message.branch(), message.from_tag(), message.max_forwards()), (None, None, None));
    assert_eq!(message.content_length(), None);
    assert!(message.body().starts_with(b"v=0"));
    assert_eq!(message.from().unwrap().uri().param("user"), Some("phone"));
}

#[test]
fn long_names_and_values_are_read() {
    let message = message("longreq");
    assert_eq!(message.vias().count(), 34);
    assert_eq!(message.top_via().host(), "sip33.example.com");
    let last = message.vias().last().unwrap().unwrap();
    assert_eq!(last.received(), Some([192, 0, 2, 5].into()));
    assert_eq!(message.to().unwrap().uri().port(), Some(6000));
    assert_eq!(message.from_tag().unwrap().len(), 2 + 3 * 50 + 3);
}

#[test]
fn reason_phrases_may_be_anything_or_nothing() {
    let message = message("unreason");
    let reason = core::str::from_utf8(message.reason().unwrap()).unwrap();
    assert_eq!(reason, "= 2**3 * 5**2 но сто девяносто девять - простое");
    assert_eq!(self::message("noreason").reason(), Some(&b""[..]));
}
