//! What desk phones and providers use beside plain calls: lamps, reliable provisional responses,
//! session timers, offers in the 200.

use std::path::Path;

use super::company::{ANNA, BRUNO, CARLA, Line};
use super::sipp::Sipp;
use super::stage::{Stage, ms, s, talk};
use super::{ports, record};

pub(crate) fn lamp(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let server = stage.pbx.server();
    let args = ["-s", CARLA.login, "-au", CARLA.login, "-ap", CARLA.password, "-m", "1", &server];
    let watched = [("watched", BRUNO.extension)];
    let watcher = Sipp::start(dir, "watch", ports::block(2), &watched, &args)?;
    talk(ms(1_500));
    let vars = [("dialled", "*43"), ("hold_ms", "3000")];
    stage.sipp("call_user", BRUNO.login, BRUNO.password, ports::block(4), &vars, &[])?;
    watcher.finish(s(20))
}

pub(crate) fn text(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut bruno = stage.linphone(BRUNO)?;
    // Digest's URI is the Request-URI, which SIPp does not take by itself.
    let uri = format!("{}@{}", BRUNO.extension, stage.pbx.server());
    let vars = [("to", BRUNO.extension), ("text", "Lunch at noon?")];
    let more = ["-auth_uri", &uri];
    stage.sipp("write", ANNA.login, ANNA.password, ports::block(2), &vars, &more)?;
    // It comes from Anna as the PBX knows her, not as the sender called herself.
    bruno.wait_for(&format!("sip:{}@", ANNA.extension), "Lunch at noon?", s(5))
}

pub(crate) fn prack(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let port = ports::block(4);
    stage.sipp_registers(ANNA, port, 300)?;
    let phone = Sipp::start(dir, "answer_reliably", port, &[("ring_ms", "500")], &["-m", "1"])?;
    talk(ms(300));
    let vars = [("dialled", ANNA.extension), ("hold_ms", "1000")];
    stage.sipp("call_user", BRUNO.login, BRUNO.password, ports::block(4), &vars, &[])?;
    phone.finish(s(20))?;
    record::expect(&record::only(&stage.pbx)?, "cause", "normal")
}

pub(crate) fn session_timer(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let vars = [("dialled", "*43"), ("hold_ms", "1000")];
    let (user, password) = (BRUNO.login, BRUNO.password);
    stage.sipp("call_user_refreshes", user, password, ports::block(4), &vars, &[])?;
    record::expect(&record::only(&stage.pbx)?, "cause", "normal")
}

pub(crate) fn late_offer(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let vars = [("dialled", "*43"), ("hold_ms", "2000")];
    let (user, password) = (BRUNO.login, BRUNO.password);
    stage.sipp("call_user_late_offer", user, password, ports::block(4), &vars, &[])?;
    let call = record::only(&stage.pbx)?;
    record::expect(&call, "cause", "normal")?;
    super::stage::ensure(call["legs"][0]["codec"] == "PCMA", || format!("no audio: {call}"))
}
