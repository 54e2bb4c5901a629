//! User-to-User (RFC 7433).

use core::fmt;
use std::borrow::Cow;

use super::cursor::{Cursor, text};
use super::params::{Params, unquote};
use super::{ParseError, ParseErrorKind};

/// Data that one user's application gives to the other's.
///
/// ```
/// use switchboard_sip::UserToUser;
///
/// let data = UserToUser::parse(b"56a390f3d2b7310023a2;encoding=hex;purpose=isdn-uui")?;
/// assert_eq!((&*data.data(), data.params().get("encoding")), ("56a390f3d2b7310023a2", Some("hex")));
/// # Ok::<(), switchboard_sip::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserToUser<'a> {
    data: &'a str,
    params: Params<'a>,
}

impl<'a> UserToUser<'a> {
    /// Reads `uui-data *(SEMI uui-param)`, the data a token or a quoted string (RFC 7433 section 4.1).
    ///
    /// # Errors
    /// If it has another form.
    pub fn parse(value: &'a [u8]) -> Result<UserToUser<'a>, ParseError> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let at = cursor.at;
        let data = match cursor.peek() {
            Some(b'"') => core::str::from_utf8(cursor.quoted()?)
                .map_err(|_| ParseError::new(ParseErrorKind::Quote, at))?,
            _ => text(cursor.token()?),
        };
        let params = Params::read(&mut cursor)?;
        cursor.end()?;
        Ok(UserToUser { data, params })
    }

    /// The data, without quotes and backslashes.
    pub fn data(&self) -> Cow<'a, str> {
        unquote(self.data)
    }

    /// The parameters: purpose, encoding, content.
    pub fn params(&self) -> Params<'a> {
        self.params
    }
}

impl fmt::Display for UserToUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.data, self.params)
    }
}
