//! Phones that register, and everybody else who tries.

use std::path::Path;
use std::process::Command;

use super::company::{ANNA, BRUNO, CARLA, Line};
use super::ports;
use super::sipp;
use super::stage::{Stage, ensure, s};

pub(crate) fn register(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let port = ports::block(2);
    ensure(!stage.connected("anna")?, || "anna is connected before she registers".into())?;
    stage.sipp_registers(ANNA, port, 300)?;
    ensure(stage.connected("anna")?, || "anna is not connected".into())?;
    // Refresh, then un-register.
    stage.sipp_registers(ANNA, port, 300)?;
    stage.sipp_registers(ANNA, port, 0)?;
    ensure(!stage.connected("anna")?, || "anna is still connected".into())?;
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
    ensure(!stage.connected("anna")?, || "anna is connected after a wrong password".into())
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
    let output = Command::new("sipsak")
        .args(["-vvv", "-s", &format!("sip:ping@{}", stage.pbx.server())])
        .output()
        .map_err(|e| format!("sipsak: {e}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure(said.contains("SIP/2.0 401 Unauthorized"), || format!("sipsak got no answer: {said}"))?;
    // With anna's password its digest is right.
    let output = Command::new("sipsak")
        .args([
            "-vvv",
            "-U",
            "-s",
            &stage.at(ANNA.login),
            "-a",
            ANNA.password,
            "-u",
            ANNA.login,
            "-x",
            "120",
        ])
        .output()
        .map_err(|e| format!("sipsak: {e}"))?;
    ensure(stage.connected(ANNA.login)?, || {
        format!("sipsak does not register: {}", String::from_utf8_lossy(&output.stdout))
    })
}

pub(crate) fn restart(dir: &Path) -> Result<(), String> {
    let mut stage = Stage::new(dir, Line::default())?;
    let phone = stage.phone(ANNA)?;
    stage.pbx.interrupt()?;
    stage.pbx.run()?;
    ensure(stage.connected("anna")?, || "the registration is gone after a restart".into())?;
    // And it can be used: a call reaches the phone.
    let mut bruno = stage.phone(BRUNO)?;
    bruno.dial(&stage.at("101"))?;
    bruno.wait_for("CALL_ESTABLISHED", s(5))?;
    bruno.hang_up()?;
    stage.pbx.ended_calls(1)?;
    drop(phone);
    Ok(())
}
