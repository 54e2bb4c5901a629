//! `cargo xtask bench`: the running PBX under load, as a table.
//!
//! The server's cost is its own process accounting, which other programs on the machine disturb little; rates
//! and losses they disturb more, so the page says how busy the machine was.

mod figure;
mod kamailio;
mod office;
mod page;
mod party;
mod process;
mod relay;
mod rows;
mod sipp;
mod talk;

use std::fs;
use std::time::Duration;

use self::figure::Figure;
use self::rows::{Lab, ROWS};
use crate::report::Report;
use crate::{bench_report, cmd, install};

/// What to run.
pub(crate) struct Choice {
    /// A few seconds a row, and no page.
    pub(crate) is_quick: bool,
    /// Only rows whose name contains this; no page then either.
    pub(crate) filter: Option<String>,
}

/// Runs the rows; all of them at full length write `benches/LOAD.md`.
pub(crate) fn run(report: &mut Report, choice: &Choice) {
    report.step("programs", || {
        if cmd::exists("sipp") { Ok("all there".to_owned()) } else { install::programs() }
    });
    let busy = busy(Duration::from_secs(2));
    let dir = cmd::target_dir().join("load");
    let _ = fs::remove_dir_all(&dir);
    let mut figures: Vec<Figure> = Vec::new();
    let rows = ROWS
        .iter()
        .filter(|row| choice.filter.as_deref().is_none_or(|part| row.name.contains(part)));
    let wanted = rows.clone().count();
    for row in rows {
        report.step(row.name, || {
            let lab = Lab { dir: dir.join(row.name), is_quick: choice.is_quick };
            fs::create_dir_all(&lab.dir).map_err(|e| format!("{}: {e}", lab.dir.display()))?;
            let figure = (row.run)(&lab)?;
            let line = page::line(&figure);
            println!("{line}");
            figures.push(figure);
            Ok(line)
        });
    }
    if choice.is_quick || choice.filter.is_some() || figures.len() < wanted {
        return;
    }
    report.step("page", || {
        let path = cmd::root().join("benches/LOAD.md");
        let text = page::markdown(&figures, &bench_report::machine(), &busy);
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(format!("{}", path.display()))
    });
}

/// How many processors other programs use now.
fn busy(time: Duration) -> String {
    let read = || -> Option<(f64, f64)> {
        let text = fs::read_to_string("/proc/stat").ok()?;
        let fields = text.lines().next()?.split_whitespace().skip(1);
        let ticks: Vec<f64> = fields.filter_map(|it| it.parse().ok()).collect();
        // proc(5): user, nice, system, idle, iowait, irq, softirq, steal.
        let idle = ticks.get(3)? + ticks.get(4)?;
        Some((ticks.iter().take(8).sum(), idle))
    };
    let before = read();
    std::thread::sleep(time);
    let used = before.zip(read()).map(|(before, after)| {
        let all = after.0 - before.0;
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        cores * (all - (after.1 - before.1)) / all.max(1.0)
    });
    used.map_or_else(|| "an unknown part".to_owned(), |used| format!("{used:.1}"))
}
