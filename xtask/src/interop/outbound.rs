//! Calls to the outside: the extension behind `;` or `#` is sent as tones after the answer (R8).

use std::path::Path;

use super::baresip::Phone;
use super::company::{ANNA, Line};
use super::record;
use super::stage::{OUTSIDE_TONE, Stage, ensure, ms, s, talk, tone};

/// The digits that a baresip heard, in order: one for each press that it reports as over.
fn received(phone: &Phone) -> String {
    phone
        .log()
        .split("received event: '")
        .skip(1)
        .filter(|rest| rest.get(1..).is_some_and(|r| r.starts_with("' (end=1)")))
        .filter_map(|rest| rest.chars().next())
        .collect()
}

/// Waits for the last digit; a last end packet stays in baresip's buffer until audio follows it.
fn expect_digits(phone: &Phone, digits: &str) -> Result<(), String> {
    for _ in 0..120 {
        if received(phone) == digits {
            // And no more come.
            talk(ms(600));
            break;
        }
        talk(ms(50));
    }
    let got = received(phone);
    ensure(got == digits, || format!("the called side received `{got}`, not `{digits}`"))
}

/// Anna's phone dials `user`; the outside answers as `number` and receives `digits`.
fn dial(dir: &Path, user: &str, number: &str, digits: &str) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut anna = stage.phone(ANNA)?;
    let mut outside = stage.outside(number)?;
    anna.dial(&stage.at(user))?;
    anna.wait_for("CALL_ESTABLISHED", s(6))?;
    outside.wait_for("CALL_ESTABLISHED", s(6))?;
    expect_digits(&outside, digits)?;
    talk(s(2));
    anna.hang_up()?;
    outside.wait_for("CALL_CLOSED", s(5))?;
    let call = record::only(&stage.pbx)?;
    record::expect(&call, "kind", "outbound")?;
    record::expect(&call, "cause", "normal")?;
    record::expect(&call, "line", "main")?;
    outside.heard()?.expect_tone("the outside", tone(ANNA), s(1))?;
    anna.heard()?.expect_tone("anna", OUTSIDE_TONE, s(1))
}

pub(crate) fn plain(dir: &Path) -> Result<(), String> {
    dial(dir, "03012345678", "+493012345678", "")
}

pub(crate) fn semicolon(dir: &Path) -> Result<(), String> {
    dial(dir, "03012345;42", "+493012345", "42")
}

pub(crate) fn number_sign(dir: &Path) -> Result<(), String> {
    // A phone that follows RFC 3261 escapes `#`.
    dial(dir, "03012345%2342", "+493012345", "42")
}

pub(crate) fn by_command(dir: &Path) -> Result<(), String> {
    // `call FROM TO`: rings anna's phone, then dials the rest, with a pause between two digits.
    let stage = Stage::new(dir, Line::default())?;
    let mut anna = stage.phone(ANNA)?;
    let mut outside = stage.outside("+493012345")?;
    stage.pbx.command(&["call", "anna", "+49 30 12345;1,2"])?;
    anna.wait_for("CALL_ESTABLISHED", s(6))?;
    outside.wait_for("CALL_ESTABLISHED", s(6))?;
    expect_digits(&outside, "12")?;
    talk(s(2));
    anna.hang_up()?;
    outside.wait_for("CALL_CLOSED", s(5))?;
    record::expect(&record::only(&stage.pbx)?, "cause", "normal")?;
    outside.heard()?.expect_tone("the outside", tone(ANNA), s(1))
}

pub(crate) fn inbound_cannot_go_out(dir: &Path) -> Result<(), String> {
    // No toll fraud through the welcome message: an outside number dialled there is nobody's extension.
    let stage = Stage::new(dir, Line { menu: false, ..Line::default() })?;
    let mut caller = stage.outside("+4989555123")?;
    caller.dial(&stage.at(super::company::NUMBER))?;
    caller.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(1));
    caller.press("00900")?;
    talk(s(3));
    caller.hang_up()?;
    let call = record::only(&stage.pbx)?;
    ensure(call["answered"].is_null(), || format!("somebody was reached: {call}"))?;
    record::expect(&call, "kind", "inbound")
}
