//! Employees call each other (R9 to R11), and the services.

use std::path::Path;

use super::company::{ANNA, BRUNO, CARLA, Line};
use super::sipp::Sipp;
use super::stage::{Stage, converse, ensure, ms, s, talk, tone};
use super::{ports, record};

pub(crate) fn echo(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut anna = stage.phone(ANNA)?;
    anna.dial(&stage.at("*43"))?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    // It says what it is (7.3 s), then returns what the caller says.
    talk(s(12));
    anna.hang_up()?;
    let call = record::only(&stage.pbx)?;
    record::expect(&call, "kind", "service")?;
    record::expect(&call, "cause", "normal")?;
    let heard = anna.heard()?;
    let start = heard.part(s(0), s(6));
    ensure(start.sound() > s(3), || format!("the echo test said only {:?}", start.sound()))?;
    start.expect_no_tone("anna", 1000, ms(500))?;
    heard.expect_tone("anna", 1000, s(3))
}

pub(crate) fn prompt_loop(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut anna = stage.phone(ANNA)?;
    anna.dial(&stage.at("*60"))?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    // The loop is 9.5 s long: after 14 it has begun again.
    talk(s(14));
    anna.hang_up()?;
    record::expect(&record::only(&stage.pbx)?, "kind", "service")?;
    let heard = anna.heard()?;
    let late = heard.part(s(10), s(14));
    ensure(late.sound() > s(1), || {
        format!("no sound after the loop's first round: {:?}", late.sound())
    })
}

pub(crate) fn call(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line { recorded: true, ..Line::default() })?;
    let (anna, bruno) = (stage.phone(ANNA)?, stage.phone(BRUNO)?);
    let call = converse(&stage, anna, bruno, s(3))?;
    record::expect(&call, "kind", "internal")?;
    // R11: free and not recorded, whatever the line says.
    ensure(call["recorded"] == false, || format!("an internal call is recorded: {call}"))?;
    let tapes = stage.pbx.data.join("recordings");
    ensure(!tapes.exists(), || "an internal call left a recording".into())?;
    ensure(call["talk_ms"].as_u64().is_some_and(|t| (2500..6000).contains(&t)), || {
        format!("talk time: {call}")
    })?;
    ensure(call["legs"][0]["lost"] == 0, || format!("loss on loopback: {call}"))
}

/// What each phone speaks, and nothing else.
const G722: &str = ";audio_codecs=G722/16000/1";
const PCMA: &str = ";audio_codecs=PCMA/8000/1";

