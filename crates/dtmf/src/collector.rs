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
//! \* only under [`Mismatch::Swallow`]. One row a state, one column an event; each event makes one
//! transition:
//!
//! | state | digit: none | digit: may | digit: full | digit: full and more | terminator | cancel | timer |
//! |---|---|---|---|---|---|---|---|
//! | Prompt, First | `Invalid` or Digits(None) | Digits(May) | `Complete` | Digits(FullAndMore) | a digit if it matches as one, else `Invalid` | `Cancelled` | `NoInput` |
//! | Digits(May) | as above | Digits(May) | `Complete` | Digits(FullAndMore) | `Invalid` | `Cancelled` | `Timeout` |
//! | Digits(FullAndMore) | as above | Digits(May) | `Complete` | Digits(FullAndMore) | `Complete` | `Cancelled` | `Complete` |
//! | Digits(None) | Digits(None) | | | | `Invalid` | `Cancelled` | `Invalid` |
//! | Idle | dropped, or kept by type-ahead | | | | the same | the same | |
//!
//! The timer is the first-digit timer in First; in Digits(FullAndMore) the critical one, in the
//! other Digits the inter-digit one, both from the last press or release; and in all of them, and
//! in Prompt, the overall one from the stage's beginning. With `max` digits reached, a match is
//! `Complete` and anything else `Invalid`; with fewer than `min`, a match is none that ends a stage.
//!
//! The first key of a stage is told as [`Output::BargeIn`], a key that stays down as
//! [`Output::LongPress`]. Digits that complete by themselves are told at once, so the `#` that some
//! callers press behind them comes when their stage is over: for [`Policy::extra_digit`] it is still
//! theirs, and neither kept nor an answer to the next question. [`Attempts`] counts how often the
//! caller may try again.
//!
//! # Digit maps and KPML
//!
//! A [`DigitMap`](switchboard_dialstring::DigitMap) is a matcher: live extensions, and patterns of
//! MGCP, H.248, Asterisk and KPML. A subscription of KPML (RFC 4730) is a stage: its regular
//! expressions are the patterns, its timers the policy's ([`Policy::KPML`] has the defaults), its
//! `enterkey` the terminator, its `flush` the [`Earlier`] of the stage.
//!
//! ```
//! use core::time::Duration;
//! use switchboard_dtmf::{Digit, DigitMap, Pattern};
//! use switchboard_dtmf::Instant;
//! use switchboard_dtmf::collector::{
//!     Collector, Earlier, Input, Outcome, Output, Policy, Prompt, Trigger, TypeAhead,
//! };
//!
//! let mut map = DigitMap::new();
//! for regex in ["0", "0[1-9]x{2}"] {
//!     map.add_pattern(Pattern::kpml(regex)?)?; // the operator, or a line behind 0
//! }
//! let mut collector = Collector::new(TypeAhead::On);
//! let (policy, prompt, earlier, mut now) =
//!     (&Policy::KPML, Prompt::Silent, Earlier::Keep, Instant::EPOCH);
//! collector.handle(now, Input::Begin { policy, prompt, earlier, matcher: &map })?;
//! assert_eq!(collector.poll_timeout(), None); // as long as the subscription lasts
//! collector.handle(now, Input::Press { digit: Digit::D0, matcher: &map })?;
//! // It matches, and could go on: the critical timer.
//! assert_eq!(collector.poll_timeout(), Some(now + Duration::from_millis(1_000)));
//! now += Duration::from_millis(1_000);
//! collector.handle_timeout(now);
//! assert_eq!(collector.poll_output(), Some(Output::BargeIn(Digit::D0)));
//! let Some(Output::Done(Outcome::Complete { digits, by })) = collector.poll_output() else {
//!     panic!("no report");
//! };
//! assert_eq!((digits.to_string().as_str(), by), ("0", Trigger::Timer));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attempts;
mod event;
mod policy;
#[cfg(test)]
mod tests;
mod timer;

use switchboard_dialstring::{Digit, Match};

