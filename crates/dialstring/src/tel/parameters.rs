use nom::Parser;
use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::char;
use nom::combinator::opt;
use nom::sequence::preceded;

use crate::dial_string::{DialString, PostDial, Separator};
use crate::error::{ErrorKind, ParseError, Place};
use crate::grammar::{Fault, Rule};
use crate::options::placed;
use crate::plan::DialPlan;

/// The most parameters of a URI.
const MAX_PARAMETERS: usize = 32;

/// The parameters of a telephone URI: checked, and kept as they stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a> {
    /// From the first `;` to the end.
    text: &'a str,
    pub(super) ext: Option<&'a str>,
    /// Where the extension stands in the whole text.
    ext_at: usize,
    pub(super) isub: Option<&'a str>,
    pub(super) context: Option<&'a str>,
}

/// Where a local number means something (RFC 3966 section 5.1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhoneContext<'a> {
    /// The leading digits of a global number, `+` first, visual separators as they stand.
    Global(&'a str),
    /// A domain name.
    Domain(&'a str),
}

impl<'a> PhoneContext<'a> {
    pub(super) fn of(value: &'a str) -> Self {
        if value.starts_with('+') { Self::Global(value) } else { Self::Domain(value) }
    }
}

/// A parameter that RFC 3966 gives a meaning.
#[derive(Clone, Copy)]
enum Known {
    Ext,
    Isub,
    PhoneContext,
}

impl Known {
    #[inline]
    fn of(name: &str) -> Option<Self> {
        let (known, spelt) = match name.len() {
            3 => (Self::Ext, "ext"),
            4 => (Self::Isub, "isub"),
            13 => (Self::PhoneContext, "phone-context"),
            _ => return None,
        };
        name.eq_ignore_ascii_case(spelt).then_some(known)
    }
}

/// Checks the parameters that begin at an offset of the text.
pub(crate) fn parameters(text: &str, at: usize) -> Result<Parameters<'_>, ParseError> {
    let (octets, all) = (text.as_bytes(), &text[at..]);
    let mut parameters = Parameters { text: all, ext: None, ext_at: 0, isub: None, context: None };
    let mut rest = all.as_bytes();
    let mut count = 0;
    while !rest.is_empty() {
        let offset = text.len() - rest.len();
        let fault = |offset, kind| ParseError::new(offset, kind, octets).in_place(Place::Uri);
        let (after, (name, value)) = match parameter(rest) {
            Ok(read) => read,
            Err(nom::Err::Error(found) | nom::Err::Failure(found)) => {
                return Err(placed(octets, found));
            }
            Err(nom::Err::Incomplete(_)) => return Err(fault(text.len(), ErrorKind::BadParameter)),
        };
        rest = after;
        count += 1;
        if count > MAX_PARAMETERS {
            return Err(fault(offset, ErrorKind::TooManyParameters));
        }
        let name = &text[offset + 1..offset + 1 + name.len()];
        let end = text.len() - after.len();
        let value_at = end - value.map_or(0, <[u8]>::len);
        let value = value.map(|_| &text[value_at..end]);
        let Some(known) = Known::of(name) else {
            let mut earlier = before(all, offset - at);
            if earlier.any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                return Err(fault(offset, ErrorKind::DuplicateParameter));
            }
            continue;
        };
        let slot = match known {
            Known::Ext => &mut parameters.ext,
            Known::Isub => &mut parameters.isub,
            Known::PhoneContext => &mut parameters.context,
        };
        if slot.is_some() {
            return Err(fault(offset, ErrorKind::DuplicateParameter));
        }
        let Some(value) = value else { return Err(fault(end, ErrorKind::BadParameter)) };
        *slot = Some(value);
        match known {
            Known::Ext => {
                parameters.ext_at = value_at;
                check_ext(octets, value_at, value)?;
            }
            Known::PhoneContext if !is_context(value) => {
                return Err(fault(value_at, ErrorKind::BadContext));
            }
            Known::PhoneContext | Known::Isub => {}
        }
    }
    Ok(parameters)
}

/// `parameter = ";" 1*( alphanum / "-" ) [ "=" 1*( paramchar ) ]`
///
/// The value's characters are those of `uric` but `;`, which covers every parameter's own rule.
fn parameter(input: &[u8]) -> Rule<'_, (&[u8], Option<&[u8]>)> {
    let (name_at, _) = char(';').parse(input)?;
    let mut name = take_while1(|octet: u8| octet.is_ascii_alphanumeric() || octet == b'-');
    let (rest, name) = name.parse(name_at).map_err(|_: nom::Err<Fault<'_>>| bad(name_at))?;
    let (rest, value) = opt(preceded(char('='), take_while(is_value))).parse(rest)?;
    match rest.first() {
        None | Some(b';') if value.is_none_or(|value| !value.is_empty()) => {
            Ok((rest, (name, value)))
        }
        _ => Err(bad(rest)),
    }
}

fn bad(rest: &[u8]) -> nom::Err<Fault<'_>> {
    nom::Err::Failure(Fault { rest, kind: Some(ErrorKind::BadParameter), place: Place::Uri })
}

