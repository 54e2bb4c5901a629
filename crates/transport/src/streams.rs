//! All stream connections: accepted ones, those that we opened, and which of them leads where.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use switchboard_sip::{ConnectionId, Flow, Transport};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::accept::{self, Door, Gate};
use crate::connect;
use crate::limits::StreamLimits;
use crate::stream::{Order, StreamEvent};
use crate::tls::TlsClient;

/// Events that wait for the drive loop; readers wait beyond it, and so do their peers.
const EVENTS: usize = 1024;

/// A payload could not be queued: the connection is gone, or takes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// The table of stream connections. Dropping it ends them all.
pub(crate) struct Streams {
    gate: Gate,
    tls: Option<TlsClient>,
    open: HashMap<ConnectionId, Open>,
    by_peer: HashMap<Peer, ConnectionId>,
    events: mpsc::Receiver<StreamEvent>,
    tasks: JoinSet<()>,
    closing: watch::Sender<bool>,
}

struct Open {
    peer: Option<Peer>,
    orders: mpsc::Sender<Order>,
    /// It was told that it may stay.
    kept: bool,
}

/// Who is at the other end of a connection that may be used again (RFC 3261, section 18.1.1; RFC 5923).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Peer {
    transport: Transport,
    remote: SocketAddr,
    /// The host that its certificate is for, as we have checked it.
    name: Option<Arc<str>>,
}

impl Streams {
    pub(crate) fn new(limits: StreamLimits, tls: Option<TlsClient>) -> Self {
        let (sender, events) = mpsc::channel(EVENTS);
        Self {
            gate: Gate::new(limits, sender),
            tls,
            open: HashMap::new(),
            by_peer: HashMap::new(),
            events,
            tasks: JoinSet::new(),
            closing: watch::Sender::new(false),
        }
    }

    /// Accepts connections on `listener` until the table is closed.
    pub(crate) fn listen(&mut self, listener: TcpListener, door: Door) {
        let (gate, closing) = (self.gate.clone(), self.closing.subscribe());
        self.tasks.spawn(accept::run(listener, door, gate, closing));
    }

    /// Queues `payload` on the flow's connection. A flow without one takes a connection to the same peer or opens one
    /// (RFC 3261, section 18.1.1). `host` names the peer of a TLS flow: only a connection on which it has shown a
    /// certificate for that name is used, and without a name there is none.
    pub(crate) fn send(
        &mut self,
        flow: Flow,
        payload: Bytes,
        host: impl FnOnce() -> Option<Arc<str>>,
    ) -> Result<(), Gone> {
        let id = match flow.connection {
            Some(id) => id,
            None => self.way_to(flow, host)?,
        };
        let open = self.open.get(&id).ok_or(Gone)?;
        if open.orders.try_send(Order::Write(payload)).is_err() {
            // Full: the peer takes nothing. Closing is the only honest answer.
            self.forget(id);
            return Err(Gone);
        }
        Ok(())
    }

    /// The peer of this flow has shown who they are: the connection may stay, and be silent.
    pub(crate) fn keep(&mut self, flow: Flow) {
        let open = flow.connection.and_then(|id| self.open.get_mut(&id));
        if let Some(open) = open.filter(|open| !open.kept) {
            // Where its queue is full it takes nothing, and will be closed for that.
            open.kept = open.orders.try_send(Order::Keep).is_ok();
        }
    }

