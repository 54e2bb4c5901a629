//! Each row a limit of ITU-T Q.24 (or several together), for all sixteen digits, with random
//! phases and places.

use std::format;
use std::string::String;
use std::vec::Vec;

use switchboard_dialstring::Digit;

use super::audio::{Audio, BURST, Burst, Law, Random};
use super::signal::heard;

/// Each digit a few times in what `make` makes of it: it is heard once, or not at all.
fn all(name: &str, is_heard: bool, mut make: impl FnMut(&mut Random, Digit) -> Vec<i16>) {
    let mut random = Random(name.len() as u64);
    for digit in Digit::ALL.into_iter().cycle().take(32) {
        let expected = if is_heard { format!("{digit}") } else { String::new() };
        assert_eq!(heard(&make(&mut random, digit)), expected, "{name}: {digit}");
    }
}

/// The burst somewhere in 300 ms of silence.
fn plain(random: &mut Random, digit: Digit, burst: Burst) -> Audio {
    let at = 90.0 + 20.0 * random.unit();
    Audio::silence(300.0).burst(random, at, digit, burst)
}

#[test]
fn tones_to_1_5_percent_off_are_heard_and_from_3_5_refused() {
    for length in [40.0, 100.0] {
        all("1.5 % off in both", true, |random, digit| {
            let off = [0.015 * random.sign(), 0.015 * random.sign()];
            plain(random, digit, Burst { off, length, ..BURST }).pcm()
        });
        for group in 0..2 {
            all("3.5 % off in one", false, |random, digit| {
                let mut off = [0.0; 2];
                off[group] = 0.035 * random.sign();
                plain(random, digit, Burst { off, length, ..BURST }).pcm()
            });
        }
    }
}

#[test]
fn forty_milliseconds_are_a_digit_and_twenty_three_are_not() {
    for (length, is_heard) in [(40.0, true), (23.0, false)] {
        all("length", is_heard, |random, digit| {
            plain(random, digit, Burst { length, ..BURST }).pcm()
        });
        all("length in noise", is_heard, |random, digit| {
            let burst = Burst { length, ..BURST };
            plain(random, digit, burst).noise(random, burst, 15.0).pcm()
        });
    }
}

#[test]
fn twist_and_level_to_the_limits() {
    for levels in [[-10.0, -6.0], [-6.0, -14.0], [0.0, 0.0], [-30.0, -30.0], [0.0, -8.0]] {
        all("levels", true, |random, digit| plain(random, digit, Burst { levels, ..BURST }).pcm());
    }
    all("far below", false, |random, digit| {
        plain(random, digit, Burst { levels: [-45.0, -45.0], ..BURST }).pcm()
    });
    all("one tone alone", false, |random, digit| {
        plain(random, digit, Burst { levels: [-6.0, -60.0], ..BURST }).pcm()
    });
}

#[test]
fn all_limits_together_after_g711_in_noise() {
    for law in [Law::A, Law::Mu] {
        for levels in [[-22.0, -30.0], [-30.0, -26.0], [-10.0, -6.0], [-4.0, -12.0]] {
            all("jointly", true, |random, digit| {
                let off = [0.015 * random.sign(), 0.015 * random.sign()];
                let burst = Burst { off, levels, length: 40.0 };
                plain(random, digit, burst).noise(random, burst, 15.0).companded(law)
            });
            all("jointly, 3.5 % off", false, |random, digit| {
                let off = [0.035 * random.sign(), 0.015 * random.sign()];
                let burst = Burst { off, levels, length: 60.0 };
                plain(random, digit, burst).noise(random, burst, 15.0).companded(law)
            });
        }
    }
}

#[test]
fn a_longer_tone_bears_more_noise() {
    for (decibels, length) in [(15.0, 40.0), (12.0, 60.0), (10.0, 70.0)] {
        all("noise", true, |random, digit| {
            let burst = Burst { length, ..BURST };
            plain(random, digit, burst).noise(random, burst, decibels).pcm()
        });
    }
}

