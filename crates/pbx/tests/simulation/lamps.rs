//! Lamps: who of the colleagues talks, and whether messages wait.

use std::time::Duration;

use switchboard_sip::subscription::{Reason, SubscriberEvent};
use switchboard_sip::{Builder, HeaderName, Method, StatusCode};

use crate::support::phone::states;
use crate::support::{Called, World};

/// What a lamp has shown, one after the other.
fn shown(world: &World, phone: usize, lamp: usize) -> Vec<String> {
    let notified = world.phones[phone].lamps[lamp].notified.iter();
    let mut shown: Vec<_> = notified.map(|notify| states(notify).join(",")).collect();
    shown.dedup();
    shown
}

/// Whether a lamp was put out for this reason.
fn ended(world: &World, phone: usize, lamp: usize, why: Reason) -> bool {
    world.phones[phone].lamps[lamp].events.iter().any(
        |event| matches!(event, SubscriberEvent::Ended { reason: Some(reason), .. } if *reason == why),
    )
}

#[test]
fn a_lamp_shows_idle_ringing_talking_and_idle_again() {
    let mut world = World::new();
    let (anna, berta, carl) = (world.phone("anna"), world.phone("berta"), world.phone("carl"));
    world.phones[berta].called = Called::Answer(Duration::from_secs(3));
    let callee = world.act(carl, |phone, now| phone.watch(now, "102", "dialog"));
    let caller = world.act(carl, |phone, now| phone.watch(now, "anna", "dialog"));
    world.seconds(1);
    assert!(world.phones[carl].lamps.iter().all(|lamp| lamp.subscriber.is_standing()));
    assert!(world.phones[carl].lamps[callee].shows().is_empty());
    world.dial(anna, "102");
    world.seconds(2);
    assert_eq!(world.phones[carl].lamps[callee].shows(), ["early"]);
    assert_eq!(world.phones[carl].lamps[caller].shows(), ["early"]);
    world.seconds(3);
    assert_eq!(world.phones[carl].lamps[callee].shows(), ["confirmed"]);
    let notify = world.phones[carl].lamps[callee].notified.last().unwrap();
    let body = String::from_utf8_lossy(notify.body()).into_owned();
    assert!(body.contains("entity=\"sip:102@10.0.0.1\""), "{body}");
    assert!(body.contains("direction=\"recipient\""), "{body}");
    // With whom she talks is nobody's business.
    assert!(!body.contains("101") && !body.contains("nna"), "{body}");
    assert_eq!(notify.text(HeaderName::ContentType), Some("application/dialog-info+xml"));
    world.hang_up(anna);
    world.seconds(2);
    assert_eq!(world.phones[carl].lamps[callee].shows(), ["terminated"]);
    assert_eq!(shown(&world, carl, callee), ["", "trying", "early", "confirmed", "terminated"]);
    // One version each, in order.
    let versions = world.phones[carl].lamps[callee].notified.iter().enumerate();
    for (at, notify) in versions {
        let body = String::from_utf8_lossy(notify.body()).into_owned();
        assert!(body.contains(&format!("version=\"{at}\"")), "{at}: {body}");
    }
    world.assert_clean();
    assert_eq!(world.pbx.lamps(), 2);
}

#[test]
fn a_lamp_is_refreshed_and_put_out() {
    let mut world = World::new();
    let (anna, _) = (world.phone("anna"), world.phone("berta"));
    let lamp = world.act(anna, |phone, now| phone.watch(now, "102", "dialog"));
    world.seconds(2_000);
    assert!(world.phones[anna].lamps[lamp].subscriber.is_standing());
    assert_eq!(world.pbx.lamps(), 1);
    let told = world.phones[anna].lamps[lamp].notified.len();
    assert!((4..=5).contains(&told), "at the start and at each refresh: {told}");
    world.act(anna, |phone, now| phone.unwatch(now, lamp));
    world.seconds(1);
    assert_eq!(world.pbx.lamps(), 0);
    world.assert_clean();
}

