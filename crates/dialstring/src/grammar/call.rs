use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while};
use nom::combinator::value;

use super::fault::{Fault, Rule};
use crate::dial_string::{DialString, PostDial, Separator};
use crate::digit::Digit;
use crate::error::{ErrorKind, Place};
use crate::number::{Building, Number};
use crate::plan::{DialPlan, Symbol};

/// `visual = " " / "-" / "." / "(" / ")" / "/"`, any number of them (E.123, RFC 3966).
pub(super) fn visual(input: &[u8]) -> Rule<'_, &[u8]> {
    take_while(is_visual).parse(input)
}

const fn is_visual(octet: u8) -> bool {
    matches!(octet, b' ' | b'-' | b'.' | b'(' | b')' | b'/')
}

/// Reads to the end.
///
/// `call = number [ separator plan ]`
#[inline]
pub(super) fn call(input: &[u8]) -> Rule<'_, DialString> {
    let (rest, number) = number(input)?;
    if rest.is_empty() {
        return Ok((rest, DialString::Number(number, None)));
    }
    if !ends(rest) {
        return after_number(rest);
    }
    let (rest, separator) = separator(rest)?;
    let (rest, plan) = plan(rest, separator)?;
    Ok((rest, DialString::Number(number, Some(PostDial { separator, plan }))))
}

/// `number = ["+"] 2*15( *visual DIGIT ) *visual`
#[inline]
pub(super) fn number(input: &[u8]) -> Rule<'_, Number> {
    let plus = input.first() == Some(&b'+');
    let mut number = Building::new(plus);
    let mut at = usize::from(plus);
    // Behind the last digit.
    let mut end = at;
    while let Some(&octet) = input.get(at) {
        if octet.is_ascii_digit() {
            if !number.push(octet) {
                return Fault::cut(&input[at..], ErrorKind::NumberTooLong, Place::Number);
            }
            at += 1;
            end = at;
            continue;
        }
        at += match octet {
            b'(' if plus && trunk_zero(&input[at..], number) => TRUNK_ZERO.len(),
            octet if is_visual(octet) => 1,
            b'+' => return Fault::cut(&input[at..], ErrorKind::MisplacedPlus, Place::Number),
            _ => break,
        };
    }
    let rest = &input[at..];
    match number.count() {
        0 => no_number(rest),
        digits if digits < Number::MIN_DIGITS && ends(rest) => {
            Fault::cut(&input[end..], ErrorKind::NumberTooShort, Place::Number)
        }
        _ => Ok((rest, number.number())),
    }
}

const TRUNK_ZERO: &[u8] = b"(0)";

/// `trunk-zero = "(0)"`, behind a country code: whether it stands here and is left out.
///
/// The zero of `+49 (0)30` is for callers inside the country and is left out. Italy, San Marino
/// and the Vatican dial it from abroad too, and keep it.
fn trunk_zero(input: &[u8], number: Building) -> bool {
    input.starts_with(TRUNK_ZERO)
        && matches!(number.count(), 1..=3)
        && !matches!(number.number().digits(), "39" | "378" | "379")
}

/// The number is over here: nothing or a separator follows.
fn ends(rest: &[u8]) -> bool {
    matches!(rest.first(), None | Some(b';' | b'#'))
}

fn no_number(end: &[u8]) -> Rule<'_, Number> {
    match end.first() {
        None | Some(b';' | b'#' | b',' | b'p' | b'P' | b'w' | b'W') => {
            Fault::cut(end, ErrorKind::NoNumber, Place::Number)
        }
        Some(_) => after_number(end),
    }
}

/// What stands where the number should go on or end.
fn after_number<T>(rest: &[u8]) -> Rule<'_, T> {
    match rest.first() {
        Some(b',' | b'p' | b'P' | b'w' | b'W') => {
            Fault::cut(rest, ErrorKind::PauseInNumber, Place::Number)
        }
        Some(octet) if octet.is_ascii_alphabetic() => {
            Fault::cut(rest, ErrorKind::Letter, Place::Number)
        }
        _ => Fault::symbol(rest, Place::Number),
    }
}

/// `separator = ";ext=" / ";" / "#"`
pub(super) fn separator(input: &[u8]) -> Rule<'_, Separator> {
    if let Some((b'#', rest)) = input.split_first() {
        return Ok((rest, Separator::Pound));
    }
    alt((
        value(Separator::Ext, tag_no_case(&b";ext="[..])),
        value(Separator::Semicolon, tag(&b";"[..])),
    ))
    .parse(input)
}

/// `plan = 1*32( *visual symbol ) *visual`
fn plan(input: &[u8], separator: Separator) -> Rule<'_, DialPlan> {
    let mut plan = DialPlan::empty();
    let mut rest = input;
    while let Some((&octet, after)) = rest.split_first() {
        let symbol = match (Symbol::from_ascii(octet), separator) {
            _ if octet == b';' => {
                return Fault::cut(rest, ErrorKind::SecondSeparator, Place::Plan);
            }
            (Some(Symbol::Digit(Digit::Pound)), Separator::Pound) => {
                return Fault::cut(rest, ErrorKind::SecondSeparator, Place::Plan);
            }
            (Some(symbol), _) if separator != Separator::Ext || octet.is_ascii_digit() => symbol,
            (Some(_), _) => return Fault::symbol(rest, Place::Ext),
            (None, _) if is_visual(octet) => {
                rest = after;
                continue;
            }
            (None, _) => return Fault::symbol(rest, Place::Plan),
        };
        if !plan.push(symbol) {
            return Fault::cut(rest, ErrorKind::PlanTooLong, Place::Plan);
        }
        rest = after;
    }
    match plan.len() {
        0 => Fault::cut(rest, ErrorKind::EmptyExtension, Place::Plan),
        _ => Ok((rest, plan)),
    }
}
