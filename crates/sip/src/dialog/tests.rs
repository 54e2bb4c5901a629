//! Dialogs made from the messages of RFC 3261 section 12's rules, not of a wire.

use super::*;

fn parse(text: &str) -> Message {
    Message::parse(text.replace('\n', "\r\n").into_bytes()).unwrap()
}

fn invite() -> Message {
    parse(
        "INVITE sip:102@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa\n\
         Max-Forwards: 70\nFrom: \"Anna\" <sip:anna@example.com>;tag=hers\nTo: <sip:102@example.com>\n\
         Call-ID: c1\nCSeq: 20 INVITE\nContact: <sip:anna@192.0.2.7:5062;ob?Subject=x>\n\
         Record-Route: <sip:p1.example.com;lr>;x=1, <sip:p2.example.com;lr>\n\n",
    )
}

fn response(request: &Message, status: u16, tag: &str) -> Builder {
    let status = StatusCode::new(status).unwrap();
    Builder::reply(request, status, Some(tag)).header(HeaderName::Contact, "<sip:102@192.0.2.9>")
}

/// What goes out, with a Via as the layer would put it there.
fn built(request: Builder) -> Message {
    let via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKout";
    request.first(HeaderName::Via, via).build().unwrap()
}

fn routes(message: &Message) -> Vec<&str> {
    message.values(HeaderName::Route).map(|value| std::str::from_utf8(value).unwrap()).collect()
}

fn in_dialog(method: &str, number: u32, contact: &str) -> Message {
    parse(&format!(
        "{method} sip:102@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKb\n\
         From: <sip:anna@example.com>;tag=hers\nTo: <sip:102@example.com>;tag=ours\n\
         Call-ID: c1\nCSeq: {number} {method}\nContact: {contact}\n\n"
    ))
}

#[test]
fn the_called_side_answers_over_the_recorded_route() {
    let invite = invite();
    let ok = response(&invite, 200, "ours").build().unwrap();
    let mut dialog = Dialog::uas(&invite, &ok).unwrap();
    assert_eq!(dialog.id(), &DialogId::new("c1", "ours", "hers"));
    assert_eq!((dialog.role(), dialog.state()), (Role::Uas, DialogState::Confirmed));
    let bye = built(dialog.request(&Method::Bye));
    // Headers in a Contact never become part of a Request-URI.
    assert_eq!(bye.request_uri_str(), Some("sip:anna@192.0.2.7:5062;ob"));
    assert_eq!(routes(&bye), ["<sip:p1.example.com;lr>;x=1", "<sip:p2.example.com;lr>"]);
    assert_eq!(bye.text(HeaderName::To), Some("\"Anna\" <sip:anna@example.com>;tag=hers"));
    assert_eq!(bye.text(HeaderName::From), Some("<sip:102@example.com>;tag=ours"));
    assert_eq!(bye.cseq().to_string(), "1 BYE");
    assert!(!bye.has(HeaderName::Contact));
    assert_eq!(dialog.next_hop().as_str(), "sip:p1.example.com;lr");
    let reinvite = built(dialog.request(&Method::Invite));
    assert_eq!(reinvite.cseq().to_string(), "2 INVITE");
    assert_eq!(reinvite.text(HeaderName::Contact), Some("<sip:102@192.0.2.9>"));
}

