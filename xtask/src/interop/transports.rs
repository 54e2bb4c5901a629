//! Other roads than UDP over IPv4.

use std::path::Path;

use super::company::{ANNA, BRUNO, Line};
use super::stage::{Stage, ensure, s, talk, tone};
use super::{ports, record, sipp};

pub(crate) fn tcp(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let vars = [("dialled", "*43"), ("hold_ms", "1000")];
    let tcp = ["-t", "t1"];
    stage.sipp("call_user", ANNA.login, ANNA.password, ports::block(2), &vars, &tcp)?;
    record::expect(&record::only(&stage.pbx)?, "cause", "normal")
}

pub(crate) fn tcp_phone(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let server = format!("{};transport=tcp", stage.pbx.server());
    both_ways(&stage, &server, None)
}

pub(crate) fn tls(dir: &Path) -> Result<(), String> {
    let port = ports::block(2);
    let stage = Stage::listening(dir, Line::default(), &[format!("tls:127.0.0.1:{port}")])?;
    let certificate = stage.pbx.data.join("tls-certificate.pem");
    both_ways(&stage, &format!("127.0.0.1:{port};transport=tls"), Some(&certificate))
}

/// Anna is registered with `server`, Bruno over UDP; each calls the other.
fn both_ways(stage: &Stage, server: &str, authority: Option<&Path>) -> Result<(), String> {
    let mut anna = stage.phone_at(ANNA, server, authority)?;
    let mut bruno = stage.phone(BRUNO)?;
    bruno.dial(&stage.at(ANNA.extension))?;
    bruno.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(1));
    bruno.hang_up()?;
    anna.wait_for("CALL_CLOSED", s(5))?;
    anna.forget()?;
    bruno.forget()?;
    anna.dial(&format!("sip:{}@{server}", BRUNO.extension))?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(3));
    anna.hang_up()?;
    bruno.wait_for("CALL_CLOSED", s(5))?;
    for call in stage.pbx.ended_calls(2)? {
        record::expect(&call, "cause", "normal")?;
    }
    anna.heard()?.expect_tone("anna", tone(BRUNO), s(2))?;
    bruno.heard()?.expect_tone("bruno", tone(ANNA), s(2))
}

pub(crate) fn ipv6(dir: &Path) -> Result<(), String> {
    if std::net::UdpSocket::bind("[::1]:0").is_err() {
        return Err("this machine has no IPv6".to_owned());
    }
    let server = format!("[::1]:{}", ports::block(2));
    let stage = Stage::listening(dir, Line::default(), std::slice::from_ref(&server))?;
    let ours = ["-i", "::1", "-mi", "::1", "-m", "1"];
    for (n, transport) in ["t1", "u1"].into_iter().enumerate() {
        for (user, scenario, vars) in [
            (ANNA, "register", [("expires", "300"), ("", "")]),
            (BRUNO, "call_user", [("dialled", "*60"), ("hold_ms", "1500")]),
        ] {
            // SIPp's own choice leaves out the brackets.
            let uri = if scenario == "register" { server.clone() } else { format!("*60@{server}") };
            let mut args = vec!["-s", user.login, "-au", user.login, "-ap", user.password];
            args.extend(["-auth_uri", uri.as_str()]);
            args.extend(ours);
            args.extend(["-t", transport, server.as_str()]);
            sipp::run(dir, scenario, ports::block(2), &vars, &args)?;
        }
        // Over TCP the registration ends with SIPp's connection.
        ensure(stage.connected(ANNA.login)? == (transport == "u1"), || {
            format!("over {transport} anna is {}connected", if n == 0 { "" } else { "not " })
        })?;
        stage.pbx.ended_calls(n + 1)?;
    }
    for call in stage.pbx.calls()? {
        record::expect(&call, "cause", "normal")?;
        let sent = call["legs"][0]["sent"].as_u64().unwrap_or(0);
        ensure(sent > 40, || format!("no audio over IPv6: {call}"))?;
    }
    Ok(())
}
