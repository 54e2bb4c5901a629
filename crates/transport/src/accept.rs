//! Connections that come: from the TCP handshake to the first message.
//!
//! Whoever comes takes a place among all connections and, for a handshake of TLS or WebSocket, one among those whose
//! handshake is not done. Where there is none left, the connection is closed at once: before anything is read, and
//! before anything costs.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use switchboard_sip::{ConnectionId, Flow, Transport};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::http::{HeaderMap, StatusCode};

use crate::access::{AccessList, Network};
use crate::limits::{Place, Places, StreamLimits};
use crate::stream::{self, Order, Side, StreamEvent};
use crate::tls::TlsServer;
use crate::ws::{self, Origins, Refused};

/// What a listener speaks, and with whom.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) kind: Kind,
    pub(crate) access: AccessList,
    /// Reverse proxies that say whose WebSocket it is.
    pub(crate) proxies: Vec<Network>,
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
        Self::open(Kind::Tcp)
    }

    #[cfg(test)]
    pub(crate) fn open(kind: Kind) -> Self {
        Self { kind, access: AccessList::everybody(), proxies: Vec::new() }
    }

    /// Whether it is a reverse proxy that comes, and not who is meant.
    fn is_proxy(&self, ip: IpAddr) -> bool {
        let web = matches!(self.kind, Kind::Ws(_) | Kind::Wss(..));
        web && self.proxies.iter().any(|network| network.contains(ip))
    }
}

