//! The call record: one a call, opened with its first message and closed once.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_routing::{LineId, UserId};

use crate::cause::Cause;
use crate::ids::CallId;

/// What a call is, seen from the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CallKind {
    /// From outside to a line of the company.
    Inbound,
    /// Between two users: free, never recorded.
    Internal,
    /// From a user to the outside.
    Outbound,
    /// From a user to a service of the PBX, such as the echo test.
    Service,
}

/// One party of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Party {
    /// The user, where the party is one.
    pub user: Option<UserId>,
    /// The number as shown: an extension inside, E.164 or what the trunk said outside.
    pub number: String,
}

/// What is known when a call begins; the store writes it at once, so that a crash leaves a row that
/// can be closed as [`Cause::Lost`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordHead {
    /// The call's name.
    pub id: CallId,
    /// What kind of call it is.
    pub kind: CallKind,
    /// Who calls.
    pub from: Party,
    /// What was dialled, as it arrived after unescaping.
    pub dialled: String,
    /// The line that the call uses, where it uses one.
    pub line: Option<LineId>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub started: u64,
}

/// One step of a call, for the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordStep {
    /// Milliseconds since the call started.
    pub at: u64,
    /// What happened, in words: `rings anna`, `answered by anna`, `digit 1`.
    pub what: String,
}

/// How the media of one leg was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegQuality {
    /// Whose leg.
    pub party: Party,
    /// The codec's name in SDP, such as `PCMA`.
    pub codec: Option<String>,
    /// RTP packets that arrived.
    pub received: u64,
    /// RTP packets that were sent.
    pub sent: u64,
    /// RTP packets that did not arrive, by sequence number (RFC 3550 appendix A.3).
    pub lost: u64,
    /// Interarrival jitter at the end (RFC 3550 section 6.4.1), in microseconds.
    pub jitter_us: u64,
}

/// The whole record of a call that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// What was known at the start; the line and the kind as they turned out.
    pub head: RecordHead,
    /// Who answered, where somebody did.
    pub to: Option<Party>,
    /// Milliseconds from start to the answer by a person or a service; a welcome message is none.
    pub answered: Option<u64>,
    /// Milliseconds from start to end.
    pub duration: u64,
    /// Milliseconds from answer to end.
    pub talk: u64,
    /// Why it ended.
    pub cause: Cause,
    /// The router's decision: may the call be recorded as audio. Never for internal calls.
    pub recordable: bool,
    /// What the caller dialled within the call, stage by stage.
    pub digits: Vec<String>,
    /// What happened, in order.
    pub steps: Vec<RecordStep>,
    /// The media of each leg that had any.
    pub legs: Vec<LegQuality>,
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
