//! `cargo xtask instructions`: how many instructions a message takes, by callgrind, as one page.

use std::process::Command;

use crate::{bench_report, cmd, install};

/// The page.
const PAGE: &str = "benches/INSTRUCTIONS.md";

/// Holds the work that the bench runs alone.
const ALONE: &str = "SWITCHBOARD_BENCH_ALONE";

/// Messages in a round of a work.
const MESSAGES: u64 = 10;

/// What was counted of one work.
struct Count {
    kind: String,
    of: String,
    instructions: u64,
}

/// Counts all works of the bench `sip_parse`, with all peers or only those that it always has, and writes the page.
pub(crate) fn run(every_peer: bool) -> Result<String, String> {
    install::packages(&[("/usr/bin/valgrind", "valgrind")])?;
    let bench = build(every_peer)?;
    let list = cmd::output(Command::new(&bench).env(ALONE, "0 list"))?;
    let mut counts = Vec::new();
    for work in list.lines() {
        let (kind, of) = work.split_once(": ").ok_or_else(|| format!("a work named {work}"))?;
        // What a start costs is in both.
        let (few, many) = if kind.ends_with("KiB") { (1, 3) } else { (10, 60) };
        let rounds = count(&bench, work, many)? - count(&bench, work, few)?;
        let instructions = rounds / ((many - few) * MESSAGES);
        println!("{instructions:>9} {work}");
        counts.push(Count { kind: kind.to_owned(), of: of.to_owned(), instructions });
    }
    let page = page(&counts);
    let path = cmd::root().join(PAGE);
    std::fs::write(&path, page).map_err(|error| format!("{PAGE}: {error}"))?;
    Ok(format!("{PAGE}: {} works", counts.len()))
}

/// Builds the bench and tells where its program is.
fn build(every_peer: bool) -> Result<String, String> {
    let mut cargo = cmd::cargo(["bench", "--no-run", "--quiet", "-p", "switchboard-benches"]);
    cargo.args(["--bench", "sip_parse", "--message-format", "json"]);
    if every_peer {
        cargo.args(["--features", "every-peer"]);
    }
    let messages = cmd::output(&mut cargo)?;
    let program = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "sip_parse")
        .find_map(|message| message["executable"].as_str().map(str::to_owned));
    program.ok_or_else(|| "cargo names no program of the bench".to_owned())
}

/// Instructions of so many rounds and the start.
fn count(bench: &str, work: &str, rounds: u64) -> Result<u64, String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", bench])
        .env(ALONE, format!("{rounds} {work}"))
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = told.lines().find_map(|line| line.split_once("Collected : "));
    let number = collected.and_then(|(_, number)| number.trim().parse().ok());
    number.ok_or_else(|| format!("{work}: callgrind counted nothing: {told}"))
}

fn page(counts: &[Count]) -> String {
    let mut page = format!(
        "# Instructions a message\n\n\
         Made by `cargo xtask instructions` on {}. Counted by callgrind as the difference between many rounds and few, so that\n\
         what a program's start costs is left out. Ten messages of 594 octets and 10.9 header fields in the mean; *touch* is parse,\n\
         then Call-ID, CSeq, the topmost Via's branch, both tags and the Contact's URI.\n",
        bench_report::machine()
    );
    let of = |kind: &str, of: &str| {
        counts.iter().find(|c| c.kind == kind && c.of == of).map(|count| count.instructions)
    };
    page += "\n| crate | parse | times ours | touch | times ours |\n|---|---|---|---|---|\n";
    let parsed: Vec<&Count> = counts.iter().filter(|count| count.kind == "parse").collect();
    for Count { of: name, instructions, .. } in &parsed {
        let ours = parsed.first().map_or("", |count| &count.of);
        let times = |kind: &str, mine: u64| {
            of(kind, ours).map_or(String::new(), |ours| format!("{:.1}", mine as f64 / ours as f64))
        };
        let touch = of("touch", name);
        page += &format!(
            "| {name} | {instructions} | {} | {} | {} |\n",
            times("parse", *instructions),
            touch.map_or(String::new(), |touch| touch.to_string()),
            touch.map_or(String::new(), |touch| times("touch", touch)),
        );
    }
    page += "\nA message nearly as long as one may be, beside one half as long, read and validated:\n\n\
             | mostly | 32 KiB | 64 KiB | ratio |\n|---|---|---|---|\n";
    for Count { of: what, instructions: half, .. } in counts.iter().filter(|c| c.kind == "32 KiB") {
        let whole = of("64 KiB", what).unwrap_or_default();
        let ratio = whole as f64 / (*half).max(1) as f64;
        page += &format!("| {what} | {half} | {whole} | {ratio:.2} |\n");
    }
    page
}
