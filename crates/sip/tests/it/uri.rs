//! URIs: the equivalences of RFC 3261 section 19.1.4, IPv6 of RFC 5118, and what is refused.

use std::net::{IpAddr, Ipv6Addr};

use switchboard_sip::{ParseErrorKind, Scheme, Uri, escape_user};

fn uri(text: &str) -> Uri<'_> {
    Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn rfc_3261_equivalent() {
    for (a, b) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8::1]", "sip:a@[2001:0DB8:0:0::1]"),
        ("tel:+1-201-555-0123", "TEL:+1(201)5550123"),
        ("tel:7042;phone-context=Example.com", "tel:7042;phone-context=example.com"),
    ] {
        assert!(uri(a).equivalent(&uri(b)), "{a} {b}");
        assert!(uri(b).equivalent(&uri(a)), "{b} {a}");
    }
}

#[test]
fn rfc_3261_not_equivalent() {
    for (a, b) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@x", "sips:a@x"),
        ("sip:a%3Bb@x", "sip:a;b@x"),
        ("sip:a:p@x", "sip:a:q@x"),
        ("sip:a@x;user=phone", "sip:a@x"),
        ("tel:+12015550123", "tel:12015550123"),
        ("tel:1;ext=2", "tel:1"),
    ] {
        assert!(!uri(a).equivalent(&uri(b)), "{a} {b}");
        assert!(!uri(b).equivalent(&uri(a)), "{b} {a}");
    }
}

#[test]
fn parts_are_found() {
    let parts = uri("sips:alice:secret@[2001:db8::10]:5061;transport=tls;lr?a=b&c=");
    assert_eq!(parts.scheme(), Scheme::Sips);
    assert_eq!((parts.user(), parts.password()), (Some("alice"), Some("secret")));
    let address: Ipv6Addr = "2001:db8::10".parse().unwrap();
    assert_eq!(parts.host().ip(), Some(IpAddr::V6(address)));
    assert_eq!(parts.port(), Some(5061));
    assert_eq!(parts.params().collect::<Vec<_>>(), [("transport", Some("tls")), ("lr", None)]);
    assert_eq!(parts.headers().collect::<Vec<_>>(), [("a", "b"), ("c", "")]);
    assert_eq!(uri("sip:03012345%2342@pbx").user_text().unwrap(), "03012345#42");
    assert_eq!(uri("sip:03012345;42@pbx").user(), Some("03012345;42"));
    assert_eq!(uri("tel:+49-30-12345;ext=42").param("EXT"), Some("42"));
    assert_eq!(uri("tel:*43;phone-context=x").user(), Some("*43"));
    assert_eq!(uri("sip:192.0.2.1").host().ip(), Some([192, 0, 2, 1].into()));
    assert_eq!(uri("urn:service:sos").scheme(), Scheme::Other);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    use ParseErrorKind as K;
    for (text, kind, offset) in [
        ("", K::Scheme, 0),
        ("bob@example.com", K::Scheme, 0),
        (":a", K::Scheme, 0),
        ("sip:", K::Host, 4),
        ("sip:@example.com", K::User, 4),
        ("sip:a b@example.com", K::User, 5),
        ("sip:a\"b@example.com", K::User, 5),
        ("sip:a@b@c", K::Trailing, 7),
        ("sip:a@", K::Host, 6),
        ("sip:a@[::1", K::Host, 6),
        ("sip:a@[1.2.3.4]", K::Host, 6),
        ("sip:a@2001:db8::1", K::Port, 11),
        ("sip:a@x:0", K::Port, 8),
        ("sip:a@x:65536", K::Port, 8),
        ("sip:a@x:", K::Port, 8),
        ("sip:a@x;", K::Parameter, 8),
        ("sip:a@x;;lr", K::Parameter, 8),
        ("sip:a@x;a=", K::Parameter, 10),
        ("sip:a%4@x", K::Escape, 4),
        ("sip:a%zz@x", K::Escape, 4),
        ("sip:a@x?", K::UriHeaders, 8),
        ("sip:a@x?a", K::UriHeaders, 9),
        ("sip:a@x y", K::Trailing, 7),
        ("sip:a@x>", K::Trailing, 7),
        ("tel:", K::User, 4),
        ("tel:+", K::User, 5),
        ("tel:--", K::User, 6),
        ("tel:+1a", K::Trailing, 6),
        ("urn:a b", K::Trailing, 5),
        ("http:", K::Scheme, 5),
    ] {
        let error = Uri::parse(text).expect_err(text);
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{text}");
    }
    assert_eq!(Uri::parse(&format!("sip:{}", "a".repeat(5000))).unwrap_err().kind(), K::UriTooLong);
}

#[test]
fn users_are_escaped_and_read_back() {
    for user in ["anna", "03012345;42", "03012345#42", "a b", "%41", "a@b", "ü", "a?b", "a:b", ""]
    {
        let text = format!("sip:{}x@pbx", escape_user(user));
        assert_eq!(uri(&text).user_text().unwrap(), format!("{user}x"));
    }
    assert_eq!(escape_user("03012345#42"), "03012345%2342");
}

/// Found by the fuzz target: a URI is equivalent to itself, also with a parameter that stands there twice.
#[test]
fn a_repeated_parameter_counts_once() {
    for text in ["tel:+1;ext=12;ext=12o", "sip:a@h;x=1;x=2"] {
        assert!(uri(text).equivalent(&uri(text)), "{text}");
    }
    assert!(!uri("sip:a@h;x=1;x=2").equivalent(&uri("sip:a@h;x=2;x=1")));
}
