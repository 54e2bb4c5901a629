//! Any directory that builds, any call into it, any inputs in any order: the call ends with one
//! cause, within bounds, and reaches nobody who has left.

use std::sync::Arc;

use proptest::prelude::*;
use switchboard_routing::{
    Directory, DirectorySpec, Entry, Facts, ForwardTo, GroupSpec, Input, LineSpec, MAX_STEPS,
    MenuAction, MenuSpec, OptionSpec, Overflow, QueueSpec, Router, Side, Status, Step,
    Strategy as Order, UserSpec,
};

use crate::call::{digits, line, user};

const USERS: usize = 12;

fn to() -> impl Strategy<Value = ForwardTo> {
    prop_oneof![
        (0..USERS).prop_map(|at| ForwardTo::User(user(&format!("u{at}")))),
        (0..3_usize).prop_map(|at| ForwardTo::Queue(format!("q{at}").parse().unwrap())),
        (0..2_usize).prop_map(|at| ForwardTo::Group(format!("g{at}").parse().unwrap())),
        (0..USERS).prop_map(|at| ForwardTo::Voicemail(user(&format!("u{at}")))),
        (0..900_u32).prop_map(|n| ForwardTo::Number(format!("+4930{n:03};{n}"))),
    ]
}

fn action() -> impl Strategy<Value = MenuAction> {
    prop_oneof![
        (0..USERS).prop_map(|at| MenuAction::User(user(&format!("u{at}")))),
        (0..3_usize).prop_map(|at| MenuAction::Queue(format!("q{at}").parse().unwrap())),
        (0..2_usize).prop_map(|at| MenuAction::Group(format!("g{at}").parse().unwrap())),
        (0..3_usize).prop_map(|at| MenuAction::Menu(format!("m{at}").parse().unwrap())),
        Just(MenuAction::DialExtension),
        Just(MenuAction::Repeat),
        Just(MenuAction::HangUp),
        Just(MenuAction::Next),
    ]
}

prop_compose! {
    fn users()(
        rows in prop::collection::vec(
            (any::<bool>(), any::<u8>(), [to(), to(), to(), to()].prop_map(|to| to), any::<u8>()),
            USERS,
        )
    ) -> Vec<UserSpec> {
        rows.into_iter().enumerate().map(|(at, (active, extension, rules, which))| {
            let mut user = UserSpec::new(user(&format!("u{at}")), format!("User {at}"));
            let [always, busy, no_answer, unreachable] = rules;
            let rule = |bit: u8, to| (which >> bit & 1 == 1).then_some(to);
            user.forwarding.always = rule(0, always).filter(|_| which & 0x30 == 0x30);
            user.forwarding.busy = rule(1, busy);
            user.forwarding.no_answer = rule(2, no_answer);
            user.forwarding.unreachable = rule(3, unreachable);
            if active || at == 0 {
                user.extension = format!("{}", 200 + 12 * usize::from(extension % 40) + at).parse().ok();
            } else {
                user.status = Status::Dismissed;
            }
            user
        }).collect()
    }
}

prop_compose! {
    fn spec()(
        users in users(),
        flags in any::<u8>(),
        options in prop::collection::vec(prop::collection::vec((0..12_u8, action()), 0..6), 3),
        members in prop::collection::vec(prop::collection::btree_set(0..USERS, 0..6), 5),
        overflow in prop::option::of(to()),
    ) -> DirectorySpec {
        let mut spec = DirectorySpec { users, ..DirectorySpec::default() };
        spec.trunks = toml::from_str::<DirectorySpec>("trunks = [{ id = 't', host = 't' }]").unwrap().trunks;
        for (at, options) in options.into_iter().enumerate() {
            let mut menu = MenuSpec::new(format!("m{at}").parse().unwrap());
            menu.direct_dialling = flags >> at & 1 == 1;
            for (key, action) in options {
                let key = switchboard_routing::Digit::from_event(key).unwrap();
                // Menus lead onwards only: circles are another test's.
                let onwards = match &action {
                    MenuAction::Menu(id) => id.as_str() > format!("m{at}").as_str(),
                    _ => true,
                };
                if onwards && menu.options.iter().all(|option| option.key != key) {
                    menu.options.push(OptionSpec { key, action });
                }
            }
            spec.menus.push(menu);
        }
        for (at, members) in members.into_iter().enumerate() {
            let members = members.into_iter().map(|at| user(&format!("u{at}"))).collect();
            if at < 3 {
                let mut queue = QueueSpec::new(format!("q{at}").parse().unwrap());
                queue.members = members;
                queue.strategy = match (at, flags >> 5 & 3) {
                    (1, _) => Order::InOrder,
                    (2, 0) => Order::RoundRobin,
                    (2, 1) => Order::LongestIdle,
                    (2, 2) => Order::FewestCalls,
                    (2, _) => Order::Random,
                    _ => Order::All,
                };
                queue.wait = std::time::Duration::from_secs(u64::from(flags & 3) * 300);
                queue.leave_when_empty = flags & 4 != 0;
                spec.queues.push(queue);
            } else {
                let id = format!("g{}", at - 3).parse().unwrap();
                let extension = format!("7{at}").parse().ok();
                spec.groups.push(GroupSpec { id, name: String::new(), extension, members });
            }
        }
        let mut main = LineSpec::new(line("main"), "+493012345");
        main.trunk = Some("t".parse().unwrap());
        main.extension_processing = flags & 8 != 0;
        main.welcome = flags & 16 != 0;
        main.menu = (flags & 32 != 0).then(|| "m0".parse().unwrap());
        main.queue = (flags & 64 != 0).then(|| "q0".parse().unwrap());
        main.recorded = flags & 128 != 0;
        main.overflow = overflow.map_or(Overflow::HangUp, Overflow::Forward);
        spec.lines.push(main);
        spec
    }
}

