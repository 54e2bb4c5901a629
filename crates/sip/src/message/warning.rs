//! Warning (RFC 3261 section 20.43).

use core::fmt;
use std::borrow::Cow;

use super::cursor::{Cursor, text};
use super::params::{quote, unquote};
use super::{ParseError, ParseErrorKind, chars};

/// One value of Warning: why something was refused or changed.
///
/// ```
/// use switchboard_sip::Warning;
///
/// let warning = Warning::parse(br#"370 devnull "Choose a bigger pipe""#)?;
/// assert_eq!((warning.code, warning.agent, &*warning.text), (370, "devnull", "Choose a bigger pipe"));
/// assert_eq!(warning.to_string(), r#"370 devnull "Choose a bigger pipe""#);
/// # Ok::<(), switchboard_sip::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning<'a> {
    /// Three digits.
    pub code: u16,
    /// Who warns: a host with or without a port, or a pseudonym.
    pub agent: &'a str,
    /// For people, without its quotes and backslashes.
    pub text: Cow<'a, str>,
}

impl<'a> Warning<'a> {
    /// Reads `warn-code SP warn-agent SP warn-text`, the code of three digits, the text a quoted string.
    ///
    /// # Errors
    /// If it has another form, or its text is not UTF-8.
    pub fn parse(value: &'a [u8]) -> Result<Warning<'a>, ParseError> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let at = cursor.at;
        let code = match cursor.span(chars::TOKEN) {
            &[a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')
            }
            _ => return Err(ParseError::new(ParseErrorKind::Number, at)),
        };
        cursor.skip_lws();
        let start = cursor.at;
        while cursor.peek().is_some_and(|octet| octet > b' ' && octet != b'"') {
            cursor.at += 1;
        }
        let agent = text(&value[start..cursor.at]);
        if agent.is_empty() {
            return Err(cursor.error(ParseErrorKind::Host));
        }
        cursor.skip_lws();
        if cursor.peek() != Some(b'"') {
            return Err(cursor.error(ParseErrorKind::Quote));
        }
        let at = cursor.at;
        let words = core::str::from_utf8(cursor.quoted()?)
            .map_err(|_| ParseError::new(ParseErrorKind::Quote, at))?;
        cursor.end()?;
        Ok(Warning { code, agent, text: unquote(words) })
    }
}

impl fmt::Display for Warning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {} {}", self.code, self.agent, quote(&self.text))
    }
}
