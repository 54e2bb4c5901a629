//! Reads dial strings: `dial STRING...` prints a JSON line for each, or for each line of the
//! standard input where there is no argument.
//!
//! ```text
//! $ cargo run --example dial -- '+49 30 12345;1,2' '0301234567;'
//! {"input":"+49 30 12345;1,2","kind":"number","number":"+493012345","extension":"1,2","separator":";","plan":[{"tone":"1"},{"pause_ms":2000},{"tone":"2"}]}
//! {"input":"0301234567;","error":{"kind":"empty_extension","offset":11,"message":"no extension at offset 11: put digits after the separator or drop it"}}
//! ```
//! A string that is none is an answer like any other, and no failure of the program.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose output is its purpose"
)]

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use serde::Serialize;
use switchboard_dialstring::{DialString, ParseError, PauseLengths, Separator, Symbol};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dial: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let mut out = io::stdout().lock();
    // Octets that are not UTF-8 become U+FFFD, which is refused in its place.
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if !arguments.is_empty() {
        return arguments
            .iter()
            .try_for_each(|input| writeln!(out, "{}", line(&input.to_string_lossy())));
    }
    for input in io::stdin().lock().split(b'\n') {
        let mut input = input?;
        input.pop_if(|octet| *octet == b'\r');
        writeln!(out, "{}", line(&String::from_utf8_lossy(&input)))?;
    }
    Ok(())
}

/// What a string is.
#[derive(Serialize)]
struct Read<'a> {
    input: &'a str,
    kind: &'static str,
    /// The main number, or the service code.
    number: String,
    extension: Option<String>,
    separator: Option<&'static str>,
    /// What is sent once the number answers.
    plan: Option<Vec<Step>>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Tone(char),
    PauseMs(u64),
}

/// Why a string is none.
#[derive(Serialize)]
struct Refused<'a> {
    input: &'a str,
    error: Fault,
}

#[derive(Serialize)]
struct Fault {
    kind: &'static str,
    offset: usize,
    message: String,
}

/// What a string is, as one line of JSON.
fn line(input: &str) -> String {
    let json = match DialString::parse(input) {
        Ok(dialled) => serde_json::to_string(&read(input, &dialled)),
        Err(error) => serde_json::to_string(&refused(input, &error)),
    };
    json.expect("texts and numbers have a JSON form")
}

fn read<'a>(input: &'a str, dialled: &DialString) -> Read<'a> {
    let (kind, number) = match dialled {
        DialString::Number(number, _) => ("number", number.to_string()),
        DialString::Service(code) => ("service_code", code.to_string()),
    };
    let lengths = PauseLengths::default();
    let step = |symbol| match symbol {
        Symbol::Digit(digit) => Step::Tone(digit.as_char()),
        Symbol::Pause(pause) => Step::PauseMs(lengths.of(pause).as_millis() as u64),
    };
    Read {
        input,
        kind,
        number,
        extension: dialled.plan().map(ToString::to_string),
        separator: dialled.separator().map(Separator::as_str),
        plan: dialled.plan().map(|plan| plan.symbols().map(step).collect()),
    }
}

fn refused<'a>(input: &'a str, error: &ParseError) -> Refused<'a> {
    let (kind, offset, message) = (error.kind().name(), error.offset(), error.to_string());
    Refused { input, error: Fault { kind, offset, message } }
}
