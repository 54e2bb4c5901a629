//! Queues and pickup groups.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_dialstring::Extension;

use super::seconds;
use crate::id::{GroupId, QueueId, UserId};

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
    /// One after the other.
    InOrder,
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
