//! One table of what detectors of DTMF hear in the same files: ours, spandsp's, multimon-ng's and the crate `dtmf`'s.
//!
//! `cargo xtask tones` installs the peers, builds [`spandsp.c`](../spandsp.c), makes the speech and runs this program:
//! `switchboard-tones WORK SEED SPANDSP`, where `WORK` is a folder for the files (and `WORK/speech*/*.raw` the speech, with
//! [`HELD_OUT`] seeds too). The page goes to standard output. The exit code is not 0 where ours is behind a peer in a row.
//! `switchboard-tones WORK` without peers only hears the speech; the exit code is not 0 if there is a digit in it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program that measures: it prints and reads the clock"
)]

#[path = "../../../crates/dtmf/src/detector/tests/audio.rs"]
mod audio;
mod hearers;
mod rows;
mod speed;
mod strange;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use switchboard_dtmf::generator::frequencies;

use crate::hearers::Hearers;
use crate::rows::Row;

/// Seeds that nothing was tuned on.
const HELD_OUT: [u64; 3] = [2_027, 31_337, 271_828];

/// Why there is no table.
type Fault = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(work) = arguments.next() else {
        eprintln!("usage: switchboard-tones WORK [SEED SPANDSP]");
        return ExitCode::FAILURE;
    };
    let Some(seed) = arguments.next() else { return talk_off(&work) };
    let seed = seed.to_str().and_then(|seed| seed.parse().ok());
    let (Some(seed), Some(spandsp)) = (seed, arguments.next()) else {
        eprintln!("usage: switchboard-tones WORK [SEED SPANDSP]");
        return ExitCode::FAILURE;
    };
    match table(&work, seed, &spandsp) {
        Ok((page, lost)) if lost.is_empty() => {
            print!("{page}");
            ExitCode::SUCCESS
        }
        Ok((page, lost)) => {
            print!("{page}");
            eprintln!("a peer is better in: {}", lost.join("; "));
            ExitCode::FAILURE
        }
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

/// Ours alone over the speech.
fn talk_off(work: &Path) -> ExitCode {
    match speech(&speech_dir(work, 0)) {
        Ok(Some((name, audio))) => {
            let digits = hearers::ours(&audio);
            println!("{name}: {} digits {digits}", digits.len());
            if digits.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Ok(None) => {
            eprintln!("{}: no speech", work.display());
            ExitCode::FAILURE
        }
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

/// The page, and the rows in which a peer is better.
fn table(work: &Path, seed: u64, spandsp: &Path) -> Result<(String, Vec<String>), Fault> {
    let mut hearers = Hearers::start(spandsp)?;
    let (mut page, mut lost) = (String::new(), Vec::new());
    let names = hearers.names();
    let head = |page: &mut String, first: &str, last: &[&str]| {
        let _ = write!(page, "\n| {first} |");
        names.iter().chain(last).for_each(|name| {
            let _ = write!(page, " {name} |");
        });
        let _ = writeln!(page, "\n|---|{}", "---:|".repeat(names.len() + last.len()));
    };
    let others = ["switchboard, worst of three other seeds"];
    let _ = writeln!(
        page,
        "\n## Digits at the limits\n\nPercent right of {} trials a row, each digit of the sixteen alike, with random phases \
         and places: exactly what was sent, or nothing where it must be refused. The limits were set on the first column's \
         seed; the last column is what ours does on seeds that nothing was set on.",
        rows::TRIALS
    );
    head(&mut page, "row", &others);
    let (mut behind, mut sent) = (vec![0; names.len()], 0);
    for row in rows::ROWS {
        let trials = row.make(seed);
        let path = work.join(format!("{}.raw", file_name(row.name)));
        save(&path, trials.iter().flat_map(|trial| &trial.audio).copied())?;
        let heard = hearers.hear(&path, Row::SAMPLES)?;
        let percents: Vec<f64> =
            heard.iter().map(|strings| rows::percent_right(strings, &trials)).collect();
        if percents[1..].iter().any(|theirs| *theirs > percents[0]) {
            lost.push(row.name.to_owned());
        }
        let other = HELD_OUT
            .map(|seed| {
                let trials = row.make(seed);
                let heard: Vec<String> =
                    trials.iter().map(|trial| hearers::ours(&trial.audio)).collect();
                rows::percent_right(&heard, &trials)
            })
            .into_iter()
            .fold(100.0, f64::min);
        let all = percents.iter().chain([&other]);
        line(&mut page, row.name, all.map(|percent| format!("{percent:.0}")));
        // A digit that ours does not hear passes, and is heard behind it for the first time.
        let muted: Vec<_> = trials
            .iter()
            .zip(&heard[0])
            .filter(|(trial, heard)| !heard.is_empty() && **heard == trial.right)
            .map(|(trial, _)| hearers::passed_on(&trial.audio))
            .collect();
        if let Some(samples) = muted.first().map(Vec::len) {
            sent += muted.len();
            let path = work.join("passed_on.raw");
            save(&path, muted.into_iter().flatten())?;
            let heard = hearers.hear(&path, samples)?;
            for (sum, strings) in behind.iter_mut().zip(&heard) {
                *sum += strings.iter().map(|digits| digits.chars().count()).sum::<usize>();
            }
        }
    }
    let _ = writeln!(
        page,
        "\n## Behind `Mute`\n\nDigits heard in what `Mute` passes on of the {sent} trials above whose digits ours heard: \
         each of them would be heard twice downstream."
    );
    head(&mut page, "", &[]);
    line(&mut page, "digits heard again", behind.iter().map(usize::to_string));
    let _ = writeln!(
        page,
        "\n## What is no digit\n\nDigits heard where there is none: fewer is better. The last column is the worst of three \
         seeds that nothing was set on: other sounds, other voices with other words."
    );
    head(&mut page, "sound", &others);
    let count = |strings: &[String]| strings.iter().map(|digits| digits.chars().count()).sum();
    let mut others = Vec::new();
    for seed in HELD_OUT {
        let mut sounds = strange::sounds(seed);
        sounds.extend(speech(&speech_dir(work, seed))?);
        others.push(sounds);
    }
    let mut sounds = strange::sounds(seed);
    sounds.extend(speech(&speech_dir(work, seed))?);
    for (at, (name, audio)) in sounds.iter().enumerate() {
        let path = work.join(format!("{}.raw", file_name(name)));
        save(&path, audio.iter().copied())?;
        let counts: Vec<usize> =
            hearers.hear(&path, audio.len())?.iter().map(|heard| count(heard)).collect();
        if counts[1..].iter().any(|theirs| *theirs < counts[0]) {
            lost.push(name.clone());
        }
        let other = others
            .iter()
            .filter_map(|sounds| sounds.get(at))
            .map(|(name, audio)| (hearers::ours(audio).chars().count(), name))
            .max_by_key(|(count, _)| *count);
        let other = other.map_or_else(String::new, |(count, other)| {
            if other == name { count.to_string() } else { format!("{count} ({other})") }
        });
        line(&mut page, name, counts.iter().map(usize::to_string).chain([other]));
    }
    speed::compare(&mut page, &mut hearers, work)?;
    Ok((page, lost))
}

/// A row of the table, ours in bold.
fn line(page: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let _ = write!(page, "| {name} |");
    for (at, cell) in cells.enumerate() {
        let _ = if at == 0 { write!(page, " **{cell}** |") } else { write!(page, " {cell} |") };
    }
    page.push('\n');
}

/// A row's name as a file's.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn save(path: &Path, audio: impl Iterator<Item = i16>) -> Result<(), Fault> {
    let octets: Vec<u8> = audio.flat_map(i16::to_ne_bytes).collect();
    std::fs::write(path, octets).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn load(path: &Path) -> Result<Vec<i16>, Fault> {
    let octets = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(octets.chunks_exact(2).map(|pair| i16::from_ne_bytes([pair[0], pair[1]])).collect())
}

/// Where the speech of a seed is.
fn speech_dir(work: &Path, seed: u64) -> PathBuf {
    work.join(if seed == 0 { "speech".to_owned() } else { format!("speech-{seed}") })
}

/// All the speech that was made, in one piece.
fn speech(dir: &Path) -> Result<Option<(String, Vec<i16>)>, Fault> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(None) };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "raw"))
        .collect();
    paths.sort();
    let mut audio = Vec::new();
    for path in &paths {
        audio.extend(load(path)?);
    }
    let minutes = audio.len() as f64 / 8_000.0 / 60.0;
    let name = format!("{minutes:.0} minutes of synthetic speech, {} voices", paths.len());
    Ok((!audio.is_empty()).then_some((name, audio)))
}
