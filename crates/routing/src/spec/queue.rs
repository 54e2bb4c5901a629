//! Queues and pickup groups.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_dialstring::Extension;

use super::seconds;
use crate::id::{GroupId, Prompt, QueueId, UserId};

/// A queue: a call waits for one of its members.
///
/// Members are rung at their phones; their own forwarding rules do not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSpec {
    /// The queue's identifier.
    pub id: QueueId,
    /// For people to read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// In which order members ring.
    #[serde(default)]
    pub strategy: Strategy,
    /// How long all ring together, or each in turn. In seconds.
    #[serde(default = "ring", with = "seconds")]
    pub ring: Duration,
    /// How long a caller waits when nobody takes the call: round follows round while there is
    /// time for a pause and a ring. In seconds; 0 is one round. What counts is pauses, and rings
    /// that nobody answered; rings that end early, as busy ones do, do not.
    #[serde(default, with = "seconds", skip_serializing_if = "Duration::is_zero")]
    pub wait: Duration,
    /// The pause between rounds. In seconds.
    #[serde(default = "pause", with = "seconds", skip_serializing_if = "is_pause")]
    pub pause: Duration,
    /// What the caller hears in the pauses.
    #[serde(default = "crate::prompts::moh", skip_serializing_if = "is_moh")]
    pub music: Prompt,
    /// How many callers may wait at once, from 1 to 10,000; who would be one more finds the queue
    /// full, and the rules after it go on at once. Without it, any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_waiting: Option<u32>,
    /// Whether a caller leaves before the time is over when a round met no connected phone.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub leave_when_empty: bool,
    /// The members, in order.
    #[serde(default)]
    pub members: Vec<UserId>,
}

/// In which order several users are rung.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Strategy {
    /// All at once; the first to answer has the call.
    #[default]
    All,
    /// One after the other, in the order of the data.
    InOrder,
    /// One after the other; each call begins with the member after the one with whom the call
    /// before began.
    RoundRobin,
    /// One after the other; who has been without a call for longest first.
    LongestIdle,
    /// One after the other; who has taken the fewest calls first.
    FewestCalls,
    /// One after the other, in an order drawn for each call.
    Random,
}

impl Strategy {
    /// Whether the order depends on calls before, so that the router asks for it.
    pub fn needs_order(self) -> bool {
        !matches!(self, Self::All | Self::InOrder)
    }
}

impl QueueSpec {
    /// A queue without members; all ring at once, one round.
    pub fn new(id: QueueId) -> Self {
        Self {
            id,
            name: String::new(),
            strategy: Strategy::default(),
            ring: ring(),
            wait: Duration::ZERO,
            pause: pause(),
            music: crate::prompts::moh(),
            max_waiting: None,
            leave_when_empty: true,
            members: Vec::new(),
        }
    }
}

/// A pickup group: members may take calls that ring at another member's phone. With an
/// extension it can be called: all members ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// The group's identifier.
    pub id: GroupId,
    /// For people to read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The group's extension; shares the space of the users' extensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// The members.
    #[serde(default)]
    pub members: Vec<UserId>,
}

fn ring() -> Duration {
    Duration::from_secs(20)
}

fn pause() -> Duration {
    Duration::from_secs(10)
}

fn is_pause(value: &Duration) -> bool {
    *value == pause()
}

fn is_moh(value: &Prompt) -> bool {
    *value == crate::prompts::moh()
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}
