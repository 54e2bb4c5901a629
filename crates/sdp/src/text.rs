use core::fmt;

/// A value of a line: UTF-8 without CR, LF or NUL, so that nothing can leave its line.
///
/// ```
/// use switchboard_sdp::Text;
///
/// assert_eq!(Text::new("call 7")?.as_str(), "call 7");
/// assert!(Text::new("x\r\na=inactive").is_err());
/// # Ok::<(), switchboard_sdp::TextError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(Box<str>);

/// A value holds CR, LF or NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "octet {octet:#04x} at offset {offset} of an SDP value: CR, LF and NUL cannot stand in one"
)]
pub struct TextError {
    /// Octets before the fault.
    pub offset: usize,
    /// The octet.
    pub octet: u8,
}

impl Text {
    /// Checks a value (RFC 8866 section 9, `byte-string`).
    ///
    /// # Errors
    /// [`TextError`] at the first CR, LF or NUL.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, TextError> {
        let text = text.into();
        match text.bytes().position(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            Some(offset) => Err(TextError { offset, octet: text.as_bytes()[offset] }),
            None => Ok(Self(text)),
        }
    }

    /// A value that the crate itself writes; what cannot stand in a line is left out.
    pub(crate) fn ours(text: &str) -> Self {
        match Self::new(text) {
            Ok(text) => text,
            Err(_) => Self(text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')).collect()),
        }
    }

    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
