//! The digit map of the directory: every extension there can be, in one table.

use switchboard_dialstring::{Digit, Extension, Match};

/// Extensions of 1 to 4 digits: 10 + 100 + 1,000 + 10,000.
const COUNT: usize = 11_110;

/// Whose an extension is, as positions in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    User(u32),
    Group(u32),
}

/// Answers in one look-up a digit string, however many users there are.
#[derive(Debug)]
pub(crate) struct ExtensionMap {
    /// Zero: free. Odd: a user's position times two plus one. Even: a group's plus one, times two.
    owners: Box<[u32]>,
    /// Whether a longer extension begins with this one. Extensions of four digits never grow.
    longer: Box<[u64]>,
    /// Whether there is any extension at all.
    any: bool,
}

impl ExtensionMap {
    pub(crate) fn new() -> Self {
        Self {
            owners: vec![0; COUNT].into_boxed_slice(),
            longer: vec![0; 1_110_usize.div_ceil(64)].into_boxed_slice(),
            any: false,
        }
    }

    /// Adds an extension; the caller has made sure that it is free.
    pub(crate) fn insert(&mut self, extension: Extension, owner: Owner) {
        self.owners[slot(extension.digits()).unwrap_or(0)] = match owner {
            Owner::User(at) => at * 2 + 1,
            Owner::Group(at) => (at + 1) * 2,
        };
        self.any = true;
        let digits = extension.as_str().len();
        for len in 1..digits {
            if let Some(slot) = slot(extension.digits().take(len)) {
                self.longer[slot / 64] |= 1 << (slot % 64);
            }
        }
    }

    /// Whose these digits are.
    pub(crate) fn owner(&self, extension: Extension) -> Option<Owner> {
        match self.owners[slot(extension.digits())?] {
            0 => None,
            odd if odd % 2 == 1 => Some(Owner::User(odd / 2)),
            even => Some(Owner::Group(even / 2 - 1)),
        }
    }

    /// What these digits are to the extensions there are.
    pub(crate) fn matches(&self, digits: &[Digit]) -> Match {
        if digits.is_empty() {
            return Match::new(false, self.any);
        }
        if digits.len() > Extension::MAX_DIGITS {
            return Match::None;
        }
        let Some(slot) = slot(digits.iter().copied()) else { return Match::None };
        let longer = self.longer.get(slot / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
            && digits.len() < Extension::MAX_DIGITS;
        Match::new(self.owners[slot] != 0, longer)
    }
}

/// The place of 1 to 4 digits: all of one digit first, then all of two, and so on.
fn slot(digits: impl Iterator<Item = Digit>) -> Option<usize> {
    let (mut value, mut first, mut size) = (0, 0, 1);
    for digit in digits {
        if !digit.is_decimal() {
            return None;
        }
        value = value * 10 + usize::from(digit.event());
        if size > 1 {
            first += size;
        }
        size *= 10;
    }
    (size > 1 && first + value < COUNT).then_some(first + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<Digit> {
        text.chars().map(|c| Digit::from_char(c).unwrap()).collect()
    }

    #[test]
    fn every_extension_has_its_own_place() {
        let mut seen = vec![false; COUNT];
        for len in 1..=4 {
            for value in 0..10_usize.pow(len) {
                let text = format!("{value:0width$}", width = len as usize);
                let at = slot(digits(&text).into_iter()).unwrap();
                assert!(!std::mem::replace(&mut seen[at], true), "{text}");
            }
        }
        assert!(seen.iter().all(|&seen| seen));
    }

    #[test]
    fn answers_agree_with_a_plain_search() {
        let present = ["1", "10", "101", "102", "2", "0421", "007", "7", "999", "9999"];
        let mut map = ExtensionMap::new();
        assert_eq!(map.matches(&[]), Match::None);
        for (at, text) in present.iter().enumerate() {
            map.insert(text.parse().unwrap(), Owner::User(at as u32));
        }
        for len in 0..=5 {
            for value in 0..10_usize.pow(len) {
                let text =
                    if len == 0 { String::new() } else { format!("{value:0w$}", w = len as usize) };
                let expected = Match::new(
                    present.contains(&text.as_str()),
                    present.iter().any(|known| known.starts_with(&text) && *known != text),
                );
                assert_eq!(map.matches(&digits(&text)), expected, "{text}");
            }
        }
        for odd in ["*", "1*", "#", "A", "10#"] {
            assert_eq!(map.matches(&digits(odd)), Match::None, "{odd}");
        }
    }

    #[test]
    fn owners_are_kept_apart() {
        let mut map = ExtensionMap::new();
        map.insert("10".parse().unwrap(), Owner::User(0));
        map.insert("11".parse().unwrap(), Owner::Group(0));
        map.insert("12".parse().unwrap(), Owner::Group(7));
        map.insert("13".parse().unwrap(), Owner::User(7));
        let owner = |text: &str| map.owner(text.parse().unwrap());
        assert_eq!(owner("10"), Some(Owner::User(0)));
        assert_eq!(owner("11"), Some(Owner::Group(0)));
        assert_eq!(owner("12"), Some(Owner::Group(7)));
        assert_eq!(owner("13"), Some(Owner::User(7)));
        assert_eq!(owner("010"), None);
    }
}
