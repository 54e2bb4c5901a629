//! Handing a call on, and holding it.

use std::time::Duration;

use switchboard_pbx::{CallKind, Cause};
use switchboard_sip::{HeaderName, Method, StatusCode};
use switchboard_testkit::Say;

use crate::dismissal::dismiss;
use crate::support::{Called, Phone, REALM, World};

struct Talk {
    world: World,
    anna: usize,
    berta: usize,
    carl: usize,
}

/// Anna has called Berta, and they talk; Carl's phone is there.
fn talk() -> Talk {
    let mut world = World::new();
    let (anna, berta, carl) = (world.phone("anna"), world.phone("berta"), world.phone("carl"));
    for (phone, hertz) in [(anna, 440.0), (berta, 1_000.0), (carl, 1_700.0)] {
        world.phones[phone].say = Say::Tone(hertz, -10.0);
    }
    world.phones[berta].called = Called::Answer(Duration::ZERO);
    world.phones[carl].called = Called::Answer(Duration::from_secs(2));
    world.dial(anna, "102");
    world.seconds(3);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    Talk { world, anna, berta, carl }
}

/// The callee hands the caller on: the caller hears ring-back, then the new party; who handed on
/// is told, and is free.
#[test]
fn r17_blind_transfer_by_the_callee() {
    let Talk { mut world, anna, berta, carl } = talk();
    let target = format!("<sip:103@{REALM}>");
    world.act(berta, |phone, now| phone.refer(now, &target));
    world.run(Duration::from_millis(1_500));
    assert!(world.hears(anna, 425.0) > -20.0, "ring-back");
    world.seconds(3);
    assert!(world.phones[berta].is_over(), "{:#?}", world.transcript());
    assert!(world.phones[anna].is_up() && world.phones[carl].is_up());
    assert!(world.hears(anna, 1_700.0) > -13.0);
    assert!(world.hears(carl, 440.0) > -13.0);
    assert_eq!(
        world.phones[berta].call().notified,
        ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]
    );
    world.hang_up(carl);
    world.seconds(1);
    assert!(world.phones[anna].is_over());
    world.assert_clean();
    let record = world.record();
    assert_eq!((record.head.kind, record.cause), (CallKind::Internal, Cause::Normal));
    assert_eq!(record.to.as_ref().unwrap().number, "103");
}

/// Who does not want to hear how it goes hears nothing, and the call is handed on all the same
/// (RFC 4488).
#[test]
fn a_transfer_without_notifys() {
    let Talk { mut world, anna, berta, carl } = talk();
    world.act(berta, |phone, now| {
        phone.within(now, &Method::Refer, |refer| {
            refer
                .header(HeaderName::ReferTo, format!("<sip:103@{REALM}>"))
                .header(HeaderName::ReferSub, "false")
        });
    });
    world.seconds(5);
    let accepted = world.phones[berta].answers.last().unwrap();
    assert_eq!(accepted.status(), Some(StatusCode::ACCEPTED));
    assert_eq!(accepted.text(HeaderName::ReferSub), Some("false"));
    assert!(world.phones[berta].is_over() && world.phones[berta].call().notified.is_empty());
    assert!(world.phones[anna].is_up() && world.phones[carl].is_up());
    world.hang_up(carl);
    world.assert_clean();
}

