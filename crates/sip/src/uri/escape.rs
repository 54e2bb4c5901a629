//! Escapes: `%` and two hexadecimal digits (RFC 3261 section 19.1.2).

use std::borrow::Cow;

use crate::message::chars;

/// Undoes the escapes of any part of a URI; `None` if what comes out is no text, or text with control characters.
///
/// ```
/// assert_eq!(switchboard_sip::unescape("a%3Bb").as_deref(), Some("a;b"));
/// assert_eq!(switchboard_sip::unescape("a%0Ab"), None);
/// ```
pub fn unescape(text: &str) -> Option<Cow<'_, str>> {
    decode(text)
}

/// Undoes the escapes, if what comes out is text without control characters.
pub(super) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let decoded: Vec<u8> = Decoded::new(text.as_bytes()).map(|octet| octet.octet).collect();
    let decoded = String::from_utf8(decoded).ok()?;
    if decoded.chars().any(char::is_control) { None } else { Some(Cow::Owned(decoded)) }
}

/// One octet of a text with escapes, and whether it was escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Octet {
    pub(super) octet: u8,
    pub(super) escaped: bool,
}

/// The octets of a text with its escapes undone.
pub(super) struct Decoded<'a> {
    rest: &'a [u8],
}

impl<'a> Decoded<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Decoded { rest }
    }
}

impl Iterator for Decoded<'_> {
    type Item = Octet;

    fn next(&mut self) -> Option<Octet> {
        match self.rest {
            [b'%', high, low, rest @ ..]
                if chars::is(*high, chars::HEX) && chars::is(*low, chars::HEX) =>
            {
                self.rest = rest;
                Some(Octet { octet: hex(*high) << 4 | hex(*low), escaped: true })
            }
            [octet, rest @ ..] => {
                self.rest = rest;
                Some(Octet { octet: *octet, escaped: false })
            }
            [] => None,
        }
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A') + 10,
    }
}

/// Escapes text for the user part of a SIP URI: whatever `user` does not allow, and the semicolon and
/// question mark, which older parsers take for the end of the user.
pub fn escape_user(text: &str) -> Cow<'_, str> {
    escape(text, |octet| chars::is(octet, chars::USER) && !matches!(octet, b'%' | b';' | b'?'))
}

/// Escapes text for the name or value of a SIP URI parameter.
pub fn escape_param(text: &str) -> Cow<'_, str> {
    escape(text, |octet| chars::is(octet, chars::PARAM) && octet != b'%')
}

fn escape(text: &str, plain: impl Fn(u8) -> bool) -> Cow<'_, str> {
    if text.bytes().all(&plain) {
        return Cow::Borrowed(text);
    }
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len() + 8);
    for octet in text.bytes() {
        if plain(octet) {
            out.push(char::from(octet));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(octet >> 4)]));
            out.push(char::from(DIGITS[usize::from(octet & 15)]));
        }
    }
    Cow::Owned(out)
}
