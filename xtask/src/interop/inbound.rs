//! Callers from outside: welcome message, extension, voice menu (R4 to R7).

use std::path::Path;

use super::audio::Heard;
use super::baresip::Phone;
use super::company::{ANNA, BRUNO, CARLA, Employee, Line, NUMBER};
use super::stage::{OUTSIDE_TONE, Stage, ensure, ms, s, talk, tone};
use super::{record, sipp};

/// The outside caller's own number.
const CALLER: &str = "+4989555123";

/// Length of the welcome message, and a little.
const WELCOME: std::time::Duration = ms(10_600);

/// The caller dials the line and is connected with the PBX.
fn dial_in(stage: &Stage) -> Result<Phone, String> {
    let mut caller = stage.outside(CALLER)?;
    caller.dial(&stage.at(NUMBER))?;
    caller.wait_for("CALL_ESTABLISHED", s(5))?;
    Ok(caller)
}

/// The caller and the employee talk for a while, the caller hangs up, and both have heard the other.
fn talk_and_check(
    stage: &Stage,
    mut caller: Phone,
    mut phone: Phone,
    employee: Employee,
    digits: &[&str],
) -> Result<Heard, String> {
    phone.wait_for("CALL_ESTABLISHED", s(8))?;
    talk(s(3));
    caller.hang_up()?;
    phone.wait_for("CALL_CLOSED", s(5))?;
    let call = record::only(&stage.pbx)?;
    record::expect(&call, "kind", "inbound")?;
    record::expect(&call, "cause", "normal")?;
    record::expect(&call, "line", "main")?;
    record::answered_by(&call, employee.login)?;
    record::digits(&call, digits)?;
    let heard = caller.heard()?;
    heard.expect_tone("the caller", tone(employee), s(2))?;
    phone.heard()?.expect_tone(employee.login, OUTSIDE_TONE, s(2))?;
    Ok(heard)
}

pub(crate) fn during_welcome(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let anna = stage.phone(ANNA)?;
    let mut caller = dial_in(&stage)?;
    talk(s(2));
    caller.press(ANNA.extension)?;
    let heard = talk_and_check(&stage, caller, anna, ANNA, &["101"])?;
    // The welcome was heard, and it stopped at the first digit: anna's tone came long before its end.
    let welcome = heard.part(s(0), s(2));
    ensure(welcome.sound() > s(1), || {
        format!("of the welcome only {:?} was heard", welcome.sound())
    })?;
    heard.part(s(3), s(6)).expect_tone("the caller, within the welcome's length,", tone(ANNA), s(1))
}

pub(crate) fn after_welcome(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let anna = stage.phone(ANNA)?;
    let mut caller = dial_in(&stage)?;
    talk(WELCOME);
    caller.press(ANNA.extension)?;
    talk_and_check(&stage, caller, anna, ANNA, &["101"]).map(drop)
}

pub(crate) fn by_info(dir: &Path) -> Result<(), String> {
    info(dir, "digits_by_info", &[])
}

/// Each INFO comes twice, as after a lost answer, and counts once (h35).
pub(crate) fn by_info_twice(dir: &Path) -> Result<(), String> {
    info(dir, "digits_by_info_twice", &["-nr"])
}

fn info(dir: &Path, scenario: &str, more: &[&str]) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut anna = stage.phone(ANNA)?;
    let server = stage.pbx.server();
    let vars = [("dialled", NUMBER)];
    let args = [&["-m", "1", "-s", CALLER][..], more, &[&server]].concat();
    sipp::run(dir, scenario, stage.outside, &vars, &args)?;
    anna.wait_for("CALL_CLOSED", s(5))?;
    let call = record::only(&stage.pbx)?;
    record::answered_by(&call, "anna")?;
    record::digits(&call, &["101"])
}

/// A generator of others plays recorded telephone-events: durations in steps of 320 per 20 ms.
pub(crate) fn by_recorded_events(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut anna = stage.phone(ANNA)?;
    let server = stage.pbx.server();
    let vars = [("dialled", NUMBER)];
    let args = ["-m", "1", "-s", CALLER, &server];
    sipp::run(dir, "digits_by_pcap", stage.outside, &vars, &args)?;
    anna.wait_for("CALL_CLOSED", s(5))?;
    let call = record::only(&stage.pbx)?;
    record::answered_by(&call, "anna")?;
    record::digits(&call, &["101"])
}

pub(crate) fn unknown_then_menu(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let bruno = stage.phone(BRUNO)?;
    let mut caller = dial_in(&stage)?;
    for _ in 0..3 {
        talk(s(1));
        caller.press("777")?;
        // "Nobody has this extension" is said; the next try may interrupt it.
        talk(ms(5500));
    }
    // Three times unknown: now the menu.
    caller.press("2")?;
    talk_and_check(&stage, caller, bruno, BRUNO, &["777", "777", "777", "2"]).map(drop)
}

pub(crate) fn silent_then_menu(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let bruno = stage.phone(BRUNO)?;
    let mut caller = dial_in(&stage)?;
    // No digit for the whole welcome and the wait after it: on to the menu without complaint.
    talk(WELCOME + ms(2500));
    caller.press("2")?;
    talk_and_check(&stage, caller, bruno, BRUNO, &["2"]).map(drop)
}

