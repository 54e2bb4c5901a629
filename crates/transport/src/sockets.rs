//! The listening sockets, bound before the PBX is made: its messages name their addresses.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Waker};

use switchboard_pbx::Listener;
use switchboard_sip::Transport;
use tokio::net::{TcpListener, UdpSocket};

use crate::accept::{Door, Kind};
use crate::access::AccessList;
use crate::bind::{self, BindError};
use crate::ready::{Notice, ReadyList, Token};
use crate::tls::TlsServer;
use crate::ws::Origins;

/// A listener to be.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Where; port 0 takes a free one.
    pub address: SocketAddr,
    /// What it speaks.
    pub carrier: Carrier,
    /// Whom it hears.
    pub access: AccessList,
    /// The address that peers are told instead of `address`.
    pub advertised: Option<SocketAddr>,
}

/// What a listener speaks.
#[derive(Clone, Debug)]
pub enum Carrier {
    /// UDP and TCP, on one port (RFC 3261, section 18.2.1 wants both).
    UdpAndTcp,
    /// UDP alone.
    Udp,
    /// TCP alone.
    Tcp,
    /// TLS.
    Tls(TlsServer),
    /// WebSocket without TLS: for a reverse proxy on this machine, as browsers want `wss` for anything else.
    Ws(Origins),
    /// Secure WebSocket.
    Wss(TlsServer, Origins),
}

impl Listen {
    /// A listener that hears everybody.
    #[must_use]
    pub fn new(address: SocketAddr, carrier: Carrier) -> Self {
        Self { address, carrier, access: AccessList::everybody(), advertised: None }
    }

    /// UDP and TCP, on one port.
    #[must_use]
    pub fn plain(address: SocketAddr) -> Self {
        Self::new(address, Carrier::UdpAndTcp)
    }
}

/// SIP sockets, bound and not yet read.
#[derive(Debug, Default)]
pub struct SipSockets {
    pub(crate) udp: Vec<(UdpSocket, AccessList)>,
    pub(crate) streams: Vec<(TcpListener, Door)>,
    listeners: Vec<Listener>,
}

impl SipSockets {
    /// Binds each. Nothing listens that is not named here.
    ///
    /// # Errors
    /// The first address that cannot be had. Outside a tokio runtime it panics, as tokio's sockets do.
    pub fn bind(listeners: &[Listen]) -> Result<Self, BindError> {
        let mut sockets = Self::default();
        for listen in listeners {
            match &listen.carrier {
                Carrier::UdpAndTcp => {
                    let local = sockets.stream(listen, listen.address, Kind::Tcp)?;
                    sockets.datagrams(listen, local)?;
                }
                Carrier::Udp => sockets.datagrams(listen, listen.address)?,
                Carrier::Tcp => _ = sockets.stream(listen, listen.address, Kind::Tcp)?,
                Carrier::Tls(server) => {
                    sockets.stream(listen, listen.address, Kind::Tls(server.clone()))?;
                }
                Carrier::Ws(origins) => {
                    sockets.stream(listen, listen.address, Kind::Ws(origins.clone()))?;
                }
                Carrier::Wss(server, origins) => {
                    let kind = Kind::Wss(server.clone(), origins.clone());
                    sockets.stream(listen, listen.address, kind)?;
                }
            }
        }
        Ok(sockets)
    }

    /// What listens, with the ports that were bound: one entry a transport.
    #[must_use]
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    fn datagrams(&mut self, listen: &Listen, wanted: SocketAddr) -> Result<(), BindError> {
        let socket = bind::sip_udp(wanted)?;
        let local = bound(socket.local_addr(), Transport::Udp, wanted)?;
        self.udp.push((socket, listen.access.clone()));
        self.told(listen, Transport::Udp, local);
        Ok(())
    }

    fn stream(
        &mut self,
        listen: &Listen,
        wanted: SocketAddr,
        kind: Kind,
    ) -> Result<SocketAddr, BindError> {
        let door = Door { kind, access: listen.access.clone() };
        let transport = door.transport();
        let socket = bind::sip_stream(transport, wanted)?;
        let local = bound(socket.local_addr(), transport, wanted)?;
        self.streams.push((socket, door));
        self.told(listen, transport, local);
        Ok(local)
    }

