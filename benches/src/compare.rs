//! Entries in turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::record::{Entry, Record, number};
use crate::{Bench, Mode};

/// How long a round of one entry takes, about.
const ROUND: Duration = Duration::from_millis(2);

/// Rounds of each entry, at most.
const MOST_ROUNDS: usize = 120;

/// How long a whole comparison may take, about.
const BUDGET: Duration = Duration::from_secs(3);

/// A comparison that is being put together.
#[must_use = "nothing is measured before `run`"]
pub struct Compare<'a> {
    bench: &'a Bench,
    title: String,
    each: String,
    times: u32,
    lines: Vec<Line<'a>>,
    notes: Vec<String>,
}

struct Line<'a> {
    name: String,
    ours: bool,
    work: Box<dyn FnMut() + 'a>,
}

impl<'a> Compare<'a> {
    pub(crate) fn new(bench: &'a Bench, title: &str, each: &str, times: u32) -> Self {
        Self {
            bench,
            title: title.to_owned(),
            each: each.to_owned(),
            times: times.max(1),
            lines: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// One of ours; the first line is what the ratios are to.
    pub fn ours<T>(self, name: &str, work: impl FnMut() -> T + 'a) -> Self {
        self.line(name, true, work)
    }

    /// Somebody else's.
    pub fn peer<T>(self, name: &str, work: impl FnMut() -> T + 'a) -> Self {
        self.line(name, false, work)
    }

    /// What a reader must know to read the figures right.
    pub fn note(mut self, text: &str) -> Self {
        self.notes.push(text.to_owned());
        self
    }

    fn line<T>(mut self, name: &str, ours: bool, mut work: impl FnMut() -> T + 'a) -> Self {
        let work = Box::new(move || {
            black_box(work());
        });
        self.lines.push(Line { name: name.to_owned(), ours, work });
        self
    }

    /// Measures, prints, and keeps the record. Gives the entries, none when the comparison was not asked for or only tried.
    pub fn run(mut self) -> Vec<Entry> {
        if !self.bench.asked_for(&self.title) {
            return Vec::new();
        }
        let allocations: Vec<f64> = self
            .lines
            .iter_mut()
            .map(|line| {
                // The first call may fill tables that stay.
                (line.work)();
                let counted = allocation_counter::measure(|| (line.work)());
                counted.count_total as f64 / f64::from(self.times)
            })
            .collect();
        if self.bench.mode() == Mode::Test {
            return Vec::new();
        }
        let rounds = self.rounds();
        let first = rounds.first().cloned().unwrap_or_default();
        let entries: Vec<Entry> = self
            .lines
            .iter()
            .zip(&rounds)
            .zip(allocations)
            .map(|((line, times), allocations)| Entry {
                name: line.name.clone(),
                ours: line.ours,
                nanoseconds: median(times.iter().copied()) / f64::from(self.times),
                ratio: median(times.iter().zip(&first).map(|(time, first)| time / first)),
                allocations,
            })
            .collect();
        self.print(&entries);
        self.bench.keep(Record::Comparison {
            title: self.title,
            each: self.each,
            entries: entries.clone(),
            notes: self.notes,
        });
        entries
    }

    /// Nanoseconds a call, for each line, round by round.
    fn rounds(&mut self) -> Vec<Vec<f64>> {
        let calls: Vec<u32> = self.lines.iter_mut().map(calls_a_round).collect();
        let mut rounds = vec![Vec::new(); self.lines.len()];
        let end = Instant::now() + BUDGET;
        for round in 0..MOST_ROUNDS {
            if round >= 5 && Instant::now() > end {
                break;
            }
            for ((line, calls), times) in self.lines.iter_mut().zip(&calls).zip(&mut rounds) {
                let start = Instant::now();
                for _ in 0..*calls {
                    (line.work)();
                }
                times.push(start.elapsed().as_nanos() as f64 / f64::from(*calls));
            }
        }
        rounds
    }

    fn print(&self, entries: &[Entry]) {
        println!("\n{}: {}, {}", self.bench.name(), self.title, self.each);
        println!("  {:<34} {:>10} {:>8} {:>12}", "", "ns", "ratio", "allocations");
        for entry in entries {
            println!(
                "  {:<34} {:>10} {:>8} {:>12}",
                entry.name,
                number(entry.nanoseconds),
                number(entry.ratio),
                number(entry.allocations)
            );
        }
        for note in &self.notes {
            println!("  {note}");
        }
    }
}

/// So many calls that a round takes about [`ROUND`].
fn calls_a_round(line: &mut Line<'_>) -> u32 {
    let mut calls = 1;
    loop {
        let start = Instant::now();
        for _ in 0..calls {
            (line.work)();
        }
        let took = start.elapsed();
        if took >= ROUND / 4 || calls >= 1 << 24 {
            let scale = ROUND.as_secs_f64() / took.as_secs_f64().max(1e-9);
            return (f64::from(calls) * scale).ceil().clamp(1.0, 1e8) as u32;
        }
        calls *= 4;
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([].into_iter()), 0.0);
    }

    #[test]
    fn the_slower_one_has_the_greater_ratio_and_allocations_are_counted() {
        let bench = Bench::new("self-test", "");
        let entries = bench
            .compare("sums", "a sum", 1)
            .ours("short", || (0..black_box(100_u64)).fold(0_u64, |sum, n| sum ^ black_box(n)))
            .peer("long", || {
                let kept: Vec<u64> = (0..black_box(10_000)).collect();
                kept.iter().fold(0_u64, |sum, n| sum ^ black_box(*n))
            })
            .run();
        // Under `cargo test` a filter on the command line may leave it out.
        if let [short, long] = &entries[..] {
            assert!(long.ratio > 5.0, "{long:?}");
            assert_eq!((short.allocations, long.allocations), (0.0, 1.0));
        }
    }
}
