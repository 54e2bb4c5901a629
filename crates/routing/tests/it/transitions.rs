//! Every state with every input: which are taken, and where each leads. Long random walks through
//! companies with everything find them; the table in the documentation is exactly what they find.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use switchboard_routing::admin::{Actor, dismiss};
use switchboard_routing::{
    Directory, DirectorySpec, Entry, Facts, ForwardTo, Input, OutsideCalls, ResponsibleSource,
    Router, Side, Step, Strategy, UserId,
};

use crate::call::{build, company_spec, digits, line, user};

/// The documented table.
const TABLE: &str = include_str!("../../src/router/transitions.md");

const WALKS: u32 = 300_000;

const STATES: [&str; 19] = [
    "playing",
    "collecting at the welcome",
    "collecting in a menu",
    "collecting an extension",
    "asking the CRM",
    "asking who waits",
    "asking for an order",
    "waiting in a queue",
    "ringing a user",
    "ringing a group",
    "ringing a queue",
    "ringing a member",
    "ringing back",
    "dialling outside",
    "dialling an emergency number",
    "recording a message",
    "serving",
    "talking",
    "ended",
];

const INPUTS: [&str; 18] = [
    "digits",
    "no digits",
    "played",
    "CRM says",
    "order",
    "waiting",
    "turn",
    "answered by one rung",
    "answered by another",
    "answered outside",
    "busy",
    "no answer",
    "unreachable",
    "declined",
    "recorded",
    "caller hung up",
    "callee hung up",
    "directory",
];

/// SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// Companies with something of everything, that lead everywhere.
fn companies() -> Vec<DirectorySpec> {
    let strategies = [
        Strategy::All,
        Strategy::InOrder,
        Strategy::RoundRobin,
        Strategy::LongestIdle,
        Strategy::FewestCalls,
        Strategy::Random,
    ];
    let mut all = Vec::new();
    for (at, strategy) in strategies.into_iter().enumerate() {
        for bits in 0..16 {
            let mut spec = company_spec();
            spec.menus[1].direct_dialling = bits & 2 != 0;
            spec.responsible =
                if bits & 1 == 0 { ResponsibleSource::Crm } else { ResponsibleSource::Contacts };
            spec.lines[0].welcome = bits & 4 != 0;
            spec.lines[0].extension_processing = bits & 12 != 0;
            spec.queues[0].strategy = strategy;
            spec.queues[0].wait = std::time::Duration::from_secs([0, 90][(at + bits) % 2]);
            spec.queues[1].wait = std::time::Duration::from_secs([0, 90][bits >> 1 & 1]);
            spec.queues[0].max_waiting = (at >= 4 && bits & 3 != 0).then_some(2);
            spec.queues[1].max_waiting = (at >= 4 && bits & 4 != 0).then_some(1);
            spec.queues[0].leave_when_empty = bits & 8 != 0;
            let to: [ForwardTo; 8] = [
                ForwardTo::Queue("service".parse().unwrap()),
                ForwardTo::Queue("turns".parse().unwrap()),
                ForwardTo::Group("sales".parse().unwrap()),
                ForwardTo::Number("+4989123;4".into()),
                ForwardTo::Voicemail(user("frida")),
                ForwardTo::Voicemail(user("emil")),
                ForwardTo::User(user("frida")),
                ForwardTo::User(user("anna")),
            ];
            let mut next = bits + at;
            let mut rule = || {
                next += 1;
                Some(to[next % to.len()].clone())
            };
            for user in [2, 5] {
                spec.users[user].outside_calls = OutsideCalls::International;
                let rules = &mut spec.users[user].forwarding;
                (rules.busy, rules.no_answer, rules.unreachable) = (rule(), rule(), rule());
            }
            spec.lines[0].overflow = switchboard_routing::Overflow::Forward(rule().unwrap());
            spec.lines[0].hours = (bits == 5).then(|| {
                toml::from_str("open = []\nclosed = { forward = { queue = 'service' } }").unwrap()
            });
            all.push(spec);
        }
    }
    all
}

fn entry<'a>(dice: &mut Dice, ids: &'a Ids) -> Entry<'a> {
    let dialled = ["101", "102", "103", "007", "200", "112", "03012345;42", "*43", "9999", "x"];
    let closed = Some(switchboard_routing::LocalTime {
        date: "2026-11-24".parse().unwrap(),
        time: "03:00".parse().unwrap(),
    });
    let (caller, other) =
        (&ids.users[dice.below(ids.users.len())], &ids.users[dice.below(ids.users.len())]);
    match dice.below(8) {
        0..=3 => Entry::Inbound {
            line: &ids.main,
            caller: Some("+491715550001"),
            carried: None,
            at: dice.of(&[None, closed]),
        },
        4 => Entry::inbound(&ids.quiet),
        5 => Entry::Internal { caller, dialled: dice.of(&dialled) },
        6 => Entry::Originate { from: caller, to: dice.of(&dialled) },
        _ => Entry::Transfer {
            by: caller,
            party: Some(other),
            to: dice.of(&dialled),
            call: &ids.facts,
        },
    }
}

struct Ids {
    main: switchboard_routing::LineId,
    quiet: switchboard_routing::LineId,
    users: Vec<UserId>,
    facts: Facts,
}

type Led = BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>>;

/// What the walks found.
#[derive(Default)]
struct Found {
    /// How often each input was given in each state.
    given: BTreeMap<(&'static str, &'static str), u64>,
    /// Where each input that was taken led.
    led: Led,
}

