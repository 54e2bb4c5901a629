//! Header values that are safe to write.

use core::fmt;
use core::str::FromStr;

/// A header value that holds no control octet: no CR, LF or NUL can reach the wire through it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeaderValue(Box<str>);

/// The text holds a control octet, at this offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("octet {offset}: a header value cannot hold control octets")]
pub struct InvalidValue {
    /// Where it is.
    pub offset: usize,
}

impl HeaderValue {
    /// Checks the text.
    pub fn new(text: impl Into<Box<str>>) -> Result<HeaderValue, InvalidValue> {
        let text = text.into();
        check(text.as_bytes())?;
        Ok(HeaderValue(text))
    }

    /// Takes any text: control octets become spaces.
    pub(crate) fn masked(text: String) -> HeaderValue {
        match check(text.as_bytes()) {
            Ok(()) => HeaderValue(text.into()),
            Err(_) => {
                let mask = |symbol: char| if symbol.is_control() { ' ' } else { symbol };
                HeaderValue(text.chars().map(mask).collect())
            }
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Finds control octets; a tab is none, as white space may be one (RFC 3261 section 25.1, `LWS`).
pub(crate) fn check(octets: &[u8]) -> Result<(), InvalidValue> {
    let is_wrong = |octet: u8| (octet < 0x20) & (octet != b'\t') | (octet == 0x7f);
    if !any(octets, is_wrong) {
        return Ok(());
    }
    let offset = octets.iter().position(|&octet| is_wrong(octet)).unwrap_or_default();
    Err(InvalidValue { offset })
}

/// Whether any octet is one of these. It looks at all of them, many at a time: there is hardly ever one to stop at.
#[inline]
pub(super) fn any(octets: &[u8], is_one: impl Fn(u8) -> bool) -> bool {
    octets.iter().fold(false, |found, &octet| found | is_one(octet))
}

impl FromStr for HeaderValue {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HeaderValue::new(text)
    }
}

impl fmt::Display for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
