//! A bounded buffer that puts packets back into order for whoever decodes them, and delays them as
//! little as their jitter allows.

mod arrivals;

use core::time::Duration;
use std::time::Instant;

use self::arrivals::Arrivals;
use crate::{ClockRate, Header, RtpTimestamp, SequenceNumber, Ssrc};

/// Packets that can be held; divides 65,536, so that numbers keep their distance across the wrap.
const CAPACITY: usize = 64;
/// The buffer fills anew when nothing came for so many takes.
const MAX_DRY: u16 = 3;

/// The bounds of a [`JitterBuffer`]'s delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JitterConfig {
    /// The clock of the stream's timestamps.
    pub clock: ClockRate,
    /// The delay with which a stream begins, until its jitter is known.
    pub first: Duration,
    /// The least delay.
    pub least: Duration,
    /// The most: packets that come later than this are lost.
    pub most: Duration,
}

impl Default for JitterConfig {
    /// 8000 Hz; 40 ms at first, 20 ms to 200 ms later.
    fn default() -> Self {
        Self {
            clock: ClockRate::HZ_8000,
            first: Duration::from_millis(40),
            least: Duration::from_millis(20),
            most: Duration::from_millis(200),
        }
    }
}

/// Reorders and paces the packets of one stream, for decoding: recording, mixing, in-band detection;
/// relayed audio never passes through it.
///
/// A packet's delay is how long after its earliest possible arrival (the least transit time among
/// the last 128 packets) it is taken. The buffer aims at the delay under which 97 % of those packets
/// would have come in time, between two bounds. It grows at once, one packet time in two, by
/// [`Taken::Hold`]; it shrinks when its user finds a quiet packet while
/// [`has_excess`](Self::has_excess) says that there is one too many.
///
/// ```text
///           insert              delay reached              3 takes without a packet
///   Idle ───────────▶ Filling ─────────────────▶ Playing ───────────────────────────▶ Filling
/// ```
///
/// ```
/// use std::time::{Duration, Instant};
/// use switchboard_rtp::{
///     Header, JitterBuffer, JitterConfig, PayloadType, RtpTimestamp, SequenceNumber, Ssrc, Taken,
/// };
///
/// # #[allow(clippy::disallowed_methods)]
/// let start = Instant::now();
/// let at = |n: u32| start + Duration::from_millis(20) * n;
/// let header = |n: u32| Header {
///     marker: false,
///     payload_type: PayloadType::PCMA,
///     sequence_number: SequenceNumber(n as u16),
///     timestamp: RtpTimestamp(n * 160),
///     ssrc: Ssrc(7),
/// };
/// let mut buffer = JitterBuffer::new(JitterConfig::default());
/// buffer.insert(at(0), &header(0), "first");
/// assert_eq!(buffer.take(at(0)), Taken::Nothing); // 40 ms are not over
/// buffer.insert(at(2), &header(2), "third"); // the second one is lost
/// assert_eq!(buffer.take(at(2)), Taken::Item("first"));
/// assert_eq!(buffer.take(at(3)), Taken::Missing);
/// assert_eq!(buffer.take(at(4)), Taken::Item("third"));
/// assert_eq!(buffer.delay(), Duration::from_millis(40));
/// ```
#[derive(Clone, Debug)]
pub struct JitterBuffer<T> {
    config: JitterConfig,
    /// A packet's slot is its number modulo the capacity.
    slots: Box<[Option<Held<T>>]>,
    held: usize,
    state: State,
    stream: Option<Ssrc>,
    epoch: Option<Instant>,
    arrivals: Arrivals,
    /// Timestamp units of a packet, as far as two neighbours told.
    packet: u32,
    /// In timestamp units.
    target: i32,
    delay: i32,
    /// The take before gave [`Taken::Hold`].
    held_back: bool,
    late: u64,
    missing: u64,
}

#[derive(Clone, Debug)]
struct Held<T> {
    number: SequenceNumber,
    timestamp: RtpTimestamp,
    item: T,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing came yet.
    Idle,
    /// Waiting until the oldest has its delay. What is older than `floor` was played, or given up.
    Filling { floor: Option<SequenceNumber> },
    /// `next` is played next; the last `dry` takes found nothing.
    Playing { next: SequenceNumber, dry: u16 },
}

/// What became of an inserted packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inserted<T> {
    /// It waits for its turn.
    Held,
    /// It came after its turn, which counts as a late loss; here it is back.
    Late(T),
    /// It is there already; here it is back.
    Duplicate(T),
    /// It belongs to another stream, or is so far from the others that the stream must have
    /// restarted: everything held was dropped and it is the first of the new stream.
    Restarted,
}

