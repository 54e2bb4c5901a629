//! Every header field that a PBX and a proxy need: built, read typed, and printed again as it was.

use switchboard_sip::auth::Credentials;
use switchboard_sip::session_timer::SessionExpires;
use switchboard_sip::{
    Builder, CSeq, Date, HeaderName as N, Item, MediaType, Message, Method, NameAddr, RAck,
    Replaces, RetryAfter, UserToUser, Via, Warning,
};

/// A request that has this field besides what it must have.
fn with(name: N, value: &str) -> Message {
    let mut builder = Builder::request(&Method::Refer, "sip:b@example.com");
    let needed = [
        (N::Via, "SIP/2.0/UDP h.example;branch=z9hG4bK1"),
        (N::From, "<sip:a@example.com>;tag=1"),
        (N::To, "<sip:b@example.com>"),
        (N::CallId, "c"),
        (N::CSeq, "1 REFER"),
    ];
    for (needed, usual) in needed {
        if needed != name {
            builder = builder.header(needed, usual);
        }
    }
    let message = builder.header(name, value).build().unwrap();
    message.validate().unwrap();
    message
}

#[test]
fn fields_that_are_addresses() {
    let fields = [
        (N::From, r#""Anna \"A\" Berger" <sip:anna@example.com;user=phone>;tag=88"#),
        (N::To, "Bob <sips:bob@[2001:db8::1]:5061>;tag=a6c85cf"),
        (N::Contact, "<sip:anna@192.0.2.7:5062;transport=tcp>;expires=60;q=0.5"),
        (N::Route, "<sip:p1.example.com;lr>"),
        (N::RecordRoute, "<sip:198.51.100.5;r2=on;lr=on>"),
        (N::Path, "<sip:edge.example.com;lr;ob>"),
        (N::ReferTo, "<sip:c@example.com?Replaces=1%40a%3Bto-tag%3D2%3Bfrom-tag%3D3>"),
        (N::ReferredBy, r#"<sip:a@example.com>;cid="2UWQFN309shb3@example.com""#),
        (N::PAssertedIdentity, r#""+49 40 987654" <tel:+4940987654>"#),
        (N::Diversion, "<sip:c@example.com>;reason=no-answer;counter=1"),
        (N::HistoryInfo, "<sip:d@example.com?Reason=SIP%3Bcause%3D302>;index=1.1;rc=1"),
    ];
    for (name, text) in fields {
        let message = with(name, text);
        let address = message.addresses(name).next().unwrap().unwrap();
        assert_eq!(address.to_string(), text, "{name}");
        let again = with(name, &address.to_string());
        assert_eq!(again.text(name), Some(text));
    }
    // Without brackets it is printed with them: the parameters are the field's.
    let bare = NameAddr::parse(b"sip:a@example.com;tag=1").unwrap();
    assert_eq!(bare.to_string(), "<sip:a@example.com>;tag=1");
    let folded = NameAddr::parse(b"\"A\r\n B\"\r\n <sip:a@x>;\r\n p=1").unwrap();
    assert_eq!(folded.to_string(), "\"A B\" <sip:a@x>; p=1");
}

#[test]
fn fields_that_are_tokens_with_parameters() {
    let fields = [
        (N::Event, "dialog;id=7;call-id=1"),
        (N::SubscriptionState, "active;expires=3600"),
        (N::Reason, r#"Q.850;cause=16;text="Terminated""#),
        (N::ContentDisposition, "session;handling=optional"),
        (N::SessionExpires, "1800;refresher=uac"),
        (N::MinSe, "90"),
    ];
    for (name, text) in fields {
        let message = with(name, text);
        assert_eq!(message.item(name).unwrap().unwrap().to_string(), text, "{name}");
    }
    let expires = SessionExpires::parse(b"1800;refresher=uac").unwrap();
    assert_eq!(expires.to_string(), "1800;refresher=uac");
}

#[test]
fn fields_that_are_lists_of_tokens() {
    for name in [N::Allow, N::Supported, N::Require, N::AllowEvents, N::ContentEncoding] {
        let message = with(name, "INVITE, ACK,BYE");
        let values: Vec<_> = message.values(name).collect();
        assert_eq!(values, [&b"INVITE"[..], b"ACK", b"BYE"], "{name}");
        assert!(message.lists(name, "ack") && !message.lists(name, "CANCEL"));
    }
    let message = with(N::ContentLanguage, "de, en");
    assert_eq!(message.values(N::ContentLanguage).count(), 2);
    let message = with(N::Privacy, "id;user; critical");
    assert_eq!(message.privacy().collect::<Vec<_>>(), ["id", "user", "critical"]);
}

#[test]
fn fields_that_are_numbers() {
    for name in [N::Expires, N::MinExpires, N::RSeq, N::FlowTimer] {
        assert_eq!(with(name, "3600").number(name), Some(3600), "{name}");
    }
    assert_eq!(with(N::MaxForwards, "70").max_forwards(), Some(70));
    assert_eq!(with(N::MinSe, "90").number(N::MinSe), Some(90));
}

#[test]
fn fields_of_their_own_shape() {
    let via = "SIP/2.0/TCP 192.0.2.1:5061;branch=z9hG4bKa;rport=5062;received=192.0.2.9";
    assert_eq!(with(N::Via, via).top_via().to_string(), via);
    assert_eq!(
        Via::parse(b"SIP / 2.0 / UDP a ;\r\n branch = b").unwrap().to_string(),
        "SIP/2.0/UDP a; branch = b"
    );
    let cseq = CSeq::parse(b"314159 INVITE").unwrap();
    assert_eq!(cseq.to_string(), "314159 INVITE");

    let text = "776656 1 INVITE";
    assert_eq!(with(N::RAck, text).rack().unwrap(), Some(RAck::parse(text.as_bytes()).unwrap()));
    assert_eq!(RAck::parse(text.as_bytes()).unwrap().to_string(), text);

    let text = "12345@192.0.2.7;to-tag=7743;from-tag=6472;early-only";
    assert_eq!(with(N::Replaces, text).replaces().unwrap().unwrap().to_string(), text);
    assert!(Replaces::parse(b"12345@192.0.2.7;to-tag=7743").is_err());

    let message = with(N::RetryAfter, "18000 (at (some) \\) lunch);duration=3600");
    let later = message.retry_after().unwrap().unwrap();
    assert_eq!(later, RetryAfter { seconds: 18_000, duration: Some(3600) });
    assert_eq!(with(N::RetryAfter, &later.to_string()).retry_after().unwrap(), Some(later));
    for bad in ["", "x", "5 (", "5 (a))", "5;duration=x", "5 6"] {
        assert!(RetryAfter::parse(bad.as_bytes()).is_err(), "{bad}");
    }

    let text = r#"301 isi.edu "Incompatible network \"address\" type", 399 h:5060 "x""#;
    let message = with(N::Warning, text);
    let warnings: Vec<_> = message.warnings().map(Result::unwrap).collect();
    assert_eq!((warnings[0].code, warnings[1].agent), (301, "h:5060"));
    assert_eq!(warnings.iter().map(Warning::to_string).collect::<Vec<_>>().join(", "), text);
    for bad in ["30 a \"b\"", "301 \"b\"", "301 a b", "3010 a \"b\"", "301 a \"b\" c"] {
        assert!(Warning::parse(bad.as_bytes()).is_err(), "{bad}");
    }

    let text = r#"56a390f3;encoding=hex, "a \"b\"";purpose=x"#;
    let message = with(N::UserToUser, text);
    let data: Vec<_> = message.user_to_user().map(Result::unwrap).collect();
    assert_eq!((&*data[0].data(), &*data[1].data()), ("56a390f3", r#"a "b""#));
    assert_eq!(data.iter().map(UserToUser::to_string).collect::<Vec<_>>().join(", "), text);

    let text = r#"multipart/mixed;boundary="a b""#;
    let message = with(N::ContentType, text);
    assert_eq!(message.content_type().unwrap().unwrap().to_string(), text);
    assert!(MediaType::parse(b"text").is_err() && Item::parse(b";a").is_err());
    let date = with(N::Date, "Sat, 13 Nov 2010 23:29:00 GMT").text(N::Date).map(str::to_owned);
    assert_eq!(Date::parse(date.unwrap().as_bytes()).unwrap().year, 2010);
}

#[test]
fn fields_of_authentication() {
    let text = r#"Digest username="a", realm="r", nonce="n", uri="sip:b", response="00""#;
    let message = with(N::Authorization, text);
    let value = message.header(N::Authorization).unwrap().value();
    assert_eq!(Credentials::parse(value).unwrap().username, "a");
    for name in [N::ProxyAuthorization, N::WwwAuthenticate, N::ProxyAuthenticate] {
        // Commas do not make a list of it.
        let message = with(name, text);
        assert_eq!(message.all(name).count(), 1);
    }
}
