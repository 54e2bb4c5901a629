use core::fmt;

/// Why a text is not a dial string, an extension or a telephone URI, and where.
///
/// [`offset`](Self::offset) counts octets of the text that was given. `Display` says what was
/// wrong, where, and what would be right; it prints no control character, mark or foreign script
/// as such, so that it can go to a log or a terminal.
///
/// ```
/// let error = switchboard_dialstring::DialString::parse("03012345;12a").unwrap_err();
/// assert_eq!(error.offset(), 11);
/// assert_eq!(
///     error.to_string(),
///     "unexpected 'a' at offset 11: after the separator stand digits, '*', '#' and the pauses ',', 'w', 'W', 'p'"
/// );
/// ```
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    offset: usize,
    kind: ErrorKind,
    place: Place,
    found: Option<char>,
}

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is nothing to read.
    Empty,
    /// A symbol that cannot stand here.
    UnexpectedSymbol,
    /// CR, LF, NUL or another control character.
    ControlCharacter,
    /// A bidirectional, zero-width or other invisible mark.
    InvisibleMark,
    /// A digit of another script (full-width, Arabic-Indic), which the settings refuse.
    ForeignDigit,
    /// A letter in the number, which the settings refuse.
    Letter,
    /// A pause before the separator.
    PauseInNumber,
    /// `+` anywhere but once in front.
    MisplacedPlus,
    /// There is no main number.
    NoNumber,
    /// Fewer digits than a main number has.
    NumberTooShort,
    /// More digits than a main number has (E.164: 15).
    NumberTooLong,
    /// A separator with nothing after it.
    EmptyExtension,
    /// A second separator.
    SecondSeparator,
    /// More symbols after the separator than fit (32).
    PlanTooLong,
    /// An employee's extension of more than 4 digits.
    ExtensionTooLong,
    /// A service code that is only its first symbol.
    ServiceCodeTooShort,
    /// A service code of more symbols than fit (32).
    ServiceCodeTooLong,
    /// The text as a whole is longer than any dial string.
    InputTooLong,
    /// The URI has another scheme than the one that is read here.
    WrongScheme,
    /// A `%` that is not followed by two hexadecimal digits.
    BadEscape,
    /// A parameter without a name, or with a value that its grammar does not allow.
    BadParameter,
    /// More parameters than are looked at (32).
    TooManyParameters,
    /// A parameter that stands twice.
    DuplicateParameter,
    /// A local number without `;phone-context=` (RFC 3966 section 5.1.5).
    MissingContext,
    /// `;phone-context=` that is neither a global number nor a domain name.
    BadContext,
}

impl ErrorKind {
    /// A stable name for machines: `empty_extension`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnexpectedSymbol => "unexpected_symbol",
            Self::ControlCharacter => "control_character",
            Self::InvisibleMark => "invisible_mark",
            Self::ForeignDigit => "foreign_digit",
            Self::Letter => "letter",
            Self::PauseInNumber => "pause_in_number",
            Self::MisplacedPlus => "misplaced_plus",
            Self::NoNumber => "no_number",
            Self::NumberTooShort => "number_too_short",
            Self::NumberTooLong => "number_too_long",
            Self::EmptyExtension => "empty_extension",
            Self::SecondSeparator => "second_separator",
            Self::PlanTooLong => "plan_too_long",
            Self::ExtensionTooLong => "extension_too_long",
            Self::ServiceCodeTooShort => "service_code_too_short",
            Self::ServiceCodeTooLong => "service_code_too_long",
            Self::InputTooLong => "input_too_long",
            Self::WrongScheme => "wrong_scheme",
            Self::BadEscape => "bad_escape",
            Self::BadParameter => "bad_parameter",
            Self::TooManyParameters => "too_many_parameters",
            Self::DuplicateParameter => "duplicate_parameter",
            Self::MissingContext => "missing_context",
            Self::BadContext => "bad_context",
        }
    }
}

/// Which rule was being read, for the advice in `Display`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Extension,
    Number,
    Plan,
    Ext,
    ServiceCode,
    Uri,
    Country,
}

impl ParseError {
    pub(crate) fn new(offset: usize, kind: ErrorKind, input: &[u8]) -> Self {
        Self { offset, kind, place: Place::Extension, found: found(input, offset) }
    }

    pub(crate) fn country(offset: usize, kind: ErrorKind, code: &str) -> Self {
        Self::new(offset, kind, code.as_bytes()).in_place(Place::Country)
    }

    /// An error at a symbol, of the kind that the symbol itself tells.
    pub(crate) fn at_symbol(offset: usize, input: &[u8]) -> Self {
        Self::new(offset, symbol_kind(found(input, offset)), input)
    }

