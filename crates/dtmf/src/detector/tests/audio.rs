//! Digits at their limits as audio, made from a seed; the table beside other detectors uses it too.

use std::vec::Vec;

use switchboard_dialstring::Digit;

use super::frequencies;

/// SplitMix64: the same seed makes the same audio.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// -1 or 1.
    pub(super) fn sign(&mut self) -> f64 {
        if self.next() & 1 == 0 { 1.0 } else { -1.0 }
    }

    /// A vowel of 100 to 400 ms: a gliding pitch whose harmonics pass through two resonances that may lie anywhere, also
    /// on two of the keys' frequencies with next to nothing beside them.
    pub(super) fn vowel(&mut self) -> Vec<i16> {
        let pitch = 80.0 + 220.0 * self.unit();
        let glide = 0.1 * (self.unit() - 0.5);
        let vibrato = 0.01 * self.unit();
        let first = 300.0 + 700.0 * self.unit();
        let second = 900.0 + 1_200.0 * self.unit();
        let length = 800 + (2_400.0 * self.unit()) as usize;
        let (mut phase, mut audio) = (0.0, Vec::new());
        for at in 0..length {
            let time = at as f64 / 8_000.0;
            let sway = vibrato * (core::f64::consts::TAU * 5.0 * time).sin();
            let now = pitch * (1.0 + glide * time / 0.3 + sway);
            phase += core::f64::consts::TAU * now / 8_000.0;
            let rise = (at.min(length - at) as f64 / 160.0).min(1.0);
            let mut sample = 0.0;
            for harmonic in 1..=(3_600.0 / now) as u32 {
                let hertz = f64::from(harmonic) * now;
                let resonance =
                    |formant: f64, width: f64| 1.0 / (1.0 + ((hertz - formant) / width).powi(2));
                let loud = resonance(first, 60.0) + 0.7 * resonance(second, 80.0) + 0.02;
                // A voice falls off by some 6 dB an octave.
                let tilt = 2.0 / f64::from(harmonic);
                sample += tilt * loud * (phase * f64::from(harmonic)).sin();
            }
            audio.push((rise * sample * 6_000.0).clamp(-32_768.0, 32_767.0) as i16);
        }
        audio
    }

    /// Normally distributed.
    pub(super) fn normal(&mut self) -> f64 {
        let (a, b) = (self.unit().max(1e-300), self.unit());
        (-2.0 * a.ln()).sqrt() * (core::f64::consts::TAU * b).cos()
    }
}

/// The amplitude of a sine of this level; full scale lies 3.14 dB above 0 dBm0.
#[allow(clippy::approx_constant, reason = "decibels, not a circle")]
pub(super) fn amplitude(dbm0: f64) -> f64 {
    32_767.0 * 10_f64.powf((dbm0 - 3.14) / 20.0)
}

/// A digit as it is sent.
#[derive(Clone, Copy)]
pub(super) struct Burst {
    /// Shares by which the tones are off their frequencies.
    pub(super) off: [f64; 2],
    /// Levels in dBm0.
    pub(super) levels: [f64; 2],
    /// Milliseconds.
    pub(super) length: f64,
}

pub(super) const BURST: Burst = Burst { off: [0.0; 2], levels: [-8.0, -6.0], length: 100.0 };

impl Burst {
    /// Mean power of both tones.
    fn power(&self) -> f64 {
        self.levels.iter().map(|level| amplitude(*level).powi(2) / 2.0).sum()
    }
}

/// Audio at 8 kHz.
#[derive(Clone)]
pub(super) struct Audio {
    pub(super) samples: Vec<f64>,
}

impl Audio {
    pub(super) fn silence(millis: f64) -> Self {
        Self { samples: std::vec![0.0; (millis * 8.0) as usize] }
    }

    pub(super) fn burst(
        mut self,
        random: &mut Random,
        at: f64,
        digit: Digit,
        burst: Burst,
    ) -> Self {
        for group in 0..2 {
            let hertz = f64::from(frequencies(digit)[group]) * (1.0 + burst.off[group]);
            self = self.tone(random, [at, burst.length], hertz, burst.levels[group]);
        }
        self
    }

    /// A tone of any phase; from, and how long, in milliseconds.
    pub(super) fn tone(
        mut self,
        random: &mut Random,
        span: [f64; 2],
        hertz: f64,
        dbm0: f64,
    ) -> Self {
        let (phase, amplitude) = (random.unit() * 7.0, amplitude(dbm0));
        let from = (span[0] * 8.0).round() as usize;
        let count = (span[1] * 8.0).round() as usize;
        for (at, sample) in self.samples.iter_mut().skip(from).take(count).enumerate() {
            let turns = hertz * at as f64 / 8_000.0;
            *sample += amplitude * (core::f64::consts::TAU * turns + phase).sin();
        }
        self
    }

    /// A tone from beginning to end.
    pub(super) fn beside(self, random: &mut Random, hertz: f64, dbm0: f64) -> Self {
        self.tone(random, [0.0, f64::MAX], hertz, dbm0)
    }

    /// White noise so many decibels below the burst.
    pub(super) fn noise(mut self, random: &mut Random, burst: Burst, decibels: f64) -> Self {
        let deviation = (burst.power() / 10_f64.powf(decibels / 10.0)).sqrt();
        self.samples.iter_mut().for_each(|sample| *sample += random.normal() * deviation);
        self
    }

    pub(super) fn cut(mut self, from: f64, millis: f64) -> Self {
        let from = (from * 8.0) as usize;
        self.samples[from..from + (millis * 8.0) as usize].fill(0.0);
        self
    }

    pub(super) fn pcm(&self) -> Vec<i16> {
        self.samples.iter().map(|sample| sample.round().clamp(-32_768.0, 32_767.0) as i16).collect()
    }

    /// Through G.711 and back.
    pub(super) fn companded(&self, law: Law) -> Vec<i16> {
        self.pcm().into_iter().map(|sample| law.pass(sample)).collect()
    }
}

/// A companding law of ITU-T G.711.
#[derive(Clone, Copy, Debug)]
pub(super) enum Law {
    A,
    Mu,
}

impl Law {
    /// What a sample is after being coded and decoded: the middle of its interval.
    fn pass(self, sample: i16) -> i16 {
        let magnitude = i32::from(sample).abs();
        let decoded = match self {
            Self::A => {
                let magnitude = magnitude.min(32_767);
                let segment = (magnitude >> 8).checked_ilog2().map_or(0, |log| log + 1);
                let step = 16 << segment.saturating_sub(1);
                magnitude / step * step + step / 2
            }
            Self::Mu => {
                let biased = (magnitude + 132).min(32_767);
                let step = 1 << (biased.ilog2() - 4);
                biased / step * step + step / 2 - 132
            }
        };
        (decoded * i32::from(sample).signum()).clamp(-32_768, 32_767) as i16
    }
}