    fn told(&mut self, listen: &Listen, transport: Transport, local: SocketAddr) {
        self.listeners.push(Listener { transport, local, advertised: listen.advertised });
    }
}

fn bound(
    bound: io::Result<SocketAddr>,
    transport: Transport,
    wanted: SocketAddr,
) -> Result<SocketAddr, BindError> {
    bound.map_err(|source| BindError::new(transport.into(), wanted, source))
}

/// A UDP socket whose readiness goes to a [`ReadyList`].
pub(crate) struct Watched {
    socket: UdpSocket,
    local: Option<SocketAddr>,
    notice: Arc<Notice>,
    waker: Waker,
}

impl Watched {
    pub(crate) fn new(socket: UdpSocket, token: Token, ready: &ReadyList) -> Self {
        let notice = ready.notice(token);
        let waker = Waker::from(Arc::clone(&notice));
        // On the list from the start: the first look arms the waker.
        notice.requeue();
        // It does not change, and asking costs a system call.
        let local = socket.local_addr().ok();
        Self { socket, local, notice, waker }
    }

    /// Reads at most `limit` datagrams, then either arms the waker or comes back on the list.
    pub(crate) fn read(
        &self,
        limit: usize,
        buffer: &mut [u8],
        mut take: impl FnMut(SocketAddr, &[u8]),
    ) {
        self.notice.clear();
        for _ in 0..limit {
            match self.socket.try_recv_from(buffer) {
                Ok((len, source)) => take(source, &buffer[..len]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut cx = Context::from_waker(&self.waker);
                    if self.socket.poll_recv_ready(&mut cx).is_pending() {
                        return;
                    }
                    break;
                }
                // A datagram of ours came back as undeliverable: the next read is another datagram.
                Err(_) => {}
            }
        }
        self.notice.requeue();
    }

    /// Sends a datagram, or drops it when the kernel's buffer is full: as the network might.
    pub(crate) fn send(&self, destination: SocketAddr, payload: &[u8]) -> io::Result<()> {
        self.socket.try_send_to(payload, destination).map(|_| ())
    }

    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.local
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn port_zero_gives_udp_and_tcp_the_same_port() {
        let sockets = SipSockets::bind(&[Listen::plain("127.0.0.1:0".parse().unwrap())]).unwrap();
        let ports: Vec<_> = sockets.listeners().iter().map(|l| l.local.port()).collect();
        assert_eq!(ports[0], ports[1]);
        assert_ne!(ports[0], 0);
    }

    #[tokio::test]
    async fn a_second_instance_is_told_that_the_port_is_taken() {
        let first = SipSockets::bind(&[Listen::plain("127.0.0.1:0".parse().unwrap())]).unwrap();
        let error = SipSockets::bind(&[Listen::plain(first.listeners()[0].local)]).unwrap_err();
        assert!(error.is_taken());
    }

    #[tokio::test]
    async fn datagrams_reach_the_reader_through_the_ready_list() {
        let ready = ReadyList::default();
        let watched = Watched::new(
            bind::sip_udp("127.0.0.1:0".parse().unwrap()).unwrap(),
            Token::Sip(0),
            &ready,
        );
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut buffer = [0; 64];
        let mut heard: Vec<Vec<u8>> = Vec::new();
        for round in 0..3_u8 {
            sender.send_to(&[round], watched.local().unwrap()).await.unwrap();
            while heard.len() <= usize::from(round) {
                let mut tokens = Vec::new();
                std::future::poll_fn(|cx| ready.poll_take(cx, &mut tokens)).await;
                assert_eq!(tokens, [Token::Sip(0)]);
                watched.read(8, &mut buffer, |_, data| heard.push(data.to_vec()));
            }
        }
        assert_eq!(heard, [[0], [1], [2]]);
    }
}
