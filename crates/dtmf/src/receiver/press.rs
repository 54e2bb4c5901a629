//! One press of a key, as far as packets have told, and which packets belong to it.

use switchboard_dialstring::Digit;

use super::sequence::distance;
use crate::{Instant, TelephoneEvent};

/// RFC 4733 section 2.5.1.3: a segment that is this long ends, and the next begins.
const SEGMENT: u32 = 0xffff;
/// How many packets apart an oddly stamped packet can be from the press that it belongs to.
const CLOSE: i16 = 3;
/// How many packets apart two presses of one stream are at most while their order is in doubt.
const NEAR: u16 = 512;

/// A press that has been heard of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Press {
    pub(super) ssrc: u32,
    pub(super) digit: Digit,
    pub(super) stage: Stage,
    /// Its packets' timestamps lie in this range: one value for an orderly sender, more for
    /// segments and for senders that stamp each packet anew.
    from: u32,
    to: u32,
    /// The lowest and the highest sequence number of its packets.
    pub(super) first: u16,
    last: u16,
    /// Units before the current segment, and of it.
    segments: u32,
    duration: u16,
    /// No packet without an E bit has come.
    only_ends: bool,
    /// An E bit has come.
    pub(super) ended: bool,
    /// When its first and its latest packet arrived.
    pub(super) since: Instant,
    pub(super) latest: Instant,
}

/// What has been reported of a press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing: an earlier one may still come.
    Held,
    /// Its start.
    Open,
    /// Its start and its end. It is remembered for the packets that are late.
    Closed,
}

/// What a packet is to a press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// A report of this press.
    Same,
    /// The same key anew, under an identity that was used before.
    Again,
    /// Nothing.
    None,
}

impl Press {
    pub(super) fn new(now: Instant, digit: Digit, packet: &TelephoneEvent) -> Self {
        Self {
            ssrc: packet.ssrc,
            digit,
            stage: Stage::Held,
            from: packet.timestamp,
            to: packet.timestamp,
            first: packet.sequence,
            last: packet.sequence,
            segments: 0,
            duration: packet.duration,
            only_ends: packet.end,
            ended: packet.end,
            since: now,
            latest: now,
        }
    }

    /// Timestamp units that the press has lasted, as far as is known.
    pub(super) fn units(&self) -> u32 {
        self.segments.saturating_add(u32::from(self.duration))
    }

    /// True if this press began before the other, by what the sender numbered. Numbers far apart
    /// and other streams are not comparable: there, what came first is first.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        match distance(self.first, other.first) {
            apart if self.ssrc != other.ssrc || apart.unsigned_abs() > NEAR => {
                self.since < other.since
            }
            // Redundant reports arrive in one packet (RFC 2198).
            0 => (self.from.wrapping_sub(other.from) as i32) < 0,
            apart => apart < 0,
        }
    }

    /// True if a packet that belongs to no known press was sent before this one.
    pub(super) fn is_after(&self, packet: &TelephoneEvent, clock_rate: u32) -> bool {
        let behind = distance(self.first, packet.sequence);
        let older = self.from.wrapping_sub(packet.timestamp);
        self.ssrc == packet.ssrc
            && (1..=NEAR as i16).contains(&behind)
            && (1..=clock_rate.saturating_mul(5)).contains(&older)
    }

    /// What the packet is to this press, by RFC 4733 and by what senders make of it.
    /// `quiet` says that no packet of the press has come for so long that none is to be expected.
    pub(super) fn relation(
        &self,
        packet: &TelephoneEvent,
        quiet: bool,
        clock_rate: u32,
    ) -> Relation {
        if packet.ssrc != self.ssrc || packet.event != self.digit.event() {
            return Relation::None;
        }
        let starts = packet.marker && !packet.end;
        let newer = distance(packet.sequence, self.last);
        if packet.timestamp.wrapping_sub(self.from) <= self.to.wrapping_sub(self.from) {
            let over = self.ended || self.stage == Stage::Closed;
            // A clock that stands still, or a recording played once more.
            let stuck = newer > 0 && packet.duration <= self.duration;
            let replayed = quiet && newer <= 0;
            return if starts && over && (stuck || replayed) {
                Relation::Again
            } else {
                Relation::Same
            };
        }
        let same = if packet.marker {
            false
        } else if newer > 0 {
            self.is_next_segment(packet, clock_rate) || self.is_restamped(packet, newer, clock_rate)
        } else {
            self.is_earlier_stamp(packet, clock_rate)
        };
        if same { Relation::Same } else { Relation::None }
    }

    /// Section 2.5.1.3: no marker, no E before, and the timestamp is where the last segment ended.
    /// The reports that say so may be lost, but not more than half a second of them.
    fn is_next_segment(&self, packet: &TelephoneEvent, clock_rate: u32) -> bool {
        let step = packet.timestamp.wrapping_sub(self.to);
        let told = u32::from(self.duration);
        let full = step <= SEGMENT && step >= SEGMENT.saturating_sub(clock_rate / 50);
        !self.ended
            && told > SEGMENT / 2
            && (step == told || (full && step.saturating_sub(told) <= clock_rate / 2))
    }

    /// A sender (or a relay) that stamps each packet, or each final packet, with its own time. The
    /// packet follows closely, its duration goes on counting, and its timestamp claims no more
    /// than that time has passed.
    fn is_restamped(&self, packet: &TelephoneEvent, newer: i16, clock_rate: u32) -> bool {
        let step = packet.timestamp.wrapping_sub(self.to);
        let since_start = packet.timestamp.wrapping_sub(self.from);
        newer <= CLOSE
            && (packet.end || !self.ended)
            && packet.duration >= self.duration
            && (step <= packets(newer, clock_rate)
                || since_start <= u32::from(packet.duration) + packets(1, clock_rate))
    }

    /// The same sender's earlier packet, overtaken by a later one.
    fn is_earlier_stamp(&self, packet: &TelephoneEvent, clock_rate: u32) -> bool {
        let step = self.from.wrapping_sub(packet.timestamp);
        let behind = distance(self.first, packet.sequence);
        (1..=CLOSE).contains(&behind)
            && packet.duration <= self.duration
            && (step <= packets(behind, clock_rate)
                || (self.only_ends && step <= u32::from(self.duration) + packets(1, clock_rate)))
    }

    /// Takes in a packet of this press.
    pub(super) fn note(&mut self, now: Instant, packet: &TelephoneEvent, clock_rate: u32) {
        if packet.timestamp.wrapping_sub(self.from) > self.to.wrapping_sub(self.from) {
            if (self.from.wrapping_sub(packet.timestamp) as i32) > 0 {
                self.from = packet.timestamp;
            } else {
                if self.is_next_segment(packet, clock_rate) && packet.duration < self.duration {
                    self.segments =
                        self.segments.saturating_add(packet.timestamp.wrapping_sub(self.to));
                    self.duration = 0;
                }
                self.to = packet.timestamp;
            }
        }
        // A late report of an earlier segment says nothing new.
        if self.segments == 0 || packet.timestamp == self.to {
            self.duration = self.duration.max(packet.duration);
        }
        if distance(packet.sequence, self.first) < 0 {
            self.first = packet.sequence;
        }
        if distance(packet.sequence, self.last) > 0 {
            self.last = packet.sequence;
        }
        self.ended |= packet.end;
        self.only_ends &= packet.end;
        self.latest = now;
    }
}

/// The timestamp units of so many packets 20 ms apart, and a little more.
fn packets(count: i16, clock_rate: u32) -> u32 {
    clock_rate / 50 * u32::from(count.unsigned_abs()) + clock_rate / 200
}
