use core::{fmt, str::FromStr, time::Duration};

use crate::Digit;
use crate::error::{ErrorKind, ParseError, Place, symbol_kind};

/// What is sent as tones once the main number has answered: digits, `*`, `#` and pauses, 1 to 32.
///
/// Kept inline; copying it allocates nothing.
///
/// ```
/// use core::time::Duration;
/// use switchboard_dialstring::{DialPlan, Digit, Pause, PauseLengths, Symbol};
///
/// let plan: DialPlan = "1,2w#".parse()?;
/// let symbols: Vec<Symbol> = plan.symbols().collect();
/// assert_eq!(symbols[0], Symbol::Digit(Digit::D1));
/// assert_eq!(symbols[1], Symbol::Pause(Pause::Comma));
/// assert_eq!(plan.pause_time(&PauseLengths::default()), Duration::from_millis(2_500));
/// # Ok::<(), switchboard_dialstring::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialPlan {
    // Unused octets are zero.
    text: [u8; Self::MAX_SYMBOLS],
    len: u8,
}

/// One symbol of a [`DialPlan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// A tone; never [`Digit::A`] to [`Digit::D`].
    Digit(Digit),
    /// Silence; its length is a setting.
    Pause(Pause),
}

/// A pause symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pause {
    /// `,` (also read as `p`): a long pause, 2 s unless set otherwise.
    Comma,
    /// `w`: a short pause, 0.5 s unless set otherwise.
    W,
    /// `W`: twice the short pause, 1 s unless set otherwise.
    DoubleW,
}

/// How long each pause is: a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PauseLengths {
    /// Length of `,`.
    pub comma: Duration,
    /// Length of `w`; `W` is twice as long.
    pub w: Duration,
}

impl Default for PauseLengths {
    /// `,` 2 s and `w` 0.5 s.
    fn default() -> Self {
        Self { comma: Duration::from_secs(2), w: Duration::from_millis(500) }
    }
}

impl PauseLengths {
    /// The length of a pause.
    #[must_use]
    pub fn of(&self, pause: Pause) -> Duration {
        match pause {
            Pause::Comma => self.comma,
            Pause::W => self.w,
            Pause::DoubleW => self.w.saturating_mul(2),
        }
    }
}

impl Pause {
    /// The symbol as it is printed.
    #[must_use]
    pub const fn as_char(self) -> char {
        match self {
            Self::Comma => ',',
            Self::W => 'w',
            Self::DoubleW => 'W',
        }
    }
}

impl Symbol {
    /// Reads a symbol.
    ///
    /// ```abnf
    /// symbol = DIGIT / "*" / "#" / pause
    /// pause  = "," / "p" / "P" / "w" / "W"
    /// ```
    #[must_use]
    pub const fn from_ascii(octet: u8) -> Option<Self> {
        match octet {
            b',' | b'p' | b'P' => Some(Self::Pause(Pause::Comma)),
            b'w' => Some(Self::Pause(Pause::W)),
            b'W' => Some(Self::Pause(Pause::DoubleW)),
            b'0'..=b'9' | b'*' | b'#' => match Digit::from_ascii(octet) {
                Some(digit) => Some(Self::Digit(digit)),
                None => None,
            },
            _ => None,
        }
    }

    /// The symbol as it is printed.
    #[must_use]
    pub const fn as_char(self) -> char {
        match self {
            Self::Digit(digit) => digit.as_char(),
            Self::Pause(pause) => pause.as_char(),
        }
    }
}

impl DialPlan {
    /// The most symbols that a plan has.
    pub const MAX_SYMBOLS: usize = 32;

    pub(crate) const fn empty() -> Self {
        Self { text: [0; Self::MAX_SYMBOLS], len: 0 }
    }

    /// Adds a symbol; false when the plan is full.
    #[inline]
    pub(crate) fn push(&mut self, symbol: Symbol) -> bool {
        self.push_octet(symbol.as_char() as u8)
    }

    /// Adds one of `0` to `9`; false when the plan is full.
    #[inline]
    pub(crate) fn push_digit(&mut self, digit: u8) -> bool {
        debug_assert!(digit.is_ascii_digit());
        self.push_octet(digit)
    }

    #[inline]
    fn push_octet(&mut self, octet: u8) -> bool {
        match self.text.get_mut(usize::from(self.len)) {
            Some(slot) => {
                *slot = octet;
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// Makes a plan of symbols; `None` unless they are 1 to 32 and none is `A` to `D`.
    #[must_use]
    pub fn from_symbols(symbols: impl IntoIterator<Item = Symbol>) -> Option<Self> {
        let mut plan = Self::empty();
        for symbol in symbols {
            let letter = matches!(symbol, Symbol::Digit(digit) if digit >= Digit::A);
            if letter || !plan.push(symbol) {
                return None;
            }
        }
        (plan.len > 0).then_some(plan)
    }

    /// The plan as text: digits, `*`, `#`, `,`, `w`, `W`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.octets()).unwrap_or_default()
    }

    fn octets(&self) -> &[u8] {
        &self.text[..self.len()]
    }

    /// The symbols, in the order in which they are sent.
    pub fn symbols(&self) -> impl DoubleEndedIterator<Item = Symbol> + Clone + use<> {
        let (text, len) = (self.text, self.len());
        (0..len).filter_map(move |at| Symbol::from_ascii(text[at]))
    }

    /// How many symbols there are: 1 to 32.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a plan is never empty")]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// True when nothing but `0` to `9` is to be sent.
    #[must_use]
    pub fn is_decimal(&self) -> bool {
        self.octets().iter().all(u8::is_ascii_digit)
    }

    /// True when `#` is among the tones: such a plan cannot stand behind `#` as a separator.
    #[must_use]
    pub fn has_pound(&self) -> bool {
        self.octets().contains(&b'#')
    }

    /// The time that the pauses take together.
    #[must_use]
    pub fn pause_time(&self, lengths: &PauseLengths) -> Duration {
        self.symbols().fold(Duration::ZERO, |sum, symbol| match symbol {
            Symbol::Digit(_) => sum,
            Symbol::Pause(pause) => sum.saturating_add(lengths.of(pause)),
        })
    }
}

impl FromStr for DialPlan {
    type Err = ParseError;

    /// Reads a plan by itself, without a number before it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut plan = Self::empty();
        for (offset, c) in text.char_indices() {
            let error =
                |kind| Err(ParseError::new(offset, kind, text.as_bytes()).in_place(Place::Plan));
            match u8::try_from(c).ok().and_then(Symbol::from_ascii) {
                None => return error(symbol_kind(Some(c))),
                Some(symbol) if !plan.push(symbol) => return error(ErrorKind::PlanTooLong),
                Some(_) => {}
            }
        }
        if plan.len == 0 {
            return Err(ParseError::new(0, ErrorKind::Empty, text.as_bytes()).in_place(Place::Plan));
        }
        Ok(plan)
    }
}

impl fmt::Display for DialPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for DialPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DialPlan({})", self.as_str())
    }
}
