use core::fmt;

/// A string that starts with `*` or `#`: a service code, not a number with an extension.
///
/// `*43`, `*21*03012345#`, `#31#03012345`: digits, `*` and `#`, 2 to 32 symbols.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceCode {
    // Unused octets are zero.
    text: [u8; Self::MAX_SYMBOLS],
    len: u8,
}

impl ServiceCode {
    /// The most symbols of a service code.
    pub const MAX_SYMBOLS: usize = 32;

    pub(crate) const fn empty() -> Self {
        Self { text: [0; Self::MAX_SYMBOLS], len: 0 }
    }

    /// Adds a symbol; false when the code is full.
    pub(crate) fn push(&mut self, octet: u8) -> bool {
        match self.text.get_mut(usize::from(self.len)) {
            Some(slot) => {
                *slot = octet;
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// The code as text: digits, `*` and `#`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Display for ServiceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ServiceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceCode({})", self.as_str())
    }
}
