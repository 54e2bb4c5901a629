//! One WebSocket connection (RFC 6455) that carries SIP (RFC 7118).

mod counted;
mod forwarded;
mod handshake;

pub(crate) use forwarded::client;
pub use handshake::Origins;
pub(crate) use handshake::{Refused, accept};

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use counted::Counted;
use futures_util::{SinkExt, StreamExt};
use switchboard_sip::{Decoded, Flow, PONG, decode_frame};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::limits::{Place, StreamLimits};
use crate::stream::{CloseReason, LAST_WORDS, Manners, Order, Side, StreamEvent};

/// A connection whose handshake is done.
pub(crate) type Socket<S> = WebSocketStream<Counted<S>>;

/// Runs a connection to its end and reports it.
pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    socket: Socket<S>,
    flow: Flow,
    orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<StreamEvent>,
    limits: StreamLimits,
    place: Place,
) {
    let manners = Manners::new(Side::Accepted, limits);
    let mut connection =
        Connection { socket, flow, orders, events, limits, place, manners, asked: false };
    let reason = connection.serve().await;
    connection.say_goodbye(reason).await;
    let Connection { place, events, .. } = connection;
    drop(place);
    // The driver may be gone already; then nobody needs to know.
    _ = events.send(StreamEvent::Closed(flow, reason)).await;
}

struct Connection<S> {
    socket: Socket<S>,
    flow: Flow,
    orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<StreamEvent>,
    limits: StreamLimits,
    place: Place,
    manners: Manners,
    /// Whether the peer owes us a sign of life.
    asked: bool,
}

/// What a connection waits for.
enum Woken {
    Frame(Option<Result<Message, Error>>),
    Order(Option<Order>),
    Due,
    Evicted,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn serve(&mut self) -> CloseReason {
        // The handshake was whole.
        self.socket.get_mut().whole();
        let mut sleep = Box::pin(sleep_until(self.deadline()));
        loop {
            let step = match self.wait(sleep.as_mut()).await {
                Woken::Frame(Some(Ok(frame))) => self.take(frame).await,
                Woken::Frame(Some(Err(error))) => Err(reason(&error)),
                Woken::Frame(None) => Err(CloseReason::Peer),
                Woken::Order(Some(Order::Write(payload))) => self.write(sip(payload)).await,
                Woken::Order(Some(Order::Keep)) => {
                    self.place.keep();
                    self.manners.proven = true;
                    Ok(())
                }
                Woken::Order(None) => Err(CloseReason::Us),
                Woken::Due => self.due().await,
                Woken::Evicted => Err(CloseReason::Crowded),
            };
            if let Err(reason) = step {
                return reason;
            }
        }
    }

    /// When to look after the peer: octets that make no whole message have their deadline, silence has another.
    fn deadline(&self) -> Instant {
        let silence = match (self.manners.spoken, self.asked) {
            (false, _) => self.manners.silent_by(),
            (true, false) => self.heard() + self.limits.ping,
            (true, true) => self.heard() + self.limits.ping * 2,
        };
        let others = [self.whole_by(), self.manners.proven_by()];
        others.into_iter().flatten().fold(silence, Instant::min)
    }

    fn whole_by(&self) -> Option<Instant> {
        self.socket.get_ref().begun().map(|at| at + self.limits.message_deadline)
    }

    fn heard(&self) -> Instant {
        self.socket.get_ref().heard()
    }

    async fn due(&mut self) -> Result<(), CloseReason> {
        if self.whole_by().is_some_and(|by| by <= Instant::now()) {
            return Err(CloseReason::Slow);
        }
        if self.manners.is_overdue() {
            return Err(CloseReason::Unproven);
        }
        if !self.manners.spoken || self.asked {
            return Err(CloseReason::Idle);
        }
        self.asked = true;
        self.write(Message::Ping(Bytes::new())).await
    }

