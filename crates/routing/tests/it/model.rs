//! Every small directory, every order of events, against the reference and the invariants.

use std::collections::BTreeSet;
use std::sync::Arc;

use switchboard_routing::{
    Directory, DirectorySpec, Entry, ForwardTo, Input, Overflow, Router, Side, Status, Step,
    Strategy,
};

use crate::call::{build, digits, line, user};
use crate::oracle::{AT_COLLECT, AT_PLAY, AT_RING, Happens, transcript};

const CALLER: &str = "+491715550001";

/// Three users, a menu with a submenu, a queue; everything else is varied.
fn base() -> DirectorySpec {
    toml::from_str(
        r#"
        users = [
            { login = "a", name = "A", extension = "101" },
            { login = "b", name = "B", extension = "102" },
            { login = "c", name = "C", extension = "103" },
        ]
        lines = [{ id = "main", number = "+4930123", trunk = "t", overflow = "hang_up" }]
        menus = [
            { id = "m", options = [
                { key = "1", action = { user = "a" } },
                { key = "2", action = { queue = "q" } },
                { key = "3", action = { menu = "n" } },
            ] },
            { id = "n", prompt = "submenu", silent = 2, invalid = 2, options = [
                { key = "1", action = "dial_extension" },
                { key = "2", action = "hang_up" },
                { key = "3", action = "repeat" },
            ] },
        ]
        queues = [{ id = "q", ring = 9, members = ["b", "c"] }]
        trunks = [{ id = "t", host = "t.example" }]
        contacts = [{ number = "+491715550001", responsible = "c" }]
        "#,
    )
    .unwrap()
}

/// Every combination of the settings that decide.
fn directories() -> Vec<DirectorySpec> {
    let to = |login: &str| Some(ForwardTo::User(user(login)));
    let mut all = Vec::new();
    for bits in 0..64_u32 {
        let on = |bit: u32| bits >> bit & 1 == 1;
        for rules in 0..4 {
            for gone in 0..3 {
                let mut spec = base();
                let line = &mut spec.lines[0];
                line.extension_processing = on(0);
                line.welcome = on(1);
                line.menu = on(2).then(|| "m".parse().unwrap());
                line.responsible = on(3);
                line.queue = on(4).then(|| "q".parse().unwrap());
                spec.menus[0].direct_dialling = on(5);
                match rules {
                    0 => {}
                    1 => {
                        spec.users[0].forwarding.busy = to("b");
                        spec.users[1].forwarding.busy = to("a");
                        line.overflow = Overflow::Forward(to("a").unwrap());
                    }
                    2 => {
                        spec.queues[0].strategy = Strategy::InOrder;
                        spec.users[0].forwarding.no_answer =
                            Some(ForwardTo::Queue("q".parse().unwrap()));
                        spec.users[2].forwarding.always = to("b");
                    }
                    _ => {
                        spec.users[0].forwarding.unreachable =
                            Some(ForwardTo::Number("+4989123".into()));
                        line.overflow = Overflow::Forward(ForwardTo::Number("+4940456".into()));
                    }
                }
                if gone > 0 {
                    let leaver = &mut spec.users[gone];
                    leaver.status = Status::Dismissed;
                    leaver.extension = None;
                }
                all.push(spec);
            }
        }
    }
    all
}

/// What a step reads like in a transcript.
fn written(step: &Step) -> String {
    match step {
        Step::Play { prompt } => format!("play {prompt}"),
        Step::PlayAndCollect { notice, prompt, .. } => {
            format!("ask [{}] {prompt}", notice.as_ref().map_or("", |notice| notice.as_str()))
        }
        Step::Ring { targets, timeout, .. } => {
            let rung: Vec<&str> = targets.iter().map(|target| target.user().as_str()).collect();
            format!("ring {} {}", rung.join(","), timeout.as_secs())
        }
        Step::Dial(dial) => format!("dial {} {}", dial.number, dial.timeout.as_secs()),
        Step::Connect => "connect".into(),
        Step::End { cause } => format!("end {cause}"),
        other => format!("{other:?}"),
    }
}

/// What may happen at a step; empty where nothing is waited for.
fn may(step: &Step) -> &'static [Happens] {
    match step {
        Step::Play { .. } => &AT_PLAY,
        Step::PlayAndCollect { .. } => &AT_COLLECT,
        Step::Ring { .. } | Step::Dial(_) => &AT_RING,
        _ => &[],
    }
}

fn give(router: &mut Router, step: &Step, happens: Happens) {
    let pressed;
    let input = match happens {
        Happens::Played => Input::Played,
        Happens::Silence => Input::NoDigits,
        Happens::Digits(text) => {
            pressed = digits(text);
            Input::Digits(&pressed)
        }
        Happens::NoAnswer => Input::NoAnswer,
        Happens::Busy => Input::Busy,
        Happens::Unreachable => Input::Unreachable,
        Happens::Declined => Input::Declined,
        Happens::HangUp => Input::HungUp(Side::Caller),
        Happens::Answered => match step {
            Step::Ring { targets, .. } => {
                let by = targets[0].user();
                router.handle(Input::Answered { by: Some(by) }).unwrap();
                return;
            }
            _ => Input::Answered { by: None },
        },
    };
    router.handle(input).unwrap();
}