    pub(crate) const fn in_place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same fault at another place of a longer text.
    pub(crate) const fn moved_to(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// Octets before the fault in the text that was given.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What was wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// The character at an offset; U+FFFD where the octets are not UTF-8.
fn found(input: &[u8], offset: usize) -> Option<char> {
    let rest = input.get(offset..)?;
    let chunk = rest.get(..4).unwrap_or(rest).utf8_chunks().next()?;
    Some(chunk.valid().chars().next().unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The kind of error that a symbol is wherever it cannot stand.
pub(crate) fn symbol_kind(symbol: Option<char>) -> ErrorKind {
    match symbol {
        Some(c) if c.is_control() => ErrorKind::ControlCharacter,
        Some(c) if is_mark(c) => ErrorKind::InvisibleMark,
        Some(c) if !c.is_ascii() && c.is_numeric() => ErrorKind::ForeignDigit,
        _ => ErrorKind::UnexpectedSymbol,
    }
}

/// Marks that change how a text looks or that do not show at all.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A symbol in quotes, or its code point where showing it would deceive.
struct Shown(Option<char>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("the end"),
            Some(c) if c.is_ascii_graphic() || c == ' ' => write!(f, "'{c}'"),
            Some(c) => write!(f, "U+{:04X}", u32::from(c)),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, found, .. } = *self;
        let shown = Shown(found);
        match self.kind {
            ErrorKind::Empty => {
                write!(f, "nothing to read at offset {offset}: {}", self.place.advice())
            }
            ErrorKind::UnexpectedSymbol => {
                write!(f, "unexpected {shown} at offset {offset}: {}", self.place.advice())
            }
            ErrorKind::ControlCharacter => {
                write!(f, "control character {shown} at offset {offset}: remove it")
            }
            ErrorKind::InvisibleMark => {
                write!(f, "invisible mark {shown} at offset {offset}: remove it")
            }
            ErrorKind::ForeignDigit => {
                write!(f, "foreign digit {shown} at offset {offset}: write it as one of 0 to 9")
            }
            ErrorKind::Letter => {
                write!(
                    f,
                    "letter {shown} in the number at offset {offset}: write the digit of its key"
                )
            }
            ErrorKind::PauseInNumber => {
                write!(f, "pause {shown} in the number at offset {offset}: put ';' before it")
            }
            ErrorKind::MisplacedPlus => {
                write!(f, "'+' at offset {offset}: it stands once, in front of the first digit")
            }
            ErrorKind::NoNumber => {
                write!(f, "no number before {shown} at offset {offset}: put the main number first")
            }
            ErrorKind::NumberTooShort => {
                write!(f, "number ends at offset {offset}: it has at least 2 digits")
            }
            ErrorKind::NumberTooLong => {
                write!(
                    f,
                    "digit {shown} too many at offset {offset}: a number has at most 15 digits"
                )
            }
            ErrorKind::EmptyExtension => {
                write!(
                    f,
                    "no extension at offset {offset}: put digits after the separator or drop it"
                )
            }
            ErrorKind::SecondSeparator => write!(
                f,
                "second separator {shown} at offset {offset}: one is enough; '#' is a tone only after ';'"
            ),
            ErrorKind::PlanTooLong => {
                write!(
                    f,
                    "{shown} too many at offset {offset}: at most 32 symbols follow the separator"
                )
            }
            ErrorKind::ExtensionTooLong => {
                write!(
                    f,
                    "digit {shown} too many at offset {offset}: an extension has 1 to 4 digits"
                )
            }
            ErrorKind::ServiceCodeTooShort => {
                write!(f, "service code ends at offset {offset}: digits follow its '*' or '#'")
            }
            ErrorKind::ServiceCodeTooLong => {
                write!(
                    f,
                    "{shown} too many at offset {offset}: a service code has at most 32 symbols"
                )
            }
            ErrorKind::InputTooLong => {
                write!(f, "text too long at offset {offset}: a dial string has at most 255 octets")
            }
            ErrorKind::WrongScheme => {
                write!(
                    f,
                    "unknown scheme at offset {offset}: 'tel:', 'sip:' or 'sips:' stands there"
                )
            }
            ErrorKind::BadEscape => {
                write!(f, "bad escape at offset {offset}: two hexadecimal digits follow '%'")
            }
            ErrorKind::BadParameter => {
                write!(
                    f,
                    "bad parameter at {shown}, offset {offset}: ';name' or ';name=value' stands there"
                )
            }
            ErrorKind::TooManyParameters => {
                write!(
                    f,
                    "parameter at offset {offset} is one too many: a telephone URI has at most 32"
                )
            }
            ErrorKind::DuplicateParameter => {
                write!(f, "parameter at offset {offset} stands twice: keep one")
            }
            ErrorKind::MissingContext => write!(
                f,
                "local number without context, up to offset {offset}: write it with '+' or add ';phone-context='"
            ),
            ErrorKind::BadContext => write!(
                f,
                "bad phone-context at offset {offset}: a number with '+' or a domain name stands there"
            ),
        }
    }
}

impl Place {
    const fn advice(self) -> &'static str {
        match self {
            Self::Extension => "an extension has 1 to 4 of the digits 0 to 9",
            Self::Number => {
                "a number has digits, '+' in front, and the separators ' ', '-', '.', '(', ')', '/'"
            }
            Self::Plan => {
                "after the separator stand digits, '*', '#' and the pauses ',', 'w', 'W', 'p'"
            }
            Self::Ext => "after ';ext=' stand only digits; other tones and pauses need ';'",
            Self::Country => "a country is two letters of ISO 3166-1, such as 'DE'",
            Self::Uri => {
                "a telephone URI has digits, '+' in front, the separators '-', '.', '(', ')', and ';name=value'"
            }
            Self::ServiceCode => "a service code has digits, '*' and '#'",
        }
    }
}

impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseError({:?} at {}: {})", self.kind, self.offset, Shown(self.found))
    }
}
