//! Runs the fuzz targets for a while. They need a nightly compiler, and say so where there is none.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cmd;
use crate::report::{Outcome, Report};

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// Runs one target or all, each for `seconds`.
pub(crate) fn run(report: &mut Report, only: Option<&str>, seconds: u64) {
    let nightly = Command::new("cargo").args(["+nightly", "--version"]).output();
    if !nightly.is_ok_and(|output| output.status.success()) {
        report.outcome("fuzz", || {
            Outcome::Skipped("no nightly toolchain: `rustup toolchain install nightly`".to_owned())
        });
        return;
    }
    let targets: Vec<String> = match targets() {
        Ok(all) => all.into_iter().filter(|name| only.is_none_or(|o| o == name)).collect(),
        Err(why) => {
            report.step("fuzz", || Err(why));
            return;
        }
    };
    if targets.is_empty() {
        report.step("fuzz", || Err(format!("no such target: {}", only.unwrap_or("(any)"))));
        return;
    }
    let mut built = false;
    report.step("fuzz: build", || {
        let done = build();
        built = done.is_ok();
        done
    });
    if built {
        for name in targets {
            report.step(&format!("fuzz: {name}"), || fuzz(&name, seconds));
        }
    }
}

/// The names of the files in `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>, String> {
    let dir = cmd::root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Builds all targets with coverage counters and the address sanitizer, as `cargo fuzz` does.
fn build() -> Result<String, String> {
    const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
        -Zsanitizer=address -Ccodegen-units=1 -Cdebuginfo=line-tables-only";
    let mut cargo = cmd::cargo(["+nightly", "build", "--release", "--target", TRIPLE]);
    cargo.args(["--manifest-path", "fuzz/Cargo.toml", "--bins"]);
    cmd::run(cargo.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", cmd::target_dir().join("fuzz")))
}

fn fuzz(name: &str, seconds: u64) -> Result<String, String> {
    let target = cmd::target_dir().join("fuzz");
    let corpus = target.join("corpus").join(name);
    let artifacts = target.join("artifacts");
    for dir in [&corpus, &artifacts] {
        std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    }
    let mut program = Command::new(target.join(TRIPLE).join("release").join(name));
    program.arg(&corpus);
    let seeds = cmd::root().join("fuzz/seeds").join(name);
    if Path::new(&seeds).is_dir() {
        program.arg(&seeds);
    }
    program.arg(format!("-max_total_time={seconds}"));
    program.arg(format!("-artifact_prefix={}/{name}-", artifacts.display()));
    program.args(["-print_final_stats=1", "-timeout=25", "-rss_limit_mb=2048"]);
    let told = follow(&mut program, name)?;
    Ok(format!(
        "{seconds} s without a find: {} executions, {} edges and {} features covered, a corpus of {}",
        told.executions, told.edges, told.features, told.corpus
    ))
}

/// What the fuzzer says of its work.
#[derive(Default)]
struct Told {
    executions: u64,
    edges: u64,
    features: u64,
    corpus: u64,
}

impl Told {
    /// Reads a line such as `#4096 pulse cov: 120 ft: 310 corp: 25/900b ...`, or of the final figures.
    fn read(&mut self, line: &str) {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            self.executions = count.trim().parse().unwrap_or(self.executions);
            return;
        }
        let mut words = line.split_whitespace();
        let Some(count) = words.next().and_then(|word| word.strip_prefix('#')) else { return };
        self.executions = count.parse().unwrap_or(self.executions);
        while let Some(word) = words.next() {
            let place = match word {
                "cov:" => &mut self.edges,
                "ft:" => &mut self.features,
                "corp:" => &mut self.corpus,
                _ => continue,
            };
            let number = words.next().and_then(|w| w.split('/').next()?.parse().ok());
            *place = number.unwrap_or(*place);
        }
    }
}

/// Runs a fuzzer; says once a minute how far it is, and all that it said at its end where it fails.
fn follow(program: &mut Command, name: &str) -> Result<Told, String> {
    const KEPT: usize = 200;
    let fault = |error: std::io::Error| format!("{name}: {error}");
    let mut child = program.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(fault)?;
    let mut told = Told::default();
    let mut last: VecDeque<String> = VecDeque::new();
    let mut shown = Instant::now();
    if let Some(stderr) = child.stderr.take() {
        let mut lines = BufReader::new(stderr);
        let mut line = Vec::new();
        // A find is printed as it is: not always UTF-8.
        while lines.read_until(b'\n', &mut line).map_err(fault)? > 0 {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            told.read(&text);
            if shown.elapsed() > Duration::from_secs(60) {
                shown = Instant::now();
                println!("  {name}: {} executions, {} edges", told.executions, told.edges);
            }
            // Progress is told above; what is left is a find.
            if text.starts_with('#') {
                continue;
            }
            if last.len() == KEPT {
                last.pop_front();
            }
            last.push_back(text);
        }
    }
    let status = child.wait().map_err(fault)?;
    if status.success() {
        return Ok(told);
    }
    for line in last {
        println!("{line}");
    }
    Err(format!("{name} ended with {status} after {} executions", told.executions))
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn the_fuzzers_lines_are_read() {
        let mut told = Told::default();
        told.read("#4096\tpulse  cov: 120 ft: 310 corp: 25/900b lim: 4096 exec/s: 2048 rss: 44Mb");
        assert_eq!((told.executions, told.edges, told.features, told.corpus), (4096, 120, 310, 25));
        told.read("INFO: seed corpus: files: 3");
        told.read("stat::number_of_executed_units: 5000");
        assert_eq!((told.executions, told.edges), (5000, 120));
    }
}
