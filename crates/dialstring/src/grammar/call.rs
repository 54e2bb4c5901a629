use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while};
use nom::combinator::{opt, value};

use super::fault::{Fault, Rule};
use crate::dial_string::{DialString, PostDial, Separator};
use crate::error::{ErrorKind, Place};
use crate::number::Number;
use crate::plan::{DialPlan, Symbol};

/// `visual = " " / "-" / "." / "(" / ")" / "/"`, any number of them (E.123, RFC 3966).
pub(super) fn visual(input: &[u8]) -> Rule<'_, &[u8]> {
    take_while(|octet: u8| matches!(octet, b' ' | b'-' | b'.' | b'(' | b')' | b'/')).parse(input)
}

/// `call = number [ separator plan ]`
pub(super) fn call(input: &[u8]) -> Rule<'_, DialString> {
    let (rest, number) = number(input)?;
    let (rest, separator) = opt(separator).parse(rest)?;
    let Some(separator) = separator else {
        return match rest.first() {
            None => Ok((rest, DialString::Number(number, None))),
            Some(_) => after_number(rest),
        };
    };
    let (rest, plan) = plan(rest, separator)?;
    Ok((rest, DialString::Number(number, Some(PostDial { separator, plan }))))
}

/// `number = ["+"] 2*15( *visual DIGIT ) *visual`
///
/// The trunk zero of `+49 (0)30` is for callers inside the country and is left out; Italy and
/// San Marino dial it from abroad too, and keep it.
pub(super) fn number(input: &[u8]) -> Rule<'_, Number> {
    let (mut rest, plus) = opt(tag(&b"+"[..])).parse(input)?;
    let mut number = Number::empty();
    if plus.is_some() {
        number.push(b'+');
    }
    loop {
        if number.is_global() && !number.digits().is_empty() {
            (rest, _) = opt(|input| trunk_zero(input, &number)).parse(rest)?;
        }
        let (head, _) = visual(rest)?;
        let Some((&octet, after)) = head.split_first() else { break };
        match octet {
            b'0'..=b'9' if number.push(octet) => rest = after,
            b'0'..=b'9' => return Fault::cut(head, ErrorKind::NumberTooLong, Place::Number),
            b'+' => return Fault::cut(head, ErrorKind::MisplacedPlus, Place::Number),
            _ => break,
        }
    }
    let (end, _) = visual(rest)?;
    match number.digits().len() {
        0 => no_number(end),
        digits if digits < Number::MIN_DIGITS && ends(end) => {
            Fault::cut(rest, ErrorKind::NumberTooShort, Place::Number)
        }
        _ => Ok((end, number)),
    }
}

/// `trunk-zero = *visual "(0)"`, behind a country code that does not keep it.
fn trunk_zero<'a>(input: &'a [u8], number: &Number) -> Rule<'a, &'a [u8]> {
    let blanks = take_while(|octet: u8| octet == b' ');
    let (rest, zero) = nom::sequence::preceded(blanks, tag(&b"(0)"[..])).parse(input)?;
    if matches!(number.digits(), "39" | "378" | "379") {
        return Ok((input, zero));
    }
    Ok((rest, zero))
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
    alt((
        value(Separator::Ext, tag_no_case(&b";ext="[..])),
        value(Separator::Semicolon, tag(&b";"[..])),
        value(Separator::Pound, tag(&b"#"[..])),
    ))
    .parse(input)
}

/// `plan = 1*32( *visual symbol ) *visual`
fn plan(input: &[u8], separator: Separator) -> Rule<'_, DialPlan> {
    let mut plan = DialPlan::empty();
    let mut rest = input;
    loop {
        let (head, _) = visual(rest)?;
        let Some((&octet, after)) = head.split_first() else {
            return match plan.len() {
                0 => Fault::cut(head, ErrorKind::EmptyExtension, Place::Plan),
                _ => Ok((head, plan)),
            };
        };
        let symbol = match (octet, Symbol::from_ascii(octet), separator) {
            (b';', ..) | (b'#', _, Separator::Pound) => {
                return Fault::cut(head, ErrorKind::SecondSeparator, Place::Plan);
            }
            (b'0'..=b'9', Some(symbol), _) => symbol,
            (_, Some(symbol), Separator::Semicolon | Separator::Pound) => symbol,
            (_, Some(_), Separator::Ext) => return Fault::symbol(head, Place::Ext),
            (_, None, _) => return Fault::symbol(head, Place::Plan),
        };
        if !plan.push(symbol) {
            return Fault::cut(head, ErrorKind::PlanTooLong, Place::Plan);
        }
        rest = after;
    }
}
