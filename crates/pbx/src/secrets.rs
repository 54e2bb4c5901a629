//! Passwords: of the users' phones, and of the trunks' accounts.

use std::collections::BTreeMap;
use std::fmt;

use switchboard_routing::{TrunkId, UserId};

/// Passwords: of the users' phones, and of the trunks' accounts. `Debug` does not show them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    users: BTreeMap<UserId, String>,
    trunks: BTreeMap<TrunkId, String>,
}

impl Secrets {
    /// No passwords: nobody can register.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the password of a user's phones.
    #[must_use]
    pub fn with_user(mut self, user: UserId, password: impl Into<String>) -> Self {
        self.users.insert(user, password.into());
        self
    }

    /// Sets the password of our account at a trunk.
    #[must_use]
    pub fn with_trunk(mut self, trunk: TrunkId, password: impl Into<String>) -> Self {
        self.trunks.insert(trunk, password.into());
        self
    }

    pub(crate) fn user(&self, user: &UserId) -> Option<&str> {
        self.users.get(user).map(String::as_str)
    }

    pub(crate) fn trunk(&self, trunk: &TrunkId) -> Option<&str> {
        self.trunks.get(trunk).map(String::as_str)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("users", &self.users.len())
            .field("trunks", &self.trunks.len())
            .finish_non_exhaustive()
    }
}
