/// The answer to "do these digits match something that can be dialled?", asked after each digit.
///
/// A collector that hears [`Match::Full`] is done at once; after [`Match::FullAndMore`] it waits
/// the inter-digit timeout, and no longer than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// Nothing that can be dialled starts with these digits.
    None,
    /// These digits are the beginning of something, and nothing by themselves.
    May,
    /// These digits match, and nothing longer can.
    Full,
    /// These digits match, and something longer can match too.
    FullAndMore,
}

impl Match {
    /// The answer, from its two halves: do the digits match as they are, and can more follow?
    #[must_use]
    pub const fn new(matches: bool, more: bool) -> Self {
        match (matches, more) {
            (false, false) => Self::None,
            (false, true) => Self::May,
            (true, false) => Self::Full,
            (true, true) => Self::FullAndMore,
        }
    }

    /// The digits match as they are.
    #[must_use]
    pub const fn is_match(self) -> bool {
        matches!(self, Self::Full | Self::FullAndMore)
    }

    /// Further digits can still match.
    #[must_use]
    pub const fn can_grow(self) -> bool {
        matches!(self, Self::May | Self::FullAndMore)
    }

    /// What two sets of dialable strings say together.
    ///
    /// ```
    /// use switchboard_dialstring::Match;
    ///
    /// // A menu has an option 1; the directory has 101.
    /// assert_eq!(Match::Full.or(Match::May), Match::FullAndMore);
    /// ```
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self::new(self.is_match() || other.is_match(), self.can_grow() || other.can_grow())
    }
}
