//! Kamailio in the same run: a stateless answer to OPTIONS, a registrar with digest, a proxy with Record-Route.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::figure::show;
use super::office;
use super::process::{self, Cpu};
use super::rows::Lab;
use super::sipp::Counts;
use crate::cmd;
use crate::interop::ports;

/// A running Kamailio.
pub(crate) struct Kamailio {
    child: Child,
    version: String,
    port: u16,
    /// Where it sends INVITEs.
    pub(crate) far: u16,
    pids: Vec<u32>,
}

impl Kamailio {
    /// Starts it; `None` where it is not installed (`apt-get install kamailio`).
    pub(crate) fn start(dir: &Path) -> Result<Option<Self>, String> {
        if !cmd::exists("kamailio") {
            return Ok(None);
        }
        let version = cmd::output(Command::new("kamailio").arg("-v")).unwrap_or_default();
        let version = version.split_whitespace().nth(2).unwrap_or("of some version").to_owned();
        let (port, far) = (ports::block(2), ports::block(2));
        let folder = dir.join("kamailio");
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let config = folder.join("kamailio.cfg");
        fs::write(&config, text(port, far)).map_err(|e| format!("{}: {e}", config.display()))?;
        let log = |name: &str| fs::File::create(folder.join(name)).map_err(|e| e.to_string());
        let mut child = Command::new("kamailio")
            .args(["-DD", "-E", "-m", "256", "-M", "16", "-f"])
            .arg(&config)
            .args(["-Y".as_ref(), folder.as_os_str()])
            .stdin(Stdio::null())
            .stdout(log("stdout")?)
            .stderr(log("stderr")?)
            .spawn()
            .map_err(|e| format!("kamailio does not start: {e}"))?;
        std::thread::sleep(Duration::from_millis(1_500));
        if !matches!(child.try_wait(), Ok(None)) {
            let said = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
            let lines: Vec<&str> = said.lines().rev().take(6).collect();
            return Err(format!("kamailio ended at once: {}", lines.join("\n")));
        }
        let pids = family(child.id());
        Ok(Some(Self { child, version, port, far, pids }))
    }

    fn cpu(&self) -> Result<Cpu, String> {
        let mut all = Cpu::default();
        for pid in &self.pids {
            let one = process::cpu(*pid)?;
            all = Cpu { user: all.user + one.user, system: all.system + one.system };
        }
        Ok(all)
    }

    /// Its processor time per 1,000 of a load, and its name.
    pub(crate) fn per_1000(
        &self,
        _: &Lab,
        load: impl FnOnce(&str) -> Result<Counts, String>,
    ) -> Result<(String, f64), String> {
        let before = self.cpu()?;
        let counts = load(&format!("127.0.0.1:{}", self.port))?;
        // It forgets a transaction after five seconds.
        std::thread::sleep(Duration::from_secs(6));
        let cost = self.cpu()?.since(before).total() * 1_000.0 / counts.good;
        println!("    Kamailio {}: {}", self.version, show(cost));
        Ok((format!("Kamailio {}", self.version), cost))
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // Its first process ends the others.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// The process and its children.
fn family(pid: u32) -> Vec<u32> {
    let path = PathBuf::from(format!("/proc/{pid}/task/{pid}/children"));
    let children = fs::read_to_string(path).unwrap_or_default();
    let children: Vec<u32> = children.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    std::iter::once(pid).chain(children).collect()
}

fn text(port: u16, far: u16) -> String {
    let password = office::password("\" + $fU + \"");
    format!(
        r#"#!KAMAILIO
debug=-1
log_stderror=yes
children=2
auto_aliases=no
disable_tcp=yes
listen=udp:127.0.0.1:{port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
modparam("rr", "enable_full_lr", 1)
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (is_method("REGISTER")) {{
        $var(password) = "{password}";
        if (!pv_www_authenticate("$fd", "$var(password)", "0")) {{ www_challenge("$fd", "1"); exit; }}
        save("location");
        exit;
    }}
    if (has_totag()) {{
        if (loose_route()) {{
            if (is_method("ACK")) {{ t_relay(); exit; }}
            t_relay();
            exit;
        }}
        if (is_method("ACK") && t_check_trans()) {{ t_relay(); }}
        exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    t_check_trans();
    record_route();
    $du = "sip:127.0.0.1:{far}";
    t_relay();
}}
"#
    )
}
