//! Registrations in their table.

use rusqlite::{Connection, params};
use switchboard_routing::UserId;

use super::SqliteStore;
use crate::error::{StoreError, While};
use crate::registration::Registration;
use crate::time::UnixMillis;
use crate::traits::RegistrationStore;

impl RegistrationStore for SqliteStore {
    fn save_registration(&self, registration: &Registration) -> Result<(), StoreError> {
        save(&self.lock(), registration)
    }

    fn remove_registration(&self, user: &UserId, contact: &str) -> Result<bool, StoreError> {
        remove(&self.lock(), user, contact)
    }

    fn registrations(&self, now: UnixMillis) -> Result<Vec<Registration>, StoreError> {
        const ACTION: &str = "read the registrations";
        let connection = self.lock();
        let mut query = connection
            .prepare_cached(
                "SELECT body FROM registration WHERE expires > ?1 ORDER BY login, contact",
            )
            .during(ACTION)?;
        let rows = query.query_map([now.get()], |row| row.get::<_, String>(0)).during(ACTION)?;
        rows.map(|row| serde_json::from_str(&row.during(ACTION)?).during(ACTION)).collect()
    }

    fn expire_registrations(&self, now: UnixMillis) -> Result<usize, StoreError> {
        self.lock()
            .execute("DELETE FROM registration WHERE expires <= ?1", [now.get()])
            .during("forget expired registrations")
    }
}

pub(super) fn save(connection: &Connection, registration: &Registration) -> Result<(), StoreError> {
    const ACTION: &str = "save a registration";
    let body = serde_json::to_string(registration).during(ACTION)?;
    let values =
        params![registration.user.as_str(), registration.contact, registration.expires.get(), body];
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO registration (login, contact, expires, body)
             VALUES (?1, ?2, ?3, ?4)",
        )
        .and_then(|mut insert| insert.execute(values))
        .during(ACTION)?;
    Ok(())
}

pub(super) fn remove(
    connection: &Connection,
    user: &UserId,
    contact: &str,
) -> Result<bool, StoreError> {
    connection
        .prepare_cached("DELETE FROM registration WHERE login = ?1 AND contact = ?2")
        .and_then(|mut delete| delete.execute([user.as_str(), contact]))
        .map(|rows| rows > 0)
        .during("remove a registration")
}

pub(super) fn drop_user(connection: &Connection, login: &str) -> Result<usize, StoreError> {
    connection
        .prepare_cached("DELETE FROM registration WHERE login = ?1")
        .and_then(|mut delete| delete.execute([login]))
        .during("drop a user's registrations")
}
