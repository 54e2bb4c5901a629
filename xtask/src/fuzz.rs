//! Runs the fuzz targets for a while. They need a nightly compiler, and say so where there is none.

use std::path::Path;
use std::process::Command;

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
    program.args(["-print_final_stats=1", "-timeout=5", "-rss_limit_mb=2048", "-verbosity=0"]);
    cmd::run(&mut program)?;
    Ok(format!("{seconds} s without a find"))
}
