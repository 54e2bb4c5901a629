//! The program under test: the real example binary, on a folder and on ports of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::ports;
use crate::cmd;

/// Builds the program once a run and gives its path; `SWITCHBOARD_PBX` names one that is built already.
pub(crate) fn program() -> Result<&'static Path, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            if let Some(built) = std::env::var_os("SWITCHBOARD_PBX") {
                return Ok(built.into());
            }
            cmd::run(&mut cmd::cargo(["build", "--quiet", "--release", "--example", "pbx"]))?;
            Ok(cmd::target_dir().join("release/examples/pbx"))
        })
        .as_deref()
        .map_err(Clone::clone)
}

/// One running PBX.
pub(crate) struct Pbx {
    child: Option<Child>,
    /// Its data folder.
    pub(crate) data: PathBuf,
    /// Its SIP port on 127.0.0.1, UDP and TCP.
    pub(crate) port: u16,
    rtp: u16,
    rtp_ports: u16,
    log: &'static str,
    /// Further listeners, as `--sip` takes them.
    listen: Vec<String>,
    dir: PathBuf,
    starts: u32,
}

impl Pbx {
    /// Imports the directory into a new data folder below `dir`, with these settings (the text of `pbx.toml`) if any,
    /// and starts the program there, with further listeners as `--sip` takes them, with so many RTP ports, and events printed in
    /// this format.
    pub(crate) fn start(
        dir: &Path,
        directory: &str,
        settings: &str,
        listen: &[String],
        (rtp_ports, log): (u16, &'static str),
    ) -> Result<Self, String> {
        let data = dir.join("data");
        fs::create_dir_all(&data).map_err(|e| format!("{}: {e}", data.display()))?;
        if !settings.is_empty() {
            let file = data.join("pbx.toml");
            fs::write(&file, settings).map_err(|e| format!("{}: {e}", file.display()))?;
        }
        let port = ports::block(2);
        let rtp = ports::block(rtp_ports);
        let listen = listen.to_vec();
        let dir = dir.to_owned();
        let mut pbx = Self { child: None, data, port, rtp, rtp_ports, log, listen, dir, starts: 0 };
        pbx.import(directory)?;
        pbx.run()?;
        Ok(pbx)
    }

    /// Its address as phones are told it.
    pub(crate) fn server(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its RTP ports.
    pub(crate) fn rtp_ports(&self) -> std::ops::Range<u16> {
        self.rtp..self.rtp + self.rtp_ports
    }

    /// Loads a directory, whether the program runs or not.
    pub(crate) fn import(&self, directory: &str) -> Result<(), String> {
        let file = self.dir.join("directory.toml");
        fs::write(&file, directory).map_err(|e| format!("{}: {e}", file.display()))?;
        self.command(&["import", &file.to_string_lossy()]).map(drop)
    }

    /// Runs a sub-command of the program on the same data folder and gives what it printed.
    pub(crate) fn command(&self, args: &[&str]) -> Result<String, String> {
        cmd::output(Command::new(program()?).args(args).arg("--data").arg(&self.data))
    }

    /// Starts the program (again).
    pub(crate) fn run(&mut self) -> Result<(), String> {
        self.starts += 1;
        let file = |name: &str| {
            let path = self.dir.join(format!("pbx-{}.{name}", self.starts));
            fs::File::create(&path).map_err(|e| format!("{}: {e}", path.display()))
        };
        let child = Command::new(program()?)
            .arg("serve")
            .arg("--data")
            .arg(&self.data)
            .args([
                "--sip",
                &self.server(),
                "--rtp",
                &format!("{}-{}", self.rtp, self.rtp + self.rtp_ports - 1),
            ])
            .args(self.listen.iter().flat_map(|at| ["--sip", at]))
            .args(["--log", self.log])
            .stdin(Stdio::null())
            .stdout(file("jsonl")?)
            .stderr(file("stderr")?)
            .spawn()
            .map_err(|e| format!("the PBX does not start: {e}"))?;
        self.child = Some(child);
        self.wait_until_it_listens()
    }

    fn wait_until_it_listens(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(15);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.as_mut().is_some_and(|c| !matches!(c.try_wait(), Ok(None)));
            if ended || Instant::now() > deadline {
                let stderr = self.dir.join(format!("pbx-{}.stderr", self.starts));
                let said = fs::read_to_string(stderr).unwrap_or_default();
                return Err(format!("the PBX does not listen at {}: {said}", self.server()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The call records, newest first.
    pub(crate) fn calls(&self) -> Result<Vec<serde_json::Value>, String> {
        let text = self.command(&["calls", "--json"])?;
        // Either one array or one object a line.
        if let Ok(serde_json::Value::Array(all)) = serde_json::from_str(&text) {
            return Ok(all);
        }
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                serde_json::from_str(line).map_err(|e| format!("calls --json: {e}: {line}"))
            })
            .collect()
    }

    /// Waits until `count` calls are on record and ended, and gives them.
    pub(crate) fn ended_calls(&self, count: usize) -> Result<Vec<serde_json::Value>, String> {
        let deadline = Instant::now() + Duration::from_secs(8);
        loop {
            let calls = self.calls()?;
            let ended = calls.iter().filter(|call| !call["cause"].is_null()).count();
            if calls.len() == count && ended == count {
                return Ok(calls);
            }
            if Instant::now() > deadline || calls.len() > count {
                let all: Vec<String> = calls.iter().map(ToString::to_string).collect();
                return Err(format!(
                    "{count} ended calls expected on record:\n    {}",
                    all.join("\n    ")
                ));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The process of the program.
    pub(crate) fn id(&self) -> Result<u32, String> {
        self.child.as_ref().map(Child::id).ok_or_else(|| "the PBX does not run".to_owned())
    }

    /// Ctrl-C; fails when it does not end by itself, and well.
    pub(crate) fn interrupt(&mut self) -> Result<(), String> {
        self.end("-INT")
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) -> Result<(), String> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        child.kill().and_then(|()| child.wait()).map(drop).map_err(|e| format!("kill: {e}"))
    }

    fn end(&mut self, signal: &str) -> Result<(), String> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    return Err(format!("after {signal} the PBX ended with {status}"));
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(error) => return Err(format!("the PBX: {error}")),
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("the PBX does not end after {signal}"))
    }
}

impl Drop for Pbx {
    fn drop(&mut self) {
        let _ = self.end("-INT");
    }
}
