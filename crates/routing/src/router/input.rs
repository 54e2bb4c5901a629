//! What the router is told.

use std::sync::Arc;

use switchboard_dialstring::Digit;

use crate::directory::Directory;
use crate::id::UserId;

/// What happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Input<'a> {
    /// Collection ended with digits. A terminating `#` may be among them or left out.
    Digits(&'a [Digit]),
    /// Collection ended without any digit.
    NoDigits,
    /// A prompt of [`Step::Play`](super::Step::Play) was played to its end.
    Played,
    /// Somebody answered.
    Answered {
        /// Which of the rung users; `None` for a number outside.
        by: Option<&'a UserId>,
    },
    /// All who were rung, or the number dialled, are busy.
    Busy,
    /// Nobody answered in the time that the step allowed.
    NoAnswer,
    /// No phone is connected, or the number cannot be reached.
    Unreachable,
    /// The call was declined.
    Declined,
    /// The CRM's answer: the login of the user responsible for the caller, if any. A CRM that
    /// failed or took too long answers `None`. The text is judged by the directory.
    CrmSays(Option<&'a str>),
    /// In which order a queue's members are tried. Members who are not named come after the named,
    /// in the order of the data; whoever is no member is passed over.
    Order(&'a [UserId]),
    /// How many callers wait in the queue already, this one not among them.
    Waiting(u32),
    /// The time of a [`Step::Wait`](super::Step::Wait) is over: the caller's turn.
    Turn,
    /// A message was left.
    Recorded,
    /// A party hung up.
    HungUp(Side),
    /// The directory changed. Users whom it no longer has are not reached from now on, whoever
    /// named them; everything else of this call stays as it began.
    Directory(Arc<Directory>),
}

impl Input<'_> {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Digits(_) => "digits",
            Self::NoDigits => "no digits",
            Self::Played => "played",
            Self::Answered { .. } => "answered",
            Self::Busy => "busy",
            Self::NoAnswer => "no answer",
            Self::Unreachable => "unreachable",
            Self::Declined => "declined",
            Self::CrmSays(_) => "CRM's answer",
            Self::Order(_) => "order",
            Self::Waiting(_) => "waiting",
            Self::Turn => "turn",
            Self::Recorded => "recorded",
            Self::HungUp(_) => "hung up",
            Self::Directory(_) => "directory",
        }
    }
}

/// A side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who called.
    Caller,
    /// Who was called.
    Callee,
}

/// An input that the router has no use for now. Nothing changed; it may have crossed another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{input} is not expected while {state}")]
pub struct InputError {
    pub(crate) input: &'static str,
    pub(crate) state: &'static str,
}

impl InputError {
    /// What was given.
    pub fn input(&self) -> &'static str {
        self.input
    }

    /// What the router waits for.
    pub fn state(&self) -> &'static str {
        self.state
    }
}
