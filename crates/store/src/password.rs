//! SIP passwords: made by the machine, never shown by accident.

use std::fmt;

/// A password for a SIP account: printable ASCII without the quote and the backslash, so that every phone's
/// form and every digest header (RFC 7616) takes it as it is. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// The text is no password for a SIP account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Nothing was given.
    #[error("a password cannot be empty")]
    Empty,
    /// Over [`Password::MAX`] symbols.
    #[error("a password has at most {} symbols", Password::MAX)]
    TooLong,
    /// A symbol that a phone's form or a digest header does not carry unchanged.
    #[error(
        "symbol {position} of the password cannot be used: letters, digits and ASCII marks except space, `\"` and `\\` can"
    )]
    Symbol {
        /// Which symbol, counted from 1.
        position: usize,
    },
}

/// No look-alikes (`0O`, `1lI`): passwords are typed into phones by hand.
const ALPHABET: &[u8; 57] = b"23456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";

impl Password {
    /// The most symbols a password can have.
    pub const MAX: usize = 128;
    /// What [`Password::random`] makes: 24 symbols out of 57, about 139 bits.
    pub const RANDOM_LEN: usize = 24;
    /// Under this many symbols a password is called weak by [`Password::is_weak`].
    pub const STRONG: usize = 12;

    /// A password from the operating system's random bytes.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub fn random() -> Result<Self, crate::StoreError> {
        let mut text = String::with_capacity(Self::RANDOM_LEN);
        let mut bytes = [0u8; 64];
        while text.len() < Self::RANDOM_LEN {
            getrandom::fill(&mut bytes).map_err(|_| {
                crate::StoreError::new("make a password", crate::StoreErrorKind::NoRandomness)
            })?;
            for byte in bytes {
                // Four whole alphabets fit a byte; the rest is thrown away, so that no symbol is likelier.
                if usize::from(byte) < ALPHABET.len() * 4 && text.len() < Self::RANDOM_LEN {
                    text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
                }
            }
        }
        Ok(Self(text))
    }

    /// Reads a password that somebody chose.
    ///
    /// # Errors
    /// Which rule it breaks, and where.
    pub fn new(text: impl Into<String>) -> Result<Self, PasswordError> {
        let text = text.into();
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        let bad = |c: char| !c.is_ascii_graphic() || c == '"' || c == '\\';
        if let Some(index) = text.chars().position(bad) {
            return Err(PasswordError::Symbol { position: index + 1 });
        }
        if text.len() > Self::MAX {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(text))
    }

    /// The password itself, to be typed into a phone or hashed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Short enough to be guessed: accepted, and worth a warning.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.0.len() < Self::STRONG
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ones_are_long_different_and_acceptable() {
        let (a, b) = (Password::random().unwrap(), Password::random().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.reveal().len(), Password::RANDOM_LEN);
        assert!(!a.is_weak());
        assert_eq!(Password::new(a.reveal()), Ok(a));
    }

    #[test]
    fn what_a_header_or_a_form_would_change_is_refused_with_its_place() {
        for (text, position) in [("ab\"c", 3), ("\r\n", 1), ("ab c", 3), ("grün", 3), ("a\\", 2)] {
            assert_eq!(Password::new(text), Err(PasswordError::Symbol { position }), "{text:?}");
        }
        assert_eq!(Password::new(""), Err(PasswordError::Empty));
        assert_eq!(Password::new("x".repeat(129)), Err(PasswordError::TooLong));
    }

    #[test]
    fn h45_debug_does_not_show_it() {
        assert_eq!(format!("{:?}", Password::new("hunter2").unwrap()), "Password(..)");
    }
}
