use super::{Keys, PatternError, PatternErrorKind};
use crate::Digit;

/// A place in the text of a pattern.
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let octet = self.peek()?;
        self.at += 1;
        Some(octet)
    }

    /// Goes over an octet that stands here.
    pub(super) fn take(&mut self, octet: u8) -> bool {
        let there = self.peek() == Some(octet);
        self.at += usize::from(there);
        there
    }

    /// Goes over blanks and line ends.
    pub(super) fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    /// A fault at the next octet.
    pub(super) const fn fault<T>(&self, kind: PatternErrorKind) -> Result<T, PatternError> {
        Err(PatternError::new(self.at, kind))
    }

    /// Reads what stands between `[` and `]`, from behind the `[`.
    ///
    /// `set = 1*( key [ "-" key ] ) "]"`; `key` says which keys a symbol stands for.
    pub(super) fn set(&mut self, key: impl Fn(u8) -> Option<Keys>) -> Result<Keys, PatternError> {
        let mut keys = Keys::NONE;
        loop {
            match self.peek() {
                None => return self.fault(PatternErrorKind::UnclosedRange),
                Some(b']') if keys.is_empty() => return self.fault(PatternErrorKind::EmptyRange),
                Some(b']') => {
                    self.at += 1;
                    return Ok(keys);
                }
                Some(octet) => {
                    let Some(one) = key(octet) else {
                        return self.fault(PatternErrorKind::UnexpectedSymbol);
                    };
                    self.at += 1;
                    keys = keys.and(if self.take(b'-') { self.range_to(octet)? } else { one });
                }
            }
        }
    }

    /// Reads the end of a range that began with a symbol: digits or letters, as they are written.
    fn range_to(&mut self, first: u8) -> Result<Keys, PatternError> {
        let Some(last) = self.peek() else {
            return self.fault(PatternErrorKind::UnclosedRange);
        };
        let ends = (range_end(first), range_end(last));
        let (Some(first), Some(last)) = ends else {
            return self.fault(PatternErrorKind::UnexpectedSymbol);
        };
        match Keys::range(first, last) {
            Some(keys) => {
                self.at += 1;
                Ok(keys)
            }
            None => self.fault(PatternErrorKind::BackwardRange),
        }
    }
}

/// A symbol that can begin or end a range: `*` and `#` have no place in an order.
fn range_end(octet: u8) -> Option<Digit> {
    Digit::from_ascii(octet).filter(|digit| !matches!(digit, Digit::Star | Digit::Pound))
}
