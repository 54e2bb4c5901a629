//! Sends a plan of digits and pauses as telephone-events (RFC 4733).
//!
//! ```text
//!           Send                 due                 tone over               third end
//!   Idle ─────────▶ Waiting ───────────▶ Tone ─────────────────▶ Ending ─────────────┐
//!    ▲                │  ▲                │ every interval:       every interval:    │
//!    │                │  │                ▼ report               ▼ the same end      │
//!    │ no step left:  │  └───────────────────────────────────────────────────────────┘
//!    └── Finished ────┘                 gap, then the plan's pauses
//! ```
//!
//! A report leaves one interval after the tone began, so that its duration is never zero
//! (section 2.3.5 keeps zero for states), and again every interval (section 2.5.1.2); the marker
//! bit is on the first report of each tone (section 2.2.2), all reports of a tone carry the
//! timestamp of its beginning, and the final one is sent three times (section 2.5.1.4).

mod plan;
#[cfg(test)]
mod tests;

use core::time::Duration;

use switchboard_dialstring::Digit;

pub use self::plan::{Plan, Step};
use crate::Instant;
use crate::queue::Queue;

/// How tones are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Timestamp units a second, from the peer's SDP (8,000).
    pub clock_rate: u32,
    /// Between two reports of a tone (20 ms; at least 5 ms counts).
    pub interval: Duration,
    /// Length of a tone (100 ms; ITU-T Q.24 asks for 40 ms, and no less counts). It ends at
    /// 65,535 timestamp units, the most that one report can say.
    pub tone: Duration,
    /// Silence after a tone (100 ms; no less than 40 ms, and than the three final reports take).
    pub gap: Duration,
    /// Power of the tone in -dBm0, 0 to 63 (10).
    pub volume: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            clock_rate: 8_000,
            interval: Duration::from_millis(20),
            tone: Duration::from_millis(100),
            gap: Duration::from_millis(100),
            volume: 10,
        }
    }
}

impl Config {
    fn clamped(mut self) -> Self {
        self.clock_rate = self.clock_rate.max(1);
        self.interval = self.interval.clamp(Duration::from_millis(5), Duration::from_secs(1));
        let longest =
            Duration::from_micros(u64::from(u16::MAX) * 1_000_000 / u64::from(self.clock_rate));
        self.tone = self.tone.max(SHORTEST).min(longest);
        self.gap = self.gap.max(SHORTEST).max(self.interval * (ENDS - 1));
        self.volume = self.volume.min(63);
        self
    }
}

/// ITU-T Q.24: what a receiver must accept.
const SHORTEST: Duration = Duration::from_millis(40);
/// RFC 4733 section 2.5.1.4.
const ENDS: u32 = 3;

/// What a sender is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Send this, from now on.
    Send {
        /// The digits and pauses.
        plan: &'a Plan,
        /// The RTP timestamp of this instant in the stream that the packets join.
        timestamp: u32,
    },
    /// Send no more: a tone that sounds is ended properly, what follows is dropped.
    Cancel,
}

/// What a sender says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A packet to send now.
    Packet(Packet),
    /// The plan is done or has been cancelled, and the gap after its last tone is over.
    Finished,
}

/// The fields of a telephone-event packet (RFC 4733 section 2.3); SSRC, sequence number and
/// payload type are the stream's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The RTP timestamp: when the tone began.
    pub timestamp: u32,
    /// The RTP marker bit.
    pub marker: bool,
    /// The event code.
    pub event: u8,
    /// The E bit.
    pub end: bool,
    /// Power in -dBm0.
    pub volume: u8,
    /// How long the tone has lasted, in timestamp units.
    pub duration: u16,
}

/// A plan is being sent already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("digits are being sent: wait for the end, or cancel, before sending more")]
pub struct Busy;

/// The machine. See the [module](self) for its states.
#[derive(Clone, Debug)]
pub struct Sender {
    config: Config,
    state: State,
    plan: Plan,
    next: usize,
    /// The instant of `Send` and its timestamp.
    origin: (Instant, u32),
    outputs: Queue<Output, 8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    Waiting { until: Instant },
    Tone { digit: Digit, began: Instant, due: Instant, marker: bool },
    Ending { digit: Digit, began: Instant, over: Instant, due: Instant, left: u32 },
}