/// `uric` without `;`, and without what must be escaped.
fn is_value(octet: u8) -> bool {
    const VALUE: [bool; 256] = {
        let mut table = [false; 256];
        let mut octet = 0_u8;
        while octet < 128 {
            table[octet as usize] = octet.is_ascii_alphanumeric();
            octet += 1;
        }
        let signs = b"-_.!~*'()%[]/:&+$?@=,";
        let mut at = 0;
        while at < signs.len() {
            table[signs[at] as usize] = true;
            at += 1;
        }
        table
    };
    VALUE[usize::from(octet)]
}

/// `extension = ";ext=" 1*phonedigit`, with at least one digit.
fn check_ext(octets: &[u8], at: usize, value: &str) -> Result<(), ParseError> {
    let other = value.bytes().position(|o| !o.is_ascii_digit() && !is_visual(o));
    if let Some(other) = other {
        return Err(ParseError::at_symbol(at + other, octets).in_place(Place::Ext));
    }
    if !value.bytes().any(|octet| octet.is_ascii_digit()) {
        let end = at + value.len();
        return Err(ParseError::new(end, ErrorKind::EmptyExtension, octets).in_place(Place::Ext));
    }
    Ok(())
}

pub(super) const fn is_visual(octet: u8) -> bool {
    matches!(octet, b'-' | b'.' | b'(' | b')')
}

/// `descriptor = domainname / global-number-digits`
fn is_context(value: &str) -> bool {
    if let Some(digits) = value.strip_prefix('+') {
        return digits.bytes().all(|octet| octet.is_ascii_digit() || is_visual(octet))
            && digits.bytes().any(|octet| octet.is_ascii_digit());
    }
    is_domain(value.strip_suffix('.').unwrap_or(value))
}

/// `domainname = *( domainlabel "." ) toplabel`: labels of letters, digits and hyphens within, the
/// last one beginning with a letter.
fn is_domain(text: &str) -> bool {
    let (mut begins, mut hyphen, mut letter) = (true, false, false);
    for octet in text.bytes() {
        match octet {
            b'.' if !begins && !hyphen => begins = true,
            b'-' if !begins => hyphen = true,
            _ if octet.is_ascii_alphanumeric() => {
                if begins {
                    letter = octet.is_ascii_alphabetic();
                }
                (begins, hyphen) = (false, false);
            }
            _ => return false,
        }
    }
    !begins && !hyphen && letter
}

fn before(text: &str, end: usize) -> impl Iterator<Item = (&str, Option<&str>)> + Clone {
    text[..end].split(';').skip(1).map(|parameter| match parameter.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (parameter, None),
    })
}

impl<'a> Parameters<'a> {
    pub(super) fn iter(
        &self,
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone + use<'a> {
        before(self.text, self.text.len())
    }

    /// `isub` or `ext`, then `phone-context`, then the others by name (RFC 3966 section 3).
    pub(super) fn ordered(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        let all = self.iter();
        let rank = |name: &str| {
            let names = ["isub", "ext", "phone-context"];
            names.into_iter().position(|known| known.eq_ignore_ascii_case(name)).unwrap_or(3)
        };
        // Parameters are few: choosing the least of the rest each time needs no list of them.
        let key = move |name: &'a str| (rank(name), Lower(name));
        let mut last = None;
        core::iter::from_fn(move || {
            let later = all.clone().filter(|(name, _)| last.is_none_or(|last| key(name) > last));
            let next = later.min_by(|a, b| key(a.0).cmp(&key(b.0)))?;
            last = Some(key(next.0));
            Some(next)
        })
    }

    /// What is dialled, with the extension behind it, if there is one; an error is placed in the
    /// text that the parameters end.
    #[inline]
    pub(crate) fn behind(&self, dialled: DialString, text: &str) -> Result<DialString, ParseError> {
        let Some(ext) = self.ext else { return Ok(dialled) };
        let fault = |at, kind| Err(ParseError::new(at, kind, text.as_bytes()).in_place(Place::Uri));
        let number = match dialled {
            DialString::Number(number, None) => number,
            // The number brought an extension of its own, behind a '#'.
            DialString::Number(..) => return fault(self.ext_at, ErrorKind::SecondSeparator),
            // A service code has none.
            DialString::Service(_) => return fault(self.ext_at, ErrorKind::UnexpectedSymbol),
        };
        let mut plan = DialPlan::empty();
        for (at, octet) in ext.bytes().enumerate() {
            // Whatever else it holds are visual separators.
            if octet.is_ascii_digit() && !plan.push_digit(octet) {
                return fault(self.ext_at + at, ErrorKind::PlanTooLong);
            }
        }
        Ok(DialString::Number(number, PostDial::new(Separator::Ext, plan)))
    }
}

/// A name in the order of its lower-case letters.
#[derive(Clone, Copy)]
struct Lower<'a>(&'a str);

impl Ord for Lower<'_> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        let lower = |octet: u8| octet.to_ascii_lowercase();
        self.0.bytes().map(lower).cmp(other.0.bytes().map(lower))
    }
}

impl PartialOrd for Lower<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Lower<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Lower<'_> {}
