//! kamailio, a proxy that we did not write, in front of the PBX.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ports;

/// One running kamailio.
pub(crate) struct Kamailio {
    child: Child,
    /// `host:port`.
    pub(crate) address: String,
    log: PathBuf,
}

impl Kamailio {
    /// Starts it at this address of loopback: it stays in the way of dialogs (Record-Route) and of
    /// calls to the phones that register through it (Path), and logs each request that passes.
    pub(crate) fn start(dir: &Path, host: &str) -> Result<Self, String> {
        let address = format!("{host}:{}", ports::block(2));
        let folder = dir.join("kamailio");
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let template = crate::cmd::root().join("xtask/scenarios/kamailio.cfg");
        let text = fs::read_to_string(&template)
            .map_err(|e| format!("{}: {e}", template.display()))?
            .replace("@address@", &address);
        let config = folder.join("kamailio.cfg");
        fs::write(&config, text).map_err(|e| format!("{}: {e}", config.display()))?;
        let log = folder.join("log");
        let file = fs::File::create(&log).map_err(|e| format!("log: {e}"))?;
        let errors = file.try_clone().map_err(|e| format!("log: {e}"))?;
        let child = Command::new("kamailio")
            .args(["-DD", "-E", "-m", "32", "-M", "4"])
            .arg("-f")
            .arg(&config)
            .arg("-Y")
            .arg(&folder)
            .arg("-P")
            .arg(folder.join("pid"))
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .map_err(|e| format!("kamailio does not start: {e}"))?;
        let mut kamailio = Self { child, address, log };
        kamailio.wait_for("listening", Duration::from_secs(10))?;
        Ok(kamailio)
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for a line of its log that holds this text.
    pub(crate) fn wait_for(&mut self, text: &str, limit: Duration) -> Result<(), String> {
        let deadline = Instant::now() + limit;
        loop {
            let log = self.log();
            if log.contains(text) {
                return Ok(());
            }
            if Instant::now() > deadline || !matches!(self.child.try_wait(), Ok(None)) {
                return Err(format!("kamailio: no `{text}` within {limit:?}:\n{log}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
