//! Live events: what a log, a screen or a test watches. Nothing depends on anybody reading them.

use std::net::SocketAddr;

use serde::Serialize;
use switchboard_dialstring::Digit;
use switchboard_routing::{TrunkId, UserId};

use crate::cause::Cause;
use crate::ids::{CallId, LegNumber};
use crate::record::{CallKind, Party};

/// Something happened. Everything in it is safe to print: text from peers has its control
/// characters masked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A phone connected.
    Registered {
        /// Whose phone.
        user: UserId,
        /// Where it is.
        address: SocketAddr,
        /// Phones of this user now.
        phones: usize,
    },
    /// A phone went: by its own wish, by expiry, or by dismissal.
    Unregistered {
        /// Whose phone.
        user: UserId,
        /// Its contact URI.
        contact: String,
        /// Why.
        reason: UnregisterReason,
    },
    /// A request was refused because its sender could not prove who they are.
    Refused {
        /// From where.
        address: SocketAddr,
        /// The method.
        method: String,
        /// The status that was answered.
        status: u16,
    },
    /// Too many wrong passwords came from this address, or for this name.
    LockedOut {
        /// Where the last one came from.
        address: SocketAddr,
        /// The name that it was for; it need not exist.
        name: String,
    },
    /// The PBX is registered with a trunk.
    TrunkRegistered {
        /// Which.
        trunk: TrunkId,
    },
    /// The PBX is not registered with a trunk, and will try again.
    TrunkUnregistered {
        /// Which.
        trunk: TrunkId,
        /// The status of the answer; `None`: there was no answer.
        status: Option<u16>,
    },
    /// A user wrote to another. What was written is nobody else's business.
    Text {
        /// Who wrote.
        from: UserId,
        /// To whom.
        to: UserId,
        /// What the sender's phone was answered: 200 when a phone took it.
        status: u16,
    },
    /// Something happened in a call.
    Call {
        /// Which call.
        call: CallId,
        /// What.
        #[serde(flatten)]
        what: CallEvent,
    },
}

/// Why a phone is no longer registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UnregisterReason {
    /// The phone said so.
    Asked,
    /// It did not refresh in time.
    Expired,
    /// Its user was dismissed, or its password was changed or taken away.
    Dismissed,
    /// The same phone registered anew from elsewhere, or more phones than allowed did.
    Replaced,
    /// Its connection closed.
    ConnectionClosed,
}

/// Something happened in a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CallEvent {
    /// The call begins.
    Started {
        /// Its kind.
        kind: CallKind,
        /// Who calls.
        from: Party,
        /// What was dialled.
        dialled: String,
    },
    /// The router decided something; its own words.
    Routed {
        /// The line of the router's trace.
        step: String,
    },
    /// A prompt plays to a leg.
    Prompt {
        /// The prompt's name.
        prompt: String,
    },
    /// The caller waits in a queue, with its music.
    Waiting {
        /// Which of those who wait, the first to come being 1.
        position: u32,
    },
    /// A digit was dialled within the call.
    Digit {
        /// On which leg.
        leg: LegNumber,
        /// Which.
        digit: Digit,
    },
    /// The digits of one stage are complete.
    Collected {
        /// All of them.
        digits: String,
    },
    /// Somebody's phone, or the outside, is called.
    Calling {
        /// The leg that is made for it.
        leg: LegNumber,
        /// Whom.
        party: Party,
    },
    /// It rings.
    Ringing {
        /// Where.
        leg: LegNumber,
    },
    /// A leg failed.
    LegFailed {
        /// Which.
        leg: LegNumber,
        /// The status it was answered with; 408 also stands for no answer at all.
        status: u16,
    },
    /// Somebody, or a service, answered.
    Answered {
        /// Who.
        party: Party,
    },
    /// Digits are sent after the answer.
    SendsDigits {
        /// The plan, as dialled.
        plan: String,
    },
    /// A leg put the other on hold.
    Held {
        /// By which leg.
        leg: LegNumber,
    },
    /// A held call goes on.
    Resumed {
        /// By which leg.
        leg: LegNumber,
    },
    /// A leg wants to hand the call on.
    Transferring {
        /// By which leg.
        leg: LegNumber,
        /// To what.
        target: String,
    },
    /// The call was handed on.
    Transferred {
        /// Who has it now.
        party: Party,
    },
    /// The call could not be handed on, and is where it was.
    TransferFailed {
        /// The status that the transferring phone was told.
        status: u16,
    },
    /// The call is over.
    Ended {
        /// Why.
        cause: Cause,
    },
}
