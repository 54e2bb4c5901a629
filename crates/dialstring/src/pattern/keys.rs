use crate::Digit;

/// A set of key presses: the low sixteen bits are the digits, the high ones the digits held long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys(u32);

impl Keys {
    pub(crate) const NONE: Self = Self(0);
    /// `0` to `9`, however long.
    pub(crate) const DECIMAL: Self = Self(0x03ff_03ff);
    /// Every key, however long.
    pub(crate) const ALL: Self = Self(u32::MAX);

    /// One digit, however long.
    pub(crate) const fn of(digit: Digit) -> Self {
        Self((1 << digit as u32) * 0x0001_0001)
    }

    /// The digits from one to another, both decimal or both letters; `None` backwards.
    pub(crate) fn range(first: Digit, last: Digit) -> Option<Self> {
        let whole = first.is_decimal() == last.is_decimal() && first <= last;
        whole.then(|| {
            let some = Digit::ALL.into_iter().filter(|digit| (first..=last).contains(digit));
            some.fold(Self::NONE, |keys, digit| keys.and(Self::of(digit)))
        })
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The same, held long.
    pub(crate) const fn long(self) -> Self {
        Self(self.0 & 0xffff_0000)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True when a press is one of these; presses are numbered as the bits are.
    pub(crate) const fn has(self, press: usize) -> bool {
        self.0 >> press & 1 == 1
    }
}