/// What may be given: the choice, and digits where they are wanted.
fn inputs() -> impl Strategy<Value = Vec<(u8, String)>> {
    prop::collection::vec((any::<u8>(), "[0-9*#A-D]{0,6}|2[0-9]{2}|73"), 0..40)
}

fn play(router: &mut Router, now: &Arc<Directory>, inputs: &[(u8, String)], dialled: bool) {
    let mut steps = 0;
    let mut ends = 0;
    let mut inputs = inputs.iter();
    let mut rung = Vec::new();
    loop {
        while let Some(step) = router.poll_output() {
            assert_eq!(ends, 0, "a step after the end: {step:?}");
            steps += 1;
            assert!(steps <= usize::from(MAX_STEPS) + 64);
            match step {
                Step::Ring { targets, .. } => {
                    assert!(!targets.is_empty());
                    for target in &targets {
                        assert!(now.target(target.user()).is_some(), "{target:?} has left");
                    }
                    rung = targets.iter().map(|target| target.user().clone()).collect();
                }
                Step::Dial(dial) => {
                    let rule = dial.number.as_str().starts_with("+4930");
                    assert!(dialled || rule, "only rules lead outside, not {}", dial.number);
                }
                Step::Voicemail { mailbox, .. } => {
                    assert!(now.target(mailbox.user()).is_some(), "{mailbox:?} has left");
                }
                Step::Withdraw { .. } => panic!("nobody is dismissed meanwhile"),
                Step::End { .. } => ends += 1,
                _ => {}
            }
        }
        if router.has_ended() {
            break;
        }
        // Whatever is given in whatever state: taken or refused, never anything else. When there is
        // no more, everything fails until the call ends.
        let given = inputs.next();
        let pressed = digits(given.map_or("", |(_, text)| text));
        let _ = match given.map(|(choice, _)| choice % 18) {
            Some(0..=3) => router.handle(Input::Digits(&pressed)),
            Some(4) => router.handle(Input::NoDigits),
            Some(5) => router.handle(Input::Played),
            Some(6) => router.handle(Input::Busy),
            Some(7) => router.handle(Input::NoAnswer),
            Some(8) => router.handle(Input::Unreachable),
            Some(9) => router.handle(Input::Declined),
            Some(10) => router.handle(Input::CrmSays(Some("u1"))),
            Some(11) => router.handle(Input::HungUp(Side::Callee)),
            Some(12) => router.handle(Input::Answered { by: rung.first() }),
            Some(13) => router.handle(Input::Turn),
            Some(14) => router.handle(Input::Recorded),
            Some(16) => router.handle(Input::Waiting(1)),
            Some(15) => router.handle(Input::Order(&[user("u3"), user("u1"), user("u1")])),
            Some(_) => router.handle(Input::Answered { by: None }),
            None => {
                let all = [
                    Input::NoDigits,
                    Input::Played,
                    Input::NoAnswer,
                    Input::CrmSays(None),
                    Input::Waiting(0),
                    Input::Turn,
                    Input::Order(&[]),
                ];
                let taken = all.into_iter().any(|input| router.handle(input).is_ok());
                if taken { Ok(()) } else { router.handle(Input::HungUp(Side::Caller)) }
            }
        };
    }
    assert_eq!(ends, 1, "every call ends once");
    let text = router.trace().to_string();
    assert!(text.lines().last().unwrap().contains("end: "), "{text}");
    let facts = router.facts();
    assert!(!facts.is_internal() || (facts.is_free() && !facts.is_recorded()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_call_from_outside_ends(spec in spec(), inputs in inputs()) {
        if let Ok(directory) = Directory::build(&spec) {
            let directory = Arc::new(directory);
            let mut router = Router::new(Arc::clone(&directory), Entry::inbound(&line("main")));
            play(&mut router, &directory, &inputs, false);
            prop_assert!(!router.facts().is_internal());
        }
    }

    #[test]
    fn any_call_from_inside_ends(spec in spec(), inputs in inputs(), dialled in "\\PC{0,8}|2[0-9]{2}|73|112|0[0-9]{5,9}[;#][0-9,]{1,4}") {
        if let Ok(directory) = Directory::build(&spec) {
            let directory = Arc::new(directory);
            let (caller, party) = (user("u0"), user("u1"));
            for entry in [
                Entry::internal(&caller, &dialled),
                Entry::Originate { from: &caller, to: &dialled },
                Entry::Transfer { by: &caller, party: Some(&party), to: &dialled, call: &Facts::Internal { line: None } },
            ] {
                let mut router = Router::new(Arc::clone(&directory), entry);
                play(&mut router, &directory, &inputs, true);
            }
        }
    }

    #[test]
    fn data_that_builds_survives_its_text(spec in spec()) {
        let text = toml::to_string(&spec).unwrap();
        prop_assert_eq!(&toml::from_str::<DirectorySpec>(&text).unwrap(), &spec);
        let text = serde_json::to_string(&spec).unwrap();
        prop_assert_eq!(&serde_json::from_str::<DirectorySpec>(&text).unwrap(), &spec);
    }
}
