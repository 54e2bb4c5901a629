//! The grammar, a rule a function, over octets of normalised text.
//!
//! The rules stand above their functions, and together in the README.

mod call;
mod fault;
mod service_code;

use nom::Parser;
use nom::combinator::map;

use crate::dial_string::DialString;
use crate::error::{ErrorKind, Place};
pub(crate) use fault::{Fault, Rule};

/// The longest text that is looked at, in octets.
pub(crate) const MAX_INPUT: usize = 255;

/// `dial-string = *visual ( service-code / call )`
#[inline]
pub(crate) fn dial_string(input: &[u8]) -> Rule<'_, DialString> {
    if input.is_empty() {
        return Fault::cut(input, ErrorKind::Empty, Place::Number);
    }
    let (input, _) = call::visual(input)?;
    match input.first() {
        Some(b'*' | b'#') => map(service_code::service_code, DialString::Service).parse(input),
        _ => call::call(input),
    }
}
