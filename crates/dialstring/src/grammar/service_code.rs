use nom::Parser;
use nom::bytes::complete::{take_while, take_while1};
use nom::combinator::{peek, verify};

use super::fault::{Fault, Rule};
use crate::error::{ErrorKind, Place};
use crate::service_code::ServiceCode;

/// `service-code = ( "*" / "#" ) 1*31( DIGIT / "*" / "#" ) *SP`
pub(super) fn service_code(input: &[u8]) -> Rule<'_, ServiceCode> {
    let symbol = |octet: u8| matches!(octet, b'0'..=b'9' | b'*' | b'#');
    verify(peek(take_while1(symbol)), |code: &[u8]| matches!(code[0], b'*' | b'#')).parse(input)?;
    let (after, code) = take_while(symbol).parse(input)?;
    let mut out = ServiceCode::empty();
    for (at, &octet) in code.iter().enumerate() {
        if !out.push(octet) {
            return Fault::cut(&input[at..], ErrorKind::ServiceCodeTooLong, Place::ServiceCode);
        }
    }
    let (rest, _) = take_while(|octet: u8| octet == b' ').parse(after)?;
    if !rest.is_empty() {
        return Fault::symbol(rest, Place::ServiceCode);
    }
    if code.len() < 2 {
        return Fault::cut(after, ErrorKind::ServiceCodeTooShort, Place::ServiceCode);
    }
    Ok((rest, out))
}
