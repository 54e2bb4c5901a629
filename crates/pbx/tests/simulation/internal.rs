//! Calls between users, and the services.

use std::time::Duration;

use switchboard_pbx::{CallKind, Cause};
use switchboard_testkit::Say;

use crate::support::{Called, Phone, World};

/// Two users whose phones say tones of their own.
fn anna_and_berta(world: &mut World) -> (usize, usize) {
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[anna].say = Say::Tone(440.0, -10.0);
    world.phones[berta].say = Say::Tone(1_000.0, -10.0);
    (anna, berta)
}

/// Dials and lets it end: the status that the caller got, and the record's cause.
fn outcome(world: &mut World, caller: usize, dialled: &str, seconds: u64) -> (Option<u16>, Cause) {
    world.dial(caller, dialled);
    world.seconds(seconds);
    let status = world.phones[caller].status();
    world.assert_clean();
    (status, world.record().cause)
}

#[test]
fn echo_returns_the_callers_audio() {
    let mut world = World::new();
    let anna = world.phone("anna");
    world.phones[anna].say = Say::Tone(440.0, -10.0);
    world.dial(anna, "*43");
    world.run(Duration::from_millis(900));
    assert!(world.hears(anna, 1_100.0) > -20.0, "it says so first");
    world.seconds(3);
    assert!(world.phones[anna].is_up());
    assert!(world.hears(anna, 440.0) > -13.0, "{}", world.hears(anna, 440.0));
    world.hang_up(anna);
    world.assert_clean();
    let record = world.record();
    assert_eq!((record.head.kind, record.cause), (CallKind::Service, Cause::Normal));
    assert_eq!(record.legs[0].codec.as_deref(), Some("PCMA"));
}

#[test]
fn a_prompt_plays_in_a_loop() {
    let mut world = World::new();
    let anna = world.phone("anna");
    world.dial(anna, "*60");
    world.seconds(9);
    assert!(world.hears(anna, 1_300.0) > -15.0);
    world.hang_up(anna);
    world.assert_clean();
    assert_eq!(world.record().head.kind, CallKind::Service);
}

#[test]
fn r09_colleagues_call_each_other_by_plain_digits_and_hear_each_other() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[berta].called = Called::Answer(Duration::from_secs(2));
    world.dial(anna, "102");
    world.seconds(1);
    assert_eq!(world.phones[anna].call().heard, [180]);
    world.seconds(5);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    assert!(world.hears(anna, 1_000.0) > -13.0);
    assert!(world.hears(berta, 440.0) > -13.0);
    world.hang_up(berta);
    world.seconds(1);
    assert!(world.phones[anna].is_over());
    world.assert_clean();
    let record = world.record();
    assert_eq!((record.head.kind, record.cause), (CallKind::Internal, Cause::Normal));
    assert_eq!(record.to.as_ref().unwrap().number, "102");
    assert!((3_000..4_500).contains(&record.talk), "{}", record.talk);
    assert_eq!(record.legs.len(), 2);
}

/// An internal call is free and never recorded, also on a line that records.
#[test]
fn r11_internal_calls_are_not_recorded() {
    let mut world = World::new();
    world.change(|spec| spec.lines[0].recorded = true);
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[berta].called = Called::Answer(Duration::ZERO);
    world.dial(anna, "102");
    world.seconds(3);
    world.hang_up(anna);
    world.assert_clean();
    assert!(!world.record().recordable);
}

/// Internal calls need extension processing on the caller's line.
#[test]
fn r10_without_extension_processing_there_are_no_internal_calls() {
    let mut world = World::new();
    world.change(|spec| spec.lines[0].extension_processing = false);
    let (anna, _) = anna_and_berta(&mut world);
    assert_eq!(outcome(&mut world, anna, "102", 2), (Some(403), Cause::Forbidden));
}

