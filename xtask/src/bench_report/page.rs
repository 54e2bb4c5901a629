//! The page of tables.

use std::fmt::Write as _;

use switchboard_benches::{Entry, Record};

use super::{Results, plot};

/// The whole of `benches/RESULTS.md`.
pub(super) fn markdown(results: &[Results], machine: &str) -> String {
    let mut page = format!(
        "# What the benches measured\n\n\
         Made by `cargo xtask bench-report` on {machine}.\n\n\
         Ours and peers run in turns in one process on the same work. A time is the median of the rounds, in nanoseconds; a \
         ratio is the median over neighbouring rounds, to the first line of its table: above 1 means slower than that line. \
         Times drift on a busy machine, ratios hardly. Allocations are counted by the allocator in one call. Ours is in **bold**.\n"
    );
    for result in results {
        let _ = write!(page, "\n## {}\n", result.name);
        for record in &result.records {
            if let Record::About { text } = record {
                let _ = write!(page, "\n{text}\n");
            }
        }
        if plot::bars(result).is_some() {
            let _ = write!(
                page,
                "\n![{0}: nanoseconds on a logarithmic scale](plots/{0}.svg)\n",
                result.name
            );
        }
        for record in &result.records {
            if let Record::Comparison { title, each, entries, notes } = record {
                comparison(&mut page, title, each, entries, notes);
            }
        }
        figures(&mut page, &result.records);
    }
    page
}

fn comparison(page: &mut String, title: &str, each: &str, entries: &[Entry], notes: &[String]) {
    let _ = write!(
        page,
        "\n### {title}\n\n| {each} | ns | ratio | allocations |\n|---|---:|---:|---:|\n"
    );
    for entry in entries {
        let name = if entry.ours { format!("**{}**", entry.name) } else { entry.name.clone() };
        let [time, ratio, allocations] =
            [entry.nanoseconds, entry.ratio, entry.allocations].map(number);
        let _ = writeln!(page, "| {name} | {time} | {ratio} | {allocations} |");
    }
    for note in notes {
        let _ = write!(page, "\n{note}\n");
    }
}

fn figures(page: &mut String, records: &[Record]) {
    let mut head = "\n| figure | value | unit |\n|---|---:|---|\n";
    for record in records {
        if let Record::Figure { title, value, unit } = record {
            let _ = writeln!(page, "{head}| {title} | {} | {unit} |", number(*value));
            head = "";
        }
    }
}

/// Three digits that mean something; thousands apart; a whole number as one.
pub(super) fn number(value: f64) -> String {
    if value.abs() < 1e15 && value == value.trunc() || value.abs() >= 100.0 {
        let whole = format!("{:.0}", value.abs());
        let mut text = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        if value < 0.0 { format!("-{text}") } else { text }
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [0.0, 1.0, 1.234, 45.67, 1_234_567.8, -1_000.0].map(number),
            ["0", "1", "1.23", "45.7", "1,234,568", "-1,000"].map(str::to_owned)
        );
    }

    #[test]
    fn a_page_has_a_row_for_each_entry_and_figure() {
        let entry = |name: &str, ours, ratio| Entry {
            name: name.to_owned(),
            ours,
            nanoseconds: 40.0 * ratio,
            ratio,
            allocations: 0.0,
        };
        let records = vec![
            Record::About { text: "Reading.".to_owned() },
            Record::Comparison {
                title: "strings".to_owned(),
                each: "a string".to_owned(),
                entries: vec![entry("ours", true, 1.0), entry("theirs", false, 20.0)],
                notes: vec!["mind this".to_owned()],
            },
            Record::Figure { title: "memory".to_owned(), value: 212.0, unit: "octets".to_owned() },
        ];
        let page = markdown(&[Results { name: "reading".to_owned(), records }], "a machine");
        for line in [
            "## reading",
            "Reading.",
            "| **ours** | 40 | 1 | 0 |",
            "| theirs | 800 | 20 | 0 |",
            "mind this",
            "| memory | 212 | octets |",
        ] {
            assert!(page.lines().any(|it| it == line), "no {line:?} in\n{page}");
        }
        assert!(page.contains("plots/reading.svg"));
    }
}
