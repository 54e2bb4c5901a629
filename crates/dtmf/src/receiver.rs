//! Hears digits in telephone-events (RFC 4733): each press once, in order.
//!
//! A press is known by its (SSRC, event, timestamp); of its dozen packets any one is enough. The
//! marker, the E bit, the first packet: none of them is needed. A press is held back only while a
//! packet sent before it is missing and may still come.
//!
//! ```text
//!            a packet of no known press
//!                       │
//!                       ▼
//!   nothing missing   Held      every earlier packet came, or Config::reorder is over
//!   before it ───────▶  │
//!                       ▼ Output::Start
//!                     Open      E bit, a later press, or Config::silence
//!                       │
//!                       ▼ Output::End
//!                    Closed     remembered: late and repeated packets change nothing
//! ```
//!
//! Senders that stamp each packet, or each of the three final ones, with its own time (rtpengine
//! has done so, and others) are heard once too, by what the packets claim together. Two presses
//! of one key under one timestamp, without a marker on the second, cannot be told apart: that is
//! one press.

mod press;
mod sequence;
#[cfg(test)]
mod tests;

use core::time::Duration;

use switchboard_dialstring::Digit;

use self::press::{Press, Relation, Stage};
use self::sequence::Arrivals;
use crate::instant::micros;
use crate::queue::Queue;
use crate::{Instant, TelephoneEvent};

/// How presses are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Timestamp units a second, from the SDP (8,000).
    pub clock_rate: u32,
    /// A press of which nothing has come for so long is over (200 ms: RFC 4733 section 2.5.2.2
    /// asks for three reports' time, and reports may be 50 ms apart).
    pub silence: Duration,
    /// How long a press waits for an earlier packet that is missing (200 ms). It waits for none
    /// where the stream's other packets are told by [`Input::Other`] and nothing is missing.
    pub reorder: Duration,
    /// The least time between presses in the long run; faster ones are refused (40 ms: tone and
    /// pause of ITU-T Q.24 take twice as long).
    pub min_spacing: Duration,
    /// How many presses may come at once before `min_spacing` counts (32).
    pub burst: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            clock_rate: 8_000,
            silence: Duration::from_millis(200),
            reorder: Duration::from_millis(200),
            min_spacing: Duration::from_millis(40),
            burst: 32,
        }
    }
}

/// What a receiver is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A telephone-event.
    Event(&'a TelephoneEvent),
    /// Any other packet of the stream (audio). It proves that nothing is missing.
    Other {
        /// The packet's SSRC.
        ssrc: u32,
        /// The packet's sequence number.
        sequence: u16,
    },
}

/// What a receiver says: for each press a start, then an end, before the next press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A key went down.
    Start {
        /// Which.
        digit: Digit,
    },
    /// It went up.
    End {
        /// Which.
        digit: Digit,
        /// How long it was down, as far as the packets that came tell.
        duration: Duration,
    },
}

/// Why a packet was refused. What was heard before stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Presses come faster than fingers and dialers press.
    #[error("presses come faster than the receiver's limit")]
    TooFast,
    /// Outputs have not been taken for too long.
    #[error("too many outputs wait to be taken")]
    Backlog,
}

/// What became of the packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Presses reported.
    pub presses: u64,
    /// Packets of codes that are not digits.
    pub not_digits: u64,
    /// Packets of a press that came when a later one had been reported already: reported now,
    /// it would be in the wrong place.
    pub too_late: u64,
    /// Packets refused with an [`Error`].
    pub refused: u64,
}

/// How many presses are remembered.
const MEMORY: usize = 16;
/// How many presses can be held at once; more, and the first goes out early.
const HELD: usize = MEMORY / 2;
/// A packet later than this after a press, or than half as much again as packets are waited for,
/// is not late: its sender began anew.
const LATEST: Duration = Duration::from_millis(500);

/// The machine. See the [module](self) for its states.
#[derive(Clone, Debug)]
pub struct Receiver {
    config: Config,
    /// The settings that each packet is held against, in microseconds.
    silence: u64,
    reorder: u64,
    /// A packet later than this after a press is not late: its sender began anew.
    latest: u64,
    presses: [Option<Press>; MEMORY],
    /// How many presses are held, and which one is open: at most one is.
    held: usize,
    open: Option<usize>,
    /// Where the newest press is: most packets are its.
    newest: usize,
    arrivals: Option<Arrivals>,
    /// When the next press may come if presses keep their spacing.
    spaced: Instant,
    outputs: Queue<Said, 64>,
    stats: Stats,
}

