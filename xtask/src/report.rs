//! What ran, what was skipped and why, what failed: printed at the end, and the exit code.

use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How one step ended.
pub(crate) enum Outcome {
    /// It ran and passed; the text says what it covered.
    Passed(String),
    /// It did not run.
    Skipped(String),
    /// It ran and failed.
    Failed(String),
}

struct Row {
    name: String,
    outcome: Outcome,
    took: Duration,
}

/// The rows of one run.
pub(crate) struct Report {
    rows: Vec<Row>,
    ci: bool,
}

impl Report {
    /// An empty report; in CI (`CI=true`) a skipped step is a failure.
    pub(crate) fn new() -> Self {
        let ci = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
        Self { rows: Vec::new(), ci }
    }

    /// Runs `step` and notes how it ended.
    pub(crate) fn step(&mut self, name: &str, step: impl FnOnce() -> Result<String, String>) {
        self.outcome(name, || match step() {
            Ok(detail) => Outcome::Passed(detail),
            Err(why) => Outcome::Failed(why),
        });
    }

    /// Runs `step`, which may also decide that it cannot run.
    pub(crate) fn outcome(&mut self, name: &str, step: impl FnOnce() -> Outcome) {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = step();
        let took = start.elapsed();
        match &outcome {
            Outcome::Passed(_) => println!("== {name}: ok in {:.1} s", took.as_secs_f64()),
            Outcome::Skipped(why) => println!("== {name}: SKIPPED: {why}"),
            Outcome::Failed(why) => println!("== {name}: FAILED: {why}"),
        }
        self.rows.push(Row { name: name.to_owned(), outcome, took });
    }

    /// Prints the table and gives the exit code.
    pub(crate) fn finish(self) -> ExitCode {
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        println!("\nWhat ran:");
        for row in &self.rows {
            let (word, detail) = match &row.outcome {
                Outcome::Passed(detail) => {
                    passed += 1;
                    ("ok", detail)
                }
                Outcome::Skipped(why) => {
                    skipped += 1;
                    ("SKIPPED", why)
                }
                Outcome::Failed(why) => {
                    failed += 1;
                    ("FAILED", why)
                }
            };
            let detail = detail.lines().next().unwrap_or_default();
            println!("  {word:<8} {:<36} {:>7.1} s  {detail}", row.name, row.took.as_secs_f64());
        }
        println!("\n{passed} passed, {failed} failed, {skipped} skipped");
        if skipped > 0 && self.ci {
            println!("A skipped step counts as a failure in CI.");
        }
        if failed > 0 || (skipped > 0 && self.ci) || self.rows.is_empty() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}