    /// The next event; [`StreamEvent::Opened`] has been entered into the table already.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<StreamEvent> {
        while let Poll::Ready(Some(_)) = self.tasks.poll_join_next(cx) {}
        match self.events.poll_recv(cx) {
            Poll::Ready(Some(event)) => {
                match &event {
                    StreamEvent::Opened(flow, orders) => self.enter_accepted(flow, orders),
                    StreamEvent::Closed(flow, _) => {
                        if let Some(id) = flow.connection {
                            self.forget(id);
                        }
                    }
                    StreamEvent::Message(..) => {}
                }
                Poll::Ready(event)
            }
            // We hold a sender ourselves: the channel does not close.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Accepts nobody any more, and lets every connection write what it has queued, then close.
    pub(crate) fn close_all(&mut self) {
        self.closing.send_replace(true);
        self.open.clear();
        self.by_peer.clear();
    }

    /// Whether no connection has anything left to write or to report.
    pub(crate) fn is_drained(&self) -> bool {
        self.gate.is_empty()
    }

    fn enter_accepted(&mut self, flow: &Flow, orders: &mpsc::Sender<Order>) {
        // Of somebody who came over TLS we know no name, and over WebSocket there is no other way than the flow.
        let peer = (flow.transport == Transport::Tcp).then_some(Peer {
            transport: Transport::Tcp,
            remote: flow.remote,
            name: None,
        });
        if !*self.closing.borrow() {
            self.enter(flow, peer, orders.clone(), false);
        }
    }

    fn enter(&mut self, flow: &Flow, peer: Option<Peer>, orders: mpsc::Sender<Order>, kept: bool) {
        if let Some(id) = flow.connection {
            if let Some(peer) = &peer {
                self.by_peer.insert(peer.clone(), id);
            }
            self.open.insert(id, Open { peer, orders, kept });
        }
    }

    fn forget(&mut self, id: ConnectionId) {
        if let Some(Open { peer: Some(peer), .. }) = self.open.remove(&id)
            && self.by_peer.get(&peer) == Some(&id)
        {
            self.by_peer.remove(&peer);
        }
    }

    fn way_to(
        &mut self,
        wanted: Flow,
        host: impl FnOnce() -> Option<Arc<str>>,
    ) -> Result<ConnectionId, Gone> {
        let name = match wanted.transport {
            Transport::Tcp => None,
            Transport::Tls => Some(host().ok_or(Gone)?),
            // A browser cannot be called back: it has to come again.
            Transport::Udp | Transport::Ws | Transport::Wss => return Err(Gone),
        };
        let peer = Peer { transport: wanted.transport, remote: wanted.remote, name };
        match self.by_peer.get(&peer) {
            Some(id) => Ok(*id),
            None => self.connect(wanted, peer).ok_or(Gone),
        }
    }

    fn connect(&mut self, wanted: Flow, peer: Peer) -> Option<ConnectionId> {
        let way = match &peer.name {
            None => connect::Way::Plain,
            Some(name) => connect::Way::tls(self.tls.as_ref()?, name)?,
        };
        let place = self.gate.place_outside(wanted.remote.ip())?;
        // `local` stays the listener's: to the core a flow is one and the same before and after connecting.
        let flow = self.gate.flow(wanted.transport, wanted.local, wanted.remote);
        let (orders, queue) = mpsc::channel(self.gate.limits.write_queue);
        self.enter(&flow, Some(peer), orders, true);
        self.tasks.spawn(connect::run(way, flow, queue, self.gate.clone(), place));
        flow.connection
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::bind;
    use crate::stream::CloseReason;

    const OPTIONS: &[u8] = b"OPTIONS sip:pbx SIP/2.0\r\nContent-Length: 0\r\n\r\n";

    async fn event(streams: &mut Streams) -> StreamEvent {
        poll_fn(|cx| streams.poll_event(cx)).await
    }

    fn listening(limits: StreamLimits) -> (Streams, SocketAddr) {
        let listener = bind::sip_stream(Transport::Tcp, "127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut streams = Streams::new(limits, None);
        streams.listen(listener, Door::plain());
        (streams, address)
    }

    fn towards(remote: SocketAddr) -> Flow {
        let local = "127.0.0.1:5060".parse().unwrap();
        Flow { transport: Transport::Tcp, local, remote, connection: None }
    }

    #[tokio::test]
    async fn an_accepted_connection_carries_both_ways_and_is_used_again() {
        let (mut streams, address) = listening(StreamLimits::default());
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(OPTIONS).await.unwrap();
        let StreamEvent::Opened(opened, _) = event(&mut streams).await else { panic!() };
        let StreamEvent::Message(flow, payload) = event(&mut streams).await else { panic!() };
        assert_eq!((flow, &payload[..]), (opened, OPTIONS));
        // By its name, and by the peer's address alone.
        streams.send(flow, Bytes::from_static(b"one"), || None).unwrap();
        streams.send(towards(flow.remote), Bytes::from_static(b"two"), || None).unwrap();
        let mut heard = [0; 6];
        peer.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"onetwo");
        drop(peer);
        let StreamEvent::Closed(closed, CloseReason::Peer) = event(&mut streams).await else {
            panic!()
        };
        assert_eq!(closed, flow);
        assert_eq!(streams.send(flow, Bytes::from_static(b"late"), || None), Err(Gone), "h09");
    }

    /// The flow of a connection whose peer sent a message, and the message is read.
    async fn arrival(streams: &mut Streams, address: SocketAddr) -> (TcpStream, Flow) {
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(OPTIONS).await.unwrap();
        let StreamEvent::Opened(flow, _) = event(streams).await else { panic!() };
        let StreamEvent::Message(..) = event(streams).await else { panic!() };
        (peer, flow)
    }

    #[tokio::test]
    async fn h09_one_address_cannot_take_all_connections() {
        let limits = StreamLimits { connections_per_address: 2, ..StreamLimits::default() };
        let (mut streams, address) = listening(limits);
        let (mut first, one) = arrival(&mut streams, address).await;
        let (_second, two) = arrival(&mut streams, address).await;
        for flow in [one, two] {
            streams.keep(flow);
            // Both have heard it once this is written.
            streams.send(flow, Bytes::from_static(b"x"), || None).unwrap();
        }
        first.read_exact(&mut [0; 1]).await.unwrap();
        let mut third = TcpStream::connect(address).await.unwrap();
        assert_eq!(third.read(&mut [0; 1]).await.unwrap(), 0, "closed at once");
        // A place that is given back can be taken.
        first.shutdown().await.unwrap();
        assert!(matches!(event(&mut streams).await, StreamEvent::Closed(..)));
        let _fourth = arrival(&mut streams, address).await;
    }

    /// Messages that prove nothing hold no place that somebody else needs.
    #[tokio::test]
    async fn h09_whoever_has_shown_nothing_makes_room_and_who_has_stays() {
        let limits = StreamLimits { connections: 3, ..StreamLimits::default() };
        let (mut streams, address) = listening(limits);
        let (mut known, flow) = arrival(&mut streams, address).await;
        streams.keep(flow);
        streams.send(flow, Bytes::from_static(b"x"), || None).unwrap();
        known.read_exact(&mut [0; 1]).await.unwrap();
        let mut strangers = Vec::new();
        for _ in 0..8 {
            let mut peer = TcpStream::connect(address).await.unwrap();
            peer.write_all(OPTIONS).await.unwrap();
            strangers.push(peer);
        }
        let (mut opened, mut crowded) = (0, 0);
        while opened < 8 || crowded < 6 {
            match event(&mut streams).await {
                StreamEvent::Opened(..) => opened += 1,
                StreamEvent::Closed(_, reason) => {
                    assert_eq!(reason, CloseReason::Crowded);
                    crowded += 1;
                }
                StreamEvent::Message(..) => {}
            }
        }
        assert_eq!(strangers[0].read(&mut [0; 1]).await.unwrap_or(0), 0, "the oldest went first");
        streams.send(flow, Bytes::from_static(b"still"), || None).unwrap();
        let mut heard = [0; 5];
        known.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"still");
    }

    /// Who has shown nothing is closed in time, whatever they send, and who has is not.
    #[tokio::test]
    async fn h09_a_message_that_proves_nothing_buys_a_little_time() {
        let limits =
            StreamLimits { unproven: Duration::from_millis(300), ..StreamLimits::default() };
        let (mut streams, address) = listening(limits);
        let (_known, flow) = arrival(&mut streams, address).await;
        streams.keep(flow);
        let (mut stranger, theirs) = arrival(&mut streams, address).await;
        stranger.write_all(b"\r\n\r\n").await.unwrap();
        let StreamEvent::Closed(closed, CloseReason::Unproven) = event(&mut streams).await else {
            panic!()
        };
        assert_eq!(closed, theirs);
        assert!(streams.send(flow, Bytes::from_static(b"x"), || None).is_ok());
    }

    #[tokio::test]
    async fn h09_a_reset_right_after_many_requests_harms_nobody() {
        let (mut streams, address) = listening(StreamLimits::default());
        let mut peer = TcpStream::connect(address).await.unwrap();
        for _ in 0..10 {
            peer.write_all(OPTIONS).await.unwrap();
        }
        let socket = socket2::Socket::from(peer.into_std().unwrap());
        socket.set_linger(Some(Duration::ZERO)).unwrap();
        drop(socket);
        loop {
            match event(&mut streams).await {
                StreamEvent::Message(flow, _) => {
                    _ = streams.send(flow, Bytes::from_static(b"SIP/2.0 200 OK\r\n\r\n"), || None);
                }
                StreamEvent::Closed(..) => break,
                StreamEvent::Opened(..) => {}
            }
        }
        assert!(streams.is_drained());
    }

    #[tokio::test]
    async fn a_connection_is_opened_when_there_is_none() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let remote = listener.local_addr().unwrap();
        let mut streams = Streams::new(StreamLimits::default(), None);
        streams.send(towards(remote), Bytes::from_static(b"one"), || None).unwrap();
        streams.send(towards(remote), Bytes::from_static(b"two"), || None).unwrap();
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut heard = [0; 6];
        peer.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"onetwo");
        peer.write_all(OPTIONS).await.unwrap();
        let StreamEvent::Message(flow, _) = event(&mut streams).await else { panic!() };
        assert_eq!((flow.remote, flow.local), (remote, towards(remote).local));
    }

    #[tokio::test]
    async fn h22_whoever_takes_all_places_does_not_keep_us_from_calling_a_trunk() {
        let limits = StreamLimits { connections: 1, ..StreamLimits::default() };
        let (mut streams, address) = listening(limits);
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(OPTIONS).await.unwrap();
        let StreamEvent::Opened(..) = event(&mut streams).await else { panic!() };
        let trunk = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let remote = trunk.local_addr().unwrap();
        streams.send(towards(remote), Bytes::from_static(b"one"), || None).unwrap();
        let mut heard = [0; 3];
        trunk.accept().await.unwrap().0.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"one");
    }

    #[tokio::test]
    async fn a_connection_that_cannot_be_made_is_reported() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let remote = listener.local_addr().unwrap();
        drop(listener);
        let mut streams = Streams::new(StreamLimits::default(), None);
        streams.send(towards(remote), Bytes::from_static(b"one"), || None).unwrap();
        let StreamEvent::Closed(flow, CloseReason::Connect) = event(&mut streams).await else {
            panic!()
        };
        assert_eq!(flow.remote, remote);
    }
}
