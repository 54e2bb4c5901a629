//! Listening: what a phone recorded, by frequency and level.

use std::path::Path;
use std::time::Duration;

/// Samples a second of every file here: telephony's.
const RATE: u32 = 8000;

/// Writes a sine at -12 dB under full scale as a WAV file.
pub(crate) fn write_tone(path: &Path, hertz: u32, length: Duration) -> Result<(), String> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let fault = |e: hound::Error| format!("{}: {e}", path.display());
    let mut writer = hound::WavWriter::create(path, spec).map_err(fault)?;
    let count = length.as_secs() * u64::from(RATE);
    for n in 0..count {
        let phase = n as f64 * f64::from(hertz) / f64::from(RATE) * std::f64::consts::TAU;
        let sample = phase.sin() * f64::from(i16::MAX) * 0.25;
        writer.write_sample(sample as i16).map_err(fault)?;
    }
    writer.finalize().map_err(fault)
}

/// The samples of a WAV file, channel beside channel, and how many channels there are.
fn frames(path: &Path) -> Result<(Vec<f64>, usize), String> {
    let fault = |e: hound::Error| format!("{}: {e}", path.display());
    let mut reader = hound::WavReader::open(path).map_err(fault)?;
    let spec = reader.spec();
    // A wideband phone records twice as many: the mean of two says the same of a tone in the voice band.
    let double = spec.sample_rate == 2 * RATE && spec.channels == 1;
    if spec.sample_rate != RATE && !double {
        return Err(format!("{}: {} samples a second", path.display(), spec.sample_rate));
    }
    let full = f64::from(1_u32 << (spec.bits_per_sample - 1));
    // linphone states 44 octets more than it writes: what is there counts.
    let samples = reader.samples::<i32>().map_while(Result::ok);
    let mut samples: Vec<f64> = samples.map(|sample| f64::from(sample) / full).collect();
    if double {
        samples = samples.chunks(2).map(|pair| pair.iter().sum::<f64>() / 2.0).collect();
    }
    Ok((samples, spec.channels.max(1).into()))
}

/// A recording.
pub(crate) struct Heard {
    samples: Vec<f64>,
}

impl Heard {
    /// Reads a WAV file; several channels are averaged, another rate is refused.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let (samples, channels) = frames(path)?;
        let mean = |frame: &[f64]| frame.iter().sum::<f64>() / frame.len() as f64;
        Ok(Self { samples: samples.chunks(channels).map(mean).collect() })
    }

    /// Reads the left and the right channel of a stereo WAV file.
    pub(crate) fn both(path: &Path) -> Result<[Self; 2], String> {
        let (samples, channels) = frames(path)?;
        if channels != 2 {
            return Err(format!("{}: {channels} channels, not two", path.display()));
        }
        let one = |n: usize| Self { samples: samples.iter().skip(n).step_by(2).copied().collect() };
        Ok([one(0), one(1)])
    }

    /// How long it is.
    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(RATE))
    }

    /// The part from `from` to `to`.
    pub(crate) fn part(&self, from: Duration, to: Duration) -> Self {
        let at =
            |d: Duration| ((d.as_secs_f64() * f64::from(RATE)) as usize).min(self.samples.len());
        Self { samples: self.samples[at(from)..at(to).max(at(from))].to_vec() }
    }

    /// The level of one frequency in one block, in dB under a full-scale sine (Goertzel).
    fn level_of(block: &[f64], hertz: f64) -> f64 {
        let step = std::f64::consts::TAU * hertz / f64::from(RATE);
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in block.iter().enumerate() {
            let (sin, cos) = (step * n as f64).sin_cos();
            re += sample * cos;
            im -= sample * sin;
        }
        let amplitude = 2.0 * (re * re + im * im).sqrt() / block.len().max(1) as f64;
        20.0 * amplitude.max(1e-9).log10()
    }

    /// The level of a block, in dB under a full-scale sine.
    fn level(block: &[f64]) -> f64 {
        let mean = block.iter().map(|s| s * s).sum::<f64>() / block.len().max(1) as f64;
        10.0 * (2.0 * mean).max(1e-18).log10()
    }

    /// For how long this tone was clearly there: in blocks of 50 ms, above -24 dB and at least
    /// three quarters of the block's power.
    pub(crate) fn tone(&self, hertz: u32) -> Duration {
        self.count(|block| {
            let of = Self::level_of(block, f64::from(hertz));
            of > -24.0 && of > Self::level(block) - 1.25
        })
    }

    /// For how long this tone was there beside others: at least a twenty-fifth of each block's power, since baresip's own way from
    /// 8 to 16 kHz takes 10 dB off a tone of 1,300 Hz.
    pub(crate) fn among(&self, hertz: u32) -> Duration {
        self.count(|block| {
            let of = Self::level_of(block, f64::from(hertz));
            of > -30.0 && of > Self::level(block) - 14.0
        })
    }

    /// For how long something was there that is louder than -40 dB.
    pub(crate) fn sound(&self) -> Duration {
        self.count(|block| Self::level(block) > -40.0)
    }

    fn count(&self, is: impl Fn(&[f64]) -> bool) -> Duration {
        let block = RATE as usize / 20;
        let blocks = self.samples.chunks_exact(block).filter(|b| is(b)).count();
        Duration::from_millis(blocks as u64 * 50)
    }

    /// Fails unless the tone was there for at least so long.
    pub(crate) fn expect_tone(&self, who: &str, hertz: u32, least: Duration) -> Result<(), String> {
        let there = self.tone(hertz);
        if there >= least {
            return Ok(());
        }
        Err(format!(
            "{who} heard {hertz} Hz for {there:?} of {:?}, not for {least:?}; any sound: {:?}",
            self.length(),
            self.sound()
        ))
    }

    /// Fails unless the tone was there for at most so long.
    pub(crate) fn expect_no_tone(
        &self,
        who: &str,
        hertz: u32,
        most: Duration,
    ) -> Result<(), String> {
        let there = self.tone(hertz);
        if there <= most {
            return Ok(());
        }
        Err(format!("{who} heard {hertz} Hz for {there:?}, which should not be there"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_heard_and_another_is_not() {
        let path =
            std::env::temp_dir().join(format!("switchboard-tone-{}.wav", std::process::id()));
        write_tone(&path, 440, Duration::from_secs(2)).unwrap();
        let heard = Heard::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(heard.tone(440), Duration::from_secs(2));
        assert_eq!(heard.tone(1000), Duration::ZERO);
        assert_eq!(heard.sound(), Duration::from_secs(2));
        assert!(heard.expect_tone("it", 440, Duration::from_secs(3)).is_err());
        assert!(heard.expect_no_tone("it", 440, Duration::from_secs(1)).is_err());
    }
}
