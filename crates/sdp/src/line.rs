use core::fmt;

use crate::Text;

/// One line of a description: a letter and a value. Every line is kept, known or not, in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    kind: u8,
    value: Text,
}

impl Line {
    pub(crate) const fn new(kind: u8, value: Text) -> Self {
        Self { kind, value }
    }

    /// The letter before `=`.
    #[must_use]
    pub const fn kind(&self) -> char {
        self.kind as char
    }

    /// The value behind `=`.
    #[must_use]
    pub fn value(&self) -> &str {
        self.value.as_str()
    }

    /// An attribute's name, and its value if it has one (RFC 8866 section 5.13).
    #[must_use]
    pub fn attribute(&self) -> Option<(&str, Option<&str>)> {
        if self.kind != b'a' {
            return None;
        }
        let value = self.value();
        Some(match value.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (value, None),
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}\r\n", self.kind(), self.value)
    }
}

/// The attributes of a name, in order; `""` for one without a value.
pub(crate) fn attributes<'a>(lines: &'a [Line], name: &'a str) -> impl Iterator<Item = &'a str> {
    lines
        .iter()
        .filter_map(Line::attribute)
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value.unwrap_or_default())
}
