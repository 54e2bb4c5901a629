//! Character classes of RFC 3261 section 25.1, as one table of bits.

use super::scan;

/// A character of `token`.
pub(crate) const TOKEN: u8 = 1;
/// A character of `word` (Call-ID).
pub(crate) const WORD: u8 = 2;
/// `unreserved` or `user-unreserved`, or the percent sign of an escape.
pub(crate) const USER: u8 = 4;
/// A character of `password`, or the percent sign.
pub(crate) const PASSWORD: u8 = 8;
/// `paramchar`, or the percent sign.
pub(crate) const PARAM: u8 = 16;
/// A character of `hname` and `hvalue`, or the percent sign.
pub(crate) const HEADER: u8 = 32;
/// A character of a host name, or of an IPv4 address.
pub(crate) const HOST: u8 = 64;
/// A hexadecimal digit.
pub(crate) const HEX: u8 = 128;

static CLASS: [u8; 256] = classes();

const fn mark(mut table: [u8; 256], octets: &[u8], bits: u8) -> [u8; 256] {
    let mut i = 0;
    while i < octets.len() {
        table[octets[i] as usize] |= bits;
        i += 1;
    }
    table
}

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        if (octet as u8).is_ascii_alphanumeric() {
            table[octet] = TOKEN | WORD | USER | PASSWORD | PARAM | HEADER | HOST;
        }
        if (octet as u8).is_ascii_hexdigit() {
            table[octet] |= HEX;
        }
        octet += 1;
    }
    table = mark(table, b"-.!%*_+`'~", TOKEN);
    table = mark(table, b"-.!%*_+`'~()<>:\\\"/[]?{}", WORD);
    table = mark(table, b"-_.!~*'()%", USER | PASSWORD | PARAM | HEADER);
    table = mark(table, b"&=+$,;?/", USER);
    table = mark(table, b"&=+$,", PASSWORD);
    table = mark(table, b"[]/:&+$", PARAM);
    table = mark(table, b"[]/?:+$", HEADER);
    table = mark(table, b"-.", HOST);
    // Not in RFC 1123, yet met in private networks' names.
    mark(table, b"_", HOST)
}

/// Whether the octet is in the class.
#[inline]
pub(crate) fn is(octet: u8, class: u8) -> bool {
    CLASS[octet as usize] & class != 0
}

/// How many octets from the start are in the class.
#[inline]
pub(crate) fn span(text: &[u8], class: u8) -> usize {
    text.iter().position(|&octet| !is(octet, class)).unwrap_or(text.len())
}

/// Where the octets of the class end that start at `at`. The class is one that holds ASCII letters, digits, hyphen and
/// dot; for short spans [`span`] is as fast.
#[inline(always)]
pub(crate) fn long_span(text: &[u8], mut at: usize, class: u8) -> usize {
    loop {
        at = scan::unusual(text, at).unwrap_or(text.len());
        match text.get(at) {
            Some(&octet) if is(octet, class) => at += 1,
            _ => return at,
        }
    }
}

/// Whether the text is this name, which is in lower case as nearly all texts are.
#[inline(always)]
pub(crate) fn is_name<const N: usize>(text: &[u8], name: &[u8; N]) -> bool {
    text.len() == N && (text == name || is_name_in_other_case(text, name))
}

#[cold]
fn is_name_in_other_case(text: &[u8], name: &[u8]) -> bool {
    text.eq_ignore_ascii_case(name)
}

/// Whether the text is a `token`, that is, not empty and all of token characters.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && span(text, TOKEN) == text.len()
}

/// Whether every percent sign starts an escape of two hexadecimal digits (RFC 3261 section 25.1, `escaped`).
pub(crate) fn escapes_are_whole(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&octet| octet == b'%') {
        match rest[at + 1..] {
            [high, low, ..] if is(high, HEX) && is(low, HEX) => rest = &rest[at + 3..],
            _ => return false,
        }
    }
    true
}
