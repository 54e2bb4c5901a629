//! Failures from the public issue trackers of other systems, each a test that names the failure.

use std::string::String;
use std::vec::Vec;

use switchboard_dialstring::Digit;

use super::super::*;
use super::audio::{Audio, BURST, Burst, Law, Random};
use super::muted::passed_on;
use super::signal::{heard, outputs};
use crate::generator::frequencies;
use crate::merge::{Input, Merge, Way};
use crate::{Instant, merge};

/// 40 ms, a key held for as long as menus wait, and one that was forgotten.
const LENGTHS: [f64; 3] = [40.0, 4_000.0, 30_000.0];

/// The digit, held so long, in noise and after mu-law.
fn held(random: &mut Random, digit: Digit, length: f64) -> Vec<i16> {
    let burst = Burst { length, ..BURST };
    let audio = Audio::silence(length + 700.0).burst(random, 300.0, digit, burst);
    audio.noise(random, burst, 30.0).companded(Law::Mu)
}

/// The longest time in milliseconds for which both tones of the digit are within 20 dB of what was sent, as a detector sees
/// it that looks at 5 ms at a time.
fn left(audio: &[i16], digit: Digit) -> usize {
    const LOOK: usize = 40;
    let is_there = |look: &[i16]| {
        frequencies(digit).into_iter().zip(BURST.levels).all(|(hertz, dbm0)| {
            let (mut re, mut im) = (0.0, 0.0);
            for (at, sample) in look.iter().enumerate() {
                let turn = core::f64::consts::TAU * f64::from(hertz) * at as f64 / 8_000.0;
                re += f64::from(*sample) * turn.cos();
                im += f64::from(*sample) * turn.sin();
            }
            2.0 * re.hypot(im) / LOOK as f64 > super::audio::amplitude(dbm0 - 20.0)
        })
    };
    let (mut longest, mut now) = (0, 0);
    for look in audio.chunks_exact(LOOK) {
        now = if is_there(look) { now + 5 } else { 0 };
        longest = longest.max(now);
    }
    longest
}

/// freeswitch 2560: a gateway that listened for tones let the first half second of each pass, and silenced a key that was held
/// for four seconds for so long only as a digit lasts by default. Whoever was behind it heard the key again, twice.
#[test]
fn a_key_that_is_held_is_silenced_from_its_beginning_to_its_end() {
    let mut random = Random(2_560);
    for length in LENGTHS {
        for digit in [Digit::D1, Digit::D8, Digit::Pound, Digit::D] {
            let audio = held(&mut random, digit, length);
            assert!(left(&audio, digit) + 10 >= length as usize, "the test hears the key");
            let passed = passed_on(SampleRate::Hz8000, &audio, &[160]);
            assert_eq!(heard(&passed), "", "{digit} for {length} ms");
            // The shortest that any detector takes for a digit is some 20 ms; here not 5 ms are left.
            assert_eq!(left(&passed, digit), 0, "{digit} for {length} ms");
        }
    }
}

/// freeswitch 2560: and the key is told once, with its length, however long it is held.
#[test]
fn a_key_that_is_held_is_told_once() {
    let mut random = Random(2_561);
    for length in LENGTHS {
        let audio = held(&mut random, Digit::D5, length);
        assert_eq!(heard(&audio), "5");
        let told = outputs(SampleRate::Hz8000, &audio, 160);
        let [Output::Start { .. }, Output::End { from, to, .. }] = told[..] else {
            panic!("one press: {told:?}")
        };
        assert!((to - from).abs_diff(8 * length as u64) <= 48, "{length}: {from} {to}");
    }
}

/// asterisk 1595: two detectors looked at the same frames, the second at what the first had silenced in part; it saw a chopped
/// tone, several digits.
#[test]
fn a_detector_behind_one_that_silences_adds_no_digit() {
    let mut random = Random(1_595);
    for digit in [Digit::D3, Digit::D5, Digit::Star, Digit::B] {
        for length in &LENGTHS[..2] {
            let audio = held(&mut random, digit, *length);
            assert_eq!(heard(&audio).len(), 1, "{digit}, {length} ms");
            // Frames of 10, 20 and 30 ms, and some that are in step with nothing.
            for frame in [80, 160, 240, 177] {
                let passed = passed_on(SampleRate::Hz8000, &audio, &[frame]);
                assert_eq!(heard(&passed), "", "{digit}, {length} ms, frames of {frame}");
            }
        }
    }
}

/// asterisk 1595: and where the second sees all that the first has seen, both tell the same press, which counts once; it is
/// told on another way, since a repeat on one way is another press.
#[test]
fn two_detectors_that_hear_the_same_press_count_it_once() {
    let mut random = Random(1_596);
    let mut audio = Vec::new();
    for digit in [Digit::D8, Digit::D9, Digit::D9] {
        audio.extend(held(&mut random, digit, 4_000.0));
    }
    let told = [Way::TelephoneEvent, Way::InBand].map(|way| {
        (way, outputs(SampleRate::Hz8000, &audio, if way == Way::InBand { 160 } else { 80 }))
    });
    assert_eq!(told[0].1, told[1].1, "both hear the same");
    let mut merge = Merge::new(merge::Config::default());
    let mut counted = String::new();
    for at in 0..told[0].1.len() {
        for (way, outputs) in &told {
            if let Output::Start { digit, from } = outputs[at] {
                let began = Instant::from_millis(from / 8);
                let now = Instant::from_millis(from / 8 + 50);
                merge.handle(now, Input { way: *way, digit, began }).expect("room");
            }
        }
        counted
            .extend(core::iter::from_fn(|| merge.poll_output()).map(|press| press.digit.as_char()));
    }
    assert_eq!(counted, "899");
}
