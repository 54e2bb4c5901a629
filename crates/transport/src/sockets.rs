//! The listening sockets, bound before the PBX is made: its messages name their addresses.

use std::io;
use std::net::SocketAddr;
use std::task::Context;

use switchboard_pbx::Listener;
use switchboard_sip::Transport;
use tokio::net::{TcpListener, UdpSocket};

use crate::accept::{Door, Kind};
use crate::access::{AccessList, Network};
use crate::bind::{self, BindError};
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
    /// Reverse proxies before a WebSocket listener. Of them, and of nobody else, it is believed for whom they come
    /// (`Forwarded`, RFC 7239, or `X-Forwarded-For`): `access`, the bounds and whatever is counted by address count for that
    /// client.
    pub proxies: Vec<Network>,
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
        Self {
            address,
            carrier,
            access: AccessList::everybody(),
            advertised: None,
            proxies: Vec::new(),
        }
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
    pub(crate) udp: Vec<Datagrams>,
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
                Carrier::UdpAndTcp => sockets.both(listen)?,
                Carrier::Udp => sockets.datagrams(listen, listen.address)?,
                Carrier::Tcp => sockets.stream(listen, Kind::Tcp)?,
                Carrier::Tls(server) => {
                    sockets.stream(listen, Kind::Tls(server.clone()))?;
                }
                Carrier::Ws(origins) => {
                    sockets.stream(listen, Kind::Ws(origins.clone()))?;
                }
                Carrier::Wss(server, origins) => {
                    let kind = Kind::Wss(server.clone(), origins.clone());
                    sockets.stream(listen, kind)?;
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

    /// TCP and UDP on one port. Port 0 is any that is free for both: what the system gives for TCP somebody else may have
    /// for UDP, and then there is another.
    fn both(&mut self, listen: &Listen) -> Result<(), BindError> {
        let wanted = listen.address;
        let open = || {
            let stream = bind::sip_stream(Transport::Tcp, wanted)?;
            let local = bound(stream.local_addr(), Transport::Tcp, wanted)?;
            let datagrams = bind::sip_udp(local)?;
            Ok((stream, datagrams))
        };
        let (stream, datagrams) = free_for_both(wanted.port(), open)?;
        self.listen(listen, wanted, stream, Kind::Tcp)?;
        self.hear(listen, wanted, datagrams)
    }

    fn datagrams(&mut self, listen: &Listen, wanted: SocketAddr) -> Result<(), BindError> {
        self.hear(listen, wanted, bind::sip_udp(wanted)?)
    }

    fn hear(
        &mut self,
        listen: &Listen,
        wanted: SocketAddr,
        socket: UdpSocket,
    ) -> Result<(), BindError> {
        let local = bound(socket.local_addr(), Transport::Udp, wanted)?;
        self.udp.push(Datagrams::new(socket, listen.access.clone()));
        self.told(listen, Transport::Udp, local);
        Ok(())
    }

    fn stream(&mut self, listen: &Listen, kind: Kind) -> Result<(), BindError> {
        let socket = bind::sip_stream(kind.transport(), listen.address)?;
        self.listen(listen, listen.address, socket, kind)
    }

    fn listen(
        &mut self,
        listen: &Listen,
        wanted: SocketAddr,
        socket: TcpListener,
        kind: Kind,
    ) -> Result<(), BindError> {
        let transport = kind.transport();
        let local = bound(socket.local_addr(), transport, wanted)?;
        let (access, proxies) = (listen.access.clone(), listen.proxies.clone());
        self.streams.push((socket, Door { kind, access, proxies }));
        self.told(listen, transport, local);
        Ok(())
    }

    fn told(&mut self, listen: &Listen, transport: Transport, local: SocketAddr) {
        self.listeners.push(Listener { transport, local, advertised: listen.advertised });
    }
}

/// How often another port is asked for.
const TRIES: usize = 16;

/// What `open` gives; where any port would do, it is asked again while the one that it got is taken.
fn free_for_both<T>(
    port: u16,
    mut open: impl FnMut() -> Result<T, BindError>,
) -> Result<T, BindError> {
    let mut tries = if port == 0 { TRIES } else { 1 };
    loop {
        tries -= 1;
        match open() {
            Err(error) if error.is_taken() && tries > 0 => {}
            opened => return opened,
        }
    }
}

