//! The listening sockets, bound before the PBX is made: its messages name their addresses.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Waker};

use switchboard_pbx::Listener;
use switchboard_sip::Transport;
use tokio::net::{TcpListener, UdpSocket};

use crate::bind::{self, BindError};
use crate::ready::{Notice, ReadyList, Token};

/// SIP sockets, bound and not yet read.
#[derive(Debug)]
pub struct SipSockets {
    pub(crate) udp: Vec<UdpSocket>,
    pub(crate) tcp: Vec<TcpListener>,
    listeners: Vec<Listener>,
}

impl SipSockets {
    /// Binds UDP and TCP at each address. Nothing listens that is not named here. Port 0 takes the same free
    /// port for both.
    ///
    /// # Errors
    /// The first address that cannot be had. Outside a tokio runtime it panics, as tokio's sockets do.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        let mut sockets = Self { udp: Vec::new(), tcp: Vec::new(), listeners: Vec::new() };
        for &wanted in addresses {
            let tcp = bind::sip_tcp(wanted)?;
            let local = address(tcp.local_addr(), wanted)?;
            let udp = bind::sip_udp(local)?;
            for transport in [Transport::Udp, Transport::Tcp] {
                sockets.listeners.push(Listener { transport, local });
            }
            sockets.udp.push(udp);
            sockets.tcp.push(tcp);
        }
        Ok(sockets)
    }

    /// What listens, with the ports that were bound.
    #[must_use]
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }
}

fn address(bound: io::Result<SocketAddr>, wanted: SocketAddr) -> Result<SocketAddr, BindError> {
    bound.map_err(|source| BindError::new(bind::Purpose::SipTcp, wanted, source))
}

/// A UDP socket whose readiness goes to a [`ReadyList`].
pub(crate) struct Watched {
    socket: UdpSocket,
    notice: Arc<Notice>,
    waker: Waker,
}

impl Watched {
    pub(crate) fn new(socket: UdpSocket, token: Token, ready: &ReadyList) -> Self {
        let notice = ready.notice(token);
        let waker = Waker::from(Arc::clone(&notice));
        // On the list from the start: the first look arms the waker.
        notice.requeue();
        Self { socket, notice, waker }
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
        self.socket.local_addr().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn port_zero_gives_udp_and_tcp_the_same_port() {
        let sockets = SipSockets::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let ports: Vec<_> = sockets.listeners().iter().map(|l| l.local.port()).collect();
        assert_eq!(ports[0], ports[1]);
        assert_ne!(ports[0], 0);
    }

    #[tokio::test]
    async fn a_second_instance_is_told_that_the_port_is_taken() {
        let first = SipSockets::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let error = SipSockets::bind(&[first.listeners()[0].local]).unwrap_err();
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
