//! Retry-After (RFC 3261 section 20.33).

use core::fmt;

use super::cursor::Cursor;
use super::params::Params;
use super::{ParseError, ParseErrorKind};

/// When to try again.
///
/// ```
/// use switchboard_sip::RetryAfter;
///
/// let later = RetryAfter::parse(b"120 (in a meeting) ;duration=3600")?;
/// assert_eq!((later.seconds, later.duration), (120, Some(3600)));
/// assert_eq!(later.to_string(), "120;duration=3600");
/// # Ok::<(), switchboard_sip::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter {
    /// Seconds from now.
    pub seconds: u32,
    /// For how many seconds it will then be worth it.
    pub duration: Option<u32>,
}

impl RetryAfter {
    /// Reads `delta-seconds [comment] *(SEMI retry-param)`; the comment, which is for people, is left out.
    ///
    /// # Errors
    /// If it has another form.
    pub fn parse(value: &[u8]) -> Result<RetryAfter, ParseError> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let seconds = cursor.number()?;
        cursor.skip_lws();
        if cursor.peek() == Some(b'(') {
            skip_comment(&mut cursor)?;
        }
        let params = Params::read(&mut cursor)?;
        cursor.end()?;
        let duration = match params.get("duration") {
            None => None,
            Some(text) => {
                let number = text.parse().ok();
                Some(number.ok_or(ParseError::new(ParseErrorKind::Number, value.len()))?)
            }
        };
        Ok(RetryAfter { seconds, duration })
    }
}

/// `LPAREN *(ctext / quoted-pair / comment) RPAREN`
fn skip_comment(cursor: &mut Cursor<'_>) -> Result<(), ParseError> {
    let mut open = 0_u32;
    while let Some(octet) = cursor.peek() {
        cursor.at += 1;
        match octet {
            b'(' => open += 1,
            b')' if open == 1 => return Ok(()),
            b')' => open -= 1,
            b'\\' => cursor.at += 1,
            _ => {}
        }
    }
    Err(cursor.error(ParseErrorKind::Bracket))
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.duration {
            Some(duration) => write!(f, ";duration={duration}"),
            None => Ok(()),
        }
    }
}