#[test]
fn a_phone_that_is_gone_leaves_no_lamp() {
    let mut world = World::new();
    let (anna, carl) = (world.phone("anna"), world.phone("carl"));
    world.act(carl, |phone, now| phone.watch(now, "101", "dialog"));
    world.seconds(1);
    world.phones[carl].ignores_notify = true;
    world.dial(anna, "*43");
    world.seconds(40);
    assert_eq!(world.pbx.lamps(), 0, "a NOTIFY without an answer");
    world.hang_up(anna);
    world.assert_clean();
}

/// The lamp for new messages: there is no mailbox, so none wait; nobody sees another's.
#[test]
fn no_messages_wait() {
    let mut world = World::new();
    let anna = world.phone("anna");
    let own = world.act(anna, |phone, now| phone.watch(now, "101", "message-summary"));
    let other = world.act(anna, |phone, now| phone.watch(now, "102", "message-summary"));
    world.seconds(1);
    assert_eq!(world.phones[anna].lamps[own].shows(), ["Messages-Waiting: no"]);
    let refused = SubscriberEvent::Refused { status: StatusCode::FORBIDDEN, retry: None };
    assert_eq!(world.phones[anna].lamps[other].events, [refused]);
    world.assert_clean();
}

/// R15 and hostile row 38: a leaver neither sees nor is seen, and looks like nobody.
#[test]
fn h38_no_lamp_of_or_for_a_dismissed_user() {
    let mut world = World::new();
    let (anna, _) = (world.phone("anna"), world.phone("berta"));
    let carl = world.phone("carl");
    let of = world.act(anna, |phone, now| phone.watch(now, "102", "dialog"));
    let by = world.act(carl, |phone, now| phone.watch(now, "102", "dialog"));
    let theirs = world.act(carl, |phone, now| phone.watch(now, "101", "dialog"));
    world.seconds(2);
    assert_eq!(world.pbx.lamps(), 3);
    crate::dismissal::dismiss(&mut world, "berta");
    crate::dismissal::dismiss(&mut world, "carl");
    world.seconds(1);
    let ended = |world: &World, phone: usize, lamp: usize| {
        let lamp = &world.phones[phone].lamps[lamp];
        assert!(lamp.notified.last().unwrap().body().is_empty());
        lamp.events.last().copied()
    };
    let end = |reason| Some(SubscriberEvent::Ended { reason: Some(reason), retry: None });
    assert_eq!(ended(&world, anna, of), end(Reason::NoResource));
    assert_eq!(ended(&world, carl, by), end(Reason::NoResource));
    assert_eq!(ended(&world, carl, theirs), end(Reason::Rejected));
    assert_eq!(world.pbx.lamps(), 0);
    for name in ["102", "berta", "199", "nobody"] {
        let lamp = world.act(anna, |phone, now| phone.watch(now, name, "dialog"));
        world.seconds(1);
        let refused = SubscriberEvent::Refused { status: StatusCode::NOT_FOUND, retry: None };
        assert_eq!(world.phones[anna].lamps[lamp].events, [refused], "{name}");
    }
    world.assert_clean();
}

/// Hostile row 13: nobody learns who talks without credentials, and no package but ours is there.
#[test]
fn h13_a_stranger_lights_no_lamp() {
    let mut world = World::new();
    let anna = world.phone("anna");
    let stranger = world.add("stranger");
    world.act(stranger, |phone, now| {
        let request = phone.request(&Method::Subscribe, "sip:101@10.0.0.1");
        phone.send(now, request.header(HeaderName::Event, "dialog"));
    });
    let lamp = world.act(stranger, |phone, now| phone.watch(now, "101", "dialog"));
    let presence = world.act(anna, |phone, now| phone.watch(now, "101", "presence"));
    world.seconds(1);
    assert_eq!(world.phones[stranger].statuses, [401]);
    let wrong = world.phones[stranger].lamps[lamp].events[0];
    assert!(matches!(wrong, SubscriberEvent::Refused { status: StatusCode::UNAUTHORIZED, .. }));
    let bad = SubscriberEvent::Refused { status: StatusCode::BAD_EVENT, retry: None };
    assert_eq!(world.phones[anna].lamps[presence].events, [bad]);
    // From elsewhere, with the right tags: it is asked who it is, and the lamp stays.
    let lamp = world.act(anna, |phone, now| phone.watch(now, "101", "dialog"));
    world.seconds(1);
    let notify = world.phones[anna].lamps[lamp].notified[0].clone();
    world.act(stranger, |phone, now| {
        let request = Builder::request(&Method::Subscribe, "sip:10.0.0.1")
            .header(HeaderName::From, notify.text(HeaderName::To).unwrap())
            .header(HeaderName::To, notify.text(HeaderName::From).unwrap())
            .header(HeaderName::CallId, notify.call_id())
            .header(HeaderName::CSeq, "99 SUBSCRIBE")
            .header(HeaderName::Event, "dialog")
            .header(HeaderName::Expires, 0);
        phone.send(now, request);
    });
    world.seconds(1);
    assert_eq!(world.phones[stranger].statuses, [401, 401]);
    assert_eq!(world.pbx.lamps(), 1);
    world.assert_clean();
}

