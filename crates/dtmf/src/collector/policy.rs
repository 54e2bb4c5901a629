use core::time::Duration;

use switchboard_dialstring::{Digit, DigitMap, Match};

use crate::{DigitSet, Digits};

/// What one stage of collecting accepts, and how long it waits.
///
/// The defaults suit a menu or an extension asked from a person. What others choose stands ready:
///
/// | preset | first digit | inter-digit | critical | extra digit |
/// |---|---|---|---|---|
/// | [`DEFAULT`](Self::DEFAULT) | 5 s | 4 s | 4 s | 500 ms |
/// | [`ASTERISK`](Self::ASTERISK) | 10 s | 5 s | 5 s | none |
/// | [`FREESWITCH`](Self::FREESWITCH) | 10 s | 5 s | 5 s | none |
/// | [`KPML`](Self::KPML) | none | 4 s | 1 s | 500 ms |
/// | [`MGCP`](Self::MGCP) | 16 s | 16 s | 4 s | none |
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
    /// How long after digits that ended without a terminator one is still theirs: it is swallowed,
    /// and the stage's end does not wait for it; zero swallows none (500 ms, as KPML; at most
    /// 65 s count).
    pub extra_digit: Duration,
    /// How long a key must stay down for [`Output::LongPress`](super::Output::LongPress); `None`
    /// tells none (`None`). Needs a source that tells releases; at most 65 s count.
    pub long_press: Option<Duration>,
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
        extra_digit: Duration::from_millis(500),
        long_press: None,
        mismatch: Mismatch::AtOnce,
    };

    /// Asterisk's dial plan: 10 s for the first digit (`TIMEOUT(response)`), 5 s for each further
    /// one (`TIMEOUT(digit)`).
    pub const ASTERISK: Self = Self {
        first_digit: Some(Duration::from_secs(10)),
        inter_digit: Duration::from_secs(5),
        extra_digit: Duration::ZERO,
        ..Self::DEFAULT
    };

    /// FreeSWITCH's menus: a `timeout` of 10 s, and half of it for each further digit.
    pub const FREESWITCH: Self = Self::ASTERISK;

    /// KPML (RFC 4730): a subscription waits for its first digit as long as it lasts, 4,000 ms for
    /// the next one (`interdigittimer`), 1,000 ms where the digits match already
    /// (`criticaldigittimer`), and takes an `enterkey` for 500 ms after them (`extradigittimer`).
    pub const KPML: Self = Self {
        first_digit: None,
        inter_digit: Duration::from_millis(4_000),
        critical: Some(Duration::from_millis(1_000)),
        extra_digit: Duration::from_millis(500),
        ..Self::DEFAULT
    };

    /// MGCP's digit maps (RFC 3435 section 2.1.5): the partial dial timer of 16 s, and the critical
    /// one of 4 s where the digits match already.
    pub const MGCP: Self = Self {
        first_digit: Some(Duration::from_secs(16)),
        inter_digit: Duration::from_secs(16),
        critical: Some(Duration::from_secs(4)),
        extra_digit: Duration::ZERO,
        ..Self::DEFAULT
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

/// Says whether digits so far match something that can be dialled: a [`DigitMap`], the live
/// directory, a menu or a [`Match`]-valued closure.
///
/// ```
/// use switchboard_dtmf::{Digit, DigitMap, Match};
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

/// What the map says of the digits; the longest text of a stage costs it 32 steps.
impl Matcher for DigitMap {
    fn match_digits(&self, digits: &[Digit]) -> Match {
        self.matches(digits)
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
