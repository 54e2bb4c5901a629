//! Between sampling rates.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};
pub use switchboard_dtmf::generator::SampleRate;

/// Brings samples from one rate to another, 10 ms at a time, by `rubato`'s synchronous resampler. Once
/// the vector that it fills has grown to what is asked of it, it allocates nothing.
///
/// What comes out is 5 ms late, by the filter; samples that are no whole 10 ms wait for the next ones.
/// Tones up to 3400 Hz of 8000 keep their level within 0.2 dB; what would be folded back is 50 dB down.
///
/// ```
/// use switchboard_media::{Resampler, SampleRate};
///
/// let mut up = Resampler::new(SampleRate::Hz8000, SampleRate::Hz48000);
/// let mut samples = Vec::new();
/// up.push(&[1_000; 160], &mut samples);
/// assert_eq!(samples.len(), 960);
/// ```
#[derive(Debug)]
pub struct Resampler {
    /// `None`: both rates are the same.
    fft: Option<Fft<f32>>,
    waiting: Vec<f32>,
    /// How many wait.
    count: usize,
    made: Vec<f32>,
}

impl Resampler {
    /// One that has heard silence so far.
    #[must_use]
    pub fn new(from: SampleRate, to: SampleRate) -> Self {
        let (from, to) = (from.hertz() as usize, to.hertz() as usize);
        let window = WindowFunction::Hann2;
        // Blocks of 10 ms divide all rates: there is nothing that it could refuse.
        let fft = Fft::new_custom(from, to, from / 100, 1, 1, window, FixedSync::Both);
        let fft = fft.ok().filter(|_| from != to);
        Self { fft, waiting: vec![0.0; from / 100], count: 0, made: vec![0.0; to / 100] }
    }

    /// Takes samples of one rate, and adds those of the other to `out`.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        let Some(fft) = &mut self.fft else { return out.extend_from_slice(samples) };
        let (from, to) = (self.waiting.len(), self.made.len());
        for sample in samples {
            self.waiting[self.count] = f32::from(*sample);
            self.count += 1;
            if self.count < from {
                continue;
            }
            self.count = 0;
            let block = SequentialSlice::new(&self.waiting[..], 1, from);
            let made = SequentialSlice::new_mut(&mut self.made[..], 1, to);
            if let (Ok(block), Ok(mut made)) = (block, made)
                && fft.process_into_buffer(&block, &mut made, None).is_ok()
            {
                // A cast saturates.
                out.extend(self.made.iter().map(|sample| sample.round() as i16));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::f64::consts::TAU;

    use switchboard_testkit::audio;

    use super::*;

    /// A sine of an amplitude of 10,000 at a rate.
    fn sine(frequency: f64, rate: SampleRate, samples: usize) -> Vec<i16> {
        let turn = TAU * frequency / f64::from(rate.hertz());
        (0..samples).map(|n| (10_000.0 * (turn * n as f64).sin()).round() as i16).collect()
    }

    fn resampled(from: SampleRate, to: SampleRate, samples: &[i16]) -> Vec<i16> {
        let (mut resampler, mut out) = (Resampler::new(from, to), Vec::new());
        // In pieces of all sizes.
        let mut rest = samples;
        for size in (1..700).cycle() {
            let (piece, more) = rest.split_at(size.min(rest.len()));
            resampler.push(piece, &mut out);
            rest = more;
            if rest.is_empty() {
                return out;
            }
        }
        out
    }

    const WIDE: [SampleRate; 2] = [SampleRate::Hz16000, SampleRate::Hz48000];

    #[test]
    fn the_voice_band_keeps_its_level_both_ways() {
        for wide in WIDE {
            for frequency in [200.0, 440.0, 1_000.0, 2_500.0, 3_400.0] {
                let said = sine(frequency, SampleRate::Hz8000, 16_000);
                let up = resampled(SampleRate::Hz8000, wide, &said);
                assert_eq!(up.len(), 2 * wide.hertz() as usize);
                let heard = resampled(wide, SampleRate::Hz8000, &up);
                let level = |samples: &[i16]| audio::level_dbm0(&samples[800..], frequency);
                let change = level(&heard) - level(&said);
                assert!(change.abs() < 0.2, "{wide:?}, {frequency} Hz: {change} dB");
                let all = audio::loudness_dbm0(&heard[800..]) - audio::loudness_dbm0(&said[800..]);
                assert!(all.abs() < 0.2, "{wide:?}, {frequency} Hz: {all} dB");
            }
        }
    }

    #[test]
    fn what_8000_hz_cannot_say_is_not_folded_back() {
        for wide in WIDE {
            for frequency in [4_700.0, 5_500.0, 6_900.0] {
                let said = sine(frequency, wide, 2 * wide.hertz() as usize);
                let heard = resampled(wide, SampleRate::Hz8000, &said);
                let level = audio::loudness_dbm0(&heard[800..]);
                assert!(level < -7.2 - 50.0, "{wide:?}, {frequency} Hz: {level} dBm0");
            }
        }
    }

    /// 5 ms, both ways.
    #[test]
    fn the_delay_is_the_one_stated() {
        for wide in WIDE {
            for (from, to) in [(SampleRate::Hz8000, wide), (wide, SampleRate::Hz8000)] {
                let mut click = vec![0; from.hertz() as usize / 10];
                let at = from.hertz() as usize / 50;
                click[at] = 30_000;
                let heard = resampled(from, to, &click);
                let peak = heard.iter().enumerate().max_by_key(|(_, sample)| sample.unsigned_abs());
                let peak = peak.expect("samples").0 as f64 / f64::from(to.hertz());
                assert!((peak - 0.025).abs() < 0.000_2, "{from:?} to {to:?}: {peak} s");
            }
        }
    }

    #[test]
    fn one_rate_is_left_as_it_is() {
        let said = sine(440.0, SampleRate::Hz8000, 1_000);
        assert_eq!(resampled(SampleRate::Hz8000, SampleRate::Hz8000, &said), said);
    }
}
