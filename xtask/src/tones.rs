//! `cargo xtask tones`: what detectors of DTMF hear in the same files, as one page.

mod speech;

use std::process::Command;

use crate::{cmd, install};

/// The page.
const PAGE: &str = "benches/TONES.md";

/// Makes so many minutes of speech, runs ours and the peers over it and over the rows, and writes the page.
pub(crate) fn run(minutes: u32) -> Result<String, String> {
    install::packages(&[
        ("/usr/include/x86_64-linux-gnu/spandsp.h", "libspandsp-dev"),
        ("/usr/bin/multimon-ng", "multimon-ng"),
        ("/usr/bin/espeak-ng", "espeak-ng"),
        ("/usr/bin/sox", "sox"),
        ("/usr/bin/cc", "gcc"),
    ])?;
    let work = cmd::target_dir().join("tones");
    let fault = |error: std::io::Error| format!("{}: {error}", work.display());
    std::fs::create_dir_all(&work).map_err(fault)?;
    println!("{}", speech::make(&work.join("speech"), minutes)?);
    let spandsp = work.join("spandsp");
    let source = cmd::root().join("benches/tones/spandsp.c");
    cmd::run(Command::new("cc").args(["-O2", "-o"]).args([&spandsp, &source]).arg("-lspandsp"))?;
    cmd::run(&mut cmd::cargo(["build", "--quiet", "--release", "-p", "switchboard-tones"]))?;
    let program = cmd::target_dir().join("release/switchboard-tones");
    let output = Command::new(&program)
        .args([&work, &spandsp])
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let page = format!(
        "# Detectors of DTMF beside each other\n\n\
         Made by `cargo xtask tones` on {}. The same files in the same run: ours, spandsp 0.0.6 as Debian packs it without and with its \
         filter against dial tone, multimon-ng (at its 22,050 Hz), and the crate `dtmf` 0.1. Made audio and made speech, from fixed \
         seeds: the rows come out the same each time, the speed does not. Ours is in **bold**.\n{}",
        crate::bench_report::machine(),
        String::from_utf8_lossy(&output.stdout)
    );
    print!("{page}");
    let path = cmd::root().join(PAGE);
    std::fs::write(&path, page).map_err(|error| format!("{PAGE}: {error}"))?;
    if output.status.success() {
        Ok(format!("{PAGE}: ours is behind in no row"))
    } else {
        Err(format!("{PAGE}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// Ours alone: so many minutes of speech must hold no digit.
pub(crate) fn talk_off(minutes: u32) -> Result<String, String> {
    let work = cmd::target_dir().join("tones");
    let made = speech::make(&work.join("speech"), minutes)?;
    cmd::run(&mut cmd::cargo(["build", "--quiet", "--release", "-p", "switchboard-tones"]))?;
    let program = cmd::target_dir().join("release/switchboard-tones");
    cmd::run(Command::new(program).arg(&work))?;
    Ok(format!("no digit in {made}"))
}
