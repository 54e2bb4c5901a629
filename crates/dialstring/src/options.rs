use crate::dial_string::DialString;
use crate::error::{ErrorKind, ParseError, Place};
use crate::grammar::{self, Fault, MAX_INPUT};

/// How a dial string is read. The default is strict: ASCII only, no letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {}

impl Options {
    /// Reads a dial string by these settings.
    ///
    /// # Errors
    /// [`ParseError`] with the offset and kind of the first fault.
    pub fn parse(&self, text: &str) -> Result<DialString, ParseError> {
        plain(text.as_bytes())
    }
}

fn plain(text: &[u8]) -> Result<DialString, ParseError> {
    if text.len() > MAX_INPUT {
        return Err(ParseError::new(MAX_INPUT, ErrorKind::InputTooLong, text));
    }
    match grammar::dial_string(text) {
        Ok((_, dialled)) => Ok(dialled),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => Err(placed(text, fault)),
        Err(nom::Err::Incomplete(_)) => {
            Err(ParseError::new(text.len(), ErrorKind::UnexpectedSymbol, text)
                .in_place(Place::Number))
        }
    }
}

fn placed(text: &[u8], fault: Fault<'_>) -> ParseError {
    let offset = text.len() - fault.rest.len();
    match fault.kind {
        Some(kind) => ParseError::new(offset, kind, text),
        None => ParseError::at_symbol(offset, text),
    }
    .in_place(fault.place)
}
