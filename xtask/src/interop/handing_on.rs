//! A call in progress: handed on (R17), held, resumed; its people dismissed (R13 to R15).

use std::path::Path;

use super::company::{ANNA, BRUNO, CARLA, Line, NUMBER};
use super::stage::{OUTSIDE_TONE, Stage, ensure, ms, s, talk, tone};
use super::{ports, record};

/// Somebody from outside talks to anna.
fn outside_talks_to_anna(
    stage: &Stage,
) -> Result<(super::baresip::Phone, super::baresip::Phone), String> {
    let mut anna = stage.phone(ANNA)?;
    let mut caller = stage.outside("+4989555123")?;
    caller.dial(&stage.at(NUMBER))?;
    caller.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(1));
    caller.press(ANNA.extension)?;
    anna.wait_for("CALL_ESTABLISHED", s(6))?;
    talk(s(1));
    Ok((caller, anna))
}

pub(crate) fn blind_transfer(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut bruno = stage.phone(BRUNO)?;
    let (caller, mut anna) = outside_talks_to_anna(&stage)?;
    anna.command("transfer", &stage.at(BRUNO.extension))?;
    bruno.wait_for("CALL_ESTABLISHED", s(8))?;
    anna.wait_for("CALL_CLOSED", s(8))?;
    caller_talks_to_bruno(&stage, caller, bruno)
}

/// The caller was handed on from anna to bruno, and hangs up after a while.
fn caller_talks_to_bruno(
    stage: &Stage,
    mut caller: super::baresip::Phone,
    mut bruno: super::baresip::Phone,
) -> Result<(), String> {
    talk(s(3));
    caller.hang_up()?;
    bruno.wait_for("CALL_CLOSED", s(5))?;
    // Still one call, and still the external call that it was.
    let call = record::only(&stage.pbx)?;
    record::expect(&call, "kind", "inbound")?;
    record::expect(&call, "cause", "normal")?;
    bruno.heard()?.expect_tone("bruno", OUTSIDE_TONE, s(2))?;
    let heard = caller.heard()?;
    heard.expect_tone("the caller, before,", tone(ANNA), ms(500))?;
    heard.expect_tone("the caller, after,", tone(BRUNO), s(2))
}

/// Somebody from outside talks to anna, whose phone is a linphone.
fn outside_talks_to_linphone(
    stage: &Stage,
) -> Result<(super::baresip::Phone, super::linphone::Linphone), String> {
    let mut caller = stage.outside("+4989555123")?;
    let mut anna = stage.linphone(ANNA)?;
    anna.line("autoanswer enable")?;
    caller.dial(&stage.at(NUMBER))?;
    caller.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(1));
    caller.press(ANNA.extension)?;
    anna.wait_for("Call", "connected", s(8))?;
    talk(s(2));
    Ok((caller, anna))
}

pub(crate) fn blind_transfer_by_linphone(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut bruno = stage.phone(BRUNO)?;
    let (caller, mut anna) = outside_talks_to_linphone(&stage)?;
    anna.line(&format!("transfer {}", stage.at(BRUNO.extension)))?;
    bruno.wait_for("CALL_ESTABLISHED", s(8))?;
    caller_talks_to_bruno(&stage, caller, bruno)
}

/// She asks bruno first: a REFER with Replaces joins the caller with the call to him.
pub(crate) fn attended_transfer(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut bruno = stage.phone(BRUNO)?;
    let (mut caller, mut anna) = outside_talks_to_linphone(&stage)?;
    anna.line("pause")?;
    anna.wait_for("is now paused", "", s(5))?;
    anna.line(&format!("call {}", stage.at(BRUNO.extension)))?;
    bruno.wait_for("CALL_ESTABLISHED", s(8))?;
    talk(s(2));
    anna.line("transfer 1 --to-call 2")?;
    talk(s(4));
    ensure(!bruno.has_seen("CALL_CLOSED")?, || "bruno's call was cut".into())?;
    caller.hang_up()?;
    bruno.wait_for("CALL_CLOSED", s(5))?;
    // The call from outside stays what it was; asking was a call between colleagues.
    let calls = stage.pbx.ended_calls(2)?;
    let inbound = calls.iter().find(|call| call["kind"] == "inbound");
    record::expect(inbound.ok_or("the call from outside is not on record")?, "cause", "normal")?;
    ensure(calls.iter().any(|call| call["kind"] == "internal"), || format!("{calls:?}"))?;
    let heard = bruno.heard()?;
    heard.expect_tone("bruno, asked,", tone(ANNA), s(1))?;
    heard.expect_tone("bruno, after,", OUTSIDE_TONE, s(2))?;
    caller.heard()?.expect_tone("the caller, after,", tone(BRUNO), s(2))
}

