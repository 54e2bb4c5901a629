use core::fmt;

/// One of the sixteen DTMF symbols (ITU-T Q.23): `0` to `9`, `*`, `#` and `A` to `D`.
///
/// The order is that of the RFC 4733 event codes, so that `Digit::D0 < Digit::Star < Digit::A`.
///
/// ```
/// use switchboard_dialstring::Digit;
///
/// assert_eq!(Digit::from_char('#'), Some(Digit::Pound));
/// assert_eq!(Digit::Pound.event(), 11);
/// assert_eq!(Digit::from_event(16), None); // a hook flash is not a digit
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Digit {
    /// `0`
    D0,
    /// `1`
    D1,
    /// `2`
    D2,
    /// `3`
    D3,
    /// `4`
    D4,
    /// `5`
    D5,
    /// `6`
    D6,
    /// `7`
    D7,
    /// `8`
    D8,
    /// `9`
    D9,
    /// `*`
    Star,
    /// `#`
    Pound,
    /// `A`, on military and radio keypads
    A,
    /// `B`
    B,
    /// `C`
    C,
    /// `D`
    D,
}

impl Digit {
    /// Every digit, in the order of its event code.
    pub const ALL: [Self; 16] = [
        Self::D0,
        Self::D1,
        Self::D2,
        Self::D3,
        Self::D4,
        Self::D5,
        Self::D6,
        Self::D7,
        Self::D8,
        Self::D9,
        Self::Star,
        Self::Pound,
        Self::A,
        Self::B,
        Self::C,
        Self::D,
    ];

    /// Reads a key's character; letters in either case. Digits of other scripts are not digits here.
    #[must_use]
    pub const fn from_char(c: char) -> Option<Self> {
        if c.is_ascii() { Self::from_ascii(c as u8) } else { None }
    }

    /// Reads a key's ASCII octet; letters in either case.
    #[must_use]
    pub const fn from_ascii(octet: u8) -> Option<Self> {
        match octet {
            b'0'..=b'9' => Self::from_event(octet - b'0'),
            b'*' => Some(Self::Star),
            b'#' => Some(Self::Pound),
            b'A'..=b'D' => Self::from_event(octet - b'A' + 12),
            b'a'..=b'd' => Self::from_event(octet - b'a' + 12),
            _ => None,
        }
    }

    /// The digit of a telephone-event code (RFC 4733 section 3.2, table 3): 0 to 15, else `None`.
    #[must_use]
    pub const fn from_event(code: u8) -> Option<Self> {
        if code < 16 { Some(Self::ALL[code as usize]) } else { None }
    }

    /// The telephone-event code (RFC 4733 section 3.2, table 3), 0 to 15.
    #[must_use]
    pub const fn event(self) -> u8 {
        self as u8
    }

    /// The key's character, letters in upper case.
    #[must_use]
    pub const fn as_char(self) -> char {
        self.as_ascii() as char
    }

    /// The key's ASCII octet, letters in upper case.
    #[must_use]
    pub const fn as_ascii(self) -> u8 {
        b"0123456789*#ABCD"[self as usize]
    }

    /// True for `0` to `9`.
    #[must_use]
    pub const fn is_decimal(self) -> bool {
        (self as u8) < 10
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_char(f, self.as_char())
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digit({})", self.as_char())
    }
}

#[cfg(test)]
mod tests {
    use super::Digit;

    #[test]
    fn every_digit_survives_char_and_event() {
        for (code, digit) in Digit::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(digit.event()), code);
            assert_eq!(Digit::from_event(digit.event()), Some(digit));
            assert_eq!(Digit::from_char(digit.as_char()), Some(digit));
        }
        for code in 16..=u8::MAX {
            assert_eq!(Digit::from_event(code), None, "event {code}");
        }
    }

    #[test]
    fn only_sixteen_characters_and_four_lower_case_are_digits() {
        let read = ('\0'..='\u{ffff}').filter(|&c| Digit::from_char(c).is_some()).count();
        assert_eq!(read, 20);
        assert_eq!(Digit::from_char('d'), Some(Digit::D));
        assert_eq!(Digit::from_char('٣'), None);
        assert_eq!(Digit::from_char('３'), None);
    }
}
