//! SIP passwords (R12).

use switchboard_routing::admin::Actor;
use switchboard_routing::{Permission, UserId};

use super::Admin;
use super::users::find;
use crate::error::StoreError;
use crate::password::{Password, PasswordError};
use crate::time::UnixMillis;
use crate::traits::SecretOwner;

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetPasswordError {
    /// The actor is neither the user nor has the permission.
    #[error(
        "only {user}, or somebody with the telephone users permission, may change the password of {user}"
    )]
    NotAllowed {
        /// The user.
        user: UserId,
    },
    /// There is no such user.
    #[error("there is no user {0}")]
    UnknownUser(UserId),
    /// The user has left.
    #[error("{0} does not work here any more")]
    Dismissed(UserId),
    /// It is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The environment's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Admin {
    /// Changes a user's SIP password: to `password`, or to one that the machine makes. Says what it is now.
    ///
    /// # Errors
    /// See [`SetPasswordError`]; nothing changed.
    pub fn set_password(
        &self,
        by: &Actor,
        user: &UserId,
        password: Option<&str>,
        now: UnixMillis,
    ) -> Result<Password, SetPasswordError> {
        let (spec, _) = self.store.load()?;
        // As with extensions: permission is judged before anything is said about the user.
        if let Actor::User(actor) = by {
            let actor = find(&spec, actor).filter(|actor| actor.is_active());
            let allowed = actor
                .is_some_and(|actor| actor.login == *user || actor.has(Permission::TelephoneUsers));
            if !allowed {
                return Err(SetPasswordError::NotAllowed { user: user.clone() });
            }
        }
        let entry = find(&spec, user).ok_or_else(|| SetPasswordError::UnknownUser(user.clone()))?;
        if !entry.is_active() {
            return Err(SetPasswordError::Dismissed(user.clone()));
        }
        let password = match password {
            Some(text) => Password::new(text)?,
            None => Password::random()?,
        };
        self.store.set_password(&SecretOwner::User(user.clone()), &password, now)?;
        Ok(password)
    }
}
