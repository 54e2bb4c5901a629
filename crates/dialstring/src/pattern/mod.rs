//! Patterns of digits: what each notation says, as one list of items for the automaton.

mod asterisk;
mod cursor;
mod error;
mod keys;
mod kpml;
mod mgcp;

use alloc::vec::Vec;

pub use error::{PatternError, PatternErrorKind};
pub(crate) use keys::Keys;

/// A pattern of digits, for a [`DigitMap`](crate::DigitMap).
///
/// | notation | read by |
/// |---|---|
/// | MGCP digit maps (RFC 3435 section 2.1.5) | [`Pattern::mgcp`] |
/// | H.248 digit maps (ITU-T H.248.1 section 7.1.14, RFC 3525) | [`Pattern::h248`] |
/// | Asterisk extension patterns | [`Pattern::asterisk`] |
/// | KPML digit regular expressions (RFC 4730 section 5.1) | [`Pattern::kpml`] |
///
/// All become the same thing inside, so that one map may hold patterns of several notations.
/// No pattern matches before the first digit, even where its notation would allow it.
///
/// ```
/// use switchboard_dialstring::{Digit, DigitMap, Match, Pattern};
///
/// let mut map = DigitMap::new();
/// let local = map.add_pattern(Pattern::mgcp("(0|[1-7]xxx|9011x.T)")?)?;
/// let abroad = map.add_pattern(Pattern::asterisk("_00X.")?)?;
/// let digits = |text: &str| text.chars().filter_map(Digit::from_char).collect::<Vec<_>>();
/// assert_eq!(map.matches(&digits("0")), Match::FullAndMore); // "0", and perhaps "00..."
/// assert_eq!(map.matches(&digits("47")), Match::May);
/// assert_eq!(map.matches(&digits("4711")), Match::Full);
/// assert_eq!(map.matches(&digits("8")), Match::None);
/// assert_ne!(local, abroad);
///
/// let error = Pattern::mgcp("[1-7]xx[").unwrap_err();
/// assert_eq!((error.offset(), error.kind().name()), (8, "unclosed_range"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// One alternative behind the other, each closed by its [`Item::End`].
    items: Vec<Item>,
}

/// How long to wait for the next digit, where a pattern says so (H.248.1 section 7.1.14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// As long as the map's user always does.
    #[default]
    Usual,
    /// The short timer: `S` stands here.
    Short,
    /// The long timer: `L` stands here. It counts more than `S` of another alternative.
    Long,
}

/// One step of an alternative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A key is pressed.
    Press {
        keys: Keys,
        /// It may be left out.
        optional: bool,
        /// It may come again.
        again: bool,
        /// Nobody waits for it: `!`.
        unawaited: bool,
        /// How long to wait for it.
        wait: Wait,
    },
    /// The alternative is over.
    End {
        /// Only once the timer has run out: `T`.
        timed: bool,
        /// How long to wait for whatever else may follow.
        wait: Wait,
    },
}

impl Pattern {
    /// The most items of a pattern, each repetition that must be counted being one: 2,048.
    pub const MAX_ITEMS: usize = 2_048;

    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }
}

/// A pattern in the making.
struct Builder {
    items: Vec<Item>,
    /// What the next item is waited for.
    wait: Wait,
}

impl Builder {
    const fn new() -> Self {
        Self { items: Vec::new(), wait: Wait::Usual }
    }

    /// Adds a press that is repeated at least and at most so often; false when the pattern is full.
    fn press(&mut self, keys: Keys, least: usize, most: Option<usize>) -> bool {
        let many = most.unwrap_or(least.max(1));
        if many > Pattern::MAX_ITEMS.saturating_sub(self.items.len()) {
            return false;
        }
        for at in 0..many {
            let again = most.is_none() && at + 1 == many;
            let wait = core::mem::take(&mut self.wait);
            let optional = at >= least;
            self.items.push(Item::Press { keys, optional, again, unawaited: false, wait });
        }
        true
    }

    /// Adds any keys, as many as come, for which nobody waits.
    fn rest(&mut self) {
        let wait = core::mem::take(&mut self.wait);
        let (optional, again, unawaited) = (true, true, true);
        self.items.push(Item::Press { keys: Keys::ALL, optional, again, unawaited, wait });
    }

    fn end(&mut self, timed: bool) {
        let wait = core::mem::take(&mut self.wait);
        self.items.push(Item::End { timed, wait });
    }

    fn pattern(self) -> Pattern {
        Pattern { items: self.items }
    }
}
