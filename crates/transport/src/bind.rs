//! Opening sockets, with errors that say what was wanted.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use switchboard_sip::Transport;
use tokio::net::{TcpListener, UdpSocket};

/// What a socket was wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// SIP over UDP (RFC 3261, section 18).
    SipUdp,
    /// SIP over TCP (RFC 3261, section 18).
    SipTcp,
    /// SIP over TLS (RFC 3261, section 26.2.1).
    SipTls,
    /// SIP over WebSocket (RFC 7118).
    SipWs,
    /// SIP over secure WebSocket (RFC 7118).
    SipWss,
    /// RTP or RTCP (RFC 3550, section 11).
    Media,
}

impl From<Transport> for Purpose {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => Self::SipUdp,
            Transport::Tcp => Self::SipTcp,
            Transport::Tls => Self::SipTls,
            Transport::Ws => Self::SipWs,
            Transport::Wss => Self::SipWss,
        }
    }
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::SipUdp => "SIP over UDP",
            Self::SipTcp => "SIP over TCP",
            Self::SipTls => "SIP over TLS",
            Self::SipWs => "SIP over WebSocket",
            Self::SipWss => "SIP over secure WebSocket",
            Self::Media => "RTP",
        })
    }
}

/// A socket could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{purpose} cannot listen at {address}: {}", self.reason())]
pub struct BindError {
    purpose: Purpose,
    address: SocketAddr,
    #[source]
    source: io::Error,
}

impl BindError {
    pub(crate) fn new(purpose: Purpose, address: SocketAddr, source: io::Error) -> Self {
        Self { purpose, address, source }
    }

    /// What the socket was wanted for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The address that was wanted.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Another program (or another instance of this one) has the port: choose a different one.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.source.kind() == io::ErrorKind::AddrInUse
    }

    fn reason(&self) -> String {
        match self.source.kind() {
            io::ErrorKind::AddrInUse => "the port is taken by another program".to_owned(),
            io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
            io::ErrorKind::PermissionDenied => {
                "not permitted (ports under 1024 need a privilege)".to_owned()
            }
            _ => self.source.to_string(),
        }
    }
}

/// Bytes that the kernel keeps for a SIP socket: bursts of registrations come at once.
const SIP_BUFFER: usize = 4 << 20;
/// Bytes that the kernel keeps for an RTP socket: about half a second of G.711.
const RTP_BUFFER: usize = 128 << 10;

/// A UDP socket for SIP. SO_REUSEADDR stays off: on Linux it would let two programs share the port, each
/// hearing half of the messages.
pub(crate) fn sip_udp(address: SocketAddr) -> Result<UdpSocket, BindError> {
    udp(address, SIP_BUFFER)
        .and_then(UdpSocket::from_std)
        .map_err(|source| BindError::new(Purpose::SipUdp, address, source))
}

/// A UDP socket for RTP or RTCP: for a media thread, which has no runtime.
pub(crate) fn rtp_udp(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    udp(address, RTP_BUFFER)
}

/// A listener for SIP on streams. SO_REUSEADDR is on: for TCP it only skips connections that linger in TIME_WAIT.
pub(crate) fn sip_stream(
    transport: Transport,
    address: SocketAddr,
) -> Result<TcpListener, BindError> {
    let open = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(1024)?;
        TcpListener::from_std(socket.into())
    };
    open().map_err(|source| BindError::new(transport.into(), address, source))
}

fn udp(address: SocketAddr, buffer: usize) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    // The kernel caps both silently; less than asked for is not an error.
    socket.set_recv_buffer_size(buffer)?;
    socket.set_send_buffer_size(buffer)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_said_so() {
        let first = sip_udp("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = first.local_addr().unwrap();
        let error = sip_udp(address).unwrap_err();
        assert!(error.is_taken());
        assert_eq!(error.address(), address);
        assert_eq!(
            error.to_string(),
            format!(
                "SIP over UDP cannot listen at {address}: the port is taken by another program"
            )
        );
    }

    #[tokio::test]
    async fn a_taken_tcp_port_is_said_so() {
        let first = sip_stream(Transport::Tcp, "127.0.0.1:0".parse().unwrap()).unwrap();
        let error = sip_stream(Transport::Tls, first.local_addr().unwrap()).unwrap_err();
        assert!(error.is_taken());
        assert_eq!(error.purpose(), Purpose::SipTls);
    }
}
