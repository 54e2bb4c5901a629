//! One transaction as the layer keeps it: a machine and what is needed around it.

use std::time::Instant;

use bytes::Bytes;

use super::table::{Key, Sequence};
use crate::Flow;
use crate::message::Message;
use crate::transaction::{
    Accepted2xx, Accepted2xxOutput, ClientEvent, ClientInvite, ClientNonInvite, MachineOutput,
    ServerEvent, ServerInvite, ServerNonInvite,
};

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) sequence: Option<Sequence>,
    /// Of a server INVITE that was answered with a 2xx.
    pub(super) dialog: Option<Sequence>,
    /// Where this side's messages go.
    pub(super) flow: Flow,
    /// Where the request came from; for a client transaction the same as `flow`.
    pub(super) source: Flow,
    pub(super) kind: Kind,
    /// The timer under which the table has it.
    pub(super) scheduled: Option<Instant>,
}

#[derive(Debug)]
#[allow(clippy::enum_variant_names, reason = "the nouns of RFC 3261 section 17")]
pub(super) enum Kind {
    ClientInvite(Box<ClientInviteSide>),
    ClientNonInvite(Box<ClientNonInviteSide>),
    ServerInvite(Box<ServerInviteSide>),
    ServerNonInvite(ServerNonInvite),
}

/// A client INVITE with its CANCEL and its ACKs.
#[derive(Debug)]
pub(super) struct ClientInviteSide {
    pub(super) machine: ClientInvite,
    /// As sent, with our Via: the CANCEL and the ACK of a refusal are made from it.
    pub(super) request: Message,
    pub(super) cancel: Cancel,
    /// One for each fork that answered with a 2xx.
    pub(super) forks: Vec<Fork>,
}

/// A client transaction of another method.
#[derive(Debug)]
pub(super) struct ClientNonInviteSide {
    pub(super) machine: ClientNonInvite,
    /// As sent, with our Via.
    pub(super) request: Message,
    /// The layer's own CANCEL, of which the user hears nothing.
    pub(super) internal: bool,
}

/// Whether the INVITE is to be cancelled (RFC 3261 section 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancel {
    /// No.
    No,
    /// As soon as a provisional response has come.
    Wanted,
    /// The CANCEL is on its way.
    Sent,
}

/// A 2xx that was told to the user, known by its To tag, and the ACK that the user gave for it.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) to_tag: Box<str>,
    pub(super) ack: Option<(Flow, Bytes)>,
}

/// A server INVITE with the repetition of its 2xx.
#[derive(Debug)]
pub(super) struct ServerInviteSide {
    pub(super) machine: ServerInvite,
    pub(super) accepted: Option<Accepted2xx>,
    /// Kept until the user's first response, for a `100 Trying`.
    pub(super) request: Option<Message>,
    /// The user has been told of a CANCEL.
    pub(super) cancelled: bool,
    /// The To tag of the user's last response that had one.
    pub(super) to_tag: Option<Box<str>>,
}

impl Entry {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.kind {
            Kind::ClientInvite(side) => side.machine.poll_timeout(),
            Kind::ClientNonInvite(side) => side.machine.poll_timeout(),
            Kind::ServerInvite(side) => {
                let accepted = side.accepted.as_ref().and_then(Accepted2xx::poll_timeout);
                match (side.machine.poll_timeout(), accepted) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                }
            }
            Kind::ServerNonInvite(machine) => machine.poll_timeout(),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match &mut self.kind {
            Kind::ClientInvite(side) => side.machine.handle_timeout(now),
            Kind::ClientNonInvite(side) => side.machine.handle_timeout(now),
            Kind::ServerInvite(side) => {
                if let Some(accepted) = &mut side.accepted {
                    accepted.handle_timeout(now);
                }
                side.machine.handle_timeout(now);
            }
            Kind::ServerNonInvite(machine) => machine.handle_timeout(now),
        }
    }

    /// The next thing that a machine of the transaction wants, and the way for what it sends.
    pub(super) fn poll_effect(&mut self) -> Option<(Flow, Effect)> {
        let effect = match &mut self.kind {
            Kind::ClientInvite(side) => side.machine.poll_output().map(Effect::from),
            Kind::ClientNonInvite(side) => {
                let silent = side.internal;
                side.machine.poll_output().map(Effect::from).map(|effect| match effect {
                    Effect::Transmit(_) | Effect::Terminated => effect,
                    _ if silent => Effect::Nothing,
                    told => told,
                })
            }
            Kind::ServerInvite(side) => side
                .accepted
                .as_mut()
                .and_then(Accepted2xx::poll_output)
                .map(Effect::from)
                .or_else(|| side.machine.poll_output().map(Effect::from)),
            Kind::ServerNonInvite(machine) => machine.poll_output().map(Effect::from),
        };
        effect.map(|effect| (self.flow, effect))
    }

    /// The request of a client transaction, as sent.
    pub(super) fn request(&self) -> Option<&Message> {
        match &self.kind {
            Kind::ClientInvite(side) => Some(&side.request),
            Kind::ClientNonInvite(side) => Some(&side.request),
            Kind::ServerInvite(_) | Kind::ServerNonInvite(_) => None,
        }
    }

    /// The request of a client transaction, as sent.
    pub(super) fn into_request(self) -> Option<Message> {
        match self.kind {
            Kind::ClientInvite(side) => Some(side.request),
            Kind::ClientNonInvite(side) => Some(side.request),
            Kind::ServerInvite(_) | Kind::ServerNonInvite(_) => None,
        }
    }

    /// Whether the transaction is the layer's own, of which the user does not know.
    pub(super) fn is_internal(&self) -> bool {
        matches!(&self.kind, Kind::ClientNonInvite(side) if side.internal)
    }
}

/// What a machine wants of the layer, whichever machine it is.
#[derive(Debug)]
pub(super) enum Effect {
    Transmit(Bytes),
    Response,
    Trying,
    Unacknowledged,
    Timeout,
    TransportError,
    Terminated,
    Nothing,
}

impl From<MachineOutput<ClientEvent>> for Effect {
    fn from(output: MachineOutput<ClientEvent>) -> Self {
        match output {
            MachineOutput::Transmit(payload) => Self::Transmit(payload),
            MachineOutput::Event(ClientEvent::Response) => Self::Response,
            MachineOutput::Event(ClientEvent::Timeout) => Self::Timeout,
            MachineOutput::Event(ClientEvent::TransportError) => Self::TransportError,
            MachineOutput::Event(ClientEvent::Terminated) => Self::Terminated,
        }
    }
}

impl From<MachineOutput<ServerEvent>> for Effect {
    fn from(output: MachineOutput<ServerEvent>) -> Self {
        match output {
            MachineOutput::Transmit(payload) => Self::Transmit(payload),
            MachineOutput::Event(ServerEvent::Trying) => Self::Trying,
            // The layer recognises the ACK of a 2xx before the machine does.
            MachineOutput::Event(ServerEvent::Ack) => Self::Nothing,
            MachineOutput::Event(ServerEvent::Timeout) => Self::Timeout,
            MachineOutput::Event(ServerEvent::TransportError) => Self::TransportError,
            MachineOutput::Event(ServerEvent::Terminated) => Self::Terminated,
        }
    }
}

impl From<Accepted2xxOutput> for Effect {
    fn from(output: Accepted2xxOutput) -> Self {
        match output {
            Accepted2xxOutput::Transmit(payload) => Self::Transmit(payload),
            Accepted2xxOutput::Unacknowledged => Self::Unacknowledged,
        }
    }
}
