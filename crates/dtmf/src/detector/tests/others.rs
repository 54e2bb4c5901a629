//! Streaming, rates and places; and sounds that are no digits.

use std::string::String;
use std::vec::Vec;

use switchboard_dialstring::Digit;

use super::super::*;
use super::audio::{Audio, BURST, Burst, Random};
use super::signal::{heard, outputs};
use crate::generator::{Config, Generator};

fn generate(config: Config, digits: &[Digit]) -> Vec<i16> {
    let mut generator = Generator::new(config, digits.iter().copied().collect());
    let (mut audio, mut frame) = (Vec::new(), [0; 480]);
    while !generator.is_done() {
        let count = generator.fill(&mut frame);
        audio.extend_from_slice(&frame[..count]);
    }
    audio
}

fn digits(outputs: &[Output]) -> String {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Start { digit, .. } => Some(digit.as_char()),
            Output::End { .. } => None,
        })
        .collect()
}

#[test]
fn pieces_of_any_size_say_the_same() {
    for sample_rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
        let audio = generate(Config { sample_rate, ..Config::default() }, &Digit::ALL);
        let whole = outputs(sample_rate, &audio, usize::MAX);
        assert_eq!(digits(&whole), "0123456789*#ABCD", "{sample_rate:?}");
        for piece in [1, 7, 160, 441, 4_000] {
            assert_eq!(outputs(sample_rate, &audio, piece), whole, "{piece} at {sample_rate:?}");
        }
        let floats: Vec<f32> = audio.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        assert_eq!(outputs(sample_rate, &floats, 160), whole, "f32 at {sample_rate:?}");
    }
}

#[test]
fn an_hour_in_one_piece_loses_nothing() {
    let once = generate(Config::default(), &Digit::ALL);
    let many = once.repeat(10);
    let mut detector = Detector::new(SampleRate::Hz8000);
    let (mut rest, mut starts) = (&many[..], 0);
    while !rest.is_empty() {
        let taken = detector.handle(rest);
        assert!(taken > 0);
        rest = &rest[taken..];
        while let Some(output) = detector.poll_output() {
            starts += u32::from(matches!(output, Output::Start { .. }));
        }
    }
    assert_eq!(starts, 160);
}

#[test]
fn places_are_exact_to_three_milliseconds() {
    for sample_rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
        let per_milli = i64::from(sample_rate.hertz()) / 1_000;
        let audio = generate(Config { sample_rate, ..Config::default() }, &Digit::ALL);
        let audio = [std::vec![0; 50 * per_milli as usize], audio].concat();
        let mut at = 50 * per_milli;
        for output in outputs(sample_rate, &audio, 160) {
            if let Output::End { from, to, .. } = output {
                let (from, to) = (from as i64 - at, to as i64 - at - 100 * per_milli);
                assert!(from.abs() <= 3 * per_milli && to.abs() <= 3 * per_milli, "{from} {to}");
                at += 200 * per_milli;
            }
        }
    }
}

#[test]
fn a_long_digit_is_one_and_the_next_may_follow_at_once() {
    let mut random = Random(3);
    let long = Burst { length: 5_000.0, ..BURST };
    let audio = Audio::silence(6_000.0).burst(&mut random, 100.0, Digit::D7, long);
    assert_eq!(heard(&audio.pcm()), "7");
    let audio = Audio::silence(500.0).burst(&mut random, 100.0, Digit::D1, BURST);
    let audio = audio.burst(&mut random, 200.0, Digit::D9, BURST);
    assert_eq!(heard(&audio.pcm()), "19");
}

#[test]
fn floats_that_are_no_numbers_are_silence() {
    let mut audio: Vec<f32> = generate(Config::default(), &[Digit::D5])
        .into_iter()
        .map(|sample| f32::from(sample) / 32_768.0)
        .collect();
    let nonsense = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    audio.splice(0..0, nonsense.into_iter().cycle().take(4_000));
    assert_eq!(digits(&outputs(SampleRate::Hz8000, &audio, 160)), "5");
    let huge: Vec<f32> = [f32::MAX, f32::MIN, 1.0].into_iter().cycle().take(8_000).collect();
    assert_eq!(digits(&outputs(SampleRate::Hz8000, &huge, 160)), "");
}

/// Vowels one after another, whose harmonics may lie anywhere. `cargo xtask tones` makes three thousand.
#[test]
fn vowels_are_no_digits() {
    let mut random = Random(77);
    let mut audio = Vec::new();
    for _ in 0..300 {
        audio.extend(random.vowel());
    }
    assert_eq!(heard(&audio), "");
}

/// Two vowels that each have harmonics on a key's tones and little beside them: a pitch wavers, and that leaves as much in
/// the groups as noise would, but there is no noise.
#[test]
fn what_is_left_of_a_vowel_is_no_noise() {
    let mut random = Random(77);
    // Those before need six numbers each.
    for _ in 0..6 * 1_690 {
        random.unit();
    }
    let mut audio = Vec::new();
    for _ in 0..20 {
        audio.extend(random.vowel());
    }
    assert_eq!(heard(&audio), "");
}

#[test]
fn a_tone_that_comes_with_a_digit_is_a_chords_and_one_that_was_there_is_not() {
    let other = (2_600.0, -17.0);
    for digit in Digit::ALL {
        let mut random = Random(9);
        // Something sounds all the time.
        let audio = Audio::silence(500.0).beside(&mut random, 2_000.0, -17.0);
        let audio = audio.burst(&mut random, 200.0, digit, BURST);
        let chord = audio.clone().tone(&mut random, [200.0, 100.0], other.0, other.1);
        assert_eq!(heard(&chord.pcm()), "", "{digit:?}");
        let digit = String::from(digit.as_char());
        assert_eq!(heard(&audio.clone().pcm()), digit);
        assert_eq!(heard(&audio.beside(&mut random, other.0, other.1).pcm()), digit);
    }
}

#[test]
fn noise_and_single_tones_are_no_digits() {
    let mut random = Random(5);
    let noise = Audio::silence(20_000.0).noise(&mut random, BURST, 3.0);
    assert_eq!(heard(&noise.pcm()), "");
    let mut sweep = Audio::silence(0.0);
    for hertz in (300..2_000).step_by(7) {
        let tone = Audio::silence(120.0).tone(&mut random, [20.0, 80.0], f64::from(hertz), -6.0);
        sweep.samples.extend(tone.samples);
    }
    assert_eq!(heard(&sweep.pcm()), "");
}
