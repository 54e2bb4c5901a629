//! What a scenario has on its stage: the PBX, the outside world's port, phones by name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::baresip::{Phone, Setup};
use super::company::{self, ANNA, BRUNO, Employee, Line};
use super::linphone::Linphone;
use super::pbx::Pbx;
use super::{ports, record, sipp};

/// Each party says a tone of its own, so that a recording tells who was heard.
pub(crate) const OUTSIDE_TONE: u32 = 700;

/// Enough for the calls of most scenarios.
const RTP_PORTS: u16 = 400;

/// The tone of an employee.
pub(crate) fn tone(employee: Employee) -> u32 {
    match employee.login {
        "anna" => 1000,
        "bruno" => 1300,
        _ => 1600,
    }
}

/// The stage.
pub(crate) struct Stage {
    /// The scenario's folder.
    pub(crate) dir: PathBuf,
    /// The program under test.
    pub(crate) pbx: Pbx,
    /// The SIP port of the outside world: the trunk's.
    pub(crate) outside: u16,
}

impl Stage {
    /// Starts the PBX with the company's directory.
    pub(crate) fn new(dir: &Path, line: Line) -> Result<Self, String> {
        Self::start(dir, line, "", &[], RTP_PORTS)
    }

    /// The same with settings: the text of `pbx.toml`.
    pub(crate) fn with(dir: &Path, line: Line, settings: &str) -> Result<Self, String> {
        Self::start(dir, line, settings, &[], RTP_PORTS)
    }

    /// The same with further listeners.
    pub(crate) fn listening(dir: &Path, line: Line, listen: &[String]) -> Result<Self, String> {
        Self::start(dir, line, "", listen, RTP_PORTS)
    }

    /// The same with so many RTP ports.
    pub(crate) fn roomy(dir: &Path, line: Line, rtp_ports: u16) -> Result<Self, String> {
        Self::start(dir, line, "", &[], rtp_ports)
    }

    fn start(
        dir: &Path,
        line: Line,
        settings: &str,
        listen: &[String],
        rtp_ports: u16,
    ) -> Result<Self, String> {
        let outside = ports::block(28);
        let directory = company::directory(outside, line);
        let pbx = Pbx::start(dir, &directory, settings, listen, (rtp_ports, "json"))?;
        Ok(Self { dir: dir.to_owned(), pbx, outside })
    }

    /// A phone of an employee, registered; it answers by itself.
    pub(crate) fn phone(&self, employee: Employee) -> Result<Phone, String> {
        self.phone_with(employee, true, "")
    }

    /// A phone of an employee, registered.
    pub(crate) fn phone_with(
        &self,
        employee: Employee,
        auto_answer: bool,
        params: &str,
    ) -> Result<Phone, String> {
        let server = self.pbx.server();
        Phone::start(
            &self.dir,
            &Setup { auto_answer, params, ..Setup::of(employee, tone(employee), &server) },
        )
    }

    /// A phone of an employee, registered with another listener, such as `127.0.0.1:5061;transport=tls`, whose
    /// certificate is in the file.
    pub(crate) fn phone_at(
        &self,
        employee: Employee,
        server: &str,
        authority: Option<&Path>,
    ) -> Result<Phone, String> {
        let setup = Setup { authority, ..Setup::of(employee, tone(employee), server) };
        Phone::start(&self.dir, &setup)
    }

    /// A phone of a second make, of an employee, registered.
    pub(crate) fn linphone(&self, employee: Employee) -> Result<Linphone, String> {
        let (Employee { login, password, .. }, server) = (employee, self.pbx.server());
        let phone =
            Linphone::start(&self.dir, "linphone", login, &server, password, tone(employee))?;
        // Its screen does not tell.
        for _ in 0..100 {
            if self.connected(login)? {
                return Ok(phone);
            }
            talk(ms(100));
        }
        Err(format!("linphone does not register: {}", phone.screen()))
    }

    /// A phone of the outside world, at the trunk's port; `number` is its own.
    pub(crate) fn outside(&self, number: &str) -> Result<Phone, String> {
        Phone::start(
            &self.dir,
            &Setup {
                name: "outside",
                user: number,
                server: &format!("127.0.0.1:{}", self.outside),
                password: None,
                tone: OUTSIDE_TONE,
                auto_answer: true,
                params: "",
                sip_port: Some(self.outside),
                authority: None,
            },
        )
    }

    /// The address at the PBX with this user part.
    pub(crate) fn at(&self, user: &str) -> String {
        format!("sip:{user}@{}", self.pbx.server())
    }

    /// Whether `users --json` shows a phone of this user as connected (Angeschlossen, R12).
    pub(crate) fn connected(&self, login: &str) -> Result<bool, String> {
        let text = self.pbx.command(&["users", "--json"])?;
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

    /// SIPp as a phone of an employee registers from `port`; `expires` in seconds.
    pub(crate) fn sipp_registers(
        &self,
        employee: Employee,
        port: u16,
        expires: u32,
    ) -> Result<(), String> {
        self.sipp(
            "register",
            employee.login,
            employee.password,
            port,
            &[("expires", &expires.to_string())],
            &[],
        )
        .map(drop)
    }

    /// Plays a scenario as a phone of `user` with `password`.
    pub(crate) fn sipp(
        &self,
        scenario: &str,
        user: &str,
        password: &str,
        port: u16,
        vars: &[(&str, &str)],
        more: &[&str],
    ) -> Result<String, String> {
        let server = self.pbx.server();
        let mut args = vec!["-s", user, "-au", user, "-ap", password];
        // SIPp's own choice leaves out the user part, which is then another URI than the request's.
        let uri = vars
            .iter()
            .find(|(name, _)| *name == "dialled")
            .map(|(_, dialled)| format!("{dialled}@{server}"));
        if let Some(uri) = &uri {
            args.extend(["-auth_uri", uri]);
        }
        if !more.contains(&"-m") {
            args.extend(["-m", "1"]);
        }
        args.extend(more);
        args.push(&server);
        sipp::run(&self.dir, scenario, port, vars, &args)
    }
}

/// Anna calls Bruno, whose phone answers by itself; they talk, she hangs up, and each has heard the other's tone. The record
/// of the call.
pub(crate) fn converse(
    stage: &Stage,
    mut anna: Phone,
    mut bruno: Phone,
    time: Duration,
) -> Result<serde_json::Value, String> {
    anna.dial(&stage.at(BRUNO.extension))?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    bruno.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(time);
    anna.hang_up()?;
    bruno.wait_for("CALL_CLOSED", s(5))?;
    let call = record::only(&stage.pbx)?;
    record::expect(&call, "cause", "normal")?;
    anna.heard()?.expect_tone("anna", tone(BRUNO), s(2))?;
    bruno.heard()?.expect_tone("bruno", tone(ANNA), s(2))?;
    Ok(call)
}

/// Fails with `what` unless it holds.
pub(crate) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Seconds.
pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Milliseconds.
pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Lets the phones talk for a while.
pub(crate) fn talk(time: Duration) {
    std::thread::sleep(time);
}
