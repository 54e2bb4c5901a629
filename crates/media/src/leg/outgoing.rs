//! The stream that a leg sends: one SSRC, one run of sequence numbers, one time line, whether its
//! packets are made here or relayed (RFC 3550, section 5.1).

use core::time::Duration;
use std::time::Instant;

use switchboard_rtp::{ClockRate, Header, PayloadType, RtpTimestamp, SequenceNumber, Ssrc};

/// Relayed packets that are up to so many numbers late still find their place.
const MAX_LATE: i16 = 100;
/// A jump by more numbers than this, or of the time line by more than this against the clock, is a new
/// beginning.
const MAX_JUMP: i16 = 3_000;
const MAX_DRIFT: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) ssrc: Ssrc,
    clock: ClockRate,
    /// The timestamp of `epoch`.
    origin: RtpTimestamp,
    epoch: Instant,
    next: SequenceNumber,
    /// Where the audio sent so far ends.
    end: Option<RtpTimestamp>,
    /// How the packets of the relayed stream fit in; `None` after a packet of our own.
    relay: Option<Relay>,
    press: Option<Press>,
    /// The next packet of our own is the first after a break.
    after_break: bool,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
}

/// The place of another stream within ours.
#[derive(Clone, Copy, Debug)]
struct Relay {
    ssrc: Ssrc,
    /// The highest number relayed.
    highest: SequenceNumber,
    /// How many numbers back the place reaches.
    reach: i16,
    sequence_offset: u16,
    timestamp_offset: u32,
}

/// The last telephone-event relayed: all its packets keep one timestamp.
#[derive(Clone, Copy, Debug)]
struct Press {
    ssrc: Ssrc,
    theirs: RtpTimestamp,
    ours: RtpTimestamp,
}

impl Outgoing {
    pub(crate) fn new(
        epoch: Instant,
        ssrc: Ssrc,
        next: SequenceNumber,
        origin: RtpTimestamp,
    ) -> Self {
        Self {
            ssrc,
            clock: ClockRate::HZ_8000,
            origin,
            epoch,
            next,
            end: None,
            relay: None,
            press: None,
            after_break: true,
            packets: 0,
            octets: 0,
        }
    }

    /// Timestamps count in another clock from now on.
    pub(crate) fn set_clock(&mut self, now: Instant, clock: ClockRate) {
        if clock != self.clock {
            (self.origin, self.epoch, self.clock) = (self.begin_at(now), now, clock);
            (self.end, self.relay, self.press) = (None, None, None);
        }
    }

    /// The timestamp of an instant.
    pub(crate) fn timestamp_at(&self, now: Instant) -> RtpTimestamp {
        self.origin.add(self.clock.units(now.saturating_duration_since(self.epoch)))
    }

    /// The timestamp at which something that begins now begins: not inside what was sent already.
    pub(crate) fn begin_at(&self, now: Instant) -> RtpTimestamp {
        let clock = self.timestamp_at(now);
        self.end.filter(|end| end.is_after(clock)).unwrap_or(clock)
    }

    /// Nothing is sent for a while, or something else than before: the next packet says so.
    pub(crate) fn interrupt(&mut self) {
        self.relay = None;
        self.after_break = true;
    }

    /// The header of audio of our own.
    pub(crate) fn audio(&mut self, at: Instant, units: u32, payload_type: PayloadType) -> Header {
        let timestamp = self.begin_at(at);
        self.relay = None;
        let marker = core::mem::take(&mut self.after_break);
        self.header(self.next, timestamp, units, marker, payload_type)
    }

    /// The header of a telephone-event of our own.
    pub(crate) fn event(
        &mut self,
        timestamp: RtpTimestamp,
        marker: bool,
        payload_type: PayloadType,
    ) -> Header {
        self.interrupt();
        self.header(self.next, timestamp, 0, marker, payload_type)
    }

    /// The header under which a relayed audio packet goes on; `None` when it comes too late.
    pub(crate) fn relayed_audio(
        &mut self,
        now: Instant,
        theirs: &Header,
        units: u32,
        payload_type: PayloadType,
    ) -> Option<Header> {
        let (number, relay, is_new) = self.place(now, theirs)?;
        let timestamp = theirs.timestamp.add(relay.timestamp_offset);
        self.relay = Some(relay);
        self.after_break = true;
        Some(self.header(number, timestamp, units, theirs.marker || is_new, payload_type))
    }

    /// The header under which a relayed telephone-event goes on. `same_clock`: its timestamps count
    /// like those of our stream.
    pub(crate) fn relayed_event(
        &mut self,
        now: Instant,
        theirs: &Header,
        same_clock: bool,
        payload_type: PayloadType,
    ) -> Option<Header> {
        let (number, mut relay, _) = self.place(now, theirs)?;
        let known = self
            .press
            .filter(|press| press.ssrc == theirs.ssrc && press.theirs == theirs.timestamp);
        let ours = match known {
            Some(press) => press.ours,
            None if same_clock => theirs.timestamp.add(relay.timestamp_offset),
            None => self.begin_at(now),
        };
        if same_clock {
            relay.timestamp_offset = ours.0.wrapping_sub(theirs.timestamp.0);
        }
        self.press = Some(Press { ssrc: theirs.ssrc, theirs: theirs.timestamp, ours });
        self.relay = Some(relay);
        self.after_break = true;
        Some(self.header(number, ours, 0, theirs.marker, payload_type))
    }

    /// The number of a relayed packet in our stream, and the place it belongs to; true when that
    /// begins with it.
    fn place(&self, now: Instant, theirs: &Header) -> Option<(SequenceNumber, Relay, bool)> {
        if let Some(mut relay) = self.relay.filter(|relay| relay.ssrc == theirs.ssrc) {
            let step = theirs.sequence_number.distance_from(relay.highest);
            if step < 0 && step > -MAX_JUMP / 3 {
                if -step > relay.reach {
                    return None;
                }
                return Some((theirs.sequence_number.add(relay.sequence_offset), relay, false));
            }
            let drift = theirs
                .timestamp
                .add(relay.timestamp_offset)
                .distance_from(self.timestamp_at(now))
                .unsigned_abs();
            if (0..MAX_JUMP).contains(&step) && drift < self.clock.units(MAX_DRIFT) {
                relay.highest = theirs.sequence_number;
                relay.reach = relay.reach.saturating_add(step).min(MAX_LATE);
                return Some((theirs.sequence_number.add(relay.sequence_offset), relay, false));
            }
        }
        let relay = Relay {
            ssrc: theirs.ssrc,
            highest: theirs.sequence_number,
            reach: 0,
            sequence_offset: self.next.0.wrapping_sub(theirs.sequence_number.0),
            timestamp_offset: self.begin_at(now).0.wrapping_sub(theirs.timestamp.0),
        };
        Some((self.next, relay, true))
    }

    fn header(
        &mut self,
        sequence_number: SequenceNumber,
        timestamp: RtpTimestamp,
        units: u32,
        marker: bool,
        payload_type: PayloadType,
    ) -> Header {
        if sequence_number.distance_from(self.next) >= 0 {
            self.next = sequence_number.next();
        }
        let end = timestamp.add(units);
        if self.end.is_none_or(|before| end.is_after(before)) {
            self.end = Some(end);
        }
        Header { marker, payload_type, sequence_number, timestamp, ssrc: self.ssrc }
    }
}

#[cfg(test)]
#[path = "outgoing/tests.rs"]
mod tests;
