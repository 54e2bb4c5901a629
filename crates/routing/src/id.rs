//! The names by which users, lines, menus, queues, groups and trunks are known.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest identifier, in octets.
pub const MAX_ID_LEN: usize = 32;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// No symbols at all.
    #[error("an identifier has at least one symbol")]
    Empty,
    /// More than [`MAX_ID_LEN`] octets.
    #[error("an identifier has at most {MAX_ID_LEN} symbols, this one has {0}")]
    TooLong(usize),
    /// A symbol outside `a-z`, `0-9`, `.`, `_`, `-`.
    #[error("{symbol:?} at offset {offset}: an identifier is made of a-z, 0-9, '.', '_' and '-'")]
    Symbol {
        /// The symbol that does not belong.
        symbol: char,
        /// Where it stands, in octets.
        offset: usize,
    },
}

/// Checks `text` against `[a-z0-9._-]{1,32}`.
fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    for (offset, symbol) in text.char_indices() {
        if !matches!(symbol, 'a'..='z' | '0'..='9' | '.' | '_' | '-') {
            return Err(IdError::Symbol { symbol, offset });
        }
    }
    if text.len() > MAX_ID_LEN {
        return Err(IdError::TooLong(text.len()));
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Text of 1 to 32 symbols `a-z`, `0-9`, `.`, `_`, `-`; cheap to clone; stable across
        /// snapshots of the directory.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and takes the text.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

id! {
    /// A telephone user, by login. The login is also the SIP user name of the user's phones.
    UserId
}
id! {
    /// A line: a number that customers call.
    LineId
}
id! {
    /// A voice menu.
    MenuId
}
id! {
    /// A queue.
    QueueId
}
id! {
    /// A pickup group; with an extension it rings its members together.
    GroupId
}
id! {
    /// A trunk: the way to and from the outside.
    TrunkId
}
id! {
    /// A prompt. What is played for the name, in which language, is the media side's business.
    Prompt
}

id! {
    /// Names a room in which callers meet.
    Room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_a_slug() {
        for good in ["a", "anna", "anna.b-c_9", &"x".repeat(32)] {
            assert_eq!(UserId::new(good).unwrap().as_str(), good);
        }
        assert_eq!(UserId::new(""), Err(IdError::Empty));
        assert_eq!(UserId::new(&"x".repeat(33)), Err(IdError::TooLong(33)));
        for (bad, offset) in
            [("Anna", 0), ("a b", 1), ("../x/", 2), ("a\r\n", 1), ("a\0", 1), ("ä", 0)]
        {
            match UserId::new(bad) {
                Err(IdError::Symbol { offset: found, .. }) => assert_eq!(found, offset, "{bad:?}"),
                other => panic!("{bad:?}: {other:?}"),
            }
        }
    }
}
