//! Giving extensions.

use switchboard_dialstring::Extension;

use super::{Actor, find, find_mut};
use crate::directory::{Holder, Numbering};
use crate::id::UserId;
use crate::spec::DirectorySpec;

/// Why an extension was not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetExtensionError {
    /// The actor may set neither everybody's extension nor this user's.
    #[error(
        "only {user}, or somebody with the telephone users permission, may set the extension of {user}"
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
    /// Somebody else has the extension.
    #[error("extension {extension} belongs to {holder}")]
    Taken {
        /// The extension.
        extension: Extension,
        /// Who has it.
        holder: Holder,
    },
    /// The extension is an emergency or service number here.
    #[error("{0} is an emergency or service number here and always goes out")]
    Reserved(Extension),
}

/// An extension that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// What the user had before.
    pub before: Option<Extension>,
    /// What the user has now.
    pub now: Option<Extension>,
}

/// Sets or takes away the extension of `user`.
///
/// Allowed to whoever has the telephone users permission, and to the user. Permission is judged
/// before anything else is said about the user.
///
/// ```
/// use switchboard_routing::admin::{Actor, SetExtensionError, set_extension};
/// use switchboard_routing::{DirectorySpec, UserId, UserSpec};
///
/// let (anna, berta): (UserId, UserId) = ("anna".parse()?, "berta".parse()?);
/// let mut spec = DirectorySpec::default();
/// spec.users.push(UserSpec::new(anna.clone(), "Anna"));
/// spec.users.push(UserSpec::new(berta.clone(), "Berta"));
/// set_extension(&mut spec, &Actor::Administrator, &anna, Some("101".parse()?))?;
///
/// let by_herself = Actor::User(berta.clone());
/// let error = set_extension(&mut spec, &by_herself, &berta, Some("101".parse()?)).unwrap_err();
/// assert_eq!(error.to_string(), "extension 101 belongs to user anna");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The actor may not, the user is not there, or the extension is not to be had; nothing changed.
pub fn set_extension(
    spec: &mut DirectorySpec,
    by: &Actor,
    user: &UserId,
    extension: Option<Extension>,
) -> Result<Assigned, SetExtensionError> {
    if !by.administers(spec) && !by.is(spec, user) {
        return Err(SetExtensionError::NotAllowed { user: user.clone() });
    }
    let entry = find(spec, user).ok_or_else(|| SetExtensionError::UnknownUser(user.clone()))?;
    if !entry.is_active() {
        return Err(SetExtensionError::Dismissed(user.clone()));
    }
    if let Some(extension) = extension {
        if is_reserved(spec, extension) {
            return Err(SetExtensionError::Reserved(extension));
        }
        if let Some(holder) = holder(spec, extension)
            && holder != Holder::User(user.clone())
        {
            return Err(SetExtensionError::Taken { extension, holder });
        }
    }
    let before = entry.extension;
    if let Some(entry) = find_mut(spec, user) {
        entry.extension = extension;
    }
    Ok(Assigned { before, now: extension })
}

/// Who has the extension now: an active user or a group.
pub(super) fn holder(spec: &DirectorySpec, extension: Extension) -> Option<Holder> {
    let user = spec.users.iter().find(|u| u.is_active() && u.extension == Some(extension));
    if let Some(user) = user {
        return Some(Holder::User(user.login.clone()));
    }
    let group = spec.groups.iter().find(|group| group.extension == Some(extension))?;
    Some(Holder::Group(group.id.clone()))
}

fn is_reserved(spec: &DirectorySpec, extension: Extension) -> bool {
    let here = Numbering::of(&spec.numbering.country).is_some_and(|here| {
        here.is_emergency(extension.as_str()) || here.is_service(extension.as_str())
    });
    here || spec.numbering.emergency.iter().any(|number| number == extension.as_str())
}
