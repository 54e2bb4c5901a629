//! The store on SQLite: one file, bundled library, several programs at once.

mod batch;
mod directory;
mod records;
mod registrations;
mod schema;
mod secrets;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{StoreError, While};
use crate::seal::{SealKey, private_file};

/// How long one program waits for another's write to end.
const BUSY: Duration = Duration::from_secs(5);

/// Everything in one SQLite file (write-ahead log), with passwords sealed by a [`SealKey`].
///
/// Any number of programs may have the file open. Each call is one transaction, [`BatchStore::write_all`] too.
///
/// [`BatchStore::write_all`]: crate::BatchStore::write_all
#[derive(Debug)]
pub struct SqliteStore {
    connection: Mutex<Connection>,
    key: SealKey,
}

/// How often to try what SQLite does not wait for.
const TRIES: u32 = 1000;

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

impl SqliteStore {
    /// Opens the file, makes it when there is none, and brings an older layout up to date.
    ///
    /// # Errors
    /// When the file cannot be opened or made, is no database, or was written by a newer version.
    pub fn open(path: &Path, key: SealKey) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // Who called whom is nobody else's business: a new file is its owner's alone, and SQLite gives its
        // log files the same mode. Whatever fails here, SQLite meets again and tells.
        drop(private_file(path));
        let connection =
            Connection::open_with_flags(path, flags).during("open its database file")?;
        Self::prepare(connection, key)
    }

    /// A store that is gone when it is dropped; for tests and examples.
    ///
    /// # Errors
    /// When SQLite has no memory.
    pub fn in_memory(key: SealKey) -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory().during("open a database in memory")?, key)
    }

    fn prepare(mut connection: Connection, key: SealKey) -> Result<Self, StoreError> {
        const ACTION: &str = "open its database file";
        connection.busy_timeout(BUSY).during(ACTION)?;
        // In memory SQLite answers `memory`; that is fine.
        // Two programs that open a new file at once both turn it: here alone SQLite does not wait by itself, so
        // it is made to wait for the other's lock and to try again.
        for left in (0..TRIES).rev() {
            match connection.pragma_update(None, "journal_mode", "wal") {
                Err(error) if left > 0 && is_busy(&error) => {
                    let _ = connection.execute_batch("BEGIN IMMEDIATE; COMMIT");
                }
                done => {
                    done.during(ACTION)?;
                    break;
                }
            }
        }
        // WAL with NORMAL loses nothing when the program dies; a power cut may take the last moments.
        connection.pragma_update(None, "synchronous", "normal").during(ACTION)?;
        // A page that is written again and again is copied into the database once a checkpoint: every 16 MiB of log, not every 4.
        connection.pragma_update(None, "wal_autocheckpoint", 4_000).during(ACTION)?;
        connection.pragma_update(None, "foreign_keys", true).during(ACTION)?;
        schema::migrate(&mut connection)?;
        Ok(Self { connection: Mutex::new(connection), key })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic in between leaves no half transaction: dropping one rolls it back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` in one transaction that has the right to write from its first statement on.
    fn write<T, E: From<StoreError>>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.lock();
        let tx =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).during(action)?;
        let done = work(&tx)?;
        tx.commit().during(action)?;
        Ok(done)
    }
}
