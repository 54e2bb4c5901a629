//! What an administrator does, in one place: each operation reads the directory, changes it by the rules of
//! [`switchboard_routing::admin`], validates the whole, and writes it in one transaction.

mod files;
mod operation;
mod passwords;
mod users;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use switchboard_routing::{Directory, DirectorySpec, Faults};

pub use files::{ImportError, ImportReport};
pub use operation::{Answer, Operation, OperationError};
pub use passwords::SetPasswordError;
pub use users::{DismissalReport, UserRow};

use crate::error::StoreError;
use crate::traits::{
    CallRecordStore, DirectoryStore, RegistrationStore, Revision, SecretStore, WriteError,
};

/// Everything that a PBX keeps.
pub trait Store: DirectoryStore + RegistrationStore + CallRecordStore + SecretStore {}

impl<T: DirectoryStore + RegistrationStore + CallRecordStore + SecretStore + ?Sized> Store for T {}

/// The administrator's operations on a store. Cheap to make and to clone.
#[derive(Clone)]
pub struct Admin {
    store: Arc<dyn Store>,
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admin(..)")
    }
}

/// A change was not made; `E` says what the rules of the change have against it.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError<E: std::error::Error + 'static> {
    /// The rules refuse it.
    #[error(transparent)]
    Refused(E),
    /// The directory as a whole would not be valid.
    #[error("the directory would not be valid:\n{0}")]
    Invalid(Faults),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl<E: std::error::Error + 'static> From<StoreError> for ChangeError<E> {
    fn from(error: StoreError) -> Self {
        Self::Write(error.into())
    }
}

/// How often a change is decided anew when somebody else was faster.
const ATTEMPTS: usize = 16;

impl Admin {
    /// Operations on `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The valid directory as it is now.
    ///
    /// # Errors
    /// The environment's; or the store holds what is not valid, which no operation here writes.
    pub fn directory(&self) -> Result<Directory, DirectoryError> {
        let (spec, _) = self.store.load()?;
        Ok(Directory::build(&spec)?)
    }

    /// Reads, decides, validates, writes; begins again when somebody else wrote in between.
    fn change<T, W, E>(
        &self,
        mut decide: impl FnMut(&mut DirectorySpec) -> Result<T, E>,
        write: impl Fn(Revision, &DirectorySpec) -> Result<W, WriteError>,
    ) -> Result<(T, W), ChangeError<E>>
    where
        E: std::error::Error + 'static,
    {
        for attempt in 1.. {
            let (mut spec, revision) = self.store.load()?;
            let decided = decide(&mut spec).map_err(ChangeError::Refused)?;
            Directory::build(&spec).map_err(ChangeError::Invalid)?;
            match write(revision, &spec) {
                Err(WriteError::Conflict) if attempt < ATTEMPTS => {}
                other => return Ok((decided, other?)),
            }
        }
        Err(WriteError::Conflict.into())
    }
}

/// The directory in the store cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The environment's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not valid.
    #[error("the directory in the store is not valid:\n{0}")]
    Invalid(#[from] Faults),
}
