//! How a call comes to the router.

use super::Facts;
use crate::hours::LocalTime;
use crate::id::{LineId, UserId};

/// Where a call starts.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// A call from outside on a line.
    Inbound {
        /// The line that was called; see [`Directory::called`](crate::Directory::called).
        line: &'a LineId,
        /// The caller's number, if it is shown.
        caller: Option<&'a str>,
        /// Digits that the called number carried beyond the line's own. They do nothing: an
        /// extension counts only after the welcome message or within the menu.
        carried: Option<&'a str>,
        /// Local time, for lines with working hours. Without it such a line counts as open.
        at: Option<LocalTime>,
    },
    /// A user dials: a colleague's extension, a service code, an emergency number or a number
    /// outside.
    Internal {
        /// The user.
        caller: &'a UserId,
        /// What was dialled.
        dialled: &'a str,
    },
    /// A user hands a call on to a colleague or a number (blind transfer).
    Transfer {
        /// The user who hands on.
        by: &'a UserId,
        /// The user who is handed on, where it is a colleague; `None` for somebody outside.
        party: Option<&'a UserId>,
        /// Where to: an extension, a service code, an emergency number or a number outside.
        to: &'a str,
        /// What the call was so far. An external call stays external, and its line's settings
        /// stay with it.
        call: &'a Facts,
    },
    /// A call made for a user: the user's phones ring, then the destination is dialled.
    Originate {
        /// The user.
        from: &'a UserId,
        /// What is then dialled.
        to: &'a str,
    },
}

impl<'a> Entry<'a> {
    /// A call from outside, caller unknown.
    pub fn inbound(line: &'a LineId) -> Self {
        Self::Inbound { line, caller: None, carried: None, at: None }
    }

    /// A user dials.
    pub fn internal(caller: &'a UserId, dialled: &'a str) -> Self {
        Self::Internal { caller, dialled }
    }
}
