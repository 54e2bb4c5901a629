//! What the router waits for, and what it decides.

use std::sync::Arc;
use std::time::Duration;

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
    /// How many callers wait in a queue: its position.
    Counting(u32),
    /// In which order a queue's members are tried: its position.
    Ordering(u32),
    /// The caller's turn in a queue: its position.
    Waiting(u32),
    /// Users.
    Ringing(Ringing),
    /// A number outside.
    Dialling(Dialling),
    /// A message for a user.
    Recording(u32),
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
            Self::Collecting(At::Welcome { .. }) => "collecting at the welcome",
            Self::Collecting(At::Menu { .. }) => "collecting in a menu",
            Self::Collecting(At::Extension { .. }) => "collecting an extension",
            Self::AskingCrm => "asking the CRM",
            Self::Counting(_) => "asking who waits",
            Self::Ordering(_) => "asking for an order",
            Self::Waiting(_) => "waiting in a queue",
            Self::Ringing(ringing) => match ringing.who {
                Who::User(_) => "ringing a user",
                Who::CallBack(_) => "ringing back",
                Who::Group => "ringing a group",
                Who::Queue(_) => "ringing a queue",
                Who::Member { .. } => "ringing a member",
            },
            Self::Dialling(Dialling { emergency: Some(_), .. }) => "dialling an emergency number",
            Self::Dialling(_) => "dialling outside",
            Self::Recording(_) => "recording a message",
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
    /// All members of a group.
    Group,
    /// All members of a queue.
    Queue(u32),
    /// One member of a queue: the place in the order.
    Member { queue: u32, at: u8 },
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
    pub(super) queue: InQueue,
    /// What is dialled when the user for whom the call is made has answered.
    pub(super) then: Option<Arc<str>>,
}

impl Attempt {
    /// The most users that one attempt is forwarded through.
    const MAX: usize = 8;

    pub(super) fn new() -> Self {
        Self { tried: [0; Self::MAX], len: 0, last: None, queue: InQueue::new(), then: None }
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

/// How far a call has come in a queue.
#[derive(Debug, Clone)]
pub(super) struct InQueue {
    /// Places of the members, in the order in which they are tried.
    order: [u8; Self::MAX],
    len: u8,
    /// How long the caller has waited.
    pub(super) waited: Duration,
    /// How long the ring of the moment may take.
    pub(super) ring: Duration,
    /// How the last ring of this round ended.
    pub(super) last: Option<Outcome>,
    /// Whether every ring of this round met no connected phone.
    pub(super) met_no_phone: bool,
}

impl InQueue {
    /// The most members of a queue.
    const MAX: usize = 100;

    fn new() -> Self {
        Self {
            order: [0; Self::MAX],
            len: 0,
            waited: Duration::ZERO,
            ring: Duration::ZERO,
            last: None,
            met_no_phone: true,
        }
    }

    pub(super) fn begin_round(&mut self) {
        self.last = None;
        self.met_no_phone = true;
    }

    /// The order: `named` first, each once, then the others of `count`.
    pub(super) fn set_order(&mut self, count: usize, named: impl Iterator<Item = usize>) {
        let count = count.min(Self::MAX);
        let mut seen = 0_u128;
        self.len = 0;
        for place in named.chain(0..count) {
            if place < count && seen >> place & 1 == 0 {
                seen |= 1 << place;
                self.order[usize::from(self.len)] = place as u8;
                self.len += 1;
            }
        }
    }

    /// The member at a place of the order.
    pub(super) fn member(&self, at: u8) -> Option<usize> {
        (at < self.len).then(|| usize::from(self.order[usize::from(at)]))
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
    /// Begin a round of a queue.
    Round(u32),
    /// Ring the next member of a queue.
    Member { queue: u32, from: u8 },
    /// A round of a queue found nobody.
    RoundOver { queue: u32, outcome: Outcome },
    /// The attempt ended.
    Failed(Outcome),
    /// The call ends.
    Finish(Cause),
}
