//! The golden calls in `testdata/calls`, for this and any other implementation.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use switchboard_routing::admin::{Actor, dismiss};
use switchboard_routing::{
    Directory, DirectorySpec, Entry, Facts, Input, LocalTime, Match, Router, ServiceKind, Side,
    Step, UserId,
};

use crate::call::{build, digits, user};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    directory: String,
    call: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    rules: Vec<String>,
    #[serde(default)]
    set: Vec<(String, toml::Value)>,
    entry: String,
    script: String,
    #[serde(default)]
    facts: Option<String>,
    #[serde(default)]
    tree: Option<String>,
}

const FILES: [(&str, &str); 5] = [
    ("inbound", include_str!("../../testdata/calls/inbound.toml")),
    ("internal", include_str!("../../testdata/calls/internal.toml")),
    ("outside", include_str!("../../testdata/calls/outside.toml")),
    ("dismissal", include_str!("../../testdata/calls/dismissal.toml")),
    ("queues", include_str!("../../testdata/calls/queues.toml")),
];

/// What routing owns of the requirements, each with a golden call.
const RULES: [&str; 13] =
    ["R1", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R13", "R14", "R15", "R17"];

/// Puts `value` where `path` says: `lines[0].menu`. An empty text takes the entry away.
fn set(data: &mut toml::Value, path: &str, value: &toml::Value) {
    let mut at = data;
    let mut keys = path
        .split('.')
        .flat_map(|part| {
            let (key, index) = part.split_once('[').map_or((part, None), |(key, index)| {
                (key, Some(index.trim_end_matches(']').parse::<usize>().unwrap()))
            });
            std::iter::once(Key::Name(key)).chain(index.map(Key::Index))
        })
        .peekable();
    while let Some(key) = keys.next() {
        if let (None, Key::Name(name), Some("")) = (keys.peek(), &key, value.as_str()) {
            at.as_table_mut().unwrap().remove(*name);
            return;
        }
        at = match key {
            Key::Name(name) => at
                .as_table_mut()
                .unwrap()
                .entry(name)
                .or_insert_with(|| toml::Value::Table(toml::Table::new())),
            Key::Index(index) => &mut at.as_array_mut().unwrap()[index],
        };
    }
    *at = value.clone();
}

enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

fn list<'a>(ids: impl Iterator<Item = &'a switchboard_routing::Target>) -> String {
    ids.map(|target| target.user().as_str()).collect::<Vec<_>>().join(" ")
}

/// A step as the files write it.
fn written(step: &Step) -> String {
    let snake = |cause| serde_json::to_string(&cause).unwrap().trim_matches('"').to_owned();
    match step {
        Step::Play { prompt } => format!("play {prompt}"),
        Step::PlayAndCollect { notice: Some(notice), prompt, .. } => {
            format!("ask {notice} {prompt}")
        }
        Step::PlayAndCollect { notice: None, prompt, .. } => format!("ask {prompt}"),
        Step::AskCrm { caller, timeout } => format!("crm {caller} for {}", timeout.as_secs()),
        Step::Ring { targets, timeout, queue } => {
            let queue = queue.as_ref().map_or(String::new(), |queue| format!(" in {queue}"));
            format!("ring {} for {}{queue}", list(targets.iter()), timeout.as_secs())
        }
        Step::Order { queue, members, .. } => format!("order {queue} {}", list(members.iter())),
        Step::Count { queue } => format!("count {queue}"),
        Step::Wait { queue, music, timeout } => {
            format!("wait {queue} {music} for {}", timeout.as_secs())
        }
        Step::Voicemail { mailbox, greeting } => format!("message {} {greeting}", mailbox.user()),
        Step::Withdraw { user } => format!("withdraw {user}"),
        Step::Dial(dial) => format!(
            "{} {} by {} on {} for {}",
            if dial.emergency { "emergency" } else { "dial" },
            dial.number,
            dial.trunk,
            dial.line.as_ref().map_or("-", |line| line.as_str()),
            dial.timeout.as_secs()
        ),
        Step::Connect => "connect".into(),
        Step::SendDigits { plan } => format!("send {plan}"),
        Step::Service { service: ServiceKind::PromptLoop(prompt) } => {
            format!("service loop {prompt}")
        }
        Step::Service { service: ServiceKind::Room(room) } => format!("service room {room}"),
        Step::Service { .. } => "service echo".into(),
        Step::End { cause } => format!("end {}", snake(*cause)),
        other => panic!("the files have no words for {other:?}"),
    }
}

