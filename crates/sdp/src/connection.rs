use core::fmt;
use std::net::IpAddr;

use crate::Text;

/// The address of a `c=` line (RFC 8866 section 5.7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Connection {
    /// An IP address; a multicast one's TTL and count are read over.
    Ip(IpAddr),
    /// A domain name, which is not resolved here.
    Name(Text),
}

impl Connection {
    /// Reads the value of a `c=` line, or the last three fields of an `o=` line.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut fields = value.split(' ');
        let (net, family, address) = (fields.next()?, fields.next()?, fields.next()?);
        if net != "IN" || fields.next().is_some() {
            return None;
        }
        let host = address.split('/').next().unwrap_or_default();
        match family {
            "IP4" if looks_numeric(host) => Some(Self::Ip(IpAddr::V4(host.parse().ok()?))),
            "IP6" if host.contains(':') => Some(Self::Ip(IpAddr::V6(host.parse().ok()?))),
            "IP4" | "IP6" if is_name(host) => Some(Self::Name(Text::ours(host))),
            _ => None,
        }
    }

    /// The IP address, if it is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Name(_) => None,
        }
    }
}

/// Digits and dots: an address or a broken one, never a name.
fn looks_numeric(host: &str) -> bool {
    host.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.')
}

/// A fully qualified domain name (RFC 8866 section 9, `FQDN`).
fn is_name(host: &str) -> bool {
    host.len() >= 4
        && !looks_numeric(host)
        && host
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_'))
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(ip)) => write!(f, "IN IP4 {ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "IN IP6 {ip}"),
            Self::Name(name) => write!(f, "IN IP4 {name}"),
        }
    }
}
