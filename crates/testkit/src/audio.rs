//! Hearing: level at a frequency, loudness, gaps.
//!
//! Levels are in dBm0: 0 dBm0 lies 3.14 dB under a full-scale sine (ITU-T G.711, A-law). Audio is
//! 16-bit, mono, 8000 Hz.

use core::f64::consts::TAU;
use core::time::Duration;

/// Samples per second.
pub const SAMPLE_RATE: u32 = 8_000;

#[allow(clippy::approx_constant, reason = "decibels, not the circle's ratio")]
const FULL_SCALE_DBM0: f64 = 3.14;
/// What silence measures as.
const FLOOR_DBM0: f64 = -100.0;
/// Loudness is looked at in windows of 5 ms.
const WINDOW: usize = 40;

/// The level of the sine at `frequency` Hz within the samples (Goertzel's algorithm), in dBm0.
/// Whole periods, or at least ten of them, give 0.1 dB.
///
/// ```
/// use switchboard_testkit::audio;
///
/// let tone = audio::sine(1_000.0, -10.0, 8_000);
/// assert!((audio::level_dbm0(&tone, 1_000.0) + 10.0).abs() < 0.1);
/// assert!(audio::level_dbm0(&tone, 1_500.0) < -50.0);
/// ```
#[must_use]
pub fn level_dbm0(samples: &[i16], frequency: f64) -> f64 {
    if samples.is_empty() {
        return FLOOR_DBM0;
    }
    let turn = TAU * frequency / f64::from(SAMPLE_RATE);
    let coefficient = 2.0 * turn.cos();
    let (mut before, mut last) = (0.0, 0.0);
    for sample in samples {
        let next = f64::from(*sample) + coefficient * last - before;
        (before, last) = (last, next);
    }
    let power = before * before + last * last - coefficient * before * last;
    let amplitude = 2.0 * power.max(0.0).sqrt() / samples.len() as f64;
    to_dbm0(amplitude)
}

/// The loudness of everything in the samples, as the level of a sine of the same power, in dBm0.
#[must_use]
pub fn loudness_dbm0(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    to_dbm0((2.0 * sum / samples.len().max(1) as f64).sqrt())
}

/// A sine of this frequency in Hz, level in dBm0 and number of samples.
#[must_use]
pub fn sine(frequency: f64, level_dbm0: f64, samples: usize) -> Vec<i16> {
    let amplitude = amplitude(level_dbm0);
    let turn = TAU * frequency / f64::from(SAMPLE_RATE);
    (0..samples).map(|n| (amplitude * (turn * n as f64).sin()).round() as i16).collect()
}

/// The peak of a sine of this level in dBm0.
#[must_use]
pub fn amplitude(level_dbm0: f64) -> f64 {
    32_767.0 * 10_f64.powf((level_dbm0 - FULL_SCALE_DBM0) / 20.0)
}

/// A stretch of audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Where it begins.
    pub start: Duration,
    /// Where it ends.
    pub end: Duration,
}

impl Stretch {
    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.end - self.start
    }
}

/// The stretches of at least `shortest` in which the loudness stays under `threshold_dbm0`, found
/// with a resolution of 5 ms.
#[must_use]
pub fn gaps(samples: &[i16], threshold_dbm0: f64, shortest: Duration) -> Vec<Stretch> {
    stretches(samples, shortest, |window| loudness_dbm0(window) < threshold_dbm0)
}

/// The stretches of at least `shortest` that are as loud as `threshold_dbm0` or louder.
#[must_use]
pub fn sounds(samples: &[i16], threshold_dbm0: f64, shortest: Duration) -> Vec<Stretch> {
    stretches(samples, shortest, |window| loudness_dbm0(window) >= threshold_dbm0)
}

fn stretches(samples: &[i16], shortest: Duration, wanted: impl Fn(&[i16]) -> bool) -> Vec<Stretch> {
    let at = |sample: usize| Duration::from_micros(sample as u64 * 125);
    let mut found: Vec<Stretch> = Vec::new();
    for (n, window) in samples.chunks(WINDOW).enumerate().filter(|(_, window)| wanted(window)) {
        let (start, end) = (at(n * WINDOW), at(n * WINDOW + window.len()));
        match found.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => found.push(Stretch { start, end }),
        }
    }
    found.retain(|stretch| stretch.duration() >= shortest);
    found
}

fn to_dbm0(amplitude: f64) -> f64 {
    (20.0 * (amplitude / 32_768.0).log10() + FULL_SCALE_DBM0).max(FLOOR_DBM0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_is_that_of_the_one_frequency() {
        let mut mix = sine(440.0, -10.0, 8_000);
        for (sample, other) in mix.iter_mut().zip(sine(1_209.0, -20.0, 8_000)) {
            *sample += other;
        }
        assert!((level_dbm0(&mix, 440.0) + 10.0).abs() < 0.1);
        assert!((level_dbm0(&mix, 1_209.0) + 20.0).abs() < 0.1);
        assert!(level_dbm0(&mix, 770.0) < -50.0);
        assert!((loudness_dbm0(&mix) + 9.6).abs() < 0.1);
        assert_eq!(level_dbm0(&[], 440.0), FLOOR_DBM0);
        assert_eq!(loudness_dbm0(&[0; 80]), FLOOR_DBM0);
    }

    #[test]
    fn gaps_and_sounds_take_turns() {
        let mut audio = sine(440.0, -10.0, 1_600);
        audio.extend([0; 800]);
        audio.extend(sine(440.0, -10.0, 1_600));
        let ms = Duration::from_millis;
        let gap = Stretch { start: ms(200), end: ms(300) };
        assert_eq!(gaps(&audio, -40.0, ms(20)), [gap]);
        assert_eq!(gaps(&audio, -40.0, ms(101)), []);
        let sounds = sounds(&audio, -40.0, ms(20));
        assert_eq!(
            sounds,
            [Stretch { start: ms(0), end: ms(200) }, Stretch { start: ms(300), end: ms(500) }]
        );
    }
}
