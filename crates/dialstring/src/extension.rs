use core::{fmt, str::FromStr};

use crate::Digit;
use crate::error::{ErrorKind, ParseError};

/// An employee's internal extension: text of 1 to 4 ASCII digits, kept inline.
///
/// It is text, not a number: `007` and `7` are two extensions. The order is that of the text.
/// Customers' extensions behind a main number may be longer; they are a [`DialPlan`](crate::DialPlan).
///
/// ```
/// use switchboard_dialstring::Extension;
///
/// let anna: Extension = "101".parse()?;
/// assert_eq!(anna.as_str(), "101");
/// assert_ne!("007".parse::<Extension>()?, "7".parse::<Extension>()?);
/// let error = "10x".parse::<Extension>().unwrap_err();
/// assert_eq!(error.offset(), 2);
/// # Ok::<(), switchboard_dialstring::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension {
    // Unused octets are zero, so that the derived order is that of the text.
    text: [u8; Self::MAX_DIGITS],
    len: u8,
}

impl Extension {
    /// The longest extension that an employee can have.
    pub const MAX_DIGITS: usize = 4;

    /// Reads an extension.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`] for no digits, [`ErrorKind::ExtensionTooLong`] at the fifth digit,
    /// [`ErrorKind::UnexpectedSymbol`] (or a narrower kind) at anything that is not `0` to `9`.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.is_empty() {
            return Err(ParseError::new(0, ErrorKind::Empty, text.as_bytes()));
        }
        let mut out = [0; Self::MAX_DIGITS];
        for (offset, octet) in text.bytes().enumerate() {
            if !octet.is_ascii_digit() {
                return Err(ParseError::at_symbol(offset, text.as_bytes()));
            }
            let Some(slot) = out.get_mut(offset) else {
                return Err(ParseError::new(offset, ErrorKind::ExtensionTooLong, text.as_bytes()));
            };
            *slot = octet;
        }
        Ok(Self { text: out, len: text.len() as u8 })
    }

    /// Makes an extension of collected digits; `None` unless they are 1 to 4 of `0` to `9`.
    #[must_use]
    pub fn from_digits(digits: &[Digit]) -> Option<Self> {
        if digits.is_empty() || digits.len() > Self::MAX_DIGITS {
            return None;
        }
        let mut out = [0; Self::MAX_DIGITS];
        for (slot, digit) in out.iter_mut().zip(digits) {
            if !digit.is_decimal() {
                return None;
            }
            *slot = digit.as_ascii();
        }
        Some(Self { text: out, len: digits.len() as u8 })
    }

    /// The digits as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or_default()
    }

    /// The digits, in order.
    pub fn digits(&self) -> impl ExactSizeIterator<Item = Digit> + Clone + use<> {
        let text = self.text;
        (0..usize::from(self.len)).map(move |at| Digit::ALL[usize::from(text[at] - b'0')])
    }
}

impl FromStr for Extension {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Extension {
    type Error = ParseError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::parse(text)
    }
}

impl AsRef<str> for Extension {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Extension;
    use crate::{Digit, ErrorKind};

    #[test]
    fn leading_zeros_make_another_extension() {
        let texts = ["0", "00", "007", "7", "0000", "9999"];
        for (i, a) in texts.iter().enumerate() {
            for (j, b) in texts.iter().enumerate() {
                let (x, y): (Extension, Extension) = (a.parse().unwrap(), b.parse().unwrap());
                assert_eq!(x == y, i == j, "{a} {b}");
                assert_eq!(x.cmp(&y), a.cmp(b), "{a} {b}");
            }
        }
    }

    #[test]
    fn every_fault_is_placed() {
        let cases = [
            ("", 0, ErrorKind::Empty),
            ("12345", 4, ErrorKind::ExtensionTooLong),
            ("12a", 2, ErrorKind::UnexpectedSymbol),
            (" 12", 0, ErrorKind::UnexpectedSymbol),
            ("1\u{0}", 1, ErrorKind::ControlCharacter),
            ("1\u{663}", 1, ErrorKind::ForeignDigit),
            ("1\u{200b}2", 1, ErrorKind::InvisibleMark),
        ];
        for (text, offset, kind) in cases {
            let error = text.parse::<Extension>().unwrap_err();
            assert_eq!((error.offset(), error.kind()), (offset, kind), "{text:?}");
        }
    }

    #[test]
    fn digits_go_both_ways() {
        let extension: Extension = "0421".parse().unwrap();
        let digits: Vec<Digit> = extension.digits().collect();
        assert_eq!(Extension::from_digits(&digits), Some(extension));
        assert_eq!(Extension::from_digits(&[]), None);
        assert_eq!(Extension::from_digits(&[Digit::Star]), None);
        assert_eq!(Extension::from_digits(&[Digit::D1; 5]), None);
    }
}