#[test]
fn the_caller_reverses_the_recorded_route() {
    let invite = invite();
    let ok = response(&invite, 200, "theirs").build().unwrap();
    let dialog = Dialog::uac(&invite, &ok).unwrap();
    assert_eq!(dialog.id(), &DialogId::new("c1", "hers", "theirs"));
    let ack = built(dialog.ack(20));
    assert_eq!(ack.request_uri_str(), Some("sip:102@192.0.2.9"));
    assert_eq!(routes(&ack), ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>;x=1"]);
    assert_eq!(ack.cseq().to_string(), "20 ACK");
    assert_eq!(ack.to_tag(), Some("theirs"));
}

#[test]
fn a_strict_router_takes_the_request_uri() {
    let text = String::from_utf8(invite().as_bytes().to_vec()).unwrap();
    let strict = Message::parse(text.replace("p1.example.com;lr", "p1.example.com").into_bytes());
    let strict = strict.unwrap();
    let ok = response(&strict, 200, "ours").build().unwrap();
    let bye = built(Dialog::uas(&strict, &ok).unwrap().request(&Method::Bye));
    assert_eq!(bye.request_uri_str(), Some("sip:p1.example.com"));
    let expected = ["<sip:p2.example.com;lr>", "<sip:anna@192.0.2.7:5062;ob>"];
    assert_eq!(routes(&bye), expected);
}

#[test]
fn requests_come_in_order_or_get_500() {
    let invite = invite();
    let ok = response(&invite, 200, "ours").build().unwrap();
    let mut dialog = Dialog::uas(&invite, &ok).unwrap();
    let contact = "<sip:anna@192.0.2.8>";
    dialog.receive_request(&in_dialog("INVITE", 22, contact)).unwrap();
    assert_eq!(dialog.remote_target().as_str(), "sip:anna@192.0.2.8");
    let late = dialog.receive_request(&in_dialog("INFO", 21, contact)).unwrap_err();
    assert_eq!(late.status().code(), 500);
    // The ACK has the number of the first INVITE and is never late.
    dialog.receive_request(&in_dialog("ACK", 20, contact)).unwrap();
    dialog.receive_request(&in_dialog("BYE", 23, "<sip:evil@198.51.100.1>")).unwrap();
    assert_eq!(dialog.remote_target().as_str(), "sip:anna@192.0.2.8");
}

/// A request with a wrong tag belongs to no dialog, whatever else is right.
#[test]
fn h24_wrong_tags_get_481() {
    let invite = invite();
    let ok = response(&invite, 200, "ours").build().unwrap();
    let mut dialog = Dialog::uas(&invite, &ok).unwrap();
    let bye = in_dialog("BYE", 23, "<sip:anna@192.0.2.7>");
    let text = String::from_utf8(bye.as_bytes().to_vec()).unwrap();
    for (from, to) in
        [("tag=ours", "tag=guess"), ("tag=hers", "tag=x"), (": c1", ": c2"), (";tag=ours", "")]
    {
        let forged = Message::parse(text.replace(from, to).into_bytes()).unwrap();
        let refused = dialog.receive_request(&forged).unwrap_err();
        assert_eq!((refused, refused.status().code()), (OutOfDialog::OtherDialog, 481));
    }
    dialog.receive_request(&bye).unwrap();
}

#[test]
fn forks_make_dialogs_of_their_own() {
    let invite = invite();
    let mut set = DialogSet::new(invite.clone());
    let trying = Builder::reply(&invite, StatusCode::TRYING, None).build().unwrap();
    assert!(set.receive(&trying).unwrap().is_none());
    for tag in ["one", "two", "one"] {
        let ringing = response(&invite, 180, tag).build().unwrap();
        let dialog = set.receive(&ringing).unwrap().unwrap();
        assert_eq!((dialog.id().remote_tag(), dialog.state()), (tag, DialogState::Early));
    }
    assert_eq!(set.iter().count(), 2);
    let ok = response(&invite, 200, "two").build().unwrap();
    let dialog = set.receive(&ok).unwrap().unwrap();
    assert_eq!(dialog.state(), DialogState::Confirmed);
    let busy = StatusCode::BUSY_HERE;
    assert!(set.receive(&response(&invite, 486, "one").build().unwrap()).unwrap().is_none());
    set.refused(busy);
    let left: Vec<_> = set.iter().map(|dialog| dialog.id().remote_tag()).collect();
    assert_eq!(left, ["two"]);
    assert!(set.take(&DialogId::new("c1", "hers", "two")).is_some());
}

#[test]
fn forks_are_bounded() {
    let invite = invite();
    let mut set = DialogSet::new(invite.clone());
    for fork in 0..100 {
        let ringing = response(&invite, 180, &format!("t{fork}")).build().unwrap();
        assert_eq!(set.receive(&ringing).unwrap().is_some(), fork < MAX_FORKS);
    }
}

#[test]
fn a_2xx_sets_target_and_routes_anew() {
    let invite = invite();
    let ringing = Builder::reply(&invite, StatusCode::RINGING, Some("theirs")).build().unwrap();
    let mut dialog = Dialog::uac(&invite, &ringing).unwrap();
    assert_eq!(dialog.remote_target().as_str(), "sip:102@192.0.2.1");
    let bare = String::from_utf8(invite.as_bytes().to_vec()).unwrap();
    let bare = bare.replace("Record-Route: ", "X-Was: ");
    let bare = Message::parse(bare.into_bytes()).unwrap();
    dialog.receive_response(&response(&bare, 200, "theirs").build().unwrap());
    assert_eq!(dialog.state(), DialogState::Confirmed);
    assert_eq!(dialog.remote_target().as_str(), "sip:102@192.0.2.9");
    assert!(dialog.routes().is_empty());
}

#[test]
fn what_makes_no_dialog() {
    let invite = invite();
    let error = |message: Builder| Dialog::uac(&invite, &message.build().unwrap()).unwrap_err();
    let trying = Builder::reply(&invite, StatusCode::TRYING, Some("t"));
    assert_eq!(error(trying), DialogError::NotDialogForming);
    assert_eq!(error(response(&invite, 404, "t")), DialogError::NotDialogForming);
    assert_eq!(error(Builder::reply(&invite, StatusCode::OK, None)), DialogError::NoTag);
    let text = String::from_utf8(invite.as_bytes().to_vec()).unwrap();
    for contact in ["Contact: *", "X-None: 1", "Contact: <tel:+4930>", "Contact: <mailto:a@b>"] {
        let text = text.replace("Contact: <sip:anna@192.0.2.7:5062;ob?Subject=x>", contact);
        let invite = Message::parse(text.into_bytes()).unwrap();
        let ok = response(&invite, 200, "ours").build().unwrap();
        assert_eq!(Dialog::uas(&invite, &ok).unwrap_err(), DialogError::NoContact, "{contact}");
    }
}

#[test]
fn replies_carry_our_contact_where_it_counts() {
    let invite = invite();
    let ok = response(&invite, 200, "ours").build().unwrap();
    let dialog = Dialog::uas(&invite, &ok).unwrap();
    let reinvite = in_dialog("INVITE", 21, "<sip:anna@192.0.2.8>");
    let reply = dialog.reply(&reinvite, StatusCode::OK).build().unwrap();
    assert_eq!(reply.text(HeaderName::Contact), Some("<sip:102@192.0.2.9>"));
    let reply = dialog.reply(&reinvite, StatusCode::REQUEST_PENDING).build().unwrap();
    assert!(!reply.has(HeaderName::Contact));
    let info = in_dialog("INFO", 22, "<sip:anna@192.0.2.8>");
    assert!(!dialog.reply(&info, StatusCode::OK).build().unwrap().has(HeaderName::Contact));
    assert!(Dialog::is_ended_by(StatusCode::CALL_DOES_NOT_EXIST));
    assert!(!Dialog::is_ended_by(StatusCode::BUSY_HERE));
}
