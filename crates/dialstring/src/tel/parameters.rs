use nom::Parser;
use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::char;
use nom::combinator::opt;
use nom::sequence::preceded;

use crate::error::{ErrorKind, ParseError, Place};
use crate::grammar::{Fault, Rule};
use crate::options::placed;
use crate::plan::{DialPlan, Symbol};

/// The most parameters of a URI.
const MAX_PARAMETERS: usize = 32;

/// The parameters of a telephone URI: checked, and kept as they stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a> {
    /// From the first `;` to the end.
    text: &'a str,
    pub(super) ext: Option<&'a str>,
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

/// Checks the parameters that begin at an offset of the text.
pub(crate) fn parameters(text: &str, at: usize) -> Result<Parameters<'_>, ParseError> {
    let (octets, all) = (text.as_bytes(), &text[at..]);
    let mut parameters = Parameters { text: all, ext: None, isub: None, context: None };
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
        let slot = match name {
            _ if name.eq_ignore_ascii_case("ext") => &mut parameters.ext,
            _ if name.eq_ignore_ascii_case("isub") => &mut parameters.isub,
            _ if name.eq_ignore_ascii_case("phone-context") => &mut parameters.context,
            _ if before(all, offset - at).any(|(known, _)| known.eq_ignore_ascii_case(name)) => {
                return Err(fault(offset, ErrorKind::DuplicateParameter));
            }
            _ => continue,
        };
        if slot.is_some() {
            return Err(fault(offset, ErrorKind::DuplicateParameter));
        }
        let Some(value) = value else { return Err(fault(end, ErrorKind::BadParameter)) };
        *slot = Some(value);
        if name.eq_ignore_ascii_case("ext") {
            check_ext(octets, value_at, value)?;
        } else if name.eq_ignore_ascii_case("phone-context") && !is_context(value) {
            return Err(fault(value_at, ErrorKind::BadContext));
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

const fn is_value(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(
            octet,
            b'-' | b'_'
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')'
                | b'%'
                | b'['
                | b']'
                | b'/'
                | b':'
                | b'&'
                | b'+'
                | b'$'
                | b'?'
                | b'@'
                | b'='
                | b','
        )
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
    let domain = value.strip_suffix('.').unwrap_or(value);
    let label = |label: &str| {
        let inside = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        !label.is_empty()
            && label.bytes().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.split('.').all(label) && top.starts_with(|c: char| c.is_ascii_alphabetic())
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

    /// The extension as a plan; an error is placed in the text that the parameters end.
    pub(crate) fn ext(&self, text: &str) -> Result<Option<DialPlan>, ParseError> {
        let Some(ext) = self.ext else { return Ok(None) };
        let mut plan = DialPlan::empty();
        for octet in ext.bytes() {
            match Symbol::from_ascii(octet) {
                Some(symbol) if !plan.push(symbol) => {
                    let at = text.len() - self.text.len() + self.text.find(ext).unwrap_or_default();
                    return Err(ParseError::new(at, ErrorKind::PlanTooLong, text.as_bytes()));
                }
                _ => {}
            }
        }
        Ok(Some(plan))
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