pub(crate) fn transcode(dir: &Path) -> Result<(), String> {
    for (name, brunos, spoken) in [("other", PCMA, "PCMA"), ("same", G722, "G722")] {
        let stage = Stage::new(&dir.join(name), Line::default())?;
        let anna = stage.phone_with(ANNA, true, G722)?;
        let bruno = stage.phone_with(BRUNO, true, brunos)?;
        let call = converse(&stage, anna, bruno, s(4))?;
        let legs = call["legs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut codecs: Vec<_> = legs.iter().filter_map(|leg| leg["codec"].as_str()).collect();
        codecs.sort_unstable();
        ensure(codecs == ["G722", spoken], || format!("codecs: {call}"))?;
    }
    Ok(())
}

pub(crate) fn room(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let employees = [(ANNA, ""), (BRUNO, G722), (CARLA, PCMA)];
    let phones = employees.map(|(employee, codecs)| stage.phone_with(employee, true, codecs));
    let mut phones: Vec<_> = phones.into_iter().collect::<Result<_, _>>()?;
    for phone in &mut phones {
        phone.dial(&stage.at("*31"))?;
        phone.wait_for("CALL_ESTABLISHED", s(5))?;
    }
    talk(s(5));
    for phone in &mut phones {
        phone.hang_up()?;
    }
    for (phone, (own, _)) in phones.into_iter().zip(employees) {
        let heard = phone.heard()?;
        for (talker, _) in employees {
            let there = heard.among(tone(talker));
            let is_right = if talker.login == own.login { there < ms(500) } else { there > s(2) };
            ensure(is_right, || format!("{} heard {} for {there:?}", own.login, talker.login))?;
        }
    }
    Ok(())
}

pub(crate) fn linphone(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut bruno = stage.phone(BRUNO)?;
    let mut anna = stage.linphone(ANNA)?;
    anna.line(&format!("call {}", stage.at(BRUNO.extension)))?;
    bruno.wait_for("CALL_ESTABLISHED", s(8))?;
    talk(s(4));
    let heard = anna.heard()?;
    bruno.wait_for("CALL_CLOSED", s(8))?;
    record::expect(&record::only(&stage.pbx)?, "cause", "normal")?;
    heard.expect_tone("linphone", tone(BRUNO), s(2))?;
    bruno.heard()?.expect_tone("bruno", tone(ANNA), s(2))
}

/// SIPp as bruno's phone, registered at a port, playing `scenario` for one call.
fn sipp_as_bruno(stage: &Stage, scenario: &str, vars: &[(&str, &str)]) -> Result<Sipp, String> {
    let port = ports::block(2);
    stage.sipp_registers(BRUNO, port, 300)?;
    let sipp = Sipp::start(&stage.dir, scenario, port, vars, &["-m", "1", &stage.pbx.server()])?;
    talk(ms(300));
    Ok(sipp)
}

/// Anna calls; the PBX answers with this status and writes this cause.
fn anna_is_refused(stage: &Stage, dialled: &str, code: &str, cause: &str) -> Result<(), String> {
    let vars = [("dialled", dialled), ("code", code)];
    stage.sipp("call_user_refused", ANNA.login, ANNA.password, ports::block(2), &vars, &[])?;
    let call = record::newest_ended(&stage.pbx)?;
    record::expect(&call, "cause", cause)?;
    record::expect(&call, "dialled", dialled)
}

pub(crate) fn busy(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let bruno = sipp_as_bruno(&stage, "refuse", &[("status", "486 Busy Here")])?;
    anna_is_refused(&stage, BRUNO.extension, "486", "busy")?;
    bruno.finish(s(5))
}

pub(crate) fn declined(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let bruno = sipp_as_bruno(&stage, "refuse", &[("status", "603 Decline")])?;
    anna_is_refused(&stage, BRUNO.extension, "603", "declined")?;
    bruno.finish(s(5))
}

pub(crate) fn no_answer(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let bruno = sipp_as_bruno(&stage, "ring_until_cancelled", &[])?;
    anna_is_refused(&stage, BRUNO.extension, "480", "no-answer")?;
    bruno.finish(s(5))
}

pub(crate) fn nobody_there(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    // Offline, oneself, nobody's extension.
    anna_is_refused(&stage, CARLA.extension, "480", "unreachable")?;
    anna_is_refused(&stage, ANNA.extension, "486", "busy")?;
    anna_is_refused(&stage, "199", "404", "not-found")
}

pub(crate) fn extension_processing_off(dir: &Path) -> Result<(), String> {
    // R10: internal calls need extension processing on the caller's line.
    let stage = Stage::new(dir, Line { extension_processing: false, ..Line::default() })?;
    let _bruno = stage.phone(BRUNO)?;
    anna_is_refused(&stage, BRUNO.extension, "403", "forbidden")
}

pub(crate) fn cancel(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let bruno = sipp_as_bruno(&stage, "ring_until_cancelled", &[])?;
    let vars = [("dialled", BRUNO.extension), ("hold_ms", "1000")];
    stage.sipp("call_user_cancelled", ANNA.login, ANNA.password, ports::block(2), &vars, &[])?;
    bruno.finish(s(5))?;
    let call = record::only(&stage.pbx)?;
    record::expect(&call, "cause", "cancelled")?;
    ensure(call["talk_ms"] == 0, || format!("talk time of a cancelled call: {call}"))
}

pub(crate) fn two_phones(dir: &Path) -> Result<(), String> {
    // Two phones of one employee ring; one answers, the other is cancelled.
    let stage = Stage::new(dir, Line::default())?;
    let ringing = sipp_as_bruno(&stage, "ring_until_cancelled", &[])?;
    let answering = sipp_as_bruno(&stage, "answer", &[("ring_ms", "700")])?;
    let vars = [("dialled", BRUNO.extension), ("hold_ms", "1000")];
    stage.sipp("call_user", ANNA.login, ANNA.password, ports::block(2), &vars, &[])?;
    ringing.finish(s(5))?;
    answering.finish(s(5))?;
    record::expect(&record::only(&stage.pbx)?, "cause", "normal")
}

/// What the README tells to run.
pub(crate) fn two_softphones(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let phones = dir.join("phones");
    let mut script = std::process::Command::new("bash");
    script
        .arg(crate::cmd::root().join("examples/pbx/two-softphones.sh"))
        .arg(&phones)
        .env("PBX", super::pbx::program()?)
        .env("DATA", &stage.pbx.data)
        .env("SERVER", stage.pbx.server())
        .env("PORT", ports::block(12).to_string());
    let said = crate::cmd::output(&mut script)?;
    ensure(said.matches(" heard ").count() == 2, || format!("it printed:\n{said}"))?;
    let call = record::only(&stage.pbx)?;
    record::expect(&call, "cause", "normal")?;
    ensure(call["talk_ms"].as_u64().is_some_and(|t| t > 8000), || format!("talk time: {call}"))
}