pub use self::attempts::{Attempts, Next};
pub use self::event::{Earlier, Error, Input, Outcome, Output, Prompt, Trigger};
pub use self::policy::{AnyDigits, Matcher, Mismatch, Policy, TypeAhead};
use self::timer::{Millis, NEVER, ShortMillis};
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
    barge_in: Option<Digit>,
    terminators: DigitSet,
    cancel: DigitSet,
    long_press: ShortMillis,
    extra_digit: ShortMillis,
    /// Long presses that are to be told: bit `i` is the stage's digit `i`.
    long_presses: u32,
    first_digit: Millis,
    inter_digit: Millis,
    critical: Millis,
    /// Fires in `First` and `Digits`.
    deadline: Instant,
    /// Fires in any stage.
    overall: Instant,
    /// In `Digits`: when the key that is down makes a long press. Elsewhere: until when a
    /// terminator belongs to the digits of the stage before.
    key: Instant,
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
            barge_in: None,
            long_press: ShortMillis::new(None),
            extra_digit: ShortMillis::new(None),
            long_presses: 0,
            first_digit: Millis::new(None),
            inter_digit: Millis::new(None),
            critical: Millis::new(None),
            deadline: NEVER,
            overall: NEVER,
            key: NEVER,
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
    // Who calls knows which input it is: inlined, the match is gone.
    #[inline(always)]
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
    #[inline]
    pub fn handle_timeout(&mut self, now: Instant) {
        if now >= self.deadline || now >= self.overall || now >= self.key {
            self.fire(now);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let key = if matches!(self.state, State::Digits(_)) { self.key } else { NEVER };
        Some(self.deadline.min(self.overall).min(key)).filter(|due| *due != NEVER)
    }

    /// What there is to say, in order.
    #[inline]
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(digit) = self.barge_in.take() {
            return Some(Output::BargeIn(digit));
        }
        if self.long_presses != 0 {
            return self.next_long_press();
        }
        let State::Over { end, count } = self.state else { return None };
        Some(Output::Done(self.outcome(end, count)))
    }

    fn next_long_press(&mut self) -> Option<Output> {
        let digit = self.digits.get(self.long_presses.trailing_zeros() as usize).copied();
        // The lowest one is told.
        self.long_presses &= self.long_presses - 1;
        digit.map(Output::LongPress)
    }

    fn outcome(&mut self, end: End, count: u8) -> Outcome {
        self.state = State::Idle;
        let digits = self.digits.take_front(usize::from(count));
        match end {
            End::Complete(by) => Outcome::Complete { digits, by },
            End::Timeout => Outcome::Timeout { digits },
            End::Invalid => Outcome::Invalid { digits },
            End::Cancelled => Outcome::Cancelled { digits },
            End::NoInput => Outcome::NoInput,
        }
    }

    #[cold]
    fn fire(&mut self, now: Instant) {
        let due = self.deadline.min(self.overall);
        let is_over = due <= now && due != NEVER;
        if self.key <= now && self.key != NEVER {
            if matches!(self.state, State::Digits(_)) && self.key <= due {
                self.long_presses |= 1 << (self.digits.len() - 1);
            }
            self.key = NEVER;
        }
        match self.state {
            _ if !is_over => {}
            State::Digits(last) => {
                let end = match last {
                    Match::None => End::Invalid,
                    Match::Full | Match::FullAndMore if self.has_enough() => {
                        End::Complete(Trigger::Timer)
                    }
                    _ => End::Timeout,
                };
                self.end_without_terminator(now, end);
            }
            _ => self.end(End::NoInput),
        }
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
        self.long_press = ShortMillis::new(policy.long_press);
        self.extra_digit = ShortMillis::new(Some(policy.extra_digit));
        self.first_digit = Millis::new(policy.first_digit);
        self.inter_digit = Millis::new(Some(policy.inter_digit));
        self.critical = policy.critical.map_or(self.inter_digit, |time| Millis::new(Some(time)));
        self.overall = Millis::new(policy.overall).after(now);
        self.state = State::Prompt;
        if prompt == Prompt::Silent {
            self.prompt_ended(now);
        }
        if !self.digits.is_empty() {
            let typed_ahead = core::mem::take(&mut self.digits);
            if earlier == Earlier::Keep {
                for &digit in typed_ahead.iter() {
                    // They all fitted before.
                    self.press(now, digit, matcher)?;
                }
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
        let last = match self.state {
            State::Digits(last) => last,
            State::Prompt | State::First => {
                if self.takes_extra(now, digit) {
                    return Ok(());
                }
                self.barge_in = Some(digit);
                // No digit is the beginning of every number.
                Match::May
            }
            State::Idle | State::Over { .. } => return self.between_stages(now, digit),
        };
        if self.cancel.contains(digit) {
            self.end(End::Cancelled);
        } else if self.terminators.contains(digit) && !self.is_option(digit, matcher) {
            self.terminate(digit, last);
        } else {
            self.add(now, digit, last, matcher);
        }
        Ok(())
    }

    /// A menu may have an option `#`: alone, a terminator is what the matcher says it is.
    fn is_option(&self, digit: Digit, matcher: &dyn Matcher) -> bool {
        self.digits.is_empty() && matcher.match_digits(&[digit]) != Match::None
    }

    fn terminate(&mut self, digit: Digit, last: Match) {
        self.end(if last.is_match() && self.has_enough() {
            End::Complete(Trigger::Terminator(digit))
        } else {
            End::Invalid
        });
    }

    fn add(&mut self, now: Instant, digit: Digit, last: Match, matcher: &dyn Matcher) {
        // There is room: the stage ends at `max`, which is at most the capacity.
        let _ = self.digits.push(digit);
        let answer = match last {
            Match::None => Match::None,
            _ => matcher.match_digits(&self.digits),
        };
        let longest = self.digits.len() >= usize::from(self.max);
        let end = match answer {
            Match::Full if self.has_enough() => End::Complete(Trigger::Unambiguous),
            Match::FullAndMore if longest => End::Complete(Trigger::Length),
            Match::None if self.mismatch == Mismatch::AtOnce => End::Invalid,
            _ if longest => End::Invalid,
            _ => {
                self.state = State::Digits(answer);
                self.key = self.long_press.after(now);
                self.restart(now, answer);
                return;
            }
        };
        self.end_without_terminator(now, end);
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
            self.key = NEVER;
            self.restart(now, answer);
        }
    }

    /// True for the terminator of digits that ended without it: it is used up.
    fn takes_extra(&mut self, now: Instant, digit: Digit) -> bool {
        let until = core::mem::replace(&mut self.key, NEVER);
        now < until && until != NEVER && self.terminators.contains(digit)
    }

    fn between_stages(&mut self, now: Instant, digit: Digit) -> Result<(), Error> {
        if self.takes_extra(now, digit) {
            return Ok(());
        }
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
        self.long_presses = 0;
        self.state = State::Idle;
        self.deadline = NEVER;
        self.overall = NEVER;
        self.key = NEVER;
    }

    fn end(&mut self, end: End) {
        self.state = State::Over { end, count: self.digits.len() as u8 };
        self.deadline = NEVER;
        self.overall = NEVER;
        self.key = NEVER;
    }

    /// The stage ends, and the caller may yet press the terminator of its digits.
    fn end_without_terminator(&mut self, now: Instant, end: End) {
        self.end(end);
        self.key = self.extra_digit.after(now);
    }
}

impl Default for Collector {
    fn default() -> Self {
        Self::new(TypeAhead::Off)
    }
}
