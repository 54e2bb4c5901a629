//! Recordings: who said what, and never of internal calls.

use std::time::Duration;

use switchboard_testkit::{Say, audio};

use crate::support::{Called, World};

/// A call from outside on a recorded line: the caller on the left, who answered on the right, from
/// the answer to the end.
#[test]
fn an_outside_call_is_recorded_where_its_line_says_so() {
    let mut world = World::new();
    world.change(|spec| spec.lines.iter_mut().for_each(|line| line.recorded = true));
    let berta = world.phone("berta");
    world.phones[berta].say = Say::Tone(1_000.0, -10.0);
    world.phones[berta].called = Called::Answer(Duration::from_secs(1));
    let trunk = world.trunk();
    world.phones[trunk].say = Say::Tone(440.0, -10.0);
    world.dial(trunk, "+4930555000");
    world.seconds(1);
    world.act(trunk, |phone, _| phone.press("102"));
    world.seconds(6);
    world.hang_up(trunk);
    world.assert_clean();
    let (id, blocks) = world.recorded.iter().next().expect("a recording");
    assert_eq!(id.0, world.record().head.id.0);
    assert_eq!(world.recordings_over, [*id]);
    let side = |at: usize| -> Vec<i16> {
        let octets = blocks.iter().flat_map(|block| block.samples.chunks_exact(4));
        octets.map(|pair| i16::from_le_bytes([pair[at], pair[at + 1]])).collect()
    };
    let (left, right) = (side(0), side(2));
    assert!(left.len() > 8_000 * 3, "{}", left.len());
    let (left, right) = (&left[8_000..16_000], &right[8_000..16_000]);
    assert!((audio::level_dbm0(left, 440.0) + 10.0).abs() < 1.0);
    assert!((audio::level_dbm0(right, 1_000.0) + 10.0).abs() < 1.0);
    assert!(audio::level_dbm0(left, 1_000.0) < -40.0);
    assert!(audio::level_dbm0(right, 440.0) < -40.0);
}

#[test]
fn r11_internal_calls_are_not_recorded() {
    let mut world = World::new();
    world.change(|spec| spec.lines.iter_mut().for_each(|line| line.recorded = true));
    let anna = world.phone("anna");
    let berta = world.phone("berta");
    world.phones[berta].called = Called::Answer(Duration::from_secs(1));
    world.dial(anna, "102");
    world.seconds(4);
    assert!(world.phones[berta].is_up());
    world.hang_up(anna);
    world.assert_clean();
    assert!(world.recorded.is_empty());
}
