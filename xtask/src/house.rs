//! The house's own rules: what a compiler does not see.

use std::path::PathBuf;

use crate::cmd;

/// A file is split before it becomes the place where everything is.
const MOST_LINES: usize = 800;

/// What one of our crates may depend on, of ours. A crate that is not listed may use all of them.
const ARROWS: &[(&str, &[&str])] = &[
    ("dialstring", &[]),
    ("dtmf", &["dialstring"]),
    ("routing", &["dialstring"]),
    ("sdp", &[]),
    ("rtp", &[]),
    ("sip", &[]),
    ("media", &["dialstring", "dtmf", "rtp"]),
    ("pbx", &["dialstring", "dtmf", "routing", "sdp", "rtp", "sip", "media"]),
    ("store", &["dialstring", "routing"]),
];

/// What no core may reach, however far down.
const NOT_IN_A_CORE: &[&str] = &["tokio", "mio", "socket2", "rusqlite", "clap", "tracing"];

/// File lengths, leftovers and paths in the files that git tracks.
pub(crate) fn files() -> Result<String, String> {
    let list =
        cmd::output(std::process::Command::new("git").arg("ls-files").current_dir(cmd::root()))?;
    let mut faults = Vec::new();
    let mut read = 0;
    for name in list.lines() {
        let path = cmd::root().join(name);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        read += 1;
        if name.ends_with(".rs") {
            let code = text.split("\n#[cfg(test)]\nmod").next().unwrap_or_default();
            let lines = code.lines().count();
            let is_test = name.contains("/tests/") || name.ends_with("tests.rs");
            if lines > MOST_LINES && !is_test {
                faults.push(format!(
                    "{name}: {lines} lines before its tests (split at {MOST_LINES})"
                ));
            }
            // Spelt in two parts so that this file does not find itself.
            for leftover in [
                concat!("todo", "!("),
                concat!("unimplemented", "!("),
                concat!("FIX", "ME"),
                concat!("#[ign", "ore]"),
            ] {
                if text.contains(leftover) {
                    faults.push(format!("{name}: unfinished: {leftover}"));
                }
            }
            if public_nom(&text) {
                faults.push(format!("{name}: nom in a public signature"));
            }
        }
    }
    if faults.is_empty() { Ok(format!("{read} files")) } else { Err(faults.join("\n")) }
}

/// Whether a public item names a type of nom's.
fn public_nom(text: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        line.starts_with("pub ") && (line.contains("IResult") || line.contains("nom::"))
    })
}

/// Which crate leans on which: only downwards, and no core on a runtime.
pub(crate) fn arrows(cores: &[&str]) -> Result<String, String> {
    for (name, allowed) in ARROWS {
        let tree = normal_tree(name)?;
        for line in tree.lines() {
            let dependency = line.split_whitespace().next().unwrap_or_default();
            if let Some(ours) = dependency.strip_prefix("switchboard-")
                && ours != *name
                && !allowed.contains(&ours)
            {
                return Err(format!("{name} depends on {ours}: the arrows point one way"));
            }
        }
    }
    for core in cores {
        let tree = normal_tree(core)?;
        for line in tree.lines() {
            let dependency = line.split_whitespace().next().unwrap_or_default();
            if NOT_IN_A_CORE.contains(&dependency) {
                return Err(format!("{core} reaches {dependency}: a core does no I/O"));
            }
        }
    }
    Ok(format!("{} crates, {} cores", ARROWS.len(), cores.len()))
}

fn normal_tree(name: &str) -> Result<String, String> {
    let package = format!("switchboard-{name}");
    let args = ["tree", "--prefix", "none", "--edges", "normal", "--package", package.as_str()];
    cmd::output(&mut cmd::cargo(args))
}

/// One run of an example: its name, its arguments, and a text that its output must hold.
struct Run {
    example: &'static str,
    args: &'static [&'static str],
    holds: &'static str,
}

const RUNS: &[Run] = &[];

/// Builds and runs every example that is listed in `examples/Cargo.toml`.
pub(crate) fn examples() -> Result<String, String> {
    cmd::run(&mut cmd::cargo(["build", "--quiet", "-p", "switchboard-examples", "--examples"]))?;
    let manifest = std::fs::read_to_string(cmd::root().join("examples/Cargo.toml"))
        .map_err(|error| format!("examples/Cargo.toml: {error}"))?;
    let mut listed: Vec<&str> = Vec::new();
    let mut in_example = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_example = line == "[[example]]";
        } else if let Some(name) = line.strip_prefix("name = \"").and_then(|l| l.strip_suffix('"'))
            && in_example
        {
            listed.push(name);
        }
    }
    for name in &listed {
        let runs: Vec<&Run> = RUNS.iter().filter(|run| run.example == *name).collect();
        if runs.is_empty() {
            return Err(format!("example {name} is run by nothing: add it to the list in xtask"));
        }
        for run in runs {
            let program: PathBuf = cmd::target_dir().join("debug/examples").join(name);
            let output = cmd::output(
                std::process::Command::new(&program).args(run.args).current_dir(cmd::root()),
            )?;
            if !output.contains(run.holds) {
                return Err(format!(
                    "example {name} {:?} does not print {:?}:\n{output}",
                    run.args, run.holds
                ));
            }
        }
    }
    Ok(format!("{} examples", listed.len()))
}
