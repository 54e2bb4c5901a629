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

/// The files that the architecture page names are there: `crate/src/file.rs`, and after one of
/// them in the same row, `file.rs` beside it or `folder/file.rs` below the crate's `src`.
pub(crate) fn map() -> Result<String, String> {
    let text = std::fs::read_to_string(cmd::root().join("ARCHITECTURE.md"))
        .map_err(|error| format!("ARCHITECTURE.md: {error}"))?;
    let mut count = 0;
    for line in text.lines() {
        let mut places: Vec<PathBuf> = Vec::new();
        for name in line.split('`').skip(1).step_by(2).filter(|name| name.ends_with(".rs")) {
            let whole = cmd::root().join("crates").join(name);
            if name.contains("/src/") {
                let source = name.split("/src/").next().unwrap_or_default();
                places.push(cmd::root().join("crates").join(source).join("src"));
                places.extend(whole.parent().map(PathBuf::from));
                if !whole.is_file() {
                    return Err(format!("ARCHITECTURE.md names {name}, which is not there"));
                }
            } else if !places.is_empty() && !places.iter().any(|place| place.join(name).is_file()) {
                return Err(format!("ARCHITECTURE.md names {name}, which is not there:\n{line}"));
            }
            count += 1;
        }
    }
    Ok(format!("{count} names"))
}

/// The tests that the security page tells of are there: of each line of its table, in each crate that it names.
pub(crate) fn hostile() -> Result<String, String> {
    let text = std::fs::read_to_string(cmd::root().join("SECURITY.md"))
        .map_err(|error| format!("SECURITY.md: {error}"))?;
    let tests = cmd::output(
        std::process::Command::new("git")
            .args(["grep", "-hoE", "fn h[0-9][0-9]_", "--", "crates"])
            .current_dir(cmd::root()),
    )?;
    let mut lines = 0;
    for line in text.lines() {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (Some(number), Some(crates)) = (cells.next(), cells.nth(1)) else { continue };
        if number.len() != 2 || !number.bytes().all(|digit| digit.is_ascii_digit()) {
            continue;
        }
        let test = format!("fn h{number}_");
        for name in crates.split('`').skip(1).step_by(2) {
            let found = cmd::output(
                std::process::Command::new("git")
                    .args(["grep", "-l", &test, "--", &format!("crates/{name}")])
                    .current_dir(cmd::root()),
            );
            if found.is_err() {
                return Err(format!("SECURITY.md: no test {test}* in crates/{name}"));
            }
        }
        lines += 1;
    }
    if lines == 36 {
        Ok(format!("{lines} lines, {} tests", tests.lines().count()))
    } else {
        Err(format!("SECURITY.md: {lines} lines of hostile inputs, not 36"))
    }
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

/// One run of an example: its name, its arguments, what it reads, and a text that its output must hold.
/// `{out}` in an argument is a scratch folder.
struct Run {
    example: &'static str,
    args: &'static [&'static str],
    input: &'static str,
    holds: &'static str,
}

const RUNS: &[Run] = &[
    Run { example: "dial", args: &["03012345;42"], input: "", holds: "\"extension\":\"42\"" },
    Run { example: "dial", args: &[], input: "p123\n", holds: "\"offset\":0" },
    Run {
        example: "collect_digits",
        args: &[],
        // Two packets of one press, the first lost: the end alone tells the digit.
        input: "{\"name\":\"end only\",\"clock\":8000,\"packets\":[{\"t\":0,\"seq\":7,\"ts\":160,\"m\":false,\"ev\":5,\"e\":true,\"dur\":800}]}\n",
        holds: "end only\t5",
    },
    Run {
        example: "collect_digits",
        args: &["crates/dtmf/testdata/telephone_events.jsonl"],
        input: "",
        holds: "twenty seconds of one key in three segments\t5",
    },
    Run { example: "generate_tones", args: &["159#", "{out}/digits.wav"], input: "", holds: "" },
    Run { example: "detect_tones", args: &["{out}/digits.wav"], input: "", holds: "\t159#" },
    Run {
        example: "detect_tones",
        args: &["--svg", "{out}/digits.wav"],
        input: "",
        holds: "<title>#: 0.",
    },
    Run {
        example: "detect_tones",
        args: &["--svg", "{out}/digits.svg", "{out}/digits.wav"],
        input: "",
        holds: "\t159#",
    },
    Run { example: "rtp_dump", args: &[], input: "", holds: "event" },
    Run { example: "sip_check", args: &["{out}/register.sip"], input: "", holds: "\taccept\t" },
    Run { example: "route_call", args: &[], input: "", holds: "play welcome" },
    Run { example: "pbx_in_memory", args: &[], input: "", holds: "SIP/2.0 200 OK" },
    Run {
        example: "directory_file",
        args: &["--dismiss", "bruno", "examples/pbx/demo.toml"],
        input: "",
        holds: "bruno",
    },
];

/// Examples that serve until they are stopped: `examples/tests/sip.rs` runs them.
const SERVERS: &[&str] = &["sip_registrar", "sip_responder", "sip_user_agent"];

/// What `sip_check` reads.
const REGISTER: &str = "REGISTER sip:example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1\r\n\
    From: <sip:anna@example.com>;tag=1\r\nTo: <sip:anna@example.com>\r\nCall-ID: 1\r\n\
    CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

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
    let out = cmd::target_dir().join("examples-out");
    let fault = |e: std::io::Error| format!("{}: {e}", out.display());
    std::fs::create_dir_all(&out).map_err(fault)?;
    std::fs::write(out.join("register.sip"), REGISTER).map_err(fault)?;
    for name in &listed {
        if SERVERS.contains(name) {
            continue;
        }
        if !RUNS.iter().any(|run| run.example == *name) {
            return Err(format!("example {name} is run by nothing: add it to the list in xtask"));
        }
    }
    for run in RUNS {
        let program: PathBuf = cmd::target_dir().join("debug/examples").join(run.example);
        let args: Vec<String> =
            run.args.iter().map(|arg| arg.replace("{out}", &out.to_string_lossy())).collect();
        let mut command = std::process::Command::new(&program);
        let output = cmd::talk(command.args(&args).current_dir(cmd::root()), run.input)?;
        if !output.contains(run.holds) {
            return Err(format!(
                "example {} {args:?} does not print {:?}:\n{output}",
                run.example, run.holds
            ));
        }
    }
    Ok(format!("{} examples", listed.len()))
}
