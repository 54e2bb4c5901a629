//! The directory in its tables: a row a user, a row each other part.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::{Map, Value};
use switchboard_dialstring::Extension;
use switchboard_routing::{DirectorySpec, UserId, UserSpec};

use super::{SqliteStore, registrations, secrets};
use crate::error::{StoreError, While};
use crate::password::Password;
use crate::time::UnixMillis;
use crate::traits::{DirectoryStore, Dismissed, Revision, SecretOwner, WriteError};

const LOAD: &str = "read the directory";
const SAVE: &str = "save the directory";

impl DirectoryStore for SqliteStore {
    fn revision(&self) -> Result<Revision, StoreError> {
        revision(&self.lock())
    }

    fn load(&self) -> Result<(DirectorySpec, Revision), StoreError> {
        let mut connection = self.lock();
        // One transaction, so that rows and revision belong together.
        let tx = connection.transaction().during(LOAD)?;
        let revision = revision(&tx)?;
        let users = bodies(&tx, "SELECT body FROM user ORDER BY position, login")?;
        let parts = parts(&tx)?;
        Ok((assemble(users, parts)?, revision))
    }

    fn replace(
        &self,
        expected: Revision,
        spec: &DirectorySpec,
        passwords: &[(SecretOwner, Option<Password>)],
        now: UnixMillis,
    ) -> Result<Revision, WriteError> {
        let parts = take_apart(spec)?;
        self.write(SAVE, |tx| {
            let revision = advance(tx, expected)?;
            tx.execute_batch("DELETE FROM user; DELETE FROM directory_part").during(SAVE)?;
            for (position, user) in spec.users.iter().enumerate() {
                insert_user(tx, position as i64, user)?;
            }
            let mut insert = tx
                .prepare_cached(
                    "INSERT INTO directory_part (kind, id, position, body) VALUES (?1, ?2, ?3, ?4)",
                )
                .during(SAVE)?;
            for (position, part) in parts.iter().enumerate() {
                insert
                    .execute(params![part.kind, part.id, position as i64, part.body])
                    .during(SAVE)?;
            }
            for (owner, password) in passwords {
                match password {
                    Some(password) => secrets::set(tx, &self.key, owner, password, now)?,
                    None => _ = secrets::void(tx, owner)?,
                }
            }
            forget_strangers(tx)?;
            Ok(revision)
        })
    }

    fn put_user(&self, expected: Revision, user: &UserSpec) -> Result<Revision, WriteError> {
        self.write(SAVE, |tx| {
            let revision = advance(tx, expected)?;
            update_user(tx, user)?;
            Ok(revision)
        })
    }

    fn dismiss(&self, expected: Revision, user: &UserSpec) -> Result<Dismissed, WriteError> {
        self.write("dismiss a user", |tx| {
            let revision = advance(tx, expected)?;
            update_user(tx, user)?;
            Ok(Dismissed {
                revision,
                password_voided: secrets::void(tx, &SecretOwner::User(user.login.clone()))?,
                registrations_dropped: registrations::drop_user(tx, user.login.as_str())?,
            })
        })
    }
}

fn revision(connection: &Connection) -> Result<Revision, StoreError> {
    connection
        .query_row("SELECT directory FROM revision", [], |row| row.get(0))
        .map(Revision)
        .during(LOAD)
}

fn advance(tx: &Transaction<'_>, expected: Revision) -> Result<Revision, WriteError> {
    if revision(tx)? != expected {
        return Err(WriteError::Conflict);
    }
    let next = Revision(expected.0 + 1);
    tx.execute("UPDATE revision SET directory = ?1", [next.0]).during(SAVE)?;
    Ok(next)
}

fn update_user(tx: &Transaction<'_>, user: &UserSpec) -> Result<(), WriteError> {
    let position: Option<i64> = tx
        .query_row("SELECT position FROM user WHERE login = ?1", [user.login.as_str()], |row| {
            row.get(0)
        })
        .optional()
        .during(SAVE)?;
    let position = match position {
        Some(position) => position,
        None => tx
            .query_row("SELECT coalesce(max(position), -1) + 1 FROM user", [], |row| row.get(0))
            .during(SAVE)?,
    };
    tx.execute("DELETE FROM user WHERE login = ?1", [user.login.as_str()]).during(SAVE)?;
    insert_user(tx, position, user)
}

