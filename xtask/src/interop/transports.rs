//! Other roads than UDP over IPv4.

use std::path::Path;

use super::baresip::{Phone, Setup};
use super::company::{ANNA, BRUNO, Line};
use super::kamailio::Kamailio;
use super::node::Script;
use super::stage::{Stage, ensure, ms, s, talk, tone};
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

/// The keys travel in the signalling, which is encrypted.
pub(crate) fn tls_srtp(dir: &Path) -> Result<(), String> {
    let server = format!("127.0.0.1:{}", ports::block(2));
    let stage = Stage::listening(dir, Line::default(), &[format!("tls:{server}")])?;
    let server = format!("{server};transport=tls");
    let setup = Setup { params: ";mediaenc=srtp-mand", ..Setup::of(ANNA, tone(ANNA), &server) };
    let anna = Phone::start(dir, &setup)?;
    calls_both_ways(&stage, anna, &format!("sip:{}@{server}", BRUNO.extension))?;
    // Both calls, and the hold and its end.
    let log = std::fs::read_to_string(dir.join("anna/log")).unwrap_or_default();
    ensure(log.matches("SRTP is Enabled").count() == 4, || format!("audio in the clear:\n{log}"))
}

/// A phone over IPv6 and one over IPv4: signalling and audio.
pub(crate) fn ipv6_phone(dir: &Path) -> Result<(), String> {
    let server = format!("[::1]:{}", ports::block(2));
    let stage = Stage::listening(dir, Line::default(), std::slice::from_ref(&server))?;
    both_ways(&stage, &server, None)
}

/// Anna's phone registers through a proxy at another address; bruno's does not.
pub(crate) fn behind_a_proxy(dir: &Path) -> Result<(), String> {
    let stage = Stage::new(dir, Line::default())?;
    let mut proxy = Kamailio::start(dir, "127.0.0.2")?;
    let through = format!(";outbound=\"sip:{};lr\"", proxy.address);
    let anna = stage.phone_with(ANNA, true, &through)?;
    proxy.wait_for("passes: REGISTER", s(1))?;
    calls_both_ways(&stage, anna, &stage.at(BRUNO.extension))?;
    // Everything of anna's passed the proxy, from either side: her call that was challenged, a hold and its end.
    let pbx = stage.pbx.server();
    for (method, least) in [("INVITE", 4), ("ACK", 4), ("BYE", 1)] {
        proxy.wait_for(&format!("passes: {method} from {pbx}"), s(1))?;
        let passed = format!("passes: {method} from ");
        let log = proxy.log();
        let from = log.lines().filter_map(|line| Some(line.split_once(&passed)?.1));
        let phones = from.filter(|from| *from != pbx).count();
        ensure(phones >= least, || format!("{phones} {method} of the phone passed:\n{log}"))?;
    }
    Ok(())
}

/// JsSIP, the library of browser phones, in Node.
pub(crate) fn websocket(dir: &Path) -> Result<(), String> {
    let (ws, wss) = (ports::block(2), ports::block(2));
    let more = [format!("ws:127.0.0.1:{ws}"), format!("wss:127.0.0.1:{wss}")];
    let stage = Stage::listening(dir, Line::default(), &more)?;
    for url in [format!("ws://127.0.0.1:{ws}"), format!("wss://127.0.0.1:{wss}")] {
        let args = [&url, &stage.at(ANNA.login), ANNA.password];
        let mut phone = Script::start(dir, "jssip.js", &args)?;
        phone.expect("registered")?;
        ensure(stage.connected(ANNA.login)?, || "anna is not connected".into())?;
        // A call reaches it, and its refusal the caller.
        let vars = [("dialled", ANNA.extension), ("code", "486")];
        stage.sipp(
            "call_user_refused",
            BRUNO.login,
            BRUNO.password,
            ports::block(2),
            &vars,
            &[],
        )?;
        phone.expect("rings")?;
        record::expect(&record::newest_ended(&stage.pbx)?, "cause", "busy")?;
        phone.leave();
        phone.expect("unregistered")?;
        ensure(!stage.connected(ANNA.login)?, || "anna is still connected".into())?;
    }
    Ok(())
}

/// Anna is registered with `server`, Bruno over UDP; each calls the other.
fn both_ways(stage: &Stage, server: &str, authority: Option<&Path>) -> Result<(), String> {
    let anna = stage.phone_at(ANNA, server, authority)?;
    calls_both_ways(stage, anna, &format!("sip:{}@{server}", BRUNO.extension))
}

/// Anna, who dials Bruno so, and Bruno, who is on UDP, call each other; who called hangs up.
fn calls_both_ways(stage: &Stage, mut anna: Phone, dial: &str) -> Result<(), String> {
    let mut bruno = stage.phone(BRUNO)?;
    bruno.dial(&stage.at(ANNA.extension))?;
    bruno.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(1));
    bruno.hang_up()?;
    anna.wait_for("CALL_CLOSED", s(5))?;
    anna.forget()?;
    bruno.forget()?;
    anna.dial(dial)?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(3));
    // Requests within the dialog take the same way: she holds him, and takes him back. What baresip
    // hears after that it does not record.
    anna.command("hold", "")?;
    talk(ms(700));
    anna.command("resume", "")?;
    talk(s(1));
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
