use core::time::Duration;

use switchboard_dialstring::{Digit, Match};

use crate::{DigitSet, Digits};

/// What one stage of collecting accepts, and how long it waits.
///
/// The defaults suit a menu or an extension asked from a person. Others choose: Asterisk waits
/// 10 s for the first digit and 5 s between digits, KPML (RFC 4730) 4 s between digits and 1 s
/// once the digits match, MGCP (RFC 3435) 16 s and 4 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Fewer digits than this never make a result (1). At least 1 and at most `max` counts.
    pub min: u8,
    /// So many digits end the stage at once (32, which is also the most there can be).
    pub max: u8,
    /// Digits that say "that was all" and are not part of the result (`#`).
    pub terminators: DigitSet,
    /// Digits that give the stage up (none).
    pub cancel: DigitSet,
    /// How long to wait for the first digit once the prompt is over; `None` waits forever
    /// (5 s: the prompt has been heard, so half of what Asterisk gives).
    pub first_digit: Option<Duration>,
    /// How long to wait for the next digit when the digits so far are only a beginning (4 s).
    pub inter_digit: Duration,
    /// How long to wait for the next digit when the digits so far already match; `None` is the
    /// same as `inter_digit` (`None`: one pace for everybody; KPML's 1 s is too short for a hand
    /// that goes back to the keys).
    pub critical: Option<Duration>,
    /// How long the stage may last as a whole, prompt included; `None` has no such limit (`None`).
    pub overall: Option<Duration>,
    /// What happens when nothing can match any more (at once).
    pub mismatch: Mismatch,
}

impl Policy {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        min: 1,
        max: Digits::CAPACITY as u8,
        terminators: DigitSet::POUND,
        cancel: DigitSet::EMPTY,
        first_digit: Some(Duration::from_secs(5)),
        inter_digit: Duration::from_secs(4),
        critical: None,
        overall: None,
        mismatch: Mismatch::AtOnce,
    };
}

impl Default for Policy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a collector does when the digits so far can no longer match anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mismatch {
    /// Ends with [`Outcome::Invalid`](super::Outcome::Invalid) at once.
    #[default]
    AtOnce,
    /// Goes on taking digits until the caller stops, a terminator or `max`, and is invalid then:
    /// the rest of a wrong number is not mistaken for the answer to the next question.
    Swallow,
}

/// Whether digits that come between two stages are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TypeAhead {
    /// They are dropped: no digit of one stage leaks into the next.
    #[default]
    Off,
    /// They are kept, up to [`Digits::CAPACITY`] with those being collected, for a stage that
    /// begins with [`Earlier::Keep`](super::Earlier::Keep).
    On,
}

/// Says whether digits so far match something that can be dialled. The live directory, a menu or
/// a [`Match`]-valued closure.
///
/// ```
/// use switchboard_dialstring::{Digit, Match};
/// use switchboard_dtmf::collector::Matcher;
///
/// // Exactly one digit, 1 to 3.
/// let menu = |digits: &[Digit]| match digits {
///     [Digit::D1 | Digit::D2 | Digit::D3] => Match::Full,
///     _ => Match::None,
/// };
/// assert_eq!(menu.match_digits(&[Digit::D2]), Match::Full);
/// ```
pub trait Matcher {
    /// The answer for these digits; the collector never asks about none.
    fn match_digits(&self, digits: &[Digit]) -> Match;
}

impl<F: Fn(&[Digit]) -> Match> Matcher for F {
    fn match_digits(&self, digits: &[Digit]) -> Match {
        self(digits)
    }
}

/// Takes whatever is dialled: the policy's `max`, a terminator or the timer ends it.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyDigits;

impl Matcher for AnyDigits {
    fn match_digits(&self, _: &[Digit]) -> Match {
        Match::FullAndMore
    }
}
