//! Phones that register, and everybody else who tries.

use std::path::Path;
use std::process::Command;

use super::company::{ANNA, BRUNO, CARLA, Line};
use super::ports;
use super::sipp;
use super::stage::{Stage, ensure, s};

/// Whether `users --json` shows a phone of this user as connected (Angeschlossen, R12).
fn connected(stage: &Stage, login: &str) -> Result<bool, String> {
    let text = stage.pbx.command(&["users", "--json"])?;
    let users: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| format!("users --json: {e}: {text}"))?;
    let user = users
        .as_array()
        .and_then(|all| all.iter().find(|user| user["login"] == login))
        .ok_or_else(|| format!("users --json has no {login}: {text}"))?;
    user["connected"]
        .as_bool()
        .ok_or_else(|| format!("users --json says nothing of `connected`: {user}"))
}

pub(crate) fn register(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let port = ports::block(2);
    ensure(!connected(&stage, "anna")?, || "anna is connected before she registers".into())?;
    stage.sipp_registers(ANNA, port, 300)?;
    ensure(connected(&stage, "anna")?, || "anna is not connected".into())?;
    // Refresh, then un-register.
    stage.sipp_registers(ANNA, port, 300)?;
    stage.sipp_registers(ANNA, port, 0)?;
    ensure(!connected(&stage, "anna")?, || "anna is still connected".into())?;
    // Over TCP.
    stage
        .sipp(
            "register",
            BRUNO.login,
            BRUNO.password,
            ports::block(2),
            &[("expires", "300")],
            &["-t", "t1"],
        )
        .map(drop)
}

pub(crate) fn refused(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let refused = |user: &str, password: &str| {
        stage.sipp("register_refused", user, password, ports::block(2), &[("expires", "300")], &[])
    };
    let wrong = refused(ANNA.login, "wrong")?;
    let unknown = refused("nobody", "wrong")?;
    stage.pbx.command(&["dismiss", "carla"])?;
    let dismissed = refused(CARLA.login, CARLA.password)?;
    // Alike for all three: the same status lines and the same set of header names (h16).
    let shape = |messages: &str| -> Vec<String> {
        messages
            .split("UDP message received")
            .skip(1)
            .map(|message| {
                let message = message.split("-----").next().unwrap_or_default();
                let lines = message.lines().map(str::trim).filter(|l| {
                    l.starts_with("SIP/2.0") || (l.contains(':') && !l.starts_with('['))
                });
                lines
                    .map(|l| l.split(':').next().unwrap_or_default().to_owned())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect()
    };
    ensure(!shape(&wrong).is_empty(), || format!("no answers in:\n{wrong}"))?;
    ensure(shape(&wrong) == shape(&unknown), || {
        format!("an unknown user is told apart:\n{:?}\n{:?}", shape(&wrong), shape(&unknown))
    })?;
    ensure(shape(&wrong) == shape(&dismissed), || {
        format!("a dismissed user is told apart:\n{:?}\n{:?}", shape(&wrong), shape(&dismissed))
    })?;
    ensure(!connected(&stage, "anna")?, || "anna is connected after a wrong password".into())
}

pub(crate) fn strangers(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    // Every method is refused without credentials (h13).
    for method in
        ["INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER", "INFO", "NOTIFY", "UPDATE", "FOO"]
    {
        let messages = sipp::run(
            dir,
            "stranger",
            ports::block(2),
            &[("method", method)],
            &["-m", "1", "-s", "mallory", &stage.pbx.server()],
        )?;
        let refused = ["401", "403", "405", "481", "501"]
            .iter()
            .any(|code| messages.contains(&format!("SIP/2.0 {code}")));
        ensure(refused, || format!("{method} by a stranger is not refused:\n{messages}"))?;
        ensure(!messages.contains("SIP/2.0 2"), || format!("{method} by a stranger is accepted"))?;
    }
    // A tool that we did not write: sipsak asks with OPTIONS whether we are there.
    let status = Command::new("sipsak")
        .args(["-s", &format!("sip:ping@{}", stage.pbx.server())])
        .output()
        .map_err(|e| format!("sipsak: {e}"))?;
    // sipsak exits 0 on 200 and 1 on another answer; 2 and 3 mean that there was none.
    ensure(matches!(status.status.code(), Some(0 | 1)), || {
        format!("sipsak got no answer: {}", String::from_utf8_lossy(&status.stdout))
    })
}

pub(crate) fn restart(dir: &Path) -> Result<(), String> {
    let mut stage = Stage::new(dir, Line::default())?;
    let phone = stage.phone(ANNA)?;
    stage.pbx.interrupt()?;
    stage.pbx.run()?;
    ensure(connected(&stage, "anna")?, || "the registration is gone after a restart".into())?;
    // And it can be used: a call reaches the phone.
    let mut bruno = stage.phone(BRUNO)?;
    bruno.dial(&stage.at("101"))?;
    bruno.wait_for("CALL_ESTABLISHED", s(5))?;
    bruno.hang_up()?;
    stage.pbx.ended_calls(1)?;
    drop(phone);
    Ok(())
}
