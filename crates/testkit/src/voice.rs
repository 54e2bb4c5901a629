//! What a peer speaks.

use core::fmt;

use crate::Law;

/// A codec of a peer: audio at 8000 Hz on one side, payloads on the other. [`Law`] is one; a test brings
/// others.
pub trait Voice: fmt::Debug + Send {
    /// Its payload type.
    fn payload_type(&self) -> u8;
    /// Units of its RTP clock in a sample at 8000 Hz: 1 of G.711.
    fn units(&self) -> u32 {
        1
    }
    /// The payload of 20 ms.
    fn say(&mut self, samples: &[i16]) -> Vec<u8>;
    /// What a payload says.
    fn hear(&mut self, payload: &[u8]) -> Vec<i16>;
    /// Another one that has heard nothing yet.
    fn again(&self) -> Box<dyn Voice>;
}

impl Voice for Law {
    fn payload_type(&self) -> u8 {
        Self::payload_type(*self)
    }

    fn say(&mut self, samples: &[i16]) -> Vec<u8> {
        samples.iter().map(|sample| self.encode(*sample)).collect()
    }

    fn hear(&mut self, payload: &[u8]) -> Vec<i16> {
        payload.iter().map(|code| self.decode(*code)).collect()
    }

    fn again(&self) -> Box<dyn Voice> {
        Box::new(*self)
    }
}

impl Clone for Box<dyn Voice> {
    fn clone(&self) -> Self {
        self.again()
    }
}
