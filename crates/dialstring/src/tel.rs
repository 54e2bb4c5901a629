//! `tel:` URIs (RFC 3966).

mod compare;
mod parameters;

use core::fmt;

use crate::dial_string::DialString;
use crate::error::{ErrorKind, ParseError, Place};
use crate::grammar;
use crate::number::{Building, Number};
use crate::options::Options;
use crate::sip_user;
pub use parameters::PhoneContext;
pub(crate) use parameters::{Parameters, parameters};

/// A `tel:` URI, as a view of its text: nothing is copied or allocated.
///
/// Equality is that of RFC 3966 section 4: visual separators, case and the order of parameters do
/// not count. `Display` writes the parameters in the order that section 3 asks for, and keeps
/// everything.
///
/// ```
/// use switchboard_dialstring::TelUri;
///
/// let uri = TelUri::parse("tel:+49-30-12345;ext=42")?;
/// assert!(uri.is_global());
/// assert_eq!(uri.ext(), Some("42"));
/// assert_eq!(uri.dial_string()?.to_string(), "+493012345;ext=42");
/// assert_eq!(uri, TelUri::parse("TEL:+493012345;EXT=4-2")?);
/// # Ok::<(), switchboard_dialstring::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TelUri<'a> {
    text: &'a str,
    number: &'a str,
    parameters: Parameters<'a>,
}

const SCHEME: usize = "tel:".len();

impl<'a> TelUri<'a> {
    /// `telephone-uri = "tel:" ( global-number / local-number )`
    ///
    /// # Errors
    /// [`ParseError`] with the offset and kind of the first fault.
    #[inline]
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        Self::read(text, |_| {})
    }

    /// Reads a URI for what is dialled alone: as `parse`, then `dial_string`, and the number is
    /// walked once.
    #[inline]
    pub(crate) fn dialled(text: &'a str) -> Result<DialString, ParseError> {
        let mut number = Building::new(text.as_bytes().get(SCHEME) == Some(&b'+'));
        let mut plain = true;
        let uri = Self::read(text, |digit| match digit {
            Some(digit) => plain &= number.push(digit),
            None => plain = false,
        })?;
        if plain && number.count() >= Number::MIN_DIGITS && uri.number.len() <= grammar::MAX_INPUT {
            uri.parameters.behind(DialString::Number(number.number(), None), text)
        } else {
            uri.dial_string()
        }
    }

    /// Reads a URI, and tells the digits of its number on the way: `None` is something that takes
    /// another reading, as "(0)", a service code, an escape, or what nobody can dial.
    #[inline]
    fn read(text: &'a str, each: impl FnMut(Option<u8>)) -> Result<Self, ParseError> {
        let octets = text.as_bytes();
        if !text.get(..SCHEME).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:")) {
            return Err(ParseError::new(0, ErrorKind::WrongScheme, octets));
        }
        let end = check_number(octets, each)?;
        let number = &text[SCHEME..end];
        let parameters = parameters(text, end)?;
        let uri = Self { text, number, parameters };
        if !uri.is_global() && parameters.context.is_none() {
            return Err(ParseError::new(end, ErrorKind::MissingContext, octets));
        }
        Ok(uri)
    }

    /// The number as it stands, with its visual separators.
    #[must_use]
    pub const fn number(&self) -> &'a str {
        self.number
    }

    /// True for a number with `+`, which means the same everywhere.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.number.starts_with('+')
    }

    /// The extension (section 5.3), as it stands.
    #[must_use]
    pub const fn ext(&self) -> Option<&'a str> {
        self.parameters.ext
    }

    /// The ISDN subaddress (section 5.2), as it stands.
    #[must_use]
    pub const fn isub(&self) -> Option<&'a str> {
        self.parameters.isub
    }

    /// The context in which a local number means something (section 5.1.5).
    #[must_use]
    pub fn phone_context(&self) -> Option<PhoneContext<'a>> {
        self.parameters.context.map(PhoneContext::of)
    }

    /// The parameters in the order in which they stand, name and value.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone + use<'a> {
        self.parameters.iter()
    }

    /// What is dialled: the number, and the extension behind it.
    ///
    /// # Errors
    /// [`ParseError`] for a number or extension that a URI can name and nobody can dial: more than
    /// 15 digits, hexadecimal digits, an extension of more than 32, a second one behind `#`.
    #[inline]
    pub fn dial_string(&self) -> Result<DialString, ParseError> {
        let dialled = sip_user::unescaped(&Options::new(), self.number)
            .map_err(|error| error.moved_to(SCHEME + error.offset()))?;
        self.parameters.behind(dialled, self.text)
    }
}

/// Where the number ends that stands behind the scheme.
///
/// `global-number-digits = "+" *phonedigit DIGIT *phonedigit`
/// `local-number-digits  = *phonedigit-hex (HEXDIG / "*" / "#") *phonedigit-hex`
#[inline]
fn check_number(octets: &[u8], mut each: impl FnMut(Option<u8>)) -> Result<usize, ParseError> {
    let global = octets.get(SCHEME) == Some(&b'+');
    let mut at = SCHEME + usize::from(global);
    let mut digits = 0;
    while let Some(&octet) = octets.get(at) {
        at += match octet {
            b'0'..=b'9' => {
                each(Some(octet));
                digit(&mut digits, 1)
            }
            b'-' | b'.' => 1,
            b';' => break,
            b'(' | b')' => {
                each(None);
                1
            }
            b'a'..=b'f' | b'A'..=b'F' | b'*' | b'#' if !global => {
                each(None);
                digit(&mut digits, 1)
            }
            b'%' if !global && octets[at..].starts_with(b"%23") => {
                each(None);
                digit(&mut digits, 3)
            }
            b'+' => {
                let error = ParseError::new(at, ErrorKind::MisplacedPlus, octets);
                return Err(error.in_place(Place::Uri));
            }
            _ => return Err(ParseError::at_symbol(at, octets).in_place(Place::Uri)),
        };
    }
    match digits {
        0 => Err(ParseError::new(at, ErrorKind::NoNumber, octets)),
        _ => Ok(at),
    }
}

/// Counts a digit of so many octets.
#[inline]
const fn digit(digits: &mut usize, width: usize) -> usize {
    *digits += 1;
    width
}

impl fmt::Display for TelUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tel:{}", self.number)?;
        for (name, value) in self.parameters.ordered() {
            write!(f, ";{name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}
