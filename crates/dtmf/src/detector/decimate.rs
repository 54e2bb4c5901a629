//! From 16 or 48 kHz down to the 8 kHz at which the detector works.

use super::Sample;
use super::bands::{RATE, kaiser};
use super::complex::sine;
use crate::generator::SampleRate;

/// Taps for each sample of the output: the filter lasts 2 ms.
const TAPS_PER_PHASE: usize = 16;
/// The longest filter: that of 48 kHz.
const LONGEST: usize = 6 * TAPS_PER_PHASE;

/// The filter of 48 kHz; that of 16 kHz is every third of its taps. Nothing above 4.6 kHz folds
/// onto what is below 3.4.
static TAPS: [f32; LONGEST] = taps();

const fn taps() -> [f32; LONGEST] {
    let mut taps = [0.0; LONGEST];
    let mut at = 0;
    while at < LONGEST {
        let n = at as f64 + 0.5 - LONGEST as f64 / 2.0;
        let x = core::f64::consts::PI * n / 6.0;
        taps[at] = (sine(x) / x / 6.0 * kaiser(2.0 * n / LONGEST as f64)) as f32;
        at += 1;
    }
    taps
}

/// Keeps every second, or every sixth sample of what it has filtered.
#[derive(Clone, Debug)]
pub(super) struct Decimator {
    factor: usize,
    /// The latest samples, twice in a row, so that they can be read from any place.
    line: [f32; 2 * LONGEST],
    at: usize,
    /// Samples until the next output.
    left: usize,
}

impl Decimator {
    pub(super) fn new(rate: SampleRate) -> Self {
        let factor = (rate.hertz() / RATE) as usize;
        Self { factor, line: [0.0; 2 * LONGEST], at: 0, left: factor }
    }

    /// How many samples of the input make one of the output.
    pub(super) fn factor(&self) -> usize {
        self.factor
    }

    /// By how many samples of the input the output is late.
    pub(super) fn delay(&self) -> u64 {
        if self.factor == 1 { 0 } else { (self.len() / 2) as u64 }
    }

    fn len(&self) -> usize {
        self.factor * TAPS_PER_PHASE
    }

    /// Takes audio until the output, which is of 15 bits, is full. Returns how many samples it took, and gave.
    pub(super) fn fill<S: Sample>(&mut self, audio: &[S], out: &mut [i16]) -> (usize, usize) {
        if self.factor == 1 {
            out.iter_mut().zip(audio).for_each(|(out, sample)| *out = sample.pcm() >> 1);
            let count = audio.len().min(out.len());
            return (count, count);
        }
        let (mut taken, mut given) = (0, 0);
        while given < out.len()
            && let Some(sample) = audio.get(taken)
        {
            taken += 1;
            if let Some(sample) = self.push(sample.pcm().into()) {
                out[given] = (sample / 2.0 + 0.5_f32.copysign(sample)) as i16;
                given += 1;
            }
        }
        (taken, given)
    }

    /// Takes a sample; gives one if it is due.
    fn push(&mut self, sample: f32) -> Option<f32> {
        let len = self.len();
        self.line[self.at] = sample;
        self.line[self.at + len] = sample;
        self.at = (self.at + 1) % len;
        self.left -= 1;
        if self.left > 0 {
            return None;
        }
        self.left = self.factor;
        let step = LONGEST / len;
        let taps = TAPS.iter().skip(step / 2).step_by(step);
        let line = &self.line[self.at..self.at + len];
        Some(line.iter().zip(taps).map(|(sample, tap)| sample * tap).sum::<f32>() * step as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The level of a tone after the decimator, in decibels.
    fn gain(rate: SampleRate, hertz: f64) -> f64 {
        let mut decimator = Decimator::new(rate);
        let mut power = 0.0;
        for at in 0..rate.hertz() / 2 {
            let turn = hertz * f64::from(at) / f64::from(rate.hertz());
            let sample = (core::f64::consts::TAU * turn).sin() as f32;
            let mut out = [0];
            if decimator.fill(&[sample], &mut out).1 == 1 && at > 1_000 {
                power += (f64::from(out[0]) / 16_384.0).powi(2);
            }
        }
        10.0 * (power / (4_000.0 - 8_000.0 * 1_000.0 / f64::from(rate.hertz())) * 2.0).log10()
    }

    #[test]
    fn the_band_of_the_telephone_passes_and_nothing_folds_onto_it() {
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
            for hertz in (300..=3_300).step_by(100) {
                assert!(gain(rate, hertz.into()).abs() < 0.3, "{hertz} at {rate:?}");
            }
            for hertz in (4_800..rate.hertz() / 2).step_by(400) {
                assert!(gain(rate, hertz.into()) < -34.0, "{hertz} at {rate:?}");
            }
        }
    }
}