/// The router's transcript for a script, checked step by step.
fn routed(directory: &Arc<Directory>, script: &[u8]) -> Vec<String> {
    let main = line("main");
    let entry = Entry::Inbound { line: &main, caller: Some(CALLER), carried: None, at: None };
    let mut router = Router::new(Arc::clone(directory), entry);
    let mut script = script.iter();
    let mut steps = Vec::new();
    let mut closing = false;
    while let Some(step) = router.poll_output() {
        steps.push(written(&step));
        assert!(steps.len() < 100, "{steps:?}");
        if let Step::Ring { targets, .. } = &step {
            assert!(targets.iter().all(|t| directory.target(t.user()).is_some()), "{steps:?}");
        }
        if step == Step::Connect {
            router.handle(Input::HungUp(Side::Callee)).unwrap();
            continue;
        }
        // The last words of a call are said to their end here; the reference says them so too.
        closing |= matches!(&step, Step::Play { prompt } if prompt.as_str() == "nobody_available" || prompt.as_str() == "goodbye");
        let may = may(&step);
        if !may.is_empty() {
            let choice = if closing { 0 } else { script.next().copied().unwrap_or(0) };
            give(&mut router, &step, may[usize::from(choice) % may.len()]);
        }
    }
    assert!(router.has_ended(), "{steps:?}");
    steps
}

/// Runs `visit` for every script whose choices make a difference, to `depth` choices.
fn scripts(depth: usize, mut visit: impl FnMut(&[u8]) -> usize) {
    // `visit` returns how many choices the call asked for; longer scripts say the same.
    let most = AT_COLLECT.len() as u8;
    let mut script = Vec::with_capacity(depth);
    loop {
        let asked = visit(&script);
        if script.len() < depth && asked > script.len() {
            script.push(0);
            continue;
        }
        loop {
            match script.pop() {
                None => return,
                Some(choice) if choice + 1 < most => {
                    script.push(choice + 1);
                    break;
                }
                Some(_) => {}
            }
        }
    }
}

#[test]
fn every_small_directory_does_what_the_reference_does() {
    let mut calls = 0_u32;
    for (at, spec) in directories().iter().enumerate() {
        let directory = build(spec);
        // All to two choices deep, one in sixteen to four.
        let depth = if at % 16 == 5 { 4 } else { 2 };
        scripts(depth, |script| {
            let wanted = transcript(spec, Some(CALLER), script);
            let found = routed(&directory, script);
            assert_eq!(found, wanted, "directory {at}, script {script:?}");
            calls += 1;
            wanted.iter().filter(|step| !step.starts_with("end") && *step != "connect").count()
        });
    }
    assert!(calls > 20_000, "only {calls} calls were walked");
}

/// A name for what a step waits for, and for what happened.
fn kind(step: &Step) -> &'static str {
    match step {
        Step::Play { .. } => "play",
        Step::PlayAndCollect { .. } => "collect",
        Step::AskCrm { .. } => "crm",
        Step::Ring { .. } => "ring",
        Step::Dial(_) => "dial",
        Step::Connect => "talk",
        Step::Service { .. } => "service",
        Step::End { .. } => "end",
        _ => "other",
    }
}

