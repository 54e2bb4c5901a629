//! Installing what the tests use, through the package managers, where that is allowed.

use std::process::Command;

use crate::cmd;
use crate::report::{Outcome, Report};

/// A program that the tests use and the Debian package that brings it.
struct Program {
    program: &'static str,
    package: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program { program: "sipp", package: "sip-tester" },
    Program { program: "baresip", package: "baresip-core" },
    Program { program: "linphonec", package: "linphone-cli" },
    Program { program: "sipsak", package: "sipsak" },
    Program { program: "kamailio", package: "kamailio" },
    Program { program: "node", package: "nodejs" },
    Program { program: "npm", package: "npm" },
    Program { program: "sox", package: "sox" },
    Program { program: "espeak-ng", package: "espeak-ng" },
];

const TOOLS: &[&str] = &["cargo-hack", "cargo-deny"];

/// Installs every program and tool that is missing.
pub(crate) fn everything(report: &mut Report) {
    report.step("programs", programs);
    for tool in TOOLS {
        report.step(tool, || self::tool(tool));
    }
}

/// The phones and generators.
pub(crate) fn programs() -> Result<String, String> {
    install(PROGRAMS.iter().filter(|p| !cmd::exists(p.program)).map(|p| p.package).collect())
}

/// Packages whose files are missing: pairs of a file and its package.
pub(crate) fn packages(wanted: &[(&str, &str)]) -> Result<String, String> {
    let is_missing = |(file, _): &&(&str, &str)| !std::path::Path::new(file).is_file();
    install(wanted.iter().filter(is_missing).map(|(_, package)| *package).collect())
}

/// Installs by `apt-get` as root.
fn install(missing: Vec<&str>) -> Result<String, String> {
    if missing.is_empty() {
        return Ok("all there".to_owned());
    }
    let root = cmd::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || !cmd::exists("apt-get") {
        return Err(format!(
            "missing programs; install these packages and run again: {}",
            missing.join(" ")
        ));
    }
    // Its package starts it on every address at port 5060; the tests start their own.
    if missing.contains(&"kamailio") && std::path::Path::new("/run/systemd/system").is_dir() {
        cmd::run(Command::new("systemctl").args(["mask", "kamailio.service"]))?;
    }
    cmd::run(Command::new("apt-get").args(["update", "-qq"]))?;
    cmd::run(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(&missing),
    )
}

/// A cargo subcommand, by `cargo install`.
pub(crate) fn tool(name: &str) -> Result<String, String> {
    if cmd::exists(name) {
        return Ok("there".to_owned());
    }
    cmd::run(&mut cmd::cargo(["install", "--locked", name]))
}

/// Runs `step` when its tool is there or may be installed; else says what is missing.
pub(crate) fn with_tool(
    name: &str,
    install: bool,
    step: impl FnOnce() -> Result<String, String>,
) -> Outcome {
    if !cmd::exists(name) && !install {
        return Outcome::Skipped(format!("{name} is missing: `cargo install --locked {name}`"));
    }
    match tool(name).and_then(|_| step()) {
        Ok(detail) => Outcome::Passed(detail),
        Err(why) => Outcome::Failed(why),
    }
}
