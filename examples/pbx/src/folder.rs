//! The data folder: database, key file, lock, control socket. Private to its owner.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use switchboard_store::admin::Admin;
use switchboard_store::{SealKey, SqliteStore, UnixMillis};

use crate::failure::Failure;

/// An open data folder.
pub(crate) struct Folder {
    path: PathBuf,
    pub(crate) store: Arc<SqliteStore>,
}

/// The right to be the one PBX of a folder; given back when it is dropped, and by the system when the program
/// is killed.
pub(crate) struct Lock {
    _file: File,
}

impl Folder {
    /// Opens the folder; makes it when there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        create_private(path).map_err(|source| Failure::Folder { path: path.to_owned(), source })?;
        let key = SealKey::open_or_create(&path.join("seal.key"))?;
        let store = SqliteStore::open(&path.join("switchboard.sqlite"), key)?;
        Ok(Self { path: path.to_owned(), store: Arc::new(store) })
    }

    pub(crate) fn admin(&self) -> Admin {
        Admin::new(Arc::clone(&self.store) as Arc<_>)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Becomes the one PBX of this folder.
    pub(crate) fn lock(&self) -> Result<Lock, Failure> {
        let path = self.path.join("pbx.lock");
        let failed = |source| Failure::Folder { path: path.clone(), source };
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Failure::Running { path: self.path.clone() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// The wall clock, for what is written down.
#[allow(clippy::disallowed_methods, reason = "the program is where time comes from")]
pub(crate) fn now() -> UnixMillis {
    SystemTime::now().into()
}

fn create_private(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_has_one_pbx() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        let folder = Folder::open(&path).unwrap();
        let lock = folder.lock().unwrap();
        let second = Folder::open(&path).unwrap();
        assert!(matches!(second.lock(), Err(Failure::Running { .. })));
        drop(lock);
        second.lock().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn h45_the_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a/b");
        Folder::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
