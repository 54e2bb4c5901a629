//! Phones for browsers, in Node: libraries that we did not write, installed from npm.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::cmd;

/// The packages, with what the scripts were written for.
const PACKAGES: [&str; 2] = ["jssip@3.13.8", "ws@8.18.3"];

/// Installs the packages below the target folder, where they are not yet.
pub(crate) fn modules() -> Result<PathBuf, String> {
    let folder = cmd::target_dir().join("interop-node");
    let modules = folder.join("node_modules");
    if !modules.join("jssip").exists() || !modules.join("ws").exists() {
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--silent"]).args(PACKAGES);
        cmd::output(npm.current_dir(&folder))?;
    }
    Ok(modules)
}

/// A script in Node that tells what happens, a line each.
pub(crate) struct Script {
    child: Child,
    said: Receiver<String>,
}

impl Script {
    /// Starts `xtask/scenarios/NAME`.
    pub(crate) fn start(dir: &Path, name: &str, args: &[&str]) -> Result<Self, String> {
        let errors = dir.join(format!("{name}.log"));
        let errors = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&errors)
            .map_err(|e| format!("{}: {e}", errors.display()))?;
        let mut child = Command::new("node")
            .arg(cmd::root().join("xtask/scenarios").join(name))
            .args(args)
            .env("NODE_PATH", modules()?)
            // The certificate is one that the PBX made for itself.
            .env("NODE_TLS_REJECT_UNAUTHORIZED", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(|e| format!("node does not start: {e}"))?;
        let (tell, said) = channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        }
        Ok(Self { child, said })
    }

    /// Fails unless this is the next that it says.
    pub(crate) fn expect(&mut self, line: &str) -> Result<(), String> {
        match self.said.recv_timeout(Duration::from_secs(8)) {
            Ok(said) if said == line => Ok(()),
            Ok(said) => Err(format!("the script said `{said}`, not `{line}`")),
            Err(error) => Err(format!("the script did not say `{line}`: {error}")),
        }
    }

    /// Closes its keyboard.
    pub(crate) fn leave(&mut self) {
        drop(self.child.stdin.take());
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
