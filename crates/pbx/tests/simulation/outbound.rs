//! Calls to the outside.

use std::time::Duration;

use switchboard_pbx::{CallKind, Cause};
use switchboard_testkit::Say;

use crate::support::{Called, World};

fn anna_and_trunk(world: &mut World) -> (usize, usize) {
    let anna = world.phone("anna");
    let trunk = world.trunk();
    world.phones[anna].say = Say::Tone(440.0, -10.0);
    world.phones[trunk].say = Say::Tone(1_000.0, -10.0);
    world.phones[trunk].called = Called::Answer(Duration::from_secs(2));
    (anna, trunk)
}

/// The main number is called; what is behind `;` or `#` is dialled as tones once it answers.
#[test]
fn r08_digits_after_the_answer() {
    for (dialled, digits) in [
        ("03012345;42", "42"),
        ("03012345%2342", "42"),
        ("03012345%3B42", "42"),
        ("+493012345;1,2", "12"),
        ("+493012345;42*%23", "42*#"),
    ] {
        let mut world = World::new();
        let (anna, trunk) = anna_and_trunk(&mut world);
        world.dial(anna, dialled);
        world.seconds(1);
        let uri = world.phones[trunk].call().invited().to_owned();
        assert!(uri.starts_with("sip:+493012345@"), "a trunk is told E.164: {uri}");
        assert!(world.phones[trunk].call().rtp.heard().keys().is_empty());
        world.seconds(8);
        assert!(world.phones[anna].is_up(), "{dialled} {:#?}", world.transcript());
        assert_eq!(world.phones[trunk].call().rtp.heard().keys(), digits, "{dialled}");
        assert!(world.hears(anna, 1_000.0) > -13.0);
        assert!(world.hears(trunk, 440.0) > -13.0);
        world.hang_up(anna);
        world.assert_clean();
        let record = world.record();
        assert_eq!((record.head.kind, record.cause), (CallKind::Outbound, Cause::Normal));
        assert_eq!(record.head.line.as_ref().unwrap().as_str(), "main");
    }
}

/// `+49 30 12345` with separators, and the RFC 3966 forms.
#[test]
fn numbers_are_read_by_their_grammar() {
    for (uri, digits) in [
        ("sip:+49%2030%2012345@10.0.0.1", ""),
        ("sip:+49-30-12345;ext=42@10.0.0.1;user=phone", "42"),
        ("tel:+49-30-12345;ext=42", "42"),
    ] {
        let mut world = World::new();
        let (anna, trunk) = anna_and_trunk(&mut world);
        world.act(anna, |phone, now| phone.dial_uri(now, uri, false));
        world.seconds(8);
        assert!(world.phones[anna].is_up(), "{uri}: {:?}", world.phones[anna].calls[0].heard);
        let called = world.phones[trunk].call().invited().to_owned();
        assert!(called.contains("+493012345@"), "{uri}: {called}");
        assert_eq!(world.phones[trunk].call().rtp.heard().keys(), digits, "{uri}");
        world.hang_up(anna);
        world.assert_clean();
    }
}

/// A user's call that is made by command takes the same way.
#[test]
fn r08_digits_after_the_answer_of_a_call_made_for_a_user() {
    let mut world = World::new();
    let (anna, trunk) = anna_and_trunk(&mut world);
    world.phones[anna].called = Called::Answer(Duration::from_secs(1));
    let from = "anna".parse().unwrap();
    let to = "03012345;42".to_owned();
    world.command(switchboard_pbx::Command::Call { token: 1, from, to });
    world.seconds(8);
    assert!(world.phones[trunk].is_up(), "{:#?}", world.transcript());
    assert_eq!(world.phones[trunk].call().rtp.heard().keys(), "42");
    world.hang_up(trunk);
    world.assert_clean();
    assert_eq!(world.record().head.kind, CallKind::Outbound);
}

/// The network's own audio before the answer reaches the caller.
#[test]
fn early_media() {
    let mut world = World::new();
    let (anna, trunk) = anna_and_trunk(&mut world);
    world.phones[trunk].called = Called::EarlyMedia;
    world.dial(anna, "03012345");
    world.seconds(3);
    assert_eq!(world.phones[anna].call().heard, [183]);
    assert!(world.hears(anna, 1_000.0) > -13.0);
    world.act(trunk, |phone, now| phone.answer(now));
    world.seconds(2);
    assert!(world.phones[anna].is_up());
    assert!(world.hears(trunk, 440.0) > -13.0);
    world.hang_up(trunk);
    world.assert_clean();
}

/// The outside holds us from its early audio on and then vanishes: nobody misses its audio, but
/// it is asked whether it is there.
#[test]
fn held_from_the_early_audio_on() {
    let mut world = World::new();
    let (anna, trunk) = anna_and_trunk(&mut world);
    world.phones[trunk].called = Called::EarlyMedia;
    world.phones[trunk].early_direction = Some("sendonly");
    world.dial(anna, "03012345");
    world.seconds(3);
    world.act(trunk, |phone, now| phone.answer(now));
    world.seconds(200);
    assert!(world.phones[anna].is_up(), "it answers, and so it is there");
    world.act(trunk, |phone, _| phone.vanish());
    world.seconds(100);
    assert!(world.phones[anna].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::PeerLost);
}

/// The outside's refusal is the caller's answer.
#[test]
fn a_refusal_of_the_outside_reaches_the_caller() {
    for (status, cause) in [(486, Cause::Busy), (404, Cause::Unreachable), (603, Cause::Declined)] {
        let mut world = World::new();
        let (anna, trunk) = anna_and_trunk(&mut world);
        world.phones[trunk].called = Called::Refuse(status);
        world.dial(anna, "03012345");
        world.seconds(2);
        assert_eq!(world.phones[anna].status(), Some(status));
        world.assert_clean();
        assert_eq!(world.record().cause, cause);
    }
}

#[test]
fn the_outside_hangs_up() {
    let mut world = World::new();
    let (anna, trunk) = anna_and_trunk(&mut world);
    world.dial(anna, "03012345");
    world.seconds(4);
    world.hang_up(trunk);
    world.seconds(1);
    assert!(world.phones[anna].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

#[test]
fn the_caller_gives_up_while_it_rings() {
    let mut world = World::new();
    let (anna, trunk) = anna_and_trunk(&mut world);
    world.phones[trunk].called = Called::Ring;
    world.dial(anna, "03012345");
    world.seconds(2);
    world.hang_up(anna);
    world.seconds(1);
    assert!(world.phones[trunk].is_over());
    assert_eq!(world.phones[anna].status(), Some(487));
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Cancelled);
}

/// A barred number, and a user who may only call inside.
#[test]
fn h37_class_of_service() {
    let mut world = World::new();
    world.change(|spec| spec.numbering.barred = vec!["0900".to_owned()]);
    let (anna, trunk) = anna_and_trunk(&mut world);
    world.dial(anna, "0900123456");
    world.seconds(1);
    assert_eq!(world.phones[anna].status(), Some(403));
    assert!(world.phones[trunk].calls.is_empty());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Forbidden);
}

/// A number with an address of a stranger's choice is called nowhere.
#[test]
fn h37_an_address_elsewhere_is_not_called() {
    let mut world = World::new();
    let (anna, trunk) = anna_and_trunk(&mut world);
    world.act(anna, |phone, now| phone.dial_uri(now, "sip:102@evil.example", false));
    world.seconds(1);
    assert_eq!(world.phones[anna].status(), Some(404));
    assert!(world.phones[trunk].calls.is_empty());
    world.assert_clean();
}
