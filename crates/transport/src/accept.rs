//! Connections that come: from the TCP handshake to the first message.
//!
//! Whoever comes takes a place among all connections and, for a handshake of TLS or WebSocket, one among those whose
//! handshake is not done. Where there is none left, the connection is closed at once: before anything is read, and
//! before anything costs.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use switchboard_sip::{ConnectionId, Flow, Transport};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::access::AccessList;
use crate::limits::{Place, Places, StreamLimits};
use crate::stream::{self, Side, StreamEvent};
use crate::tls::TlsServer;
use crate::ws::{self, Origins};

/// What a listener speaks, and with whom.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) kind: Kind,
    pub(crate) access: AccessList,
}

/// What a listener speaks.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Tcp,
    Tls(TlsServer),
    Ws(Origins),
    Wss(TlsServer, Origins),
}

impl Door {
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { kind: Kind::Tcp, access: AccessList::everybody() }
    }

    pub(crate) fn transport(&self) -> Transport {
        match self.kind {
            Kind::Tcp => Transport::Tcp,
            Kind::Tls(_) => Transport::Tls,
            Kind::Ws(_) => Transport::Ws,
            Kind::Wss(..) => Transport::Wss,
        }
    }
}

/// What all connections share: bounds, names, and the way to the drive loop.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) limits: StreamLimits,
    pub(crate) events: mpsc::Sender<StreamEvent>,
    places: Places,
    /// Of connections that we open: however many come, a trunk is reached.
    opened: Places,
    handshakes: Places,
    ids: Arc<AtomicU64>,
}

impl Gate {
    pub(crate) fn new(limits: StreamLimits, events: mpsc::Sender<StreamEvent>) -> Self {
        let (places, opened) = (Places::default(), Places::default());
        Self { limits, events, places, opened, handshakes: Places::default(), ids: Arc::default() }
    }

    /// A place for a connection that came from this address.
    fn place(&self, ip: IpAddr) -> Option<Place> {
        self.places.take(ip, self.limits.connections, self.limits.connections_per_address)
    }

    /// A place for a connection that we open to this address.
    pub(crate) fn place_outside(&self, ip: IpAddr) -> Option<Place> {
        self.opened.take(ip, self.limits.connections, self.limits.connections_per_address)
    }

    /// A flow with a name of its own.
    pub(crate) fn flow(&self, transport: Transport, local: SocketAddr, remote: SocketAddr) -> Flow {
        let id = ConnectionId(self.ids.fetch_add(1, Ordering::Relaxed));
        Flow { transport, local, remote, connection: Some(id) }
    }

    /// Whether there is no connection.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.opened.is_empty()
    }

    fn handshake(&self, ip: IpAddr) -> Option<Place> {
        self.handshakes.take(ip, self.limits.handshakes, self.limits.handshakes_per_address)
    }

    /// Tells of a connection that is ready; `None` when nobody listens any more.
    async fn open(&self, flow: Flow) -> Option<mpsc::Receiver<Bytes>> {
        let (outgoing, queue) = mpsc::channel(self.limits.write_queue);
        self.events.send(StreamEvent::Opened(flow, outgoing)).await.ok()?;
        Some(queue)
    }
}

/// How long to wait after a failed accept: it concerns the peer that gave up, or a limit of the system.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts until `closing`, then waits for those who came.
pub(crate) async fn run(
    listener: TcpListener,
    door: Door,
    gate: Gate,
    mut closing: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closing.wait_for(|closing| *closing) => break,
        };
        while connections.try_join_next().is_some() {}
        let Ok((stream, remote)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        if let Some(guest) = Guest::admit(stream, remote, &door, &gate) {
            connections.spawn(guest.serve(door.clone(), gate.clone()));
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Somebody who was let in.
struct Guest {
    stream: TcpStream,
    flow: Flow,
    place: Place,
    handshake: Option<Place>,
}

impl Guest {
    /// Refuses what the access list does not name, and whoever finds no place.
    fn admit(stream: TcpStream, remote: SocketAddr, door: &Door, gate: &Gate) -> Option<Self> {
        if !door.access.allows(remote.ip()) {
            tracing::debug!(%remote, "connection refused: not on the access list");
            return None;
        }
        let local = stream.local_addr().ok()?;
        let place = gate.place(remote.ip());
        let handshake = match door.kind {
            Kind::Tcp => Some(None),
            _ => gate.handshake(remote.ip()).map(Some),
        };
        let (Some(place), Some(handshake)) = (place, handshake) else {
            tracing::debug!(%remote, "connection refused: too many");
            return None;
        };
        _ = stream.set_nodelay(true);
        let flow = gate.flow(door.transport(), local, remote);
        Some(Self { stream, flow, place, handshake })
    }

    async fn serve(self, door: Door, gate: Gate) {
        let Self { stream, flow, place, handshake } = self;
        let deadline = gate.limits.handshake_deadline;
        match door.kind {
            Kind::Tcp => octets(stream, flow, place, gate).await,
            Kind::Tls(server) => {
                let greeting = TlsAcceptor::from(server.config()).accept(stream);
                if let Some(stream) = greet(flow, deadline, greeting).await {
                    drop(handshake);
                    octets(stream, flow, place, gate).await;
                }
            }
            Kind::Ws(origins) => {
                let greeting = ws::accept(stream, &origins);
                if let Some(socket) = greet(flow, deadline, greeting).await {
                    drop(handshake);
                    frames(socket, flow, place, gate).await;
                }
            }
            Kind::Wss(server, origins) => {
                let greeting = async {
                    let stream = TlsAcceptor::from(server.config()).accept(stream).await?;
                    ws::accept(stream, &origins).await
                };
                if let Some(socket) = greet(flow, deadline, greeting).await {
                    drop(handshake);
                    frames(socket, flow, place, gate).await;
                }
            }
        }
    }
}

/// What a handshake gives, within its deadline.
async fn greet<T, E: std::fmt::Display>(
    flow: Flow,
    deadline: Duration,
    handshake: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match timeout(deadline, handshake).await {
        Ok(Ok(done)) => Some(done),
        Ok(Err(error)) => {
            tracing::debug!(%flow, %error, "handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!(%flow, "handshake not done in time");
            None
        }
    }
}

async fn octets(stream: impl AsyncRead + AsyncWrite + Unpin, flow: Flow, place: Place, gate: Gate) {
    if let Some(queue) = gate.open(flow).await {
        stream::run(stream, flow, queue, gate.events, gate.limits, (Side::Accepted, place)).await;
    }
}

async fn frames<S: AsyncRead + AsyncWrite + Unpin>(
    socket: ws::Socket<S>,
    flow: Flow,
    place: Place,
    gate: Gate,
) {
    if let Some(queue) = gate.open(flow).await {
        ws::run(socket, flow, queue, gate.events, gate.limits, place).await;
    }
}
