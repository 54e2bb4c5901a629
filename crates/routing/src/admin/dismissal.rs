//! Somebody leaves, comes back, or takes over.

use serde::{Deserialize, Serialize};
use switchboard_dialstring::Extension;

use super::extension::holder;
use super::stale::{Keep, Named, StaleReference, stale_references, walk};
use super::{Actor, find, find_mut};
use crate::directory::Holder;
use crate::id::UserId;
use crate::spec::{DirectorySpec, Status};

/// What a dismissal did, and what it leaves to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    /// The user who has left.
    pub user: UserId,
    /// The extension that is free now.
    pub released: Option<Extension>,
    /// Every place that still names the user. None of them reaches the user any more; each wants
    /// somebody else.
    pub references: Vec<StaleReference>,
}

/// Why a dismissal did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DismissError {
    /// The actor has not the telephone users permission.
    #[error("dismissal needs the telephone users permission")]
    NotAllowed,
    /// There is no such user.
    #[error("there is no user {0}")]
    UnknownUser(UserId),
    /// The user has left already.
    #[error("{0} has been dismissed already")]
    AlreadyDismissed(UserId),
}

/// Dismisses a user: not reachable any more whatever names them, extension released, no
/// permission left, own forwarding rules void. Says what still names the user.
///
/// # Errors
/// The actor may not, or there is nobody to dismiss; nothing changed.
pub fn dismiss(
    spec: &mut DirectorySpec,
    by: &Actor,
    user: &UserId,
) -> Result<Dismissal, DismissError> {
    if !by.administers(spec) {
        return Err(DismissError::NotAllowed);
    }
    let references = {
        let entry = find(spec, user).ok_or_else(|| DismissError::UnknownUser(user.clone()))?;
        if !entry.is_active() {
            return Err(DismissError::AlreadyDismissed(user.clone()));
        }
        stale_references(spec, user)
    };
    let mut released = None;
    if let Some(entry) = find_mut(spec, user) {
        released = entry.extension.take();
        entry.former_extension = released;
        entry.status = Status::Dismissed;
        entry.permissions.clear();
        entry.forwarding = Default::default();
    }
    Ok(Dismissal { user: user.clone(), released, references })
}

/// Somebody who came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehired {
    /// The user.
    pub user: UserId,
    /// What became of the extension.
    pub extension: ExtensionBack,
}

/// What became of the extension of somebody who came back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtensionBack {
    /// There was none.
    None,
    /// It was still free.
    Restored(Extension),
    /// Somebody else has it.
    Taken {
        /// The extension.
        extension: Extension,
        /// Who has it now.
        holder: Holder,
    },
}

/// Why nobody came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RehireError {
    /// The actor has not the telephone users permission.
    #[error("rehiring needs the telephone users permission")]
    NotAllowed,
    /// There is no such user.
    #[error("there is no user {0}")]
    UnknownUser(UserId),
    /// The user works here.
    #[error("{0} works here")]
    Active(UserId),
}

/// Takes a dismissed user back: reachable again where still named, with the old extension only
/// if it is still free, and without the old permissions.
///
/// # Errors
/// The actor may not, or nobody to take back; nothing changed.
pub fn rehire(spec: &mut DirectorySpec, by: &Actor, user: &UserId) -> Result<Rehired, RehireError> {
    if !by.administers(spec) {
        return Err(RehireError::NotAllowed);
    }
    let entry = find(spec, user).ok_or_else(|| RehireError::UnknownUser(user.clone()))?;
    if entry.is_active() {
        return Err(RehireError::Active(user.clone()));
    }
    let extension = match entry.former_extension {
        None => ExtensionBack::None,
        Some(extension) => match holder(spec, extension) {
            None => ExtensionBack::Restored(extension),
            Some(holder) => ExtensionBack::Taken { extension, holder },
        },
    };
    if let Some(entry) = find_mut(spec, user) {
        entry.status = Status::Active;
        entry.former_extension = None;
        if let ExtensionBack::Restored(extension) = extension {
            entry.extension = Some(extension);
        }
    }
    Ok(Rehired { user: user.clone(), extension })
}

/// Why nothing was handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandOverError {
    /// The actor has not the telephone users permission.
    #[error("handing over needs the telephone users permission")]
    NotAllowed,
    /// There is no such user.
    #[error("there is no user {0}")]
    UnknownUser(UserId),
    /// The user who should take over has left.
    #[error("{0} does not work here any more")]
    Dismissed(UserId),
    /// The rule of the one who takes over would lead back to that user.
    #[error("{0} would forward to themselves")]
    ToThemselves(UserId),
}

/// Names `to` wherever `from` is named: contacts, queues, groups, forwarding rules, menu options,
/// lines. Returns what was changed.
///
/// # Errors
/// The actor may not, or one of the two is not there; nothing changed.
pub fn hand_over(
    spec: &mut DirectorySpec,
    by: &Actor,
    from: &UserId,
    to: &UserId,
) -> Result<Vec<StaleReference>, HandOverError> {
    if !by.administers(spec) {
        return Err(HandOverError::NotAllowed);
    }
    if find(spec, from).is_none() {
        return Err(HandOverError::UnknownUser(from.clone()));
    }
    let taker = find(spec, to).ok_or_else(|| HandOverError::UnknownUser(to.clone()))?;
    if !taker.is_active() {
        return Err(HandOverError::Dismissed(to.clone()));
    }
    let rules = &taker.forwarding;
    let names_from = [&rules.always, &rules.busy, &rules.no_answer, &rules.unreachable]
        .into_iter()
        .any(|rule| rule.as_ref().and_then(|rule| rule.user()) == Some(from));
    if names_from {
        return Err(HandOverError::ToThemselves(to.clone()));
    }
    let mut changed = Vec::new();
    walk(spec, &mut |path, kind, of, named| {
        if matches!(named, Named::User(named) if named == from) {
            changed.push(StaleReference { path, kind, of: of.to_owned() });
            return Keep::Rename(to.clone());
        }
        Keep::Yes
    });
    Ok(changed)
}