    async fn wait(&mut self, mut sleep: Pin<&mut Sleep>) -> Woken {
        poll_fn(|cx| {
            if let Poll::Ready(frame) = self.socket.poll_next_unpin(cx) {
                return Poll::Ready(Woken::Frame(frame));
            }
            if let Poll::Ready(order) = self.orders.poll_recv(cx) {
                return Poll::Ready(Woken::Order(order));
            }
            if self.place.poll_evicted(cx).is_ready() {
                return Poll::Ready(Woken::Evicted);
            }
            // Octets that came just now may have moved it.
            let due = self.deadline();
            if sleep.deadline() != due {
                sleep.as_mut().reset(due);
            }
            sleep.as_mut().poll(cx).map(|()| Woken::Due)
        })
        .await
    }

    /// A whole frame, or message of several frames.
    async fn take(&mut self, frame: Message) -> Result<(), CloseReason> {
        match &frame {
            Message::Ping(payload) | Message::Pong(payload) => {
                self.socket.get_mut().control(payload.len());
            }
            _ => self.socket.get_mut().whole(),
        }
        self.asked = false;
        let payload = match frame {
            Message::Text(text) => Bytes::from(text),
            Message::Binary(payload) => payload,
            // The library has queued the pong; writing it is up to us.
            Message::Ping(_) => return self.flush().await,
            Message::Pong(_) | Message::Frame(_) => return Ok(()),
            Message::Close(_) => return Err(CloseReason::Peer),
        };
        match decode_frame(payload) {
            Ok(Decoded::Message(message)) => {
                self.manners.spoken = true;
                let told = self.events.send(StreamEvent::Message(self.flow, message)).await;
                told.map_err(|_| CloseReason::Us)
            }
            Ok(Decoded::Ping) => self.write(sip(Bytes::from_static(PONG))).await,
            Ok(Decoded::Pong | Decoded::Partial) => Ok(()),
            Err(error) => {
                tracing::debug!(flow = %self.flow, %error, "no SIP in a frame");
                Err(CloseReason::Framing)
            }
        }
    }

    async fn write(&mut self, message: Message) -> Result<(), CloseReason> {
        within(self.limits, self.socket.send(message)).await
    }

    async fn flush(&mut self) -> Result<(), CloseReason> {
        within(self.limits, self.socket.flush()).await
    }

    /// Says why, where the peer may still listen (RFC 6455, section 7.4.1).
    async fn say_goodbye(&mut self, reason: CloseReason) {
        let code = match reason {
            CloseReason::Us => CloseCode::Away,
            CloseReason::Framing => CloseCode::Unsupported,
            CloseReason::TooLarge => CloseCode::Size,
            CloseReason::Protocol => CloseCode::Protocol,
            CloseReason::Slow | CloseReason::Idle | CloseReason::Unproven => CloseCode::Policy,
            CloseReason::Crowded => CloseCode::Again,
            CloseReason::Peer => {
                _ = timeout(LAST_WORDS, self.socket.flush()).await;
                return;
            }
            _ => return,
        };
        let frame = CloseFrame { code, reason: Utf8Bytes::from(reason.to_string()) };
        _ = timeout(LAST_WORDS, self.socket.close(Some(frame))).await;
    }
}

/// Text where it is text, as browsers' libraries expect; both are allowed (RFC 7118, section 5).
fn sip(payload: Bytes) -> Message {
    match Utf8Bytes::try_from(payload.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(payload),
    }
}

async fn within(
    limits: StreamLimits,
    write: impl Future<Output = Result<(), Error>>,
) -> Result<(), CloseReason> {
    match timeout(limits.write_deadline, write).await {
        Ok(written) => written.map_err(|error| reason(&error)),
        Err(_) => Err(CloseReason::Stuck),
    }
}

fn reason(error: &Error) -> CloseReason {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => CloseReason::Peer,
        Error::Capacity(_) => CloseReason::TooLarge,
        Error::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        ) => CloseReason::Peer,
        Error::Protocol(_) | Error::Utf8(_) => CloseReason::Protocol,
        _ => CloseReason::Io,
    }
}

#[cfg(test)]
mod tests;
