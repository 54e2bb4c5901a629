//! What an administrator does to a directory's data: pure functions on the
//! [`DirectorySpec`].
//!
//! Each checks first and changes then: after an error nothing has changed.

mod dismissal;
mod extension;
mod stale;

pub use dismissal::{
    DismissError, Dismissal, ExtensionBack, HandOverError, RehireError, Rehired, dismiss,
    hand_over, rehire,
};
pub use extension::{Assigned, SetExtensionError, set_extension};
pub use stale::{StaleKind, StaleReference, stale_references};

use crate::id::UserId;
use crate::spec::{DirectorySpec, Permission, UserSpec};

/// Who wants a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Whoever runs the system: the command line, a first set-up.
    Administrator,
    /// A user; may do what the user's permissions allow.
    User(UserId),
}

impl Actor {
    /// Whether the actor may administer the telephone users' area.
    fn administers(&self, spec: &DirectorySpec) -> bool {
        match self {
            Self::Administrator => true,
            Self::User(id) => {
                find(spec, id).is_some_and(|user| user.has(Permission::TelephoneUsers))
            }
        }
    }

    /// Whether the actor is this user, and works here.
    fn is(&self, spec: &DirectorySpec, user: &UserId) -> bool {
        *self == Self::User(user.clone()) && find(spec, user).is_some_and(UserSpec::is_active)
    }
}

fn find<'a>(spec: &'a DirectorySpec, id: &UserId) -> Option<&'a UserSpec> {
    spec.users.iter().find(|user| user.login == *id)
}

fn find_mut<'a>(spec: &'a mut DirectorySpec, id: &UserId) -> Option<&'a mut UserSpec> {
    spec.users.iter_mut().find(|user| user.login == *id)
}
