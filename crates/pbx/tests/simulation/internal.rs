//! Calls between users, and the services.

use std::time::Duration;

use switchboard_pbx::{CallKind, Cause};
use switchboard_testkit::Say;

use crate::support::{Called, World};

#[test]
fn echo_returns_the_callers_audio() {
    let mut world = World::new();
    let anna = world.phone("anna");
    world.phones[anna].say = Say::Tone(440.0, -10.0);
    world.dial(anna, "*43");
    world.seconds(4);
    assert!(world.phones[anna].is_up());
    assert!(world.hears(anna, 440.0) > -13.0, "{}", world.hears(anna, 440.0));
    world.hang_up(anna);
    world.assert_clean();
    let record = world.record();
    assert_eq!((record.head.kind, record.cause), (CallKind::Service, Cause::Normal));
    assert_eq!(record.legs[0].codec.as_deref(), Some("PCMA"));
}

#[test]
fn r09_colleagues_call_each_other_by_plain_digits_and_hear_each_other() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[anna].say = Say::Tone(440.0, -10.0);
    world.phones[berta].say = Say::Tone(1_000.0, -10.0);
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
    assert!(!record.recordable);
    assert_eq!(record.to.as_ref().unwrap().number, "102");
    assert!((3_000..4_500).contains(&record.talk), "{}", record.talk);
}
