//! One stream connection: a task that frames what comes and writes what is queued.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use switchboard_sip::{Decoded, Flow, Framer, PONG};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use crate::limits::{Place, StreamLimits};

/// What the drive loop tells a connection.
#[derive(Debug)]
pub(crate) enum Order {
    /// Write this.
    Write(Bytes),
    /// The peer has shown who they are.
    Keep,
}

/// What connections tell the drive loop.
#[derive(Debug)]
pub(crate) enum StreamEvent {
    /// A peer connected to us.
    Opened(Flow, mpsc::Sender<Order>),
    /// A whole message.
    Message(Flow, Bytes),
    /// A connection is over, or could not be made; its flow is never used again.
    Closed(Flow, CloseReason),
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The peer closed it.
    Peer,
    /// We closed it.
    Us,
    /// The peer refused the connection, could not be reached, or is not who it should be.
    Connect,
    /// A message took longer than its deadline.
    Slow,
    /// Nothing came for too long.
    Idle,
    /// The peer did not show in time who they are.
    Unproven,
    /// The place was needed, and the peer had not shown who they are.
    Crowded,
    /// The peer takes nothing.
    Stuck,
    /// What came has no frame: there is no way to find the next message.
    Framing,
    /// A WebSocket message was larger than any SIP message may be.
    TooLarge,
    /// The peer broke the rules of WebSocket.
    Protocol,
    /// The operating system reported an error.
    Io,
}

impl std::fmt::Display for CloseReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Peer => "the peer closed it",
            Self::Us => "closed here",
            Self::Connect => "no connection could be made",
            Self::Slow => "a message was not complete in time",
            Self::Idle => "nothing came for too long",
            Self::Unproven => "the peer did not show in time who they are",
            Self::Crowded => "its place was needed",
            Self::Stuck => "the peer takes nothing",
            Self::Framing => "what came is no SIP message",
            Self::TooLarge => "a message was too large",
            Self::Protocol => "the peer broke the rules of WebSocket",
            Self::Io => "the operating system reported an error",
        })
    }
}

/// Who opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The peer.
    Accepted,
    /// We.
    Opened,
}

/// Runs a connection to its end and reports it.
pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    flow: Flow,
    mut orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<StreamEvent>,
    limits: StreamLimits,
    (side, mut place): (Side, Place),
) {
    let reason = serve(&mut stream, flow, &mut orders, &events, limits, (side, &mut place)).await;
    drop(place);
    // The driver may be gone already; then nobody needs to know.
    _ = events.send(StreamEvent::Closed(flow, reason)).await;
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    flow: Flow,
    orders: &mut mpsc::Receiver<Order>,
    events: &mpsc::Sender<StreamEvent>,
    limits: StreamLimits,
    (side, place): (Side, &mut Place),
) -> CloseReason {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut framer = Framer::new();
    let mut buffer = BytesMut::with_capacity(READ);
    let mut begun = false;
    let mut manners = Manners::new(side, limits);
    let mut deadline = manners.silent_by();
    loop {
        tokio::select! {
            read = reader.read_buf(&mut buffer) => {
                match read {
                    Ok(0) => return CloseReason::Peer,
                    Ok(_) => {}
                    Err(_) => return CloseReason::Io,
                }
                let mut fresh = false;
                loop {
                    match framer.decode(&mut buffer) {
                        Ok(Decoded::Message(message)) => {
                            fresh = true;
                            manners.spoken = true;
                            if events.send(StreamEvent::Message(flow, message)).await.is_err() {
                                return CloseReason::Us;
                            }
                        }
                        Ok(Decoded::Ping) => {
                            fresh = true;
                            if let Err(reason) = write(&mut writer, PONG, limits.write_deadline).await {
                                return reason;
                            }
                        }
                        Ok(Decoded::Pong) => fresh = true,
                        Ok(Decoded::Partial) => break,
                        Err(error) => {
                            tracing::debug!(%flow, %error, "framing lost");
                            // The core answers 400 where the headers allow; then the stream ends.
                            let rest = buffer.split().freeze();
                            _ = events.send(StreamEvent::Message(flow, rest)).await;
                            flush(&mut writer, orders, limits.write_deadline).await;
                            return CloseReason::Framing;
                        }
                    }
                }
                // A message that has begun keeps the deadline that its first octet set.
                if buffer.is_empty() {
                    begun = false;
                    deadline = manners.silent_by();
                } else if fresh || !begun {
                    begun = true;
                    // Half a keep-alive behind each whole one earns no place either.
                    deadline = manners.silent_by().min(now() + limits.message_deadline);
                }
            }
            order = orders.recv() => match order {
                Some(Order::Write(payload)) => {
                    if let Err(reason) = write(&mut writer, &payload, limits.write_deadline).await {
                        return reason;
                    }
                }
                Some(Order::Keep) => {
                    place.keep();
                    manners.proven = true;
                    if !begun {
                        deadline = manners.silent_by();
                    }
                }
                None => {
                    _ = timeout(limits.write_deadline, writer.shutdown()).await;
                    return CloseReason::Us;
                }
            },
            () = sleep_until(deadline) => {
                return if manners.is_overdue() {
                    CloseReason::Unproven
                } else if begun {
                    CloseReason::Slow
                } else {
                    CloseReason::Idle
                };
            }
            () = place.evicted() => return CloseReason::Crowded,
        }
    }
}

