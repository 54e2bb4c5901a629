//! The rows: each a limit of ITU-T Q.24, or several together.

use switchboard_dialstring::Digit;

use crate::audio::{Audio, BURST, Burst, Law, Random};

/// Trials a row: each digit six times.
pub(crate) const TRIALS: usize = 96;

/// One trial: its audio, and what is right.
pub(crate) struct Trial {
    pub(crate) audio: Vec<i16>,
    pub(crate) right: String,
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    right: Right,
    make: fn(&mut Random, Digit) -> Vec<i16>,
}

/// What is right.
enum Right {
    Once,
    Twice,
    Never,
}

impl Row {
    /// The length of a trial: 600 ms.
    pub(crate) const SAMPLES: usize = 4_800;

    pub(crate) fn make(&self, seed: u64) -> Vec<Trial> {
        let name = self
            .name
            .bytes()
            .fold(7_u64, |seed, octet| seed.wrapping_mul(31).wrapping_add(octet.into()));
        let mut random = seeded(name, seed);
        let digits = Digit::ALL.into_iter().cycle().take(TRIALS);
        digits
            .map(|digit| {
                let mut audio = (self.make)(&mut random, digit);
                audio.resize(Self::SAMPLES, 0);
                let times = match self.right {
                    Right::Once => 1,
                    Right::Twice => 2,
                    Right::Never => 0,
                };
                Trial { audio, right: digit.as_char().to_string().repeat(times) }
            })
            .collect()
    }
}

/// What is made from this number, and otherwise with another seed than 0.
pub(crate) fn seeded(number: u64, seed: u64) -> Random {
    Random(number ^ seed.wrapping_mul(0xd129_42fc_64db_3e6d))
}

/// How many of the trials were heard right.
pub(crate) fn percent_right(heard: &[String], trials: &[Trial]) -> f64 {
    let right = heard.iter().zip(trials).filter(|(heard, trial)| **heard == trial.right);
    100.0 * right.count() as f64 / trials.len() as f64
}

const fn once(name: &'static str, make: fn(&mut Random, Digit) -> Vec<i16>) -> Row {
    Row { name, right: Right::Once, make }
}

const fn never(name: &'static str, make: fn(&mut Random, Digit) -> Vec<i16>) -> Row {
    Row { name, right: Right::Never, make }
}

/// The burst at 200 to 220 ms.
fn plain(random: &mut Random, digit: Digit, burst: Burst) -> Audio {
    let at = place(random);
    Audio::silence(600.0).burst(random, at, digit, burst)
}

fn place(random: &mut Random) -> f64 {
    200.0 + 20.0 * random.unit()
}

/// The tones so far off, in percent, either way.
fn off(random: &mut Random, percent: [f64; 2]) -> [f64; 2] {
    percent.map(|percent| percent / 100.0 * random.sign())
}

fn with_off(random: &mut Random, digit: Digit, percent: [f64; 2], length: f64) -> Vec<i16> {
    let off = off(random, percent);
    plain(random, digit, Burst { off, length, ..BURST }).pcm()
}

fn levels(random: &mut Random, digit: Digit, levels: [f64; 2]) -> Vec<i16> {
    plain(random, digit, Burst { levels, ..BURST }).pcm()
}

fn length(random: &mut Random, digit: Digit, length: f64) -> Vec<i16> {
    plain(random, digit, Burst { length, ..BURST }).pcm()
}

fn noise(random: &mut Random, digit: Digit, length: f64, decibels: f64) -> Vec<i16> {
    let burst = Burst { length, ..BURST };
    plain(random, digit, burst).noise(random, burst, decibels).pcm()
}

/// Tones that sound from beginning to end, in hertz and dBm0.
fn beside(random: &mut Random, digit: Digit, tones: &[(f64, f64)], length: f64) -> Vec<i16> {
    let audio = plain(random, digit, Burst { length, ..BURST });
    tones.iter().fold(audio, |audio, tone| audio.beside(random, tone.0, tone.1)).pcm()
}

