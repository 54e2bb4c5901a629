//! All transactions of one element as one machine.

mod entry;
mod facts;
mod made;
mod receive;
mod send;
mod sent_by;
mod table;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::entry::{Effect, Entry, Kind};
use self::table::Table;
use super::TimerConfig;
use crate::message::Message;
use crate::{Flow, Identifiers};

pub use self::send::{CancelError, RespondError, SendError};
pub use self::sent_by::{InvalidSentBy, SentBy};

/// The name of one transaction. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(u64);

/// The most forks of one INVITE of ours that are kept apart: so many dialogs it makes, and 2xx of more are not told.
pub const MAX_FORKS: usize = 16;

/// Settings of a [`TransactionLayer`].
#[derive(Debug, Clone)]
pub struct LayerConfig {
    /// The lettered timers.
    pub timers: TimerConfig,
    /// The most server transactions at a time; a request beyond gets a stateless 503. Default 65,536.
    pub max_servers: usize,
    /// Of these, the most for one source address. Default half of all.
    pub max_servers_per_address: usize,
    /// The most client transactions at a time. Default 65,536.
    pub max_clients: usize,
    /// Retry-After of the 503 of a full table, in whole seconds. Default 5 s.
    pub retry_after: Duration,
    /// The host, or host and port, that Via names as ours; `None` writes the flow's local address.
    pub sent_by: Option<SentBy>,
}

impl Default for LayerConfig {
    fn default() -> Self {
        Self {
            timers: TimerConfig::default(),
            max_servers: 65_536,
            max_servers_per_address: 32_768,
            max_clients: 65_536,
            retry_after: Duration::from_secs(5),
            sent_by: None,
        }
    }
}

/// What comes in from below.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "moved once, and a box would be an allocation a message"
)]
pub enum Input {
    /// A message that the parser took.
    Received {
        /// The way it came.
        flow: Flow,
        /// The message.
        message: Message,
    },
    /// Something sent on this flow could not be delivered.
    TransportError {
        /// As it was in the [`Output::Transmit`].
        flow: Flow,
    },
    /// The connection of this flow is gone.
    FlowClosed {
        /// The flow.
        flow: Flow,
    },
}

/// What is to be done, in order.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "moved once, and a box would be an allocation a message"
)]
pub enum Output {
    /// Send these octets.
    Transmit {
        /// The way they go.
        flow: Flow,
        /// One whole message.
        payload: Bytes,
    },
    /// Tell the transaction user.
    Event(Event),
}

/// What the layer tells its user.
#[derive(Debug, Clone)]
pub enum Event {
    /// A new request: answer it with [`TransactionLayer::respond`] or
    /// [`TransactionLayer::respond_stateless`].
    Request {
        /// The server transaction.
        id: TransactionId,
        /// The way it came.
        flow: Flow,
        /// The request, with received and rport filled in at its top Via (RFC 3581 section 4).
        request: Message,
    },
    /// A response to one of our requests; a 2xx to an INVITE once for each fork.
    Response {
        /// The client transaction.
        id: TransactionId,
        /// The way it came.
        flow: Flow,
        /// The response.
        response: Message,
    },
    /// A 2xx to an INVITE that no transaction waits for any more: a fork that answered very late,
    /// or a repetition after `64 * T1`. It wants an ACK and a BYE.
    StrayResponse {
        /// The way it came.
        flow: Flow,
        /// The response.
        response: Message,
    },
    /// An ACK that is not part of a transaction: that of a 2xx. ACKs of other responses are absorbed.
    Ack {
        /// The INVITE that it acknowledges, if its 2xx was still being repeated.
        invite: Option<TransactionId>,
        /// The way it came.
        flow: Flow,
        /// The ACK.
        request: Message,
    },
    /// A CANCEL for an INVITE without a final response. It has been answered; answer the INVITE
    /// with 487 (RFC 3261 section 9.2).
    Cancel {
        /// The INVITE.
        invite: TransactionId,
        /// The way it came.
        flow: Flow,
        /// The CANCEL.
        request: Message,
    },
    /// Our 2xx was repeated for `64 * T1` and never acknowledged: end the session with a BYE
    /// (RFC 3261 section 13.3.1.4).
    Unacknowledged {
        /// The INVITE.
        id: TransactionId,
    },
    /// No response came in time to a request of ours, or no ACK to a refusal of ours.
    Timeout {
        /// The transaction.
        id: TransactionId,
    },
    /// A message of the transaction could not be delivered, or its connection is gone.
    TransportError {
        /// The transaction.
        id: TransactionId,
    },
    /// The transaction is over. The last that is heard of it, exactly once.
    Terminated {
        /// The transaction.
        id: TransactionId,
    },
}

