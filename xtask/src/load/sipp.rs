//! SIPp as the load: without a trace of every message, and with what it counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::process::{self, Cpu};
use crate::cmd;

/// One run to be.
pub(crate) struct Setup<'a> {
    /// `xtask/scenarios/NAME.xml`.
    pub(crate) scenario: &'a str,
    /// From this port of 127.0.0.1.
    pub(crate) port: u16,
    /// What is written in place of what in the scenario.
    pub(crate) replace: &'a [(&'a str, &'a str)],
    /// More arguments; the remote address is the last.
    pub(crate) args: &'a [&'a str],
}

/// A running SIPp.
pub(crate) struct Sipp {
    child: Child,
    folder: PathBuf,
}

/// What a run counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) good: f64,
    pub(crate) failed: f64,
    pub(crate) repeated: f64,
    /// Calls a second that it reached.
    pub(crate) rate: f64,
}

impl Sipp {
    /// Starts it.
    pub(crate) fn start(dir: &Path, setup: &Setup<'_>) -> Result<Self, String> {
        let fault = |what: &Path, e: std::io::Error| format!("{}: {e}", what.display());
        let folder = (1..)
            .map(|n| dir.join(format!("{}-{n}", setup.scenario)))
            .find(|folder| !folder.exists())
            .unwrap_or_else(|| dir.join(setup.scenario));
        fs::create_dir_all(&folder).map_err(|e| fault(&folder, e))?;
        let source = cmd::root().join(format!("xtask/scenarios/{}.xml", setup.scenario));
        let mut text = fs::read_to_string(&source).map_err(|e| fault(&source, e))?;
        for (from, to) in setup.replace {
            if !text.contains(from) {
                return Err(format!("{} has no {from}", source.display()));
            }
            text = text.replace(from, to);
        }
        let scenario = folder.join("scenario.xml");
        fs::write(&scenario, text).map_err(|e| fault(&scenario, e))?;
        let file = |name: &str| {
            let path = folder.join(name);
            fs::File::create(&path).map_err(|e| fault(&path, e))
        };
        let child = Command::new("sipp")
            .current_dir(&folder)
            .arg("-sf")
            .arg(&scenario)
            .args(["-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", &setup.port.to_string()])
            .args(["-nostdin", "-trace_err", "-error_file", "errors.log", "-max_socket", "1024"])
            .args(["-trace_stat", "-stf", "stats.csv", "-fd", "1", "-buff_size", "4194304"])
            .args(setup.args)
            .stdin(Stdio::null())
            .stdout(file("screen.log")?)
            .stderr(file("stderr.log")?)
            .spawn()
            .map_err(|e| format!("sipp does not start: {e}"))?;
        Ok(Self { child, folder })
    }

    /// Its processor time so far.
    pub(crate) fn cpu(&self) -> Result<Cpu, String> {
        process::cpu(self.child.id())
    }

    /// Waits for its end and reads what it counted. Calls that failed are in the counts.
    pub(crate) fn finish(mut self, limit: Duration) -> Result<Counts, String> {
        let deadline = Instant::now() + limit;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                return Err(self.story(&format!("did not end within {limit:?}")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let path = self.folder.join("stats.csv");
        let text = fs::read_to_string(&path).unwrap_or_default();
        read(&text).ok_or_else(|| self.story("counted nothing"))
    }

    fn story(&self, what: &str) -> String {
        let tail = |name: &str| {
            let text = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            lines[lines.len().saturating_sub(8)..].join("\n    ")
        };
        let folder = self.folder.display();
        format!("sipp in {folder} {what}\n    {}\n    {}", tail("errors.log"), tail("stderr.log"))
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The last line of the statistics, by the names in the first.
fn read(text: &str) -> Option<Counts> {
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let names: Vec<&str> = lines.next()?.split(';').collect();
    let last: Vec<&str> = lines.next_back()?.split(';').collect();
    let field = |name: &str| -> Option<f64> {
        last.get(names.iter().position(|it| *it == name)?)?.parse().ok()
    };
    Some(Counts {
        good: field("SuccessfulCall(C)")?,
        failed: field("FailedCall(C)")?,
        repeated: field("Retransmissions(C)")?,
        rate: field("CallRate(C)")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let text = "StartTime;CallRate(C);SuccessfulCall(C);FailedCall(C);Retransmissions(C)\n\
                    x;1.5;1;0;0\nx;2.5;7;2;1\n";
        let counts = read(text).unwrap();
        assert!((counts.good - 7.0).abs() < 1e-9 && (counts.failed - 2.0).abs() < 1e-9);
        assert!((counts.rate - 2.5).abs() < 1e-9 && (counts.repeated - 1.0).abs() < 1e-9);
    }
}