/// A tone of 80 ms with a hole in it.
fn hole(random: &mut Random, digit: Digit, millis: f64) -> Vec<i16> {
    let at = place(random);
    let burst = Burst { length: 100.0, ..BURST };
    let hole = at + 20.0 + random.unit() * (60.0 - millis);
    Audio::silence(600.0).burst(random, at, digit, burst).cut(hole, millis).pcm()
}

/// Everything at its limit at once: both tones 1.5 % off, any level, either twist, 40 ms, 15 dB of noise, either law.
const JOINT: Joint = Joint { percent: [1.5, 1.5], length: 40.0, tones: &[] };

struct Joint {
    percent: [f64; 2],
    length: f64,
    /// Tones beside it, in hertz and as strong as the louder of the digit's: up to four near full scale, which is clipped.
    tones: &'static [f64],
}

impl Joint {
    fn make(&self, random: &mut Random, digit: Digit) -> Vec<i16> {
        let off = off(random, self.percent);
        let (levels, law) = (limits(random), law(random));
        let burst = Burst { off, levels, length: self.length };
        let audio = plain(random, digit, burst).noise(random, burst, 15.0);
        let loudest = levels[0].max(levels[1]);
        let beside = |audio: Audio, hertz: &f64| audio.beside(random, *hertz, loudest);
        self.tones.iter().fold(audio, beside).companded(law)
    }
}

/// Levels with the high tone 4 dB above or 8 dB below the low one.
fn limits(random: &mut Random) -> [f64; 2] {
    if random.sign() > 0.0 {
        let low = -4.0 - 26.0 * random.unit();
        [low, low + 4.0]
    } else {
        let low = -22.0 * random.unit();
        [low, low - 8.0]
    }
}

fn law(random: &mut Random) -> Law {
    if random.sign() > 0.0 { Law::A } else { Law::Mu }
}

/// The quietest at both twists, 40 ms, through a law.
fn coded(random: &mut Random, digit: Digit, law: Law) -> Vec<i16> {
    let levels = if random.sign() > 0.0 { [-30.0, -26.0] } else { [-22.0, -30.0] };
    plain(random, digit, Burst { levels, length: 40.0, ..BURST }).companded(law)
}

