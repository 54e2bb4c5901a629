//! baresip, a softphone that we did not write, run without a screen and driven over its control port.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::audio;
use super::company::Employee;
use super::ports::{self, Ports};

/// How the phone is set up.
pub(crate) struct Setup<'a> {
    /// A name for its folder.
    pub(crate) name: &'a str,
    /// The user part of its address.
    pub(crate) user: &'a str,
    /// `host:port` of the server.
    pub(crate) server: &'a str,
    /// The password when it registers; without one it only calls and is called.
    pub(crate) password: Option<&'a str>,
    /// The tone that it says, in Hz.
    pub(crate) tone: u32,
    /// Whether it answers by itself.
    pub(crate) auto_answer: bool,
    /// More account parameters, each with its `;`.
    pub(crate) params: &'a str,
    /// The SIP port, the first of 28 that are kept for it; any when left out.
    pub(crate) sip_port: Option<u16>,
    /// The PEM file with whose certificate a server has to prove itself over TLS (baresip before 1.1 reads it and does
    /// not insist).
    pub(crate) authority: Option<&'a Path>,
}

impl<'a> Setup<'a> {
    /// A phone of an employee that registers with this server and answers by itself.
    pub(crate) fn of(employee: Employee, tone: u32, server: &'a str) -> Self {
        Self {
            name: employee.login,
            user: employee.login,
            server,
            password: Some(employee.password),
            tone,
            auto_answer: true,
            params: "",
            sip_port: None,
            authority: None,
        }
    }
}

/// One running baresip.
pub(crate) struct Phone {
    child: Child,
    control: TcpStream,
    pending: Vec<u8>,
    events: Vec<serde_json::Value>,
    folder: PathBuf,
}

