//! What passes on behind a detector that takes digits out; and any pieces.

use std::vec::Vec;

use proptest::prelude::*;
use switchboard_dialstring::Digit;

use super::super::*;
use super::audio::{Audio, BURST, Burst, Law, Random};
use super::signal::{heard, outputs};
use crate::generator::{Config, Generator};

/// What passes on of audio that comes in pieces of these sizes, in turns.
pub(super) fn passed_on<S: Sample + Default>(
    rate: SampleRate,
    audio: &[S],
    pieces: &[usize],
) -> Vec<S> {
    let mut mute = Mute::new(rate);
    let (mut audio, mut at) = (audio.to_vec(), 0);
    for piece in pieces.iter().cycle() {
        let end = audio.len().min(at + piece);
        while at < end {
            at += mute.handle(&mut audio[at..end]);
            while mute.poll_output().is_some() {}
        }
        if at == audio.len() {
            break;
        }
    }
    audio
}

#[test]
fn nobody_behind_hears_a_digit_again() {
    let mut random = Random(21);
    for digit in Digit::ALL.into_iter().cycle().take(64) {
        let off = [0.015 * random.sign(), 0.015 * random.sign()];
        let burst = Burst { off, length: 40.0 + 60.0 * random.unit(), ..BURST };
        let audio = Audio::silence(500.0).burst(&mut random, 200.0, digit, burst);
        let audio = audio.noise(&mut random, burst, 20.0).companded(Law::Mu);
        assert_eq!(heard(&audio).len(), 1);
        assert_eq!(heard(&passed_on(SampleRate::Hz8000, &audio, &[160])), "");
    }
}

#[test]
fn what_is_no_digit_passes_as_it_was() {
    let mut random = Random(22);
    let audio: Vec<i16> = (0..20).flat_map(|_| random.vowel()).collect();
    let passed = passed_on(SampleRate::Hz8000, &audio, &[160]);
    assert_eq!(heard(&audio), "");
    assert_eq!(passed[800..], audio[..audio.len() - 800]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_pieces_say_and_pass_on_the_same(
        seed in any::<u64>(),
        pieces in proptest::collection::vec(1_usize..700, 1..6),
    ) {
        let mut random = Random(seed);
        let digit = Digit::ALL[(random.next() % 16) as usize];
        let audio = Audio::silence(400.0).burst(&mut random, 120.0, digit, BURST);
        let audio = audio.noise(&mut random, BURST, 14.0).pcm();
        let whole = outputs(SampleRate::Hz8000, &audio, usize::MAX);
        for piece in pieces {
            prop_assert_eq!(&outputs(SampleRate::Hz8000, &audio, piece), &whole);
        }
    }

    /// At each rate, as whole numbers and as floats, in any pieces: one and the same passes on, and there is no digit in it.
    #[test]
    fn at_any_rate_in_any_pieces_no_digit_passes(
        sixteen in any::<bool>(),
        digits in proptest::collection::vec(0_usize..16, 1..4),
        tone in 40_u64..120,
        pieces in proptest::collection::vec(1_usize..3_000, 1..6),
    ) {
        let sample_rate = if sixteen { SampleRate::Hz16000 } else { SampleRate::Hz48000 };
        let tone = core::time::Duration::from_millis(tone);
        let config = Config { sample_rate, tone, ..Config::default() };
        let plan = digits.iter().map(|digit| Digit::ALL[*digit]).collect();
        let mut generator = Generator::new(config, plan);
        let mut audio = std::vec![0; sample_rate.hertz() as usize];
        generator.fill(&mut audio);
        let starts = |outputs: Vec<Output>| {
            outputs.iter().filter(|output| matches!(output, Output::Start { .. })).count()
        };
        prop_assert_eq!(starts(outputs(sample_rate, &audio, usize::MAX)), digits.len());
        let passed = passed_on(sample_rate, &audio, &pieces);
        prop_assert_eq!(starts(outputs(sample_rate, &passed, usize::MAX)), 0);
        prop_assert_eq!(&passed_on(sample_rate, &audio, &[1 << 20]), &passed);
        let floats: Vec<f32> = audio.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        let floats: Vec<i16> = passed_on(sample_rate, &floats, &pieces)
            .into_iter()
            .map(|sample| (sample * 32_768.0) as i16)
            .collect();
        prop_assert_eq!(&floats, &passed);
    }
}
