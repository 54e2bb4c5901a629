//! What the benches share: ours and its peers in turns, in one run, on the same work.
//!
//! ```no_run
//! use switchboard_benches::Bench;
//!
//! let bench = Bench::new("example", "what the page says above the tables");
//! bench
//!     .compare("adding up 100 numbers", "a number", 100)
//!     .ours("iterator", || (0..100_u64).sum::<u64>())
//!     .peer("loop", || {
//!         let mut sum = 0_u64;
//!         for n in 0..100 {
//!             sum += n;
//!         }
//!         sum
//!     })
//!     .run();
//! bench.figure("size of a pointer", std::mem::size_of::<usize>() as f64, "octets");
//! ```
//!
//! Each entry runs in rounds of a few milliseconds, in turns with the others, so that what else the machine does hits all of
//! them alike. The time is the median round; the ratio is the median of the ratios of neighbouring rounds, which drifts
//! less than the times. Allocations are counted in one call of each, by the allocator.
//!
//! With `--test` (as `cargo xtask test` runs it) every entry runs once and nothing is timed. With the variable
//! [`REPORT_DIR`] set, criterion's part is left out and each figure is left in a file for `cargo xtask bench-report`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints what it measured"
)]

mod compare;
mod record;

pub use compare::Compare;
pub use record::{Entry, Record};

use std::cell::RefCell;
use std::path::PathBuf;

/// The variable that names the folder for the records.
pub const REPORT_DIR: &str = "SWITCHBOARD_BENCH_REPORT";

/// How a bench was asked to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything once, nothing timed.
    Test,
    /// Timed and printed.
    Timed,
}

/// One bench program: its comparisons and single figures.
#[derive(Debug)]
pub struct Bench {
    name: &'static str,
    mode: Mode,
    filter: Option<String>,
    report: Option<PathBuf>,
    records: RefCell<Vec<Record>>,
}

impl Bench {
    /// The bench of this name, as the command line and [`REPORT_DIR`] ask; `about` stands above its tables.
    pub fn new(name: &'static str, about: &'static str) -> Self {
        let mut mode = Mode::Timed;
        let mut filter = None;
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--test" => mode = Mode::Test,
                option if option.starts_with('-') => {}
                _ => filter = Some(argument),
            }
        }
        let report = std::env::var_os(REPORT_DIR).map(PathBuf::from);
        let bench = Self { name, mode, filter, report, records: RefCell::default() };
        bench.keep(Record::About { text: about.to_owned() });
        bench
    }

    /// Whether criterion's part should run: not when only a report is wanted.
    #[must_use]
    pub fn wants_criterion(&self) -> bool {
        self.report.is_none()
    }

    /// A comparison of this title. One call of an entry does the work `times` times; a figure is for `each` of them.
    pub fn compare<'a>(&'a self, title: &str, each: &str, times: u32) -> Compare<'a> {
        Compare::new(self, title, each, times)
    }

    /// A figure that is not a time, measured by the caller.
    pub fn figure(&self, title: &str, value: f64, unit: &str) {
        if self.asked_for(title) {
            println!("{}: {title}: {} {unit}", self.name, record::number(value));
            self.keep(Record::Figure { title: title.to_owned(), value, unit: unit.to_owned() });
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn asked_for(&self, title: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| title.contains(filter.as_str()))
    }

    pub(crate) fn keep(&self, record: Record) {
        self.records.borrow_mut().push(record);
    }
}

impl Drop for Bench {
    /// Leaves the records where the report is made from.
    fn drop(&mut self) {
        if let (Some(dir), Mode::Timed) = (&self.report, self.mode) {
            let text = record::lines(&self.records.borrow());
            let path = dir.join(format!("{}.jsonl", self.name));
            if let Err(error) =
                std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&path, text))
            {
                println!("{}: {error}", path.display());
                std::process::exit(1);
            }
        }
    }
}
