//! What can go wrong between the store and its disk.

/// The database did not do what was asked: the environment's fault (disk, permissions, another program).
#[derive(Debug, thiserror::Error)]
#[error("the store could not {action}: {}", self.reason())]
pub struct StoreError {
    action: &'static str,
    #[source]
    kind: StoreErrorKind,
}

/// Why a [`StoreError`] came up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// SQLite's word on it.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A row holds what this version cannot read.
    #[error("a row cannot be read: {0}")]
    Row(#[from] serde_json::Error),
    /// The file was written by a newer version of this crate.
    #[error("the file has layout {found}, and this version knows layouts up to {known}")]
    Newer {
        /// The file's layout.
        found: u32,
        /// The newest layout known here.
        known: u32,
    },
    /// A secret does not open with the key file at hand.
    #[error("the password of {owner} was sealed with another key file")]
    Sealed {
        /// Whose secret it is.
        owner: String,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

impl StoreError {
    pub(crate) fn new(action: &'static str, kind: impl Into<StoreErrorKind>) -> Self {
        Self { action, kind: kind.into() }
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> &StoreErrorKind {
        &self.kind
    }

    fn reason(&self) -> String {
        use rusqlite::ErrorCode;
        match &self.kind {
            StoreErrorKind::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    "another program holds the database".to_owned()
                }
                Some(ErrorCode::ReadOnly) => "the database is read-only".to_owned(),
                Some(ErrorCode::NotADatabase) => "the file is not a database".to_owned(),
                _ => error.to_string(),
            },
            other => other.to_string(),
        }
    }
}

/// Shortens `map_err` where a row or statement fails.
pub(crate) trait While<T> {
    fn during(self, action: &'static str) -> Result<T, StoreError>;
}

impl<T, E: Into<StoreErrorKind>> While<T> for Result<T, E> {
    fn during(self, action: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::new(action, error))
    }
}
