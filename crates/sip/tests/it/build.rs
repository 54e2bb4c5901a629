//! Building, replying and editing.

use std::net::SocketAddr;

use switchboard_sip::{BuildError, Builder, HeaderName, Message, Method, StatusCode};

fn invite() -> Message {
    let text = "INVITE sip:bob@192.0.2.4 SIP/2.0\r\n\
        v: SIP/2.0/UDP p.example.com;branch=z9hG4bK1;rport , SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK0\r\n\
        Record-Route: <sip:p1.example.com;lr>\r\n\
        X-Odd  :   kept   as it is  \r\n\
        Via: SIP/2.0/TCP last.example.com\r\n\
        Record-Route: <sip:p2.example.com;lr>, <sip:p3.example.com;lr>\r\n\
        Max-Forwards: 70\r\n\
        t: Bob <sip:bob@example.com>\r\n\
        f: Anna <sip:anna@example.com>;tag=1\r\n\
        i: c1@example.com\r\n\
        CSeq: 7 INVITE\r\n\
        Timestamp: 54\r\n\
        c: application/sdp\r\n\
        l: 4\r\n\r\nv=0\n";
    Message::parse(text).unwrap()
}

#[test]
fn a_reply_copies_what_it_must() {
    let request = invite();
    let ringing = Builder::reply(&request, StatusCode::RINGING, Some("t9")).build().unwrap();
    assert_eq!(
        ringing.as_bytes(),
        "SIP/2.0 180 Ringing\r\n\
         Via: SIP/2.0/UDP p.example.com;branch=z9hG4bK1;rport , SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK0\r\n\
         Via: SIP/2.0/TCP last.example.com\r\n\
         From: Anna <sip:anna@example.com>;tag=1\r\n\
         To: Bob <sip:bob@example.com>;tag=t9\r\n\
         Call-ID: c1@example.com\r\n\
         CSeq: 7 INVITE\r\n\
         Record-Route: <sip:p1.example.com;lr>\r\n\
         Record-Route: <sip:p2.example.com;lr>, <sip:p3.example.com;lr>\r\n\
         Content-Length: 0\r\n\r\n"
    );
    let trying = Builder::reply(&request, StatusCode::TRYING, None).build().unwrap();
    assert_eq!(trying.text(HeaderName::Timestamp), Some("54"));
    assert!(!trying.has(HeaderName::RecordRoute) && trying.to_tag().is_none());
    let busy = Builder::reply(&request, StatusCode::BUSY_HERE, Some("t9")).build().unwrap();
    assert!(!busy.has(HeaderName::RecordRoute));
    assert_eq!((busy.method(), busy.status()), (&Method::Invite, Some(StatusCode::BUSY_HERE)));

    let tagged = request.edit().to_tag("mine").finish().unwrap();
    let reply = Builder::reply(&tagged, StatusCode::OK, Some("other")).build().unwrap();
    assert_eq!(reply.to_tag(), Some("mine"));
}

#[test]
fn fields_that_occur_once_cannot_be_doubled() {
    let builder = || Builder::reply(&invite(), StatusCode::OK, Some("t"));
    let twice = builder().header(HeaderName::CSeq, "8 INVITE").build();
    assert_eq!(twice.unwrap_err(), BuildError::Duplicate(HeaderName::CSeq));
    // The compact form is the same field.
    let twice = builder().header("i", "x").build();
    assert_eq!(twice.unwrap_err(), BuildError::Duplicate(HeaderName::CallId));
    let length = builder().header("content-length", "10").build();
    assert_eq!(length.unwrap_err(), BuildError::Reserved(HeaderName::ContentLength));
    assert!(builder().header(HeaderName::Contact, "<sip:a@b>, <sip:c@d>").build().is_ok());
    let bare = Builder::request(&Method::Invite, "sip:a@b").build();
    assert!(
        matches!(bare, Err(BuildError::Message(error)) if error.header() == Some(HeaderName::Via))
    );
    let twice = invite().edit().append(HeaderName::To, "<sip:x@y>").finish();
    assert_eq!(twice.unwrap_err(), BuildError::Duplicate(HeaderName::To));
    let request = invite();
    let twice = request.edit().append(HeaderName::Subject, "a").append(HeaderName::Subject, "b");
    assert_eq!(twice.finish().unwrap_err(), BuildError::Duplicate(HeaderName::Subject));
}