/// How far a peer has come: who they are, and how long they may be silent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// A message came. Whoever comes says what they came for; keep-alives are not it.
    pub(crate) spoken: bool,
    /// We know who it is.
    pub(crate) proven: bool,
    first_by: Instant,
    proven_by: Instant,
    idle: Duration,
}

impl Manners {
    pub(crate) fn new(side: Side, limits: StreamLimits) -> Self {
        // Whom we call we know.
        let known = side == Side::Opened;
        let (first_by, proven_by) = (now() + limits.first_message, now() + limits.unproven);
        Self { spoken: known, proven: known, first_by, proven_by, idle: limits.idle }
    }

    /// When silence that begins now is too long.
    pub(crate) fn silent_by(&self) -> Instant {
        match (self.proven, self.spoken) {
            (true, _) => now() + self.idle,
            (false, true) => self.proven_by,
            (false, false) => self.first_by.min(self.proven_by),
        }
    }

    /// By when a peer has to have shown who they are that has not yet.
    pub(crate) fn proven_by(&self) -> Option<Instant> {
        (!self.proven).then_some(self.proven_by)
    }

    /// Whether it has come further than it may without having shown who it is.
    pub(crate) fn is_overdue(&self) -> bool {
        self.spoken && self.proven_by().is_some_and(|by| by <= now())
    }
}

/// Octets read at once.
const READ: usize = 16 << 10;

/// How long the answer to a broken message may take to be queued.
pub(crate) const LAST_WORDS: Duration = Duration::from_millis(200);

async fn flush(
    writer: &mut (impl AsyncWrite + Unpin),
    orders: &mut mpsc::Receiver<Order>,
    deadline: Duration,
) {
    while let Ok(Some(order)) = timeout(LAST_WORDS, orders.recv()).await {
        if let Order::Write(payload) = order
            && write(writer, &payload, deadline).await.is_err()
        {
            return;
        }
    }
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    payload: &[u8],
    deadline: Duration,
) -> Result<(), CloseReason> {
    // TLS keeps octets back until it is told.
    let writing = async {
        writer.write_all(payload).await?;
        writer.flush().await
    };
    match timeout(deadline, writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => Err(CloseReason::Peer),
        Ok(Err(_)) => Err(CloseReason::Io),
        Err(_) => Err(CloseReason::Stuck),
    }
}

/// Tokio's clock, which tests can stop.
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
