use core::{fmt, str::FromStr};

use crate::dial_string::DialString;
use crate::error::{ErrorKind, ParseError, Place};

/// A main number: 2 to 15 digits, with or without `+` in front, visual separators taken out.
///
/// With `+` it is an international number (ITU-T E.164). Without, it is what somebody dials here:
/// a national or local number, a short or emergency number, or an international one behind the
/// country's prefix. Leading zeros are kept. Two numbers are equal when they are the same text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    // '+' first when it is there; unused octets are zero.
    text: [u8; Self::MAX_DIGITS + 1],
    len: u8,
}

impl Number {
    /// The fewest digits of a number.
    pub const MIN_DIGITS: usize = 2;
    /// The most digits of a number (E.164 section 6.1).
    pub const MAX_DIGITS: usize = 15;

    /// Reads a number by itself: no extension, no service code, no URI.
    ///
    /// # Errors
    /// [`ParseError`] with the offset and kind of the first fault.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        match crate::options::plain(text.as_bytes())? {
            DialString::Number(number, None) => Ok(number),
            DialString::Number(..) | DialString::Service(_) => {
                let at = text.find([';', '#', '*']).unwrap_or_default();
                let error = ParseError::new(at, ErrorKind::UnexpectedSymbol, text.as_bytes());
                Err(error.in_place(Place::Number))
            }
        }
    }

    /// `+` and digits, if E.164 allows so many.
    pub(crate) fn global(parts: &[&str]) -> Option<Self> {
        let mut number = Building::new(true);
        let all = parts.iter().flat_map(|part| part.bytes()).all(|octet| number.push(octet));
        (all && number.count() >= Self::MIN_DIGITS).then(|| number.number())
    }

    /// The number as it is dialled: `+` where it was, then the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or_default()
    }

    /// The digits, without `+`.
    #[must_use]
    pub fn digits(&self) -> &str {
        let text = self.as_str();
        text.strip_prefix('+').unwrap_or(text)
    }

    /// True for a number with `+`, which means the same everywhere.
    #[must_use]
    pub const fn is_global(&self) -> bool {
        self.text[0] == b'+'
    }
}

/// A number in the making: kept in registers, as it is moved as soon as it is complete.
#[derive(Clone, Copy)]
pub(crate) struct Building {
    /// The octets of the text, the last one highest.
    text: u128,
    digits: u32,
    plus: bool,
}

impl Building {
    /// Nothing yet, or `+` when it is there.
    #[inline]
    pub(crate) const fn new(plus: bool) -> Self {
        let text = if plus { (b'+' as u128) << 120 } else { 0 };
        Self { text, digits: 0, plus }
    }

    /// Adds a digit; false when there are 15 already.
    #[inline]
    pub(crate) const fn push(&mut self, digit: u8) -> bool {
        if self.digits as usize >= Number::MAX_DIGITS {
            return false;
        }
        self.text = self.text >> 8 | (digit as u128) << 120;
        self.digits += 1;
        true
    }

    /// How many digits there are.
    #[inline]
    pub(crate) const fn count(self) -> usize {
        self.digits as usize
    }

    #[inline]
    pub(crate) const fn number(self) -> Number {
        let len = self.digits + self.plus as u32;
        let text = match self.text.checked_shr(128 - 8 * len) {
            Some(text) => text.to_le_bytes(),
            None => [0; Number::MAX_DIGITS + 1],
        };
        Number { text, len: len as u8 }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({})", self.as_str())
    }
}

impl FromStr for Number {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
