//! The gates: every check that a landing must pass, in the order of what fails fastest.

use std::process::Command;

use crate::report::{Outcome, Report};
use crate::{cmd, fuzz, house, install, interop, tones};

/// Which steps to run.
pub(crate) struct Choice {
    /// Only these, when not empty.
    pub(crate) only: Vec<String>,
    /// Not these.
    pub(crate) skip: Vec<String>,
    /// Whether missing tools may be installed.
    pub(crate) install: bool,
}

/// One step of `cargo xtask test`.
pub(crate) struct Step {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What it checks.
    pub(crate) about: &'static str,
    run: fn(&mut Report, &Choice),
}

/// All steps, in order.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", about: "the code is formatted", run: fmt },
    Step {
        name: "house",
        about: "file lengths, leftovers, arrows between crates",
        run: house_rules,
    },
    Step { name: "clippy", about: "no warning, each package alone", run: clippy },
    Step { name: "doc", about: "the documentation builds without a warning", run: doc },
    Step {
        name: "test",
        about: "unit, integration, property, simulation and doc tests",
        run: test,
    },
    Step { name: "no-std", about: "dialstring and dtmf link nothing of std", run: no_std },
    Step { name: "msrv", about: "the oldest promised toolchain builds everything", run: msrv },
    Step { name: "features", about: "every set of features builds", run: features },
    Step { name: "deny", about: "licences, sources and duplicates of dependencies", run: deny },
    Step { name: "examples", about: "every example runs", run: examples },
    Step { name: "package", about: "every library packs for publishing", run: package },
    Step { name: "benches", about: "every bench builds and runs once", run: benches },
    Step { name: "fuzz", about: "every fuzz target, 10 seconds", run: fuzz_smoke },
    Step { name: "talk-off", about: "no digit in five minutes of synthetic speech", run: talk_off },
    Step { name: "interop", about: "the PBX and real phones on loopback", run: interop_all },
];

/// The libraries that hold protocol and call logic: no runtime, no sockets, no database.
const CORES: &[&str] = &["dialstring", "dtmf", "routing", "sdp", "rtp", "sip", "media", "pbx"];

/// Every published library.
const LIBRARIES: &[&str] = &[
    "switchboard-dialstring",
    "switchboard-dtmf",
    "switchboard-routing",
    "switchboard-sdp",
    "switchboard-rtp",
    "switchboard-sip",
    "switchboard-media",
    "switchboard-pbx",
    "switchboard-store",
    "switchboard-transport",
    "switchboard",
];

/// Packages that are not published.
const TOOLS: &[&str] = &[
    "switchboard-testkit",
    "switchboard-examples",
    "switchboard-example-pbx",
    "switchboard-benches",
    "switchboard-tones",
    "xtask",
];

/// Runs the chosen steps.
pub(crate) fn run(report: &mut Report, choice: &Choice) {
    for name in choice.only.iter().chain(&choice.skip) {
        if !STEPS.iter().any(|step| step.name == name) {
            report.step(name, || Err("no such step: see `cargo xtask test --list`".to_owned()));
        }
    }
    for step in STEPS {
        if !choice.only.is_empty() && !choice.only.iter().any(|name| name == step.name) {
            continue;
        }
        if choice.skip.iter().any(|name| name == step.name) {
            report.outcome(step.name, || Outcome::Skipped("asked for by --skip".to_owned()));
            continue;
        }
        (step.run)(report, choice);
    }
}

