//! Telephone users: list, extension, dismissal, return, taking over.

use serde::{Deserialize, Serialize};
use switchboard_dialstring::Extension;
use switchboard_routing::admin::{
    self as rules, Actor, Assigned, DismissError, Dismissal, HandOverError, RehireError, Rehired,
    SetExtensionError, StaleReference,
};
use switchboard_routing::{DirectorySpec, Permission, Status, UserId, UserSpec};

use super::{Admin, ChangeError};
use crate::error::StoreError;
use crate::password::Password;
use crate::time::UnixMillis;
use crate::traits::{Revision, SecretOwner, WriteError};

/// A user as a list shows one (R12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// The login, and SIP user name.
    pub login: UserId,
    /// For people to read.
    pub name: String,
    /// The extension.
    pub extension: Option<Extension>,
    /// Works here, or has left.
    pub status: Status,
    /// Whether a phone is registered now: the state "connected" (Angeschlossen).
    pub connected: bool,
    /// Where phones are registered now.
    pub phones: Vec<String>,
    /// The user has a SIP password.
    pub password: bool,
    /// What the user may administer.
    pub permissions: Vec<Permission>,
}

/// What a dismissal did (R13, R14), and what it leaves to do (R16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DismissalReport {
    /// What the directory's rules say: the released extension, and every place that still names the user.
    pub dismissal: Dismissal,
    /// There was a password, and it is void.
    pub password_voided: bool,
    /// So many phones were registered, and are no longer.
    pub phones_dropped: usize,
}

impl Admin {
    /// All users, in the order of the directory.
    ///
    /// # Errors
    /// The environment's.
    pub fn users(&self, now: UnixMillis) -> Result<Vec<UserRow>, StoreError> {
        let (spec, _) = self.store.load()?;
        let registrations = self.store.registrations(now)?;
        let passwords = self.store.passwords()?;
        let row = |user: UserSpec| {
            let phones: Vec<String> = registrations
                .iter()
                .filter(|registration| registration.user == user.login)
                .map(|registration| format!("{} {}", registration.transport, registration.remote))
                .collect();
            let owner = SecretOwner::User(user.login.clone());
            UserRow {
                connected: !phones.is_empty(),
                phones,
                password: passwords.iter().any(|(of, _)| *of == owner),
                login: user.login,
                name: user.name,
                extension: user.extension,
                status: user.status,
                permissions: user.permissions,
            }
        };
        Ok(spec.users.into_iter().map(row).collect())
    }

    /// Sets or takes away an extension (R2, R3).
    ///
    /// # Errors
    /// See [`SetExtensionError`]; nothing changed.
    pub fn set_extension(
        &self,
        by: &Actor,
        user: &UserId,
        extension: Option<Extension>,
    ) -> Result<Assigned, ChangeError<SetExtensionError>> {
        let (assigned, _) = self.change(
            |spec| rules::set_extension(spec, by, user, extension),
            |revision, spec| self.put(revision, spec, user),
        )?;
        Ok(assigned)
    }

    /// Dismisses a user: not a target any more, extension released, password void, registrations dropped, in one
    /// transaction (R13 to R16).
    ///
    /// # Errors
    /// See [`DismissError`]; nothing changed.
    pub fn dismiss(
        &self,
        by: &Actor,
        user: &UserId,
    ) -> Result<DismissalReport, ChangeError<DismissError>> {
        let (dismissal, gone) = self.change(
            |spec| rules::dismiss(spec, by, user),
            |revision, spec| match find(spec, user) {
                Some(user) => self.store.dismiss(revision, user),
                None => Err(WriteError::Conflict),
            },
        )?;
        Ok(DismissalReport {
            dismissal,
            password_voided: gone.password_voided,
            phones_dropped: gone.registrations_dropped,
        })
    }

    /// Takes a dismissed user back, with a new password: the old one stays void.
    ///
    /// # Errors
    /// See [`RehireError`]; nothing changed.
    pub fn rehire(
        &self,
        by: &Actor,
        user: &UserId,
        now: UnixMillis,
    ) -> Result<(Rehired, Password), ChangeError<RehireError>> {
        let (rehired, _) = self.change(
            |spec| rules::rehire(spec, by, user),
            |revision, spec| self.put(revision, spec, user),
        )?;
        let password = Password::random()?;
        self.store.set_password(&SecretOwner::User(user.clone()), &password, now)?;
        Ok((rehired, password))
    }

    /// Names `to` wherever `from` is named (R16).
    ///
    /// # Errors
    /// See [`HandOverError`]; nothing changed.
    pub fn assign(
        &self,
        by: &Actor,
        from: &UserId,
        to: &UserId,
        now: UnixMillis,
    ) -> Result<Vec<StaleReference>, ChangeError<HandOverError>> {
        let (changed, _) = self.change(
            |spec| rules::hand_over(spec, by, from, to),
            |revision, spec| self.store.replace(revision, spec, &[], now),
        )?;
        Ok(changed)
    }

    fn put(
        &self,
        revision: Revision,
        spec: &DirectorySpec,
        user: &UserId,
    ) -> Result<Revision, WriteError> {
        match find(spec, user) {
            Some(user) => self.store.put_user(revision, user),
            None => Err(WriteError::Conflict),
        }
    }
}

pub(super) fn find<'a>(spec: &'a DirectorySpec, login: &UserId) -> Option<&'a UserSpec> {
    spec.users.iter().find(|user| user.login == *login)
}
