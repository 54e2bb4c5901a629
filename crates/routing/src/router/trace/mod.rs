//! Why the router decided as it did.

mod digits;
mod text;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use switchboard_dialstring::{DialPlan, Extension, Number};

pub use digits::Digits;

use super::Cause;
use crate::directory::Holder;
use crate::id::{GroupId, LineId, MenuId, QueueId, TrunkId, UserId};

/// What a call met, in order. Grows by a few entries a step and is bounded as the steps are.
///
/// Its `Display` draws a tree; serialised it is a list of entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trace {
    entries: Vec<Event>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        // Room for a usual call.
        Self { entries: Vec::with_capacity(16) }
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.entries.push(event);
    }

    /// The entries so far; earlier ones never change.
    pub fn events(&self) -> &[Event] {
        &self.entries
    }
}

/// One thing that a call met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A call from outside.
    Inbound {
        /// The line's identifier, as given.
        line: LineId,
        /// The caller's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caller: Option<Arc<str>>,
    },
    /// A user dialled.
    Dialled {
        /// The user.
        caller: UserId,
        /// What was dialled, cut to 64 symbols, control characters masked.
        dialled: Arc<str>,
    },
    /// A user handed the call on.
    HandedOn {
        /// The user.
        by: UserId,
        /// Where to, cut and masked.
        to: Arc<str>,
    },
    /// A call is made for a user.
    Originated {
        /// The user.
        from: UserId,
        /// Where to, cut and masked.
        to: Arc<str>,
    },
    /// The called number carried digits, which do nothing.
    CarriedIgnored {
        /// The digits, cut and masked.
        digits: Arc<str>,
    },
    /// The line is closed at this hour.
    OutsideHours,
    /// The welcome message is off.
    WelcomeOff,
    /// The welcome message begins.
    Welcome {
        /// Whether an extension can be dialled at it.
        extensions: bool,
    },
    /// A menu begins.
    Menu {
        /// The menu.
        menu: MenuId,
        /// Whether an extension can be dialled in it.
        extensions: bool,
    },
    /// The caller may dial an extension, behind a key of the menu.
    ExtensionAsked,
    /// The caller dialled.
    Heard {
        /// The digits.
        digits: Digits,
    },
    /// The caller dialled nothing.
    Silence,
    /// The digits are an extension.
    Extension {
        /// The extension.
        extension: Extension,
        /// Whose.
        of: Holder,
    },
    /// The digits are no extension.
    UnknownExtension {
        /// Which time at this stage.
        attempt: u8,
    },
    /// The digit is a menu option.
    Option {
        /// The key.
        key: char,
        /// What it does.
        choice: Choice,
    },
    /// The digits are neither option nor extension.
    UnknownOption {
        /// Which time in this menu.
        attempt: u8,
    },
    /// The next rule of the line.
    Rule {
        /// Which.
        rule: Rule,
    },
    /// The CRM is asked.
    CrmAsked,
    /// Who is responsible for the caller.
    Responsible {
        /// The user, when there is one who works here.
        user: Option<UserId>,
    },
    /// A queue is entered.
    Queue {
        /// The queue.
        queue: QueueId,
    },
    /// How many callers wait in a queue that has a limit, before this one.
    Waiting {
        /// How many.
        callers: u32,
    },
    /// The caller waits in a queue between two rounds.
    Waits {
        /// The queue.
        queue: QueueId,
    },
    /// A message is asked for.
    Voicemail {
        /// Whose mailbox.
        user: UserId,
    },
    /// A group is called.
    Group {
        /// The group.
        group: GroupId,
    },
    /// Users are rung.
    Ring {
        /// The first of them.
        user: UserId,
        /// How many more ring with the first.
        more: u32,
    },
    /// A user is not rung.
    Skipped {
        /// The user.
        user: UserId,
        /// Why.
        reason: Skip,
    },
    /// A forwarding rule applies.
    Forwarded {
        /// Whose rule.
        of: UserId,
        /// Which.
        when: When,
    },
    /// A number outside is called.
    Outside {
        /// The number.
        number: Number,
        /// The line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<LineId>,
        /// The trunk.
        trunk: TrunkId,
        /// Whether it is an emergency number.
        emergency: bool,
    },
    /// A service answers.
    Service {
        /// Its code.
        code: Arc<str>,
    },
    /// An attempt ended.
    Outcome {
        /// How.
        outcome: Outcome,
    },
    /// Somebody answered.
    Answered {
        /// Which user; `None` outside.
        by: Option<UserId>,
    },
    /// Digits are sent after the answer.
    DigitsSent {
        /// Digits and pauses.
        plan: DialPlan,
    },
    /// There is no trunk to the outside.
    NoTrunk,
    /// The end.
    End {
        /// Why.
        cause: Cause,
    },
}

/// What a menu option does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Choice {
    /// Rings a user.
    User(UserId),
    /// Rings a group.
    Group(GroupId),
    /// Enters a queue.
    Queue(QueueId),
    /// Goes to another menu.
    Menu(MenuId),
    /// Asks for an extension.
    DialExtension,
    /// Plays the menu again.
    Repeat,
    /// Ends the call.
    HangUp,
    /// Goes on with the line's rules.
    Next,
}

/// A rule of a line, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The person responsible for the caller.
    Responsible,
    /// The queue.
    Queue,
    /// The overflow.
    Overflow,
}

/// Why a user is not rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// Does not work here any more.
    Dismissed,
    /// Was tried already in this attempt.
    AlreadyTried,
    /// Is the caller.
    Caller,
}

/// When a forwarding rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Always.
    Always,
    /// On busy, or declined.
    Busy,
    /// On no answer.
    NoAnswer,
    /// With no phone connected.
    Unreachable,
}

/// How an attempt to reach somebody ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// No phone connected, or not to be reached.
    Unreachable,
    /// Declined.
    Declined,
    /// There was nobody to ring.
    Nobody,
    /// As many callers as the queue may hold wait already.
    Full,
}

impl Outcome {
    pub(crate) fn cause(self) -> Cause {
        match self {
            Self::Busy | Self::Full => Cause::Busy,
            Self::NoAnswer => Cause::NoAnswer,
            Self::Unreachable => Cause::Unreachable,
            Self::Declined => Cause::Declined,
            Self::Nobody => Cause::NobodyAvailable,
        }
    }
}

/// Text from outside, fit for a log: 64 symbols at most, control characters masked.
pub(crate) fn mask(text: &str) -> Arc<str> {
    let plain = text.len() <= 64 && text.bytes().all(|octet| (b' '..=b'~').contains(&octet));
    if plain {
        return text.into();
    }
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(64).map(visible).collect::<String>().into()
}
