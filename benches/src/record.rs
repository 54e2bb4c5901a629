//! What a bench leaves for the report: a JSON object a line.

use serde::{Deserialize, Serialize};

/// One thing that a bench found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// What the bench is about: stands above its tables.
    About {
        /// A sentence or two.
        text: String,
    },
    /// Ours and peers at the same work.
    Comparison {
        /// The work.
        title: String,
        /// What a figure is for: "a string".
        each: String,
        /// Ours first.
        entries: Vec<Entry>,
        /// What a reader must know to read the figures right.
        notes: Vec<String>,
    },
    /// A figure that is not a time.
    Figure {
        /// What was measured.
        title: String,
        /// How much.
        value: f64,
        /// Of what.
        unit: String,
    },
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Which crate or way.
    pub name: String,
    /// Whether it is this workspace's.
    pub ours: bool,
    /// Median nanoseconds each.
    pub nanoseconds: f64,
    /// How many times the first entry's time it takes: the median of neighbouring rounds' ratios.
    pub ratio: f64,
    /// Allocations each.
    pub allocations: f64,
}

/// The records as lines of JSON.
pub(crate) fn lines(records: &[Record]) -> String {
    records
        .iter()
        .filter_map(|record| serde_json::to_string(record).ok())
        .map(|line| line + "\n")
        .collect()
}

/// A figure with three digits that mean something.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_line() {
        let records = [
            Record::About { text: "reading".to_owned() },
            Record::Comparison {
                title: "strings".to_owned(),
                each: "a string".to_owned(),
                entries: vec![Entry {
                    name: "ours".to_owned(),
                    ours: true,
                    nanoseconds: 40.5,
                    ratio: 1.0,
                    allocations: 0.0,
                }],
                notes: vec![],
            },
            Record::Figure { title: "a user".to_owned(), value: 212.0, unit: "octets".to_owned() },
        ];
        let text = lines(&records);
        let back: Vec<Record> =
            text.lines().map(|line| serde_json::from_str(line).expect("our own line")).collect();
        assert_eq!(back, records);
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(
            [1_234.4, 56.78, 1.234, 0.0].map(number),
            ["1234", "56.8", "1.23", "0.00"].map(str::to_owned)
        );
    }
}
