//! What goes wrong: the program killed or stopped, phones that vanish, many callers at once.

use std::path::Path;

use super::company::{ANNA, BRUNO, Line};
use super::sipp;
use super::stage::{Stage, ensure, ms, s, talk};
use super::{ports, record};

pub(crate) fn killed(dir: &Path) -> Result<(), String> {
    let mut stage = Stage::new(dir, Line::default())?;
    // One call that is over, one that is running when the program is killed.
    let vars = [("dialled", "*43"), ("hold_ms", "500")];
    stage.sipp("call_user", BRUNO.login, BRUNO.password, ports::block(2), &vars, &[])?;
    record::only(&stage.pbx)?;
    let mut anna = stage.phone(ANNA)?;
    anna.dial(&stage.at("*60"))?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(1));
    stage.pbx.kill()?;
    stage.pbx.run()?;
    let calls = stage.pbx.ended_calls(2)?;
    record::expect(&calls[0], "cause", "lost")?;
    record::expect(&calls[1], "cause", "normal")
}

pub(crate) fn stopped(dir: &Path) -> Result<(), String> {
    let mut stage = Stage::new(dir, Line::default())?;
    let mut anna = stage.phone(ANNA)?;
    let mut bruno = stage.phone(BRUNO)?;
    anna.dial(&stage.at(BRUNO.extension))?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(1));
    // Ctrl-C: both phones are told with a BYE, and the record is written.
    stage.pbx.interrupt()?;
    anna.wait_for("CALL_CLOSED", s(5))?;
    bruno.wait_for("CALL_CLOSED", s(5))?;
    record::expect(&record::only(&stage.pbx)?, "cause", "shutdown")?;
    ensure(!stage.pbx.data.join("control.sock").exists(), || {
        "the control socket is left behind".into()
    })
}

pub(crate) fn phone_vanishes(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut anna = stage.phone(ANNA)?;
    let bruno = stage.phone(BRUNO)?;
    anna.dial(&stage.at(BRUNO.extension))?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(1));
    bruno.pull_the_plug();
    // The other is released, and the record says why.
    anna.wait_for("CALL_CLOSED", s(45))?;
    let call = record::only(&stage.pbx)?;
    ensure(call["cause"] == "media-lost" || call["cause"] == "peer-lost", || {
        format!("cause: {call}")
    })
}

pub(crate) fn fifty_at_once(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let vars = [("dialled", "*60"), ("hold_ms", "4000")];
    let args = ["-m", "150", "-l", "50", "-r", "25"];
    stage.sipp("call_user", ANNA.login, ANNA.password, ports::block(2), &vars, &args)?;
    let calls: serde_json::Value =
        serde_json::from_str(&stage.pbx.command(&["calls", "--json", "--limit", "1000"])?)
            .map_err(|e| format!("calls --json: {e}"))?;
    let calls = calls.as_array().ok_or("calls --json is no array")?;
    let normal = calls.iter().filter(|call| call["cause"] == "normal").count();
    ensure(calls.len() == 150 && normal == 150, || {
        format!("{} calls on record, {normal} of them normal; 150 were made", calls.len())
    })
}

pub(crate) fn fifty_callers(dir: &Path) -> Result<(), String> {
    // From outside, each to the welcome message, and each stays for four seconds.
    let stage = Stage::new(dir, Line::default())?;
    let server = stage.pbx.server();
    let vars = [("dialled", super::company::NUMBER), ("hold_ms", "4000")];
    let args = ["-m", "100", "-l", "50", "-r", "25", "-s", "+4989555123", &server];
    sipp::run(dir, "call_trunk", stage.outside, &vars, &args)?;
    let text = stage.pbx.command(&["calls", "--json", "--limit", "1000"])?;
    let calls: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| format!("calls: {e}"))?;
    let count = calls.as_array().map_or(0, Vec::len);
    ensure(count == 100, || format!("{count} calls on record; 100 were made"))
}

pub(crate) fn port_taken(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let program = super::pbx::program()?;
    let output = std::process::Command::new(program)
        .args(["serve", "--data"])
        .arg(dir.join("second"))
        .args(["--sip", &stage.pbx.server()])
        .output()
        .map_err(|e| format!("the PBX does not start: {e}"))?;
    talk(ms(100));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure(!output.status.success(), || "a taken port is no error".into())?;
    ensure(said.contains("--sip"), || format!("it does not name the option: {said}"))
}
