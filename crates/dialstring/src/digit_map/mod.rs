//! A live set of digit strings and patterns.

mod automaton;
#[cfg(test)]
mod tests;
mod trie;

use alloc::vec::Vec;

use crate::pattern::{Pattern, Wait};
use crate::{Digit, Extension, Match};
use automaton::Automaton;
use trie::Trie;

/// A live set of digit strings and [patterns](Pattern) that answers, digit by digit, what can
/// still be dialled.
///
/// The strings are a trie, the patterns one deterministic automaton, and both are walked side by
/// side: a digit costs two look-ups, whatever the number of entries and patterns. Entries come and
/// go while it is in use, in the time of their own digits; memory of removed ones is used again. A
/// change of the patterns makes their automaton anew, and bounded: [`TooManyStates`].
///
/// ```
/// use switchboard_dialstring::{Digit, DigitMap, Extension, Match};
///
/// let mut map = DigitMap::new();
/// for extension in ["1", "101", "102"] {
///     map.insert_extension(extension.parse::<Extension>()?);
/// }
/// let one = map.step(map.start(), Digit::D1);
/// assert_eq!(map.at(one), Match::FullAndMore); // "1", and perhaps "101"
/// let nine = map.step(one, Digit::D9);
/// assert_eq!(map.at(nine), Match::None);
/// # Ok::<(), switchboard_dialstring::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DigitMap {
    entries: Trie,
    patterns: Vec<(PatternId, Pattern)>,
    automaton: Automaton,
    /// How many patterns there ever were.
    added: u32,
}

/// How far the digits so far lead into a [`DigitMap`]. It holds until the map changes; after that
/// the digits are walked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    node: u32,
    state: u16,
}

/// A pattern of a [`DigitMap`], for as long as the map has it. Patterns that were added earlier
/// come first in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(u32);

/// What digits are in a [`DigitMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    /// An entry, which counts more than a pattern.
    Entry,
    /// No entry, and a pattern: of several, the one that was added first.
    Pattern(PatternId),
}

/// The patterns together would need more states than a map allows
/// ([`TooManyStates::LIMIT`]): nothing was added.
///
/// Patterns in which something that repeats is followed by a long rest, as `x.1xxxxxxxxxxxxxxx`,
/// double the states with each symbol of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the patterns together need more than {} states: use fewer, or fewer symbols behind '.'",
    Self::LIMIT
)]
pub struct TooManyStates;

impl TooManyStates {
    /// The most states of the automaton of a map's patterns; each takes 80 octets or less.
    pub const LIMIT: usize = 16_384;
}

impl Default for DigitMap {
    fn default() -> Self {
        Self::new()
    }
}

impl DigitMap {
    /// A map in which nothing matches.
    #[must_use]
    pub fn new() -> Self {
        let (entries, automaton) = (Trie::new(), Automaton::empty());
        Self { entries, patterns: Vec::new(), automaton, added: 0 }
    }

    /// Adds an entry; false for one that was there, and for one without digits.
    pub fn insert(&mut self, digits: &[Digit]) -> bool {
        self.entries.insert(digits)
    }

    /// Takes an entry out; false for one that was not there.
    pub fn remove(&mut self, digits: &[Digit]) -> bool {
        self.entries.remove(digits)
    }

    /// Adds an employee's extension; false for one that was there.
    pub fn insert_extension(&mut self, extension: Extension) -> bool {
        let (digits, len) = inline(extension);
        self.insert(&digits[..len])
    }

    /// Takes an employee's extension out; false for one that was not there.
    pub fn remove_extension(&mut self, extension: Extension) -> bool {
        let (digits, len) = inline(extension);
        self.remove(&digits[..len])
    }

    /// Adds a pattern, behind those that are there.
    ///
    /// # Errors
    /// [`TooManyStates`]; the map is then as it was.
    pub fn add_pattern(&mut self, pattern: Pattern) -> Result<PatternId, TooManyStates> {
        let [id] = self.add_patterns([pattern])?[..] else { return Err(TooManyStates) };
        Ok(id)
    }