#[test]
fn a_short_break_does_not_split_a_digit_and_a_pause_does() {
    for length in [50.0, 80.0] {
        all("10 ms", true, |random, digit| {
            let at = 90.0 + 20.0 * random.unit();
            let audio = Audio::silence(350.0).burst(random, at, digit, Burst { length, ..BURST });
            let from = at + 15.0 + random.unit() * (length - 40.0);
            audio.cut(from, 10.0).pcm()
        });
    }
    all("a lost packet", true, |random, digit| {
        let at = 90.0 + 20.0 * random.unit();
        let audio = Audio::silence(350.0).burst(random, at, digit, BURST);
        audio.cut(at + random.unit() * 80.0, 20.0).pcm()
    });
    let mut random = Random(9);
    for digit in Digit::ALL {
        let burst = Burst { length: 40.0, ..BURST };
        let audio = Audio::silence(400.0).burst(&mut random, 90.0, digit, burst);
        let audio = audio.burst(&mut random, 170.0, digit, burst);
        assert_eq!(heard(&audio.pcm()), format!("{digit}{digit}"));
    }
}

#[test]
fn call_progress_tones_and_hum_beside_a_digit_do_not_matter() {
    let cases: [&[(f64, f64)]; 6] = [
        // Dial tone (United States), as loud as the digit and 6 dB louder.
        &[(350.0, -8.0), (440.0, -8.0)],
        &[(350.0, -2.0), (440.0, -2.0)],
        // Dial and ring-back tone (Europe), ring-back tone (United States).
        &[(425.0, -8.0)],
        &[(440.0, -8.0), (480.0, -8.0)],
        // Mains hum and its third harmonic.
        &[(50.0, -4.0), (150.0, -6.0)],
        &[(60.0, -4.0), (180.0, -6.0)],
    ];
    for tones in cases {
        for length in [40.0, 100.0] {
            all("beside", true, |random, digit| {
                let burst = Burst { length, ..BURST };
                let audio = plain(random, digit, burst);
                tones
                    .iter()
                    .fold(audio, |audio, (hertz, dbm0)| audio.beside(random, *hertz, *dbm0))
                    .pcm()
            });
        }
    }
}

/// Tones within the keys' own bands, as loud as the digit, that have sounded for a while.
#[test]
fn busy_and_special_information_tones_beside_a_digit_do_not_matter() {
    let cases: [&[(f64, f64)]; 6] = [
        &[(480.0, -8.0), (620.0, -8.0)],
        &[(985.2, -8.0)],
        &[(1_428.5, -8.0)],
        &[(1_776.7, -8.0)],
        &[(1_400.0, -8.0)],
        &[(1_800.0, -8.0)],
    ];
    for tones in cases {
        for length in [40.0, 100.0] {
            all("within", true, |random, digit| {
                let at = 200.0 + 30.0 * random.unit();
                let audio =
                    Audio::silence(450.0).burst(random, at, digit, Burst { length, ..BURST });
                let beside = |audio: Audio, tone: &(f64, f64)| audio.beside(random, tone.0, tone.1);
                tones.iter().fold(audio, beside).companded(Law::Mu)
            });
        }
    }
}

/// A dial tone and a digit near full scale are clipped to less than half of their sum; what is left between is enough.
#[test]
fn all_limits_together_beside_a_dial_tone_that_clips_them() {
    let dial = |audio: Audio, random: &mut Random, level: f64| {
        [350.0, 440.0].iter().fold(audio, |audio, hertz| audio.beside(random, *hertz, level))
    };
    for law in [Law::A, Law::Mu] {
        for levels in [[-4.0_f64, 0.0], [0.0, -8.0]] {
            let loudest = levels[0].max(levels[1]);
            let clipped = |name, is_heard, percent: [f64; 2], length| {
                all(name, is_heard, |random, digit| {
                    let off = percent.map(|percent| percent / 100.0 * random.sign());
                    let burst = Burst { off, levels, length };
                    let at = 200.0 + 20.0 * random.unit();
                    let audio = Audio::silence(450.0).burst(random, at, digit, burst);
                    let audio = audio.noise(random, burst, 15.0);
                    dial(audio, random, loudest).companded(law)
                });
            };
            clipped("clipped", true, [1.5, 1.5], 40.0);
            clipped("clipped, low tone off", false, [3.5, 1.5], 60.0);
            clipped("clipped, high tone off", false, [1.5, 3.5], 60.0);
            clipped("clipped, too short", false, [1.5, 1.5], 23.0);
        }
    }
}
