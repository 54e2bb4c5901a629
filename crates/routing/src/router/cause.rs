//! Why a call ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a call ended. Every call has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// It was answered, by a person, a number outside or a service, and then hung up.
    Completed,
    /// The caller hung up before anybody answered.
    Cancelled,
    /// The last one tried was busy, or the queue was full.
    Busy,
    /// The last one tried did not answer.
    NoAnswer,
    /// The last one tried has no phone connected, or cannot be reached.
    Unreachable,
    /// The last one tried declined.
    Declined,
    /// No rule of the line named anybody who works here.
    NobodyAvailable,
    /// A user called their own extension: busy.
    SelfCall,
    /// There is no such line, extension or service code.
    NotFound,
    /// What was dialled is not a number.
    BadNumber,
    /// Internal calls need extension processing on the caller's line, and it is off.
    ExtensionsOff,
    /// The caller does not work here.
    NotAUser,
    /// The number is barred, or beyond the caller's class of service.
    Barred,
    /// The line has no trunk for calls to the outside.
    NoTrunk,
    /// The menu option chosen hangs up.
    MenuHangUp,
    /// The line is closed at this hour.
    Closed,
    /// The call took more steps than a call may take.
    TooManySteps,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled by the caller",
            Self::Busy => "busy",
            Self::NoAnswer => "no answer",
            Self::Unreachable => "unreachable",
            Self::Declined => "declined",
            Self::NobodyAvailable => "nobody available",
            Self::SelfCall => "busy: a call to oneself",
            Self::NotFound => "not found",
            Self::BadNumber => "not a number",
            Self::ExtensionsOff => "extension processing is off",
            Self::NotAUser => "the caller does not work here",
            Self::Barred => "barred",
            Self::NoTrunk => "no trunk",
            Self::MenuHangUp => "hung up by the menu",
            Self::Closed => "closed",
            Self::TooManySteps => "too many steps",
        })
    }
}