#[test]
fn a_mu_law_phone_and_an_a_law_phone_hear_each_other() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[anna].codecs = vec![0, 101];
    world.phones[berta].codecs = vec![8, 101];
    world.phones[berta].called = Called::Answer(Duration::ZERO);
    world.dial(anna, "102");
    world.seconds(3);
    assert!(world.hears(anna, 1_000.0) > -13.0);
    assert!(world.hears(berta, 440.0) > -13.0);
    world.hang_up(anna);
    world.assert_clean();
    let codecs: Vec<_> = world.record().legs.iter().map(|leg| leg.codec.clone()).collect();
    assert!(codecs.contains(&Some("PCMU".to_owned())) && codecs.contains(&Some("PCMA".to_owned())));
}

#[test]
fn busy() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[berta].called = Called::Refuse(486);
    assert_eq!(outcome(&mut world, anna, "102", 2), (Some(486), Cause::Busy));
}

#[test]
fn declined() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[berta].called = Called::Refuse(603);
    assert_eq!(outcome(&mut world, anna, "102", 2), (Some(603), Cause::Declined));
}

#[test]
fn nobody_picks_up() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    assert_eq!(outcome(&mut world, anna, "102", 60), (Some(480), Cause::NoAnswer));
    assert!(world.phones[berta].is_over(), "it stops ringing");
}

#[test]
fn a_user_without_a_phone_is_offline_and_the_call_is_written_down() {
    let mut world = World::new();
    let anna = world.phone("anna");
    assert_eq!(outcome(&mut world, anna, "102", 2), (Some(480), Cause::Unreachable));
}

#[test]
fn a_phone_that_says_nothing_is_unreachable() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[berta].called = Called::Ignore;
    assert_eq!(outcome(&mut world, anna, "102", 60), (Some(480), Cause::Unreachable));
}

#[test]
fn calling_oneself_is_busy() {
    let mut world = World::new();
    let anna = world.phone("anna");
    assert_eq!(outcome(&mut world, anna, "101", 2), (Some(486), Cause::Busy));
}

#[test]
fn nobody_has_that_number() {
    let mut world = World::new();
    let anna = world.phone("anna");
    assert_eq!(outcome(&mut world, anna, "199", 2), (Some(404), Cause::NotFound));
}

#[test]
fn what_is_no_number_is_told_apart() {
    let mut world = World::new();
    let anna = world.phone("anna");
    assert_eq!(outcome(&mut world, anna, "gibberish", 2), (Some(484), Cause::BadNumber));
}

#[test]
fn the_caller_gives_up() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.dial(anna, "102");
    world.seconds(2);
    world.hang_up(anna);
    world.seconds(1);
    assert_eq!(world.phones[anna].status(), Some(487));
    assert!(world.phones[berta].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Cancelled);
}

#[test]
fn all_phones_of_a_user_ring_and_the_first_to_answer_has_the_call() {
    let mut world = World::new();
    let (anna, desk) = anna_and_berta(&mut world);
    let cell = world.phone("berta");
    world.phones[cell].called = Called::Answer(Duration::from_secs(1));
    world.dial(anna, "102");
    world.seconds(3);
    assert!(world.phones[cell].is_up());
    assert!(world.phones[desk].is_over(), "it was cancelled");
    world.hang_up(anna);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

/// Both pick up in the same instant: one has the call, the other one is hung up.
#[test]
fn h28_two_phones_answer_at_once() {
    let mut world = World::new();
    let (anna, desk) = anna_and_berta(&mut world);
    let cell = world.phone("berta");
    for phone in [desk, cell] {
        world.phones[phone].called = Called::Answer(Duration::from_secs(1));
    }
    world.dial(anna, "102");
    world.seconds(3);
    assert_eq!([desk, cell].iter().filter(|phone| world.phones[**phone].is_up()).count(), 1);
    world.hang_up(anna);
    world.assert_clean();
}

/// The caller offers nothing and answers the offer of the 200 in the ACK.
#[test]
fn an_invite_without_a_description() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[berta].called = Called::Answer(Duration::ZERO);
    let uri = format!("sip:102@{}", crate::support::PBX);
    world.act(anna, |phone, now| phone.dial_uri(now, &uri, true));
    world.seconds(3);
    assert!(world.hears(anna, 1_000.0) > -13.0);
    assert!(world.hears(berta, 440.0) > -13.0);
    world.hang_up(berta);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

#[test]
fn digits_pass_between_the_legs() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[berta].called = Called::Answer(Duration::ZERO);
    world.dial(anna, "102");
    world.seconds(1);
    world.act(anna, |phone, _| phone.press("12#"));
    world.seconds(2);
    world.act(anna, |phone, now| phone.info(now, '7'));
    world.seconds(2);
    assert_eq!(world.phones[berta].call().rtp.heard().keys(), "12#7");
    world.hang_up(anna);
    world.assert_clean();
}

