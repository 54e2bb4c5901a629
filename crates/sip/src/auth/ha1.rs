//! HA1: the hash of user, realm and password, which is all that a server keeps.

use core::fmt;

use super::Algorithm;
use super::algorithm::{Hash, Hex};

/// `H(user ":" realm ":" password)` by one algorithm. Whoever has it can log in: keep it as a password is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ha1 {
    algorithm: Algorithm,
    hash: Hash,
}

/// The text is not hexadecimal of the algorithm's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an HA1: expected {0} hexadecimal digits")]
pub struct InvalidHa1(usize);

impl Ha1 {
    /// Computes it (RFC 7616 section 3.4.2).
    pub fn new(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Ha1 {
        let parts = [user.as_bytes(), realm.as_bytes(), password.as_bytes()];
        Ha1 { algorithm, hash: algorithm.hash(&parts) }
    }

    /// Reads it from hexadecimal.
    ///
    /// # Errors
    /// If the text is not twice [`Algorithm::length`] hexadecimal digits.
    pub fn from_hex(algorithm: Algorithm, text: &str) -> Result<Ha1, InvalidHa1> {
        let hash = Hash::from_hex(text, algorithm.length());
        let hash = hash.ok_or(InvalidHa1(2 * algorithm.length()))?;
        Ok(Ha1 { algorithm, hash })
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Lower case hexadecimal, for the store.
    pub fn to_hex(&self) -> String {
        self.hash.hex().as_str().to_owned()
    }

    pub(super) fn hex(&self) -> Hex {
        self.hash.hex()
    }

    /// A value that is nobody's, so that an unknown user costs as much as a known one.
    pub(super) fn dummy(algorithm: Algorithm, secret: &[u8; 32]) -> Ha1 {
        Ha1 { algorithm, hash: Hash::new(&secret[..algorithm.length()]) }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ha1").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// One user's HA1 values, at most one for each algorithm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ha1s {
    values: [Option<Ha1>; Algorithm::ALL.len()],
}

impl Ha1s {
    /// All algorithms' values of one password.
    pub fn new(user: &str, realm: &str, password: &str) -> Ha1s {
        Algorithm::ALL.into_iter().map(|a| Ha1::new(a, user, realm, password)).collect()
    }

    /// Sets the value of its algorithm.
    pub fn set(&mut self, value: Ha1) {
        self.values[value.algorithm as usize] = Some(value);
    }

    /// The value of this algorithm.
    pub fn get(&self, algorithm: Algorithm) -> Option<&Ha1> {
        self.values[algorithm as usize].as_ref()
    }
}

impl FromIterator<Ha1> for Ha1s {
    fn from_iter<T: IntoIterator<Item = Ha1>>(values: T) -> Self {
        let mut all = Ha1s::default();
        values.into_iter().for_each(|value| all.set(value));
        all
    }
}
