//! What the router waits for, and what it decides.

use switchboard_dialstring::{DialPlan, Number};

use super::trace::Outcome;
use super::{Cause, Targets};
use crate::directory::Dest;
use crate::id::Prompt;

/// What the router waits for.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// A prompt that digits do not stop.
    Playing(Next),
    /// Digits.
    Collecting(At),
    /// The CRM.
    AskingCrm,
    /// Users.
    Ringing(Ringing),
    /// A number outside.
    Dialling(Dialling),
    /// The end of a service.
    Serving,
    /// The end of a conversation.
    Talking,
    /// Nothing.
    Ended,
}

impl State {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Playing(_) => "playing",
            Self::Collecting(_) => "collecting digits",
            Self::AskingCrm => "asking the CRM",
            Self::Ringing(_) => "ringing",
            Self::Dialling(_) => "dialling",
            Self::Serving => "serving",
            Self::Talking => "talking",
            Self::Ended => "ended",
        }
    }
}

/// What comes after a prompt.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    Enter(Stage),
    Reach(Dest),
    Finish(Cause),
}

impl Next {
    pub(super) fn go(self) -> Go {
        match self {
            Self::Enter(stage) => Go::Enter(stage),
            Self::Reach(dest) => Go::Reach(dest),
            Self::Finish(cause) => Go::Finish(cause),
        }
    }
}

/// Where digits are collected, with what was counted there.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    Welcome { unknown: u8 },
    Menu { menu: u32, invalid: u8, silent: u8 },
    Extension { unknown: u8 },
}

/// Who is rung.
#[derive(Debug, Clone)]
pub(super) struct Ringing {
    pub(super) who: Who,
    pub(super) targets: Targets,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    /// One user, whose forwarding rules apply.
    User(u32),
    /// The user for whom a call is made; what is dialled then waits in the attempt.
    CallBack(u32),
    /// Several together.
    Together,
    /// One member of a queue that rings in order.
    Member { queue: u32, at: usize },
}

/// A number that is called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialling {
    pub(super) plan: Option<DialPlan>,
    /// Whose forwarding rule it is.
    pub(super) of: Option<u32>,
    /// For an emergency number: itself, and how many ways out were tried.
    pub(super) emergency: Option<(Number, usize)>,
}

/// The stages of a call from outside, in order; `Only` is the single one of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Welcome,
    Menu,
    Responsible,
    Queue,
    Overflow,
    Only,
}

/// One attempt to reach somebody, with all its forwarding.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    tried: [u32; Self::MAX],
    len: usize,
    pub(super) last: Option<Outcome>,
    /// What is dialled when the user for whom the call is made has answered.
    pub(super) then: Option<Box<str>>,
}

impl Attempt {
    /// The most users that one attempt is forwarded through.
    const MAX: usize = 8;

    pub(super) fn new() -> Self {
        Self { tried: [0; Self::MAX], len: 0, last: None, then: None }
    }

    /// Notes that `user` is tried; false when it was already, or the attempt has been far enough.
    pub(super) fn tries(&mut self, user: u32) -> bool {
        if self.len == Self::MAX || self.tried[..self.len].contains(&user) {
            return false;
        }
        self.tried[self.len] = user;
        self.len += 1;
        true
    }
}

/// A decision.
#[derive(Debug)]
pub(super) enum Go {
    /// Something has to happen outside.
    Wait,
    /// Begin a stage.
    Enter(Stage),
    /// Play a menu from its beginning.
    Menu { menu: u32, notice: Option<Prompt> },
    /// Begin an attempt.
    Reach(Dest),
    /// Go on with an attempt; `of` is the user whose rule leads there.
    Hop { dest: Dest, of: Option<u32> },
    /// Ring the next member of a queue.
    Member { queue: u32, from: usize },
    /// The attempt ended.
    Failed(Outcome),
    /// The call ends.
    Finish(Cause),
}
