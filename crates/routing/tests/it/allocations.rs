//! What is allocated: nothing in a decision beyond its trace, and little for a user.

use std::sync::Arc;

use allocation_counter::measure;
use switchboard_routing::{
    Directory, DirectorySpec, Entry, ForwardTo, Input, Router, Side, Step, UserId, UserSpec,
};

use crate::call::{build, company_spec, digits, line, user};

/// Two of a new call's allocations are its trace: the list, and what was dialled or the caller's
/// number, as text.
const TRACE: u64 = 2;

/// Allocations of starting a call and taking its first step.
fn begins(directory: &Arc<Directory>, entry: Entry<'_>) -> (Router, Option<Step>, u64) {
    let mut begun = None;
    let counted = measure(|| {
        let mut router = Router::new(Arc::clone(directory), entry);
        let step = router.poll_output();
        begun = Some((router, step));
    });
    let (router, step) = begun.unwrap();
    (router, step, counted.count_total)
}

/// Asserts that taking `input` and the step that follows allocates nothing, but where the trace
/// doubles its list (of 16 entries at first).
#[track_caller]
fn free(router: &mut Router, input: Input<'_>) -> Step {
    let mut step = None;
    let room = |router: &Router| router.trace().events().len().next_power_of_two().max(16);
    let before = room(router);
    let counted = measure(|| {
        router.handle(input).unwrap();
        step = router.poll_output();
    });
    let grown = room(router) / before;
    assert_eq!(
        counted.count_total,
        u64::from(grown.trailing_zeros()),
        "{step:?}\n{}",
        router.trace()
    );
    step.unwrap()
}

#[test]
fn a_decision_allocates_its_trace_and_nothing_else() {
    let mut spec = company_spec();
    spec.responsible = switchboard_routing::ResponsibleSource::Crm;
    spec.queues[1].strategy = switchboard_routing::Strategy::LongestIdle;
    spec.queues[1].wait = std::time::Duration::from_secs(60);
    let company = build(&spec);
    let main = line("main");
    let (anna, berta) = (user("anna"), user("berta"));
    let inbound =
        Entry::Inbound { line: &main, caller: Some("+49123456"), carried: None, at: None };

    // Fixed prompt names come to be once in a program.
    Router::new(Arc::clone(&company), inbound);
    for prompt in [
        switchboard_routing::prompts::unknown_extension(),
        switchboard_routing::prompts::unknown_option(),
        switchboard_routing::prompts::nobody_available(),
        switchboard_routing::prompts::voicemail(),
    ] {
        assert!(!prompt.as_str().is_empty());
    }

    // An internal call, a number outside, an emergency, a service, an unknown extension.
    for dialled in ["102", "03012345;42", "112", "*43", "999", "555"] {
        let (_, step, count) = begins(&company, Entry::internal(&anna, dialled));
        assert_eq!(count, TRACE, "{dialled}: {step:?}");
    }
    let (mut call, _, _) = begins(&company, Entry::internal(&anna, "102"));
    assert_eq!(free(&mut call, Input::Answered { by: Some(&berta) }), Step::Connect);
    free(&mut call, Input::HungUp(Side::Caller));
    // The tones after an answer are a second step.
    let (mut call, _, _) = begins(&company, Entry::internal(&anna, "03012345;42"));
    free(&mut call, Input::Answered { by: None });
    // A group in which the caller is a member.
    let (_, step, count) = begins(&company, Entry::internal(&anna, "200"));
    assert!(matches!(step, Some(Step::Ring { .. })));
    assert_eq!(count, TRACE);
    // A call made for a user.
    let (mut call, _, count) = begins(&company, Entry::Originate { from: &anna, to: "102" });
    assert_eq!(count, TRACE);
    free(&mut call, Input::Answered { by: Some(&anna) });

    // A call from outside: an unknown extension, one at the welcome message, forwarding.
    let (mut call, _, count) = begins(&company, inbound);
    assert_eq!(count, TRACE);
    free(&mut call, Input::Digits(&digits("555")));
    free(&mut call, Input::Digits(&digits("101")));
    free(&mut call, Input::NoAnswer);
    free(&mut call, Input::Busy);
    // A caller from outside without a number: the trace's list alone.
    let (mut call, _, count) = begins(&company, Entry::inbound(&main));
    assert_eq!(count, TRACE - 1);
    // Silence, a menu's option, a mistake, a menu below, a queue that asks for its order.
    free(&mut call, Input::NoDigits);
    free(&mut call, Input::Digits(&digits("8")));
    free(&mut call, Input::Digits(&digits("3")));
    free(&mut call, Input::Digits(&digits("2")));
    free(&mut call, Input::Order(&[berta.clone(), anna.clone()]));
    // The CRM and the line's queue.
    let (mut call, _, _) = begins(&company, inbound);
    free(&mut call, Input::NoDigits);
    free(&mut call, Input::Digits(&digits("#")));
    free(&mut call, Input::CrmSays(Some("carl")));
    free(&mut call, Input::NoAnswer);
    free(&mut call, Input::Busy);
    // Rounds of a queue.
    let mut waiting = spec.clone();
    waiting.lines[1].queue = Some("service".parse().unwrap());
    waiting.queues[0].wait = std::time::Duration::from_secs(600);
    let waiting = build(&waiting);
    let (mut call, _, _) = begins(&waiting, Entry::inbound(&line("quiet")));
    for _ in 0..2 {
        assert!(matches!(free(&mut call, Input::Busy), Step::Wait { .. }));
        free(&mut call, Input::Turn);
    }
    // A dismissal while phones ring: those who stay are told apart by bits.
    let mut left = spec.clone();
    switchboard_routing::admin::dismiss(
        &mut left,
        &switchboard_routing::admin::Actor::Administrator,
        &anna,
    )
    .unwrap();
    let left = build(&left);
    free(&mut call, Input::Directory(left));
}

