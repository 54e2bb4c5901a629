//! Any codec, with samples at 8000 Hz on the other side.

use crate::g711::Law;
use crate::{Codec, Resampler, SampleRate, g722};

/// Encodes audio at 8000 Hz in any codec, what the codec remembers and resampling included.
///
/// ```
/// use switchboard_media::{Codec, Decoder, Encoder};
///
/// let (mut encoder, mut decoder) = (Encoder::new(Codec::G722), Decoder::new(Codec::G722));
/// let (mut payload, mut heard) = (Vec::new(), Vec::new());
/// encoder.encode(&[0; 160], &mut payload);
/// assert_eq!(payload.len(), 160); // 20 ms at 64 kbit/s
/// decoder.decode(&payload, &mut heard);
/// assert_eq!(heard.len(), 160);
/// ```
#[derive(Debug)]
pub struct Encoder(Encoding);

#[derive(Debug)]
enum Encoding {
    G711(Law),
    G722(Box<Wide<g722::Encoder>>),
}

/// Decodes any codec to audio at 8000 Hz.
#[derive(Debug)]
pub struct Decoder(Decoding);

#[derive(Debug)]
enum Decoding {
    G711(Law),
    G722(Box<Wide<g722::Decoder>>),
}

/// A codec of another rate.
#[derive(Debug)]
struct Wide<T> {
    codec: T,
    resampler: Resampler,
    samples: Vec<i16>,
}

impl Encoder {
    /// One that has heard silence so far. G.711 needs no memory; others take some 10 KiB.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        Self(match codec {
            Codec::Pcma => Encoding::G711(Law::A),
            Codec::Pcmu => Encoding::G711(Law::Mu),
            Codec::G722 => Encoding::G722(Box::new(Wide {
                codec: g722::Encoder::new(),
                resampler: Resampler::new(SampleRate::Hz8000, SampleRate::Hz16000),
                samples: Vec::new(),
            })),
        })
    }

    /// Encodes a packet of audio: a multiple of 10 ms, 60 ms at most. What `payload` held is gone.
    pub fn encode(&mut self, samples: &[i16], payload: &mut Vec<u8>) {
        payload.clear();
        match &mut self.0 {
            Encoding::G711(law) => payload.extend(samples.iter().map(|s| law.encode(*s))),
            Encoding::G722(wide) => {
                wide.samples.clear();
                wide.resampler.push(samples, &mut wide.samples);
                payload.resize(wide.samples.len() / 2, 0);
                wide.codec.encode(&wide.samples, payload);
            }
        }
    }
}

impl Decoder {
    /// One that has heard silence so far.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        Self(match codec {
            Codec::Pcma => Decoding::G711(Law::A),
            Codec::Pcmu => Decoding::G711(Law::Mu),
            Codec::G722 => Decoding::G722(Box::new(Wide {
                codec: g722::Decoder::new(),
                resampler: Resampler::new(SampleRate::Hz16000, SampleRate::Hz8000),
                samples: Vec::new(),
            })),
        })
    }

    /// Decodes a packet, and adds what it says to `samples`.
    pub fn decode(&mut self, payload: &[u8], samples: &mut Vec<i16>) {
        match &mut self.0 {
            Decoding::G711(law) => samples.extend(payload.iter().map(|code| law.decode(*code))),
            Decoding::G722(wide) => {
                wide.samples.resize(2 * payload.len(), 0);
                wide.codec.decode(payload, &mut wide.samples);
                wide.resampler.push(&wide.samples, samples);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use switchboard_testkit::audio;

    use super::*;

    #[test]
    fn every_codec_carries_a_tone_at_its_level() {
        for codec in [Codec::Pcma, Codec::Pcmu, Codec::G722] {
            let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
            for (frequency, level) in [(440.0, -10.0), (1_000.0, -16.0), (3_000.0, -20.0)] {
                let said = audio::sine(frequency, level, 16_000);
                let (mut payload, mut heard) = (Vec::new(), Vec::new());
                for packet in said.chunks(160) {
                    encoder.encode(packet, &mut payload);
                    assert_eq!(codec.units(&payload), 160);
                    assert_eq!(codec.samples(&payload), 160);
                    decoder.decode(&payload, &mut heard);
                }
                assert_eq!(heard.len(), said.len());
                let heard = audio::level_dbm0(&heard[800..], frequency);
                assert!((heard - level).abs() < 0.4, "{codec}, {frequency} Hz: {heard} dBm0");
            }
        }
    }
}
