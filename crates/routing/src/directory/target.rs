//! Whom a call can reach.

use std::fmt;

use serde::Serialize;

use crate::id::UserId;

/// A user whom a call can reach: one who works here.
///
/// Only a [`Directory`](crate::Directory) makes targets, and it knows active users only. There is
/// no other way to come by one:
///
/// ```compile_fail,E0451
/// use switchboard_routing::{Target, UserId};
/// let anna: UserId = "anna".parse().unwrap();
/// let target = Target { user: anna }; // private field
/// ```
///
/// ```compile_fail,E0599
/// use switchboard_routing::{Target, UserId};
/// let anna: UserId = "anna".parse().unwrap();
/// let target = Target::new(anna); // not public
/// ```
///
/// ```compile_fail,E0277
/// use switchboard_routing::{Target, UserId};
/// let anna: UserId = "anna".parse().unwrap();
/// let target: Target = anna.into(); // no conversion
/// ```
///
/// ```compile_fail,E0277
/// # use switchboard_routing::Target;
/// let target: Target = toml::from_str("user = 'anna'").unwrap(); // not deserialisable
/// ```
///
/// The directory's way:
///
/// ```
/// use switchboard_routing::{Directory, DirectorySpec, Status, UserId, UserSpec};
///
/// let anna: UserId = "anna".parse()?;
/// let mut spec = DirectorySpec::default();
/// spec.users.push(UserSpec::new(anna.clone(), "Anna"));
/// assert!(Directory::build(&spec)?.target(&anna).is_some());
///
/// spec.users[0].status = Status::Dismissed;
/// assert!(Directory::build(&spec)?.target(&anna).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Target {
    user: UserId,
}

impl Target {
    pub(super) fn of(user: UserId) -> Self {
        Self { user }
    }

    /// The user to reach.
    pub fn user(&self) -> &UserId {
        &self.user
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.user)
    }
}