/// The transaction layer (RFC 3261 section 17): matches, repeats, absorbs.
///
/// ```text
///   Received ---> parsed, matched ---> machine of the transaction --+--> Event
///                      |    \                                       |
///        stray --------+     new request ---> new machine ---> Event+--> Transmit
///                            full table  ---> 503, no state
/// ```
///
/// The user of it hears each request once, each final response once, and always the end of what it
/// started. A response that belongs to nothing is dropped without a word.
#[derive(Debug)]
pub struct TransactionLayer {
    config: LayerConfig,
    identifiers: Identifiers,
    table: Table,
    outputs: VecDeque<Output>,
    /// Requests whose transactions are over while their last events still wait to be taken.
    ended: BTreeMap<TransactionId, Message>,
}

impl TransactionLayer {
    /// A layer without transactions. The seed makes branches unguessable: see [`Identifiers`].
    #[must_use]
    pub fn new(config: LayerConfig, seed: [u8; 32]) -> Self {
        let mut identifiers = Identifiers::new(seed);
        let table = Table::new(identifiers.table_hasher());
        Self { config, identifiers, table, outputs: VecDeque::new(), ended: BTreeMap::new() }
    }

    /// Takes what came from below.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Received { flow, message } => self.on_message(now, flow, message),
            Input::TransportError { flow } | Input::FlowClosed { flow } => {
                self.on_transport_error(now, flow);
            }
        }
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        for id in self.table.due(now) {
            if let Some(entry) = self.table.get_mut(id) {
                entry.handle_timeout(now);
                self.settle(now, id, None);
            }
        }
    }

    /// When [`TransactionLayer::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.table.poll_timeout()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if let Some(Output::Event(Event::Terminated { id })) = &output {
            self.ended.remove(id);
        }
        output
    }

    /// How many client and server transactions there are.
    #[must_use]
    pub fn transactions(&self) -> (usize, usize) {
        (self.table.clients(), self.table.servers())
    }

    /// The maker of branches, tags and Call-IDs that the layer uses, for its user's own.
    pub fn identifiers(&mut self) -> &mut Identifiers {
        &mut self.identifiers
    }

    fn on_transport_error(&mut self, now: Instant, flow: Flow) {
        for id in self.table.on_flow(flow) {
            let Some(entry) = self.table.get_mut(id) else { continue };
            // A server machine refuses late responses only.
            match &mut entry.kind {
                Kind::ClientInvite(side) => {
                    side.machine.handle(now, super::client_invite::Input::TransportError);
                }
                Kind::ClientNonInvite(side) => {
                    side.machine.handle(now, super::client_non_invite::Input::TransportError);
                }
                Kind::ServerInvite(side) => {
                    let _ = side.machine.handle(now, super::server_invite::Input::TransportError);
                }
                Kind::ServerNonInvite(machine) => {
                    let _ = machine.handle(now, super::server_non_invite::Input::TransportError);
                }
            }
            self.settle(now, id, None);
        }
    }

    /// Passes on what the transaction's machines want, forgets it if it is over, and follows its
    /// timer. `received` is the response that made them speak.
    fn settle(&mut self, now: Instant, id: TransactionId, mut received: Option<(Flow, Message)>) {
        while let Some((flow, effect)) = self.table.get_mut(id).and_then(Entry::poll_effect) {
            let event = match effect {
                Effect::Transmit(payload) => {
                    self.outputs.push_back(Output::Transmit { flow, payload });
                    continue;
                }
                Effect::Trying => {
                    self.send_trying(now, id);
                    continue;
                }
                Effect::Nothing => continue,
                Effect::Response => match received.take() {
                    Some((flow, response)) => Event::Response { id, flow, response },
                    None => continue,
                },
                Effect::Unacknowledged => Event::Unacknowledged { id },
                Effect::Timeout => Event::Timeout { id },
                Effect::TransportError => Event::TransportError { id },
                Effect::Terminated => {
                    if let Some(entry) = self.table.remove(id).filter(|entry| !entry.is_internal())
                    {
                        if let Some(request) = entry.into_request() {
                            self.ended.insert(id, request);
                        }
                        self.outputs.push_back(Output::Event(Event::Terminated { id }));
                    }
                    return;
                }
            };
            self.outputs.push_back(Output::Event(event));
        }
        self.table.reschedule(id);
    }
}
