//! Digits that were heard.

use std::fmt;

use serde::{Deserialize, Serialize};
use switchboard_dialstring::Digit;

/// Up to 32 digits, inline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    text: [u8; 32],
    len: u8,
}

impl Digits {
    /// Of the digits, the first 32.
    pub(crate) fn new(digits: &[Digit]) -> Self {
        let mut text = [0; 32];
        let len = digits.len().min(text.len());
        for (slot, digit) in text.iter_mut().zip(digits) {
            *slot = digit.as_ascii();
        }
        Self { text, len: len as u8 }
    }

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digits({})", self.as_str())
    }
}

impl Serialize for Digits {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits: Option<Vec<Digit>> = text.chars().map(Digit::from_char).collect();
        match digits {
            Some(digits) if digits.len() <= 32 => Ok(Self::new(&digits)),
            _ => Err(serde::de::Error::custom("not up to 32 digits")),
        }
    }
}
