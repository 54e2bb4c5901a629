//! CSeq (RFC 3261 section 20.16).

use core::fmt;

use super::cursor::{Cursor, text};
use super::{Method, ParseError, ParseErrorKind};

/// A sequence number and the method that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 section 8.1.1.5).
    pub number: u32,
    /// The request's method.
    pub method: Method,
}

impl CSeq {
    /// Reads a value such as `314159 INVITE`.
    pub fn parse(value: &[u8]) -> Result<CSeq, ParseError> {
        CSeq::read(&mut Cursor::new(value))
    }

    /// Reads a value that the cursor stands at the start of.
    #[inline(always)]
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<CSeq, ParseError> {
        let start = cursor.at;
        cursor.skip_lws();
        let number = cursor.number()?;
        if number >= 1 << 31 {
            return Err(ParseError::new(ParseErrorKind::Number, start));
        }
        let digits_end = cursor.at;
        cursor.skip_space();
        if cursor.at == digits_end {
            return Err(cursor.error(ParseErrorKind::Method));
        }
        let at = cursor.at;
        let method = cursor.token()?;
        let method = match Method::known(method) {
            Some(known) => known,
            None => {
                text(method).parse().map_err(|_| ParseError::new(ParseErrorKind::Method, at))?
            }
        };
        cursor.end()?;
        Ok(CSeq { number, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}