fn start(directory: &Arc<Directory>, entry: &str) -> Router {
    let words: Vec<&str> = entry.split_whitespace().collect();
    let after = |word: &str| {
        let at = words.iter().position(|known| *known == word)?;
        words.get(at + 1).copied()
    };
    let rest = |word: &str| entry.split_once(word).unwrap().1.trim();
    let new = |entry: Entry<'_>| Router::new(Arc::clone(directory), entry);
    match words[..] {
        ["call", line, ..] => {
            let at = after("at").map(|date| {
                let time = words.last().unwrap().parse().unwrap();
                LocalTime { date: date.parse().unwrap(), time }
            });
            let line = line.parse().unwrap();
            new(Entry::Inbound {
                line: &line,
                caller: after("from"),
                carried: after("carrying"),
                at,
            })
        }
        [caller, "dials", ..] => new(Entry::internal(&user(caller), rest(" dials "))),
        ["for", from, "to", ..] => new(Entry::Originate { from: &user(from), to: rest(" to ") }),
        [by, "hands", party, "to", to, ref of @ ..] => {
            let party = (party != "outside").then(|| user(party));
            let call = match of {
                ["of", "line", line, "recorded"] => {
                    Facts::External { line: Some(line.parse().unwrap()), recorded: true }
                }
                [] => Facts::Internal { line: None },
                _ => panic!("{entry}"),
            };
            new(Entry::Transfer { by: &user(by), party: party.as_ref(), to, call: &call })
        }
        _ => panic!("{entry}"),
    }
}

/// Gives what a line of a script says happened; whether it was taken.
fn happens(router: &mut Router, spec: &mut DirectorySpec, text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (pressed, login, order);
    let input = match words[..] {
        ["digits", text] => {
            pressed = digits(text);
            Input::Digits(&pressed)
        }
        ["silence"] => Input::NoDigits,
        ["played"] => Input::Played,
        ["crm", "nobody"] => Input::CrmSays(None),
        ["crm", login] => Input::CrmSays(Some(login)),
        ["order", ref named @ ..] => {
            order = named.iter().map(|login| user(login)).collect::<Vec<UserId>>();
            Input::Order(&order)
        }
        ["waiting", callers] => Input::Waiting(callers.parse().unwrap()),
        ["turn"] => Input::Turn,
        ["recorded"] => Input::Recorded,
        ["answered"] => Input::Answered { by: None },
        ["answered", by] => {
            login = user(by);
            Input::Answered { by: Some(&login) }
        }
        ["busy"] => Input::Busy,
        ["no", "answer"] => Input::NoAnswer,
        ["unreachable"] => Input::Unreachable,
        ["declined"] => Input::Declined,
        ["caller", "hangs", "up"] => Input::HungUp(Side::Caller),
        ["callee", "hangs", "up"] => Input::HungUp(Side::Callee),
        ["dismiss", login] => {
            dismiss(spec, &Actor::Administrator, &user(login)).unwrap();
            Input::Directory(build(spec))
        }
        _ => panic!("{text}"),
    };
    router.handle(input).is_ok()
}

fn play(file: &str, data: &toml::Value, case: &Case) {
    let mut data = data.clone();
    for (path, value) in &case.set {
        set(&mut data, path, value);
    }
    let mut spec: DirectorySpec =
        data.try_into().unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let directory = build(&spec);
    let mut router = start(&directory, &case.entry);
    let mut found = Vec::new();
    for line in case.script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (kind, text) = line.split_at(1);
        let text = text.trim();
        found.push(match kind {
            "<" => router
                .poll_output()
                .map_or("< nothing".into(), |step| format!("< {}", written(&step))),
            ">" | "!" if happens(&mut router, &mut spec, text) => format!("> {text}"),
            ">" | "!" => format!("! {text}"),
            "?" => {
                let (pressed, _) = text.split_once(' ').unwrap();
                let word = match router.matcher().matches(&digits(pressed)) {
                    Match::None => "no",
                    Match::May => "may",
                    Match::Full => "yes",
                    Match::FullAndMore => "yes, and more",
                };
                format!("? {pressed} {word}")
            }
            _ => panic!("{file}, {}: {line}", case.name),
        });
    }
    while let Some(step) = router.poll_output() {
        found.push(format!("< {}", written(&step)));
    }
    let wanted: Vec<&str> =
        case.script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(found, wanted, "{file}: {}\n{}\n{}", case.name, found.join("\n"), router.trace());
    if let Some(facts) = &case.facts {
        let told = match router.facts() {
            Facts::Internal { .. } => "internal".to_owned(),
            Facts::External { line, recorded } => format!(
                "external on {}{}",
                line.as_ref().map_or("-", |line| line.as_str()),
                if *recorded { ", recorded" } else { "" }
            ),
        };
        assert_eq!(told, *facts, "{file}: {}", case.name);
    }
    if let Some(tree) = &case.tree {
        assert_eq!(router.trace().to_string(), tree.trim_end(), "{file}: {}", case.name);
    }
}

#[test]
fn golden_calls() {
    let mut count = 0;
    let mut rules = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (name, text) in FILES {
        let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file.directory, "../company.toml");
        let data = toml::from_str(include_str!("../../testdata/company.toml")).unwrap();
        for case in file.call {
            assert!(names.insert(case.name.clone()), "{name}: {} is there twice", case.name);
            play(name, &data, &case);
            rules.extend(case.rules.iter().cloned());
            count += 1;
        }
    }
    println!("{count} golden calls");
    assert!(count >= 80, "{count}");
    for rule in RULES {
        assert!(rules.contains(rule), "no golden call for {rule}");
    }
}

/// Every file of the folder is one of the suite.
#[test]
fn no_golden_file_is_left_out() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/calls");
    let mut there: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    let mut known = FILES.map(|(name, _)| format!("{name}.toml"));
    known.sort();
    assert_eq!(there, known);
}