/// A connection that is closed takes its own lamps along, and no others.
#[test]
fn lamps_end_with_their_connection() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    for phone in [anna, anna, berta] {
        world.act(phone, |phone, now| phone.watch(now, "103", "dialog"));
    }
    world.seconds(2_000);
    assert_eq!(world.pbx.lamps(), 3);
    let (now, remote) = (world.now(), world.phones[anna].address);
    let flow = switchboard_sip::Flow::udp(crate::support::PBX, remote);
    world.pbx.handle(now, switchboard_pbx::Input::FlowClosed(flow)).unwrap();
    assert_eq!(world.pbx.lamps(), 1);
    world.pbx.handle(now, switchboard_pbx::Input::FlowClosed(flow)).unwrap();
    world.seconds(2_000);
    assert_eq!(world.pbx.lamps(), 3, "the phone lights them anew");
}

/// Neither one user nor all have more lamps than allowed.
#[test]
fn lamps_are_bounded() {
    let link = switchboard_testkit::Link::default();
    let mut world = World::with(1, link, |config| {
        config.limits.lamps_per_user = 3;
        config.limits.lamps = 5;
    });
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    for _ in 0..5 {
        world.act(anna, |phone, now| phone.watch(now, "102", "dialog"));
        world.act(berta, |phone, now| phone.watch(now, "101", "dialog"));
        world.seconds(1);
    }
    assert_eq!(world.pbx.lamps(), 5);
    let standing = |phone: usize| {
        world.phones[phone].lamps.iter().filter(|lamp| lamp.subscriber.is_standing()).count()
    };
    assert_eq!((standing(anna), standing(berta)), (3, 2));
}

/// R12: a phone that knows an old password only sees nobody any more, however it refreshes.
#[test]
fn r12_a_lamp_ends_with_the_password_that_it_was_lit_with() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    let lost = world.act(anna, |phone, now| phone.watch(now, "102", "dialog"));
    let kept = world.act(berta, |phone, now| phone.watch(now, "101", "dialog"));
    world.seconds(1);
    let secrets = crate::support::company::secrets().with_user("anna".parse().unwrap(), "new");
    world.secrets(secrets);
    world.seconds(1);
    assert!(ended(&world, anna, lost, Reason::Probation));
    assert!(world.phones[berta].lamps[kept].subscriber.is_standing());
    assert_eq!(world.pbx.lamps(), 1);
    world.seconds(4_000);
    assert_eq!(world.pbx.lamps(), 1, "the old password lights none");
}

/// R14: an extension that is given to somebody else shows nobody's calls under the old name.
#[test]
fn r14_a_lamp_does_not_stay_with_whoever_had_the_extension() {
    let mut world = World::new();
    let (anna, _) = (world.phone("anna"), world.phone("berta"));
    let lamp = world.act(anna, |phone, now| phone.watch(now, "102", "dialog"));
    let by_name = world.act(anna, |phone, now| phone.watch(now, "berta", "dialog"));
    world.seconds(2);
    world.change(|spec| {
        let mut give = |login: &str, extension: Option<&str>| {
            let user = spec.users.iter_mut().find(|user| user.login.as_str() == login).unwrap();
            user.extension = extension.map(|text| text.parse().unwrap());
        };
        give("berta", Some("104"));
        give("dora", Some("102"));
    });
    world.run(Duration::from_millis(100));
    assert!(ended(&world, anna, lamp, Reason::Deactivated));
    assert!(world.phones[anna].lamps[by_name].subscriber.is_standing());
}
