//! Where to begin, and how names are made.

use std::net::{IpAddr, SocketAddr};

use super::{MAX_ADDRESSES, Target};
use crate::Transport;
use crate::message::Host;
use crate::uri::{Scheme, Uri};

/// What the URI alone decides (RFC 3263 sections 4.1 and 4.2).
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) domain: String,
    pub(super) first: First,
}

#[derive(Debug)]
pub(super) enum First {
    /// An address.
    Known(Transport, SocketAddr),
    /// A name with a port: no services are asked for.
    Host(Transport, u16),
    /// A name with a transport.
    Service(Transport),
    /// A name alone.
    Anything { secure: bool },
}

impl Plan {
    pub(super) fn of(uri: &Uri<'_>) -> Self {
        let secure = uri.scheme() == Scheme::Sips;
        let named = uri.param("transport").and_then(Transport::from_name);
        // Over TLS where the URI says sips (RFC 3261 section 26.2.2).
        let named = named.map(|transport| match transport {
            Transport::Udp | Transport::Tcp if secure => Transport::Tls,
            Transport::Ws if secure => Transport::Wss,
            other => other,
        });
        let default = named.unwrap_or(if secure { Transport::Tls } else { Transport::Udp });
        let port = uri.port();
        let (domain, first) = match uri.host() {
            Host::Ip(ip) => {
                let address = SocketAddr::new(ip, port.unwrap_or(default.default_port()));
                (ip.to_string(), First::Known(default, address))
            }
            Host::Name(host) => {
                let first = match (port, named) {
                    (Some(port), _) => First::Host(default, port),
                    (None, Some(transport)) => First::Service(transport),
                    (None, None) => First::Anything { secure },
                };
                (name(host), first)
            }
        };
        Self { domain, first }
    }
}

/// A host with a port, and its addresses once they are known.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) transport: Transport,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) addresses: Option<Vec<IpAddr>>,
}

impl Hop {
    pub(super) fn new(transport: Transport, host: String, port: u16) -> Self {
        Self { transport, host, port, addresses: None }
    }

    pub(super) fn targets(&self, domain: &str) -> impl Iterator<Item = Target> {
        let addresses = self.addresses.iter().flatten().take(MAX_ADDRESSES);
        addresses.map(|ip| Target {
            transport: self.transport,
            address: SocketAddr::new(*ip, self.port),
            domain: domain.to_owned(),
        })
    }
}

/// In lower case, without the dot at the end.
pub(super) fn name(text: &str) -> String {
    text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase()
}

/// The transport of a NAPTR service (RFC 3263 section 4.1, RFC 7118 section 8.4).
pub(super) fn transport_of(service: &str) -> Option<Transport> {
    let services = [
        ("SIP+D2U", Transport::Udp),
        ("SIP+D2T", Transport::Tcp),
        ("SIPS+D2T", Transport::Tls),
        ("SIP+D2W", Transport::Ws),
        ("SIPS+D2W", Transport::Wss),
    ];
    let known = services.iter().find(|(name, _)| name.eq_ignore_ascii_case(service));
    known.map(|(_, transport)| *transport)
}

/// The SRV name of a transport, before the domain.
pub(super) fn service_of(transport: Transport) -> Option<&'static str> {
    match transport {
        Transport::Udp => Some("_sip._udp"),
        Transport::Tcp => Some("_sip._tcp"),
        Transport::Tls => Some("_sips._tcp"),
        Transport::Ws | Transport::Wss => None,
    }
}

pub(super) fn is_secure(transport: Transport) -> bool {
    matches!(transport, Transport::Tls | Transport::Wss)
}
