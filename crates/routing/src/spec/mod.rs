//! The directory as plain data: what an administrator edits, a file holds and a store keeps.
//!
//! Everything here can be wrong; [`Directory::build`](crate::Directory::build) says what is.

mod forward;
mod line;
mod menu;
mod numbering;
mod queue;
pub(crate) mod seconds;
mod service;
mod trunk;
mod user;

use serde::{Deserialize, Serialize};

pub use forward::{ForwardTo, ForwardingSpec};
pub use line::{LineSpec, Overflow, TimersSpec};
pub use menu::{MenuAction, MenuSpec, OptionSpec};
pub use numbering::NumberingSpec;
pub use queue::{GroupSpec, QueueSpec, Strategy};
pub use service::{ServiceKind, ServiceSpec};
pub use trunk::{TrunkKind, TrunkSpec, TrunkTransport};
pub use user::{OutsideCalls, Permission, Status, UserSpec};

use crate::id::UserId;

/// A whole directory as data.
///
/// Unknown fields are refused, so that a mistyped one is an error and not a setting without
/// effect.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DirectorySpec {
    /// Country, emergency numbers, barred prefixes.
    pub numbering: NumberingSpec,
    /// Where the person responsible for a caller is looked up.
    pub responsible: ResponsibleSource,
    /// Telephone users, the dismissed among them.
    pub users: Vec<UserSpec>,
    /// Lines: numbers that customers call. The first is the default of users without one.
    pub lines: Vec<LineSpec>,
    /// Voice menus.
    pub menus: Vec<MenuSpec>,
    /// Queues.
    pub queues: Vec<QueueSpec>,
    /// Pickup groups.
    pub groups: Vec<GroupSpec>,
    /// Trunks.
    pub trunks: Vec<TrunkSpec>,
    /// Service codes that users dial, such as `*43`.
    pub services: Vec<ServiceSpec>,
    /// Known callers and who is responsible for them.
    pub contacts: Vec<ContactSpec>,
}

/// Where the router learns who is responsible for a caller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponsibleSource {
    /// In [`DirectorySpec::contacts`].
    #[default]
    Contacts,
    /// From a CRM: the router asks with [`Step::AskCrm`](crate::Step::AskCrm) and waits for
    /// [`Input::CrmSays`](crate::Input::CrmSays).
    Crm,
}

/// A known caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactSpec {
    /// The caller's number, E.164 with `+` (or as the trunk delivers it), without an extension.
    /// Two contacts have no number in common, however it is written.
    pub number: String,
    /// For people to read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The user who looks after this caller.
    pub responsible: UserId,
}