/// A line that is recorded: who said what, each on a channel of their own.
pub(crate) fn recorded(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line { recorded: true, ..Line::default() })?;
    let anna = stage.phone(ANNA)?;
    let mut caller = dial_in(&stage)?;
    talk(s(1));
    caller.press(ANNA.extension)?;
    talk_and_check(&stage, caller, anna, ANNA, &["101"])?;
    let call = record::only(&stage.pbx)?;
    ensure(call["recorded"] == true, || format!("the record does not say so: {call}"))?;
    let folder = stage.pbx.data.join("recordings");
    let files = || std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let tape = files().next().ok_or("there is no recording")?.path();
    ensure(files().count() == 1, || "one call left more than one recording".into())?;
    let [left, right] = Heard::both(&tape)?;
    left.expect_tone("the left channel", OUTSIDE_TONE, s(2))?;
    left.expect_no_tone("the left channel", tone(ANNA), ms(100))?;
    right.expect_tone("the right channel", tone(ANNA), s(2))?;
    right.expect_no_tone("the right channel", OUTSIDE_TONE, ms(100))
}

/// A line that goes straight to its menu.
const MENU_ONLY: Line =
    Line { extension_processing: true, welcome: false, menu: true, recorded: false };

pub(crate) fn menu_user(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, MENU_ONLY)?;
    let bruno = stage.phone(BRUNO)?;
    let mut caller = dial_in(&stage)?;
    talk(s(1));
    caller.press("2")?;
    talk_and_check(&stage, caller, bruno, BRUNO, &["2"]).map(drop)
}

pub(crate) fn menu_queue(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, MENU_ONLY)?;
    let carla = stage.phone(CARLA)?;
    let mut caller = dial_in(&stage)?;
    talk(s(1));
    caller.press("3")?;
    // bruno, the other member, has no phone: carla's rings all the same.
    talk_and_check(&stage, caller, carla, CARLA, &["3"]).map(drop)
}

pub(crate) fn menu_submenu_and_repeat(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, MENU_ONLY)?;
    let anna = stage.phone(ANNA)?;
    let mut caller = dial_in(&stage)?;
    talk(s(1));
    for keys in ["8", "4", "8"] {
        caller.press(keys)?;
        talk(s(1));
    }
    caller.press("1")?;
    talk_and_check(&stage, caller, anna, ANNA, &["8", "4", "8", "1"]).map(drop)
}

pub(crate) fn menu_extension(dir: &Path) -> Result<(), String> {
    // Direct dialling of an extension within the menu (R7).
    let stage = Stage::new(dir, MENU_ONLY)?;
    let carla = stage.phone(CARLA)?;
    let mut caller = dial_in(&stage)?;
    talk(s(1));
    caller.press(CARLA.extension)?;
    talk_and_check(&stage, caller, carla, CARLA, &["103"]).map(drop)
}

pub(crate) fn menu_hang_up(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, MENU_ONLY)?;
    let mut caller = dial_in(&stage)?;
    talk(s(1));
    caller.press("9")?;
    caller.wait_for("CALL_CLOSED", s(8))?;
    let call = record::only(&stage.pbx)?;
    record::digits(&call, &["9"])?;
    ensure(call["to"].is_null() || call["answered"].is_null(), || {
        format!("nobody was called: {call}")
    })
}

pub(crate) fn nobody_available(dir: &Path) -> Result<(), String> {
    // Nobody has a phone: the caller is told so, and the call ends by itself.
    let stage = Stage::new(dir, MENU_ONLY)?;
    let mut caller = dial_in(&stage)?;
    talk(s(1));
    caller.press("2")?;
    caller.wait_for("CALL_CLOSED", s(20))?;
    let call = record::only(&stage.pbx)?;
    ensure(call["cause"] != "normal", || format!("nobody answered: {call}"))?;
    ensure(call["answered"].is_null(), || format!("nobody answered: {call}"))?;
    let sound = caller.heard()?.sound();
    ensure(sound > s(3), || format!("the caller heard something for {sound:?} only"))
}

/// R4 to R7 for every combination: what 101 does when it is dialled at once.
pub(crate) fn table(dir: &Path) -> Result<(), String> {
    for index in 0..8 {
        let line = Line {
            extension_processing: index & 1 != 0,
            welcome: index & 2 != 0,
            menu: index & 4 != 0,
            recorded: false,
        };
        // An extension counts only where it is processed (R4) and only after the welcome message or
        // within the menu (R5, R7).
        let reached = line.extension_processing && (line.welcome || line.menu);
        row(&dir.join(format!("row-{index}")), line, reached).map_err(|why| {
            format!(
                "extension processing {}, welcome {}, menu {}: {why}",
                line.extension_processing, line.welcome, line.menu
            )
        })?;
    }
    Ok(())
}

fn row(dir: &Path, line: Line, reached: bool) -> Result<(), String> {
    std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let stage = Stage::new(dir, line)?;
    let mut anna = stage.phone(ANNA)?;
    let mut caller = stage.outside(CALLER)?;
    caller.dial(&stage.at(NUMBER))?;
    // Without welcome and menu the line has nobody to ring: the call ends by itself.
    if line.welcome || line.menu {
        caller.wait_for("CALL_ESTABLISHED", s(5))?;
        talk(ms(800));
        caller.press(ANNA.extension)?;
        if reached {
            anna.wait_for("CALL_ESTABLISHED", s(6))?;
        } else {
            talk(s(3));
        }
        caller.hang_up()?;
    } else {
        caller.wait_for("CALL_CLOSED", s(15))?;
    }
    let call = record::only(&stage.pbx)?;
    ensure(reached || !anna.has_seen("CALL_INCOMING")?, || "anna's phone rang".into())?;
    if reached {
        record::answered_by(&call, "anna")
    } else {
        ensure(call["answered"].is_null(), || format!("somebody was reached: {call}"))
    }
}
