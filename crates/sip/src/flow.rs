//! Where a message came from or goes to.

use std::fmt;
use std::net::SocketAddr;

use crate::transaction::Reliability;

/// The transport protocol below SIP, as a Via writes it (RFC 3261 section 20.42, RFC 7118).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// Octet streams.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS (RFC 7118).
    Wss,
}

impl Transport {
    /// As the `sent-protocol` of a Via writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The transport that a Via or a URI's `transport` parameter names, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss]
            .into_iter()
            .find(|transport| transport.as_str().eq_ignore_ascii_case(name))
    }

    /// Whether transactions have to retransmit over it.
    #[must_use]
    pub const fn reliability(self) -> Reliability {
        match self {
            Self::Udp => Reliability::Unreliable,
            Self::Tcp | Self::Tls | Self::Ws | Self::Wss => Reliability::Reliable,
        }
    }

    /// The port that a URI or Via without one means (RFC 3261 section 19.1.2, RFC 7118 section 5.2).
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of one connection, given by the shell that holds the sockets.
///
/// A name is never used again for another connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// The way a message came or is to go: a transport, two addresses, and for a stream its connection.
///
/// Answering on the flow of a request reaches its sender behind most NATs (RFC 3581, RFC 5626).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// The protocol.
    pub transport: Transport,
    /// Our end.
    pub local: SocketAddr,
    /// The far end, as the packets show it.
    pub remote: SocketAddr,
    /// The connection, where the transport has one. `None` for a stream asks the shell to connect
    /// to `remote`, or to use a connection that it has.
    pub connection: Option<ConnectionId>,
}

impl Flow {
    /// A datagram flow.
    #[must_use]
    pub const fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { transport: Transport::Udp, local, remote, connection: None }
    }

    /// Whether transactions have to retransmit over it.
    #[must_use]
    pub const fn reliability(&self) -> Reliability {
        self.transport.reliability()
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} to {}", self.transport, self.local, self.remote)?;
        match self.connection {
            Some(ConnectionId(id)) => write!(f, " #{id}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_written_in_capitals() {
        for transport in
            [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss]
        {
            let lower = transport.to_string().to_ascii_lowercase();
            assert_eq!(Transport::from_name(&lower), Some(transport));
        }
        assert_eq!(Transport::from_name("sctp"), None);
    }

    #[test]
    fn a_flow_prints_for_a_log() {
        let mut flow = Flow::udp(([127, 0, 0, 1], 5060).into(), ([192, 0, 2, 7], 5062).into());
        assert_eq!(flow.to_string(), "UDP 127.0.0.1:5060 to 192.0.2.7:5062");
        flow.transport = Transport::Tcp;
        flow.connection = Some(ConnectionId(3));
        assert_eq!(flow.to_string(), "TCP 127.0.0.1:5060 to 192.0.2.7:5062 #3");
    }
}
