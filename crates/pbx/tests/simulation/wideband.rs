//! Phones that speak other codecs than each other.

use std::time::Duration;

use switchboard_pbx::{CallKind, CallRecord};
use switchboard_testkit::Say;

use crate::support::{Called, World};

/// Anna calls Berta, each with these payload types and a tone of her own; both talk.
fn talk(annas: &[u8], bertas: &[u8]) -> (World, usize, usize) {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[anna].codecs = annas.to_vec();
    world.phones[berta].codecs = bertas.to_vec();
    world.phones[anna].say = Say::Tone(440.0, -10.0);
    world.phones[berta].say = Say::Tone(1_000.0, -10.0);
    world.phones[berta].called = Called::Answer(Duration::from_secs(1));
    world.dial(anna, "102");
    world.seconds(5);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    (world, anna, berta)
}

fn assert_heard(world: &World, anna: usize, berta: usize) {
    let heard = (world.hears(anna, 1_000.0), world.hears(berta, 440.0));
    assert!(heard.0.min(heard.1) > -11.0, "{heard:?} dBm0");
    assert!(world.hears(anna, 440.0) < -40.0 && world.hears(berta, 1_000.0) < -40.0);
}

fn codecs(record: &CallRecord) -> Vec<&str> {
    let mut codecs: Vec<_> = record.legs.iter().filter_map(|leg| leg.codec.as_deref()).collect();
    codecs.sort_unstable();
    codecs
}

#[test]
fn a_phone_of_g722_only_and_one_of_g711_only_converse() {
    for other in [8, 0] {
        let (mut world, anna, berta) = talk(&[9, 101], &[other, 101]);
        assert_heard(&world, anna, berta);
        // Keys pass too, once each.
        world.phones[anna].call().rtp.press('7', Duration::from_millis(120));
        world.seconds(1);
        assert_eq!(world.phones[berta].call().rtp.heard().keys(), "7");
        world.hang_up(berta);
        world.seconds(1);
        world.assert_clean();
        let record = world.record();
        assert_eq!(codecs(record), ["G722", if other == 0 { "PCMU" } else { "PCMA" }]);
    }
}

/// What both have is spoken by both: nothing is decoded.
#[test]
fn the_common_codec_is_found_whatever_stands_first() {
    for (annas, bertas, common) in [
        (&[9, 101][..], &[9, 8, 101][..], "G722"),
        (&[9, 8, 101], &[8, 101], "PCMA"),
        (&[8, 9, 101], &[9, 101], "G722"),
        (&[9, 0, 8, 101], &[0, 101], "PCMU"),
    ] {
        let (mut world, anna, berta) = talk(annas, bertas);
        // The phones of these tests speak what stands first.
        if annas[0] == bertas[0] {
            assert_heard(&world, anna, berta);
        }
        world.hang_up(anna);
        world.seconds(1);
        assert_eq!(codecs(world.record()), [common, common]);
    }
}

#[test]
fn the_services_speak_g722() {
    let mut world = World::new();
    let anna = world.phone("anna");
    world.phones[anna].codecs = vec![9, 101];
    world.phones[anna].say = Say::Tone(440.0, -10.0);
    world.dial(anna, "*60");
    world.seconds(5);
    assert!(world.hears(anna, 1_300.0) > -15.0, "{}", world.hears(anna, 1_300.0));
    world.hang_up(anna);
    world.dial(anna, "*43");
    world.seconds(4);
    assert!(world.hears(anna, 440.0) > -13.0);
    world.hang_up(anna);
    world.assert_clean();
    assert_eq!(world.records.len(), 2);
    for record in &world.records {
        assert_eq!((record.head.kind, codecs(record)), (CallKind::Service, vec!["G722"]));
    }
}