/// A leg that sends nothing any more ends the call by itself.
#[test]
fn audio_stops() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[berta].called = Called::Answer(Duration::ZERO);
    world.dial(anna, "102");
    world.seconds(3);
    world.act(berta, |phone, _| phone.vanish());
    world.seconds(35);
    assert!(world.phones[anna].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::MediaLost);
}

#[test]
fn there_is_no_port_left() {
    let mut world = World::new();
    let (anna, _) = anna_and_berta(&mut world);
    world.no_ports = true;
    assert_eq!(outcome(&mut world, anna, "102", 2), (Some(503), Cause::Overload));
}

#[test]
fn a_call_too_many_is_refused() {
    let link = switchboard_testkit::Link::default();
    let mut world = World::with(0, link, |config| config.limits.calls = 1);
    let (anna, _) = anna_and_berta(&mut world);
    let carl = world.phone("carl");
    world.dial(anna, "102");
    world.seconds(1);
    world.dial(carl, "102");
    world.seconds(1);
    assert_eq!(world.phones[carl].status(), Some(503));
    world.hang_up(anna);
    world.assert_clean();
    assert_eq!(world.records.len(), 1);
}

/// `call FROM TO`: the user's own phone rings first, then what was to be dialled.
#[test]
fn a_call_is_made_for_a_user() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[anna].called = Called::Answer(Duration::from_secs(1));
    world.phones[berta].called = Called::Answer(Duration::from_secs(2));
    let from = "anna".parse().unwrap();
    world.command(switchboard_pbx::Command::Call { token: 5, from, to: "102".to_owned() });
    world.seconds(2);
    assert!(world.phones[anna].is_up());
    world.seconds(1);
    // Germany's ring-back while Berta's phone rings.
    world.seconds(4);
    assert!(world.phones[berta].is_up(), "{:#?}", world.transcript());
    assert!(world.hears(anna, 1_000.0) > -13.0);
    assert!(world.hears(berta, 440.0) > -13.0);
    world.hang_up(berta);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
    assert_eq!(world.originated.len(), 1);
}

#[test]
fn a_call_for_nobody_is_refused_with_the_reason() {
    let mut world = World::new();
    for (user, reason) in [("nobody", "no active user"), ("dora", "no phone connected")] {
        let from = user.parse().unwrap();
        world.command(switchboard_pbx::Command::Call { token: 5, from, to: "102".to_owned() });
        let answer = format!("{:?}", world.originated.pop().unwrap());
        let words = match reason {
            "no active user" => "NoSuchUser",
            _ => "NoPhone",
        };
        assert!(answer.contains(words), "{answer}");
    }
    world.assert_clean();
}

