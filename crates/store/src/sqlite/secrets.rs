//! The sealed passwords.

use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteStore;
use crate::error::{StoreError, StoreErrorKind, While};
use crate::password::Password;
use crate::seal::SealKey;
use crate::time::UnixMillis;
use crate::traits::{SecretOwner, SecretStore};

impl SecretStore for SqliteStore {
    fn password(&self, owner: &SecretOwner) -> Result<Option<Password>, StoreError> {
        const ACTION: &str = "read a password";
        let key = owner.to_string();
        let sealed: Option<Vec<u8>> = self
            .lock()
            .prepare_cached("SELECT sealed FROM secret WHERE owner = ?1")
            .and_then(|mut query| query.query_row([&key], |row| row.get(0)).optional())
            .during(ACTION)?;
        sealed.map(|sealed| open(&self.key, &key, &sealed, ACTION)).transpose()
    }

    fn passwords(&self) -> Result<Vec<(SecretOwner, Password)>, StoreError> {
        const ACTION: &str = "read the passwords";
        let rows = {
            let connection = self.lock();
            let mut query = connection
                .prepare_cached("SELECT owner, sealed FROM secret ORDER BY owner")
                .during(ACTION)?;
            let rows = query
                .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))
                .during(ACTION)?;
            rows.collect::<Result<Vec<_>, _>>().during(ACTION)?
        };
        rows.into_iter()
            .filter_map(|(key, sealed)| {
                let owner: SecretOwner = key.parse().ok()?;
                Some(open(&self.key, &key, &sealed, ACTION).map(|password| (owner, password)))
            })
            .collect()
    }

    fn set_password(
        &self,
        owner: &SecretOwner,
        password: &Password,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.write("save a password", |tx| set(tx, &self.key, owner, password, now))
    }

    fn void_password(&self, owner: &SecretOwner) -> Result<bool, StoreError> {
        self.write("void a password", |tx| void(tx, owner))
    }
}

pub(super) fn set(
    connection: &Connection,
    key: &SealKey,
    owner: &SecretOwner,
    password: &Password,
    now: UnixMillis,
) -> Result<(), StoreError> {
    const ACTION: &str = "save a password";
    let owner = owner.to_string();
    let sealed = key
        .seal(&owner, password.reveal())
        .ok_or_else(|| StoreError::new(ACTION, StoreErrorKind::NoRandomness))?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO secret (owner, sealed, changed) VALUES (?1, ?2, ?3)",
        )
        .and_then(|mut insert| insert.execute(params![owner, sealed, now.get()]))
        .during(ACTION)?;
    Ok(())
}

pub(super) fn void(connection: &Connection, owner: &SecretOwner) -> Result<bool, StoreError> {
    connection
        .prepare_cached("DELETE FROM secret WHERE owner = ?1")
        .and_then(|mut delete| delete.execute([owner.to_string()]))
        .map(|rows| rows > 0)
        .during("void a password")
}

fn open(
    key: &SealKey,
    owner: &str,
    sealed: &[u8],
    action: &'static str,
) -> Result<Password, StoreError> {
    key.unseal(owner, sealed)
        .and_then(|text| Password::new(text).ok())
        .ok_or_else(|| StoreError::new(action, StoreErrorKind::Sealed { owner: owner.to_owned() }))
}
