use core::fmt;

/// Why a text is not a pattern of digits, and where.
///
/// ```
/// use switchboard_dialstring::Pattern;
///
/// let error = Pattern::asterisk("_2[5-1]X").unwrap_err();
/// assert_eq!(error.offset(), 5);
/// assert_eq!(error.to_string(), "range ends before it begins at offset 5: write the lesser digit first");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PatternError {
    offset: usize,
    kind: PatternErrorKind,
}

/// What was wrong with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatternErrorKind {
    /// A pattern, or one of its alternatives, without anything in it.
    Empty,
    /// A symbol that the notation does not have, or not here.
    UnexpectedSymbol,
    /// `[` without its `]`.
    UnclosedRange,
    /// A set of which no digit is left.
    EmptyRange,
    /// A range whose last digit is before its first, or of another kind.
    BackwardRange,
    /// A repetition with nothing before it.
    NothingToRepeat,
    /// A repetition whose counts are missing, backwards or zero.
    BadRepetition,
    /// A timer that is not the last symbol (RFC 3435 section 2.1.5), or a second one.
    MisplacedTimer,
    /// Anything behind `.` or `!`, which take the rest.
    AfterRest,
    /// `(` without its `)`.
    UnclosedList,
    /// More items than a pattern can have.
    TooLong,
}

impl PatternErrorKind {
    /// A stable name for machines: `unclosed_range`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnexpectedSymbol => "unexpected_symbol",
            Self::UnclosedRange => "unclosed_range",
            Self::EmptyRange => "empty_range",
            Self::BackwardRange => "backward_range",
            Self::NothingToRepeat => "nothing_to_repeat",
            Self::BadRepetition => "bad_repetition",
            Self::MisplacedTimer => "misplaced_timer",
            Self::AfterRest => "after_rest",
            Self::UnclosedList => "unclosed_list",
            Self::TooLong => "too_long",
        }
    }

    /// What is wrong, and what would be right.
    const fn said(self) -> (&'static str, &'static str) {
        match self {
            Self::Empty => ("no digits", "a pattern or alternative has at least one"),
            Self::UnexpectedSymbol => {
                ("unexpected symbol", "digits, '*', '#' and the notation's own signs stand here")
            }
            Self::UnclosedRange => ("range without an end", "close it with ']'"),
            Self::EmptyRange => ("range without a digit", "put one into it"),
            Self::BackwardRange => ("range ends before it begins", "write the lesser digit first"),
            Self::NothingToRepeat => ("nothing to repeat", "put a digit or a range before it"),
            Self::BadRepetition => {
                ("bad repetition", "write {m}, {m,}, {,n} or {m,n} with m up to n and n above 0")
            }
            Self::MisplacedTimer => ("misplaced timer", "it stands once, behind the last digit"),
            Self::AfterRest => ("something behind the rest", "'.' and '!' stand last"),
            Self::UnclosedList => ("list without an end", "close it with ')'"),
            Self::TooLong => ("pattern too long", "it has at most 2048 items"),
        }
    }
}

impl PatternError {
    pub(super) const fn new(offset: usize, kind: PatternErrorKind) -> Self {
        Self { offset, kind }
    }

    /// Octets before the fault in the text that was given.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What was wrong.
    #[must_use]
    pub const fn kind(&self) -> PatternErrorKind {
        self.kind
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wrong, right) = self.kind.said();
        write!(f, "{wrong} at offset {}: {right}", self.offset)
    }
}
