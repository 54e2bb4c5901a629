//! What a store can do, as small object-safe traits: SQLite is the first behind them, not the last.

use std::fmt;
use std::str::FromStr;

use switchboard_dialstring::Extension;
use switchboard_routing::{DirectorySpec, IdError, TrunkId, UserId, UserSpec};

use crate::error::StoreError;
use crate::password::Password;
use crate::record::CallRecord;
use crate::registration::Registration;
use crate::time::UnixMillis;

/// Counts the changes of the directory. Two readings that are equal saw the same directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub(crate) i64);

impl Revision {
    /// Nobody has ever written the directory. One that was emptied is not new.
    #[must_use]
    pub fn is_new(self) -> bool {
        self.0 == 0
    }
}

/// The directory could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Somebody else changed the directory since it was read: read it again and decide anew.
    #[error("the directory was changed by somebody else at the same moment")]
    Conflict,
    /// An active employee has the extension already.
    #[error("extension {extension} belongs to {holder}")]
    ExtensionTaken {
        /// The extension.
        extension: Extension,
        /// Who has it.
        holder: UserId,
    },
    /// The environment's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What [`DirectoryStore::dismiss`] took away besides the extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dismissed {
    /// The directory as it is now.
    pub revision: Revision,
    /// There was a password, and it is void.
    pub password_voided: bool,
    /// So many phones were registered, and are no longer.
    pub registrations_dropped: usize,
}

/// The directory: users, lines, menus, queues, groups, trunks, settings.
///
/// Writers name the revision that they decided on; if it is not the current one, nothing is
/// written. Validation is not the store's: it keeps what
/// [`Directory::build`](switchboard_routing::Directory::build) accepted, and guards alone that no
/// two active users have the same extension.
pub trait DirectoryStore: Send + Sync {
    /// The current revision: cheap, to see whether [`DirectoryStore::load`] would give news.
    ///
    /// # Errors
    /// The environment's.
    fn revision(&self) -> Result<Revision, StoreError>;

    /// The whole directory with its revision.
    ///
    /// # Errors
    /// The environment's.
    fn load(&self) -> Result<(DirectorySpec, Revision), StoreError>;

    /// Replaces the whole directory. `passwords` are set in the same transaction; `None` voids one.
    ///
    /// # Errors
    /// See [`WriteError`]; nothing is written then.
    fn replace(
        &self,
        expected: Revision,
        spec: &DirectorySpec,
        passwords: &[(SecretOwner, Option<Password>)],
        now: UnixMillis,
    ) -> Result<Revision, WriteError>;

    /// Writes one user, new or changed.
    ///
    /// # Errors
    /// See [`WriteError`]; nothing is written then.
    fn put_user(&self, expected: Revision, user: &UserSpec) -> Result<Revision, WriteError>;

    /// Writes a dismissed user, voids the password and drops the registrations, all in one
    /// transaction (R13, R14).
    ///
    /// # Errors
    /// See [`WriteError`]; nothing is written then.
    fn dismiss(&self, expected: Revision, user: &UserSpec) -> Result<Dismissed, WriteError>;
}

/// Registrations, kept over restarts.
pub trait RegistrationStore: Send + Sync {
    /// Writes one, or replaces the one of the same user and contact.
    ///
    /// # Errors
    /// The environment's.
    fn save_registration(&self, registration: &Registration) -> Result<(), StoreError>;

    /// Forgets one; says whether there was one.
    ///
    /// # Errors
    /// The environment's.
    fn remove_registration(&self, user: &UserId, contact: &str) -> Result<bool, StoreError>;

    /// Those that have not expired at `now`, by user and contact.
    ///
    /// # Errors
    /// The environment's.
    fn registrations(&self, now: UnixMillis) -> Result<Vec<Registration>, StoreError>;

    /// Forgets those that have expired at `now`; says how many.
    ///
    /// # Errors
    /// The environment's.
    fn expire_registrations(&self, now: UnixMillis) -> Result<usize, StoreError>;
}

/// Call records: durable, one a call.
pub trait CallRecordStore: Send + Sync {
    /// Writes a call that began. One that is closed already stays as it is.
    ///
    /// # Errors
    /// The environment's.
    fn open_call(&self, record: &CallRecord) -> Result<(), StoreError>;

    /// Writes the whole record of a call that ended.
    ///
    /// # Errors
    /// The environment's.
    fn close_call(&self, record: &CallRecord) -> Result<(), StoreError>;

    /// Closes every open call as [`CallRecord::LOST`]: for the start of the one program that makes
    /// calls on this store. Says how many there were.
    ///
    /// # Errors
    /// The environment's.
    fn close_lost_calls(&self, now: UnixMillis) -> Result<usize, StoreError>;

    /// The last `limit` calls, the newest first.
    ///
    /// # Errors
    /// The environment's.
    fn recent_calls(&self, limit: usize) -> Result<Vec<CallRecord>, StoreError>;
}

/// A change that a running PBX wants kept.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// See [`RegistrationStore::save_registration`].
    SaveRegistration(Registration),
    /// See [`RegistrationStore::remove_registration`]: the user and the contact.
    RemoveRegistration(UserId, String),
    /// See [`CallRecordStore::open_call`].
    OpenCall(CallRecord),
    /// See [`CallRecordStore::close_call`].
    CloseCall(CallRecord),
}

/// Many changes at the price of one: what costs is the end of a transaction, not what is in it.
pub trait BatchStore: CallRecordStore + RegistrationStore {
    /// Makes all changes, in their order, in one transaction.
    ///
    /// # Errors
    /// The environment's; none of the changes is made then.
    fn write_all(&self, changes: &mut dyn Iterator<Item = &Change>) -> Result<(), StoreError>;
}

/// Passwords: of employees' phones, and of the PBX's own accounts at trunks.
pub trait SecretStore: Send + Sync {
    /// One password.
    ///
    /// # Errors
    /// The environment's; also when the key file is not the one it was sealed with.
    fn password(&self, owner: &SecretOwner) -> Result<Option<Password>, StoreError>;

    /// All of them.
    ///
    /// # Errors
    /// As [`SecretStore::password`].
    fn passwords(&self) -> Result<Vec<(SecretOwner, Password)>, StoreError>;

    /// Sets or changes one.
    ///
    /// # Errors
    /// The environment's.
    fn set_password(
        &self,
        owner: &SecretOwner,
        password: &Password,
        now: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Takes one away; says whether there was one.
    ///
    /// # Errors
    /// The environment's.
    fn void_password(&self, owner: &SecretOwner) -> Result<bool, StoreError>;
}

/// Whose password it is. Written as `user:LOGIN` or `trunk:ID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretOwner {
    /// An employee's phones.
    User(UserId),
    /// The PBX's account at a trunk.
    Trunk(TrunkId),
}

impl fmt::Display for SecretOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Trunk(id) => write!(f, "trunk:{id}"),
        }
    }
}

/// The text names no owner of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseOwnerError {
    /// It begins with neither `user:` nor `trunk:`.
    #[error("`user:LOGIN` or `trunk:ID` is wanted")]
    Kind,
    /// What follows is no identifier.
    #[error(transparent)]
    Id(#[from] IdError),
}

impl FromStr for SecretOwner {
    type Err = ParseOwnerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("user", id)) => Ok(Self::User(UserId::new(id)?)),
            Some(("trunk", id)) => Ok(Self::Trunk(TrunkId::new(id)?)),
            _ => Err(ParseOwnerError::Kind),
        }
    }
}
