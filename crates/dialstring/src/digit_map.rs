use alloc::vec;
use alloc::vec::Vec;

use crate::{Digit, Extension, Match};

/// A live set of digit strings that answers, digit by digit, what can still be dialled.
///
/// A trie: each digit costs one look-up, whatever the number of entries. Entries come and go while
/// it is in use; memory of removed ones is used again.
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
    // The first node is the start; the second is where nothing matches any more.
    nodes: Vec<Node>,
    /// Removed nodes, for the next ones.
    free: Vec<u32>,
}

/// How far the digits so far lead into a [`DigitMap`]. It holds until the map changes; after that
/// the digits are walked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position(u32);

#[derive(Clone, Debug)]
struct Node {
    next: [u32; 16],
    /// Entries that end here or further on.
    entries: u32,
    ends: bool,
}

const START: u32 = 0;
const NOWHERE: u32 = 1;

impl Node {
    const EMPTY: Self = Self { next: [NOWHERE; 16], entries: 0, ends: false };
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
        Self { nodes: vec![Node::EMPTY; 2], free: Vec::new() }
    }

    /// Adds an entry; false for one that was there, and for one without digits.
    pub fn insert(&mut self, digits: &[Digit]) -> bool {
        if digits.is_empty() || self.contains(digits) {
            return false;
        }
        let mut at = START;
        self.node_mut(at).entries += 1;
        for &digit in digits {
            let next = match self.next(at, digit) {
                NOWHERE => {
                    let new = self.allocate();
                    self.node_mut(at).next[digit as usize] = new;
                    new
                }
                next => next,
            };
            self.node_mut(next).entries += 1;
            at = next;
        }
        self.node_mut(at).ends = true;
        true
    }

    /// Takes an entry out; false for one that was not there.
    pub fn remove(&mut self, digits: &[Digit]) -> bool {
        if !self.contains(digits) {
            return false;
        }
        let mut at = START;
        self.node_mut(at).entries -= 1;
        for &digit in digits {
            let next = self.next(at, digit);
            self.node_mut(next).entries -= 1;
            // Whatever only this entry needed is let go: the rest of its way, node by node.
            if self.node_mut(next).entries == 0 {
                self.node_mut(at).next[digit as usize] = NOWHERE;
                self.free.push(next);
            }
            at = next;
        }
        self.node_mut(at).ends = false;
        true
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

    /// True when the digits are an entry.
    #[must_use]
    pub fn contains(&self, digits: &[Digit]) -> bool {
        self.matches(digits).is_match()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes[START as usize].entries as usize
    }

    /// True when nothing matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where no digit has been dialled.
    #[must_use]
    pub const fn start(&self) -> Position {
        Position(START)
    }

    /// One digit further, in constant time.
    #[must_use]
    pub fn step(&self, position: Position, digit: Digit) -> Position {
        Position(self.next(position.0, digit))
    }

    /// What the digits up to a position match, in constant time.
    #[must_use]
    pub fn at(&self, position: Position) -> Match {
        let Some(node) = self.nodes.get(position.0 as usize) else { return Match::None };
        Match::new(node.ends, node.entries > u32::from(node.ends))
    }

    /// What digits match.
    #[must_use]
    pub fn matches(&self, digits: &[Digit]) -> Match {
        let walk = |position, &digit: &Digit| self.step(position, digit);
        self.at(digits.iter().fold(self.start(), walk))
    }

    fn next(&self, at: u32, digit: Digit) -> u32 {
        self.nodes.get(at as usize).map_or(NOWHERE, |node| node.next[digit as usize])
    }

    fn node_mut(&mut self, at: u32) -> &mut Node {
        &mut self.nodes[at as usize]
    }

    fn allocate(&mut self) -> u32 {
        if let Some(free) = self.free.pop() {
            self.nodes[free as usize] = Node::EMPTY;
            return free;
        }
        self.nodes.push(Node::EMPTY);
        (self.nodes.len() - 1) as u32
    }
}

fn inline(extension: Extension) -> ([Digit; Extension::MAX_DIGITS], usize) {
    let mut digits = [Digit::D0; Extension::MAX_DIGITS];
    let len = extension.digits().len();
    digits.iter_mut().zip(extension.digits()).for_each(|(slot, digit)| *slot = digit);
    (digits, len)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::DigitMap;
    use crate::{Digit, Match};

    fn digits(text: &str) -> Vec<Digit> {
        text.chars().filter_map(Digit::from_char).collect()
    }

    /// What a plain list of strings says.
    fn reference(entries: &BTreeSet<Vec<Digit>>, dialled: &[Digit]) -> Match {
        let longer =
            |entry: &&Vec<Digit>| entry.len() > dialled.len() && entry.starts_with(dialled);
        Match::new(entries.contains(dialled), entries.iter().any(|entry| longer(&entry)))
    }

    #[test]
    fn an_empty_map_matches_nothing() {
        let map = DigitMap::new();
        assert_eq!(map.matches(&[]), Match::None);
        assert_eq!(map.matches(&digits("1")), Match::None);
        assert!(map.is_empty());
    }

    #[test]
    fn hundred_thousand_entries_come_and_go_in_the_same_memory() {
        let mut map = DigitMap::new();
        let entry = |n: u32| digits(&format!("{n:05}"));
        (0..100_000).for_each(|n| assert!(map.insert(&entry(n))));
        let nodes = map.nodes.len();
        assert_eq!(map.matches(&digits("4711")), Match::May);
        assert_eq!(map.matches(&digits("47110")), Match::Full);
        (0..100_000).for_each(|n| assert!(map.remove(&entry(n))));
        assert!(map.is_empty());
        assert_eq!(map.at(map.start()), Match::None);
        (0..100_000).for_each(|n| assert!(map.insert(&entry(n))));
        assert_eq!(map.nodes.len(), nodes);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn map_says_what_a_plain_list_says(
            steps in prop::collection::vec((any::<bool>(), "[0-3*#]{0,4}"), 0..60),
            dialled in prop::collection::vec("[0-3*#]{0,5}", 0..20),
        ) {
            let (mut map, mut entries) = (DigitMap::new(), BTreeSet::new());
            for (insert, text) in steps {
                let entry = digits(&text);
                if insert && !entry.is_empty() {
                    prop_assert_eq!(map.insert(&entry), entries.insert(entry.clone()));
                } else {
                    prop_assert_eq!(map.remove(&entry), entries.remove(&entry));
                }
                prop_assert_eq!(map.len(), entries.len());
                for text in &dialled {
                    let text = digits(text);
                    prop_assert_eq!(map.matches(&text), reference(&entries, &text));
                }
            }
        }
    }
}
