//! All stream connections: accepted ones, those that we opened, and which of them leads where.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use switchboard_sip::{ConnectionId, Flow, Transport};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::limits::{Places, StreamLimits};
use crate::stream::{self, CloseReason, StreamEvent};

/// Events that wait for the drive loop; readers wait beyond it, and so do their peers.
const EVENTS: usize = 1024;

/// A payload could not be queued: the connection is gone, or takes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// The table of stream connections. Dropping it ends them all.
pub(crate) struct Streams {
    limits: StreamLimits,
    places: Places,
    ids: Arc<AtomicU64>,
    open: HashMap<ConnectionId, Open>,
    by_remote: HashMap<SocketAddr, ConnectionId>,
    events: mpsc::Receiver<StreamEvent>,
    sender: mpsc::Sender<StreamEvent>,
    tasks: JoinSet<()>,
}

struct Open {
    remote: SocketAddr,
    outgoing: mpsc::Sender<Bytes>,
}

impl Streams {
    pub(crate) fn new(limits: StreamLimits) -> Self {
        let (sender, events) = mpsc::channel(EVENTS);
        Self {
            limits,
            places: Places::default(),
            ids: Arc::default(),
            open: HashMap::new(),
            by_remote: HashMap::new(),
            events,
            sender,
            tasks: JoinSet::new(),
        }
    }

