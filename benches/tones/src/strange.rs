//! Sounds that are no digits.

use crate::audio::{Audio, BURST};
use crate::rows::seeded;

/// Each sound with its name.
pub(crate) fn sounds(seed: u64) -> Vec<(String, Vec<i16>)> {
    vec![
        ("3,000 vowels: gliding harmonics through two resonances".to_owned(), vowels(3_000, seed)),
        (
            "10 minutes of music: chords of up to five notes with harmonics".to_owned(),
            music(600, seed),
        ),
        ("dial, ring-back, busy and special information tones".to_owned(), progress(seed)),
        ("single tones from 300 to 2,000 Hz".to_owned(), sweep(seed)),
        ("5 minutes of white noise".to_owned(), {
            Audio::silence(300_000.0).noise(&mut seeded(5, seed), BURST, 3.0).pcm()
        }),
    ]
}

/// Vowels one after another, with a pitch of 80 to 300 Hz.
pub(crate) fn vowels(count: usize, seed: u64) -> Vec<i16> {
    let mut random = seeded(77, seed);
    let mut audio = Vec::new();
    for _ in 0..count {
        audio.extend(random.vowel());
    }
    audio
}

/// Chords of notes of the tempered scale, each with harmonics that fall off, struck and fading.
pub(crate) fn music(seconds: usize, seed: u64) -> Vec<i16> {
    let mut random = seeded(99, seed);
    let mut audio = vec![0.0; seconds * 8_000];
    let mut from = 0;
    while from < audio.len() {
        let length = 800 + (6_000.0 * random.unit()) as usize;
        for _ in 0..1 + (random.unit() * 5.0) as u32 {
            let hertz = 110.0 * 2_f64.powf((random.unit() * 48.0).floor() / 12.0);
            let (fall, fade) = (0.5 + 2.0 * random.unit(), 0.2 + 2.0 * random.unit());
            for harmonic in 1..=(3_600.0 / hertz) as u32 {
                let phase = 7.0 * random.unit();
                let loud = 4_000.0 * random.unit() / f64::from(harmonic).powf(fall);
                let turn = std::f64::consts::TAU * hertz * f64::from(harmonic) / 8_000.0;
                for (at, sample) in audio.iter_mut().skip(from).take(length).enumerate() {
                    let rise = (at as f64 / 80.0).min(1.0).min((length - at) as f64 / 80.0);
                    let faded = (-fade * at as f64 / 8_000.0).exp() * rise;
                    *sample += loud * faded * (turn * at as f64 + phase).sin();
                }
            }
        }
        from += length;
    }
    audio.into_iter().map(|sample| sample.round().clamp(-32_768.0, 32_767.0) as i16).collect()
}

/// Each tone of a call's progress, on and off.
fn progress(seed: u64) -> Vec<i16> {
    const TONES: &[&[f64]] = &[
        &[350.0, 440.0],
        &[425.0],
        &[440.0, 480.0],
        &[480.0, 620.0],
        &[400.0, 450.0],
        &[985.2],
        &[1_428.5],
        &[1_776.7],
        &[1_400.0],
        &[950.0],
        &[1_800.0],
        &[2_100.0],
    ];
    let mut random = seeded(3, seed);
    let mut audio = Vec::new();
    for _ in 0..20 {
        for tones in TONES {
            let span = [50.0, 200.0 + 800.0 * random.unit()];
            let piece = tones.iter().fold(Audio::silence(1_300.0), |audio, hertz| {
                audio.tone(&mut random, span, *hertz, -10.0)
            });
            audio.extend(piece.pcm());
        }
    }
    audio
}

fn sweep(seed: u64) -> Vec<i16> {
    let mut random = seeded(11, seed);
    let mut audio = Vec::new();
    for hertz in 300..2_000 {
        let silence = Audio::silence(120.0);
        audio.extend(silence.tone(&mut random, [20.0, 80.0], f64::from(hertz), -6.0).pcm());
    }
    audio
}
