//! Import and export of the whole directory.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use switchboard_routing::{Directory, DirectorySpec, Faults, TrunkKind, UserId};

use super::{ATTEMPTS, Admin};
use crate::error::StoreError;
use crate::password::Password;
use crate::time::UnixMillis;
use crate::toml_file::{DirectoryFile, TomlFaults};
use crate::traits::{SecretOwner, WriteError};

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Users in the directory now.
    pub users: usize,
    /// Lines.
    pub lines: usize,
    /// Menus.
    pub menus: usize,
    /// Queues.
    pub queues: usize,
    /// Trunks.
    pub trunks: usize,
    /// Users without a password in the file who had none before: the machine made one.
    pub passwords_made: Vec<UserId>,
    /// Users whose password in the file is short enough to be guessed.
    pub passwords_weak: Vec<UserId>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file is at fault.
    #[error(transparent)]
    File(#[from] TomlFaults),
    /// The directory is not valid.
    #[error(transparent)]
    Invalid(#[from] Faults),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Write(error.into())
    }
}

impl Admin {
    /// Replaces the directory by a file's. Passwords in the file are set; an active user without one keeps the
    /// password that there is, or gets one made by the machine.
    ///
    /// # Errors
    /// See [`ImportError`]; nothing changed.
    pub fn import(&self, text: &str, now: UnixMillis) -> Result<ImportReport, ImportError> {
        self.replace(&DirectoryFile::parse(text)?, now)
    }

    /// As [`Admin::import`], from what was read or made already.
    ///
    /// # Errors
    /// See [`ImportError`]; nothing changed.
    pub fn replace(
        &self,
        file: &DirectoryFile,
        now: UnixMillis,
    ) -> Result<ImportReport, ImportError> {
        Directory::build(&file.spec)?;
        for attempt in 1.. {
            let revision = self.store.revision()?;
            let known = self.store.passwords()?.into_iter().map(|(owner, _)| owner).collect();
            let (passwords, report) = passwords(file, &known)?;
            match self.store.replace(revision, &file.spec, &passwords, now) {
                Err(WriteError::Conflict) if attempt < ATTEMPTS => {}
                other => return Ok(other.map(|_| report)?),
            }
        }
        Err(WriteError::Conflict.into())
    }

    /// The directory with its passwords.
    ///
    /// # Errors
    /// The environment's.
    pub fn export(&self) -> Result<DirectoryFile, StoreError> {
        let (spec, _) = self.store.load()?;
        Ok(DirectoryFile { spec, passwords: self.store.passwords()? })
    }
}

type Passwords = Vec<(SecretOwner, Option<Password>)>;

fn passwords(
    file: &DirectoryFile,
    known: &HashSet<SecretOwner>,
) -> Result<(Passwords, ImportReport), StoreError> {
    let DirectorySpec { users, lines, menus, queues, trunks, .. } = &file.spec;
    let mut report = ImportReport {
        users: users.len(),
        lines: lines.len(),
        menus: menus.len(),
        queues: queues.len(),
        trunks: trunks.len(),
        ..ImportReport::default()
    };
    let in_file = |owner: &SecretOwner| {
        file.passwords.iter().find(|(of, _)| of == owner).map(|(_, password)| password.clone())
    };
    let mut passwords = Passwords::new();
    for user in users {
        let owner = SecretOwner::User(user.login.clone());
        let password = match in_file(&owner) {
            // Whoever has left has no phone, whatever the file says.
            _ if !user.is_active() => None,
            Some(password) => {
                if password.is_weak() {
                    report.passwords_weak.push(user.login.clone());
                }
                Some(password)
            }
            None if known.contains(&owner) => continue,
            None => {
                report.passwords_made.push(user.login.clone());
                Some(Password::random()?)
            }
        };
        passwords.push((owner, password));
    }
    for trunk in trunks {
        let owner = SecretOwner::Trunk(trunk.id.clone());
        let password = in_file(&owner).filter(|_| trunk.kind == TrunkKind::Account);
        if password.is_some() || trunk.kind != TrunkKind::Account {
            passwords.push((owner, password));
        }
    }
    Ok((passwords, report))
}
