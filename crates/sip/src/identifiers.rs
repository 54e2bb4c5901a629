//! Branches, tags and Call-IDs that nobody can guess, from a seed.

use std::hash::{BuildHasher, DefaultHasher, Hasher};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The prefix of a branch made by the rules of RFC 3261 section 8.1.1.7.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// Makes identifiers: the same seed gives the same ones in the same order.
///
/// A tag has to be cryptographically random (RFC 3261 section 19.3): give a seed from the
/// operating system, and a new one at every start. In a test any constant will do.
#[derive(Clone)]
pub struct Identifiers {
    seed: [u8; 32],
    made: u64,
}

impl std::fmt::Debug for Identifiers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The seed is a secret: with it one can forge the tags of others' calls.
        f.debug_struct("Identifiers").field("made", &self.made).finish_non_exhaustive()
    }
}

impl Identifiers {
    /// A generator of its own.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, made: 0 }
    }

    /// A branch parameter: the magic cookie and 96 bits.
    pub fn branch(&mut self) -> String {
        let mut branch = String::from(MAGIC_COOKIE);
        let digest = self.next(b"branch");
        push_hex(&mut branch, &digest[..12]);
        branch
    }

    /// A tag of 64 bits.
    pub fn tag(&mut self) -> String {
        let digest = self.next(b"tag");
        hex(&digest[..8])
    }

    /// A Call-ID of 128 bits, without a host part.
    pub fn call_id(&mut self) -> String {
        let digest = self.next(b"call-id");
        hex(&digest[..16])
    }

    /// A seed for another generator, from which this one cannot be told.
    pub fn seed(&mut self) -> [u8; 32] {
        self.next(b"seed")
    }

    /// A tag that depends on the parts and the seed only: what a stateless answer needs to carry
    /// the same tag whenever the same request comes again (RFC 3261 section 8.2.7).
    #[must_use]
    pub fn stateless_tag(&self, parts: &[&[u8]]) -> String {
        let mut mac = self.mac(b"stateless");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        hex(&mac.finalize().into_bytes()[..8])
    }

    /// Eight random bits.
    pub(crate) fn octet(&mut self) -> u8 {
        self.next(b"octet")[0]
    }

    /// A hasher for tables whose keys a stranger chooses.
    pub(crate) fn table_hasher(&mut self) -> SeededHasher {
        let digest = self.next(b"table");
        let word = |at: usize| {
            digest[at..at + 8].iter().fold(0, |word, &octet| word << 8 | u64::from(octet))
        };
        SeededHasher { keys: (word(0), word(8)) }
    }

    fn next(&mut self, purpose: &[u8]) -> [u8; 32] {
        let mut mac = self.mac(purpose);
        mac.update(&self.made.to_be_bytes());
        self.made += 1;
        mac.finalize().into_bytes().into()
    }

    fn mac(&self, purpose: &[u8]) -> Hmac<Sha256> {
        // HMAC takes a key of any length.
        #[allow(clippy::unwrap_used)]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.seed).unwrap();
        mac.update(purpose);
        mac
    }
}

/// A keyed hash from the seed: tables neither depend on hidden randomness nor collide on demand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeededHasher {
    keys: (u64, u64),
}

impl BuildHasher for SeededHasher {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> Self::Hasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.keys.0);
        hasher.write_u64(self.keys.1);
        hasher
    }
}

fn hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 2);
    push_hex(&mut text, octets);
    text
}

fn push_hex(text: &mut String, octets: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for octet in octets {
        text.push(char::from(DIGITS[usize::from(octet >> 4)]));
        text.push(char::from(DIGITS[usize::from(octet & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_repeats_and_two_seeds_differ() {
        let run = |seed| {
            let mut identifiers = Identifiers::new([seed; 32]);
            [identifiers.branch(), identifiers.tag(), identifiers.call_id(), identifiers.tag()]
        };
        assert_eq!(run(1), run(1));
        let all: BTreeSet<_> = run(1).into_iter().chain(run(2)).collect();
        assert_eq!(all.len(), 8);
        assert!(run(1)[0].starts_with("z9hG4bK"));
        assert_eq!(run(1)[1].len(), 16);
    }

    #[test]
    fn stateless_tags_depend_on_the_parts_and_where_they_are_cut() {
        let identifiers = Identifiers::new([7; 32]);
        let tag = |parts: &[&[u8]]| identifiers.stateless_tag(parts);
        assert_eq!(tag(&[b"ab", b"c"]), tag(&[b"ab", b"c"]));
        assert_ne!(tag(&[b"ab", b"c"]), tag(&[b"a", b"bc"]));
    }

    #[test]
    fn the_seed_is_not_shown() {
        let shown = format!("{:?}", Identifiers::new([0x5a; 32]));
        assert_eq!(shown, "Identifiers { made: 0, .. }");
    }
}
