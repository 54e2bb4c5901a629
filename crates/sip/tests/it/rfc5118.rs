//! RFC 5118: 12 messages with IPv6, each with its verdict and what is read of it.

use core::net::{IpAddr, Ipv6Addr};

use switchboard_sip::{Host, Message, ParseError, ParseErrorKind};

struct Case {
    name: String,
    accept: bool,
    octets: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let file = include_str!("../../testdata/rfc5118.toml");
    let table: toml::Table = file.parse().unwrap();
    let messages = table["message"].as_array().unwrap().iter();
    let cases = messages.map(|message| {
        let text = |key: &str| message[key].as_str().unwrap().to_owned();
        Case {
            name: text("name"),
            accept: text("expect") == "accept",
            octets: text("text").replace('\n', "\r\n").into_bytes(),
        }
    });
    cases.collect()
}

fn read(octets: Vec<u8>) -> Result<Message, ParseError> {
    Message::parse(octets).and_then(|message| message.validate().map(|()| message))
}

fn message(name: &str) -> Message {
    read(cases().into_iter().find(|case| case.name == name).unwrap().octets).unwrap()
}

fn host(message: &Message) -> Host<'_> {
    message.request_uri().unwrap().host()
}

fn ip(text: &str) -> Host<'_> {
    Host::Ip(text.parse().unwrap())
}

#[test]
fn rfc5118_every_message_gets_its_verdict() {
    let cases = cases();
    assert_eq!(cases.len(), 12);
    for case in cases {
        let verdict = read(case.octets.clone());
        assert_eq!(verdict.is_ok(), case.accept, "{}: {verdict:?}", case.name);
        match verdict {
            Ok(message) => assert_eq!(message.as_bytes(), &case.octets[..], "{}", case.name),
            Err(error) => {
                assert_eq!((error.kind(), error.status().code()), (ParseErrorKind::Port, 400));
            }
        }
    }
}

#[test]
fn rfc5118_a_port_stands_after_the_brackets() {
    let ambiguous = message("port-ambiguous");
    assert_eq!(host(&ambiguous), ip("2001:db8::10:5070"));
    assert_eq!(ambiguous.request_uri().unwrap().port(), None);
    let unambiguous = message("port-unambiguous");
    assert_eq!(host(&unambiguous), ip("2001:db8::10"));
    assert_eq!(unambiguous.request_uri().unwrap().port(), Some(5070));
}

#[test]
fn rfc5118_received_is_read_with_and_without_brackets() {
    let expected: IpAddr = "2001:db8::9:255".parse().unwrap();
    for name in ["via-received-param-with-delim", "via-received-param-no-delim"] {
        assert_eq!(message(name).top_via().received(), Some(expected), "{name}");
    }
    let mixed = message("mult-ip-in-header");
    let vias: Vec<_> = mixed.vias().map(Result::unwrap).collect();
    let hosts: Vec<_> = vias.iter().map(|via| (via.host(), via.port())).collect();
    assert_eq!(
        hosts,
        [("[2001:db8::9:1]", Some(6050)), ("192.0.2.1", None), ("[2001:db8::9:255]", None)]
    );
    assert_eq!(vias[2].received(), Some([192, 0, 2, 200].into()));
}

#[test]
fn rfc5118_the_grammars_third_colon_is_tolerated_there_and_nowhere_else() {
    let expected = ip("2001:db8::192.0.2.1");
    for name in ["ipv6-bug-abnf-3-colons", "ipv6-correct-abnf-2-colons"] {
        let message = message(name);
        assert_eq!(host(&message), expected, "{name}");
        assert_eq!(message.to().unwrap().uri().host(), expected, "{name}");
    }
    let read = |text: &str| {
        let uri = format!("sip:[{text}]");
        switchboard_sip::Uri::parse(&uri).ok().and_then(|uri| uri.host().ip())
    };
    let address = |text: &str| text.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    assert_eq!(read(":::192.0.2.1"), address("::192.0.2.1"));
    assert_eq!(read("1:2:3:4:5:::192.0.2.1"), address("1:2:3:4:5::192.0.2.1"));
    for refused in [
        "2001:db8:::10",
        "2001:db8::::192.0.2.1",
        "2001:db8::1:::192.0.2.1",
        "1:2:3:4:5:6:::192.0.2.1",
        ":::",
        "1:::192.0.2",
    ] {
        assert_eq!(read(refused), None, "{refused}");
    }
}

#[test]
fn rfc5118_mapped_addresses_are_read() {
    let message = message("ipv4-mapped-ipv6");
    assert_eq!(message.top_via().host(), "[::ffff:192.0.2.10]");
    assert_eq!(message.top_via().port(), Some(19_823));
    assert_eq!(message.contact().unwrap().unwrap().uri().host(), ip("::ffff:192.0.2.2"));
}

#[test]
fn rfc5118_without_brackets_the_port_cannot_be_told() {
    let text = String::from_utf8(cases()[0].octets.clone()).unwrap();
    let bare = text.replace("UDP [2001:db8::9:1]", "UDP 2001:db8::9:1");
    assert_eq!(read(bare.into_bytes()).unwrap_err().kind(), ParseErrorKind::Port);
}
