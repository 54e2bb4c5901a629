#![no_main]
//! A call through a varied company under any inputs, with dismissals between them. Beside the
//! router stands who works here now: nobody else is ever rung, every call ends once and within
//! bounds, what the matcher says of digits is what the router then does with them, an input that is
//! refused changes nothing, and nothing that a caller from outside dials leads outside.
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use switchboard_routing::admin::{Actor, dismiss};
use switchboard_routing::trace::Event;
use switchboard_routing::{
    Digit, Directory, DirectorySpec, Entry, Facts, ForwardTo, Input, MAX_STEPS, Overflow, Router,
    Side, Step, Strategy, UserId,
};

static COMPANY: LazyLock<DirectorySpec> = LazyLock::new(|| {
    toml::from_str(include_str!("../../crates/routing/testdata/company.toml")).expect("the company")
});

#[derive(Arbitrary, Debug)]
struct Call<'a> {
    extension_processing: bool,
    welcome: bool,
    menu: bool,
    direct_dialling: bool,
    forwarding: bool,
    queue: Queue,
    attempts: u8,
    entry: From<'a>,
    operations: Vec<Operation>,
}

#[derive(Arbitrary, Debug)]
struct Queue {
    strategy: u8,
    wait: u8,
    pause: u8,
    leave_when_empty: bool,
    mailbox: bool,
    max_waiting: Option<u8>,
}

