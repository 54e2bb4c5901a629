//! Hears the digits in recorded telephone-events.
//!
//! `cargo run --example collect_digits -- [TRACE.jsonl]`; without a file it reads standard input.
//! Each line is a scenario, its packets in order of arrival:
//!
//! ```text
//! {"name":"one","clock":8000,"packets":[{"t":0,"seq":1,"ts":160,"m":true,"ev":5,"e":false,"dur":160}]}
//! ```
//!
//! `t` is the time of arrival in milliseconds; `ssrc` may stand beside the others. For each
//! scenario it prints the name, a tab, and the digits as the receiver reports them. A line that is
//! no scenario is named with what would be right; the others are heard all the same.
//! `crates/dtmf/testdata` has scenarios, and the digits that must come out.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use switchboard_dtmf::receiver::{Config, Input, Output, Receiver};
use switchboard_dtmf::{Instant, TelephoneEvent};

/// What a line holds.
const RIGHT: &str = "a line is {\"name\": text, \"clock\": units a second, \"packets\": [packet, ...]}, a packet \
    {\"t\": milliseconds, \"seq\": 0 to 65535, \"ts\": 0 to 4294967295, \"m\": true or false, \"ev\": 0 to 255, \
    \"e\": true or false, \"dur\": 0 to 65535, \"ssrc\": 0 to 4294967295 if there are several}";

#[derive(Deserialize)]
struct Scenario {
    name: String,
    #[serde(default = "telephone_rate")]
    clock: u32,
    packets: Vec<Packet>,
}

#[derive(Deserialize)]
struct Packet {
    t: f64,
    seq: u16,
    ts: u32,
    #[serde(default, deserialize_with = "bit")]
    m: bool,
    ev: u8,
    #[serde(default, deserialize_with = "bit")]
    e: bool,
    dur: u16,
    #[serde(default)]
    ssrc: u32,
}

fn telephone_rate() -> u32 {
    8_000
}

/// `true`, `false`, 0 or 1.
fn bit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Bit {
        Bool(bool),
        Number(u8),
    }
    Ok(match Bit::deserialize(deserializer)? {
        Bit::Bool(bit) => bit,
        Bit::Number(number) => number != 0,
    })
}

/// The digits of a scenario, in the order in which the receiver reports them.
fn digits(scenario: &Scenario) -> String {
    // Nobody waits at the other end of a recording: late packets may be waited for longer.
    let config = Config {
        clock_rate: scenario.clock,
        reorder: Duration::from_millis(500),
        ..Config::default()
    };
    let mut receiver = Receiver::new(config);
    let (mut digits, mut now) = (String::new(), Instant::EPOCH);
    for packet in &scenario.packets {
        // Packets stand in the order of arrival: time does not go back.
        now = now.max(Instant::from_micros((packet.t * 1_000.0).round() as u64));
        serve_timers(&mut receiver, now, &mut digits);
        let event = TelephoneEvent {
            ssrc: packet.ssrc,
            sequence: packet.seq,
            timestamp: packet.ts,
            marker: packet.m,
            event: packet.ev,
            end: packet.e,
            volume: 0,
            duration: packet.dur,
        };
        if let Err(error) = receiver.handle(now, Input::Event(&event)) {
            eprintln!("{}: at {} ms: {error}", scenario.name, packet.t);
        }
        drain(&mut receiver, &mut digits);
    }
    serve_timers(&mut receiver, Instant::from_micros(u64::MAX), &mut digits);
    digits
}

fn serve_timers(receiver: &mut Receiver, until: Instant, digits: &mut String) {
    while let Some(due) = receiver.poll_timeout().filter(|due| *due <= until) {
        receiver.handle_timeout(due);
        drain(receiver, digits);
    }
}

fn drain(receiver: &mut Receiver, digits: &mut String) {
    while let Some(output) = receiver.poll_output() {
        if let Output::Start { digit } = output {
            digits.push(digit.as_char());
        }
    }
}

/// Hears every scenario; false when a line was none.
fn run(trace: impl BufRead, name: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let mut all_read = true;
    for (number, line) in (1..).zip(trace.split(b'\n')) {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Scenario>(&line) {
            Ok(scenario) => {
                // A name cannot make a line or a column of its own.
                let name = scenario.name.replace(char::is_control, "\u{fffd}");
                writeln!(out, "{name}\t{}", digits(&scenario))?;
            }
            Err(error) => {
                all_read = false;
                let (text, column) = (error.to_string(), error.column());
                // Its own line number counts within the one line that it saw.
                let what = text.split(" at line ").next().unwrap_or_default();
                eprintln!(
                    "collect_digits: {name}, line {number}, column {column}: {what}; {RIGHT}"
                );
            }
        }
    }
    Ok(all_read)
}

fn main() -> ExitCode {
    let path = std::env::args_os().nth(1).filter(|path| path != "-");
    let name = path.as_ref().map_or("standard input".into(), |path| path.to_string_lossy());
    let result = match &path {
        None => run(io::stdin().lock(), &name),
        Some(path) => File::open(path).and_then(|file| run(BufReader::new(file), &name)),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever reads has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("collect_digits: {name}: {error}");
            ExitCode::FAILURE
        }
    }
}