#[test]
fn r17_blind_transfer_by_the_caller_who_hangs_up_at_once() {
    let Talk { mut world, anna, berta, carl } = talk();
    let target = format!("<sip:103@{REALM}>");
    world.act(anna, |phone, now| phone.refer(now, &target));
    world.run(Duration::from_millis(300));
    world.hang_up(anna);
    world.seconds(5);
    assert!(world.phones[berta].is_up() && world.phones[carl].is_up());
    assert!(world.hears(berta, 1_700.0) > -13.0);
    assert!(world.hears(carl, 1_000.0) > -13.0);
    world.hang_up(berta);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

/// The new party is busy: the call is where it was.
#[test]
fn a_transfer_that_fails_gives_the_call_back() {
    let Talk { mut world, anna, berta, carl } = talk();
    world.phones[carl].called = Called::Refuse(486);
    let target = format!("<sip:103@{REALM}>");
    world.act(berta, |phone, now| phone.refer(now, &target));
    world.seconds(4);
    assert_eq!(
        world.phones[berta].call().notified,
        ["SIP/2.0 100 Trying", "SIP/2.0 486 Busy Here"]
    );
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    assert!(world.hears(anna, 1_000.0) > -13.0);
    assert!(world.hears(berta, 440.0) > -13.0);
    world.hang_up(anna);
    world.seconds(1);
    assert!(world.phones[berta].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

/// Who handed on is gone and the new party cannot be had: who is left hears a tone, and the call
/// ends.
#[test]
fn a_transfer_that_fails_when_nobody_is_left_to_take_it_back() {
    let Talk { mut world, anna, berta, carl } = talk();
    world.phones[carl].called = Called::Ring;
    let target = format!("<sip:103@{REALM}>");
    world.act(berta, |phone, now| phone.refer(now, &target));
    world.run(Duration::from_millis(300));
    world.hang_up(berta);
    world.seconds(3);
    world.act(carl, |phone, now| phone.refuse(now, 486));
    world.seconds(2);
    assert!(world.phones[anna].is_up());
    assert!(world.hears(anna, 425.0) > -20.0, "busy tone");
    world.seconds(4);
    assert!(world.phones[anna].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Busy);
}

/// A customer is handed on from one employee to another: the call stays the customer's.
#[test]
fn r01_a_colleague_forwards_a_customer_to_an_extension() {
    let mut world = World::new();
    let (berta, carl) = (world.phone("berta"), world.phone("carl"));
    world.phones[carl].say = Say::Tone(1_700.0, -10.0);
    for phone in [berta, carl] {
        world.phones[phone].called = Called::Answer(Duration::from_secs(1));
    }
    let trunk = world.trunk();
    world.phones[trunk].say = Say::Tone(440.0, -10.0);
    world.dial(trunk, "+4930555000");
    world.seconds(1);
    world.act(trunk, |phone, _| phone.press("102"));
    world.seconds(4);
    assert!(world.phones[berta].is_up());
    let target = format!("<sip:103@{REALM}>");
    world.act(berta, |phone, now| phone.refer(now, &target));
    world.seconds(4);
    assert!(world.phones[carl].is_up() && world.phones[trunk].is_up());
    assert!(world.hears(carl, 440.0) > -13.0);
    assert!(world.hears(trunk, 1_700.0) > -13.0);
    world.hang_up(trunk);
    world.assert_clean();
    let record = world.record();
    assert_eq!((record.head.kind, record.cause), (CallKind::Inbound, Cause::Normal));
    assert_eq!(record.to.as_ref().unwrap().number, "103");
}

/// To a number outside, over the trunk.
#[test]
fn a_call_is_handed_on_to_the_outside() {
    let Talk { mut world, anna, berta, .. } = talk();
    let trunk = world.trunk();
    world.phones[trunk].called = Called::Answer(Duration::from_secs(1));
    world.phones[trunk].say = Say::Tone(700.0, -10.0);
    world.act(berta, |phone, now| phone.refer(now, "<tel:+493012345>"));
    world.seconds(4);
    assert!(world.phones[trunk].is_up() && world.phones[anna].is_up());
    assert!(world.hears(anna, 700.0) > -13.0);
    world.hang_up(anna);
    world.assert_clean();
}

/// A REFER of the outside, and one to an address of somebody's choice.
#[test]
fn h29_who_may_not_hand_on() {
    let Talk { mut world, anna, berta, carl } = talk();
    for (target, status) in
        [("<sip:103@evil.example>", 603), ("<sip:199@pbx.test>", 202), ("<http://a/>", 416)]
    {
        world.act(berta, |phone, now| phone.refer(now, target));
        world.seconds(1);
        let got = world.phones[berta].statuses.last().copied();
        assert_eq!(got, Some(status), "{target}");
    }
    let notified = world.phones[berta].call().notified.clone();
    assert_eq!(notified.last().map(String::as_str), Some("SIP/2.0 404 Not Found"));
    assert!(world.phones[carl].calls.is_empty());
    world.hang_up(anna);
    world.assert_clean();

    let mut world = World::new();
    let anna = world.phone("anna");
    let trunk = world.trunk();
    world.phones[trunk].called = Called::Answer(Duration::ZERO);
    world.dial(anna, "03012345");
    world.seconds(2);
    world.act(trunk, |phone, now| phone.refer(now, "<sip:103@pbx.test>"));
    world.seconds(1);
    assert_eq!(world.phones[trunk].statuses, [403]);
    world.hang_up(anna);
    world.assert_clean();
}

/// Outside a dialog a REFER is refused, and says nothing about users.
#[test]
fn h29_refer_outside_a_dialog() {
    let mut world = World::new();
    let anna = world.phone("anna");
    world.act(anna, |phone, now| {
        let method = switchboard_sip::Method::Refer;
        let request = phone.request(&method, "sip:102@10.0.0.1");
        phone.send(now, request.header(switchboard_sip::HeaderName::ReferTo, "<sip:103@pbx.test>"));
    });
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses.last(), Some(&401));
    world.assert_clean();
}

#[test]
fn hold_and_resume() {
    let Talk { mut world, anna, berta, .. } = talk();
    for hold in ["sendonly", "inactive"] {
        world.act(anna, |phone, now| phone.reinvite(now, hold));
        world.seconds(1);
        world.act(anna, |phone, _| phone.call().rtp.forget());
        world.seconds(2);
        assert!(world.hears(berta, 1_300.0) > -15.0, "music");
        let heard = world.phones[anna].call().rtp.heard().samples().len();
        assert_eq!(heard, 0, "who holds hears nothing");
        world.seconds(40);
        assert!(world.phones[anna].is_up() && world.phones[berta].is_up(), "silence is no fault");
        world.act(anna, |phone, now| phone.reinvite(now, "sendrecv"));
        world.seconds(3);
        assert!(world.hears(berta, 440.0) > -13.0);
        assert!(world.hears(berta, 1_300.0) < -40.0, "the music is over");
        assert!(world.hears(anna, 1_000.0) > -13.0);
    }
    world.hang_up(berta);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

/// A storm of re-INVITEs: each is answered, the call goes on, and nothing is left.
#[test]
fn h26_reinvite_storm() {
    let Talk { mut world, anna, berta, .. } = talk();
    for round in 0..60 {
        let direction = if round % 2 == 0 { "sendonly" } else { "sendrecv" };
        world.act(anna, |phone, now| phone.reinvite(now, direction));
        world.run(Duration::from_millis(3));
    }
    world.seconds(3);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    assert!(world.hears(berta, 440.0) > -13.0);
    world.hang_up(anna);
    world.assert_clean();
}

/// Re-INVITEs that overtake the ACKs of what they follow (RFC 5407 section 3.1.4): each is
/// answered, no ACK is lost, in whatever order they come, and a BYE of ours waits for the last.
#[test]
fn h26_reinvites_before_the_ack() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut world = World::new();
        let (anna, berta) = (world.phone("anna"), world.phone("berta"));
        for (phone, hertz) in [(anna, 440.0), (berta, 1_000.0)] {
            world.phones[phone].say = Say::Tone(hertz, -10.0);
        }
        world.phones[berta].called = Called::Answer(Duration::from_millis(500));
        world.dial(anna, "102");
        world.act(anna, |phone, _| phone.call().hold_acks = true);
        world.run(Duration::from_millis(600));
        for direction in ["sendonly", "sendrecv"] {
            world.act(anna, |phone, now| phone.reinvite(now, direction));
            world.run(Duration::from_millis(50));
        }
        assert_eq!(world.phones[anna].call().held_acks.len(), 3);
        let bye = |world: &mut World| world.phones[anna].is_over();
        world.hang_up(berta);
        world.run(Duration::from_millis(50));
        assert!(!bye(&mut world), "not before the ACK");
        world.act(anna, |phone, _| phone.send_acks(&order[..2]));
        world.run(Duration::from_millis(50));
        assert_eq!(bye(&mut world), order[..2].contains(&2), "{order:?}");
        world.act(anna, |phone, _| phone.send_acks(&order[2..]));
        world.run(Duration::from_millis(50));
        assert!(bye(&mut world));
        world.assert_clean();
        assert_eq!(world.record().cause, Cause::Normal);
    }
}

/// The ACK of the first answer comes after our offer in the second: it is no answer to that.
#[test]
fn h26_a_late_ack_does_not_answer_a_later_offer() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    for (phone, hertz) in [(anna, 440.0), (berta, 1_000.0)] {
        world.phones[phone].say = Say::Tone(hertz, -10.0);
    }
    world.phones[berta].called = Called::Answer(Duration::from_millis(500));
    world.dial(anna, "102");
    world.act(anna, |phone, _| phone.call().hold_acks = true);
    world.run(Duration::from_millis(600));
    world.act(anna, |phone, now| phone.reinvite_without_offer(now));
    world.run(Duration::from_millis(50));
    assert_eq!(world.phones[anna].call().held_acks.len(), 2);
    world.act(anna, |phone, _| phone.send_acks(&[0]));
    world.run(Duration::from_millis(50));
    // Our offer is still open: nothing else may be offered.
    world.act(anna, |phone, now| phone.reinvite(now, "sendonly"));
    world.run(Duration::from_millis(50));
    assert_eq!(world.phones[anna].call().heard.last(), Some(&491));
    world.act(anna, |phone, _| phone.send_acks(&[1]));
    world.seconds(2);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    assert!(world.hears(berta, 440.0) > -13.0);
    world.hang_up(anna);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

/// Berta asks Carl first, in a second call, and then joins the two; two calls, two records.
#[test]
fn r17_attended_transfer() {
    let Talk { mut world, anna, berta, carl } = talk();
    world.act(berta, |phone, now| phone.reinvite(now, "sendonly"));
    world.seconds(1);
    world.dial(berta, "103");
    world.seconds(4);
    assert!(world.phones[carl].is_up());
    assert!(world.hears(carl, 1_000.0) > -13.0);
    let consult = world.phones[berta].calls[1].dialog.as_ref().unwrap().id().clone();
    let target = format!(
        "<sip:103@{REALM}?Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}>",
        consult.call_id(),
        consult.remote_tag(),
        consult.local_tag()
    );
    world.act(berta, |phone, now| phone.refer_call(now, 0, &target));
    world.seconds(4);
    let berta = &world.phones[berta];
    assert!(berta.calls[0].over && berta.calls[1].over, "{:#?}", world.transcript());
    assert_eq!(berta.calls[0].notified.last().map(String::as_str), Some("SIP/2.0 200 OK"));
    assert!(world.phones[anna].is_up() && world.phones[carl].is_up());
    assert!(world.hears(anna, 1_700.0) > -13.0);
    assert!(world.hears(carl, 440.0) > -13.0);
    world.hang_up(anna);
    world.seconds(1);
    assert!(world.phones[carl].is_over());
    world.assert_clean();
    let causes: Vec<_> = world.records.iter().map(|record| record.cause).collect();
    assert_eq!(causes, [Cause::Merged, Cause::Normal]);
    assert_eq!(world.records[1].to.as_ref().unwrap().number, "103");
}

/// Where a Refer-To leads that joins the other party of this phone's call.
fn replacing(phone: &Phone, call: usize, number: &str) -> String {
    let consult = phone.calls[call].dialog.as_ref().unwrap().id();
    format!(
        "<sip:{number}@{REALM}?Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}>",
        consult.call_id(),
        consult.remote_tag(),
        consult.local_tag()
    )
}

/// Berta has a customer on the first line and Carl on the second; she hands on by a REFER in this
/// one of the two.
fn customer_handed_to_carl(refer_in: usize) -> World {
    let mut world = World::new();
    world.change(|spec| spec.lines[0].recorded = true);
    let (berta, carl) = (world.phone("berta"), world.phone("carl"));
    for phone in [berta, carl] {
        world.phones[phone].called = Called::Answer(Duration::from_secs(1));
    }
    let trunk = world.trunk();
    world.phones[trunk].say = Say::Tone(440.0, -10.0);
    world.dial(trunk, "+4930555000");
    world.seconds(1);
    world.act(trunk, |phone, _| phone.press("102"));
    world.seconds(4);
    world.act(berta, |phone, now| phone.reinvite(now, "sendonly"));
    world.dial(berta, "103");
    world.seconds(4);
    assert!(world.phones[carl].is_up());
    let target = replacing(&world.phones[berta], 1 - refer_in, "103");
    world.act(berta, |phone, now| phone.refer_call(now, refer_in, &target));
    world.seconds(4);
    assert!(world.phones[berta].calls.iter().all(|call| call.over), "{:#?}", world.transcript());
    assert!(world.phones[carl].is_up() && world.phones[trunk].is_up());
    assert!(world.hears(carl, 440.0) > -13.0);
    world.hang_up(trunk);
    world.seconds(1);
    assert!(world.phones[carl].is_over());
    world.assert_clean();
    world
}

/// Whichever of the two calls goes on, it is the customer's: recorded as its line says. The
/// consultation is not.
#[test]
fn r11_r17_a_customer_who_is_handed_on_after_a_consultation_stays_a_customer() {
    for refer_in in [0, 1] {
        let world = customer_handed_to_carl(refer_in);
        let [merged, stays] = &world.records[..] else { panic!("{:#?}", world.records) };
        assert_eq!((merged.cause, stays.cause), (Cause::Merged, Cause::Normal), "{refer_in}");
        assert_eq!(stays.head.kind, CallKind::Inbound);
        assert_eq!(stays.head.line.as_ref().unwrap().as_str(), "main");
        assert_eq!(stays.head.from.number, "+4917012345");
        assert_eq!(stays.head.dialled, "+4930555000");
        assert_eq!(stays.to.as_ref().unwrap().number, "103");
        assert!(stays.recordable);
        let consultation = if refer_in == 0 { merged } else { stays };
        assert_eq!(consultation.recordable, refer_in == 1);
    }
}

/// Berta talks with Anna, asks a customer in a second call, and joins the two: what was a talk
/// between colleagues is a call to the outside from then on.
#[test]
fn r11_a_number_outside_that_is_joined_with_a_colleague_stays_outside() {
    let Talk { mut world, anna, berta, .. } = talk();
    world.change(|spec| spec.lines[0].recorded = true);
    let trunk = world.trunk();
    world.phones[trunk].called = Called::Answer(Duration::ZERO);
    world.dial(berta, "+493012345");
    world.seconds(3);
    assert!(world.phones[trunk].is_up());
    let target = replacing(&world.phones[berta], 1, "+493012345");
    world.act(berta, |phone, now| phone.refer_call(now, 0, &target));
    world.seconds(3);
    assert!(world.phones[anna].is_up() && world.phones[trunk].is_up());
    world.hang_up(anna);
    world.assert_clean();
    let stays = &world.records[1];
    assert_eq!((stays.head.kind, stays.cause), (CallKind::Outbound, Cause::Normal));
    assert_eq!(stays.head.dialled, "+493012345");
    assert_eq!(stays.to.as_ref().unwrap().number, "+493012345");
    assert!(stays.recordable);
}

/// Nobody is handed to somebody who has left meanwhile: the customer stays with Berta.
#[test]
fn r15_an_attended_transfer_to_a_dismissed_user_is_refused() {
    let Talk { mut world, anna, berta, carl } = talk();
    world.dial(berta, "103");
    world.seconds(4);
    assert!(world.phones[carl].is_up());
    dismiss(&mut world, "carl");
    let target = replacing(&world.phones[berta], 1, "103");
    world.act(berta, |phone, now| phone.refer_call(now, 0, &target));
    world.seconds(3);
    let told = world.phones[berta].calls[0].notified.clone();
    assert_eq!(told.last().map(String::as_str), Some("SIP/2.0 404 Not Found"));
    assert!(world.phones[anna].is_up() && !world.phones[berta].calls[0].over);
    world.act(berta, |phone, now| phone.hang_up_call(now, 0));
    world.act(berta, |phone, now| phone.hang_up_call(now, 1));
    world.assert_clean();
    assert!(world.records.iter().all(|record| record.cause == Cause::Normal));
}

/// The dialog named is somebody else's: the number is called instead, and nothing is taken.
#[test]
fn h29_replaces_of_a_call_that_is_not_ones_own() {
    let Talk { mut world, anna, berta, carl } = talk();
    let dora = world.phone("dora");
    world.dial(dora, "*60");
    world.seconds(1);
    let other = world.phones[dora].dialog().id().clone();
    let target = format!(
        "<sip:103@{REALM}?Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}>",
        other.call_id(),
        other.remote_tag(),
        other.local_tag()
    );
    world.act(berta, |phone, now| phone.refer(now, &target));
    world.seconds(4);
    assert!(world.phones[dora].is_up());
    assert!(world.phones[carl].is_up() && world.phones[anna].is_up());
    world.hang_up(dora);
    world.hang_up(anna);
    world.assert_clean();
}

/// A phone that holds its call and vanishes is noticed, although nobody misses its audio.
#[test]
fn a_phone_that_holds_and_vanishes() {
    let Talk { mut world, anna, berta, .. } = talk();
    world.act(anna, |phone, now| phone.reinvite(now, "sendonly"));
    world.seconds(200);
    assert!(world.phones[berta].is_up(), "it answers, and so it is there");
    world.act(anna, |phone, _| phone.vanish());
    world.seconds(100);
    assert!(world.phones[berta].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::PeerLost);
}
