//! Text messages between users (RFC 3428).

use std::time::Duration;

use switchboard_pbx::{Event, SavedBinding};
use switchboard_sip::{HeaderName, Method, StatusCode};

use crate::support::{Called, REALM, World};

/// A phone writes; it has to say who it is each time.
fn write(world: &mut World, phone: usize, to: &str, kind: &str, text: &str) {
    let uri = format!("sip:{to}@10.0.0.1");
    world.act(phone, |phone, now| phone.write(now, [&uri, kind, text]));
    world.seconds(1);
}

fn told(world: &World) -> Vec<(String, String, u16)> {
    let events = world.events.iter().filter_map(|event| match event {
        Event::Text { from, to, status } => Some((from.to_string(), to.to_string(), *status)),
        _ => None,
    });
    events.collect()
}

#[test]
fn a_user_writes_to_a_colleague_by_extension_and_by_name() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    write(&mut world, anna, "102", "text/plain", "Lunch?");
    write(&mut world, anna, "berta", "text/plain;charset=utf-8", "Grüße");
    assert_eq!(world.phones[anna].statuses, [200, 200, 200], "the first is of the REGISTER");
    let texts = &world.phones[berta].texts;
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[0].body(), b"Lunch?");
    assert_eq!(texts[1].body(), "Grüße".as_bytes());
    assert_eq!(texts[1].text(HeaderName::ContentType), Some("text/plain;charset=utf-8"));
    // It comes from the user whom we know her to be, and a Contact has no place in it.
    let from = texts[0].from().unwrap();
    assert_eq!(from.uri().user_text().as_deref(), Some("101"));
    assert!(!texts[0].has(HeaderName::Contact) && !texts[0].has(HeaderName::Authorization));
    assert_eq!(texts[0].number(HeaderName::MaxForwards), Some(69));
    let pair = |status| ("anna".to_owned(), "berta".to_owned(), status);
    assert_eq!(told(&world), [pair(200), pair(200)]);
    world.assert_clean();
}

#[test]
fn one_phone_that_takes_it_is_enough() {
    let mut world = World::new();
    let (anna, berta, other) = (world.phone("anna"), world.phone("berta"), world.phone("berta"));
    world.phones[berta].texts_status = 488;
    write(&mut world, anna, "102", "text/plain", "a");
    assert_eq!(world.phones[anna].statuses.last(), Some(&200));
    assert_eq!((world.phones[berta].texts.len(), world.phones[other].texts.len()), (1, 1));
    // None takes it: what they say is what the sender hears.
    world.phones[other].texts_status = 488;
    write(&mut world, anna, "102", "text/plain", "b");
    assert_eq!(world.phones[anna].statuses.last(), Some(&488));
    // That they want to know who we are is not the sender's fault.
    world.phones[berta].texts_status = 401;
    world.phones[other].texts_status = 401;
    write(&mut world, anna, "102", "text/plain", "c");
    assert_eq!(world.phones[anna].statuses.last(), Some(&480));
    world.assert_clean();
}

#[test]
fn to_oneself_it_goes_to_the_other_phones() {
    let mut world = World::new();
    let (anna, desk) = (world.phone("anna"), world.phone("anna"));
    write(&mut world, anna, "101", "text/plain", "milk");
    assert_eq!((world.phones[anna].texts.len(), world.phones[desk].texts.len()), (0, 1));
    world.assert_clean();
}

#[test]
fn a_phone_that_says_nothing_is_given_up() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[berta].texts_status = 0;
    write(&mut world, anna, "102", "text/plain", "?");
    world.run(Duration::from_secs(80));
    assert_eq!(told(&world), [("anna".to_owned(), "berta".to_owned(), 480)]);
    world.assert_clean();
}

