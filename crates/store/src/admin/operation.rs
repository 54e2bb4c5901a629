//! Every operation as a value: what a command line, a socket or a page sends, and what comes back.

use serde::{Deserialize, Serialize};
use switchboard_dialstring::Extension;
use switchboard_routing::UserId;
use switchboard_routing::admin::{
    Actor, DismissError, ExtensionBack, HandOverError, RehireError, SetExtensionError,
    StaleReference,
};

use super::{
    Admin, ChangeError, DismissalReport, ImportError, ImportReport, SetPasswordError, UserRow,
};
use crate::error::StoreError;
use crate::record::CallRecord;
use crate::time::UnixMillis;

/// An operation. `by` is the employee who acts; without one it is the administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Operation {
    /// [`Admin::users`].
    Users,
    /// [`Admin::set_extension`].
    SetExtension {
        /// Whose.
        user: UserId,
        /// Which; none takes it away.
        extension: Option<Extension>,
        /// Who acts.
        by: Option<UserId>,
    },
    /// [`Admin::set_password`].
    SetPassword {
        /// Whose.
        user: UserId,
        /// Which; none has the machine make one.
        password: Option<String>,
        /// Who acts.
        by: Option<UserId>,
    },
    /// [`Admin::dismiss`].
    Dismiss {
        /// Whom.
        user: UserId,
        /// Who acts.
        by: Option<UserId>,
    },
    /// [`Admin::rehire`].
    Rehire {
        /// Whom.
        user: UserId,
        /// Who acts.
        by: Option<UserId>,
    },
    /// [`Admin::assign`].
    Assign {
        /// Who is named now.
        from: UserId,
        /// Who is named then.
        to: UserId,
        /// Who acts.
        by: Option<UserId>,
    },
    /// [`Admin::import`].
    Import {
        /// The file's text.
        toml: String,
    },
    /// [`Admin::export`].
    Export,
    /// The last calls.
    Calls {
        /// At most so many.
        limit: usize,
    },
}

/// What an operation answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Answer {
    /// The users.
    Users {
        /// In the order of the directory.
        users: Vec<UserRow>,
    },
    /// An extension was set or taken away.
    Extension {
        /// Whose.
        user: UserId,
        /// Before.
        before: Option<Extension>,
        /// Now.
        now: Option<Extension>,
    },
    /// A password was changed.
    Password {
        /// Whose.
        user: UserId,
        /// The new one.
        password: String,
    },
    /// A user was dismissed.
    Dismissed {
        /// What that did.
        report: DismissalReport,
    },
    /// A user came back.
    Rehired {
        /// Who.
        user: UserId,
        /// The extension that the user has again.
        extension: Option<Extension>,
        /// The old extension and who has it now, where it is not free.
        taken: Option<(Extension, String)>,
        /// The new password.
        password: String,
    },
    /// Somebody took over.
    Assigned {
        /// The places that were changed.
        changed: Vec<StaleReference>,
    },
    /// The directory was replaced.
    Imported {
        /// What that did.
        report: ImportReport,
    },
    /// The directory.
    Exported {
        /// As a file.
        toml: String,
    },
    /// The last calls.
    Calls {
        /// The newest first.
        calls: Vec<CallRecord>,
    },
}

/// An operation was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// See [`Admin::set_extension`].
    #[error(transparent)]
    SetExtension(#[from] ChangeError<SetExtensionError>),
    /// See [`Admin::set_password`].
    #[error(transparent)]
    SetPassword(#[from] SetPasswordError),
    /// See [`Admin::dismiss`].
    #[error(transparent)]
    Dismiss(#[from] ChangeError<DismissError>),
    /// See [`Admin::rehire`].
    #[error(transparent)]
    Rehire(#[from] ChangeError<RehireError>),
    /// See [`Admin::assign`].
    #[error(transparent)]
    Assign(#[from] ChangeError<HandOverError>),
    /// See [`Admin::import`].
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The directory cannot be written as TOML.
    #[error("the directory cannot be written as TOML: {0}")]
    Export(#[from] toml::ser::Error),
    /// The environment's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operation {
    /// Whether the operation can change the directory or a password: a running PBX reads both anew.
    #[must_use]
    pub fn changes(&self) -> bool {
        !matches!(self, Self::Users | Self::Export | Self::Calls { .. })
    }
}

impl Admin {
    /// Does an operation.
    ///
    /// # Errors
    /// Why it was not done; nothing changed then.
    pub fn run(&self, operation: Operation, now: UnixMillis) -> Result<Answer, OperationError> {
        Ok(match operation {
            Operation::Users => Answer::Users { users: self.users(now)? },
            Operation::SetExtension { user, extension, by } => {
                let assigned = self.set_extension(&actor(by), &user, extension)?;
                Answer::Extension { user, before: assigned.before, now: assigned.now }
            }
            Operation::SetPassword { user, password, by } => {
                let password = self.set_password(&actor(by), &user, password.as_deref(), now)?;
                Answer::Password { user, password: password.reveal().to_owned() }
            }
            Operation::Dismiss { user, by } => {
                Answer::Dismissed { report: self.dismiss(&actor(by), &user)? }
            }
            Operation::Rehire { user, by } => {
                let (rehired, password) = self.rehire(&actor(by), &user, now)?;
                let (extension, taken) = match rehired.extension {
                    ExtensionBack::Restored(extension) => (Some(extension), None),
                    ExtensionBack::Taken { extension, holder } => {
                        (None, Some((extension, holder.to_string())))
                    }
                    _ => (None, None),
                };
                let password = password.reveal().to_owned();
                Answer::Rehired { user, extension, taken, password }
            }
            Operation::Assign { from, to, by } => {
                Answer::Assigned { changed: self.assign(&actor(by), &from, &to, now)? }
            }
            Operation::Import { toml } => Answer::Imported { report: self.import(&toml, now)? },
            Operation::Export => Answer::Exported { toml: self.export()?.to_toml()? },
            Operation::Calls { limit } => Answer::Calls { calls: self.store.recent_calls(limit)? },
        })
    }
}

fn actor(by: Option<UserId>) -> Actor {
    by.map_or(Actor::Administrator, Actor::User)
}
