#![doc = include_str!("../README.md")]

pub mod admin;
mod error;
mod password;
mod record;
mod registration;
mod seal;
mod sqlite;
mod time;
mod toml_file;
mod traits;

pub use error::{StoreError, StoreErrorKind};
pub use password::{Password, PasswordError};
pub use record::{CallKind, CallRecord, LegQuality, Party, Step};
pub use registration::Registration;
pub use seal::{KeyFileError, KeyFileErrorKind, SealKey};
pub use sqlite::SqliteStore;
pub use time::UnixMillis;
pub use toml_file::{DirectoryFile, Fault, TomlFaults, TomlReader};
pub use traits::{
    BatchStore, CallRecordStore, Change, DirectoryStore, Dismissed, ParseOwnerError,
    RegistrationStore, Revision, SecretOwner, SecretStore, WriteError,
};