/// H13, H14, H15, H38: neither strangers nor trunks, in nobody else's name, and to nobody who has left.
#[test]
fn h13_only_users_write_and_only_to_users() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    let stranger = world.add("stranger");
    let uri = "sip:102@10.0.0.1";
    world.act(stranger, |phone, now| {
        let request = phone.request(&Method::Message, uri).body("text/plain", "spam");
        phone.send(now, request);
    });
    world.seconds(1);
    assert_eq!(world.phones[stranger].statuses, [401]);
    let trunk = world.trunk();
    world.act(trunk, |phone, now| {
        let request = phone.request(&Method::Message, uri).body("text/plain", "spam");
        phone.send(now, request);
    });
    world.seconds(1);
    assert_eq!(world.phones[trunk].statuses, [403]);
    // In somebody else's name.
    world.phones[anna].from = Some(format!("<sip:carl@{REALM}>"));
    write(&mut world, anna, "102", "text/plain", "I am Carl");
    assert_eq!(world.phones[anna].statuses.last(), Some(&403));
    world.phones[anna].from = None;
    for (to, kind, text, status) in [
        ("999", "text/plain", "x", 404),
        ("+4930123", "text/plain", "x", 404),
        ("103", "text/plain", "x", 480),
        ("102", "text/html", "<script>", 415),
        ("102", "application/sdp", "v=0", 415),
        ("102", "text/plain", &"x".repeat(1_301), 413),
    ] {
        write(&mut world, anna, to, kind, text);
        assert_eq!(world.phones[anna].statuses.last(), Some(&status), "{to} {kind}");
    }
    // Somebody who has left reads nothing more.
    crate::dismissal::dismiss(&mut world, "berta");
    write(&mut world, anna, "berta", "text/plain", "still there?");
    assert_eq!(world.phones[anna].statuses.last(), Some(&404));
    assert!(world.phones[berta].texts.is_empty());
    world.assert_clean();
}

/// A user who writes and writes is told to wait, and others are served.
#[test]
fn a_user_has_only_so_many_on_their_way() {
    let mut world = World::with(1, switchboard_testkit::Link::default(), |config| {
        config.limits.texts_per_user = 3;
    });
    let (anna, berta, carl) = (world.phone("anna"), world.phone("berta"), world.phone("carl"));
    world.phones[berta].texts_status = 0;
    for _ in 0..4 {
        write(&mut world, anna, "102", "text/plain", "?");
    }
    assert_eq!(world.phones[anna].statuses.last(), Some(&503));
    write(&mut world, carl, "101", "text/plain", "enough");
    assert_eq!(world.phones[anna].texts.len(), 1);
    world.run(Duration::from_secs(80));
    world.assert_clean();
}

/// What a phone answers is one answer to the sender, whatever it is.
#[test]
fn whatever_a_phone_answers_the_sender_gets_one_answer() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    for (theirs, ours) in [
        (202, 200),
        (299, 200),
        (302, 480),
        (404, 404),
        (405, 480),
        (482, 480),
        (503, 480),
        (699, 699),
    ] {
        world.phones[berta].texts_status = theirs;
        let before = world.phones[anna].statuses.len();
        write(&mut world, anna, "102", "text/plain", "?");
        assert_eq!(world.phones[anna].statuses[before..], [ours], "{theirs}");
    }
    world.assert_clean();
}

/// Within a call there are no text messages, and none are announced there; to a user there are.
#[test]
fn a_text_message_is_for_a_user_and_not_for_a_call() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[berta].called = Called::Answer(Duration::ZERO);
    world.dial(anna, "102");
    world.seconds(1);
    world.act(anna, |phone, now| {
        phone.within(now, &Method::Message, |message| message.body("text/plain", "psst"));
    });
    world.seconds(1);
    let refused = world.phones[anna].answers.last().unwrap();
    assert_eq!(refused.status(), Some(StatusCode::METHOD_NOT_ALLOWED));
    assert!(!refused.lists(HeaderName::Allow, "MESSAGE"));
    world.act(anna, |phone, now| {
        let request = phone.request(&Method::Options, "sip:10.0.0.1");
        phone.send(now, request);
    });
    world.seconds(1);
    let able = world.phones[anna].answers.last().unwrap();
    assert_eq!(able.status(), Some(StatusCode::OK));
    assert!(able.lists(HeaderName::Allow, "MESSAGE"));
    world.hang_up(anna);
    world.seconds(1);
    world.assert_clean();
}

/// Two users on one connection, of a softphone with two accounts or of a proxy before both.
#[test]
fn two_users_on_one_flow_write_to_each_other() {
    let mut world = World::new();
    let anna = world.phone("anna");
    let theirs = world.saved.values().next().unwrap().clone();
    world.restore(SavedBinding { user: "berta".parse().unwrap(), ..theirs });
    write(&mut world, anna, "102", "text/plain", "next door");
    assert_eq!(world.phones[anna].statuses.last(), Some(&200));
    assert_eq!(world.phones[anna].texts.len(), 1);
    // Another phone of hers behind the proxy that she writes through.
    let own = world.saved.values().next().unwrap().clone();
    let contact = "sip:anna@10.0.1.77".to_owned();
    let path = vec!["<sip:10.0.1.1;lr>".to_owned()];
    world.restore(SavedBinding { contact, path, instance: None, ..own });
    write(&mut world, anna, "101", "text/plain", "milk");
    assert_eq!(world.phones[anna].statuses.last(), Some(&200));
    assert_eq!(world.phones[anna].texts.len(), 2);
    world.assert_clean();
}
