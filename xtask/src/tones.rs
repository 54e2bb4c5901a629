//! `cargo xtask tones`: what detectors of DTMF hear in the same files, as one page.

mod speech;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{cmd, install};

/// The page.
const PAGE: &str = "benches/TONES.md";

/// Seeds that nothing in the detector was tuned on; the program that makes the table has the same.
const HELD_OUT: [u64; 3] = [2_027, 31_337, 271_828];

/// Makes so many minutes of speech, runs ours and the peers over it and over the rows, and writes the page; only for the
/// seed 0, which is the page's, and prints it otherwise.
pub(crate) fn run(minutes: u32, seed: u64) -> Result<String, String> {
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
    println!("{}", speech::make(&speech_dir(&work, seed), minutes, seed)?);
    for seed in HELD_OUT {
        println!("{}", speech::make(&speech_dir(&work, seed), (minutes / 3).max(1), seed)?);
    }
    let spandsp = work.join("spandsp");
    let source = cmd::root().join("benches/tones/spandsp.c");
    cmd::run(Command::new("cc").args(["-O2", "-o"]).args([&spandsp, &source]).arg("-lspandsp"))?;
    cmd::run(&mut cmd::cargo(["build", "--quiet", "--release", "-p", "switchboard-tones"]))?;
    let program = cmd::target_dir().join("release/switchboard-tones");
    let output = Command::new(&program)
        .arg(&work)
        .arg(seed.to_string())
        .arg(&spandsp)
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
    if seed != 0 {
        return Ok(format!("seed {seed}: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let path = cmd::root().join(PAGE);
    std::fs::write(&path, page).map_err(|error| format!("{PAGE}: {error}"))?;
    if output.status.success() {
        Ok(format!("{PAGE}: ours is behind in no row"))
    } else {
        Err(format!("{PAGE}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

fn speech_dir(work: &Path, seed: u64) -> PathBuf {
    work.join(if seed == 0 { "speech".to_owned() } else { format!("speech-{seed}") })
}

/// Ours alone: so many minutes of speech must hold no digit.
pub(crate) fn talk_off(minutes: u32) -> Result<String, String> {
    // A folder of its own: the speech of the table is longer, and stays.
    let work = cmd::target_dir().join("tones/talk-off");
    let made = speech::make(&speech_dir(&work, 0), minutes, 0)?;
    // The tests' profile, whose crates are built already: a minute is heard in half a second with it too.
    cmd::run(&mut cmd::cargo(["build", "--quiet", "-p", "switchboard-tones"]))?;
    let program = cmd::target_dir().join("debug/switchboard-tones");
    cmd::run(Command::new(program).arg(&work))?;
    Ok(format!("no digit in {made}"))
}
