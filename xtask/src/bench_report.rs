//! `cargo xtask bench-report`: the benches' comparisons as one page of tables and plots.

mod page;
mod plot;

use std::path::Path;
use std::process::Command;

use switchboard_benches::{REPORT_DIR, Record};

use crate::cmd;

/// What one bench left.
pub(crate) struct Results {
    /// The bench's name.
    pub(crate) name: String,
    pub(crate) records: Vec<Record>,
}

/// Runs the benches (all, or one) for their comparisons and writes `benches/RESULTS.md` and `benches/plots/`.
/// What benches left out this time found in an earlier run stands on the page with them.
pub(crate) fn run(only: Option<&str>) -> Result<String, String> {
    let dir = cmd::target_dir().join("bench-report");
    let benches = benches()?;
    if let Some(name) = only
        && !benches.iter().any(|bench| bench == name)
    {
        return Err(format!("no bench {name}: there are {}", benches.join(", ")));
    }
    for (at, bench) in benches.iter().enumerate() {
        if only.is_none_or(|name| name == bench) {
            println!("bench {} of {}: {bench}", at + 1, benches.len());
            let mut cargo =
                cmd::cargo(["bench", "--quiet", "-p", "switchboard-benches", "--bench", bench]);
            cmd::run(cargo.env(REPORT_DIR, &dir))?;
        }
    }
    let mut results = Vec::new();
    for bench in &benches {
        match read(&dir.join(format!("{bench}.jsonl")))? {
            Some(records) => results.push(Results { name: bench.clone(), records }),
            None if only.is_some() => println!("{bench}: not run yet, left out of the page"),
            None => return Err(format!("{bench} left no record: does it use `Bench`?")),
        }
    }
    write(&results, &machine())
}

/// The benches that the package names, in its order.
fn benches() -> Result<Vec<String>, String> {
    let path = cmd::root().join("benches/Cargo.toml");
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let names = text.split("[[bench]]").skip(1).filter_map(|part| {
        part.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
    });
    Ok(names.map(str::to_owned).collect())
}

fn read(path: &Path) -> Result<Option<Vec<Record>>, String> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(None) };
    text.lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| format!("{}: {error}", path.display()))
        })
        .collect::<Result<Vec<_>, _>>()
        .map(Some)
}

/// Where the figures come from: they mean nothing without it.
pub(crate) fn machine() -> String {
    let line = |program: &str, args: &[&str]| {
        cmd::output(Command::new(program).args(args).current_dir(cmd::root()))
            .map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
    };
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("an unnamed processor", |(_, name)| name.trim())
        .to_owned();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{}, at revision {}, with {}, on {} of {processor} under {}, with a load average of {} at the end",
        line("date", &["-u", "+%F %H:%M UTC"]),
        line("git", &["rev-parse", "--short", "HEAD"]),
        line("rustc", &["--version"]),
        std::thread::available_parallelism()
            .map_or_else(|_| "cores".to_owned(), |cores| format!("{cores} cores")),
        line("uname", &["-sr"]),
        load.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown"),
    )
}

fn write(results: &[Results], machine: &str) -> Result<String, String> {
    let plots = cmd::root().join("benches/plots");
    // A bench that is gone leaves no picture behind.
    let _ = std::fs::remove_dir_all(&plots);
    std::fs::create_dir_all(&plots).map_err(|error| format!("{}: {error}", plots.display()))?;
    let save = |path: &Path, text: &str| {
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    for result in results {
        if let Some(picture) = plot::bars(result) {
            save(&plots.join(format!("{}.svg", result.name)), &picture)?;
        }
    }
    let page = cmd::root().join("benches/RESULTS.md");
    save(&page, &page::markdown(results, machine))?;
    Ok(format!("{}: {} benches", page.display(), results.len()))
}