impl Sender {
    /// A sender that has nothing to send.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config: config.clamped(),
            state: State::Idle,
            plan: Plan::from_iter([] as [Step; 0]),
            next: 0,
            origin: (Instant::EPOCH, 0),
            outputs: Queue::new(),
        }
    }

    /// True until the plan is done.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Takes an input.
    ///
    /// # Errors
    /// [`Busy`] when a plan is being sent: it goes on undisturbed.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), Busy> {
        match input {
            Input::Send { plan, timestamp } => {
                if self.is_sending() {
                    return Err(Busy);
                }
                self.plan = plan.clone();
                self.next = 0;
                self.origin = (now, timestamp);
                self.state = State::Waiting { until: now };
                self.handle_timeout(now);
            }
            Input::Cancel => self.cancel(now),
        }
        Ok(())
    }

    /// Sends what is due. Late calls catch up: nothing is left out, and timestamps stay true.
    pub fn handle_timeout(&mut self, now: Instant) {
        while self.outputs.room() > 0 && self.due().is_some_and(|due| due <= now) {
            self.advance();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do; it lies in the past
    /// while there are packets to catch up on.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due()
    }

    /// What to send, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    fn due(&self) -> Option<Instant> {
        match self.state {
            State::Idle => None,
            State::Waiting { until: due } | State::Tone { due, .. } | State::Ending { due, .. } => {
                Some(due)
            }
        }
    }

    /// Does what the state is due for. There is room for one output.
    fn advance(&mut self) {
        match self.state {
            State::Idle => {}
            State::Waiting { until } => self.next_step(until),
            State::Tone { digit, began, due, marker } => {
                let over = began + self.config.tone;
                if due >= over {
                    self.report(digit, began, over, marker, true);
                    let due = over + self.config.interval;
                    self.state = State::Ending { digit, began, over, due, left: ENDS - 1 };
                } else {
                    self.report(digit, began, due, marker, false);
                    let due = (due + self.config.interval).min(over);
                    self.state = State::Tone { digit, began, due, marker: false };
                }
            }
            State::Ending { digit, began, over, due, left } => {
                self.report(digit, began, over, false, true);
                self.state = if left > 1 {
                    let due = due + self.config.interval;
                    State::Ending { digit, began, over, due, left: left - 1 }
                } else {
                    State::Waiting { until: over + self.config.gap }
                };
            }
        }
    }

    fn next_step(&mut self, now: Instant) {
        let step = self.plan.steps().get(self.next).copied();
        self.next += 1;
        self.state = match step {
            Some(Step::Digit(digit)) => {
                let due = now + self.config.interval.min(self.config.tone);
                State::Tone { digit, began: now, due, marker: true }
            }
            Some(Step::Pause(pause)) => State::Waiting { until: now + pause },
            None => {
                self.push(Output::Finished);
                State::Idle
            }
        };
    }

    fn cancel(&mut self, now: Instant) {
        self.next = self.plan.steps().len();
        match self.state {
            State::Idle | State::Ending { .. } => {}
            State::Waiting { .. } => self.state = State::Waiting { until: now },
            State::Tone { digit, began, marker, .. } => {
                let over = (began + self.config.tone).min(now);
                let over = over.max(began + Duration::from_millis(1));
                // The first of the three ends is due at once.
                self.state = if marker {
                    // Nothing of this tone has been said: it never was.
                    State::Waiting { until: now }
                } else {
                    State::Ending { digit, began, over, due: now, left: ENDS }
                };
            }
        }
        self.handle_timeout(now);
    }

    fn report(&mut self, digit: Digit, began: Instant, now: Instant, marker: bool, end: bool) {
        let (origin, timestamp) = self.origin;
        self.push(Output::Packet(Packet {
            timestamp: timestamp.wrapping_add(self.units(began - origin) as u32),
            marker,
            event: digit.event(),
            end,
            volume: self.config.volume,
            duration: u16::try_from(self.units(now - began)).unwrap_or(u16::MAX),
        }));
    }

    fn units(&self, time: Duration) -> u64 {
        (time.as_micros() * u128::from(self.config.clock_rate) / 1_000_000) as u64
    }

    fn push(&mut self, output: Output) {
        // `handle_timeout` goes on only while there is room.
        let _ = self.outputs.push(output);
    }
}

impl Default for Sender {
    fn default() -> Self {
        Self::new(Config::default())
    }
}
