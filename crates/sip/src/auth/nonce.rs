//! Nonces that need no memory to be recognised, and the table of those that were used.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Octets of the tag that shows a nonce to be ours.
const TAG: usize = 16;

/// Makes and recognises nonces: time and number, in the clear, and an HMAC over them and the realm.
pub(super) struct Nonces {
    mac: Hmac<Sha256>,
    epoch: Instant,
    lifetime: Duration,
    made: u64,
}

/// A nonce that bears our tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recognised {
    /// Each nonce has its own, in ascending order.
    pub(super) number: u64,
    pub(super) expired: bool,
}

impl Nonces {
    pub(super) fn new(key: &[u8; 32], realm: &str, epoch: Instant, lifetime: Duration) -> Self {
        let mut mac = keyed(key);
        mac.update(b"nonce");
        mac.update(realm.as_bytes());
        Nonces { mac, epoch, lifetime, made: 0 }
    }

    pub(super) fn make(&mut self, now: Instant) -> String {
        self.made += 1;
        let mut octets = [0; 16 + TAG];
        octets[..8].copy_from_slice(&self.millis(now).to_be_bytes());
        octets[8..16].copy_from_slice(&self.made.to_be_bytes());
        let tag = self.tag(&octets[..16]);
        octets[16..].copy_from_slice(&tag);
        hex(&octets)
    }

    pub(super) fn recognise(&self, now: Instant, nonce: &str) -> Option<Recognised> {
        let octets = unhex(nonce)?;
        let (clear, tag) = octets.split_at(16);
        if !bool::from(self.tag(clear).ct_eq(tag)) {
            return None;
        }
        let word =
            |at: usize| clear[at..at + 8].iter().fold(0, |word, &o| word << 8 | u64::from(o));
        let age = self.millis(now).saturating_sub(word(0));
        let expired = u128::from(age) > self.lifetime.as_millis();
        Some(Recognised { number: word(8), expired })
    }

    fn millis(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_millis() as u64
    }

    fn tag(&self, clear: &[u8]) -> [u8; TAG] {
        let mut mac = self.mac.clone();
        mac.update(clear);
        let mut tag = [0; TAG];
        tag.copy_from_slice(&mac.finalize().into_bytes()[..TAG]);
        tag
    }
}

/// An HMAC by the key; one takes a key of any length.
#[allow(clippy::unwrap_used)]
pub(super) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).unwrap()
}

fn hex(octets: &[u8]) -> String {
    use fmt::Write as _;
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 16 + TAG]> {
    let digits = text.as_bytes();
    let mut octets = [0; 16 + TAG];
    if digits.len() != 2 * octets.len() {
        return None;
    }
    for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8);
        *octet = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(octets)
}

/// Which counts of which nonces were used: each once, in any order within the last 64.
///
/// Bounded: when it is full the oldest nonce goes, and with it every older one counts as used up.
#[derive(Debug)]
pub(super) struct Replays {
    windows: BTreeMap<u64, Window>,
    capacity: usize,
    /// Nonces up to this number that are not in the table are used up.
    forgotten: u64,
}

/// The highest count, and which of the 64 counts up to it were used, the highest in the lowest bit.
#[derive(Debug, Clone, Copy)]
struct Window {
    highest: u32,
    used: u64,
}

impl Replays {
    pub(super) fn new(capacity: usize) -> Self {
        Replays { windows: BTreeMap::new(), capacity: capacity.max(1), forgotten: 0 }
    }

    /// Marks a use; `false` if it was used before, or may have been.
    pub(super) fn mark(&mut self, nonce: u64, count: u32) -> bool {
        if let Some(window) = self.windows.get_mut(&nonce) {
            return window.mark(count);
        }
        if nonce <= self.forgotten {
            return false;
        }
        self.windows.insert(nonce, Window { highest: count, used: 1 });
        if self.windows.len() > self.capacity
            && let Some((oldest, _)) = self.windows.pop_first()
        {
            self.forgotten = oldest;
        }
        true
    }

    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }
}

impl Window {
    fn mark(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            self.used = if ahead < 64 { self.used << ahead } else { 0 } | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if behind >= 64 || self.used >> behind & 1 == 1 {
            return false;
        }
        self.used |= 1 << behind;
        true
    }
}
