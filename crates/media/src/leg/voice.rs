//! The memory of a codec in which a leg speaks. A leg of G.711, or one that only relays, has none.

use crate::{Codec, Encoder};

#[derive(Debug)]
pub(super) struct Voice {
    codec: Codec,
    encoder: Encoder,
    payload: Vec<u8>,
}

impl Voice {
    /// The payload of a packet.
    pub(super) fn say<'a>(
        voice: &'a mut Option<Box<Self>>,
        codec: Codec,
        samples: &[i16],
    ) -> &'a [u8] {
        voice.take_if(|voice| voice.codec != codec);
        let voice = voice.get_or_insert_with(|| {
            Box::new(Self { codec, encoder: Encoder::new(codec), payload: Vec::new() })
        });
        voice.encoder.encode(samples, &mut voice.payload);
        &voice.payload
    }
}
