//! A position in octets, and the lexical elements of RFC 3261 section 25.1 that every value is made of.

use super::index::Entry;
use super::{ParseError, ParseErrorKind};
use super::{chars, scan};

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

    /// Reads a header value in its message: positions are those of the message.
    #[inline]
    pub(crate) fn of(bytes: &'a [u8], entry: &Entry) -> Self {
        Cursor { text: bytes.get(..entry.value_end()).unwrap_or_default(), at: entry.value_start() }
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
    #[inline(always)]
    pub(crate) fn skip_lws(&mut self) {
        if self.peek().is_some_and(|octet| octet <= b' ') {
            self.skip_some_lws();
        }
    }

    /// The same where one space is usual.
    #[inline(always)]
    pub(crate) fn skip_space(&mut self) {
        self.at += usize::from(self.peek() == Some(b' '));
        self.skip_lws();
    }

    #[cold]
    fn skip_some_lws(&mut self) {
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

    /// As [`Cursor::span`], for what is long as a rule; not for [`chars::HEX`].
    #[inline(always)]
    pub(crate) fn long_span(&mut self, class: u8) -> &'a [u8] {
        let start = self.at;
        self.at = chars::long_span(self.text, start, class);
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// `token`.
    #[inline]
    pub(crate) fn token(&mut self) -> Result<&'a [u8], ParseError> {
        let token = self.span(chars::TOKEN);
        if token.is_empty() { Err(self.error(ParseErrorKind::Token)) } else { Ok(token) }
    }

    /// `quoted-string`, both quotes included; the cursor stands at the first.
    pub(crate) fn quoted(&mut self) -> Result<&'a [u8], ParseError> {
        let start = self.at;
        let mut at = start + 1;
        while let Some(found) = scan::quote_or_backslash(self.text, at) {
            if self.text[found] == b'"' {
                self.at = found + 1;
                return Ok(&self.text[start..=found]);
            }
            match self.text.get(found + 1) {
                Some(b'\r' | b'\n') | None => break,
                Some(_) => at = found + 2,
            }
        }
        Err(self.error(ParseErrorKind::Quote))
    }

    /// A decimal number that fits.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u32, ParseError> {
        let start = self.at;
        let mut value: u64 = 0;
        while let Some(octet) = self.peek() {
            let digit = octet.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value * 10 + u64::from(digit);
            if value > u64::from(u32::MAX) {
                return Err(ParseError::new(ParseErrorKind::Number, start));
            }
            self.at += 1;
        }
        if self.at == start { Err(self.error(ParseErrorKind::Number)) } else { Ok(value as u32) }
    }

    /// The value ends here, but for white space.
    #[inline]
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
