//! The table as a page.

use std::fmt::Write as _;

use super::figure::{Figure, show};

/// `benches/LOAD.md`.
pub(crate) fn markdown(figures: &[Figure], machine: &str, busy: &str) -> String {
    let mut page = format!(
        "# The PBX under load\n\n\
         Written by `cargo xtask bench`: {machine}. Of the machine's processors, {busy} were used by other programs \
         in the two seconds before the first row. The program of `examples/pbx` with its own log and database on disk, loaded by SIPp 3.6 (or, \
         where it says so, a generator of our own) on the same machine over 127.0.0.1. CPU is user and system time of \
         the server's process with all its threads, from the first call until the last; where the row is about signalling, until \
         the last transaction is forgotten, half a minute later. \
         Floor: SIPp in the server's place, the same measure.\n\n\
         | work | ours | target | | SIPp's floor | ours / floor | beside, same run |\n\
         |---|---:|---:|---|---:|---:|---|\n"
    );
    for figure in figures {
        let floor = figure.floor.map_or_else(String::new, show);
        let ratio = figure.ratio().map_or_else(String::new, show);
        let beside = figure
            .beside
            .as_ref()
            .map_or_else(String::new, |(who, it)| format!("{who} {}", show(*it)));
        let _ = writeln!(
            page,
            "| {} | **{}** | {} | {} | {floor} | {ratio} | {beside} |",
            figure.name,
            show(figure.ours),
            show(figure.target),
            if figure.is_met() { "met" } else { "missed" },
        );
    }
    page.push_str("\nWhat was done:\n\n");
    for figure in figures {
        let _ = writeln!(
            page,
            "- **{}** ({}): {}.{}",
            figure.name, figure.unit, figure.what, figure.note
        );
    }
    page.push_str(
        "\n## What others need\n\nAs measured once, on another machine of two cores and at another time (single runs, \
         SIPp on the same machine): a reference to compare orders of magnitude with, not this run.\n\n\
         | work | ours, this run | stated |\n|---|---:|---|\n",
    );
    for figure in figures.iter().filter(|figure| !figure.stated.is_empty()) {
        let stated: Vec<String> =
            figure.stated.iter().map(|(who, it)| format!("{who} {it}")).collect();
        let _ =
            writeln!(page, "| {} | {} | {} |", figure.name, show(figure.ours), stated.join(", "));
    }
    page
}

/// A line for the terminal.
pub(crate) fn line(figure: &Figure) -> String {
    let mut text = format!(
        "{:<26} {:>8} {} (target < {}: {})",
        figure.name,
        show(figure.ours),
        figure.unit,
        show(figure.target),
        if figure.is_met() { "met" } else { "MISSED" }
    );
    if let (Some(floor), Some(ratio)) = (figure.floor, figure.ratio()) {
        let _ = write!(text, "; floor {} (x {})", show(floor), show(ratio));
    }
    if let Some((who, it)) = &figure.beside {
        let _ = write!(text, "; {who} {}", show(*it));
    }
    for (who, it) in figure.stated {
        let _ = write!(text, "; {who} {it} (stated)");
    }
    let _ = write!(text, "\n    {}.{}", figure.what, figure.note);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_ours_target_floor_and_what_others_need() {
        let figure = Figure {
            name: "options",
            what: "25,000 OPTIONS at 2,500/s".to_owned(),
            unit: "CPU seconds per 1,000",
            ours: 0.04,
            target: 0.05,
            floor: Some(0.02),
            beside: Some(("Other 1.0".to_owned(), 0.05)),
            stated: &[("Another", "0.20")],
            note: String::new(),
        };
        let page = markdown(std::slice::from_ref(&figure), "a machine", "0.0");
        for line in [
            "| options | **0.0400** | 0.0500 | met | 0.0200 | 2.00 | Other 1.0 0.0500 |",
            "| options | 0.0400 | Another 0.20 |",
        ] {
            assert!(page.lines().any(|it| it == line), "no {line:?} in\n{page}");
        }
    }
}