impl Kind {
    pub(crate) fn transport(&self) -> Transport {
        match self {
            Self::Tcp => Transport::Tcp,
            Self::Tls(_) => Transport::Tls,
            Self::Ws(_) => Transport::Ws,
            Self::Wss(..) => Transport::Wss,
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
        let StreamLimits { connections, connections_per_address, .. } = self.limits;
        let mut place = self.opened.take(ip, connections, connections_per_address)?;
        place.keep();
        Some(place)
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

    /// A place for a handshake. One address of a proxy is many clients.
    fn handshake(&self, ip: IpAddr, proxy: bool) -> Option<Place> {
        let StreamLimits { handshakes, handshakes_per_address, .. } = self.limits;
        let from_here = if proxy { handshakes } else { handshakes_per_address };
        self.handshakes.take(ip, handshakes, from_here)
    }

    /// Tells of a connection that is ready; `None` when nobody listens any more.
    async fn open(&self, flow: Flow) -> Option<mpsc::Receiver<Order>> {
        let (orders, queue) = mpsc::channel(self.limits.write_queue);
        self.events.send(StreamEvent::Opened(flow, orders)).await.ok()?;
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
    local: SocketAddr,
    seat: Seat,
    handshake: Option<Place>,
}

/// Who comes, and their place.
struct Seat {
    remote: SocketAddr,
    /// `None`: a proxy has come, and has not said yet for whom.
    place: Option<Place>,
}

impl Guest {
    /// Refuses what the access list does not name, and whoever finds no place.
    fn admit(stream: TcpStream, remote: SocketAddr, door: &Door, gate: &Gate) -> Option<Self> {
        let proxy = door.is_proxy(remote.ip());
        if !proxy && !door.access.allows(remote.ip()) {
            tracing::debug!(%remote, "connection refused: not on the access list");
            return None;
        }
        let local = stream.local_addr().ok()?;
        let place = if proxy { Some(None) } else { gate.place(remote.ip()).map(Some) };
        let handshake = match door.kind {
            Kind::Tcp => Some(None),
            _ => gate.handshake(remote.ip(), proxy).map(Some),
        };
        let (Some(place), Some(handshake)) = (place, handshake) else {
            tracing::debug!(%remote, "connection refused: too many");
            return None;
        };
        _ = stream.set_nodelay(true);
        Some(Self { stream, local, seat: Seat { remote, place }, handshake })
    }

    async fn serve(self, door: Door, gate: Gate) {
        let Self { stream, local, mut seat, mut handshake } = self;
        let (transport, remote) = (door.kind.transport(), seat.remote);
        let greeter = Greeter { remote, deadline: gate.limits.handshake_deadline };
        match &door.kind {
            Kind::Tcp => octets(stream, (transport, local), seat, gate).await,
            Kind::Tls(server) => {
                let greeting = TlsAcceptor::from(server.config()).accept(stream);
                if let Some(stream) = greeter.greet(&mut handshake, greeting).await {
                    drop(handshake);
                    octets(stream, (transport, local), seat, gate).await;
                }
            }
            Kind::Ws(origins) => {
                let greeting = ws::accept(stream, origins, |head| seat.take(head, &door, &gate));
                if let Some(socket) = greeter.greet(&mut handshake, greeting).await {
                    drop(handshake);
                    frames(socket, (transport, local), seat, gate).await;
                }
            }
            Kind::Wss(server, origins) => {
                let greeting = async {
                    let stream = TlsAcceptor::from(server.config()).accept(stream).await?;
                    ws::accept(stream, origins, |head| seat.take(head, &door, &gate)).await
                };
                if let Some(socket) = greeter.greet(&mut handshake, greeting).await {
                    drop(handshake);
                    frames(socket, (transport, local), seat, gate).await;
                }
            }
        }
    }
}

impl Seat {
    /// A proxy has said for whom it comes: they are let in or not, and have a place or not, as if they had come themselves.
    fn take(&mut self, head: &HeaderMap, door: &Door, gate: &Gate) -> Result<(), Refused> {
        if self.place.is_some() {
            return Ok(());
        }
        let client = ws::client(head, self.remote.ip(), &door.proxies)
            .map_err(|unclear| Refused(StatusCode::BAD_REQUEST, unclear.text()))?;
        if !door.access.allows(client) {
            return Err(Refused(StatusCode::FORBIDDEN, "this address is not let in here\n"));
        }
        let Some(place) = gate.place(client) else {
            return Err(Refused(StatusCode::SERVICE_UNAVAILABLE, "too many connections\n"));
        };
        self.remote.set_ip(client);
        self.place = Some(place);
        Ok(())
    }
}

/// Waits for handshakes.
struct Greeter {
    remote: SocketAddr,
    deadline: Duration,
}

impl Greeter {
    /// What a handshake gives, within its deadline and while it has a place.
    async fn greet<T, E: std::fmt::Display>(
        &self,
        place: &mut Option<Place>,
        handshake: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        let remote = self.remote;
        let evicted = async {
            match place {
                Some(place) => place.evicted().await,
                None => std::future::pending().await,
            }
        };
        let done = tokio::select! {
            done = timeout(self.deadline, handshake) => done,
            () = evicted => {
                tracing::debug!(%remote, "handshake given up: too many");
                return None;
            }
        };
        match done {
            Ok(Ok(done)) => Some(done),
            Ok(Err(error)) => {
                tracing::debug!(%remote, %error, "handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!(%remote, "handshake not done in time");
                None
            }
        }
    }
}

async fn octets(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    (transport, local): (Transport, SocketAddr),
    seat: Seat,
    gate: Gate,
) {
    let Some(place) = seat.place else { return };
    let flow = gate.flow(transport, local, seat.remote);
    if let Some(queue) = gate.open(flow).await {
        stream::run(stream, flow, queue, gate.events, gate.limits, (Side::Accepted, place)).await;
    }
}

async fn frames<S: AsyncRead + AsyncWrite + Unpin>(
    socket: ws::Socket<S>,
    (transport, local): (Transport, SocketAddr),
    seat: Seat,
    gate: Gate,
) {
    let Some(place) = seat.place else { return };
    let flow = gate.flow(transport, local, seat.remote);
    if let Some(queue) = gate.open(flow).await {
        ws::run(socket, flow, queue, gate.events, gate.limits, place).await;
    }
}

#[cfg(test)]
mod tests;
