//! Why a call ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a call ended; exactly one a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// A party hung up after the call was answered.
    Normal,
    /// The caller gave up before anybody answered.
    Cancelled,
    /// The callee is in a call, or called themselves.
    Busy,
    /// The phone rang and nobody took the call in time.
    NoAnswer,
    /// The callee has no phone connected, or none could be reached.
    Unreachable,
    /// The callee refused the call.
    Declined,
    /// No rule of the line led to anybody who works here.
    NobodyAvailable,
    /// The line is closed at this hour.
    Closed,
    /// Nobody and nothing has the dialled number.
    NotFound,
    /// The caller may not make this call.
    Forbidden,
    /// What was dialled is no dial string.
    BadNumber,
    /// Caller and PBX have no codec in common.
    NoCodec,
    /// The trunk or the phone answered with an error.
    Rejected,
    /// Audio stopped coming while the call was up.
    MediaLost,
    /// A party vanished: it answers nothing any more.
    PeerLost,
    /// The user was dismissed, and running calls end with it.
    Dismissed,
    /// An administrator ended it.
    Administrator,
    /// The PBX is full.
    Overload,
    /// The PBX is stopping.
    Shutdown,
    /// The PBX itself was killed; written at the next start.
    Lost,
    /// The call went on as a part of another: attended transfer.
    Merged,
    /// The call took more steps than a call may take.
    TooManySteps,
}

impl Cause {
    /// The word of the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Cancelled => "cancelled",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Unreachable => "unreachable",
            Self::Declined => "declined",
            Self::NobodyAvailable => "nobody-available",
            Self::Closed => "closed",
            Self::NotFound => "not-found",
            Self::Forbidden => "forbidden",
            Self::BadNumber => "bad-number",
            Self::NoCodec => "no-codec",
            Self::Rejected => "rejected",
            Self::MediaLost => "media-lost",
            Self::PeerLost => "peer-lost",
            Self::Dismissed => "dismissed",
            Self::Administrator => "administrator",
            Self::Overload => "overload",
            Self::Shutdown => "shutdown",
            Self::Lost => "lost",
            Self::Merged => "merged",
            Self::TooManySteps => "too-many-steps",
        }
    }

    /// The final response (RFC 3261 section 21) to a caller whose INVITE is still open.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Cancelled => 487,
            Self::Busy => 486,
            Self::NoAnswer | Self::Unreachable | Self::NobodyAvailable | Self::Closed => 480,
            Self::Declined => 603,
            Self::NotFound => 404,
            Self::Forbidden | Self::Dismissed => 403,
            Self::BadNumber => 484,
            Self::NoCodec => 488,
            Self::Overload | Self::Shutdown => 503,
            Self::Rejected | Self::PeerLost => 502,
            Self::TooManySteps => 482,
            Self::Normal | Self::MediaLost | Self::Administrator | Self::Lost | Self::Merged => 480,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
