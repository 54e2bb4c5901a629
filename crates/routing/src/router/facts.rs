//! What a call is, for its record.

use serde::{Deserialize, Serialize};

use crate::id::LineId;

/// What a call is. An internal call is free and not recorded: there is no way to say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Facts {
    /// Caller and callee are both users here.
    Internal {
        /// The caller's line, whose extension processing governed the call.
        line: Option<LineId>,
    },
    /// One side is outside.
    External {
        /// The line called, or taken to the outside.
        line: Option<LineId>,
        /// Whether the line records.
        recorded: bool,
    },
}

impl Facts {
    /// Whether caller and callee are both users here.
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::Internal { .. })
    }

    /// Whether the call costs nothing.
    pub fn is_free(&self) -> bool {
        self.is_internal()
    }

    /// Whether the call is to be recorded.
    pub fn is_recorded(&self) -> bool {
        matches!(self, Self::External { recorded: true, .. })
    }

    /// The line that governs the call.
    pub fn line(&self) -> Option<&LineId> {
        match self {
            Self::Internal { line } | Self::External { line, .. } => line.as_ref(),
        }
    }
}
