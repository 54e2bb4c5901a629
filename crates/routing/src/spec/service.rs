//! Service codes.

use serde::{Deserialize, Serialize};

use crate::id::{Prompt, Room};

/// A code that users dial and that is answered without ringing anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// The code: `*` or `#`, then 1 to 6 digits.
    pub code: String,
    /// What answers.
    pub service: ServiceKind,
}

/// A service that answers by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServiceKind {
    /// Returns the caller's audio.
    Echo,
    /// Plays a prompt over and over.
    PromptLoop(Prompt),
    /// A conference: everyone who dials a code of this room hears the others.
    Room(Room),
}
