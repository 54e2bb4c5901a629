//! Prompts in memory, and WAV files.

use core::fmt;
use core::time::Duration;
use std::io::{Read, Seek, Write};

use crate::SAMPLE_RATE;
use crate::g711::Law;

/// The longest prompt: an hour.
const MAX_SAMPLES: usize = 3_600 * SAMPLE_RATE as usize;

/// Mono audio at 8000 Hz, 16 bits, kept encoded by both laws of G.711 too, so that playing it to any
/// number of such calls costs each a copy and no arithmetic.
///
/// ```
/// use switchboard_media::Audio;
/// use switchboard_media::g711::Law;
///
/// let beep = Audio::from_samples(vec![0, 8_000, 0, -8_000]);
/// assert_eq!(beep.encoded(Law::A).len(), 4);
///
/// let mut file = std::io::Cursor::new(Vec::new());
/// beep.write_wav(&mut file)?;
/// assert_eq!(Audio::read_wav(file.get_ref().as_slice())?, beep);
/// # Ok::<(), switchboard_media::AudioError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Audio {
    samples: Vec<i16>,
    a_law: Vec<u8>,
    mu_law: Vec<u8>,
}

impl Audio {
    /// Audio from samples at 8000 Hz.
    #[must_use]
    pub fn from_samples(samples: Vec<i16>) -> Self {
        let encoded = |law: Law| samples.iter().map(|sample| law.encode(*sample)).collect();
        let (a_law, mu_law) = (encoded(Law::A), encoded(Law::Mu));
        Self { samples, a_law, mu_law }
    }

    /// Reads a WAV file: PCM of 8 to 32 bits or float, 8000 Hz, one or two channels (the mean of
    /// two is taken), at most one hour.
    ///
    /// # Errors
    /// When it is no WAV file, ends early, is of another format, or is too long.
    pub fn read_wav(file: impl Read) -> Result<Self, AudioError> {
        let mut reader = hound::WavReader::new(file).map_err(AudioError::reading)?;
        let spec = reader.spec();
        if spec.sample_rate != SAMPLE_RATE {
            return Err(AudioErrorKind::SampleRate(spec.sample_rate).into());
        }
        let channels = usize::from(spec.channels);
        if !(1..=2).contains(&channels) {
            return Err(AudioErrorKind::Channels(spec.channels).into());
        }
        let interleaved: Vec<f32> = match spec.sample_format {
            hound::SampleFormat::Float => {
                let samples = reader.samples::<f32>();
                collect(samples.map(|s| s.map(|s| s * 32_768.0)), channels)?
            }
            hound::SampleFormat::Int => {
                let scale = 32_768.0 / (1_u64 << (spec.bits_per_sample - 1)) as f32;
                let samples = reader.samples::<i32>();
                collect(samples.map(|s| s.map(|s| s as f32 * scale)), channels)?
            }
        };
        let mix = |frame: &[f32]| (frame.iter().sum::<f32>() / frame.len() as f32).round() as i16;
        Ok(Self::from_samples(interleaved.chunks_exact(channels).map(mix).collect()))
    }

    /// Writes a WAV file: 16 bits, 8000 Hz, mono.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write_wav(&self, file: impl Write + Seek) -> Result<(), AudioError> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::new(file, spec).map_err(AudioError::reading)?;
        for sample in &self.samples {
            writer.write_sample(*sample).map_err(AudioError::reading)?;
        }
        writer.finalize().map_err(AudioError::reading)
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// The audio in G.711, one octet a sample.
    #[must_use]
    pub fn encoded(&self, law: Law) -> &[u8] {
        match law {
            Law::A => &self.a_law,
            Law::Mu => &self.mu_law,
        }
    }

    /// How long it plays.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.samples.len() as u64) / SAMPLE_RATE
    }
}

impl fmt::Debug for Audio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audio").field("duration", &self.duration()).finish_non_exhaustive()
    }
}

/// Why a WAV file could not be read or written. `Display` says what would be right.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct AudioError {
    kind: AudioErrorKind,
    #[source]
    source: Option<std::io::Error>,
}

/// What was wrong with a WAV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioErrorKind {
    /// Not a WAV file, or one that ends early.
    #[error("not a whole WAV file (RIFF/WAVE with PCM data)")]
    Malformed,
    /// A WAV file in an encoding that is not read.
    #[error("the WAV file's encoding is not PCM; convert it: sox IN -e signed -b 16 OUT")]
    Encoding,
    /// Another sample rate.
    #[error("the sample rate is {0} Hz and must be 8000; convert it: sox IN -r 8000 OUT")]
    SampleRate(u32),
    /// Too many channels.
    #[error("{0} channels: one or two can be read; convert it: sox IN -c 1 OUT")]
    Channels(u16),
    /// Longer than an hour.
    #[error("longer than an hour")]
    TooLong,
    /// The environment's fault: see the source.
    #[error("reading or writing failed")]
    Io,
}

impl AudioError {
    /// What was wrong.
    #[must_use]
    pub const fn kind(&self) -> AudioErrorKind {
        self.kind
    }

    fn reading(error: hound::Error) -> Self {
        match error {
            // A file cut off in the middle is the file's fault.
            hound::Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                AudioErrorKind::Malformed.into()
            }
            // hound reports a short read of a sample as an error of no kind.
            hound::Error::IoError(error) if error.raw_os_error().is_none() => {
                Self { kind: AudioErrorKind::Malformed, source: Some(error) }
            }
            hound::Error::IoError(error) => Self { kind: AudioErrorKind::Io, source: Some(error) },
            hound::Error::Unsupported => AudioErrorKind::Encoding.into(),
            _ => AudioErrorKind::Malformed.into(),
        }
    }
}

impl From<AudioErrorKind> for AudioError {
    fn from(kind: AudioErrorKind) -> Self {
        Self { kind, source: None }
    }
}

/// Collects samples without believing the header's length.
fn collect(
    samples: impl Iterator<Item = Result<f32, hound::Error>>,
    channels: usize,
) -> Result<Vec<f32>, AudioError> {
    let mut out = Vec::new();
    for sample in samples {
        if out.len() >= MAX_SAMPLES * channels {
            return Err(AudioErrorKind::TooLong.into());
        }
        out.push(sample.map_err(AudioError::reading)?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
