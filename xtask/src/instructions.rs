//! `cargo xtask instructions`: how many instructions and allocations a message takes, by valgrind, as one page.

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
    /// Of one message; of long ones nobody asked.
    allocations: Option<f64>,
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
        let is_long = kind.ends_with("KiB");
        let (few, many) = if is_long { (1, 3) } else { (10, 60) };
        let messages = (many - few) * MESSAGES;
        let per_message = |tool: &Tool| -> Result<f64, String> {
            let rounds =
                tool.count(&bench, work, many)?.saturating_sub(tool.count(&bench, work, few)?);
            Ok(rounds as f64 / messages as f64)
        };
        let instructions = per_message(&INSTRUCTIONS)? as u64;
        let allocations = if is_long { None } else { Some(per_message(&ALLOCATIONS)?) };
        println!("{instructions:>9} {:>6.1} {work}", allocations.unwrap_or_default());
        counts.push(Count { kind: kind.to_owned(), of: of.to_owned(), instructions, allocations });
    }
    let verdicts = cmd::output(Command::new(&bench).env(ALONE, "0 verdicts"))?;
    let verdicts: Vec<(&str, &str)> =
        verdicts.lines().filter_map(|line| line.split_once('\t')).collect();
    let page = page(&counts, &verdicts);
    let path = cmd::root().join(PAGE);
    std::fs::write(&path, page).map_err(|error| format!("{PAGE}: {error}"))?;
    held(&counts)?;
    Ok(format!("{PAGE}: {} works", counts.len()))
}

/// What a message of ours may take.
const BOUNDS: [(&str, u64); 2] = [("parse", 4_000), ("touch", 8_000)];

/// Whether ours stays within its bounds, and a message twice as long takes no more than twice the work,
/// with a tenth for what does not go by length. Ours is the first of its kind.
fn held(counts: &[Count]) -> Result<(), String> {
    let mut over = Vec::new();
    for (kind, bound) in BOUNDS {
        if let Some(ours) = counts.iter().find(|count| count.kind == kind)
            && ours.instructions > bound
        {
            over.push(format!("{kind}: {} instructions, more than {bound}", ours.instructions));
        }
    }
    for half in counts.iter().filter(|count| count.kind == "32 KiB") {
        let whole = counts.iter().find(|c| c.kind == "64 KiB" && c.of == half.of);
        if let Some(whole) = whole.filter(|whole| whole.instructions * 10 > half.instructions * 22)
        {
            let (what, half, whole) = (&half.of, half.instructions, whole.instructions);
            over.push(format!("{what}: {half} for 32 KiB, {whole} for 64"));
        }
    }
    if over.is_empty() { Ok(()) } else { Err(over.join("; ")) }
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

/// A tool of valgrind that counts.
struct Tool {
    args: [&'static str; 2],
    /// What stands before the number, and after it.
    around: [&'static str; 2],
}

const INSTRUCTIONS: Tool = Tool {
    args: ["--tool=callgrind", "--callgrind-out-file=/dev/null"],
    around: ["Collected : ", ""],
};

const ALLOCATIONS: Tool =
    Tool { args: ["--tool=dhat", "--dhat-out-file=/dev/null"], around: ["bytes in ", " blocks"] };

impl Tool {
    /// What so many rounds and the start take.
    fn count(&self, bench: &str, work: &str, rounds: u64) -> Result<u64, String> {
        let output = Command::new("valgrind")
            .args(self.args)
            .arg(bench)
            .env(ALONE, format!("{rounds} {work}"))
            .output()
            .map_err(|error| format!("valgrind: {error}"))?;
        let told = String::from_utf8_lossy(&output.stderr);
        self.read(&told).ok_or_else(|| format!("{work}: valgrind counted nothing: {told}"))
    }

    /// The first number that stands where this tool puts it.
    fn read(&self, told: &str) -> Option<u64> {
        let [before, after] = self.around;
        let behind = told.lines().find_map(|line| line.split_once(before))?.1;
        let number = if after.is_empty() { behind } else { behind.split_once(after)?.0 };
        number.trim().replace(',', "").parse().ok()
    }
}

fn page(counts: &[Count], verdicts: &[(&str, &str)]) -> String {
    let mut page = format!(
        "# Instructions a message\n\n\
         Made by `cargo xtask instructions --every-peer` on {}. Counted by callgrind, and allocations by dhat, as the difference\n\
         between many rounds and few, so that what a program's start costs is left out. Ten messages of 594 octets and 10.9 header fields in the mean; *touch* is parse,\n\
         then Call-ID, CSeq, the topmost Via's branch, both tags and the Contact's URI.\n",
        bench_report::machine()
    );
    let of = |kind: &str, of: &str| {
        counts.iter().find(|c| c.kind == kind && c.of == of).map(|count| count.instructions)
    };
    page += "\n| crate | parse | times ours | touch | times ours | allocations: parse, touch |\n|---|---|---|---|---|---|\n";
    let allocated = |kind: &str, of: &str| {
        counts.iter().find(|c| c.kind == kind && c.of == of).and_then(|count| count.allocations)
    };
    let parsed: Vec<&Count> = counts.iter().filter(|count| count.kind == "parse").collect();
    for Count { of: name, instructions, allocations, .. } in &parsed {
        let ours = parsed.first().map_or("", |count| &count.of);
        let times = |kind: &str, mine: u64| {
            of(kind, ours).map_or(String::new(), |ours| format!("{:.1}", mine as f64 / ours as f64))
        };
        let touch = of("touch", name);
        page += &format!(
            "| {name} | {instructions} | {} | {} | {} | {} |\n",
            times("parse", *instructions),
            touch.map_or(String::new(), |touch| touch.to_string()),
            touch.map_or(String::new(), |touch| times("touch", touch)),
            allocated("touch", name).into_iter().fold(
                allocations.map_or(String::new(), |count| format!("{count:.1}")),
                |parse, touch| format!("{parse}, {touch:.1}")
            ),
        );
    }
    page += "\nWhat each makes of the messages of RFC 4475 that are clearly valid or invalid:\n\n\
             | crate | of 27 valid taken / of 15 invalid refused |\n|---|---|\n";
    for (name, verdict) in verdicts {
        page += &format!("| {name} | {verdict} |\n");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_its_bound_is_told() {
        let count = |kind: &str, instructions| Count {
            kind: kind.to_owned(),
            of: "ours".to_owned(),
            instructions,
            allocations: None,
        };
        let held = |parse, half, whole| {
            held(&[count("parse", parse), count("32 KiB", half), count("64 KiB", whole)])
        };
        assert_eq!(held(4_000, 100, 220), Ok(()));
        assert!(held(4_001, 100, 200).unwrap_err().starts_with("parse: 4001"));
        assert!(held(4_000, 100, 221).unwrap_err().starts_with("ours: 100"));
    }

    #[test]
    fn the_tools_numbers_are_read() {
        assert_eq!(
            INSTRUCTIONS.read("==7== Events    : Ir\n==7== Collected : 1234567\n"),
            Some(1_234_567)
        );
        let told = "==7== Total:     2,404,216 bytes in 12,345 blocks\n==7== At t-gmax: 9 bytes in 1 blocks\n";
        assert_eq!(ALLOCATIONS.read(told), Some(12_345));
    }
}
