//! What the router asks for.

use std::fmt;
use std::ops::Index;
use std::sync::Arc;
use std::time::Duration;

use switchboard_dialstring::{DialPlan, Digit, Number};

use super::Cause;
use crate::directory::Target;
use crate::id::{LineId, Prompt, QueueId, TrunkId, UserId};
use crate::spec::{ServiceKind, Strategy};

/// What to do next. A step replaces what the step before it asked for, except where its own
/// words say otherwise.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Play a prompt to its end; then [`Input::Played`](super::Input::Played). Digits do nothing.
    Play {
        /// The prompt.
        prompt: Prompt,
    },
    /// Play, and collect digits meanwhile and afterwards; the first digit stops the prompt.
    /// [`Router::matcher`](super::Router::matcher) says after each digit whether to wait for
    /// more. Then [`Input::Digits`](super::Input::Digits) or
    /// [`Input::NoDigits`](super::Input::NoDigits).
    PlayAndCollect {
        /// Played first: what was wrong with the last digits.
        notice: Option<Prompt>,
        /// The prompt.
        prompt: Prompt,
        /// How to collect.
        collect: Collect,
    },
    /// Ask the CRM who is responsible for the caller; then
    /// [`Input::CrmSays`](super::Input::CrmSays), with `None` when `timeout` has passed.
    AskCrm {
        /// The caller's number.
        caller: Arc<str>,
        /// How long to wait.
        timeout: Duration,
    },
    /// Ring all phones of all targets at once.
    Ring {
        /// Whom.
        targets: Targets,
        /// For how long.
        timeout: Duration,
        /// The queue in which the caller waits, if it is one (its music, its statistics).
        queue: Option<QueueId>,
    },
    /// Say in which order a queue's members are tried, by what is remembered of calls before
    /// ([`QueueMemory`](crate::QueueMemory) remembers it); then [`Input::Order`](super::Input::Order).
    Order {
        /// The queue.
        queue: QueueId,
        /// By what.
        strategy: Strategy,
        /// Those who can be rung, in the order of the data.
        members: Targets,
    },
    /// Say how many callers wait in a queue that has a limit, before this one does
    /// ([`WaitingCallers`](crate::WaitingCallers) knows); then
    /// [`Input::Waiting`](super::Input::Waiting).
    Count {
        /// The queue.
        queue: QueueId,
    },
    /// Let the caller wait in a queue, with its music; then [`Input::Turn`](super::Input::Turn).
    /// [`WaitingCallers`](crate::WaitingCallers) knows the caller's position, to be said meanwhile.
    Wait {
        /// The queue.
        queue: QueueId,
        /// What the caller hears.
        music: Prompt,
        /// For how long.
        timeout: Duration,
    },
    /// Let the caller leave a message for a user; then [`Input::Recorded`](super::Input::Recorded),
    /// or what stands against it: a mailbox that is full is [`Input::Busy`](super::Input::Busy), one
    /// that there is not [`Input::Unreachable`](super::Input::Unreachable).
    Voicemail {
        /// Whose mailbox.
        mailbox: Target,
        /// Played first.
        greeting: Prompt,
    },
    /// Stop ringing this user, who has just been dismissed; the ring goes on for the others.
    Withdraw {
        /// The user.
        user: UserId,
    },
    /// Call a number outside.
    Dial(Dial),
    /// Join the caller with whoever answered.
    Connect,
    /// Send these as tones to whoever answered. Comes after [`Step::Connect`] and does not undo
    /// it; needs no input back.
    SendDigits {
        /// Digits and pauses.
        plan: DialPlan,
    },
    /// Answer with a service.
    Service {
        /// Which.
        service: ServiceKind,
    },
    /// End the call. The last step.
    End {
        /// Why.
        cause: Cause,
    },
}

/// A call to a number outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// The line whose number is shown. Only an emergency call may go without one.
    pub line: Option<LineId>,
    /// The trunk to take.
    pub trunk: TrunkId,
    /// The number, as it was dialled or written, without its extension.
    pub number: Number,
    /// How long to ring.
    pub timeout: Duration,
    /// Whether it is an emergency number: never refused, never queued behind anything.
    pub emergency: bool,
}

/// How to collect digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collect {
    /// The most digits taken. More than any choice has, so that digits which match nothing are
    /// swallowed until the caller stops: a wrong number that is too long is one mistake.
    pub max: u8,
    /// Wait for the first digit after the prompt ended.
    pub first_digit: Duration,
    /// Wait for a further digit.
    pub inter_digit: Duration,
    /// The digit that ends collection at once. Pressed first it is a choice, where the matcher has
    /// it as one.
    pub terminator: Option<Digit>,
    /// Whether digits pressed before this step, or beyond what it takes, count in the next.
    pub type_ahead: bool,
}

/// One or more targets, each once.
///
/// Cheap to clone and to narrow: the members of a queue are shared, and who of them is meant is a
/// set of bits beside them.
#[derive(Clone)]
pub struct Targets(Repr);

#[derive(Clone)]
enum Repr {
    One(Target),
    /// Those of `all` whose bit is set.
    Some {
        all: Arc<[Target]>,
        which: u128,
    },
}

impl Targets {
    pub(crate) fn one(target: Target) -> Self {
        Self(Repr::One(target))
    }

    /// Those of `all` whose bit is set in `which`.
    pub(crate) fn some(all: Arc<[Target]>, which: u128) -> Self {
        Self(Repr::Some { all, which })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Whether there is none. No step asks for nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each, in the order of the data.
    pub fn iter(&self) -> TargetsIter<'_> {
        match &self.0 {
            Repr::One(target) => TargetsIter { all: std::slice::from_ref(target), left: 1 },
            Repr::Some { all, which } => TargetsIter { all, left: *which },
        }
    }
}

impl PartialEq for Targets {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Targets {}

impl fmt::Debug for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl Index<usize> for Targets {
    type Output = Target;

    /// # Panics
    /// When there are not so many.
    fn index(&self, at: usize) -> &Target {
        self.iter().nth(at).expect("there are not so many targets")
    }
}

impl<'a> IntoIterator for &'a Targets {
    type Item = &'a Target;
    type IntoIter = TargetsIter<'a>;

    fn into_iter(self) -> TargetsIter<'a> {
        self.iter()
    }
}

/// Walks through [`Targets`].
#[derive(Debug, Clone)]
pub struct TargetsIter<'a> {
    all: &'a [Target],
    left: u128,
}

impl<'a> Iterator for TargetsIter<'a> {
    type Item = &'a Target;

    fn next(&mut self) -> Option<&'a Target> {
        if self.left == 0 {
            return None;
        }
        let at = self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        self.all.get(at)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.left.count_ones() as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for TargetsIter<'_> {}
