use crate::dial_string::DialString;
use crate::error::{ErrorKind, ParseError, Place};
use crate::grammar::{self, Fault, MAX_INPUT};
use crate::prepared::Prepared;
use crate::sip_user::{self, SipUser};
use crate::tel::TelUri;

/// How text is read. The default is strict: ASCII only, no letters.
///
/// ```
/// use switchboard_dialstring::{ForeignDigits, Letters, Options};
///
/// let people = Options::new().foreign_digits(ForeignDigits::Normalise).letters(Letters::Keypad);
/// assert_eq!(people.parse("0800 FLOWERS")?.to_string(), "08003569377");
/// assert_eq!(people.parse("٠٣٠١٢٣٤٥")?.to_string(), "03012345");
/// # Ok::<(), switchboard_dialstring::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    foreign_digits: ForeignDigits,
    letters: Letters,
}

/// What becomes of digits and separators outside ASCII.
///
/// Full-width, Arabic-Indic, Devanagari and Bengali digits; no-break and thin blanks, typographic
/// hyphens, full-width signs. Invisible marks are refused either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ForeignDigits {
    /// They are an error.
    #[default]
    Refuse,
    /// They become ASCII.
    Normalise,
}

/// What becomes of letters in the main number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Letters {
    /// They are an error.
    #[default]
    Refuse,
    /// They become the digit of their key (ITU-T E.161): `FLOWERS` is `3569377`.
    Keypad,
}

impl Options {
    /// The strict settings.
    #[must_use]
    pub const fn new() -> Self {
        Self { foreign_digits: ForeignDigits::Refuse, letters: Letters::Refuse }
    }

    /// Sets what becomes of digits outside ASCII.
    #[must_use]
    pub const fn foreign_digits(mut self, foreign_digits: ForeignDigits) -> Self {
        self.foreign_digits = foreign_digits;
        self
    }

    /// Sets what becomes of letters.
    #[must_use]
    pub const fn letters(mut self, letters: Letters) -> Self {
        self.letters = letters;
        self
    }

    /// Reads a dial string, or a `tel:`, `sip:` or `sips:` URI, by these settings.
    ///
    /// URIs are read by their own grammars, whatever the settings: in them a bare `;123` is a
    /// parameter, never an extension.
    ///
    /// # Errors
    /// [`ParseError`] with the offset and kind of the first fault.
    pub fn parse(&self, text: &str) -> Result<DialString, ParseError> {
        let octets = text.as_bytes();
        match scheme(octets) {
            Some(Scheme::Tel) => TelUri::dialled(text),
            Some(Scheme::Sip) => sip_user::from_sip_uri(text),
            None if *self == Self::new() => plain(octets),
            None => self.prepared(text),
        }
    }

    /// Reads the user part of a SIP URI by these settings; see [`DialString::from_sip_user`].
    ///
    /// # Errors
    /// [`ParseError`] with the offset, in the user part as it stands, and the kind of the first
    /// fault.
    pub fn parse_sip_user(&self, user: &str, kind: SipUser) -> Result<DialString, ParseError> {
        sip_user::parse(self, user, kind)
    }

    fn prepared(&self, text: &str) -> Result<DialString, ParseError> {
        let mut prepared = Prepared::new();
        prepared.text(text, self.foreign_digits)?;
        self.plain(&mut prepared)
    }

    /// Reads text that was prepared; an error is placed in the original.
    pub(crate) fn plain(&self, prepared: &mut Prepared) -> Result<DialString, ParseError> {
        if self.letters == Letters::Keypad {
            prepared.letters();
        }
        plain(prepared.as_bytes()).map_err(|error| prepared.original(error))
    }
}

enum Scheme {
    Tel,
    Sip,
}

fn scheme(text: &[u8]) -> Option<Scheme> {
    let is =
        |scheme: &[u8]| text.get(..scheme.len()).is_some_and(|t| t.eq_ignore_ascii_case(scheme));
    match text.first()? {
        b't' | b'T' if is(b"tel:") => Some(Scheme::Tel),
        b's' | b'S' if is(b"sip:") || is(b"sips:") => Some(Scheme::Sip),
        _ => None,
    }
}

/// Reads normalised text by the grammar.
#[inline]
pub(crate) fn plain(text: &[u8]) -> Result<DialString, ParseError> {
    if text.len() > MAX_INPUT {
        return Err(too_long(text));
    }
    match grammar::dial_string(text) {
        Ok((_, dialled)) => Ok(dialled),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => Err(placed(text, fault)),
        // The rules are complete ones; were one not, the end would be what is wrong.
        Err(nom::Err::Incomplete(_)) => {
            let error = ParseError::new(text.len(), ErrorKind::UnexpectedSymbol, text);
            Err(error.in_place(Place::Number))
        }
    }
}

pub(crate) fn too_long(text: &[u8]) -> ParseError {
    ParseError::new(MAX_INPUT, ErrorKind::InputTooLong, text)
}

fn placed(text: &[u8], fault: Fault<'_>) -> ParseError {
    let offset = text.len() - fault.rest.len();
    match fault.kind {
        Some(kind) => ParseError::new(offset, kind, text),
        None => ParseError::at_symbol(offset, text),
    }
    .in_place(fault.place)
}