#[derive(Arbitrary, Debug)]
enum From<'a> {
    Outside { caller: Option<&'a str>, carried: Option<&'a str> },
    Inside { user: u8, dialled: &'a str },
    Handed { user: u8, party: Option<u8>, to: &'a str, external: bool },
    Originated { user: u8, to: &'a str },
}

#[derive(Arbitrary, Debug)]
enum Operation {
    Digits([u8; 4], u8),
    Silence,
    Played,
    Answered(u8),
    AnsweredOutside,
    Busy,
    NoAnswer,
    Unreachable,
    Declined,
    Crm(Option<u8>),
    Order([u8; 3]),
    Turn,
    Recorded,
    HungUp(bool),
    Dismiss(u8),
    Waiting(u8),
}

fn user(at: u8) -> UserId {
    let users = &COMPANY.users;
    users[usize::from(at) % users.len()].login.clone()
}

fuzz_target!(|call: Call<'_>| {
    let mut spec = COMPANY.clone();
    let line = &mut spec.lines[0];
    line.extension_processing = call.extension_processing;
    line.welcome = call.welcome;
    line.attempts = call.attempts % 9 + 1;
    if !call.menu {
        line.menu = None;
    }
    spec.menus[0].direct_dialling = call.direct_dialling;
    if !call.forwarding {
        for user in &mut spec.users {
            user.forwarding = Default::default();
        }
    }
    let queue = &mut spec.queues[0];
    queue.strategy = [
        Strategy::All,
        Strategy::InOrder,
        Strategy::RoundRobin,
        Strategy::LongestIdle,
        Strategy::FewestCalls,
        Strategy::Random,
    ][usize::from(call.queue.strategy % 6)];
    queue.wait = Duration::from_secs(u64::from(call.queue.wait) * 14);
    queue.pause = Duration::from_secs(u64::from(call.queue.pause) + 1);
    queue.max_waiting = call.queue.max_waiting.map(|most| u32::from(most) + 1);
    queue.leave_when_empty = call.queue.leave_when_empty;
    if call.queue.mailbox {
        spec.lines[0].overflow = Overflow::Forward(ForwardTo::Voicemail(user(call.queue.pause)));
    }
    let begun = Arc::new(Directory::build(&spec).expect("a sound company"));
    let main = spec.lines[0].id.clone();
    let (by, party);
    let external = Facts::External { line: Some(main.clone()), recorded: true };
    let internal = Facts::Internal { line: Some(main.clone()) };
    let entry = match &call.entry {
        From::Outside { caller, carried } => {
            Entry::Inbound { line: &main, caller: *caller, carried: *carried, at: None }
        }
        From::Inside { user: at, dialled } => {
            by = user(*at);
            Entry::Internal { caller: &by, dialled }
        }
        From::Handed { user: at, party: other, to, external: outside } => {
            by = user(*at);
            party = other.map(user);
            let call = if *outside { &external } else { &internal };
            Entry::Transfer { by: &by, party: party.as_ref(), to, call }
        }
        From::Originated { user: at, to } => {
            by = user(*at);
            Entry::Originate { from: &by, to }
        }
    };
    let from_outside = matches!(call.entry, From::Outside { .. });
    let mut play = Play {
        router: Router::new(Arc::clone(&begun), entry),
        now: begun,
        steps: 0,
        ended: false,
        may_dial: call.forwarding || !from_outside,
    };
    play.drain();
    for operation in &call.operations {
        play.operate(&mut spec, operation);
    }
    // Whatever happened: once everything fails, the call ends.
    while !play.ended {
        let fails = [
            Input::NoDigits,
            Input::Played,
            Input::NoAnswer,
            Input::CrmSays(None),
            Input::Order(&[]),
            Input::Waiting(0),
            Input::Turn,
        ];
        let taken = fails.into_iter().any(|input| play.router.handle(input).is_ok());
        if !taken {
            play.router.handle(Input::HungUp(Side::Caller)).expect("a caller may always hang up");
        }
        play.drain();
    }
    assert!(play.router.has_ended());
    assert!(play.router.handle(Input::Played).is_err());
    let facts = play.router.facts();
    assert!(!facts.is_internal() || (facts.is_free() && !facts.is_recorded()));
    assert!(!from_outside || !facts.is_internal());
    assert!(play.router.trace().to_string().contains("end: "));
});

struct Play {
    router: Router,
    now: Arc<Directory>,
    steps: u32,
    ended: bool,
    may_dial: bool,
}

impl Play {
    fn operate(&mut self, spec: &mut DirectorySpec, operation: &Operation) {
        let (digits, login, order);
        let input = match operation {
            Operation::Digits(codes, len) => {
                let codes = &codes[..usize::from(len % 5)];
                digits = codes
                    .iter()
                    .filter_map(|code| Digit::from_event(code % 16))
                    .collect::<Vec<_>>();
                return self.press(&digits);
            }
            Operation::Dismiss(at) => {
                if dismiss(spec, &Actor::Administrator, &user(*at)).is_err() {
                    return;
                }
                self.now = Arc::new(Directory::build(spec).expect("sound after a dismissal"));
                Input::Directory(Arc::clone(&self.now))
            }
            Operation::Answered(at) => {
                login = user(*at);
                Input::Answered { by: Some(&login) }
            }
            Operation::Crm(at) => {
                let named = at.map(user);
                let named = named.as_ref().map(UserId::as_str);
                return self.give(Input::CrmSays(named));
            }
            Operation::AnsweredOutside => Input::Answered { by: None },
            Operation::Order(named) => {
                order = named.map(user);
                Input::Order(&order)
            }
            Operation::Waiting(callers) => Input::Waiting(u32::from(*callers)),
            Operation::Turn => Input::Turn,
            Operation::Recorded => Input::Recorded,
            Operation::Silence => Input::NoDigits,
            Operation::Played => Input::Played,
            Operation::Busy => Input::Busy,
            Operation::NoAnswer => Input::NoAnswer,
            Operation::Unreachable => Input::Unreachable,
            Operation::Declined => Input::Declined,
            Operation::HungUp(true) => Input::HungUp(Side::Caller),
            Operation::HungUp(false) => Input::HungUp(Side::Callee),
        };
        self.give(input);
    }

    fn give(&mut self, input: Input<'_>) {
        let before = self.router.trace().events().len();
        if self.router.handle(input).is_err() {
            assert_eq!(self.router.trace().events().len(), before);
            assert_eq!(self.router.poll_output(), None);
        }
        self.drain();
    }

    /// What the matcher says is what the router does: a match is no mistake, all else is one.
    fn press(&mut self, digits: &[Digit]) {
        let matches = self.router.matcher().matches(digits).is_match();
        let before = self.router.trace().events().len();
        if self.router.handle(Input::Digits(digits)).is_err() {
            assert!(!matches, "nothing is dialable while nothing is collected");
            return;
        }
        let wrong = |event: &Event| {
            matches!(event, Event::UnknownExtension { .. } | Event::UnknownOption { .. })
        };
        let met = &self.router.trace().events()[before..];
        let mistaken = met.iter().any(wrong);
        let left = met.iter().find_map(|event| match event {
            Event::Extension { extension, .. } => Some(*extension),
            _ => None,
        });
        if let Some(extension) = left {
            let text: String = digits.iter().map(|digit| digit.as_char()).collect();
            assert_eq!(text.trim_end_matches('#'), extension.as_str());
        }
        if !digits.is_empty() {
            // Somebody dismissed since the call began is still in its digit map, and is a mistake.
            let held = self.now.users().len() + 1 == COMPANY.users.len();
            assert!(matches != mistaken || (matches && !held), "{digits:?}");
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(step) = self.router.poll_output() {
            assert!(!self.ended, "a step after the end");
            self.steps += 1;
            assert!(self.steps <= u32::from(MAX_STEPS) + 64);
            match step {
                Step::Ring { targets, .. } => {
                    assert!(!targets.is_empty());
                    for target in &targets {
                        assert!(self.now.target(target.user()).is_some(), "{target:?} has left");
                    }
                }
                Step::Voicemail { mailbox, .. } => {
                    assert!(self.now.target(mailbox.user()).is_some(), "{mailbox:?} has left");
                }
                Step::Dial(_) | Step::Service { .. } => assert!(self.may_dial, "{step:?}"),
                Step::Withdraw { user } => assert!(self.now.target(&user).is_none()),
                Step::End { .. } => self.ended = true,
                _ => {}
            }
        }
    }
}
