//! The layout of the database file, and how older files become current ones.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{StoreError, StoreErrorKind, While};

/// One entry a layout: entry `n` turns layout `n` into `n + 1`. Entries are never edited once released.
const MIGRATIONS: &[&str] = &[include_str!("schema_1.sql")];

/// Brings the file to the newest layout. Programs that open the file at once take turns.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    const ACTION: &str = "prepare its tables";
    let known = MIGRATIONS.len() as u32;
    if version(connection).during(ACTION)? == known {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).during(ACTION)?;
    // Read again: another program may have been faster.
    let found = version(&tx).during(ACTION)?;
    if found > known {
        return Err(StoreError::new(ACTION, StoreErrorKind::Newer { found, known }));
    }
    for migration in &MIGRATIONS[found as usize..] {
        tx.execute_batch(migration).during(ACTION)?;
    }
    tx.pragma_update(None, "user_version", known).during(ACTION)?;
    tx.commit().during(ACTION)
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
