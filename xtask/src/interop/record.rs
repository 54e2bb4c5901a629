//! What the call record says.

use super::pbx::Pbx;

/// The record of the only call, once it is over.
pub(crate) fn only(pbx: &Pbx) -> Result<serde_json::Value, String> {
    pbx.ended_calls(1).map(|mut calls| calls.swap_remove(0))
}

/// The newest record, once every call is over.
pub(crate) fn newest_ended(pbx: &Pbx) -> Result<serde_json::Value, String> {
    let count = pbx.calls()?.len();
    pbx.ended_calls(count)?.into_iter().next().ok_or_else(|| "no call on record".to_owned())
}

/// Fails unless this field has this text.
pub(crate) fn expect(call: &serde_json::Value, field: &str, text: &str) -> Result<(), String> {
    if call[field] == text { Ok(()) } else { Err(format!("`{field}` is not `{text}` in {call}")) }
}

/// Fails unless this user answered.
pub(crate) fn answered_by(call: &serde_json::Value, login: &str) -> Result<(), String> {
    if call["to"]["user"] == login && !call["answered"].is_null() {
        Ok(())
    } else {
        Err(format!("not answered by {login}: {call}"))
    }
}

/// Fails unless these are the digits, stage by stage.
pub(crate) fn digits(call: &serde_json::Value, stages: &[&str]) -> Result<(), String> {
    let said: Vec<&str> =
        call["digits"].as_array().into_iter().flatten().filter_map(|d| d.as_str()).collect();
    if said == stages { Ok(()) } else { Err(format!("digits {said:?}, not {stages:?}, in {call}")) }
}