/// A directory in which every user has everything there is to have.
fn everything(users: usize) -> DirectorySpec {
    let mut spec = company_spec();
    spec.users.clear();
    spec.contacts.clear();
    spec.menus.clear();
    spec.groups.clear();
    spec.queues.clear();
    spec.lines[0].menu = None;
    spec.lines[0].queue = None;
    spec.lines[0].overflow = Default::default();
    spec.users = (0..users)
        .map(|at| {
            let login: UserId = format!("firstname.lastname.{at}").parse().unwrap();
            let mut user = UserSpec::new(login.clone(), format!("Firstname Lastname {at}"));
            // Numbers that begin with 1 or 9 are emergency and service numbers somewhere.
            user.extension = (at < 7_000).then(|| (2_000 + at).to_string().parse().unwrap());
            user.default_line = Some(line("main"));
            user.mobile = Some(format!("+49170{at:07}"));
            user.forwarding.busy = Some(ForwardTo::Mobile);
            user.forwarding.no_answer = Some(ForwardTo::Voicemail(login));
            user.forwarding.ring = Some(std::time::Duration::from_secs(15));
            user
        })
        .collect();
    spec
}

/// Octets that a directory of `users` holds, the logins (shared with the data) among them.
fn octets(mut spec: DirectorySpec) -> i64 {
    let users = spec.users.len() as i64;
    let logins: i64 = spec.users.iter().map(|user| user.login.as_str().len() as i64 + 16).sum();
    let mut directory = None;
    let counted = measure(|| directory = Some(Directory::build(&spec).unwrap()));
    spec.users.clear();
    assert_eq!(directory.unwrap().users().len() as i64, users);
    counted.bytes_current + logins
}

#[test]
fn a_user_costs_less_than_300_octets() {
    let fixed = octets(everything(0));
    for users in [10_000, 100_000] {
        let full = octets(everything(users)) - fixed;
        let mut plain = everything(users);
        for user in &mut plain.users {
            user.forwarding = Default::default();
            user.mobile = None;
        }
        let plain = octets(plain) - fixed;
        let each = |octets: i64| octets as f64 / users as f64;
        println!(
            "{users} users: {:.0} octets each with everything, {:.0} with name, login and extension; {fixed} for the rest",
            each(full),
            each(plain)
        );
        assert!(each(full) < 300.0, "{}", each(full));
        assert!(each(plain) < 200.0, "{}", each(plain));
    }
}