fn walk(
    directory: &Arc<Directory>,
    smaller: &Arc<Directory>,
    ids: &Ids,
    dice: &mut Dice,
    found: &mut Found,
) {
    let mut router = Router::new(Arc::clone(directory), entry(dice, ids));
    let mut rung: Vec<UserId> = Vec::new();
    for _ in 0..40 {
        while let Some(step) = router.poll_output() {
            if let Step::Ring { targets, .. } = step {
                rung = targets.iter().map(|target| target.user().clone()).collect();
            }
        }
        let state = router.waits_for();
        if state == "ended" && dice.below(2) == 0 {
            break;
        }
        let pressed =
            digits(dice.of(&["1", "2", "3", "3", "5", "#", "101", "103#", "555", "0", "9"]));
        let named = [ids.users[dice.below(ids.users.len())].clone()];
        let stranger = user("nobody");
        // Most of the time something that is taken, so that the walk goes on.
        let mut name = INPUTS[dice.below(INPUTS.len())];
        if state.starts_with("collecting") {
            name = dice.of(&["digits", name]);
        }
        if state == "talking" && name != "directory" {
            name = dice.of(&["callee hung up", name]);
        }
        let input = match name {
            "digits" => Input::Digits(&pressed),
            "no digits" => Input::NoDigits,
            "played" => Input::Played,
            "CRM says" => {
                Input::CrmSays(dice.of(&[None, Some("carl"), Some("frida"), Some("emil")]))
            }
            "order" => Input::Order(&named),
            "waiting" => Input::Waiting(dice.below(3) as u32),
            "turn" => Input::Turn,
            "answered by one rung" => Input::Answered { by: rung.first().or(Some(&stranger)) },
            "answered by another" => Input::Answered { by: Some(&stranger) },
            "answered outside" => Input::Answered { by: None },
            "busy" => Input::Busy,
            "no answer" => Input::NoAnswer,
            "unreachable" => Input::Unreachable,
            "declined" => Input::Declined,
            "recorded" => Input::Recorded,
            "caller hung up" => Input::HungUp(Side::Caller),
            "callee hung up" => Input::HungUp(Side::Callee),
            _ => Input::Directory(Arc::clone(smaller)),
        };
        let before = router.trace().events().len();
        *found.given.entry((state, name)).or_default() += 1;
        match router.handle(input) {
            Ok(()) => {
                found.led.entry((state, name)).or_default().insert(router.waits_for());
            }
            Err(error) => {
                assert_eq!(error.state(), state);
                assert!(!error.input().is_empty());
                assert_eq!(router.trace().events().len(), before, "{error} changed something");
                assert_eq!(router.poll_output(), None, "{error} asked for something");
                assert_eq!(router.waits_for(), state);
            }
        }
    }
}

/// A row for inputs that a state takes alike: `on` is any other thing to wait for.
fn table(led: &Led) -> String {
    let mut text = String::from("\n| while | takes | and then |\n|---|---|---|\n");
    for state in STATES {
        let mut rows: Vec<(Vec<&str>, BTreeSet<&str>)> = Vec::new();
        for input in INPUTS {
            let Some(to) = led.get(&(state, input)) else { continue };
            let class = |to: &&'static str| match *to {
                "talking" | "ended" if *to != state => *to,
                same if same == state => "stays",
                _ => "on",
            };
            let to: BTreeSet<&str> = to.iter().map(class).collect();
            match rows.iter_mut().find(|(_, known)| *known == to) {
                Some((inputs, _)) => inputs.push(input),
                None => rows.push((vec![input], to)),
            }
        }
        for (inputs, to) in rows {
            let to: Vec<&str> = to.into_iter().collect();
            writeln!(text, "| {state} | {} | {} |", inputs.join(", "), to.join(", ")).unwrap();
        }
    }
    text
}

#[test]
fn every_state_with_every_input() {
    let ids = Ids {
        main: line("main"),
        quiet: line("quiet"),
        users: ["anna", "berta", "carl", "dora", "frida"].map(user).to_vec(),
        facts: Facts::External { line: Some(line("main")), recorded: true },
    };
    let companies: Vec<_> = companies()
        .into_iter()
        .map(|spec| {
            let one = ids.users.iter().map(|leaver| vec![leaver]);
            let both = std::iter::once(vec![&ids.users[0], &ids.users[1]]);
            let smaller = one.chain(both).map(|leavers| {
                let mut spec = spec.clone();
                for leaver in leavers {
                    dismiss(&mut spec, &Actor::Administrator, leaver).unwrap();
                }
                build(&spec)
            });
            (build(&spec), smaller.collect::<Vec<_>>())
        })
        .collect();
    let mut dice = Dice(1);
    let mut found = Found::default();
    for _ in 0..WALKS {
        let (directory, smaller) = &companies[dice.below(companies.len())];
        let smaller = &smaller[dice.below(smaller.len())];
        walk(directory, smaller, &ids, &mut dice, &mut found);
    }
    // Every pair was tried, taken or not; and the states are all there are.
    let least = STATES.iter().flat_map(|state| INPUTS.iter().map(move |input| (*state, *input)));
    let least =
        least.map(|pair| (found.given.get(&pair).copied().unwrap_or(0), pair)).min().unwrap();
    let transitions: usize = found.led.values().map(BTreeSet::len).sum();
    println!(
        "{} states, {} inputs, {} pairs, each given at least {} times; {} pairs are taken and lead to {transitions} transitions",
        STATES.len(),
        INPUTS.len(),
        found.given.len(),
        least.0,
        found.led.len(),
    );
    assert!(least.0 >= 20, "{least:?}");
    assert!(transitions >= 370, "the walks found fewer transitions than they did: {transitions}");
    assert_eq!(found.given.len(), STATES.len() * INPUTS.len());
    let text = table(&found.led);
    assert_eq!(TABLE, text, "the documented table is another; now it is\n{text}");
}
