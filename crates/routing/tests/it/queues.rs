//! Queues: every strategy, waiting, and what comes after.

use std::sync::Arc;

use switchboard_routing::admin::{Actor, dismiss};
use switchboard_routing::{
    Cause, Directory, DirectorySpec, Entry, Input, QueueMemory, Router, Step, Strategy,
};

use crate::call::{Call, build, line, user};

/// A line that is nothing but a queue of three.
fn spec(queue: &str) -> DirectorySpec {
    let text = format!(
        r#"
        users = [
            {{ login = "anna", name = "Anna", extension = "101" }},
            {{ login = "berta", name = "Berta", extension = "102" }},
            {{ login = "carl", name = "Carl", extension = "103" }},
            {{ login = "dora", name = "Dora", extension = "104" }},
        ]
        groups = [{{ id = "g", extension = "200", members = ["anna", "berta"] }}]
        lines = [{{ id = "main", number = "+493012345", queue = "q", extension_processing = true, overflow = {{ forward = {{ user = "dora" }} }} }}]
        queues = [{{ id = "q", ring = 20, members = ["anna", "berta", "carl"], {queue} }}]
        "#
    );
    toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn without(spec: &DirectorySpec, login: &str) -> Arc<Directory> {
    let mut spec = spec.clone();
    dismiss(&mut spec, &Actor::Administrator, &user(login)).unwrap();
    build(&spec)
}

fn call_in(queue: &str) -> Call {
    Call::inbound(&build(&spec(queue)), "main")
}

#[test]
fn all_ring_at_once_for_one_round() {
    call_in("strategy = 'all'")
        .rings(&["anna", "berta", "carl"], 20)
        .no_answer()
        .rings(&["dora"], 25);
}

#[test]
fn in_order_rings_one_after_the_other() {
    let mut call = call_in("strategy = 'in_order'");
    call.rings(&["anna"], 20).busy().rings(&["berta"], 20).no_answer().rings(&["carl"], 20);
    call.declined().rings(&["dora"], 25);
}

/// Strategies that depend on calls before ask, each round; what is no member is passed over, who
/// is not named comes after, nobody twice.
#[test]
fn an_order_is_asked_for_and_judged() {
    for strategy in ["round_robin", "longest_idle", "fewest_calls", "random"] {
        let queue = format!("strategy = '{strategy}', wait = 60");
        let mut call = call_in(&queue);
        call.wants_order(&["anna", "berta", "carl"])
            .order(&["carl", "dora", "carl", "nobody", "anna"]);
        call.rings(&["carl"], 20).busy().rings(&["anna"], 20).busy().rings(&["berta"], 20).busy();
        call.waits("q", 10).turn().wants_order(&["anna", "berta", "carl"]).order(&[]);
        call.rings(&["anna"], 20).talks_to("anna");
    }
}

/// The orders that are remembered.
#[test]
fn each_strategy_orders_as_it_says() {
    let directory = build(&spec("strategy = 'random'"));
    let mut call = Router::new(Arc::clone(&directory), Entry::inbound(&line("main")));
    let Some(Step::Order { queue, members, .. }) = call.poll_output() else { panic!() };
    let order = |memory: &mut QueueMemory, strategy| -> Vec<String> {
        memory.order(&queue, strategy, &members).iter().map(ToString::to_string).collect()
    };
    let mut memory = QueueMemory::new(7);
    for strategy in [Strategy::All, Strategy::InOrder, Strategy::LongestIdle, Strategy::FewestCalls]
    {
        assert_eq!(order(&mut memory, strategy), ["anna", "berta", "carl"], "{strategy:?}");
    }
    for first in ["anna", "berta", "carl", "anna"] {
        assert_eq!(order(&mut memory, Strategy::RoundRobin)[0], first);
    }
    // Anna talks; Berta has talked twice, last of all.
    for (login, ends) in [("anna", false), ("berta", true), ("carl", true), ("berta", true)] {
        memory.answered(&user(login));
        if ends {
            memory.ended(&user(login));
        }
    }
    assert_eq!(order(&mut memory, Strategy::LongestIdle), ["carl", "berta", "anna"]);
    assert_eq!(order(&mut memory, Strategy::FewestCalls), ["anna", "carl", "berta"]);
    memory.ended(&user("anna"));
    assert_eq!(order(&mut memory, Strategy::LongestIdle), ["carl", "berta", "anna"]);
    // Whoever has left is forgotten, and comes back as new.
    memory.retain(&without(&spec(""), "berta"));
    assert_eq!(order(&mut memory, Strategy::FewestCalls)[0], "berta");
    // Chance: every order turns up about as often, the same for the same seed.
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..6_000 {
        *counts.entry(order(&mut memory, Strategy::Random)).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 6);
    assert!(counts.values().all(|&count| (850..1_150).contains(&count)), "{counts:?}");
    let drawn = |seed| order(&mut QueueMemory::new(seed), Strategy::Random);
    assert!((0..20).all(|seed| drawn(seed) == drawn(seed)));
}

/// Round follows round until the caller has waited long enough; rings that nobody answered and
/// pauses count, and the last of them is cut to what is left.
#[test]
fn a_caller_waits_as_long_as_is_set() {
    let mut call = call_in("wait = 65, pause = 5");
    let all = ["anna", "berta", "carl"];
    call.rings(&all, 20).no_answer().waits("q", 5).turn();
    call.rings(&all, 20).no_answer().waits("q", 5).turn();
    call.rings(&all, 15).no_answer().rings(&["dora"], 25).busy();
    call.plays("nobody_available").played().ends(Cause::Busy);
    assert!(call.0.trace().to_string().contains("waits in queue q"));
}

/// Busy members do not end the wait; each pause counts.
#[test]
fn a_caller_waits_for_busy_members() {
    let mut call = call_in("wait = 12, pause = 5");
    let all = ["anna", "berta", "carl"];
    call.rings(&all, 12).busy().waits("q", 5).turn();
    call.rings(&all, 7).busy().waits("q", 5).turn();
    call.rings(&all, 2).declined().rings(&["dora"], 25);
    // One by one: nobody is rung when the time is over.
    let mut call = call_in("wait = 25, pause = 5, strategy = 'in_order'");
    call.rings(&["anna"], 20).no_answer().rings(&["berta"], 5).no_answer().rings(&["dora"], 25);
}

/// A queue in which no phone is connected is left at once, unless it is set otherwise; one in
/// which nobody works is left in any case.
#[test]
fn an_empty_queue_is_left() {
    let mut call = call_in("wait = 60");
    call.rings(&["anna", "berta", "carl"], 20).unreachable().rings(&["dora"], 25);
    let mut call = call_in("wait = 60, leave_when_empty = false");
    call.rings(&["anna", "berta", "carl"], 20).unreachable().waits("q", 10);
    // One that is not unreachable keeps the caller.
    let mut call = call_in("wait = 60, strategy = 'in_order'");
    call.rings(&["anna"], 20).unreachable().rings(&["berta"], 20).busy();
    call.rings(&["carl"], 20).unreachable().waits("q", 10);
    for strategy in ["all", "in_order", "random"] {
        let mut nobody =
            spec(&format!("wait = 60, leave_when_empty = false, strategy = '{strategy}'"));
        nobody.queues[0].members.clear();
        Call::inbound(&build(&nobody), "main").rings(&["dora"], 25);
    }
}

/// However long a caller may wait, the rules after the queue still get their turn.
#[test]
fn waiting_is_bounded() {
    let mut call = call_in("wait = 3600, pause = 1");
    let mut rounds = 0;
    loop {
        match call.next() {
            Step::Ring { queue: Some(_), .. } => call.busy(),
            Step::Wait { .. } => call.turn(),
            Step::Ring { queue: None, targets, .. } => {
                assert_eq!(targets[0].user().as_str(), "dora");
                break;
            }
            other => panic!("{other:?}"),
        };
        rounds += 1;
    }
    assert!((200..256).contains(&rounds), "{rounds}");
}

/// Whoever is dismissed meanwhile is rung no more: not in the order that was asked for, not in the
/// next round; and a queue whose last member leaves is left.
#[test]
fn r15_a_dismissal_counts_at_once_in_queues() {
    let spec_ = spec("strategy = 'longest_idle', wait = 60");
    let start = || Call::inbound(&build(&spec_), "main");
    let now = without(&spec_, "anna");
    let mut call = start();
    call.wants_order(&["anna", "berta", "carl"]).directory(&now).idle();
    call.order(&["anna", "berta"]).rings(&["berta"], 20).busy().rings(&["carl"], 20).busy();
    call.waits("q", 10).turn().wants_order(&["berta", "carl"]);
    // While her phone rings alone.
    let mut call = start();
    call.wants_order(&["anna", "berta", "carl"]).order(&[]).rings(&["anna"], 20).directory(&now);
    assert_eq!(call.next(), Step::Withdraw { user: user("anna") });
    call.rings(&["berta"], 20);
    // While the caller waits.
    let mut call = start();
    call.wants_order(&["anna", "berta", "carl"]).order(&[]);
    call.rings(&["anna"], 20).busy().rings(&["berta"], 20).busy().rings(&["carl"], 20).busy();
    call.waits("q", 10).directory(&now).idle().turn().wants_order(&["berta", "carl"]);
    // The last of all.
    let mut spec_ = spec("wait = 60, leave_when_empty = false");
    spec_.queues[0].members = vec![user("anna")];
    let now = without(&spec_, "anna");
    let mut call = Call::inbound(&build(&spec_), "main");
    call.rings(&["anna"], 20).busy().waits("q", 10).directory(&now).turn().rings(&["dora"], 25);
    let mut call = Call::inbound(&build(&spec_), "main");
    call.rings(&["anna"], 20).directory(&now);
    assert_eq!(call.next(), Step::Withdraw { user: user("anna") });
    call.waits("q", 10).turn().rings(&["dora"], 25);
}

/// A member who calls is not rung by the own call.
#[test]
fn a_member_who_calls_is_not_rung() {
    let directory = build(&spec(""));
    Call::internal(&directory, "anna", "200").rings(&["berta"], 25);
}

/// Inputs that a queue has no use for.
#[test]
fn only_a_turn_ends_a_wait() {
    let mut call = call_in("wait = 60");
    call.rings(&["anna", "berta", "carl"], 20).busy().waits("q", 10);
    for input in [Input::Played, Input::NoAnswer, Input::Order(&[]), Input::Recorded] {
        let error = call.0.handle(input).unwrap_err();
        assert_eq!(error.state(), "waiting in a queue");
    }
    call.hangs_up(switchboard_routing::Side::Caller).ends(Cause::Cancelled);
}

/// Room for two: a third goes on with what comes after the queue, at once.
#[test]
fn a_full_queue_is_passed_by() {
    let queue = "max_waiting = 2, wait = 60";
    let mut call = call_in(queue);
    assert_eq!(call.0.queue(), None, "who is not counted yet does not wait");
    call.counts("q").waiting(1).rings(&["anna", "berta", "carl"], 20);
    assert_eq!(call.0.queue().unwrap().as_str(), "q");
    // Counted once, however many rounds there are.
    call.no_answer().waits("q", 10);
    assert_eq!(call.0.queue().unwrap().as_str(), "q");
    call.turn().rings(&["anna", "berta", "carl"], 20).answered("berta").connects();
    assert_eq!(call.0.queue(), None);

    for callers in [2, 3, u32::MAX] {
        let mut call = call_in(queue);
        call.counts("q").waiting(callers).rings(&["dora"], 25);
        assert_eq!(call.0.queue(), None);
        let tree = call.0.trace().to_string();
        assert!(tree.contains("callers wait already"), "{tree}");
        assert!(tree.contains("the queue is full"), "{tree}");
    }
}

/// Without anything after it, a full queue is a busy one.
#[test]
fn a_full_queue_is_busy() {
    let mut spec = spec("max_waiting = 1");
    spec.lines[0].overflow = switchboard_routing::Overflow::HangUp;
    let mut call = Call::inbound(&build(&spec), "main");
    call.counts("q").waiting(1).plays("nobody_available").played().ends(Cause::Busy);
}

#[test]
fn a_queue_without_a_limit_asks_nothing() {
    call_in("strategy = 'all'").rings(&["anna", "berta", "carl"], 20);
}
