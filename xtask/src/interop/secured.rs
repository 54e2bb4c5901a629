//! Encrypted audio (SRTP with keys in the description) with baresip.

use std::path::Path;

use super::company::{ANNA, BRUNO, Line};
use super::stage::{Stage, converse, ensure, s};

/// Keys over UDP: what the setting for tests allows.
fn settings(mode: &str) -> String {
    format!("[rtp]\nsrtp = \"{mode}\"\nsrtp_keys_in_clear = true\n")
}

/// Anna encrypts and nothing else will do for her; Bruno first does not, then does where it is offered, then insists:
/// baresip refuses keys in plain RTP's profile then, and is called again with RTP/SAVP.
pub(crate) fn srtp(dir: &Path) -> Result<(), String> {
    for (name, bruno) in
        [("plain", ""), ("both", ";mediaenc=srtp"), ("insists", ";mediaenc=srtp-mand")]
    {
        let dir = dir.join(name);
        let stage = Stage::with(&dir, Line::default(), &settings("allowed"))?;
        let anna = stage.phone_with(ANNA, true, ";mediaenc=srtp-mand")?;
        let bruno = stage.phone_with(BRUNO, true, bruno)?;
        let call = converse(&stage, anna, bruno, s(4))?;
        ensure(call["legs"][0]["lost"] == 0, || format!("loss on loopback: {call}"))?;
    }
    Ok(())
}

pub(crate) fn required(dir: &Path) -> Result<(), String> {
    let stage = Stage::with(dir, Line::default(), &settings("required"))?;
    let mut anna = stage.phone(ANNA)?;
    let _bruno = stage.phone_with(BRUNO, true, ";mediaenc=srtp-mand")?;
    anna.dial(&stage.at(BRUNO.extension))?;
    anna.wait_for("CALL_CLOSED", s(5))?;
    ensure(anna.log().contains("488"), || format!("anna is not refused: {}", anna.log()))
}
