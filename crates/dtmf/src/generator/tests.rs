use std::vec::Vec;

use super::*;

fn audio(config: Config, plan: Plan, chunk: usize) -> Vec<i16> {
    let mut generator = Generator::new(config, plan);
    let (mut audio, mut frame) = (Vec::new(), std::vec![7; chunk]);
    while !generator.is_done() {
        let samples = generator.fill(&mut frame);
        audio.extend_from_slice(&frame[..samples]);
        assert!(frame[samples..].iter().all(|sample| *sample == 0));
    }
    audio
}

/// An amplitude in dBm0.
#[allow(clippy::approx_constant, reason = "decibels from 0 dBm0 to full scale, not a circle")]
fn decibels(amplitude: f64) -> f64 {
    20.0 * (amplitude / 32_767.0).log10() + 3.14
}

/// The level of one frequency in dBm0, by correlation over whole samples.
fn level(audio: &[i16], rate: u32, hertz: f64) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, sample) in audio.iter().enumerate() {
        let angle = core::f64::consts::TAU * hertz * at as f64 / f64::from(rate);
        real += f64::from(*sample) * angle.cos();
        imaginary += f64::from(*sample) * angle.sin();
    }
    let amplitude = 2.0 * real.hypot(imaginary) / audio.len() as f64;
    decibels(amplitude)
}

#[test]
fn every_digit_has_its_two_tones_at_their_levels() {
    for sample_rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
        for digit in Digit::ALL {
            let config = Config { sample_rate, tone: Duration::from_secs(1), ..Config::default() };
            let all = audio(config, [digit].into_iter().collect(), 160);
            let rate = sample_rate.hertz();
            let tone = &all[rate as usize / 10..rate as usize * 9 / 10];
            let [low, high] = frequencies(digit);
            let (low, high) = (f64::from(low), f64::from(high));
            assert!((level(tone, rate, low) + 8.0).abs() < 0.1, "{digit} at {rate}");
            assert!((level(tone, rate, high) + 6.0).abs() < 0.1, "{digit} at {rate}");
            // A few hertz away there is next to nothing: the frequency is right.
            assert!(level(tone, rate, low + 2.5) < -40.0, "{digit} at {rate}");
            // And nothing is there beside the two.
            let power = tone.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
            let all = decibels((2.0 * power / tone.len() as f64).sqrt());
            let both = 10.0 * (10_f64.powf(-0.8) + 10_f64.powf(-0.6)).log10();
            assert!((all - both).abs() < 0.01, "{digit} at {rate}: {all} and {both}");
        }
    }
}

#[test]
fn lengths_are_exact_and_pauses_are_silent() {
    let plan: Plan =
        [Step::Digit(Digit::D1), Step::Pause(Duration::from_millis(30)), Step::Digit(Digit::D2)]
            .into_iter()
            .collect();
    let config = Config {
        tone: Duration::from_millis(70),
        gap: Duration::from_millis(50),
        ..Config::default()
    };
    let audio = audio(config, plan, 97);
    assert_eq!(audio.len(), 8 * (70 + 50 + 30 + 70 + 50));
    assert!(audio[8 * 70..8 * 150].iter().all(|sample| *sample == 0));
    assert!(audio[8 * 150..8 * 220].iter().filter(|sample| **sample == 0).count() < 20);
}

#[test]
fn any_chunk_size_gives_the_same_audio() {
    let plan: Plan = Digit::ALL.into_iter().collect();
    let whole = audio(Config::default(), plan.clone(), 1 << 16);
    for chunk in [1, 7, 160, 441] {
        assert_eq!(audio(Config::default(), plan.clone(), chunk), whole, "{chunk}");
    }
}

#[test]
fn a_tone_begins_and_ends_softly() {
    let audio = audio(Config::default(), [Digit::D5].into_iter().collect(), 160);
    let loudest = |range: core::ops::Range<usize>| {
        audio[range].iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
    };
    assert!(loudest(0..2) < 2_500 && loudest(797..800) < 2_500);
    assert!(loudest(16..784) > 15_000);
}

#[test]
fn extreme_settings_clip_and_do_not_wrap() {
    let config =
        Config { low_dbm0: 10, high_dbm0: 0, ramp: Duration::from_secs(9), ..Config::default() };
    let loud = audio(config, [Digit::D1].into_iter().collect(), 160);
    assert_eq!(loud.len(), 1_600);
    let config = Config {
        tone: Duration::ZERO,
        gap: Duration::ZERO,
        ramp: Duration::ZERO,
        low_dbm0: i8::MIN,
        ..config
    };
    assert_eq!(audio(config, [Digit::D1].into_iter().collect(), 160).len(), 1);
    assert!(audio(config, [Step::Pause(Duration::ZERO)].into_iter().collect(), 9).is_empty());
}