#[test]
fn an_edit_leaves_the_rest_octet_for_octet() {
    let request = invite();
    assert_eq!(request.edit().finish().unwrap().as_bytes(), request.as_bytes());
    let next = request
        .edit()
        .push_via("SIP/2.0/TCP us.example.com;branch=z9hG4bKnew")
        .push(HeaderName::RecordRoute, "<sip:us.example.com;lr>")
        .set(HeaderName::MaxForwards, 69)
        .request_uri("sip:bob@192.0.2.77")
        .finish()
        .unwrap();
    let expected = String::from_utf8(request.as_bytes().to_vec())
        .unwrap()
        .replace("sip:bob@192.0.2.4", "sip:bob@192.0.2.77")
        .replacen("v: ", "Via: SIP/2.0/TCP us.example.com;branch=z9hG4bKnew\r\nv: ", 1)
        .replacen("Record-Route: ", "Record-Route: <sip:us.example.com;lr>\r\nRecord-Route: ", 1)
        .replace("Max-Forwards: 70", "Max-Forwards: 69");
    assert_eq!(next.as_bytes(), expected.as_bytes());
    assert_eq!(next.edit().pop_via().finish().unwrap().branch(), request.branch());
}

#[test]
fn lists_are_popped_item_by_item() {
    let mut message = invite();
    let hosts = |message: &Message| -> Vec<String> {
        message.vias().map(|via| via.unwrap().host().to_owned()).collect()
    };
    assert_eq!(hosts(&message), ["p.example.com", "192.0.2.9", "last.example.com"]);
    message = message.edit().pop_via().finish().unwrap();
    assert_eq!(hosts(&message), ["192.0.2.9", "last.example.com"]);
    message = message.edit().pop_via().finish().unwrap();
    assert_eq!(hosts(&message), ["last.example.com"]);
    assert!(message.edit().pop_via().finish().is_err());
}

#[test]
fn the_source_is_stamped_as_rfc_3581_says() {
    let from = |text: &str| -> SocketAddr { text.parse().unwrap() };
    let stamped = invite().edit().stamp_source(from("203.0.113.7:61234")).finish().unwrap();
    let via = stamped.top_via();
    assert_eq!(via.received(), Some([203, 0, 113, 7].into()));
    assert_eq!(via.rport(), Some(Some(61234)));
    assert_eq!(via.branch(), Some("z9hG4bK1"));
    assert_eq!(stamped.vias().count(), 3);

    let with = |via: &str, source: &str| {
        let request = invite().edit().set(HeaderName::Via, via).finish().unwrap();
        let stamped = request.edit().stamp_source(from(source)).finish().unwrap();
        stamped.text(HeaderName::Via).unwrap().to_owned()
    };
    assert_eq!(
        with("SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1", "192.0.2.9:5070"),
        "SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1"
    );
    assert_eq!(
        with("SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK1", "[2001:db8::2]:5060"),
        "SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK1;received=2001:db8::2"
    );
    // What a sender claims about its own address does not count.
    assert_eq!(
        with("SIP/2.0/UDP h;received=10.0.0.1;rport=9;branch=z9hG4bK1", "192.0.2.9:5070"),
        "SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.9;rport=5070"
    );
}

#[test]
fn bodies_are_set_and_taken_out() {
    let request = invite();
    let other = request.edit().body("application/x", "12345").finish().unwrap();
    assert_eq!(other.body(), b"12345");
    assert_eq!(other.content_length(), Some(5));
    assert!(other.content_type().unwrap().unwrap().is("Application", "X"));
    let none = request.edit().without_body().finish().unwrap();
    assert_eq!((none.body(), none.content_length()), (&b""[..], Some(0)));
    assert!(!none.has(HeaderName::ContentType));
    let built =
        Builder::reply(&request, StatusCode::OK, Some("t")).body("application/sdp", "v=0\r\n");
    let built = built.build().unwrap();
    assert_eq!(built.body_bytes(), "v=0\r\n");
    assert_eq!(built.content_length(), Some(5));
}

#[test]
fn a_message_can_be_read_into_again() {
    let mut message = invite();
    let reply = Builder::reply(&message, StatusCode::OK, Some("t")).build().unwrap();
    message.replace(reply.as_bytes().clone()).unwrap();
    assert_eq!(message.status(), Some(StatusCode::OK));
    assert!(message.replace("broken").is_err());
    assert_eq!(message.status(), Some(StatusCode::OK));
    assert_eq!(message.call_id(), "c1@example.com");
}
