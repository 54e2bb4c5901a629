//! Forwarding rules.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seconds;
use crate::id::{GroupId, QueueId, UserId};

/// Where a call goes on to.
///
/// ```
/// # #[derive(serde::Deserialize)] struct Row { to: switchboard_routing::ForwardTo }
/// use switchboard_routing::ForwardTo;
/// let row: Row = toml::from_str(r#"to = { user = "berta" }"#).unwrap();
/// assert!(matches!(row.to, ForwardTo::User(id) if id.as_str() == "berta"));
/// let row: Row = toml::from_str(r#"to = "mobile""#).unwrap();
/// assert_eq!(row.to, ForwardTo::Mobile);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ForwardTo {
    /// Another user.
    User(UserId),
    /// All members of a group together.
    Group(GroupId),
    /// A queue.
    Queue(QueueId),
    /// A number outside, as a dial string (`+493012345;42`).
    Number(String),
    /// The forwarding user's own mobile number.
    Mobile,
    /// A user's mailbox.
    Voicemail(UserId),
}

/// A user's forwarding rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForwardingSpec {
    /// Every call, at once, without ringing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Option<ForwardTo>,
    /// When the user is talking, or declines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy: Option<ForwardTo>,
    /// When nobody answers in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_answer: Option<ForwardTo>,
    /// When no phone of the user is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<ForwardTo>,
    /// How long the user's phones ring; without it, the caller's stage decides. In seconds.
    #[serde(with = "optional_seconds", skip_serializing_if = "Option::is_none")]
    pub ring: Option<Duration>,
}

impl ForwardingSpec {
    /// Whether no rule is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

mod optional_seconds {
    use super::{Deserialize, Duration, Serialize, seconds};
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Wrap(#[serde(with = "seconds")] Duration);

    pub(super) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Wrap).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Wrap>::deserialize(d)?.map(|wrap| wrap.0))
    }
}
