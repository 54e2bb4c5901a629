use core::fmt;

use crate::{Line, Media, Text};

/// How SRTP is sealed (RFC 4568 section 6.2, RFC 7714 section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CryptoSuite {
    /// `AEAD_AES_128_GCM`.
    AeadAes128Gcm,
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`.
    AesCm128HmacSha1_32,
}

impl CryptoSuite {
    /// Every suite that is negotiated here, in the order in which they are offered.
    pub const ALL: [Self; 3] =
        [Self::AesCm128HmacSha1_80, Self::AesCm128HmacSha1_32, Self::AeadAes128Gcm];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// Octets of master key and salt together.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm => 28,
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => 30,
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.as_str() == name)
    }
}

impl fmt::Display for CryptoSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An `a=crypto` line (RFC 4568): a key with which one side seals what it sends. It does not print
/// its key with `Debug`.
///
/// ```
/// use switchboard_sdp::{Crypto, CryptoSuite};
///
/// let line = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20";
/// let crypto = Crypto::parse(line).expect("a line that is understood");
/// assert_eq!((crypto.tag, crypto.suite), (1, CryptoSuite::AesCm128HmacSha1_80));
/// assert_eq!(crypto.key(), b"YS___semctl () {\t220;}\n}\nunles");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Crypto {
    /// Names the line in offer and answer.
    pub tag: u32,
    /// How it is sealed.
    pub suite: CryptoSuite,
    key: [u8; 30],
}

impl Crypto {
    /// A line with this key and salt; `None` when their length is not the suite's.
    #[must_use]
    pub fn new(tag: u32, suite: CryptoSuite, key_and_salt: &[u8]) -> Option<Self> {
        if key_and_salt.len() != suite.key_len() {
            return None;
        }
        let mut key = [0; 30];
        key[..key_and_salt.len()].copy_from_slice(key_and_salt);
        Some(Self { tag, suite, key })
    }

    /// Reads the attribute's value. `None` for what cannot be used: another suite, several keys, a
    /// master key index, a key of another length, or session parameters that change how packets are
    /// sealed (RFC 4568 section 6.3: an unknown one makes the line invalid).
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut fields = value.split_ascii_whitespace();
        let tag = fields.next()?;
        let digits =
            (1..=9).contains(&tag.len()) && tag.bytes().all(|octet| octet.is_ascii_digit());
        let tag = tag.parse().ok().filter(|_| digits)?;
        let suite = CryptoSuite::of(fields.next()?)?;
        let inline = fields.next()?.strip_prefix("inline:")?;
        if inline.contains(';') {
            return None;
        }
        let mut parts = inline.split('|');
        let key = decode(parts.next()?)?;
        // A lifetime may follow; a master key index (`1:4`) may not.
        let plain = parts.all(|part| !part.contains(':'));
        let known = fields.all(|parameter| {
            ["WSH=", "FEC_ORDER="].iter().any(|known| parameter.starts_with(known))
        });
        (plain && known).then(|| Self::new(tag, suite, &key)).flatten()
    }

    /// Master key, then salt.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key[..self.suite.key_len()]
    }

    /// The same key under another tag.
    #[must_use]
    pub const fn with_tag(self, tag: u32) -> Self {
        Self { tag, ..self }
    }

    pub(crate) fn line(&self) -> Line {
        let value = format!("crypto:{} {} inline:{}", self.tag, self.suite, encode(self.key()));
        Line::new(b'a', Text::ours(&value))
    }

    /// The lines of a medium that can be used, in order.
    pub(crate) fn of(media: &Media) -> Vec<Self> {
        media.attributes("crypto").filter_map(Self::parse).collect()
    }
}

impl fmt::Debug for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Crypto");
        shown.field("tag", &self.tag).field("suite", &self.suite).finish_non_exhaustive()
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 (RFC 4648 section 4).
fn encode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().div_ceil(3) * 4);
    for chunk in octets.chunks(3) {
        let bits = (0..3).fold(0, |bits, n| bits << 8 | u32::from(*chunk.get(n).unwrap_or(&0)));
        for n in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= chunk.len() { digit as char } else { '=' });
        }
    }
    text
}

/// Base64 with or without its padding, of at most the longest key.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    if text.len() > 64 || text.len() % 4 == 1 {
        return None;
    }
    let (mut bits, mut count) = (0_u32, 0);
    let mut octets = Vec::with_capacity(text.len() * 3 / 4);
    for digit in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)? as u32;
        bits = bits << 6 | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";

    /// RFC 4568 sections 4.1, 5.1.3 and 9.1, and what phones send.
    #[test]
    fn lines_that_are_understood() {
        for (line, suite) in [
            (format!("1 AES_CM_128_HMAC_SHA1_80 {KEY}"), CryptoSuite::AesCm128HmacSha1_80),
            (format!("2 AES_CM_128_HMAC_SHA1_32 {KEY}|2^20"), CryptoSuite::AesCm128HmacSha1_32),
            (format!("1 AES_CM_128_HMAC_SHA1_80 {KEY}|1048576"), CryptoSuite::AesCm128HmacSha1_80),
            (
                format!("7  AES_CM_128_HMAC_SHA1_80  {KEY} WSH=128"),
                CryptoSuite::AesCm128HmacSha1_80,
            ),
            (
                "1 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==".to_owned(),
                CryptoSuite::AeadAes128Gcm,
            ),
        ] {
            assert_eq!(Crypto::parse(&line).map(|c| c.suite), Some(suite), "{line}");
        }
    }

    #[test]
    fn h30_lines_that_cannot_be_used() {
        for line in [
            "",
            "1",
            "1 AES_CM_128_HMAC_SHA1_80",
            "x AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
            "1 F8_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
            "1 AES_CM_128_HMAC_SHA1_80 PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
            "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVB",
            "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtx!VBR",
            "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR UNENCRYPTED_SRTCP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR KDR=1",
            "1 AEAD_AES_128_GCM inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
            "99999999999 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
        ] {
            assert_eq!(Crypto::parse(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(tag in 0_u32..999_999_999, suite in 0_usize..3, key: [u8; 30]) {
            let suite = CryptoSuite::ALL[suite];
            let crypto = Crypto::new(tag, suite, &key[..suite.key_len()]).expect("its length");
            let line = crypto.line();
            let (name, value) = line.attribute().expect("an attribute");
            prop_assert_eq!((name, Crypto::parse(value.expect("a value"))), ("crypto", Some(crypto)));
        }

        #[test]
        fn any_text(value: String) {
            let _ = Crypto::parse(&value);
        }
    }
}
