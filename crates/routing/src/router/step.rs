//! What the router asks for.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use switchboard_dialstring::{DialPlan, Digit, Number};

use super::Cause;
use crate::directory::Target;
use crate::id::{LineId, Prompt, QueueId, TrunkId, UserId};
use crate::spec::ServiceKind;

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

/// One or more targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets(Repr);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Repr {
    One(Target),
    Many(Arc<[Target]>),
}

impl Targets {
    pub(crate) fn one(target: Target) -> Self {
        Self(Repr::One(target))
    }

    pub(crate) fn many(targets: Arc<[Target]>) -> Self {
        Self(Repr::Many(targets))
    }
}

impl Deref for Targets {
    type Target = [Target];

    fn deref(&self) -> &[Target] {
        match &self.0 {
            Repr::One(target) => std::slice::from_ref(target),
            Repr::Many(targets) => targets,
        }
    }
}

impl<'a> IntoIterator for &'a Targets {
    type Item = &'a Target;
    type IntoIter = std::slice::Iter<'a, Target>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