pub(crate) fn hold(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut anna = stage.phone(ANNA)?;
    let mut bruno = stage.phone(BRUNO)?;
    anna.dial(&stage.at(BRUNO.extension))?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(2));
    anna.command("hold", "")?;
    talk(s(4));
    anna.command("resume", "")?;
    talk(s(3));
    anna.hang_up()?;
    bruno.wait_for("CALL_CLOSED", s(5))?;
    record::expect(&record::only(&stage.pbx)?, "cause", "normal")?;
    // Bruno hears anna, then not her but music, then anna again.
    let heard = bruno.heard()?;
    heard.part(s(0), s(2)).expect_tone("bruno, before the hold,", tone(ANNA), s(1))?;
    let held = heard.part(ms(3000), ms(5500));
    held.expect_no_tone("bruno, held,", tone(ANNA), ms(300))?;
    ensure(held.sound() > ms(500), || format!("on hold bruno heard only {:?}", held.sound()))?;
    let end = heard.length();
    heard.part(end.saturating_sub(s(3)), end).expect_tone(
        "bruno, after the hold,",
        tone(ANNA),
        s(1),
    )
}

pub(crate) fn dismissed_while_registered(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let _carla = stage.phone(CARLA)?;
    // The queue still names her: the report says so (R16).
    let report = stage.pbx.command(&["dismiss", "carla"])?;
    ensure(report.contains("sales"), || format!("the report does not name the queue:\n{report}"))?;
    // R15: no call reaches her; R13: her phone is refused at once.
    let vars = [("dialled", CARLA.extension), ("code", "404")];
    stage.sipp("call_user_refused", ANNA.login, ANNA.password, ports::block(2), &vars, &[])?;
    let expires = [("expires", "300")];
    stage.sipp("register_refused", CARLA.login, CARLA.password, ports::block(2), &expires, &[])?;
    // R14: her extension goes to somebody else in the same minute, who is reached by it.
    stage.pbx.command(&["set-extension", "bruno", CARLA.extension])?;
    let mut bruno = stage.phone(BRUNO)?;
    let vars = [("dialled", CARLA.extension), ("hold_ms", "500")];
    stage.sipp("call_user", ANNA.login, ANNA.password, ports::block(2), &vars, &[])?;
    bruno.wait_for("CALL_CLOSED", s(5))?;
    record::answered_by(&record::newest_ended(&stage.pbx)?, "bruno")
}

pub(crate) fn dismissed_in_a_call(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let (mut caller, mut anna) = outside_talks_to_anna(&stage)?;
    stage.pbx.command(&["dismiss", "anna"])?;
    // By default the call in progress goes on.
    talk(s(2));
    ensure(!caller.has_seen("CALL_CLOSED")?, || "the call in progress was cut".into())?;
    caller.hang_up()?;
    anna.wait_for("CALL_CLOSED", s(5))?;
    record::expect(&record::only(&stage.pbx)?, "cause", "normal")?;
    // The next one does not reach her.
    caller.forget()?;
    caller.dial(&stage.at(NUMBER))?;
    caller.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(1));
    caller.press(ANNA.extension)?;
    talk(s(4));
    caller.hang_up()?;
    let call = record::newest_ended(&stage.pbx)?;
    ensure(call["answered"].is_null(), || format!("a dismissed employee was reached: {call}"))
}
