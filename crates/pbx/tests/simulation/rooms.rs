//! Rooms in which callers meet.

use std::time::Duration;

use switchboard_pbx::{CallKind, Cause};
use switchboard_testkit::Say;

use crate::support::{Called, REALM, World};

const TONES: [f64; 4] = [440.0, 700.0, 1_000.0, 1_500.0];

/// Four users, one of them with another codec, each with a tone of their own.
fn four(world: &mut World) -> [usize; 4] {
    let phones = ["anna", "berta", "carl", "dora"].map(|user| world.phone(user));
    for (phone, tone) in phones.into_iter().zip(TONES) {
        world.phones[phone].say = Say::Tone(tone, -16.0);
    }
    world.phones[phones[1]].codecs = vec![9, 101];
    world.phones[phones[2]].codecs = vec![0, 101];
    phones
}

/// Each hears exactly those of its room, without itself.
fn assert_rooms(world: &World, phones: [usize; 4], rooms: [&[usize]; 2]) {
    for room in rooms {
        for &listener in room {
            for (talker, tone) in TONES.into_iter().enumerate() {
                let heard = world.hears(phones[listener], tone);
                if talker != listener && room.contains(&talker) {
                    assert!((heard + 16.0).abs() < 1.0, "{listener} hears {talker}: {heard} dBm0");
                } else {
                    assert!(heard < -40.0, "{listener} hears {talker}: {heard} dBm0");
                }
            }
        }
    }
}

#[test]
fn three_and_four_meet_in_a_room_and_each_hears_the_others() {
    let mut world = World::new();
    let phones = four(&mut world);
    for phone in &phones[..3] {
        world.dial(*phone, "*31");
    }
    world.seconds(4);
    assert_rooms(&world, phones, [&[0, 1, 2], &[]]);
    world.dial(phones[3], "*31");
    world.seconds(4);
    assert_rooms(&world, phones, [&[0, 1, 2, 3], &[]]);
    // Who leaves is not heard any more, and the others go on.
    world.hang_up(phones[0]);
    world.seconds(3);
    assert_rooms(&world, phones, [&[1, 2, 3], &[]]);
    for phone in &phones[1..] {
        world.hang_up(*phone);
    }
    world.seconds(1);
    world.assert_clean();
    assert_eq!(world.records.len(), 4);
    for record in &world.records {
        assert_eq!((record.head.kind, record.cause), (CallKind::Service, Cause::Normal));
    }
}

#[test]
fn two_rooms_do_not_hear_each_other() {
    let mut world = World::new();
    let phones = four(&mut world);
    for (phone, room) in phones.into_iter().zip(["*31", "*32", "*31", "*32"]) {
        world.dial(phone, room);
    }
    world.seconds(4);
    assert_rooms(&world, phones, [&[0, 2], &[1, 3]]);
    for phone in phones {
        world.hang_up(phone);
    }
    world.seconds(1);
    world.assert_clean();
}

/// A phone that holds the room hears and says nothing; the room has no music of it.
#[test]
fn a_room_can_be_held_and_taken_back() {
    let mut world = World::new();
    let phones = four(&mut world);
    for phone in &phones[..3] {
        world.dial(*phone, "*31");
    }
    world.seconds(2);
    world.act(phones[0], |phone, now| phone.reinvite(now, "sendonly"));
    world.seconds(3);
    assert_rooms(&world, phones, [&[1, 2], &[]]);
    world.act(phones[0], |phone, now| phone.reinvite(now, "sendrecv"));
    world.seconds(3);
    assert_rooms(&world, phones, [&[0, 1, 2], &[]]);
}

/// Whoever is handed on into a room is in it, and who handed on is told and free.
#[test]
fn a_call_can_be_handed_on_into_a_room() {
    let mut world = World::new();
    let phones = four(&mut world);
    world.dial(phones[0], "*31");
    world.phones[phones[1]].called = Called::Answer(Duration::ZERO);
    world.dial(phones[2], "102");
    world.seconds(2);
    let target = format!("<sip:*31@{REALM}>");
    world.act(phones[1], |phone, now| phone.refer(now, &target));
    world.seconds(4);
    assert!(world.phones[phones[1]].is_over(), "{:#?}", world.transcript());
    assert_eq!(world.phones[phones[1]].call().notified.last().unwrap(), "SIP/2.0 200 OK");
    assert_rooms(&world, phones, [&[0, 2], &[]]);
    world.hang_up(phones[0]);
    world.hang_up(phones[2]);
    world.seconds(1);
    world.assert_clean();
}

/// A customer who is handed on into a room stays a customer on the record.
#[test]
fn a_customer_can_be_handed_on_into_a_room() {
    let mut world = World::new();
    let phones = four(&mut world);
    let trunk = world.trunk();
    world.phones[trunk].say = Say::Tone(2_000.0, -16.0);
    world.phones[phones[1]].called = Called::Answer(Duration::ZERO);
    world.dial(phones[0], "*31");
    world.dial(trunk, "+4930555000");
    world.seconds(1);
    world.act(trunk, |phone, _| phone.press("102"));
    world.seconds(4);
    let target = format!("<sip:*31@{REALM}>");
    world.act(phones[1], |phone, now| phone.refer(now, &target));
    world.seconds(4);
    assert!(world.phones[phones[1]].is_over() && world.phones[trunk].is_up());
    assert!((world.hears(phones[0], 2_000.0) + 16.0).abs() < 1.5);
    assert!((world.hears(trunk, TONES[0]) + 16.0).abs() < 1.5);
    world.hang_up(trunk);
    world.seconds(1);
    let record = world.record();
    assert_eq!((record.head.kind, record.cause), (CallKind::Inbound, Cause::Normal));
    assert_eq!(record.to.as_ref().unwrap().number, "team");
    world.hang_up(phones[0]);
    world.seconds(1);
    world.assert_clean();
}

/// One of two in a room is dismissed.
#[test]
fn h38_whoever_leaves_the_company_leaves_the_room() {
    let mut world = World::with(1, switchboard_testkit::Link::default(), |config| {
        config.on_dismissal = switchboard_pbx::RunningCalls::End;
    });
    let phones = four(&mut world);
    for phone in &phones[..2] {
        world.dial(*phone, "*31");
    }
    world.seconds(2);
    crate::dismissal::dismiss(&mut world, "anna");
    world.seconds(2);
    assert!(world.phones[phones[0]].is_over() && world.phones[phones[1]].is_up());
    world.hang_up(phones[1]);
    world.seconds(1);
    world.assert_clean();
}
