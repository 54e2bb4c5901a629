//! Hosts: a name, an IPv4 address, or an IPv6 address in brackets (RFC 3261 section 25.1, RFC 5118).

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cursor::{Cursor, text};
use super::{ParseError, ParseErrorKind, chars};

/// A host, as read from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name; compare it without regard to case.
    Name(&'a str),
    /// An address.
    Ip(IpAddr),
}

impl<'a> Host<'a> {
    /// Tells names from addresses; the text was checked by [`Host::read`].
    pub(crate) fn of(host: &'a str) -> Host<'a> {
        if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return ipv6(inner).map_or(Host::Name(host), |ip| Host::Ip(ip.into()));
        }
        match host.as_bytes() {
            [b'0'..=b'9', ..] => {
                host.parse::<Ipv4Addr>().map_or(Host::Name(host), |ip| Host::Ip(ip.into()))
            }
            _ => Host::Name(host),
        }
    }

    /// The host's text from the cursor on, an IPv6 address with its brackets.
    #[inline(always)]
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<&'a [u8], ParseError> {
        if cursor.peek() == Some(b'[') {
            return Host::read_ipv6(cursor);
        }
        let host = cursor.long_span(chars::HOST);
        if host.is_empty() { Err(cursor.error(ParseErrorKind::Host)) } else { Ok(host) }
    }

    /// `IPv6reference`; the cursor stands at its first bracket.
    fn read_ipv6(cursor: &mut Cursor<'a>) -> Result<&'a [u8], ParseError> {
        let start = cursor.at;
        cursor.at += 1;
        let end = cursor.rest().iter().position(|&octet| octet == b']');
        let inner = end.map(|end| text(&cursor.rest()[..end]));
        match inner.and_then(|inner| ipv6(inner).map(|_| inner.len())) {
            Some(length) => {
                cursor.at += length + 1;
                Ok(&cursor.text[start..cursor.at])
            }
            None => Err(ParseError::new(ParseErrorKind::Host, start)),
        }
    }

    /// The address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Ip(ip) => Some(*ip),
            Host::Name(_) => None,
        }
    }

    /// Whether both are the same: names without regard to case, addresses by value.
    pub fn equivalent(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
            (Host::Ip(a), Host::Ip(b)) => a == b,
            _ => false,
        }
    }
}

/// An IPv6 address; with an IPv4 address in it, also as RFC 3261's grammar writes it, with a third colon before that
/// (RFC 5118 section 4.10: to be tolerated).
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (groups, v4) = text.split_once(":::")?;
    let v4: Ipv4Addr = v4.parse().ok()?;
    // At most five groups: two colons stand for one at least.
    if groups.bytes().filter(|&octet| octet == b':').count() > 4 {
        return None;
    }
    let mut octets = text.get(..groups.len() + 2)?.parse::<Ipv6Addr>().ok()?.octets();
    octets[12..].copy_from_slice(&v4.octets());
    Some(octets.into())
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Ip(IpAddr::V4(ip)) => ip.fmt(f),
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}
