//! What is wrong with a directory's data, and where.

use std::fmt;

use switchboard_dialstring::Extension;

/// Everything that is wrong with a [`DirectorySpec`](crate::DirectorySpec), in the order of the
/// data. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// The faults.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {kind}")]
pub struct Fault {
    pub(super) path: String,
    pub(super) kind: FaultKind,
}

impl Fault {
    /// Where: a path in the data, such as `lines[1].menu`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What.
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultKind {
    /// Two of a kind have the same identifier.
    #[error("{id} is already the identifier of {first}")]
    DuplicateId {
        /// The identifier.
        id: String,
        /// The path of the first.
        first: String,
    },
    /// Two active users or groups have the same extension.
    #[error("extension {extension} belongs to {holder} already")]
    DuplicateExtension {
        /// The extension.
        extension: Extension,
        /// Who has it.
        holder: String,
    },
    /// An extension that is an emergency or service number.
    #[error("{extension} is an emergency or service number here and always goes out")]
    ReservedExtension {
        /// The extension.
        extension: Extension,
    },
    /// A dismissed user still has an extension; it belongs in `former_extension`.
    #[error("a dismissed user has no extension; keep it as former_extension")]
    ExtensionOfDismissed,
    /// A name that nothing has.
    #[error("there is no {what} {id}")]
    Unknown {
        /// A user, a line, a menu, a queue, a group or a trunk.
        what: &'static str,
        /// The name.
        id: String,
    },
    /// Following these names leads back to the start.
    #[error("leads back to itself: {}", shortened(path))]
    Cycle {
        /// The names on the way, the first repeated at the end.
        path: Vec<String>,
    },
    /// A text that is not a number that can be dialled.
    #[error("{text:?} is not a number: {reason}")]
    Number {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two lines, or two contacts, have the same number.
    #[error("the number is already that of {first}")]
    DuplicateNumber {
        /// The path of the first.
        first: String,
    },
    /// A forwarding destination that nobody may call.
    #[error("{number} is barred")]
    Barred {
        /// The number.
        number: String,
    },
    /// A forwarding destination that the user whose rule it is may not call: a rule that leads outside needs the same
    /// right as dialling.
    #[error("{number} is beyond what the user may call (outside_calls)")]
    ClassOfService {
        /// The number.
        number: String,
    },
    /// `mobile` as a destination of a user without a mobile number, or where there is no user.
    #[error("there is no mobile number to forward to")]
    NoMobile,
    /// A key that a menu has twice.
    #[error("the menu has key {key} already")]
    DuplicateKey {
        /// The key.
        key: char,
    },
    /// A text that holds a control character, or is too long, or empty.
    #[error("{reason}")]
    Text {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value outside its range.
    #[error("{value} is not from {min} to {max}")]
    Range {
        /// The value.
        value: u64,
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// A service code that is not `*` or `#` with 1 to 6 digits.
    #[error("{code:?} is not a service code: '*' or '#', then 1 to 6 digits")]
    ServiceCode {
        /// The code.
        code: String,
    },
    /// A service code that exists already.
    #[error("the code is already that of {first}")]
    DuplicateCode {
        /// The path of the first.
        first: String,
    },
    /// A country that the numbering table does not have.
    #[error("no numbering is known for country {country:?}; wanted is an ISO 3166-1 code like DE")]
    Country {
        /// The code.
        country: String,
    },
    /// A registering trunk without a user name.
    #[error("a trunk that registers needs a user")]
    TrunkUser,
    /// A span that ends as it begins.
    #[error("the span ends as it begins; a whole day is 00:00 to 24:00")]
    Span,
    /// More of a kind than a directory may have.
    #[error("{count} are too many, at most {max}")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
}

/// The names of a circle, those in the middle of a long one left out.
fn shortened(path: &[String]) -> String {
    const SHOWN: usize = 8;
    const HEAD: usize = 4;
    const TAIL: usize = 2;
    if path.len() <= SHOWN {
        return path.join(" -> ");
    }
    let (head, tail) = (&path[..HEAD], &path[path.len() - TAIL..]);
    let left_out = path.len() - HEAD - TAIL;
    format!("{} -> ({left_out} more) -> {}", head.join(" -> "), tail.join(" -> "))
}