pub(crate) const ROWS: &[Row] = &[
    once("100 ms at -8 and -6 dBm0", |r, d| length(r, d, 100.0)),
    once("both tones 1.5 % off, 100 ms", |r, d| with_off(r, d, [1.5, 1.5], 100.0)),
    once("both tones 1.5 % off, 40 ms", |r, d| with_off(r, d, [1.5, 1.5], 40.0)),
    never("low tone 3.5 % off: refused", |r, d| with_off(r, d, [3.5, 0.0], 100.0)),
    never("high tone 3.5 % off: refused", |r, d| with_off(r, d, [0.0, 3.5], 100.0)),
    once("high tone 4 dB above", |r, d| levels(r, d, [-12.0, -8.0])),
    once("high tone 8 dB below", |r, d| levels(r, d, [-8.0, -16.0])),
    once("0 dBm0 each (clipped)", |r, d| levels(r, d, [0.0, 0.0])),
    once("-30 dBm0 each", |r, d| levels(r, d, [-30.0, -30.0])),
    once("40 ms", |r, d| length(r, d, 40.0)),
    never("23 ms: refused", |r, d| length(r, d, 23.0)),
    once("a break of 10 ms: one digit", |r, d| hole(r, d, 10.0)),
    once("a lost packet of 20 ms: one digit", |r, d| hole(r, d, 20.0)),
    Row {
        name: "40 ms, a pause of 40 ms, 40 ms: two digits",
        right: Right::Twice,
        make: |random, digit| {
            let at = place(random);
            let burst = Burst { length: 40.0, ..BURST };
            let audio = Audio::silence(600.0).burst(random, at, digit, burst);
            audio.burst(random, at + 80.0, digit, burst).pcm()
        },
    },
    once("noise 15 dB below, 40 ms", |r, d| noise(r, d, 40.0, 15.0)),
    once("noise 12 dB below, 60 ms", |r, d| noise(r, d, 60.0, 12.0)),
    once("noise 10 dB below, 70 ms", |r, d| noise(r, d, 70.0, 10.0)),
    never("noise 15 dB below, 23 ms: refused", |r, d| noise(r, d, 23.0, 15.0)),
    once("dial tone 350 + 440 Hz as loud", |r, d| {
        beside(r, d, &[(350.0, -8.0), (440.0, -8.0)], 60.0)
    }),
    once("dial tone 350 + 440 Hz, 6 dB louder", |r, d| {
        beside(r, d, &[(350.0, -2.0), (440.0, -2.0)], 60.0)
    }),
    once("dial tone 425 Hz as loud", |r, d| beside(r, d, &[(425.0, -8.0)], 60.0)),
    once("ring-back tone 440 + 480 Hz as loud", |r, d| {
        beside(r, d, &[(440.0, -8.0), (480.0, -8.0)], 60.0)
    }),
    once("busy tone 480 + 620 Hz as loud", |r, d| {
        beside(r, d, &[(480.0, -8.0), (620.0, -8.0)], 60.0)
    }),
    once("special information tone 985.2 Hz as loud", |r, d| beside(r, d, &[(985.2, -8.0)], 60.0)),
    once("special information tone 1428.5 Hz as loud", |r, d| {
        beside(r, d, &[(1_428.5, -8.0)], 60.0)
    }),
    once("special information tone 1776.7 Hz as loud", |r, d| {
        beside(r, d, &[(1_776.7, -8.0)], 60.0)
    }),
    once("mains hum 50 + 150 Hz, louder", |r, d| {
        beside(r, d, &[(50.0, -4.0), (150.0, -6.0)], 60.0)
    }),
    once("mains hum 60 + 180 Hz, louder", |r, d| {
        beside(r, d, &[(60.0, -4.0), (180.0, -6.0)], 60.0)
    }),
    once("quietest with twist, 40 ms, A-law", |r, d| coded(r, d, Law::A)),
    once("quietest with twist, 40 ms, mu-law", |r, d| coded(r, d, Law::Mu)),
    once("all limits at once", |r, d| JOINT.make(r, d)),
    once("all limits at once, beside 425 Hz as loud", |r, d| {
        Joint { tones: &[425.0], ..JOINT }.make(r, d)
    }),
    once("all limits at once, beside 350 + 440 Hz as loud", |r, d| {
        Joint { tones: &[350.0, 440.0], ..JOINT }.make(r, d)
    }),
    never("all limits at once but low tone 3.5 % off: refused", |r, d| {
        Joint { percent: [3.5, 1.5], length: 60.0, ..JOINT }.make(r, d)
    }),
    never("all limits at once but high tone 3.5 % off: refused", |r, d| {
        Joint { percent: [1.5, 3.5], length: 60.0, ..JOINT }.make(r, d)
    }),
    never("all limits at once but 23 ms: refused", |r, d| {
        Joint { length: 23.0, ..JOINT }.make(r, d)
    }),
    never("all limits at once beside 350 + 440 Hz, but low tone 3.5 % off: refused", |r, d| {
        Joint { percent: [3.5, 1.5], length: 60.0, tones: &[350.0, 440.0] }.make(r, d)
    }),
    never("all limits at once beside 350 + 440 Hz, but high tone 3.5 % off: refused", |r, d| {
        Joint { percent: [1.5, 3.5], length: 60.0, tones: &[350.0, 440.0] }.make(r, d)
    }),
    never("all limits at once beside 350 + 440 Hz, but 23 ms: refused", |r, d| {
        Joint { length: 23.0, tones: &[350.0, 440.0], ..JOINT }.make(r, d)
    }),
];
