//! A leg and the hall: what its peer says as samples, and what it hears of others as samples.

use std::time::Instant;

use switchboard_rtp::ClockRate;

use super::{Heard, Leg};
use crate::Codec;
use crate::ear::{BLOCK, Ear};

/// Samples that may wait to be sent: 80 ms; the oldest are dropped.
const MAX_WAITING: usize = 4 * BLOCK;

/// Audio that others say, until it is sent.
#[derive(Debug, Default)]
pub(super) struct Mixed {
    samples: Vec<i16>,
}

impl Mixed {
    /// Fills a packet; false while there is not enough.
    pub(super) fn fill(&mut self, packet: &mut [i16]) -> bool {
        if self.samples.len() < packet.len() {
            return false;
        }
        packet.copy_from_slice(&self.samples[..packet.len()]);
        self.samples.drain(..packet.len());
        true
    }
}

impl Leg {
    pub(crate) fn open_ear(&mut self) {
        let clock = self.codec().map_or(ClockRate::HZ_8000, Codec::clock_rate);
        self.ear.get_or_insert_with(|| Box::new(Ear::new(clock)));
    }

    pub(crate) fn close_ear(&mut self) {
        if let Some(ear) = self.ear.take() {
            self.incoming.note_ear(&ear);
        }
    }

    /// The leg hears samples of others from now on, or no longer.
    pub(crate) fn hear_others(&mut self, does_hear: bool) {
        if !does_hear && self.mixed.is_some() {
            self.mixed = None;
            self.outgoing.interrupt();
        }
    }

    /// Takes what its peer said, for those who need samples.
    pub(crate) fn overhear(&mut self, now: Instant, heard: &Heard<'_>) {
        let Some(ear) = &mut self.ear else { return };
        match heard {
            Heard::Audio { header, codec, payload } => ear.push(now, header, *codec, payload),
            Heard::Pause { noise } => ear.pause(*noise),
            Heard::Event { .. } => {}
        }
    }

    /// Makes the block of this 20 ms out of what its peer said.
    pub(crate) fn listen(&mut self, now: Instant) -> Option<[i16; BLOCK]> {
        let ear = self.ear.as_mut()?;
        ear.listen(now);
        Some(*ear.block())
    }

    /// The block of this 20 ms.
    pub(crate) fn said(&self) -> Option<&[i16; BLOCK]> {
        self.ear.as_ref().map(|ear| ear.block())
    }

    /// Takes a block to send.
    pub(crate) fn hear(&mut self, block: &[i16; BLOCK]) {
        let samples = &mut self.mixed.get_or_insert_default().samples;
        if samples.len() + BLOCK > MAX_WAITING {
            samples.drain(..BLOCK);
        }
        samples.extend_from_slice(block);
    }
}
