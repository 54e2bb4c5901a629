//! Plays calls from a script and draws each as a ladder and a tree.
//!
//! `cargo run --example route_call -- [--json] [SCRIPT]`; without a file it plays a script of its
//! own, `-` reads standard input. `--json` prints each call's trace as a line of JSON instead.
//!
//! A line of a script is one of these; a word that begins with `#` begins a comment, except as
//! digits:
//!
//! ```text
//! directory FILE                      the company, TOML or .json; without it, a demonstration company
//! call LINE [from NUMBER] [at 2026-11-24 18:00]
//! USER dials STRING                   a colleague, *43, 112, a number with ;extension
//! USER hands PARTY to STRING          the call before, handed on; PARTY is a user or 'outside'
//! digits 101 | silence | played | crm USER | crm nobody
//! order USER... | waiting COUNT | turn | recorded     at a queue; after a message
//! answered [USER] | busy | no answer | unreachable | declined
//! caller hangs up | callee hangs up
//! dismiss USER                        at once, in the call that runs
//! ```
//!
//! A script that ends early leaves the call where it is.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

use std::error::Error;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use switchboard_routing::admin::{Actor, dismiss};
use switchboard_routing::{
    Digit, Directory, DirectorySpec, Entry, Input, LocalTime, Router, Side, Step, UserId,
};
use switchboard_store::DirectoryFile;

const COMPANY: &str = include_str!("../crates/routing/testdata/company.toml");

const SCRIPT: &str = "\
# A customer dials a wrong extension, then Anna's; she does not answer, Berta is busy, Carl leaves
# the company while his phone rings; the call goes to the menu, and from there into the queue.
call main from +491715550001
digits 555
digits 101
no answer
busy
dismiss carl
digits 2
answered berta
callee hangs up

# Colleagues: free, not recorded.
anna dials 102
answered
caller hangs up

# A number outside with an extension behind it.
anna dials 030 987654;42
answered
caller hangs up

# An emergency, from a user who may call nobody outside; the first trunk is down.
frida dials 112
unreachable
answered
";

fn main() -> ExitCode {
    let (mut json, mut file) = (false, None);
    for argument in std::env::args_os().skip(1) {
        if argument == "--json" {
            json = true;
        } else {
            file = Some(PathBuf::from(argument));
        }
    }
    let run = || -> Result<(), Box<dyn Error>> {
        let script = match file.as_deref() {
            None => SCRIPT.to_owned(),
            Some(path) if path == Path::new("-") => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                text
            }
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| format!("{}: {error}", path.display()))?,
        };
        play(&script, json)
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has had enough.
        Err(error) if is_closed_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("route_call: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Reads a company; every fault has its line.
fn directory_spec(file: &str) -> Result<DirectorySpec, Box<dyn Error>> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let of = |text: String| format!("{file}:\n{text}");
    if !file.ends_with(".json") {
        return Ok(DirectoryFile::parse(&text).map_err(|faults| of(faults.to_string()))?.spec);
    }
    let spec: DirectorySpec = serde_json::from_str(&text).map_err(|error| of(error.to_string()))?;
    if let Err(faults) = Directory::build(&spec) {
        let places = faults.places_in_json(&text);
        let lines = faults.iter().zip(places).map(|(fault, place)| match place {
            Some(place) => format!("{place}: {fault}"),
            None => fault.to_string(),
        });
        return Err(of(lines.collect::<Vec<_>>().join("\n")).into());
    }
    Ok(spec)
}

/// The stage: the company as it is now, and the call that runs.
struct Stage {
    spec: DirectorySpec,
    directory: Arc<Directory>,
    call: Option<Router>,
    json: bool,
    out: io::StdoutLock<'static>,
}

fn play(script: &str, json: bool) -> Result<(), Box<dyn Error>> {
    let spec: DirectorySpec = toml::from_str(COMPANY)?;
    let directory = Arc::new(Directory::build(&spec)?);
    let mut stage = Stage { spec, directory, call: None, json, out: io::stdout().lock() };
    for (number, line) in script.lines().enumerate() {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        // `#` is a digit too: behind `digits` and `dials` it is one.
        let comment = words.iter().position(|word| word.starts_with('#'));
        if let Some(at) =
            comment.filter(|&at| at == 0 || !matches!(words[at - 1], "digits" | "dials"))
        {
            words.truncate(at);
        }
        if words.is_empty() {
            continue;
        }
        stage.line(&words).map_err(|error| match is_closed_pipe(error.as_ref()) {
            true => error,
            false => format!("line {}: {error}", number + 1).into(),
        })?;
    }
    Ok(stage.finish()?)
}

impl Stage {
    fn line(&mut self, words: &[&str]) -> Result<(), Box<dyn Error>> {
        match words {
            ["directory", file] => {
                self.spec = directory_spec(file)?;
                self.directory = Arc::new(Directory::build(&self.spec)?);
            }
            ["call", line, rest @ ..] => {
                let (mut caller, mut at) = (None, None);
                match rest {
                    [] => {}
                    ["from", number] => caller = Some(*number),
                    ["at", date, time] => at = Some((*date, *time)),
                    ["from", number, "at", date, time] => {
                        caller = Some(*number);
                        at = Some((*date, *time));
                    }
                    _ => return Err("expected 'call LINE [from NUMBER] [at DATE TIME]'".into()),
                }
                let at = match at {
                    Some((date, time)) => {
                        Some(LocalTime { date: date.parse()?, time: time.parse()? })
                    }
                    None => None,
                };
                let line = line.parse()?;
                self.start(Entry::Inbound { line: &line, caller, carried: None, at })?;
            }
            [user, "dials", string @ ..] => {
                let (user, string): (UserId, String) = (user.parse()?, string.join(" "));
                self.start(Entry::internal(&user, &string))?;
            }
            [by, "hands", party, "to", to] => {
                let by: UserId = by.parse()?;
                let party = if *party == "outside" { None } else { Some(party.parse::<UserId>()?) };
                let before = self.call.as_ref().ok_or("there is no call to hand on")?;
                let call = before.facts().clone();
                self.start(Entry::Transfer { by: &by, party: party.as_ref(), to, call: &call })?;
            }
            ["dismiss", user] => {
                let report = dismiss(&mut self.spec, &Actor::Administrator, &user.parse()?)?;
                self.directory = Arc::new(Directory::build(&self.spec)?);
                if !self.json {
                    writeln!(self.out, "   {user} is dismissed; still named here:")?;
                    for reference in &report.references {
                        writeln!(self.out, "     {reference}")?;
                    }
                }
                if self.call.as_ref().is_some_and(|call| !call.has_ended()) {
                    self.give(Input::Directory(Arc::clone(&self.directory)), "")?;
                }
            }
            _ => self.happens(words)?,
        }
        Ok(())
    }