fn insert_user(tx: &Transaction<'_>, position: i64, user: &UserSpec) -> Result<(), WriteError> {
    // Asked first, so that the error can name the holder; the unique index stands behind it.
    if let (true, Some(extension)) = (user.is_active(), user.extension)
        && let Some(holder) = holder(tx, extension)?
    {
        return Err(WriteError::ExtensionTaken { extension, holder });
    }
    let body = serde_json::to_string(user).during(SAVE)?;
    let extension = user.extension.map(|extension| extension.to_string());
    tx.prepare_cached(
        "INSERT INTO user (login, position, active, extension, body) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut insert| {
        insert.execute(params![user.login.as_str(), position, user.is_active(), extension, body])
    })
    .during(SAVE)?;
    Ok(())
}

fn holder(tx: &Transaction<'_>, extension: Extension) -> Result<Option<UserId>, StoreError> {
    let login: Option<String> = tx
        .prepare_cached("SELECT login FROM user WHERE active = 1 AND extension = ?1")
        .and_then(|mut query| query.query_row([extension.to_string()], |row| row.get(0)).optional())
        .during(SAVE)?;
    Ok(login.and_then(|login| UserId::new(&login).ok()))
}

/// Users and trunks that are gone from the directory keep neither password nor registration.
fn forget_strangers(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute_batch(
        "DELETE FROM registration WHERE login NOT IN (SELECT login FROM user WHERE active = 1);
         DELETE FROM secret WHERE owner NOT IN (
             SELECT 'user:' || login FROM user WHERE active = 1
             UNION ALL SELECT 'trunk:' || id FROM directory_part WHERE kind = 'trunks')",
    )
    .during(SAVE)
}

struct Part {
    kind: String,
    id: String,
    body: String,
}

/// Every field of the directory but the users: a list becomes a row an entry, anything else one row.
fn take_apart(spec: &DirectorySpec) -> Result<Vec<Part>, StoreError> {
    let without_users = DirectorySpec { users: Vec::new(), ..spec.clone() };
    let Value::Object(fields) = serde_json::to_value(&without_users).during(SAVE)? else {
        return Ok(Vec::new());
    };
    let mut parts = Vec::new();
    for (kind, value) in fields {
        match value {
            Value::Array(entries) => {
                for (index, entry) in entries.into_iter().enumerate() {
                    let id = match entry.get("id").and_then(Value::as_str) {
                        Some(id) => id.to_owned(),
                        None => format!("#{index}"),
                    };
                    parts.push(Part { kind: kind.clone(), id, body: entry.to_string() });
                }
            }
            single => parts.push(Part { kind, id: String::new(), body: single.to_string() }),
        }
    }
    Ok(parts)
}

fn parts(connection: &Connection) -> Result<Vec<Part>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT kind, id, body FROM directory_part ORDER BY position")
        .during(LOAD)?;
    let rows = query
        .query_map([], |row| Ok(Part { kind: row.get(0)?, id: row.get(1)?, body: row.get(2)? }))
        .during(LOAD)?;
    rows.collect::<Result<_, _>>().during(LOAD)
}

fn bodies(connection: &Connection, query: &str) -> Result<Vec<String>, StoreError> {
    let mut query = connection.prepare_cached(query).during(LOAD)?;
    let rows = query.query_map([], |row| row.get(0)).during(LOAD)?;
    rows.collect::<Result<_, _>>().during(LOAD)
}

fn assemble(users: Vec<String>, parts: Vec<Part>) -> Result<DirectorySpec, StoreError> {
    let mut singles = Map::new();
    let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for part in parts {
        let value: Value = serde_json::from_str(&part.body).during(LOAD)?;
        if part.id.is_empty() {
            singles.insert(part.kind, value);
        } else {
            lists.entry(part.kind).or_default().push(value);
        }
    }
    singles.extend(lists.into_iter().map(|(kind, entries)| (kind, Value::Array(entries))));
    let mut spec: DirectorySpec = serde_json::from_value(Value::Object(singles)).during(LOAD)?;
    spec.users = users
        .iter()
        .map(|body| serde_json::from_str(body).during(LOAD))
        .collect::<Result<_, StoreError>>()?;
    Ok(spec)
}
