//! The error that the rules carry inside; users see [`ParseError`](crate::ParseError).

use nom::error::{ErrorKind as NomKind, ParseError};
use nom::{Err, IResult};

use crate::error::{ErrorKind, Place};

pub(crate) type Rule<'a, T> = IResult<&'a [u8], T, Fault<'a>>;

/// What was wrong, before which rest of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fault<'a> {
    pub(crate) rest: &'a [u8],
    /// `None`: the symbol at the rest's head tells.
    pub(crate) kind: Option<ErrorKind>,
    pub(crate) place: Place,
}

impl<'a> Fault<'a> {
    /// A fault that no other alternative can mend.
    pub(crate) fn cut<T>(rest: &'a [u8], kind: ErrorKind, place: Place) -> Rule<'a, T> {
        Err(Err::Failure(Self { rest, kind: Some(kind), place }))
    }

    /// A symbol that cannot stand here.
    pub(crate) fn symbol<T>(rest: &'a [u8], place: Place) -> Rule<'a, T> {
        Err(Err::Failure(Self { rest, kind: None, place }))
    }
}

impl<'a> ParseError<&'a [u8]> for Fault<'a> {
    fn from_error_kind(rest: &'a [u8], _: NomKind) -> Self {
        Self { rest, kind: None, place: Place::Number }
    }

    fn append(_: &'a [u8], _: NomKind, other: Self) -> Self {
        other
    }
}