/// What to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Taken<T> {
    /// The next packet.
    Item(T),
    /// The next packet did not come and later ones did: conceal it.
    Missing,
    /// The delay grows by one packet time, or the talker made a pause: conceal, or be silent.
    Hold,
    /// Nothing to play: the stream has not begun, or everything was played. Conceal for a while.
    Nothing,
}

impl<T> JitterBuffer<T> {
    /// An empty buffer. It holds at most 64 packets.
    #[must_use]
    pub fn new(config: JitterConfig) -> Self {
        Self {
            config,
            slots: (0..CAPACITY).map(|_| None).collect(),
            held: 0,
            state: State::Idle,
            stream: None,
            epoch: None,
            arrivals: Arrivals::default(),
            packet: config.clock.units(Duration::from_millis(20)),
            target: config.clock.units(config.first) as i32,
            delay: 0,
            held_back: false,
            late: 0,
            missing: 0,
        }
    }

    /// Packets held.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.held
    }

    /// Whether no packet is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// The delay of the packet taken last.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.config.clock.duration(self.delay.max(0) as u32)
    }

    /// The delay that the jitter asks for.
    #[must_use]
    pub fn target(&self) -> Duration {
        self.config.clock.duration(self.target.max(0) as u32)
    }

    /// Packets that came after their turn.
    #[must_use]
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// Takes that found a hole: [`Taken::Missing`]. A packet that came late is among them.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.missing
    }

    /// Whether the delay is longer than it should be by a packet time or more, with another packet
    /// there: a quiet packet just taken can be left out.
    #[must_use]
    pub const fn has_excess(&self) -> bool {
        self.held > 0 && self.delay - self.target > (self.packet + self.packet / 4) as i32
    }

    /// Puts a packet in.
    pub fn insert(&mut self, now: Instant, header: &Header, item: T) -> Inserted<T> {
        self.epoch.get_or_insert(now);
        let transit = self.transit(now, header.timestamp);
        let number = header.sequence_number;
        let is_new = self.stream != Some(header.ssrc);
        if is_new || self.arrivals.is_elsewhere(transit, self.config.clock) {
            return self.restart(header, transit, item);
        }
        let Some(is_late) = self.place(number) else {
            return self.restart(header, transit, item);
        };
        self.arrivals.note(transit);
        self.retarget();
        if is_late {
            self.late += 1;
            return Inserted::Late(item);
        }
        self.put(number, header.timestamp, item)
    }

    /// Takes what is to be played now. Call it once a packet time.
    pub fn take(&mut self, now: Instant) -> Taken<T> {
        self.drop_overdue(now);
        let Some(oldest) = self.oldest() else { return self.run_dry() };
        let next = match self.state {
            State::Idle => return Taken::Nothing,
            State::Filling { .. } => {
                if self.delay_of(now, oldest) < self.target {
                    return Taken::Nothing;
                }
                oldest
            }
            // What was concealed already is not concealed twice.
            State::Playing { next, dry } => {
                next.add(dry.min(oldest.distance_from(next).max(0) as u16))
            }
        };
        self.state = State::Playing { next, dry: 0 };
        let is_there = oldest == next;
        if is_there && self.holds_back(now, next) {
            return Taken::Hold;
        }
        self.held_back = false;
        self.state = State::Playing { next: next.next(), dry: 0 };
        if !is_there {
            self.missing += 1;
            return Taken::Missing;
        }
        self.delay = self.delay_of(now, next);
        let taken = self.slots[slot(next)].take();
        self.held -= 1;
        taken.map_or(Taken::Missing, |held| Taken::Item(held.item))
    }

    /// Whether a number comes too late; `None` when it is too far from the others to be of their
    /// stream. All that are held fit into the slots.
    fn place(&self, number: SequenceNumber) -> Option<bool> {
        let capacity = CAPACITY as i16;
        let floor = match self.state {
            State::Idle => return Some(false),
            State::Filling { floor } => floor,
            State::Playing { next, .. } => Some(next),
        };
        if let Some(floor) = floor {
            let distance = number.distance_from(floor);
            return (-capacity..capacity).contains(&distance).then_some(distance < 0);
        }
        let mut held = self.slots.iter().flatten().map(|held| number.distance_from(held.number));
        let near = held.all(|distance| (1 - capacity..capacity).contains(&distance));
        near.then_some(false)
    }

    /// Whether the next packet should wait: for its delay to grow, or for its time.
    fn holds_back(&mut self, now: Instant, next: SequenceNumber) -> bool {
        let short = self.target - self.delay_of(now, next);
        let packet = self.packet as i32;
        let waits = if self.held_back { short > packet * 3 / 2 } else { short > packet / 2 };
        self.held_back = waits;
        waits
    }

    /// Leaves out what waits for longer than the bound, while newer packets are there.
    fn drop_overdue(&mut self, now: Instant) {
        let most = self.config.clock.units(self.config.most) + 2 * self.packet;
        while self.held > 1
            && let State::Playing { next, .. } = self.state
            && let Some(oldest) = self.oldest()
            && self.delay_of(now, oldest) > most as i32
        {
            self.missing += oldest.distance_from(next).max(0) as u64 + 1;
            self.slots[slot(oldest)] = None;
            self.held -= 1;
            self.state = State::Playing { next: oldest.next(), dry: 0 };
        }
    }

    fn run_dry(&mut self) -> Taken<T> {
        if let State::Playing { next, dry } = self.state {
            self.state = if dry + 1 < MAX_DRY {
                State::Playing { next, dry: dry + 1 }
            } else {
                State::Filling { floor: Some(next) }
            };
        }
        Taken::Nothing
    }

    fn put(&mut self, number: SequenceNumber, timestamp: RtpTimestamp, item: T) -> Inserted<T> {
        let at = slot(number);
        if self.slots[at].as_ref().is_some_and(|held| held.number == number) {
            return Inserted::Duplicate(item);
        }
        let before = number.add(u16::MAX);
        if let Some(before) = self.slots[slot(before)].as_ref().filter(|held| held.number == before)
        {
            let units = timestamp.distance_from(before.timestamp);
            // 2.5 ms to 120 ms: what packets of audio are long.
            let rate = self.config.clock.get() as i32;
            if (rate / 400..=rate * 3 / 25).contains(&units) {
                self.packet = units as u32;
            }
        }
        if matches!(self.state, State::Idle) {
            self.state = State::Filling { floor: None };
        }
        self.held += usize::from(self.slots[at].is_none());
        self.slots[at] = Some(Held { number, timestamp, item });
        Inserted::Held
    }

    fn restart(&mut self, header: &Header, transit: i32, item: T) -> Inserted<T> {
        let is_first = self.stream.is_none();
        self.slots.iter_mut().for_each(|slot| *slot = None);
        self.held = 0;
        self.state = State::Idle;
        self.stream = Some(header.ssrc);
        self.arrivals = Arrivals::default();
        self.arrivals.note(transit);
        self.held_back = false;
        self.put(header.sequence_number, header.timestamp, item);
        if is_first { Inserted::Held } else { Inserted::Restarted }
    }

    fn retarget(&mut self) {
        if let Some(spread) = self.arrivals.spread() {
            let units = |duration| self.config.clock.units(duration) as i32;
            // Takes come on a grid: half a packet time makes sure of the one before.
            let wanted = spread + self.packet as i32 / 2;
            self.target = wanted.clamp(units(self.config.least), units(self.config.most));
        }
    }

    /// The oldest number held.
    fn oldest(&self) -> Option<SequenceNumber> {
        if self.held == 0 {
            return None;
        }
        if let State::Playing { next, .. } = self.state {
            return (0..CAPACITY as u16).map(|n| next.add(n)).find(|number| self.is_held(*number));
        }
        let numbers = self.slots.iter().flatten().map(|held| held.number);
        numbers.reduce(|a, b| if b.is_after(a) { a } else { b })
    }

    fn is_held(&self, number: SequenceNumber) -> bool {
        self.slots[slot(number)].as_ref().is_some_and(|held| held.number == number)
    }

    /// Time since a packet's earliest possible arrival, in timestamp units.
    fn delay_of(&self, now: Instant, number: SequenceNumber) -> i32 {
        let timestamp = self.slots[slot(number)].as_ref().map(|held| held.timestamp);
        let Some(timestamp) = timestamp else { return i32::MAX };
        self.transit(now, timestamp).wrapping_sub(self.arrivals.earliest())
    }

    /// The instant on the stream's clock, less the timestamp: only differences mean something.
    fn transit(&self, now: Instant, timestamp: RtpTimestamp) -> i32 {
        let epoch = self.epoch.unwrap_or(now);
        let units = self.config.clock.units(now.saturating_duration_since(epoch));
        RtpTimestamp(units).distance_from(timestamp)
    }
}

fn slot(number: SequenceNumber) -> usize {
    usize::from(number.0) % CAPACITY
}

#[cfg(test)]
mod tests;
