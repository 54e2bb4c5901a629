use crate::dial_string::{DialString, PostDial, Separator};
use crate::error::{ErrorKind, ParseError, Place};
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
    let fault = |offset, kind| Err(ParseError::new(offset, kind, octets).in_place(Place::Uri));
    let mut offset = at;
    let mut count = 0;
    while offset < octets.len() {
        if count < MAX_PARAMETERS
            && let Some(end) = usual(text, offset, &mut parameters)
        {
            (count, offset) = (count + 1, end);
            continue;
        }
        let (name_end, value_at, end) = match parameter(octets, offset) {
            Ok(ends) => ends,
            Err(at) => return fault(at, ErrorKind::BadParameter),
        };
        count += 1;
        if count > MAX_PARAMETERS {
            return fault(offset, ErrorKind::TooManyParameters);
        }
        let name = &text[offset + 1..name_end];
        let Some(known) = Known::of(name) else {
            let mut earlier = before(all, offset - at);
            if earlier.any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                return fault(offset, ErrorKind::DuplicateParameter);
            }
            offset = end;
            continue;
        };
        let slot = match known {
            Known::Ext => &mut parameters.ext,
            Known::Isub => &mut parameters.isub,
            Known::PhoneContext => &mut parameters.context,
        };
        if slot.is_some() {
            return fault(offset, ErrorKind::DuplicateParameter);
        }
        if value_at == name_end {
            return fault(end, ErrorKind::BadParameter);
        }
        let value = &text[value_at..end];
        *slot = Some(value);
        match known {
            Known::Ext => {
                parameters.ext_at = value_at;
                check_ext(octets, value_at, value)?;
            }
            Known::PhoneContext if !is_context(value.as_bytes()) => {
                return fault(value_at, ErrorKind::BadContext);
            }
            Known::PhoneContext | Known::Isub => {}
        }
        offset = end;
    }
    Ok(parameters)
}

/// `parameter = ";" 1*( alphanum / "-" ) [ "=" 1*( paramchar ) ]`
///
/// The value's characters are those of `uric` but `;`, which covers every parameter's own rule.
/// Tells where the name ends, where the value begins (there too, if there is none) and where it
/// ends; an error is the offset of the fault.
#[inline]
fn parameter(octets: &[u8], at: usize) -> Result<(usize, usize, usize), usize> {
    if octets.get(at) != Some(&b';') {
        return Err(at);
    }
    let name_at = at + 1;
    let name_end = run(octets, name_at, NAME);
    if name_end == name_at {
        return Err(name_at);
    }
    let (value_at, end) = match octets.get(name_end) {
        Some(b'=') => (name_end + 1, value_end(octets, name_end + 1)?),
        _ => (name_end, name_end),
    };
    let empty = value_at > name_end && end == value_at;
    match octets.get(end) {
        None | Some(b';') if !empty => Ok((name_end, value_at, end)),
        _ => Err(end),
    }
}

/// Behind a value; an error is the offset of a `%` that is no escape.
///
/// `pct-encoded = "%" HEXDIG HEXDIG`
#[inline]
fn value_end(octets: &[u8], at: usize) -> Result<usize, usize> {
    let mut end = run(octets, at, VALUE);
    while octets.get(end) == Some(&b'%') {
        let escaped = octets.get(end + 1..end + 3);
        if !escaped.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(end);
        }
        end = run(octets, end + 3, VALUE);
    }
    Ok(end)
}

/// Behind the octets of these classes that begin at an offset.
#[inline]
fn run(octets: &[u8], at: usize, classes: u8) -> usize {
    let rest = octets.get(at..).unwrap_or_default();
    let other = rest.iter().position(|&octet| CLASSES[usize::from(octet)] & classes == 0);
    other.map_or(octets.len(), |other| at + other)
}

/// A letter.
const LETTER: u8 = 1;
/// A digit.
const DIGIT: u8 = 2;
/// `alphanum / "-"`.
const NAME: u8 = 4;
/// `uric` without `;`, and without escapes and what must be escaped.
const VALUE: u8 = 8;
/// `phonedigit`.
const PHONE_DIGIT: u8 = 16;

static CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut octet = 0_u8;
    while octet < 128 {
        table[octet as usize] = match octet {
            b'0'..=b'9' => DIGIT | NAME | VALUE | PHONE_DIGIT,
            b'A'..=b'Z' | b'a'..=b'z' => LETTER | NAME | VALUE,
            b'-' => NAME | VALUE | PHONE_DIGIT,
            b'.' | b'(' | b')' => VALUE | PHONE_DIGIT,
            b'_' | b'!' | b'~' | b'*' | b'\'' | b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$'
            | b'?' | b'@' | b'=' | b',' => VALUE,
            _ => 0,
        };
        octet += 1;
    }
    table
};

/// `extension = ";ext=" 1*phonedigit`, with at least one digit.
fn check_ext(octets: &[u8], at: usize, value: &str) -> Result<(), ParseError> {
    let end = at + value.len();
    let other = run(octets, at, PHONE_DIGIT);
    if other < end {
        return Err(ParseError::at_symbol(other, octets).in_place(Place::Ext));
    }
    if !value.bytes().any(|octet| octet.is_ascii_digit()) {
        return Err(ParseError::new(end, ErrorKind::EmptyExtension, octets).in_place(Place::Ext));
    }
    Ok(())
}

pub(super) const fn is_visual(octet: u8) -> bool {
    matches!(octet, b'-' | b'.' | b'(' | b')')
}

/// `descriptor = domainname / global-number-digits`
#[inline]
fn is_context(value: &[u8]) -> bool {
    match value.split_first() {
        Some((b'+', digits)) => {
            run(digits, 0, PHONE_DIGIT) == digits.len() && digits.iter().any(u8::is_ascii_digit)
        }
        _ => domain(value, 0) == Some(value.len()),
    }
}

/// Takes the parameter at an offset in one go where it is one of the two usual ones in its usual
/// form, digits alone or a domain name, and the first of its name; tells where it ends.
#[inline]
fn usual<'a>(text: &'a str, at: usize, parameters: &mut Parameters<'a>) -> Option<usize> {
    let octets = text.as_bytes();
    let (slot, value_at, end) = if let Some(value_at) = behind_name(octets, at, b";ext=") {
        let end = Some(run(octets, value_at, DIGIT)).filter(|end| *end > value_at)?;
        parameters.ext_at = value_at;
        (&mut parameters.ext, value_at, end)
    } else {
        let value_at = behind_name(octets, at, b";phone-context=")?;
        (&mut parameters.context, value_at, domain(octets, value_at)?)
    };
    if slot.is_some() || !matches!(octets.get(end), None | Some(b';')) {
        return None;
    }
    *slot = Some(&text[value_at..end]);
    Some(end)
}

#[inline]
fn behind_name<const N: usize>(octets: &[u8], at: usize, name: &[u8; N]) -> Option<usize> {
    let begin = octets.get(at..)?.first_chunk::<N>()?;
    begin.eq_ignore_ascii_case(name).then_some(at + N)
}

/// Behind the domain name that stands at an offset.
///
/// `domainname = *( domainlabel "." ) toplabel [ "." ]`: labels of letters, digits and hyphens
/// within, the last one beginning with a letter.
#[inline]
fn domain(octets: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let end = run(octets, at, NAME);
        let (first, last) = (*octets.get(at)?, *octets.get(end.checked_sub(1)?)?);
        if end == at || first == b'-' || last == b'-' {
            return None;
        }
        let more = octets.get(end) == Some(&b'.');
        if more && octets.get(end + 1).is_some_and(|&o| CLASSES[usize::from(o)] & NAME != 0) {
            at = end + 1;
            continue;
        }
        let named = CLASSES[usize::from(first)] & LETTER != 0;
        return named.then_some(end + usize::from(more));
    }
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
        // Digits alone, and one at least: the parameter was checked.
        Ok(DialString::Number(number, Some(PostDial { separator: Separator::Ext, plan })))
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
