//! Every small directory, every order of events, against the reference and the invariants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use switchboard_routing::{
    Directory, DirectorySpec, Entry, ForwardTo, Input, Overflow, ResponsibleSource, Router, Side,
    Status, Step, Strategy,
};

use crate::call::{build, digits, line, user};
use crate::oracle::{
    AT_COLLECT, AT_COUNT, AT_CRM, AT_ORDER, AT_PLAY, AT_RECORD, AT_RING, AT_WAIT, Happens,
    transcript,
};

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
        groups = [{ id = "g", members = ["b", "a"] }]
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
        for rules in 0..6 {
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
                        spec.queues[0].max_waiting = Some(2);
                        line.overflow = Overflow::Forward(to("a").unwrap());
                    }
                    2 => {
                        spec.queues[0].strategy = Strategy::InOrder;
                        spec.users[0].forwarding.no_answer =
                            Some(ForwardTo::Queue("q".parse().unwrap()));
                        spec.users[2].forwarding.always = to("b");
                    }
                    4 => {
                        spec.responsible = ResponsibleSource::Crm;
                        let queue = &mut spec.queues[0];
                        queue.strategy = Strategy::FewestCalls;
                        queue.wait = Duration::from_secs(25);
                        queue.pause = Duration::from_secs(5);
                        let voicemail = |login: &str| ForwardTo::Voicemail(user(login));
                        spec.users[0].forwarding.no_answer = Some(voicemail("a"));
                        spec.users[1].forwarding.busy = Some(voicemail("c"));
                        line.overflow = Overflow::Forward(voicemail("b"));
                    }
                    5 => {
                        spec.queues[0].wait = Duration::from_secs(26);
                        spec.queues[0].leave_when_empty = false;
                        spec.users[0].forwarding.busy =
                            Some(ForwardTo::Group("g".parse().unwrap()));
                        spec.users[2].forwarding.no_answer =
                            Some(ForwardTo::Queue("q".parse().unwrap()));
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
        Step::AskCrm { caller, .. } => format!("crm {caller}"),
        Step::Order { queue, members, .. } => {
            let asked: Vec<&str> = members.iter().map(|target| target.user().as_str()).collect();
            format!("order {queue} {}", asked.join(","))
        }
        Step::Count { queue } => format!("count {queue}"),
        Step::Wait { queue, timeout, .. } => format!("wait {queue} {}", timeout.as_secs()),
        Step::Voicemail { mailbox, .. } => format!("voicemail {}", mailbox.user()),
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
        Step::AskCrm { .. } => &AT_CRM,
        Step::Order { .. } => &AT_ORDER,
        Step::Count { .. } => &AT_COUNT,
        Step::Wait { .. } => &AT_WAIT,
        Step::Voicemail { .. } => &AT_RECORD,
        _ => &[],
    }
}

fn give(router: &mut Router, step: &Step, happens: Happens) {
    let (pressed, order);
    let input = match happens {
        Happens::Crm(login) => Input::CrmSays(Some(login).filter(|login| !login.is_empty())),
        Happens::Order(named) => {
            order = named.iter().map(|login| user(login)).collect::<Vec<_>>();
            Input::Order(&order)
        }
        Happens::Waiting(callers) => Input::Waiting(callers),
        Happens::Turn => Input::Turn,
        Happens::Recorded => Input::Recorded,
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

/// How often each input was given in each state.
type Met = BTreeMap<(&'static str, &'static str), u64>;

fn word(happens: Happens) -> &'static str {
    match happens {
        Happens::Played => "played",
        Happens::Silence => "no digits",
        Happens::Digits(_) => "digits",
        Happens::NoAnswer => "no answer",
        Happens::Busy => "busy",
        Happens::Unreachable => "unreachable",
        Happens::Declined => "declined",
        Happens::Answered => "answered",
        Happens::Crm(_) => "crm",
        Happens::Order(_) => "order",
        Happens::Waiting(_) => "waiting",
        Happens::Turn => "turn",
        Happens::Recorded => "recorded",
        Happens::HangUp => "hung up",
    }
}

/// The router's transcript for a script, checked step by step.
fn routed(directory: &Arc<Directory>, script: &[u8], met: &mut Met) -> Vec<String> {
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
            let happens = may[usize::from(choice) % may.len()];
            *met.entry((router.waits_for(), word(happens))).or_default() += 1;
            give(&mut router, &step, happens);
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
    let mut met = Met::new();
    for (at, spec) in directories().iter().enumerate() {
        let directory = build(spec);
        // All to two choices deep, one in sixteen to four.
        let depth = if at % 16 == 5 { 4 } else { 2 };
        scripts(depth, |script| {
            let wanted = transcript(spec, Some(CALLER), script);
            let found = routed(&directory, script, &mut met);
            assert_eq!(found, wanted, "directory {at}, script {script:?}");
            calls += 1;
            wanted.iter().filter(|step| !step.starts_with("end") && *step != "connect").count()
        });
    }
    assert!(calls > 200_000, "only {calls} calls were walked");
    // Every state that a call from outside can be in, with every input that it takes there.
    let end = ["busy", "declined", "hung up", "no answer", "unreachable"];
    let ring = ["answered", "busy", "declined", "hung up", "no answer", "unreachable"];
    let table: [(&str, &[&str]); 14] = [
        ("asking for an order", &["hung up", "order"]),
        ("asking who waits", &["hung up", "waiting"]),
        ("asking the CRM", &["crm", "hung up"]),
        ("collecting an extension", &["digits", "hung up", "no digits"]),
        ("collecting at the welcome", &["digits", "hung up", "no digits"]),
        ("collecting in a menu", &["digits", "hung up", "no digits"]),
        ("dialling outside", &ring),
        ("playing", &["hung up", "played"]),
        ("recording a message", &[]),
        ("ringing a group", &ring),
        ("ringing a member", &ring),
        ("ringing a queue", &ring),
        ("ringing a user", &ring),
        ("waiting in a queue", &["hung up", "turn"]),
    ];
    let mut wanted: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (state, inputs) in table {
        wanted.extend(inputs.iter().map(|input| (state, *input)));
    }
    wanted.extend(end.iter().chain(&["recorded"]).map(|input| ("recording a message", *input)));
    let given: BTreeSet<(&str, &str)> = met.keys().copied().collect();
    println!("{calls} calls; each input in each state, how often:");
    for ((state, input), count) in &met {
        println!("{state:26} {input:12} {count:9}");
    }
    assert_eq!(given, wanted);
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
