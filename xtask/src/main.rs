//! Set-up and checks: the same entry for people and for CI.
//!
//! `cargo xtask test` installs what the tests need and runs all of them; the other commands run one part.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a command-line tool that drives real programs: it prints, reads the clock and waits"
)]

mod bench_report;
mod cmd;
mod fuzz;
mod gates;
mod house;
mod install;
mod instructions;
mod interop;
mod load;
mod report;
mod tones;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::Report;

/// Set-up and checks of the Switchboard workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need, then run every gate and every test.
    Test {
        /// Run only these steps (see `--list`).
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// Leave these steps out; they count as skipped.
        #[arg(long, value_delimiter = ',')]
        skip: Vec<String>,
        /// Install nothing: a step whose tool is missing is skipped, and says so.
        #[arg(long)]
        no_install: bool,
        /// Print the steps and stop.
        #[arg(long)]
        list: bool,
    },
    /// Run the PBX against real phones: all scenarios, or those whose name contains FILTER.
    Interop {
        /// Part of a scenario's name.
        filter: Option<String>,
        /// Print the scenarios and stop.
        #[arg(long)]
        list: bool,
        /// How many run at a time.
        #[arg(long, default_value_t = interop::JOBS)]
        jobs: usize,
    },
    /// Run the fuzz targets (all, or one), each for so many seconds.
    Fuzz {
        /// The target; all when left out.
        target: Option<String>,
        /// Seconds a target.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Run the transaction machines, layers and dialogs over bad wires in virtual time, from so many seeds.
    Simulate {
        /// How many seeds.
        #[arg(long, default_value_t = 100_000)]
        seeds: u64,
        /// The first; a seed that fails replays with `--from SEED --seeds 1`.
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
    /// Put the running PBX under load and write `benches/LOAD.md` (`cargo bench` runs the criterion benches).
    Bench {
        /// Only rows whose name contains this; writes no page.
        filter: Option<String>,
        /// A few seconds a row, to see that it works; writes no page.
        #[arg(long)]
        quick: bool,
    },
    /// Run the benches' comparisons and write `benches/RESULTS.md` with its plots.
    BenchReport {
        /// Run only this bench; the others' figures are those of their last run.
        bench: Option<String>,
    },
    /// Count what reading a SIP message costs, by callgrind, and write `benches/INSTRUCTIONS.md`.
    Instructions {
        /// Build the peers that the bench leaves out as a rule, too.
        #[arg(long)]
        every_peer: bool,
    },
    /// Run detectors of DTMF tones beside each other over the same files and write `benches/TONES.md`.
    Tones {
        /// Minutes of synthetic speech among the files.
        #[arg(long, default_value_t = 60)]
        speech: u32,
        /// Other sounds and other speech than the page's: prints the table and leaves the page as it is.
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// Install the programs and tools that the tests use.
    Setup,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut report = Report::new();
    match cli.command {
        Task::Test { only, skip, no_install, list } => {
            if list {
                for step in gates::STEPS {
                    println!("{:<12} {}", step.name, step.about);
                }
                return ExitCode::SUCCESS;
            }
            gates::run(&mut report, &gates::Choice { only, skip, install: !no_install });
        }
        Task::Interop { filter, list, jobs } => {
            if list {
                for scenario in interop::SCENARIOS {
                    println!("{:<34} {}", scenario.name, scenario.about);
                }
                return ExitCode::SUCCESS;
            }
            interop::run(&mut report, filter.as_deref(), jobs);
        }
        Task::Fuzz { target, seconds } => fuzz::run(&mut report, target.as_deref(), seconds),
        Task::Simulate { seeds, from } => {
            report.step("simulate", || simulate(seeds, from));
        }
        Task::Bench { filter, quick } => {
            load::run(&mut report, &load::Choice { filter, is_quick: quick });
        }
        Task::BenchReport { bench } => {
            report.step("bench-report", || bench_report::run(bench.as_deref()));
        }
        Task::Instructions { every_peer } => {
            report.step("instructions", || instructions::run(every_peer));
        }
        Task::Tones { speech, seed } => report.step("tones", || tones::run(speech, seed)),
        Task::Setup => install::everything(&mut report),
    }
    report.finish()
}

/// The simulations of `switchboard-sip`, which are tests of 1,000 seeds, with more of them.
fn simulate(seeds: u64, from: u64) -> Result<String, String> {
    let mut cargo = cmd::cargo(["test", "--release", "-p", "switchboard-sip", "--test", "it"]);
    cargo.args(["simulation_", "--", "--nocapture"]);
    cargo.env("SIMULATE_SEEDS", seeds.to_string()).env("SIMULATE_FROM", from.to_string());
    cmd::run(&mut cargo)?;
    Ok(format!("{seeds} seeds from {from} on"))
}
