//! Recordings as WAV files.

use std::io::{Seek, Write};

use hound::{SampleFormat, WavSpec, WavWriter};

use crate::{Recorded, SAMPLE_RATE};

/// The longest recording: a day.
const MAX_PAIRS: u64 = 24 * 3_600 * SAMPLE_RATE as u64;

/// Writes the blocks of one recording to a WAV file: stereo, 16 bits, 8000 Hz. Where a block is left
/// out there is silence of its length, so that both sides stay in time.
///
/// It waits for its disk: use it on a thread of its own.
///
/// ```
/// use std::time::Duration;
/// use switchboard_media::{Recorded, RecordingFile, RecordingId};
///
/// let mut file = std::io::Cursor::new(Vec::new());
/// let mut recording = RecordingFile::new(&mut file)?;
/// for at in [0, 60] {
///     let samples = vec![1; 640].into();
///     recording.write(&Recorded { recording: RecordingId(1), at: Duration::from_millis(at), samples })?;
/// }
/// recording.finish()?;
/// assert_eq!(file.get_ref().len(), 44 + 4 * 640); // with 40 ms of silence
/// # Ok::<(), switchboard_media::RecordingError>(())
/// ```
pub struct RecordingFile<W: Write + Seek> {
    writer: WavWriter<W>,
    /// Pairs of samples written.
    written: u64,
    /// When the first block began.
    begun: Option<core::time::Duration>,
}

/// Why a recording could not be written: the environment's fault, such as a full disk. What was
/// written before is a whole WAV file up to its last [`flush`](RecordingFile::flush).
#[derive(Debug, thiserror::Error)]
#[error("the recording cannot be written")]
pub struct RecordingError(#[source] hound::Error);

impl<W: Write + Seek> RecordingFile<W> {
    /// A file without a sound yet.
    ///
    /// # Errors
    /// When its head cannot be written.
    pub fn new(file: W) -> Result<Self, RecordingError> {
        let spec = WavSpec {
            channels: 2,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let writer = WavWriter::new(file, spec).map_err(RecordingError)?;
        Ok(Self { writer, written: 0, begun: None })
    }

    /// Writes a block in its place. One that lies before what is written is left out, and nothing is
    /// written after a day.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&mut self, block: &Recorded) -> Result<(), RecordingError> {
        let begun = *self.begun.get_or_insert(block.at);
        let offset =
            block.at.saturating_sub(begun).as_micros() * u128::from(SAMPLE_RATE) / 1_000_000;
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        if offset < self.written || offset > MAX_PAIRS {
            return Ok(());
        }
        for _ in 0..(offset - self.written) * 2 {
            self.writer.write_sample(0_i16).map_err(RecordingError)?;
        }
        for sample in block.samples.chunks_exact(2) {
            let sample = i16::from_le_bytes([sample[0], sample[1]]);
            self.writer.write_sample(sample).map_err(RecordingError)?;
        }
        self.written = offset + block.samples.len() as u64 / 4;
        Ok(())
    }

    /// Writes the head anew, so that the file is whole as far as it goes.
    ///
    /// # Errors
    /// When writing fails.
    pub fn flush(&mut self) -> Result<(), RecordingError> {
        self.writer.flush().map_err(RecordingError)
    }

    /// The last block is written.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self) -> Result<(), RecordingError> {
        self.writer.finalize().map_err(RecordingError)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::io::Cursor;

    use super::*;
    use crate::RecordingId;

    fn block(ms: u64, left: i16, right: i16) -> Recorded {
        let pair = [left.to_le_bytes(), right.to_le_bytes()].concat();
        let samples = pair.repeat(160).into();
        Recorded { recording: RecordingId(1), at: Duration::from_millis(ms), samples }
    }

    #[test]
    fn sides_stay_apart_and_gaps_are_silence() {
        let mut file = Cursor::new(Vec::new());
        let mut recording = RecordingFile::new(&mut file).expect("memory");
        for (ms, left) in [(20, 100), (40, 200), (20, 300), (100, 400)] {
            recording.write(&block(ms, left, -left)).expect("memory");
        }
        recording.finish().expect("memory");
        let mut reader = hound::WavReader::new(file.get_ref().as_slice()).expect("a WAV file");
        assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 8_000));
        let samples: Vec<i16> = reader.samples().map(|s| s.expect("a sample")).collect();
        let left: Vec<i16> = samples.iter().step_by(2).copied().collect();
        let expected: Vec<i16> =
            [100, 200, 0, 0, 400].iter().flat_map(|level| [*level; 160]).collect();
        assert_eq!(left, expected);
        assert!(samples.chunks(2).all(|pair| pair[0] == -pair[1]));
    }

    /// A disk that is full after so many octets.
    struct Full(Cursor<Vec<u8>>, usize);

    impl Write for Full {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            if self.0.get_ref().len() + octets.len() > self.1 {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            self.0.write(octets)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            self.0.flush()
        }
    }

    impl Seek for Full {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn h44_a_full_disk_is_told() {
        let mut recording = RecordingFile::new(Full(Cursor::default(), 2_000)).expect("its head");
        let results: Vec<bool> =
            (0..5).map(|n| recording.write(&block(n * 20, 1, 2)).is_ok()).collect();
        assert_eq!(results.iter().filter(|fine| **fine).count(), 3, "{results:?}");
    }
}