fn fmt(report: &mut Report, _: &Choice) {
    report.step("fmt", || {
        cmd::run(&mut cmd::cargo(["fmt", "--all", "--check"]))?;
        cmd::run(&mut cmd::cargo(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
    });
}

fn house_rules(report: &mut Report, _: &Choice) {
    report.step("house: files", house::files);
    report.step("house: map", house::map);
    report.step("house: hostile inputs", house::hostile);
    report.step("house: arrows", || house::arrows(CORES));
}

fn clippy(report: &mut Report, _: &Choice) {
    report.step("clippy", || {
        for package in LIBRARIES.iter().chain(TOOLS) {
            // Benches pull in the peers that they measure: what they share is linted here, they where they are built.
            let targets = if *package == "switchboard-benches" { "--lib" } else { "--all-targets" };
            let args = ["clippy", "--quiet", "-p", package, targets, "--", "-D", "warnings"];
            cmd::run(&mut cmd::cargo(args))?;
        }
        Ok(format!("{} packages, each alone", LIBRARIES.len() + TOOLS.len()))
    });
}

fn doc(report: &mut Report, _: &Choice) {
    report.step("doc", || {
        cmd::run(
            cmd::cargo(["doc", "--quiet", "--workspace", "--no-deps", "--exclude", "xtask"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    });
}

fn test(report: &mut Report, _: &Choice) {
    report.step("test", || cmd::run(&mut cmd::cargo(["test", "--workspace"])));
}

/// Builds the two `no_std` libraries without `std` and looks at what their objects refer to.
fn no_std(report: &mut Report, _: &Choice) {
    report.step("no-std", || {
        let dir = cmd::target_dir().join("no-std");
        for library in ["dialstring", "dtmf"] {
            let package = format!("switchboard-{library}");
            cmd::run(
                cmd::cargo(["build", "--quiet", "--release", "--no-default-features", "-p"])
                    .arg(&package)
                    .env("CARGO_TARGET_DIR", &dir)
                    // Otherwise the archive holds no machine code to look at.
                    .env("CARGO_PROFILE_RELEASE_LTO", "off"),
            )?;
            let archive = dir.join(format!("release/libswitchboard_{library}.rlib"));
            let symbols = cmd::output(Command::new("nm").arg("-C").arg(&archive))?;
            if !symbols.contains(&format!("switchboard_{library}::")) {
                return Err(format!("{} holds no symbol of ours", archive.display()));
            }
            let std = symbols.lines().find(|l| l.contains(" U std::") || l.contains(" U <std::"));
            if let Some(symbol) = std {
                return Err(format!("{package} without its features refers to {symbol}"));
            }
        }
        Ok("no symbol of std in dialstring and dtmf".to_owned())
    });
}

fn msrv(report: &mut Report, _: &Choice) {
    report.outcome("msrv", || {
        let manifest = match std::fs::read_to_string(cmd::root().join("Cargo.toml")) {
            Ok(text) => text,
            Err(error) => return Outcome::Failed(format!("Cargo.toml: {error}")),
        };
        let Some(msrv) = manifest
            .lines()
            .find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'))
        else {
            return Outcome::Failed("Cargo.toml states no rust-version".to_owned());
        };
        let active = cmd::output(Command::new("rustc").arg("--version")).unwrap_or_default();
        if active.starts_with(&format!("rustc {msrv}.")) {
            return Outcome::Passed(format!("{msrv} is the toolchain of this run"));
        }
        let toolchain = format!("+{msrv}");
        let there = Command::new("cargo").args([&toolchain, "--version"]).output();
        if !there.is_ok_and(|output| output.status.success()) {
            return Outcome::Skipped(format!("toolchain {msrv} is not installed"));
        }
        match cmd::run(&mut cmd::cargo([toolchain.as_str(), "check", "--workspace"])) {
            Ok(detail) => Outcome::Passed(detail),
            Err(why) => Outcome::Failed(why),
        }
    });
}

fn features(report: &mut Report, choice: &Choice) {
    report.outcome("features", || {
        install::with_tool("cargo-hack", choice.install, || {
            let mut cargo = cmd::cargo(["hack", "check", "--quiet", "--feature-powerset"]);
            cargo.arg("--no-dev-deps");
            for library in LIBRARIES {
                cargo.args(["-p", library]);
            }
            cmd::run(cargo.env("RUSTFLAGS", "-D warnings"))
        })
    });
}

fn deny(report: &mut Report, choice: &Choice) {
    report.outcome("deny", || {
        install::with_tool("cargo-deny", choice.install, || {
            // Advisories need a database from outside; they are checked where it can be fetched.
            cmd::run(&mut cmd::cargo(["deny", "check", "licenses", "bans", "sources"]))
        })
    });
}

fn examples(report: &mut Report, _: &Choice) {
    report.step("examples", house::examples);
}

fn package(report: &mut Report, _: &Choice) {
    report.step("package", || {
        let mut cargo = cmd::cargo(["package", "--quiet", "--no-verify", "--allow-dirty"]);
        for library in LIBRARIES {
            cargo.args(["-p", library]);
        }
        cmd::run(&mut cargo)
    });
}

fn benches(report: &mut Report, _: &Choice) {
    report.step("benches", || {
        cmd::run(&mut cmd::cargo(["bench", "--quiet", "-p", "switchboard-benches", "--", "--test"]))
    });
}

fn fuzz_smoke(report: &mut Report, _: &Choice) {
    fuzz::run(report, None, 10);
}

fn talk_off(report: &mut Report, choice: &Choice) {
    if choice.install {
        report.step("speech programs", install::programs);
    }
    report.outcome("talk-off", || {
        if !["espeak-ng", "sox"].into_iter().all(cmd::exists) {
            return Outcome::Skipped("espeak-ng or sox is missing".to_owned());
        }
        match tones::talk_off(5) {
            Ok(detail) => Outcome::Passed(detail),
            Err(why) => Outcome::Failed(why),
        }
    });
}

fn interop_all(report: &mut Report, choice: &Choice) {
    if choice.install {
        report.step("programs", install::programs);
    }
    interop::run(report, None, interop::JOBS);
}