fn bound(
    bound: io::Result<SocketAddr>,
    transport: Transport,
    wanted: SocketAddr,
) -> Result<SocketAddr, BindError> {
    bound.map_err(|source| BindError::new(transport.into(), wanted, source))
}

/// A UDP socket for SIP, and whom it hears.
#[derive(Debug)]
pub(crate) struct Datagrams {
    socket: UdpSocket,
    local: Option<SocketAddr>,
    pub(crate) access: AccessList,
}

impl Datagrams {
    pub(crate) fn new(socket: UdpSocket, access: AccessList) -> Self {
        // It does not change, and asking costs a system call.
        let local = socket.local_addr().ok();
        Self { socket, local, access }
    }

    /// Whether there may be something to read; if not, the task is woken when there is.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>) -> bool {
        self.socket.poll_recv_ready(cx).is_ready()
    }

    /// Reads at most `limit` datagrams; says whether there may be more.
    pub(crate) fn read(
        &self,
        limit: usize,
        buffer: &mut [u8],
        mut take: impl FnMut(SocketAddr, &[u8]),
    ) -> bool {
        for _ in 0..limit {
            match self.socket.try_recv_from(buffer) {
                Ok((len, source)) => take(source, &buffer[..len]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                // A datagram of ours came back as undeliverable: the next read is another datagram.
                Err(_) => {}
            }
        }
        true
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
    use crate::bind::Purpose;

    #[tokio::test]
    async fn port_zero_gives_udp_and_tcp_the_same_port() {
        let sockets = SipSockets::bind(&[Listen::plain("127.0.0.1:0".parse().unwrap())]).unwrap();
        let ports: Vec<_> = sockets.listeners().iter().map(|l| l.local.port()).collect();
        assert_eq!(ports[0], ports[1]);
        assert_ne!(ports[0], 0);
    }

    /// The port that TCP was given may be somebody else's for UDP.
    #[test]
    fn another_port_is_asked_for_while_any_would_do() {
        let at: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let taken = || BindError::new(Purpose::SipUdp, at, io::ErrorKind::AddrInUse.into());
        let asked = |port, free_after| {
            let mut asked = 0;
            let opened = free_for_both(port, || {
                asked += 1;
                if asked > free_after { Ok(()) } else { Err(taken()) }
            });
            (opened.is_ok(), asked)
        };
        assert_eq!(asked(0, 3), (true, 4));
        assert_eq!(asked(0, usize::MAX), (false, TRIES));
        assert_eq!(asked(5060, 1), (false, 1), "the one that was asked for, or none");
        let mut asked = 0;
        let refused = free_for_both(0, || {
            asked += 1;
            let denied = io::ErrorKind::PermissionDenied.into();
            Err::<(), _>(BindError::new(Purpose::SipTcp, at, denied))
        });
        assert!(refused.is_err() && asked == 1);
    }

    #[tokio::test]
    async fn a_second_instance_is_told_that_the_port_is_taken() {
        let first = SipSockets::bind(&[Listen::plain("127.0.0.1:0".parse().unwrap())]).unwrap();
        let error = SipSockets::bind(&[Listen::plain(first.listeners()[0].local)]).unwrap_err();
        assert!(error.is_taken());
    }

    #[tokio::test]
    async fn datagrams_are_read_when_there_are_some_and_no_more_than_the_limit() {
        let socket = bind::sip_udp("127.0.0.1:0".parse().unwrap()).unwrap();
        let datagrams = Datagrams::new(socket, AccessList::everybody());
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut buffer = [0; 64];
        let mut heard: Vec<Vec<u8>> = Vec::new();
        for number in 0..3_u8 {
            sender.send_to(&[number], datagrams.local().unwrap()).await.unwrap();
        }
        let mut rests = Vec::new();
        for _ in 0..2 {
            std::future::poll_fn(|cx| match datagrams.poll_ready(cx) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            })
            .await;
            rests.push(datagrams.read(2, &mut buffer, |_, data| heard.push(data.to_vec())));
        }
        assert_eq!((heard.concat(), rests), (vec![0, 1, 2], vec![true, false]));
    }
}
