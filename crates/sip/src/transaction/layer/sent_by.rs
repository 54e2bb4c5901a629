use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::message::{Host, Via};

/// A host and perhaps a port, as a Via names its sender (RFC 3261 section 20.42).
///
/// ```
/// use switchboard_sip::transaction::SentBy;
///
/// let sent_by: SentBy = "pbx.example.com:5080".parse()?;
/// assert_eq!(sent_by.to_string(), "pbx.example.com:5080");
/// assert!("pbx.example.com;lr".parse::<SentBy>().is_err());
/// # Ok::<(), switchboard_sip::transaction::InvalidSentBy>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentBy {
    host: Box<str>,
    port: Option<u16>,
}

/// The text is not a host, or a host and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a host name, an IPv4 address or [IPv6], and perhaps `:` and a port")]
pub struct InvalidSentBy;

impl SentBy {
    /// Whether a Via with this host and port names it. A port that is not written is 5060.
    #[must_use]
    pub fn names(&self, host: &Host<'_>, port: Option<u16>) -> bool {
        Host::of(&self.host).equivalent(host) && self.port.unwrap_or(5060) == port.unwrap_or(5060)
    }
}

impl FromStr for SentBy {
    type Err = InvalidSentBy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let via = format!("SIP/2.0/UDP {text}");
        let via = Via::parse(via.as_bytes()).map_err(|_| InvalidSentBy)?;
        let sent_by = Self { host: via.host().into(), port: via.port() };
        // What the grammar of a Via allows beyond: white space, parameters.
        if sent_by.to_string() == text { Ok(sent_by) } else { Err(InvalidSentBy) }
    }
}

impl From<SocketAddr> for SentBy {
    fn from(address: SocketAddr) -> Self {
        let host = Host::Ip(address.ip()).to_string().into();
        Self { host, port: Some(address.port()) }
    }
}

impl fmt::Display for SentBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_by_value_and_default_port() {
        let own: SentBy = "PBX.example.com".parse().unwrap();
        assert!(own.names(&Host::Name("pbx.EXAMPLE.com"), Some(5060)));
        assert!(!own.names(&Host::Name("pbx.example.com"), Some(5061)));
        let own = SentBy::from(SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 5062)));
        assert_eq!(own.to_string(), "[::1]:5062");
        assert_eq!(own.to_string().parse(), Ok(own));
    }

    #[test]
    fn nothing_else_gets_in() {
        for text in ["", "a b", "a:0", "a:99999", "a,b", "a\r\nb", "a;x=1", "[::1", "a: 5060"] {
            assert_eq!(text.parse::<SentBy>(), Err(InvalidSentBy), "{text:?}");
        }
    }
}
