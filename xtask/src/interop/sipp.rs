//! SIPp, the call generator: scenarios of ours, played against the PBX or waiting for its calls.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cmd;

/// One run of SIPp.
pub(crate) struct Sipp {
    child: Child,
    shown: String,
    folder: PathBuf,
}

impl Sipp {
    /// Starts the scenario `xtask/scenarios/NAME.xml` from 127.0.0.1:`port`, each `@NAME@` in it
    /// replaced from `vars`, with more arguments.
    pub(crate) fn start(
        dir: &Path,
        name: &str,
        port: u16,
        vars: &[(&str, &str)],
        args: &[&str],
    ) -> Result<Self, String> {
        let folder = (1..)
            .map(|n| dir.join(format!("sipp-{name}-{n}")))
            .find(|folder| !folder.exists())
            .unwrap_or_else(|| dir.join(name));
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let scenario = cmd::root().join("xtask/scenarios").join(format!("{name}.xml"));
        let mut text = fs::read_to_string(&scenario)
            .map_err(|e| format!("scenario {}: {e}", scenario.display()))?;
        for (name, value) in vars {
            text = text.replace(&format!("@{name}@"), &escape(value));
        }
        let scenario = folder.join("scenario.xml");
        fs::write(&scenario, text).map_err(|e| format!("{}: {e}", scenario.display()))?;
        let file =
            |name: &str| fs::File::create(folder.join(name)).map_err(|e| format!("{name}: {e}"));
        let mut command = Command::new("sipp");
        command
            .current_dir(&folder)
            .arg("-sf")
            .arg(&scenario)
            .args(["-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", &port.to_string()])
            .args(["-nostdin", "-timeout", "60", "-timeout_error", "-trace_err", "-trace_msg"])
            .args(["-error_file", "errors.log", "-message_file", "messages.log"])
            .args(args)
            .stdin(Stdio::null())
            .stdout(file("screen.log")?)
            .stderr(file("stderr.log")?);
        let shown = format!("sipp -sf {name}.xml -p {port} {}", args.join(" "));
        let child = command.spawn().map_err(|e| format!("sipp does not start: {e}"))?;
        Ok(Self { child, shown, folder })
    }

    /// Waits for its end; an unsuccessful call is an error with the last messages.
    pub(crate) fn finish(mut self, limit: Duration) -> Result<(), String> {
        let deadline = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(self.story(&format!("ended with {status}"))),
                Ok(None) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Ok(None) => return Err(self.story(&format!("did not end within {limit:?}"))),
                Err(error) => return Err(format!("sipp: {error}")),
            }
        }
    }

    /// Whether it is still running.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn story(&self, what: &str) -> String {
        let tail = |name: &str, lines: usize| {
            let text = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            all[all.len().saturating_sub(lines)..].join("\n    ")
        };
        format!(
            "`{}` {what}\n    {}\n    {}\n    ({})",
            self.shown,
            tail("errors.log", 6),
            tail("messages.log", 30),
            self.folder.display()
        )
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        if self.is_running() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A value as it may stand in the scenario's XML, within CDATA and in attributes.
fn escape(value: &str) -> String {
    value.replace('"', "").replace("]]>", "")
}

/// Plays a scenario to its end.
pub(crate) fn run(
    dir: &Path,
    name: &str,
    port: u16,
    vars: &[(&str, &str)],
    args: &[&str],
) -> Result<String, String> {
    let sipp = Sipp::start(dir, name, port, vars, args)?;
    let messages = sipp.folder.join("messages.log");
    sipp.finish(Duration::from_secs(90))?;
    Ok(fs::read_to_string(messages).unwrap_or_default())
}