/// Every input at every kind of step: which are taken is exactly this table; all others are
/// errors, change nothing and ask for nothing.
#[test]
fn which_input_is_taken_when() {
    let mut spec = base();
    spec.lines[0].extension_processing = true;
    spec.lines[0].welcome = true;
    spec.lines[0].responsible = true;
    spec.lines[0].overflow = Overflow::Forward(ForwardTo::Number("+4989123".into()));
    spec.responsible = switchboard_routing::ResponsibleSource::Crm;
    spec.services =
        toml::from_str::<DirectorySpec>("services = [{ code = '*43', service = 'echo' }]")
            .unwrap()
            .services;
    let directory = build(&spec);
    let pressed = digits("101");
    let (a, nobody) = (user("a"), user("nobody"));
    let inputs = [
        ("digits", Input::Digits(&pressed)),
        ("no digits", Input::NoDigits),
        ("played", Input::Played),
        ("answered by a", Input::Answered { by: Some(&a) }),
        ("answered by nobody known", Input::Answered { by: Some(&nobody) }),
        ("answered", Input::Answered { by: None }),
        ("busy", Input::Busy),
        ("no answer", Input::NoAnswer),
        ("unreachable", Input::Unreachable),
        ("declined", Input::Declined),
        ("crm", Input::CrmSays(None)),
        ("caller hung up", Input::HungUp(Side::Caller)),
        ("callee hung up", Input::HungUp(Side::Callee)),
        ("directory", Input::Directory(Arc::clone(&directory))),
    ];
    let mut taken: BTreeSet<(&str, &str)> = BTreeSet::new();
    let main = line("main");
    let inbound = Entry::Inbound { line: &main, caller: Some(CALLER), carried: None, at: None };
    let mut open = vec![
        (Router::new(Arc::clone(&directory), inbound), "", 0),
        (Router::new(Arc::clone(&directory), Entry::internal(&a, "*43")), "", 0),
    ];
    while let Some((mut router, mut waits, depth)) = open.pop() {
        while let Some(step) = router.poll_output() {
            waits = kind(&step);
        }
        if depth > 5 {
            continue;
        }
        for (name, input) in &inputs {
            let mut next = router.clone();
            let before = next.trace().events().len();
            match next.handle(input.clone()) {
                Ok(()) => {
                    taken.insert((waits, name));
                    if *name != "directory" {
                        open.push((next, waits, depth + 1));
                    }
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    assert_eq!(next.poll_output(), None, "{waits} {name}");
                    assert_eq!(next.trace().events().len(), before, "{waits} {name}");
                }
            }
        }
    }
    let table = [
        ("collect", &["digits", "no digits"][..]),
        ("crm", &["crm"]),
        ("dial", &["answered", "busy", "declined", "no answer", "unreachable"]),
        ("end", &[]),
        ("play", &["played"]),
        ("ring", &["answered", "answered by a", "busy", "declined", "no answer", "unreachable"]),
        ("service", &[]),
        ("talk", &["callee hung up"]),
    ];
    let mut wanted: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (waits, names) in table {
        wanted.extend(names.iter().map(|name| (waits, *name)));
        wanted.insert((waits, "directory"));
        if waits != "end" {
            wanted.insert((waits, "caller hung up"));
        }
    }
    assert_eq!(taken, wanted);
}

/// Somebody is dismissed at any moment of any short call: from then on that user is never rung,
/// never connected, and the call still ends.
#[test]
fn a_dismissal_at_any_moment() {
    for (at, spec) in directories().iter().enumerate().filter(|(at, _)| at % 7 == 3) {
        let directory = build(spec);
        for leaver in ["a", "b", "c"] {
            let mut after = spec.clone();
            for user in after.users.iter_mut().filter(|user| user.login.as_str() == leaver) {
                user.status = Status::Dismissed;
                user.extension = None;
            }
            let after = build(&after);
            for moment in 0..5 {
                scripts(2, |script| dismissed_at(&directory, &after, leaver, moment, script, at));
            }
        }
    }
}

fn dismissed_at(
    before: &Arc<Directory>,
    after: &Arc<Directory>,
    leaver: &str,
    moment: usize,
    script: &[u8],
    at: usize,
) -> usize {
    let main = line("main");
    let entry = Entry::Inbound { line: &main, caller: Some(CALLER), carried: None, at: None };
    let mut router = Router::new(Arc::clone(before), entry);
    let (mut asked, mut ringing, mut left) = (0, false, false);
    while let Some(mut step) = router.poll_output() {
        if asked == moment && !left && !may(&step).is_empty() {
            left = true;
            let rung = matches!(&step, Step::Ring { targets, .. } if targets.iter().any(|t| t.user().as_str() == leaver));
            router.handle(Input::Directory(Arc::clone(after))).unwrap();
            let mut withdrawn = false;
            while let Some(next) = router.poll_output() {
                match next {
                    Step::Withdraw { user } => withdrawn |= user.as_str() == leaver,
                    other => step = other,
                }
            }
            assert_eq!(withdrawn, rung, "directory {at}, {leaver} at {moment}, {script:?}");
            ringing = rung;
        }
        let names = |step: &Step| match step {
            Step::Ring { targets, .. } => targets.iter().any(|t| t.user().as_str() == leaver),
            _ => false,
        };
        // A ring that began before may still name the leaver, who was withdrawn from it.
        assert!(!left || ringing || !names(&step), "directory {at}, {leaver}, {script:?}");
        ringing = false;
        if step == Step::Connect {
            router.handle(Input::HungUp(Side::Caller)).unwrap();
            continue;
        }
        let may = may(&step);
        if may.is_empty() {
            continue;
        }
        let choice = usize::from(script.get(asked).copied().unwrap_or(0)) % may.len();
        asked += 1;
        match (&step, may[choice]) {
            (Step::Ring { targets, .. }, Happens::Answered) => {
                let by = targets.iter().find(|t| !left || t.user().as_str() != leaver);
                router.handle(Input::Answered { by: Some(by.unwrap().user()) }).unwrap();
            }
            (step, happens) => give(&mut router, step, happens),
        }
    }
    assert!(router.has_ended());
    asked
}
