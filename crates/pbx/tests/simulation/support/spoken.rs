//! Codecs with a memory, as a peer has them. Their codes are those of other implementations: their own tests say
//! so.

use switchboard_media::{Codec, Decoder, Encoder};
use switchboard_testkit::Voice;

#[derive(Debug)]
pub struct Spoken {
    codec: Codec,
    encoder: Encoder,
    decoder: Decoder,
}

impl Spoken {
    pub fn new(codec: Codec) -> Self {
        Self { codec, encoder: Encoder::new(codec), decoder: Decoder::new(codec) }
    }
}

impl Voice for Spoken {
    fn payload_type(&self) -> u8 {
        self.codec.payload_type().get()
    }

    fn units(&self) -> u32 {
        self.codec.clock_rate().get() / 8_000
    }

    fn say(&mut self, samples: &[i16]) -> Vec<u8> {
        let mut payload = Vec::new();
        self.encoder.encode(samples, &mut payload);
        payload
    }

    fn hear(&mut self, payload: &[u8]) -> Vec<i16> {
        let mut samples = Vec::new();
        self.decoder.decode(payload, &mut samples);
        samples
    }

    fn again(&self) -> Box<dyn Voice> {
        Box::new(Self::new(self.codec))
    }
}
