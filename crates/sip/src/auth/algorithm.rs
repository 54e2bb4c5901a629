//! Hash algorithms of the digest scheme (RFC 7616 section 3.2, RFC 8760).

use core::fmt;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

/// A hash algorithm. The `-sess` variants are not offered and not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// `MD5`: what older phones can do.
    Md5,
    /// `SHA-256`
    Sha256,
    /// `SHA-512-256`
    Sha512Trunc256,
}

impl Algorithm {
    /// All of them, the weakest first.
    pub const ALL: [Algorithm; 3] = [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512Trunc256];

    /// The name as the algorithm parameter writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha512Trunc256 => "SHA-512-256",
        }
    }

    /// The algorithm of this name, in any case.
    pub fn from_name(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
    }

    /// The length of its result in octets.
    pub const fn length(self) -> usize {
        match self {
            Algorithm::Md5 => 16,
            Algorithm::Sha256 | Algorithm::Sha512Trunc256 => 32,
        }
    }

    /// Hashes the parts with a colon between each two, as every value of the scheme is made.
    pub(super) fn hash(self, parts: &[&[u8]]) -> Hash {
        match self {
            Algorithm::Md5 => joined::<Md5>(parts),
            Algorithm::Sha256 => joined::<Sha256>(parts),
            Algorithm::Sha512Trunc256 => joined::<Sha512_256>(parts),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn joined<D: Digest>(parts: &[&[u8]]) -> Hash {
    let mut digest = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    Hash::new(&digest.finalize())
}

/// A hash value of at most 32 octets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash {
    octets: [u8; 32],
    length: u8,
}

impl Hash {
    pub(super) fn new(octets: &[u8]) -> Hash {
        let mut hash = Hash { octets: [0; 32], length: octets.len() as u8 };
        hash.octets[..octets.len()].copy_from_slice(octets);
        hash
    }

    /// Reads lower or upper case hexadecimal of exactly this many octets.
    pub(super) fn from_hex(text: &str, length: usize) -> Option<Hash> {
        if text.len() != 2 * length {
            return None;
        }
        let mut hash = Hash { octets: [0; 32], length: length as u8 };
        for (octet, digits) in hash.octets.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *octet = digit(digits[0])? << 4 | digit(digits[1])?;
        }
        Some(hash)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }

    /// The value in lower case hexadecimal, in which it enters the next hash.
    pub(super) fn hex(&self) -> Hex {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = Hex { digits: [0; 64], length: 2 * self.length };
        for (pair, octet) in hex.digits.chunks_exact_mut(2).zip(self.as_bytes()) {
            pair[0] = DIGITS[usize::from(octet >> 4)];
            pair[1] = DIGITS[usize::from(octet & 15)];
        }
        hex
    }
}

fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).map(|digit| digit as u8)
}

/// A [`Hash`] in hexadecimal.
pub(super) struct Hex {
    digits: [u8; 64],
    length: u8,
}

impl Hex {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.length)]
    }

    pub(super) fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}