    fn happens(&mut self, words: &[&str]) -> Result<(), Box<dyn Error>> {
        let text = words.join(" ");
        let (digits, user, order);
        let input = match words {
            ["digits", pressed] => {
                let all: Option<Vec<Digit>> = pressed.chars().map(Digit::from_char).collect();
                digits = all.ok_or("digits are 0 to 9, *, # and A to D")?;
                Input::Digits(&digits)
            }
            ["silence"] => Input::NoDigits,
            ["played"] => Input::Played,
            ["crm", "nobody"] => Input::CrmSays(None),
            ["crm", user] => Input::CrmSays(Some(user)),
            ["answered"] => Input::Answered { by: None },
            ["answered", by] => {
                user = by.parse::<UserId>()?;
                Input::Answered { by: Some(&user) }
            }
            ["order", named @ ..] => {
                order =
                    named.iter().map(|user| user.parse()).collect::<Result<Vec<UserId>, _>>()?;
                Input::Order(&order)
            }
            ["waiting", callers] if callers.parse::<u32>().is_ok() => {
                Input::Waiting(callers.parse().unwrap_or_default())
            }
            ["turn"] => Input::Turn,
            ["recorded"] => Input::Recorded,
            ["busy"] => Input::Busy,
            ["no", "answer"] => Input::NoAnswer,
            ["unreachable"] => Input::Unreachable,
            ["declined"] => Input::Declined,
            ["caller", "hangs", "up"] => Input::HungUp(Side::Caller),
            ["callee", "hangs", "up"] => Input::HungUp(Side::Callee),
            _ => return Err(format!("'{text}' is not a line of a script").into()),
        };
        self.give(input, &text)
    }

    fn start(&mut self, entry: Entry<'_>) -> io::Result<()> {
        self.finish()?;
        let call = Router::new(Arc::clone(&self.directory), entry);
        if let (Some(first), false) = (call.trace().events().first(), self.json) {
            writeln!(self.out, "{first}")?;
        }
        self.call = Some(call);
        self.drain()
    }

    fn give(&mut self, input: Input<'_>, text: &str) -> Result<(), Box<dyn Error>> {
        let call = self.call.as_mut().ok_or("there is no call yet")?;
        if !self.json && !text.is_empty() {
            writeln!(self.out, "   {text} ──►")?;
        }
        call.handle(input)?;
        Ok(self.drain()?)
    }

    fn drain(&mut self) -> io::Result<()> {
        let Some(call) = &mut self.call else { return Ok(()) };
        while let Some(step) = call.poll_output() {
            if !self.json {
                writeln!(self.out, "                         ◄── {}", say(&step))?;
            }
        }
        Ok(())
    }

    /// Draws the call that was.
    fn finish(&mut self) -> io::Result<()> {
        let Some(call) = self.call.take() else { return Ok(()) };
        if self.json {
            return writeln!(self.out, "{}", serde_json::to_string(call.trace())?);
        }
        let facts = call.facts();
        let kind = if facts.is_internal() { "internal, free" } else { "external" };
        let recorded = if facts.is_recorded() { "recorded" } else { "not recorded" };
        writeln!(self.out, "\n{}\n({kind}, {recorded})\n", call.trace())
    }
}

fn say(step: &Step) -> String {
    match step {
        Step::Play { prompt } => format!("play {prompt}"),
        Step::PlayAndCollect { notice: Some(notice), prompt, .. } => {
            format!("play {notice}, {prompt}; collect")
        }
        Step::PlayAndCollect { notice: None, prompt, .. } => format!("play {prompt}; collect"),
        Step::AskCrm { caller, .. } => format!("ask the CRM about {caller}"),
        Step::Ring { targets, timeout, .. } => {
            let users: Vec<&str> = targets.iter().map(|target| target.user().as_str()).collect();
            format!("ring {} for {} s", users.join(", "), timeout.as_secs())
        }
        Step::Order { queue, strategy, .. } => {
            format!("ask for the order of {queue} ({strategy:?})")
        }
        Step::Count { queue } => format!("ask how many wait in {queue}"),
        Step::Wait { queue, timeout, .. } => format!("wait in {queue} for {} s", timeout.as_secs()),
        Step::Voicemail { mailbox, .. } => format!("take a message for {}", mailbox.user()),
        Step::Withdraw { user } => format!("stop ringing {user}"),
        Step::Dial(dial) => format!("dial {} by trunk {}", dial.number, dial.trunk),
        Step::Connect => "connect".into(),
        Step::SendDigits { plan } => format!("send tones {plan}"),
        Step::Service { service } => format!("service {service:?}"),
        Step::End { cause } => format!("end: {cause}"),
        other => format!("{other:?}"),
    }
}
