//! Numbering: which country's numbers are dialled here.

use serde::{Deserialize, Serialize};

/// Numbering settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NumberingSpec {
    /// ISO 3166-1 alpha-2 code in capitals; decides emergency and service numbers and prefixes.
    pub country: String,
    /// Further emergency numbers beside the country's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emergency: Vec<String>,
    /// Beginnings of numbers that nobody may call, digits or `+` and digits (`0900`, `+49900`). One
    /// counts however the number is dialled: `+49 900`, `0049 900`, and `+49 0900`, which carriers
    /// take. A prefix that chooses a carrier (`010` in Germany) is barred by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub barred: Vec<String>,
}

impl Default for NumberingSpec {
    fn default() -> Self {
        Self { country: "DE".into(), emergency: Vec::new(), barred: Vec::new() }
    }
}