    /// Adds patterns, behind those that are there, and makes the automaton once for all of them.
    ///
    /// # Errors
    /// [`TooManyStates`]; the map is then as it was.
    pub fn add_patterns(
        &mut self,
        patterns: impl IntoIterator<Item = Pattern>,
    ) -> Result<Vec<PatternId>, TooManyStates> {
        let (old, mut added) = (self.patterns.len(), self.added);
        for pattern in patterns {
            self.patterns.push((PatternId(added), pattern));
            added = added.wrapping_add(1);
        }
        match Automaton::of(&self.patterns) {
            Ok(automaton) => {
                self.automaton = automaton;
                self.added = added;
                Ok(self.patterns[old..].iter().map(|(id, _)| *id).collect())
            }
            Err(error) => {
                self.patterns.truncate(old);
                Err(error)
            }
        }
    }

    /// Takes a pattern out; false for one that is not there.
    pub fn remove_pattern(&mut self, id: PatternId) -> bool {
        let Some(at) = self.patterns.iter().position(|(known, _)| *known == id) else {
            return false;
        };
        self.patterns.remove(at);
        // Fewer patterns never need more states than the same with another one.
        if let Ok(automaton) = Automaton::of(&self.patterns) {
            self.automaton = automaton;
        }
        true
    }

    /// True when the digits are an entry.
    #[must_use]
    pub fn contains(&self, digits: &[Digit]) -> bool {
        self.entries.contains(digits)
    }

    /// How many entries there are, patterns not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when nothing matches: no entries and no patterns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.patterns.is_empty()
    }

    /// How many states the patterns need together.
    #[must_use]
    pub fn states(&self) -> usize {
        self.automaton.len()
    }

    /// Where no digit has been dialled.
    #[must_use]
    pub fn start(&self) -> Position {
        Position { node: trie::START, state: self.automaton.start() }
    }

    /// One digit further, in constant time.
    #[must_use]
    pub fn step(&self, position: Position, digit: Digit) -> Position {
        self.press(position, digit, digit as usize)
    }

    /// One digit further that was held long: an entry takes it as any other, a pattern may ask for
    /// it (`Z` of H.248, `L` of KPML).
    #[must_use]
    pub fn step_long(&self, position: Position, digit: Digit) -> Position {
        self.press(position, digit, digit as usize + Digit::ALL.len())
    }

    fn press(&self, position: Position, digit: Digit, press: usize) -> Position {
        Position {
            node: self.entries.next(position.node, digit),
            state: self.automaton.next(position.state, press),
        }
    }

    /// What the digits up to a position match, in constant time.
    #[must_use]
    pub fn at(&self, position: Position) -> Match {
        let (entry, more) = self.entries.said(position.node);
        let state = self.automaton.state(position.state);
        let matches = entry || state.pattern.is_some();
        // What matches only after the timer is worth waiting for, unless something matches at once.
        let timed = matches && !entry && !state.now;
        Match::new(matches, more || state.grows || timed)
    }

    /// What the digits up to a position are; `None` where they do not match.
    #[must_use]
    pub fn found(&self, position: Position) -> Option<Found> {
        if self.entries.said(position.node).0 {
            return Some(Found::Entry);
        }
        self.automaton.state(position.state).pattern.map(Found::Pattern)
    }

    /// How long the patterns want the next digit waited for.
    #[must_use]
    pub fn wait(&self, position: Position) -> Wait {
        self.automaton.state(position.state).wait
    }

    /// What digits match.
    #[must_use]
    pub fn matches(&self, digits: &[Digit]) -> Match {
        self.at(self.walk(digits))
    }

    /// Where digits lead.
    #[must_use]
    pub fn walk(&self, digits: &[Digit]) -> Position {
        digits.iter().fold(self.start(), |position, &digit| self.step(position, digit))
    }
}

fn inline(extension: Extension) -> ([Digit; Extension::MAX_DIGITS], usize) {
    let mut digits = [Digit::D0; Extension::MAX_DIGITS];
    let len = extension.digits().len();
    digits.iter_mut().zip(extension.digits()).for_each(|(slot, digit)| *slot = digit);
    (digits, len)
}
