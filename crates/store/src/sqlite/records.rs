//! Call records in their table.

use rusqlite::{Connection, params};

use super::SqliteStore;
use crate::error::{StoreError, While};
use crate::record::CallRecord;
use crate::time::UnixMillis;
use crate::traits::CallRecordStore;

impl CallRecordStore for SqliteStore {
    fn open_call(&self, record: &CallRecord) -> Result<(), StoreError> {
        open(&self.lock(), record)
    }

    fn close_call(&self, record: &CallRecord) -> Result<(), StoreError> {
        close(&self.lock(), record)
    }

    fn close_lost_calls(&self, now: UnixMillis) -> Result<usize, StoreError> {
        const ACTION: &str = "close the calls of a program that was killed";
        self.write(ACTION, |tx| {
            let open: Vec<CallRecord> = {
                let mut query =
                    tx.prepare("SELECT body FROM call_record WHERE open = 1").during(ACTION)?;
                let rows = query.query_map([], |row| row.get::<_, String>(0)).during(ACTION)?;
                rows.map(|row| serde_json::from_str(&row.during(ACTION)?).during(ACTION))
                    .collect::<Result<_, StoreError>>()?
            };
            for mut record in open.iter().cloned() {
                record.lose(now);
                put(tx, &record, false, "INSERT OR REPLACE", ACTION)?;
            }
            Ok(open.len())
        })
    }

    fn recent_calls(&self, limit: usize) -> Result<Vec<CallRecord>, StoreError> {
        const ACTION: &str = "read the call records";
        let connection = self.lock();
        let mut query = connection
            .prepare_cached("SELECT body FROM call_record ORDER BY started DESC, id LIMIT ?1")
            .during(ACTION)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = query.query_map([limit], |row| row.get::<_, String>(0)).during(ACTION)?;
        rows.map(|row| serde_json::from_str(&row.during(ACTION)?).during(ACTION)).collect()
    }
}

pub(super) fn open(connection: &Connection, record: &CallRecord) -> Result<(), StoreError> {
    // A call that was closed already stays closed: late news changes nothing.
    put(connection, record, true, "INSERT OR IGNORE", "open a call record")
}

pub(super) fn close(connection: &Connection, record: &CallRecord) -> Result<(), StoreError> {
    put(connection, record, false, "INSERT OR REPLACE", "close a call record")
}

fn put(
    connection: &Connection,
    record: &CallRecord,
    open: bool,
    insert: &str,
    action: &'static str,
) -> Result<(), StoreError> {
    let body = serde_json::to_string(record).during(action)?;
    connection
        .prepare_cached(&format!(
            "{insert} INTO call_record (id, open, started, body) VALUES (?1, ?2, ?3, ?4)"
        ))
        .and_then(|mut statement| {
            statement.execute(params![record.id, open, record.started.get(), body])
        })
        .during(action)?;
    Ok(())
}
