//! Call records as they are kept: one a call, opened at its start, closed at its end.

use serde::{Deserialize, Serialize};
use switchboard_routing::{LineId, UserId};

use crate::time::UnixMillis;

/// What a call was, seen from the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CallKind {
    /// From outside to a line of the company.
    Inbound,
    /// Between two employees: free, never recorded as audio.
    Internal,
    /// From an employee to the outside.
    Outbound,
    /// From an employee to a service of the PBX, such as the echo test.
    Service,
}

impl CallKind {
    /// Its word in records and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Internal => "internal",
            Self::Outbound => "outbound",
            Self::Service => "service",
        }
    }
}

/// A party of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Party {
    /// The employee, where the party is one.
    pub user: Option<UserId>,
    /// The number as it was shown: an extension inside, what the trunk said outside.
    pub number: String,
}

/// One step of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Milliseconds after the start of the call.
    pub at_ms: u64,
    /// What happened, in words.
    pub what: String,
}

/// How the audio of one party was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegQuality {
    /// Whose leg.
    pub party: Party,
    /// The codec's SDP name, such as `PCMA`.
    pub codec: Option<String>,
    /// RTP packets that arrived.
    pub received: u64,
    /// RTP packets that were sent.
    pub sent: u64,
    /// RTP packets that did not arrive (RFC 3550, appendix A.3).
    pub lost: u64,
    /// Interarrival jitter in milliseconds (RFC 3550, section 6.4.1).
    pub jitter_ms: f64,
}

/// A call, from its start; the later fields are empty while it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call's name, unique over all calls.
    pub id: String,
    /// What it was.
    pub kind: CallKind,
    /// Who called.
    pub from: Party,
    /// What was dialled.
    pub dialled: String,
    /// Who answered, or would have.
    pub to: Option<Party>,
    /// The line it used.
    pub line: Option<LineId>,
    /// Both parties are employees.
    pub internal: bool,
    /// There is a recording of it, whole as far as the call went; never for an internal call.
    pub recorded: bool,
    /// When it began.
    pub started: UnixMillis,
    /// When a person or a service answered.
    pub answered: Option<UnixMillis>,
    /// When it ended; `None` while it runs.
    pub ended: Option<UnixMillis>,
    /// Milliseconds from the answer to the end.
    pub talk_ms: u64,
    /// Why it ended; `None` while it runs.
    pub cause: Option<String>,
    /// The SIP status that stands for the cause (RFC 3261, section 21).
    pub sip_status: Option<u16>,
    /// Digits that the caller dialled within the call, stage by stage.
    pub digits: Vec<String>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// The audio of each leg that had any.
    pub legs: Vec<LegQuality>,
}

impl CallRecord {
    /// The cause of a call whose program was killed.
    pub const LOST: &str = "lost";

    /// Ends a record that nobody else will end.
    pub(crate) fn lose(&mut self, now: UnixMillis) {
        self.cause = Some(Self::LOST.to_owned());
        self.ended = Some(now);
        self.steps.push(Step {
            at_ms: u64::try_from(now.since(self.started).as_millis()).unwrap_or(u64::MAX),
            what: "the program had stopped before the call was over".to_owned(),
        });
    }
}
