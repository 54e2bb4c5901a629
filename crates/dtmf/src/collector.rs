//! Collects the digits that answer one question: an extension, a menu option, a PIN.
//!
//! A [`Collector`] lives as long as the call and works in stages. [`Input::Begin`] starts a stage
//! with its [`Policy`]; the stage ends with exactly one [`Output::Done`]. After each digit a
//! [`Matcher`] says whether the digits can be dialled: an unambiguous match fires at once, one
//! that could grow waits the inter-digit timeout, and a dead end is told from silence.
//!
//! ```text
//!            Begin(Playing)            PromptEnded
//!   Idle ───────────────────▶ Prompt ──────────────▶ First ── first-digit ──▶ Done(NoInput)
//!    ▲ └──────────────────────── Begin(Silent) ────────▲ │
//!    │                           │ digit                 │ digit
//!    │                           ▼                       ▼
//!    │                        ┌─────────── Digits(May | FullAndMore | None*) ──┐ digit: may or
//!    │                        │              │    ▲                            │ matches and
//!    │                        │              │    └────────────────────────────┘ may grow
//!    └──── Done(..) ◀─────────┴──────────────┘
//!       Full, max, terminator, cancel, mismatch, inter-digit or overall timer
//! ```
//!
//! \* only under [`Mismatch::Swallow`]. One row a state, one column an event:
//!
//! | state | digit: none | digit: may | digit: full | digit: full and more | terminator | timer |
//! |---|---|---|---|---|---|---|
//! | Prompt, First | `Invalid` or Digits(None) | Digits(May) | `Complete` | Digits(FullAndMore) | matched as a digit if it is one, else `Invalid` | `NoInput` |
//! | Digits(May) | as above | Digits(May) | `Complete` | Digits(FullAndMore) | `Invalid` | `Timeout` |
//! | Digits(FullAndMore) | as above | Digits(May) | `Complete` | Digits(FullAndMore) | `Complete` | `Complete` |
//! | Digits(None) | Digits(None) | | | | `Invalid` | `Invalid` |
//! | Idle | dropped, or kept by type-ahead | | | | | |
//!
//! With `max` digits reached, a match is `Complete` and anything else `Invalid`. How often a
//! caller may try again is the caller's business (a router counts wrong and silent tries apart).

mod event;
mod policy;
#[cfg(test)]
mod tests;

use core::time::Duration;

use switchboard_dialstring::{Digit, Match};

pub use self::event::{Earlier, Error, Input, Outcome, Output, Prompt, Trigger};
pub use self::policy::{AnyDigits, Matcher, Mismatch, Policy, TypeAhead};
use crate::{DigitSet, Digits, Instant};

/// The machine. See the [module](self) for its states.
#[derive(Clone, Debug)]
pub struct Collector {
    /// The stage's digits, then those typed ahead.
    digits: Digits,
    state: State,
    type_ahead: TypeAhead,
    mismatch: Mismatch,
    min: u8,
    max: u8,
    terminators: DigitSet,
    cancel: DigitSet,
    first_digit: Millis,
    inter_digit: Millis,
    critical: Millis,
    barge_in: Option<Digit>,
    /// Fires in `First` and `Digits`.
    deadline: Option<Instant>,
    /// Fires in any stage.
    overall: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// No digit yet, the prompt plays.
    Prompt,
    /// No digit yet, the caller's time runs.
    First,
    /// The last answer of the matcher.
    Digits(Match),
    /// Over; the outcome waits to be taken. It owns the first `count` digits.
    Over {
        end: End,
        count: u8,
    },
}

/// An outcome whose digits are still in the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete(Trigger),
    Timeout,
    Invalid,
    Cancelled,
    NoInput,
}

/// A timer's length in milliseconds, small enough for a million collectors; `u32::MAX` (49 days)
/// is "forever".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Millis(u32);

impl Millis {
    fn new(duration: Option<Duration>) -> Self {
        let millis = duration.map_or(u64::MAX, |duration| {
            duration.as_secs().saturating_mul(1_000).saturating_add(duration.subsec_millis().into())
        });
        Self(u32::try_from(millis).unwrap_or(u32::MAX))
    }