/// An output in its small form.
#[derive(Clone, Copy, Debug)]
enum Said {
    Start(Digit),
    End(Digit, u32),
}

impl Receiver {
    /// A receiver that has heard nothing.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config: Config { clock_rate: config.clock_rate.max(1), ..config },
            silence: micros(config.silence),
            reorder: micros(config.reorder),
            latest: micros(LATEST.max(config.reorder.saturating_mul(3) / 2)),
            presses: [None; MEMORY],
            held: 0,
            open: None,
            newest: 0,
            arrivals: None,
            spaced: Instant::EPOCH,
            outputs: Queue::new(),
            stats: Stats::default(),
        }
    }

    /// What became of the packets so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Takes a packet. Timers that are due fire first.
    ///
    /// Late packets, duplicates and codes that are not digits are ordinary: [`stats`](Self::stats)
    /// counts them.
    ///
    /// # Errors
    /// [`Error`] when a flood is refused.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), Error> {
        self.handle_timeout(now);
        let result = match input {
            Input::Other { ssrc, sequence } => {
                self.note_arrival(now, ssrc, sequence);
                Ok(())
            }
            Input::Event(packet) => {
                self.note_arrival(now, packet.ssrc, packet.sequence);
                self.event(now, packet)
            }
        };
        if result.is_err() {
            self.stats.refused += 1;
        }
        self.release(now);
        result
    }

    /// Fires every timer that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.release(now);
        if let Some(at) = self.open
            && self.is_silent(now, at)
        {
            self.close(at);
        }
    }

    fn is_silent(&self, now: Instant, at: usize) -> bool {
        self.presses[at].is_some_and(|press| now >= press.latest.plus_micros(self.silence))
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let open = self.open.and_then(|at| self.presses[at].as_ref());
        let silent = open.map(|press| press.latest.plus_micros(self.silence));
        if self.held == 0 {
            return silent;
        }
        let given_up = self.held().map(|(_, press)| press.since.plus_micros(self.reorder));
        given_up.chain(silent).min()
    }

    /// What there is to say, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        Some(match self.outputs.pop()? {
            Said::Start(digit) => Output::Start { digit },
            Said::End(digit, units) => {
                let micros = u64::from(units) * 1_000_000 / u64::from(self.config.clock_rate);
                Output::End { digit, duration: Duration::from_micros(micros) }
            }
        })
    }

    fn note_arrival(&mut self, now: Instant, ssrc: u32, sequence: u16) {
        match &mut self.arrivals {
            Some(arrivals) if arrivals.ssrc() == ssrc => {
                arrivals.note(now, sequence, self.reorder);
            }
            other => *other = Some(Arrivals::new(now, ssrc, sequence)),
        }
    }

    fn event(&mut self, now: Instant, packet: &TelephoneEvent) -> Result<(), Error> {
        let Some(digit) = packet.digit() else {
            self.stats.not_digits += 1;
            return Ok(());
        };
        let known = self.relation(now, self.newest, packet).or_else(|| {
            (0..MEMORY)
                .filter_map(|at| self.relation(now, at, packet))
                .max_by_key(|(at, _)| self.presses[*at].map(|press| press.since))
        });
        let again = match known {
            Some((at, Relation::Same)) => {
                self.note(now, at, packet);
                return Ok(());
            }
            // The old press has been told of, and its identity is the new one's now.
            Some((at, _)) => {
                self.presses[at].take_if(|press| press.stage == Stage::Closed);
                true
            }
            None => false,
        };
        if !again && self.is_too_late(now, packet) {
            self.stats.too_late += 1;
            return Ok(());
        }
        self.press(now, digit, packet)
    }

    /// What a packet is to the press in a slot, if anything.
    fn relation(
        &self,
        now: Instant,
        at: usize,
        packet: &TelephoneEvent,
    ) -> Option<(usize, Relation)> {
        let press = self.presses[at].as_ref()?;
        let quiet = now.micros_since(press.latest) >= self.latest;
        match press.relation(packet, quiet, self.config.clock_rate) {
            Relation::None => None,
            relation => Some((at, relation)),
        }
    }

    fn note(&mut self, now: Instant, at: usize, packet: &TelephoneEvent) {
        if let Some(press) = &mut self.presses[at] {
            press.note(now, packet, self.config.clock_rate);
            if press.ended && press.stage == Stage::Open {
                self.close(at);
            }
        }
    }

    fn is_too_late(&self, now: Instant, packet: &TelephoneEvent) -> bool {
        self.presses.iter().flatten().any(|press| {
            press.stage != Stage::Held
                && now.micros_since(press.latest) < self.latest
                && press.is_after(packet, self.config.clock_rate)
        })
    }

    /// A new press.
    fn press(&mut self, now: Instant, digit: Digit, packet: &TelephoneEvent) -> Result<(), Error> {
        // Each press that is not told of yet needs two places in the queue.
        if self.outputs.room() < 2 * (self.held + usize::from(self.open.is_some()) + 1) {
            return Err(Error::Backlog);
        }
        let spacing = self.config.min_spacing;
        let at_once = u32::from(self.config.burst.max(1) - 1);
        if self.spaced - now > spacing.saturating_mul(at_once) {
            return Err(Error::TooFast);
        }
        self.spaced = self.spaced.max(now) + spacing;
        if self.held >= HELD
            && let Some(first) = self.first_held()
        {
            self.open(first);
        }
        let slot = self.oldest_slot();
        self.presses[slot] = Some(Press::new(now, digit, packet));
        self.newest = slot;
        self.held += 1;
        Ok(())
    }

    /// An empty slot, or the closed press that was heard of longest ago. One is there: held and
    /// open presses are fewer than slots.
    fn oldest_slot(&self) -> usize {
        let age = |press: &Option<Press>| match press {
            None => (0, Instant::EPOCH),
            Some(press) if press.stage == Stage::Closed => (1, press.latest),
            Some(press) => (2, press.latest),
        };
        (0..MEMORY).min_by_key(|at| age(&self.presses[*at])).unwrap_or(0)
    }

    fn held(&self) -> impl Iterator<Item = (usize, &Press)> {
        let presses = self.presses.iter().enumerate();
        presses
            .filter_map(|(at, press)| Some((at, press.as_ref()?)))
            .filter(|(_, press)| press.stage == Stage::Held)
    }

    fn first_held(&self) -> Option<usize> {
        let first = self.held().reduce(|a, b| if b.1.is_before(a.1) { b } else { a });
        first.map(|(at, _)| at)
    }

    /// Opens held presses that need not wait any more, and those before them.
    fn release(&mut self, now: Instant) {
        while self.held > 0 && self.held().any(|(_, press)| self.is_due(now, press)) {
            let Some(first) = self.first_held() else { return };
            self.open(first);
        }
    }

    fn is_due(&self, now: Instant, press: &Press) -> bool {
        let proven = self.arrivals.as_ref().is_some_and(|arrivals| {
            arrivals.ssrc() == press.ssrc && arrivals.is_settled(press.first)
        });
        proven || now >= press.since.plus_micros(self.reorder)
    }

    /// Reports the start of a press; the one before it is over.
    fn open(&mut self, at: usize) {
        if let Some(before) = self.open {
            self.close(before);
        }
        if let Some(press) = &mut self.presses[at] {
            press.stage = Stage::Open;
            self.held -= 1;
            self.open = Some(at);
            let (digit, ended) = (press.digit, press.ended);
            self.stats.presses += 1;
            self.say(Said::Start(digit));
            if ended {
                self.close(at);
            }
        }
    }

    /// Reports the end of the open press.
    fn close(&mut self, at: usize) {
        self.open = None;
        if let Some(press) = &mut self.presses[at] {
            press.stage = Stage::Closed;
            let said = Said::End(press.digit, press.units());
            self.say(said);
        }
    }

    fn say(&mut self, said: Said) {
        // `press` keeps two places for each press.
        let _ = self.outputs.push(said);
    }
}

impl Default for Receiver {
    fn default() -> Self {
        Self::new(Config::default())
    }
}
