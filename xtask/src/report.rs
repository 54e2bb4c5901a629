//! What ran, what was skipped and why, what failed: printed at the end, and the exit code.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// A step that may run beside others.
pub(crate) type Step<'a> = Box<dyn Fn() -> Outcome + Sync + 'a>;

impl Row {
    fn of(name: &str, step: impl FnOnce() -> Outcome) -> Self {
        let start = Instant::now();
        let outcome = step();
        let took = start.elapsed();
        match &outcome {
            Outcome::Passed(_) => println!("== {name}: ok in {:.1} s", took.as_secs_f64()),
            Outcome::Skipped(why) => println!("== {name}: SKIPPED: {why}"),
            Outcome::Failed(why) => println!("== {name}: FAILED: {why}"),
        }
        Self { name: name.to_owned(), outcome, took }
    }
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
        self.rows.push(Row::of(name, step));
    }

    /// Runs these steps, `workers` of them at a time, and notes in their order how they ended.
    pub(crate) fn together(&mut self, workers: usize, steps: &[(String, Step<'_>)]) {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while let Some((at, (name, step))) = {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        steps.get(at).map(|step| (at, step))
                    } {
                        let row = Row::of(name, step);
                        done.lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner)
                            .push((at, row));
                    }
                });
            }
        });
        let mut rows = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        rows.sort_by_key(|(at, _)| *at);
        self.rows.extend(rows.into_iter().map(|(_, row)| row));
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
