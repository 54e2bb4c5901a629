//! The syntax that challenges and credentials share: a scheme, then `name=value` pairs with commas between them.

use std::borrow::Cow;

use crate::message::cursor::{Cursor, text};
use crate::message::{ParseError, ParseErrorKind, unquote};

/// Why a challenge or credentials could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The scheme is not Digest.
    #[error("the scheme is not Digest")]
    Scheme,
    /// The syntax is broken.
    #[error("{0}")]
    Syntax(#[from] ParseError),
    /// A parameter that this crate reads stands there twice.
    #[error("the parameter {0} stands there twice")]
    Duplicate(&'static str),
    /// A parameter is missing.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// A parameter's value cannot be.
    #[error("the parameter {0} has an impossible value")]
    Value(&'static str),
}

/// The parameters of these names in a Digest value, without quotes; each may stand there once.
pub(super) fn digest<'a, const N: usize>(
    value: &'a [u8],
    names: [&'static str; N],
) -> Result<[Option<Cow<'a, str>>; N], FieldError> {
    let mut cursor = Cursor::new(value);
    cursor.skip_lws();
    let scheme = cursor.token()?;
    if !scheme.eq_ignore_ascii_case(b"Digest") {
        return Err(FieldError::Scheme);
    }
    let mut found = [const { None }; N];
    let mut first = true;
    loop {
        let commas = skip_commas(&mut cursor);
        if cursor.is_at_end() {
            return Ok(found);
        }
        if !first && !commas {
            return Err(cursor.error(ParseErrorKind::Trailing).into());
        }
        first = false;
        let (name, value) = pair(&mut cursor)?;
        if let Some(at) = names.iter().position(|known| known.eq_ignore_ascii_case(name))
            && found[at].replace(value).is_some()
        {
            return Err(FieldError::Duplicate(names[at]));
        }
    }
}

/// Whether there was a comma; empty list elements are allowed (RFC 9110 section 5.6.1.2).
fn skip_commas(cursor: &mut Cursor<'_>) -> bool {
    let mut any = false;
    cursor.skip_lws();
    while cursor.eat(b',') {
        any = true;
        cursor.skip_lws();
    }
    any
}

/// `auth-param = auth-param-name EQUAL ( token / quoted-string )`
fn pair<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, Cow<'a, str>), FieldError> {
    let name = text(cursor.token()?);
    cursor.skip_lws();
    if !cursor.eat(b'=') {
        return Err(cursor.error(ParseErrorKind::Parameter).into());
    }
    cursor.skip_lws();
    let at = cursor.at;
    let value = if cursor.peek() == Some(b'"') { cursor.quoted()? } else { cursor.token()? };
    let value =
        core::str::from_utf8(value).map_err(|_| ParseError::new(ParseErrorKind::Quote, at))?;
    Ok((name, unquote(value)))
}