    fn after(self, now: Instant) -> Option<Instant> {
        (self.0 != u32::MAX).then(|| now.plus_millis(self.0))
    }
}

impl Collector {
    /// A collector in which no stage has begun.
    #[must_use]
    pub fn new(type_ahead: TypeAhead) -> Self {
        Self {
            digits: Digits::new(),
            state: State::Idle,
            type_ahead,
            mismatch: Mismatch::AtOnce,
            min: 1,
            max: Digits::CAPACITY as u8,
            terminators: DigitSet::EMPTY,
            cancel: DigitSet::EMPTY,
            first_digit: Millis::new(None),
            inter_digit: Millis::new(None),
            critical: Millis::new(None),
            barge_in: None,
            deadline: None,
            overall: None,
        }
    }

    /// True while a stage runs.
    #[must_use]
    pub fn is_collecting(&self) -> bool {
        matches!(self.state, State::Prompt | State::First | State::Digits(_))
    }

    /// What has been dialled in the stage that runs, or was typed ahead of the next.
    #[must_use]
    pub fn digits(&self) -> &[Digit] {
        self.digits.as_slice()
    }

    /// Takes an input. Timers that are due fire first: a digit at the very instant of a timeout
    /// comes too late, whoever called first.
    ///
    /// # Errors
    /// [`Error`] says which inputs are refused when.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), Error> {
        self.handle_timeout(now);
        match input {
            Input::Begin { policy, prompt, earlier, matcher } => {
                self.begin(now, policy, prompt, earlier, matcher)
            }
            Input::PromptEnded => {
                self.prompt_ended(now);
                Ok(())
            }
            Input::Press { digit, matcher } => self.press(now, digit, matcher),
            Input::Release => {
                self.release(now);
                Ok(())
            }
            Input::Flush => {
                self.flush();
                Ok(())
            }
            Input::Abort => {
                self.abort();
                Ok(())
            }
        }
    }

    /// Fires every timer that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if !self.is_collecting() || self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        match self.state {
            State::Digits(last) => {
                self.end(match last {
                    Match::None => End::Invalid,
                    Match::Full | Match::FullAndMore if self.has_enough() => {
                        End::Complete(Trigger::Timer)
                    }
                    _ => End::Timeout,
                });
            }
            _ => self.end(End::NoInput),
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match (self.deadline, self.overall) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// What there is to say, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(digit) = self.barge_in.take() {
            return Some(Output::BargeIn(digit));
        }
        let State::Over { end, count } = self.state else { return None };
        self.state = State::Idle;
        let digits = self.digits.take_front(usize::from(count));
        Some(Output::Done(match end {
            End::Complete(by) => Outcome::Complete { digits, by },
            End::Timeout => Outcome::Timeout { digits },
            End::Invalid => Outcome::Invalid { digits },
            End::Cancelled => Outcome::Cancelled { digits },
            End::NoInput => Outcome::NoInput,
        }))
    }

    fn begin(
        &mut self,
        now: Instant,
        policy: &Policy,
        prompt: Prompt,
        earlier: Earlier,
        matcher: &dyn Matcher,
    ) -> Result<(), Error> {
        if self.state != State::Idle {
            return Err(Error::Busy);
        }
        self.max = policy.max.clamp(1, Digits::CAPACITY as u8);
        self.min = policy.min.clamp(1, self.max);
        self.terminators = policy.terminators;
        self.cancel = policy.cancel;
        self.mismatch = policy.mismatch;
        self.first_digit = Millis::new(policy.first_digit);
        self.inter_digit = Millis::new(Some(policy.inter_digit));
        self.critical = Millis::new(Some(policy.critical.unwrap_or(policy.inter_digit)));
        self.overall = Millis::new(policy.overall).after(now);
        self.state = State::Prompt;
        if prompt == Prompt::Silent {
            self.prompt_ended(now);
        }
        let typed_ahead = core::mem::take(&mut self.digits);
        if earlier == Earlier::Keep {
            for &digit in typed_ahead.iter() {
                // They all fitted before.
                self.press(now, digit, matcher)?;
            }
        }
        Ok(())
    }

    fn prompt_ended(&mut self, now: Instant) {
        if self.state == State::Prompt {
            self.state = State::First;
            self.deadline = self.first_digit.after(now);
        }
    }

    fn press(&mut self, now: Instant, digit: Digit, matcher: &dyn Matcher) -> Result<(), Error> {
        let before = match self.state {
            State::Idle | State::Over { .. } => return self.type_ahead(digit),
            State::Prompt | State::First => {
                self.barge_in = Some(digit);
                None
            }
            State::Digits(last) => Some(last),
        };
        if self.cancel.contains(digit) {
            self.end(End::Cancelled);
        } else if self.terminators.contains(digit) && !self.is_option(digit, matcher) {
            self.terminate(digit, before);
        } else {
            self.add(now, digit, before, matcher);
        }
        Ok(())
    }

    /// A menu may have an option `#`: alone, a terminator is what the matcher says it is.
    fn is_option(&self, digit: Digit, matcher: &dyn Matcher) -> bool {
        self.digits.is_empty() && matcher.match_digits(&[digit]) != Match::None
    }

    fn terminate(&mut self, digit: Digit, last: Option<Match>) {
        let matches = last.is_some_and(Match::is_match);
        self.end(if matches && self.has_enough() {
            End::Complete(Trigger::Terminator(digit))
        } else {
            End::Invalid
        });
    }

    fn add(&mut self, now: Instant, digit: Digit, last: Option<Match>, matcher: &dyn Matcher) {
        // There is room: the stage ends at `max`, which is at most the capacity.
        let _ = self.digits.push(digit);
        let answer = match last {
            Some(Match::None) => Match::None,
            _ => matcher.match_digits(&self.digits),
        };
        let longest = self.digits.len() >= usize::from(self.max);
        match answer {
            Match::Full if self.has_enough() => self.end(End::Complete(Trigger::Unambiguous)),
            Match::FullAndMore if longest => self.end(End::Complete(Trigger::Length)),
            Match::None if self.mismatch == Mismatch::AtOnce => self.end(End::Invalid),
            _ if longest => self.end(End::Invalid),
            _ => {
                self.state = State::Digits(answer);
                self.restart(now, answer);
            }
        }
    }

    fn has_enough(&self) -> bool {
        self.digits.len() >= usize::from(self.min)
    }

    fn restart(&mut self, now: Instant, answer: Match) {
        let timer = if answer.is_match() { self.critical } else { self.inter_digit };
        self.deadline = timer.after(now);
    }

    fn release(&mut self, now: Instant) {
        if let State::Digits(answer) = self.state {
            self.restart(now, answer);
        }
    }

    fn type_ahead(&mut self, digit: Digit) -> Result<(), Error> {
        match self.type_ahead {
            TypeAhead::Off => Ok(()),
            TypeAhead::On => self.digits.push(digit).map_err(|_| Error::TypedTooFarAhead),
        }
    }

    fn flush(&mut self) {
        match self.state {
            State::Idle => self.digits.clear(),
            State::Over { count, .. } => self.digits = self.digits.take_front(usize::from(count)),
            State::Prompt | State::First | State::Digits(_) => {}
        }
    }

    fn abort(&mut self) {
        if self.is_collecting() {
            self.digits.clear();
        } else if let State::Over { count, .. } = self.state {
            self.digits.take_front(usize::from(count));
        }
        self.barge_in = None;
        self.state = State::Idle;
        self.stop_timers();
    }

    fn end(&mut self, end: End) {
        self.state = State::Over { end, count: self.digits.len() as u8 };
        self.stop_timers();
    }

    fn stop_timers(&mut self) {
        self.deadline = None;
        self.overall = None;
    }
}

impl Default for Collector {
    fn default() -> Self {
        Self::new(TypeAhead::Off)
    }
}
