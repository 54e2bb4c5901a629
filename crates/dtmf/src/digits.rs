use core::fmt;
use core::ops::Deref;

use switchboard_dialstring::Digit;

/// Up to [`Digits::CAPACITY`] digits, kept inline; reads as a slice.
///
/// ```
/// use switchboard_dtmf::Digit;
/// use switchboard_dtmf::Digits;
///
/// let digits: Digits = [Digit::D1, Digit::D0, Digit::Star].into_iter().collect();
/// assert_eq!(digits.len(), 3);
/// assert_eq!(digits.to_string(), "10*");
/// ```
#[derive(Clone, Copy)]
pub struct Digits {
    digits: [Digit; Self::CAPACITY],
    len: u8,
}

impl Digits {
    /// The most that fits: as many symbols as a dial string may hold after its separator.
    pub const CAPACITY: usize = 32;

    /// No digits.
    #[must_use]
    pub const fn new() -> Self {
        Self { digits: [Digit::D0; Self::CAPACITY], len: 0 }
    }

    /// The digits, in order.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[Digit] {
        &self.digits[..usize::from(self.len)]
    }

    /// Adds a digit at the end.
    ///
    /// # Errors
    /// [`Full`] when there are [`CAPACITY`](Self::CAPACITY) already.
    pub fn push(&mut self, digit: Digit) -> Result<(), Full> {
        let slot = self.digits.get_mut(usize::from(self.len)).ok_or(Full)?;
        *slot = digit;
        self.len += 1;
        Ok(())
    }

    /// Takes the last digit away again.
    pub fn pop(&mut self) -> Option<Digit> {
        let last = *self.as_slice().last()?;
        self.len -= 1;
        Some(last)
    }

    /// Forgets all digits.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Takes the first `count` digits out; what follows moves up.
    pub(crate) fn take_front(&mut self, count: usize) -> Self {
        let count = count.min(self.len());
        let mut front = *self;
        front.len = count as u8;
        if count < usize::from(self.len) {
            self.digits.copy_within(count.., 0);
        }
        self.len -= count as u8;
        front
    }
}

/// There is no room for another digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no room for another digit: {} are the most", Digits::CAPACITY)]
pub struct Full;

impl Default for Digits {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Digits {
    type Target = [Digit];

    fn deref(&self) -> &[Digit] {
        self.as_slice()
    }
}

impl PartialEq for Digits {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Digits {}

/// Keeps the first [`Digits::CAPACITY`] digits.
impl FromIterator<Digit> for Digits {
    fn from_iter<I: IntoIterator<Item = Digit>>(digits: I) -> Self {
        let mut out = Self::new();
        for digit in digits {
            if out.push(digit).is_err() {
                break;
            }
        }
        out
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digits({self})")
    }
}

/// A set of digits.
///
/// ```
/// use switchboard_dtmf::Digit;
/// use switchboard_dtmf::DigitSet;
///
/// let terminators = DigitSet::of(&[Digit::Pound]);
/// assert!(terminators.contains(Digit::Pound));
/// assert!(!terminators.contains(Digit::Star));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DigitSet(u16);

impl DigitSet {
    /// No digit.
    pub const EMPTY: Self = Self(0);
    /// `#` alone.
    pub const POUND: Self = Self::of(&[Digit::Pound]);
    /// `*` alone.
    pub const STAR: Self = Self::of(&[Digit::Star]);

    /// The set of these digits.
    #[must_use]
    pub const fn of(digits: &[Digit]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < digits.len() {
            bits |= 1 << digits[at].event();
            at += 1;
        }
        Self(bits)
    }

    /// True if the digit is in the set.
    #[must_use]
    pub const fn contains(self, digit: Digit) -> bool {
        self.0 & (1 << digit.event()) != 0
    }
}

impl fmt::Debug for DigitSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(Digit::ALL.iter().filter(|digit| self.contains(**digit)).map(|d| d.as_char()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thirty_third_digit_is_refused() {
        let mut digits: Digits = core::iter::repeat_n(Digit::D5, 40).collect();
        assert_eq!(digits.len(), Digits::CAPACITY);
        assert_eq!(digits.push(Digit::D1), Err(Full));
        assert_eq!(digits.pop(), Some(Digit::D5));
        assert_eq!(digits.push(Digit::D1), Ok(()));
        assert_eq!(digits.last(), Some(&Digit::D1));
    }

    #[test]
    fn the_front_is_taken_and_the_rest_moves_up() {
        let mut digits: Digits = [Digit::D1, Digit::D2, Digit::D3].into_iter().collect();
        assert_eq!(digits.take_front(2).to_string(), "12");
        assert_eq!(digits.to_string(), "3");
        assert_eq!(digits.take_front(9).to_string(), "3");
        assert!(digits.is_empty());
    }

    #[test]
    fn a_set_holds_what_it_was_made_of() {
        let set = DigitSet::of(&[Digit::D0, Digit::D]);
        for digit in Digit::ALL {
            assert_eq!(set.contains(digit), matches!(digit, Digit::D0 | Digit::D));
        }
        assert_eq!(std::format!("{set:?}"), "{'0', 'D'}");
    }
}
