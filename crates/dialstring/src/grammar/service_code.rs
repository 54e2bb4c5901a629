use nom::Parser;
use nom::bytes::complete::take_while;

use super::fault::{Fault, Rule};
use crate::error::{ErrorKind, Place};
use crate::service_code::ServiceCode;

/// Reads to the end, from the `*` or `#` that makes it a service code.
///
/// `service-code = ( "*" / "#" ) 1*31( DIGIT / "*" / "#" ) *SP`
pub(super) fn service_code(input: &[u8]) -> Rule<'_, ServiceCode> {
    let symbol = |octet: u8| matches!(octet, b'0'..=b'9' | b'*' | b'#');
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
