//! What a leg's peer says, as samples: for those who record, mix or translate it.

use core::time::Duration;
use std::time::Instant;

use switchboard_rtp::{ClockRate, Header, Inserted, JitterBuffer, JitterConfig, Taken};

use crate::{Codec, ComfortNoise, Concealer, Decoder};

/// Samples of a block: 20 ms.
pub(crate) const BLOCK: usize = 160;
/// Samples of the longest packet that is heard: 60 ms.
const MAX_PACKET: usize = 480;
/// Mean power of a block that may be left out to shorten the delay: about -45 dBm0.
const QUIET: u64 = 40 * 40;

/// A packet that waits.
#[derive(Clone, Debug, Default)]
struct Frame {
    codec: Option<Codec>,
    payload: Vec<u8>,
}

/// Reorders, decodes and conceals. It is asked for a block each 20 ms, whatever has come.
#[derive(Debug)]
pub(crate) struct Ear {
    clock: ClockRate,
    buffer: JitterBuffer<Frame>,
    /// Of the codec that was heard last.
    decoder: Option<(Codec, Decoder)>,
    /// Buffers of frames that are over, to be used again.
    spare: Vec<Frame>,
    concealer: Concealer,
    /// What the talker's pauses sound like.
    noise: Option<ComfortNoise>,
    /// Samples that were decoded and not given yet.
    samples: Vec<i16>,
    /// How long the last packet was.
    packet: usize,
    /// Something was heard at all.
    begun: bool,
    block: [i16; BLOCK],
}

impl Ear {
    /// One for a stream of this clock.
    pub(crate) fn new(clock: ClockRate) -> Self {
        Self {
            clock,
            buffer: JitterBuffer::new(JitterConfig { clock, ..JitterConfig::default() }),
            decoder: None,
            spare: Vec::new(),
            concealer: Concealer::new(),
            noise: None,
            samples: Vec::with_capacity(BLOCK + MAX_PACKET),
            packet: BLOCK,
            begun: false,
            block: [0; BLOCK],
        }
    }

    /// The block of this 20 ms.
    pub(crate) const fn block(&self) -> &[i16; BLOCK] {
        &self.block
    }

    /// The clock of the stream that it hears.
    pub(crate) const fn clock(&self) -> ClockRate {
        self.clock
    }

    /// How long what it hears waits.
    pub(crate) fn delay(&self) -> Duration {
        self.buffer.delay()
    }

    /// Packets that came after their turn.
    pub(crate) const fn late(&self) -> u64 {
        self.buffer.late()
    }

    /// Takes a packet.
    pub(crate) fn push(&mut self, now: Instant, header: &Header, codec: Codec, payload: &[u8]) {
        if codec.samples(payload) > MAX_PACKET {
            return;
        }
        self.noise = None;
        let mut frame = self.spare.pop().unwrap_or_default();
        frame.codec = Some(codec);
        frame.payload.clear();
        frame.payload.extend_from_slice(payload);
        match self.buffer.insert(now, header, frame) {
            Inserted::Held | Inserted::Restarted => {}
            Inserted::Late(frame) | Inserted::Duplicate(frame) => self.spare.push(frame),
        }
    }

    /// The talker pauses, and this is how it sounds meanwhile.
    pub(crate) fn pause(&mut self, noise: ComfortNoise) {
        self.noise = Some(noise);
    }

    /// Makes the block of this 20 ms.
    pub(crate) fn listen(&mut self, now: Instant) {
        while self.samples.len() < BLOCK {
            self.hear(now);
        }
        let (block, _) = self.samples.split_at(BLOCK);
        self.block.copy_from_slice(block);
        self.samples.drain(..BLOCK);
    }

    /// Decodes or conceals one packet.
    fn hear(&mut self, now: Instant) {
        let start = self.samples.len();
        match self.buffer.take(now) {
            Taken::Item(frame) => {
                self.begun = true;
                self.decode(frame);
                // One packet too many, and this one would not be missed.
                if self.buffer.has_excess() && is_quiet(&self.samples[start..]) {
                    self.samples.truncate(start);
                    return;
                }
                self.concealer.good(&mut self.samples[start..]);
            }
            Taken::Nothing if !self.begun => self.samples.resize(start + BLOCK, 0),
            Taken::Missing | Taken::Hold | Taken::Nothing => {
                self.samples.resize(start + self.packet, 0);
                let gap = &mut self.samples[start..];
                match &mut self.noise {
                    Some(noise) => {
                        noise.fill(gap);
                        self.concealer.good(gap);
                    }
                    None => self.concealer.lost(gap),
                }
            }
        }
    }

    fn decode(&mut self, frame: Frame) {
        if let Some(codec) = frame.codec {
            if self.decoder.as_ref().is_none_or(|(known, _)| *known != codec) {
                self.decoder = Some((codec, Decoder::new(codec)));
            }
            if let Some((_, decoder)) = &mut self.decoder {
                decoder.decode(&frame.payload, &mut self.samples);
            }
            self.packet = codec.samples(&frame.payload).max(1);
        }
        self.spare.push(frame);
    }
}

fn is_quiet(samples: &[i16]) -> bool {
    let power: u64 = samples.iter().map(|s| (i64::from(*s) * i64::from(*s)) as u64).sum();
    power < QUIET * samples.len() as u64
}
