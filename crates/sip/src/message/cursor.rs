//! A position in octets, and the lexical elements of RFC 3261 section 25.1 that every value is made of.

use super::chars;
use super::{ParseError, ParseErrorKind};

/// Reads one value from its start to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        Cursor { text, at: 0 }
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(crate) const fn error(&self, kind: ParseErrorKind) -> ParseError {
        ParseError::new(kind, self.at)
    }

    /// `LWS`: spaces, tabs, and line ends that a space or tab follows.
    #[inline]
    pub(crate) fn skip_lws(&mut self) {
        while let Some(octet) = self.peek() {
            match octet {
                b' ' | b'\t' => self.at += 1,
                b'\r' if is_fold(&self.text[self.at..]) => self.at += 3,
                _ => break,
            }
        }
    }

    #[inline]
    pub(crate) fn eat(&mut self, octet: u8) -> bool {
        let found = self.peek() == Some(octet);
        self.at += usize::from(found);
        found
    }

    /// The octets of a class from here on; may be none.
    #[inline]
    pub(crate) fn span(&mut self, class: u8) -> &'a [u8] {
        let rest = self.rest();
        let (span, _) = rest.split_at(chars::span(rest, class));
        self.at += span.len();
        span
    }

    /// `token`.
    pub(crate) fn token(&mut self) -> Result<&'a [u8], ParseError> {
        let token = self.span(chars::TOKEN);
        if token.is_empty() { Err(self.error(ParseErrorKind::Token)) } else { Ok(token) }
    }

    /// `quoted-string`, both quotes included; the cursor stands at the first.
    pub(crate) fn quoted(&mut self) -> Result<&'a [u8], ParseError> {
        let start = self.at;
        let mut at = start + 1;
        while let Some(&octet) = self.text.get(at) {
            match octet {
                b'"' => {
                    self.at = at + 1;
                    return Ok(&self.text[start..=at]);
                }
                b'\\' => match self.text.get(at + 1) {
                    Some(b'\r' | b'\n') | None => break,
                    Some(_) => at += 2,
                },
                _ => at += 1,
            }
        }
        Err(self.error(ParseErrorKind::Quote))
    }

    /// A decimal number that fits.
    pub(crate) fn number(&mut self) -> Result<u32, ParseError> {
        let start = self.at;
        let mut value: u32 = 0;
        while let Some(octet @ b'0'..=b'9') = self.peek() {
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(u32::from(octet - b'0')))
                .ok_or(ParseError::new(ParseErrorKind::Number, start))?;
            self.at += 1;
        }
        if self.at == start { Err(self.error(ParseErrorKind::Number)) } else { Ok(value) }
    }

    /// The value ends here, but for white space.
    pub(crate) fn end(&mut self) -> Result<(), ParseError> {
        self.skip_lws();
        if self.is_at_end() { Ok(()) } else { Err(self.error(ParseErrorKind::Trailing)) }
    }
}

/// Whether the text starts with a line end that folds (RFC 3261 section 7.3.1).
pub(crate) fn is_fold(text: &[u8]) -> bool {
    matches!(text, [b'\r', b'\n', b' ' | b'\t', ..])
}

/// The text without white space, folds included, at its ends.
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    let space = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\r' | b'\n');
    let start = text.iter().position(|octet| !space(octet)).unwrap_or(text.len());
    let end = text.iter().rposition(|octet| !space(octet)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Octets that were checked to be ASCII, as text; anything else reads as empty.
pub(crate) fn text(octets: &[u8]) -> &str {
    core::str::from_utf8(octets).unwrap_or_default()
}