impl Phone {
    /// Writes its configuration below `dir`, starts it and waits for its control port.
    pub(crate) fn start(dir: &Path, setup: &Setup<'_>) -> Result<Self, String> {
        let folder = dir.join(setup.name);
        let said = folder.join("said.wav");
        fs::create_dir_all(folder.join("heard"))
            .map_err(|e| format!("{}: {e}", folder.display()))?;
        audio::write_tone(&said, setup.tone, Duration::from_secs(90))?;
        let host = if setup.server.starts_with('[') { "[::1]" } else { "127.0.0.1" };
        // baresip takes TLS at the port after its SIP port: the control port keeps away from both.
        let Ports { sip, control, rtp } = ports::phone(setup.sip_port);
        let write = |name: &str, text: String| {
            fs::write(folder.join(name), text).map_err(|e| format!("{name}: {e}"))
        };
        let verify = setup.authority.map_or_else(
            || "sip_verify_server no".to_owned(),
            |file| format!("sip_verify_server yes\nsip_cafile {}", file.display()),
        );
        write(
            "config",
            format!(
                "sip_listen {host}:{sip}\n{verify}\nnet_interface {}\n\
                 rtp_ports {rtp}-{}\nrtp_timeout 0\ncall_max_calls 4\naudio_level no\n\
                 ausrc_srate 8000\naudio_player aubridge,x\naudio_alert aubridge,x\naudio_source aufile,{}\n\
                 module_path {}\nmodule g711.so\nmodule g722.so\nmodule srtp.so\nmodule aufile.so\nmodule aubridge.so\n\
                 module sndfile.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
                 ctrl_tcp_listen 127.0.0.1:{control}\nsnd_path {}\n",
                host.trim_matches(['[', ']']),
                rtp + 20,
                said.display(),
                module_path(),
                folder.join("heard").display(),
            ),
        )?;
        let registration = setup.password.map_or_else(
            || ";regint=0".to_owned(),
            |password| format!(";auth_user={};auth_pass={password};regint=60", setup.user),
        );
        let answer = if setup.auto_answer { ";answermode=auto" } else { "" };
        write(
            "accounts",
            format!(
                "<sip:{}@{}>{registration}{answer}{}\n",
                setup.user, setup.server, setup.params
            ),
        )?;
        write("contacts", String::new())?;
        let log = fs::File::create(folder.join("log")).map_err(|e| format!("log: {e}"))?;
        let errors = log.try_clone().map_err(|e| format!("log: {e}"))?;
        let mut child = Command::new("baresip")
            .arg("-f")
            .arg(&folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(|e| format!("baresip does not start: {e}"))?;
        let deadline = Instant::now() + Duration::from_secs(10);
        let control = loop {
            match TcpStream::connect(("127.0.0.1", control)) {
                Ok(stream) => break stream,
                Err(_) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(error) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(format!("baresip `{}` opens no control port: {error}", setup.name));
                }
            }
        };
        control
            .set_read_timeout(Some(Duration::from_millis(20)))
            .map_err(|e| format!("control port: {e}"))?;
        let phone = Self { child, control, pending: Vec::new(), events: Vec::new(), folder };
        // The event may have come before the control port was open: its screen tells for certain.
        let deadline = Instant::now() + Duration::from_secs(10);
        while setup.password.is_some() && !phone.log().contains("} 200 OK (") {
            if Instant::now() > deadline {
                return Err(format!("baresip `{}` does not register: {}", setup.name, phone.log()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(phone)
    }

    /// Gives a command of its menu: `dial`, `hangup`, `accept`, `hold`, `resume`, `transfer` ...
    pub(crate) fn command(&mut self, command: &str, params: &str) -> Result<(), String> {
        let json = serde_json::json!({ "command": command, "params": params, "token": "t" });
        let json = json.to_string();
        // netstring framing: LENGTH:TEXT,
        write!(self.control, "{}:{json},", json.len()).map_err(|e| format!("baresip: {e}"))
    }

    /// Calls an address.
    pub(crate) fn dial(&mut self, uri: &str) -> Result<(), String> {
        self.command("dial", uri)
    }

    /// Presses the keys one after the other, as a person would.
    pub(crate) fn press(&mut self, digits: &str) -> Result<(), String> {
        for digit in digits.chars() {
            self.command("sndcode", &digit.to_string())?;
            std::thread::sleep(Duration::from_millis(250));
        }
        Ok(())
    }

    /// Ends the call.
    pub(crate) fn hang_up(&mut self) -> Result<(), String> {
        self.command("hangup", "")
    }

    /// Waits for an event of this type; earlier events of other types are kept.
    pub(crate) fn wait_for(
        &mut self,
        kind: &str,
        limit: Duration,
    ) -> Result<serde_json::Value, String> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(at) = self.events.iter().position(|event| event["type"] == kind) {
                return Ok(self.events.remove(at));
            }
            if Instant::now() > deadline {
                let seen: Vec<String> =
                    self.events.iter().map(|e| format!("{} {}", e["type"], e["param"])).collect();
                let name =
                    self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Err(format!(
                    "phone `{name}`: no {kind} within {limit:?}; it reported: {}",
                    seen.join(", ")
                ));
            }
            self.read()?;
        }
    }

    /// Whether an event of this type has come so far.
    pub(crate) fn has_seen(&mut self, kind: &str) -> Result<bool, String> {
        self.read()?;
        Ok(self.events.iter().any(|event| event["type"] == kind))
    }

    /// Forgets the events so far.
    pub(crate) fn forget(&mut self) -> Result<(), String> {
        self.read()?;
        self.events.clear();
        Ok(())
    }

    fn read(&mut self) -> Result<(), String> {
        let mut chunk = [0; 4096];
        match self.control.read(&mut chunk) {
            Ok(0) => return Err("baresip closed its control port".to_owned()),
            Ok(n) => self.pending.extend_from_slice(&chunk[..n]),
            Err(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            Err(error) => return Err(format!("baresip: {error}")),
        }
        while let Some(colon) = self.pending.iter().position(|b| *b == b':') {
            let length: usize = std::str::from_utf8(&self.pending[..colon])
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or("baresip: no netstring")?;
            let end = colon + 1 + length;
            if self.pending.len() <= end {
                break;
            }
            if let Ok(value) =
                serde_json::from_slice::<serde_json::Value>(&self.pending[colon + 1..end])
                && value["event"] == true
            {
                self.events.push(value);
            }
            self.pending.drain(..=end);
        }
        Ok(())
    }

    /// Ends the program and gives what the phone heard in its last call.
    pub(crate) fn heard(mut self) -> Result<audio::Heard, String> {
        self.end();
        let mut files: Vec<PathBuf> = fs::read_dir(self.folder.join("heard"))
            .map_err(|e| format!("heard: {e}"))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        files.sort();
        let last = files.last().ok_or("the phone recorded nothing")?;
        audio::Heard::read(last)
    }

    /// What the program printed.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn end(&mut self) {
        let _ = self.command("hangup", "");
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let deadline = Instant::now() + Duration::from_secs(3);
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Ends the program at once, as a phone whose plug is pulled: no BYE, no un-register.
    pub(crate) fn pull_the_plug(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
    }
}

fn module_path() -> &'static str {
    const PLACES: [&str; 3] = [
        "/usr/lib/baresip/modules",
        "/usr/lib64/baresip/modules",
        "/usr/local/lib/baresip/modules",
    ];
    PLACES.into_iter().find(|place| Path::new(place).is_dir()).unwrap_or(PLACES[0])
}
