//! The real program, called by phones and generators that we did not write, on loopback.
//!
//! Every scenario starts its own PBX on a new data folder and asserts what a person would: who
//! heard whom, which digits arrived, what the call record says.

mod audio;
mod baresip;
mod linphone;
mod pbx;
mod ports;
mod sipp;

use std::path::{Path, PathBuf};

use crate::cmd;
use crate::report::{Outcome, Report};

/// One scenario.
pub(crate) struct Scenario {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) about: &'static str,
    run: fn(&Path) -> Result<(), String>,
}

/// All scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[];

/// The programs without which nothing here can run.
const NEEDED: &[&str] = &["sipp", "baresip", "linphonec", "sipsak"];

/// Runs the scenarios whose name holds `filter`.
pub(crate) fn run(report: &mut Report, filter: Option<&str>) {
    let missing: Vec<&str> = NEEDED.iter().copied().filter(|p| !cmd::exists(p)).collect();
    if !missing.is_empty() {
        report.outcome("interop", || {
            Outcome::Skipped(format!(
                "missing: {}; `cargo xtask setup` installs them",
                missing.join(" ")
            ))
        });
        return;
    }
    let mut built = false;
    report.step("interop: build", || {
        let program = pbx::program()?;
        built = true;
        Ok(program.display().to_string())
    });
    if !built {
        return;
    }
    for scenario in SCENARIOS.iter().filter(|s| filter.is_none_or(|f| s.name.contains(f))) {
        report.step(&format!("interop: {}", scenario.name), || {
            let dir = folder(scenario.name)?;
            (scenario.run)(&dir).map_err(|why| format!("{why}\n    files: {}", dir.display()))?;
            Ok(scenario.about.to_owned())
        });
    }
}

/// A new, empty folder for one scenario.
fn folder(name: &str) -> Result<PathBuf, String> {
    let dir = cmd::target_dir().join("interop").join(name);
    let fault = |e: std::io::Error| format!("{}: {e}", dir.display());
    if dir.exists() {
        std::fs::remove_dir_all(&dir).map_err(fault)?;
    }
    std::fs::create_dir_all(&dir).map_err(fault)?;
    Ok(dir)
}
