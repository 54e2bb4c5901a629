//! Telephone users.

use serde::{Deserialize, Serialize};
use switchboard_dialstring::Extension;

use super::ForwardingSpec;
use crate::directory::Numbering;
use crate::id::{LineId, UserId};

/// A telephone user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    /// Login, and SIP user name of the user's phones.
    pub login: UserId,
    /// For people to read; no control characters.
    pub name: String,
    /// The internal extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// Works here, or has left.
    #[serde(default)]
    pub status: Status,
    /// The extension that a dismissed user had: given back on return if it is still free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_extension: Option<Extension>,
    /// What the user may administer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// The line whose settings govern this user's internal calls and which outbound calls take;
    /// without one, the first line of the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_line: Option<LineId>,
    /// Which numbers outside the user may call. Emergency numbers can always be called.
    #[serde(default)]
    pub outside_calls: OutsideCalls,
    /// The user's mobile number, for `mobile` as a forwarding destination; without an extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// Where calls go that the user's phones do not take.
    #[serde(default, skip_serializing_if = "ForwardingSpec::is_empty")]
    pub forwarding: ForwardingSpec,
}

impl UserSpec {
    /// An active user with nothing set.
    pub fn new(login: UserId, name: impl Into<String>) -> Self {
        Self {
            login,
            name: name.into(),
            extension: None,
            status: Status::Active,
            former_extension: None,
            permissions: Vec::new(),
            default_line: None,
            outside_calls: OutsideCalls::default(),
            mobile: None,
            forwarding: ForwardingSpec::default(),
        }
    }

    /// Whether the user works here.
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Whether the user has the permission. A dismissed user has none.
    pub fn has(&self, permission: Permission) -> bool {
        self.is_active() && self.permissions.contains(&permission)
    }
}

/// Whether a user works here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Works here.
    #[default]
    Active,
    /// Has left: cannot be reached, whatever still names the user.
    Dismissed,
}

/// What a user may administer. A permission, not a role: whoever holds it is an administrator
/// of that area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Permission {
    /// The telephone users' area: everybody's extension, phone and forwarding; dismissal.
    TelephoneUsers,
}

/// Class of service: how far a user's calls to the outside may go, dialled by the user or forwarded by a rule of the
/// user. What a line's own rules name is not limited by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutsideCalls {
    /// Colleagues and emergency numbers only.
    None,
    /// Numbers of the directory's own country; under country code 1 those of the United States and
    /// Canada, and not of the islands that share it.
    National,
    /// Any number that is not barred.
    #[default]
    International,
}

impl OutsideCalls {
    /// Whether a number outside may be called, as it is dialled or written.
    pub(crate) fn allows(self, here: &Numbering, number: &str) -> bool {
        match self {
            Self::None => false,
            Self::National => here.is_national(&here.canonical(number)),
            Self::International => true,
        }
    }
}
