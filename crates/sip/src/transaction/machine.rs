//! What the four transaction machines have in common: their outputs.

use std::time::{Duration, Instant};

use bytes::Bytes;

/// What a transaction machine wants done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output<E> {
    /// Send this message on the transaction's flow.
    Transmit(Bytes),
    /// Tell the transaction user.
    Event(E),
}

/// What a client transaction tells its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientEvent {
    /// The response just handed in is for the user; it is not a repetition.
    Response,
    /// No final response came in time (timer B or F, or `64 * T1` after a CANCEL).
    Timeout,
    /// The transport failed.
    TransportError,
    /// The transaction is over and may be forgotten. Always the last event, exactly once.
    Terminated,
}

/// What a server transaction tells its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerEvent {
    /// The user has been silent for too long: build a `100 Trying` and hand it in as a response.
    Trying,
    /// The ACK just handed in is for the user: it acknowledges a 2xx (RFC 6026 section 7.1).
    Ack,
    /// The final response was never acknowledged (timer H), or the user never gave one to a
    /// request that its sender has given up by now (RFC 4320 section 4.2).
    Timeout,
    /// The transport failed.
    TransportError,
    /// The transaction is over and may be forgotten. Always the last event, exactly once.
    Terminated,
}

/// The states of the diagrams in RFC 3261 section 17 and RFC 6026 section 7; not every machine has
/// all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionState {
    /// An INVITE of ours has no response yet.
    Calling,
    /// Another request has no response yet.
    Trying,
    /// A provisional response has come or gone; an INVITE of theirs begins here.
    Proceeding,
    /// The final response has come or gone, and repetitions are absorbed.
    Completed,
    /// A refusal of ours has its ACK.
    Confirmed,
    /// The answer was a 2xx to an INVITE.
    Accepted,
    /// It is over.
    Terminated,
}

/// The user answered a transaction that had its final answer already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the transaction has its final response already")]
pub struct AlreadyAnswered;

/// A retransmission timer: when it fires next and how long it waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) at: Instant,
    pub(super) interval: Duration,
}

impl Repeat {
    pub(super) fn start(now: Instant, interval: Duration) -> Self {
        Self { at: now + interval, interval }
    }

    /// The next round, counted from now: a late poll does not make a burst.
    pub(super) fn again(&mut self, now: Instant, interval: Duration) {
        *self = Self::start(now, interval);
    }
}

/// The earlier of a timer that may be off and one that is on.
pub(super) fn earlier(repeat: Option<Repeat>, limit: Instant) -> Instant {
    repeat.map_or(limit, |repeat| repeat.at.min(limit))
}