    /// Accepts connections on `listener` until the table is dropped.
    pub(crate) fn listen(&mut self, listener: TcpListener) {
        let (places, ids, limits) = (self.places.clone(), Arc::clone(&self.ids), self.limits);
        let events = self.sender.clone();
        self.tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                // A failed accept concerns the peer that gave up, or a limit of the system: wait for the next.
                let Ok((stream, remote)) = listener.accept().await else {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    continue;
                };
                while connections.try_join_next().is_some() {}
                let Ok(local) = stream.local_addr() else { continue };
                let Some(place) = places.take(remote.ip(), &limits) else {
                    tracing::debug!(%remote, "connection refused: too many");
                    continue;
                };
                _ = stream.set_nodelay(true);
                let flow = flow(&ids, local, remote);
                let (outgoing, queue) = mpsc::channel(limits.write_queue);
                if events.send(StreamEvent::Opened(flow, outgoing)).await.is_err() {
                    return;
                }
                connections.spawn(stream::run(stream, flow, queue, events.clone(), limits, place));
            }
        });
    }

    /// Queues `payload` on the flow's connection. A flow without one takes a connection to the same peer
    /// or opens one (RFC 3261, section 18.1.1).
    pub(crate) fn send(&mut self, flow: Flow, payload: Bytes) -> Result<(), Gone> {
        let id = flow.connection.or_else(|| self.by_remote.get(&flow.remote).copied());
        let id = match id {
            Some(id) => id,
            None => self.connect(flow).ok_or(Gone)?,
        };
        let open = self.open.get(&id).ok_or(Gone)?;
        if open.outgoing.try_send(payload).is_err() {
            // Full: the peer takes nothing. Closing is the only honest answer.
            self.forget(id);
            return Err(Gone);
        }
        Ok(())
    }

    /// The next event; [`StreamEvent::Opened`] has been entered into the table already.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<StreamEvent> {
        while let Poll::Ready(Some(_)) = self.tasks.poll_join_next(cx) {}
        match self.events.poll_recv(cx) {
            Poll::Ready(Some(event)) => {
                match &event {
                    StreamEvent::Opened(flow, outgoing) => self.enter(flow, outgoing.clone()),
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

    /// Lets every connection write what it has queued, then close.
    pub(crate) fn close_all(&mut self) {
        self.open.clear();
        self.by_remote.clear();
    }

    /// Whether no connection has anything left to write or to report.
    pub(crate) fn is_drained(&self) -> bool {
        self.places.is_empty()
    }

    fn enter(&mut self, flow: &Flow, outgoing: mpsc::Sender<Bytes>) {
        if let Some(id) = flow.connection {
            self.by_remote.insert(flow.remote, id);
            self.open.insert(id, Open { remote: flow.remote, outgoing });
        }
    }

    fn forget(&mut self, id: ConnectionId) {
        if let Some(open) = self.open.remove(&id)
            && self.by_remote.get(&open.remote) == Some(&id)
        {
            self.by_remote.remove(&open.remote);
        }
    }

    fn connect(&mut self, wanted: Flow) -> Option<ConnectionId> {
        let place = self.places.take(wanted.remote.ip(), &self.limits)?;
        // `local` stays the listener's: to the core a flow is one and the same before and after connecting.
        let flow = flow(&self.ids, wanted.local, wanted.remote);
        let (outgoing, queue) = mpsc::channel(self.limits.write_queue);
        self.enter(&flow, outgoing);
        let (events, limits) = (self.sender.clone(), self.limits);
        self.tasks.spawn(async move {
            match timeout(limits.connect_deadline, TcpStream::connect(flow.remote)).await {
                Ok(Ok(stream)) => {
                    _ = stream.set_nodelay(true);
                    stream::run(stream, flow, queue, events, limits, place).await;
                }
                _ => _ = events.send(StreamEvent::Closed(flow, CloseReason::Connect)).await,
            }
        });
        flow.connection
    }
}

fn flow(ids: &AtomicU64, local: SocketAddr, remote: SocketAddr) -> Flow {
    let id = ConnectionId(ids.fetch_add(1, Ordering::Relaxed));
    Flow { transport: Transport::Tcp, local, remote, connection: Some(id) }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::bind;

    const OPTIONS: &[u8] = b"OPTIONS sip:pbx SIP/2.0\r\nContent-Length: 0\r\n\r\n";

    async fn event(streams: &mut Streams) -> StreamEvent {
        poll_fn(|cx| streams.poll_event(cx)).await
    }

    fn listening(limits: StreamLimits) -> (Streams, SocketAddr) {
        let listener = bind::sip_tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut streams = Streams::new(limits);
        streams.listen(listener);
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
        streams.send(flow, Bytes::from_static(b"one")).unwrap();
        streams.send(towards(flow.remote), Bytes::from_static(b"two")).unwrap();
        let mut heard = [0; 6];
        peer.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"onetwo");
        drop(peer);
        let StreamEvent::Closed(closed, CloseReason::Peer) = event(&mut streams).await else {
            panic!()
        };
        assert_eq!(closed, flow);
        assert_eq!(streams.send(flow, Bytes::from_static(b"late")), Err(Gone), "h09");
    }

    #[tokio::test]
    async fn h09_one_address_cannot_take_all_connections() {
        let limits = StreamLimits { connections_per_address: 2, ..StreamLimits::default() };
        let (mut streams, address) = listening(limits);
        let mut first = TcpStream::connect(address).await.unwrap();
        let _second = TcpStream::connect(address).await.unwrap();
        let mut third = TcpStream::connect(address).await.unwrap();
        assert!(matches!(event(&mut streams).await, StreamEvent::Opened(..)));
        assert!(matches!(event(&mut streams).await, StreamEvent::Opened(..)));
        assert_eq!(third.read(&mut [0; 1]).await.unwrap(), 0, "closed at once");
        // A place that is given back can be taken.
        first.shutdown().await.unwrap();
        assert!(matches!(event(&mut streams).await, StreamEvent::Closed(..)));
        let _fourth = TcpStream::connect(address).await.unwrap();
        assert!(matches!(event(&mut streams).await, StreamEvent::Opened(..)));
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
                    _ = streams.send(flow, Bytes::from_static(b"SIP/2.0 200 OK\r\n\r\n"));
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
        let mut streams = Streams::new(StreamLimits::default());
        streams.send(towards(remote), Bytes::from_static(b"one")).unwrap();
        streams.send(towards(remote), Bytes::from_static(b"two")).unwrap();
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut heard = [0; 6];
        peer.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"onetwo");
        peer.write_all(OPTIONS).await.unwrap();
        let StreamEvent::Message(flow, _) = event(&mut streams).await else { panic!() };
        assert_eq!((flow.remote, flow.local), (remote, towards(remote).local));
    }

    #[tokio::test]
    async fn a_connection_that_cannot_be_made_is_reported() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let remote = listener.local_addr().unwrap();
        drop(listener);
        let mut streams = Streams::new(StreamLimits::default());
        streams.send(towards(remote), Bytes::from_static(b"one")).unwrap();
        let StreamEvent::Closed(flow, CloseReason::Connect) = event(&mut streams).await else {
            panic!()
        };
        assert_eq!(flow.remote, remote);
    }
}
