//! linphonec, the second softphone: typed at over its standard input.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::{audio, ports};

/// One running linphonec.
pub(crate) struct Linphone {
    child: Child,
    keyboard: ChildStdin,
    folder: PathBuf,
}

impl Linphone {
    /// Starts it with a tone to say, and has it register; its screen does not tell when it has.
    pub(crate) fn start(
        dir: &Path,
        name: &str,
        user: &str,
        server: &str,
        password: &str,
        tone: u32,
    ) -> Result<Self, String> {
        let folder = dir.join(name);
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        audio::write_tone(&folder.join("said.wav"), tone, Duration::from_secs(60))?;
        let first = ports::block(24);
        // No bind address; the network is watched, else it registers nowhere.
        let config = format!(
            "[sip]\nsip_port={first}\nsip_tcp_port=0\nsip_tls_port=0\nguess_hostname=1\n\
             media_encryption=none\n[rtp]\naudio_rtp_port={}\n[net]\nfirewall_policy=0\n",
            first + 4
        );
        // Without these folders it complains of its history's database at every start.
        for place in [".local/share/linphone", ".config/linphone"] {
            fs::create_dir_all(folder.join(place)).map_err(|e| format!("{place}: {e}"))?;
        }
        let rc = folder.join("linphonerc");
        fs::write(&rc, config).map_err(|e| format!("linphonerc: {e}"))?;
        let log = fs::File::create(folder.join("screen.log")).map_err(|e| format!("log: {e}"))?;
        let errors = log.try_clone().map_err(|e| format!("log: {e}"))?;
        let mut child = Command::new("linphonec")
            .arg("-c")
            .arg(&rc)
            .env("HOME", &folder)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(|e| format!("linphonec does not start: {e}"))?;
        let keyboard = child.stdin.take().ok_or("linphonec has no keyboard")?;
        let mut phone = Self { child, keyboard, folder };
        phone.wait_for("linphonec>", "", Duration::from_secs(10))?;
        std::thread::sleep(Duration::from_millis(500));
        phone.line(&format!("register sip:{user}@{server} sip:{server} {password}"))?;
        phone.line("soundcard use files")?;
        let said = phone.folder.join("said.wav");
        phone.line(&format!("play {}", said.display()))?;
        let heard = phone.folder.join("heard.wav");
        phone.line(&format!("record {}", heard.display()))?;
        Ok(phone)
    }

    /// Types one line.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), String> {
        writeln!(self.keyboard, "{line}").map_err(|e| format!("linphonec: {e}"))?;
        self.keyboard.flush().map_err(|e| format!("linphonec: {e}"))
    }

    /// Waits until its screen shows a line with both texts.
    pub(crate) fn wait_for(
        &mut self,
        text: &str,
        and: &str,
        limit: Duration,
    ) -> Result<(), String> {
        let deadline = Instant::now() + limit;
        loop {
            let screen = self.screen();
            if screen.lines().any(|line| line.contains(text) && line.contains(and)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                let lines: Vec<&str> = screen.lines().collect();
                let tail = lines[lines.len().saturating_sub(12)..].join("\n    ");
                return Err(format!(
                    "linphonec: no `{text} .. {and}` within {limit:?}:\n    {tail}"
                ));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it has shown so far.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("screen.log")).unwrap_or_default())
            .into_owned()
    }

    /// Ends the program and gives what it heard.
    pub(crate) fn heard(mut self) -> Result<audio::Heard, String> {
        let _ = self.line("terminate");
        std::thread::sleep(Duration::from_millis(500));
        self.end();
        audio::Heard::read(&self.folder.join("heard.wav"))
    }

    fn end(&mut self) {
        let _ = self.line("quit");
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
    }
}