/// A call made for a user counts as the user's own: too many are refused, whoever asks.
#[test]
fn a_call_too_many_for_a_user_is_refused() {
    let link = switchboard_testkit::Link::default();
    let mut world = World::with(0, link, |config| config.limits.calls_per_user = 1);
    let (anna, _) = anna_and_berta(&mut world);
    let from: switchboard_routing::UserId = "anna".parse().unwrap();
    let call = |token, from: &switchboard_routing::UserId| switchboard_pbx::Command::Call {
        token,
        from: from.clone(),
        to: "102".to_owned(),
    };
    world.command(call(1, &from));
    world.command(call(2, &from));
    let answer = format!("{:?}", world.originated);
    assert!(
        answer.contains("token: 2, result: Err(TooMany(")
            && !answer.contains("token: 1, result: Err")
    );
    world.seconds(1);
    world.dial(anna, "102");
    world.seconds(1);
    assert_eq!(world.phones[anna].status(), Some(503));
    world.command(call(3, &"berta".parse().unwrap()));
    assert!(format!("{:?}", world.originated[2]).contains("Ok("));
    world.command(switchboard_pbx::Command::Shutdown);
    world.assert_clean();
}

#[test]
fn stopping_ends_calls_and_refuses_new_ones() {
    let mut world = World::new();
    let (anna, berta) = anna_and_berta(&mut world);
    world.phones[berta].called = Called::Answer(Duration::ZERO);
    world.dial(anna, "102");
    world.seconds(2);
    world.command(switchboard_pbx::Command::Shutdown);
    world.seconds(1);
    assert!(world.phones[anna].is_over() && world.phones[berta].is_over());
    world.dial(anna, "102");
    world.seconds(1);
    assert_eq!(world.phones[anna].status(), Some(503));
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Shutdown);
}

/// A registration made before a restart rings after it.
#[test]
fn registrations_survive_a_restart() {
    let mut world = World::new();
    let (_, berta) = anna_and_berta(&mut world);
    let saved: Vec<_> = world.saved.values().cloned().collect();
    let clock = world.clock;
    let mut after = World::at(clock);
    for binding in saved {
        after.restore(binding);
    }
    let mut phone = std::mem::replace(
        &mut world.phones[berta],
        Phone::new("x", "x", ([10, 9, 9, 9], 1).into(), 99),
    );
    phone.called = Called::Answer(Duration::ZERO);
    // The phones keep their addresses and have not noticed anything.
    let first = world.phones.remove(0);
    after.phones.push(first);
    after.phones.push(phone);
    after.dial(0, "102");
    after.seconds(3);
    assert!(after.phones[0].is_up() && after.phones[1].is_up());
    after.hang_up(0);
    after.assert_clean();
}

/// A phone on TCP is connected to anew where it listens: its old connection did not survive.
#[test]
fn registrations_on_tcp_survive_a_restart() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.add("berta"));
    world.phones[berta].contact_suffix = ";transport=tcp".to_owned();
    world.act(berta, |phone, now| phone.register(now, 300));
    world.seconds(1);
    let mut after = World::at(world.clock);
    for mut binding in world.saved.values().cloned() {
        if binding.user.as_str() == "berta" {
            binding.transport = "TCP".to_owned();
            binding.remote.set_port(49_152);
        }
        after.restore(binding);
    }
    after.phones.push(world.phones.remove(anna));
    after.phones.push(world.phones.remove(berta - 1));
    after.phones[1].called = Called::Answer(Duration::ZERO);
    after.dial(0, "102");
    after.seconds(1);
    assert!(after.phones[0].is_up() && after.phones[1].is_up(), "{:#?}", after.transcript());
    assert!(after.phones[1].call().via.starts_with("SIP/2.0/TCP"));
    after.hang_up(0);
    after.assert_clean();
}

/// The plane has lost a leg, be it one that talks or one whose call is not answered yet: the call is over, and nothing is left.
#[test]
fn h44_a_call_whose_audio_is_lost_is_over() {
    for is_answered in [true, false] {
        let mut world = World::new();
        let (anna, berta) = anna_and_berta(&mut world);
        world.dial(anna, "102");
        world.seconds(1);
        if is_answered {
            world.act(berta, |phone, now| phone.answer(now));
            world.seconds(1);
        }
        world.lose_media();
        world.seconds(1);
        assert!(world.phones[anna].is_over() && world.phones[berta].is_over(), "{is_answered}");
        assert_eq!(world.record().cause, Cause::MediaLost);
        world.assert_clean();
    }
}
