//! Two agents and a wire that loses, doubles and reorders, in virtual time, from a seed.

use std::time::Duration;

use switchboard_testkit::{Clock, Link, Rng, Wire};

use crate::agent::{Agent, Manner};

const MS: Duration = Duration::from_millis(1);
const ANSWERS: Manner = Manner {
    ring: Duration::from_millis(50),
    answer: Duration::from_secs(2),
    status: 200,
    talk: None,
    reliable: false,
};

struct World {
    clock: Clock,
    wire: Wire,
    a: Agent,
    b: Agent,
}

impl World {
    fn new(seed: u64, link: Link, manner: Manner) -> Self {
        Self {
            clock: Clock::new(),
            wire: Wire::new(seed, link),
            a: Agent::new(1, manner),
            b: Agent::new(2, manner),
        }
    }

    fn call(&mut self, cancel: Option<Duration>) {
        self.a.call(self.clock.now(), self.b.address, cancel);
    }

    /// Delivers, lets both act, and moves to what comes next; `false` if nothing does.
    fn step(&mut self) -> bool {
        let now = self.clock.now();
        while let Some(datagram) = self.wire.receive(now) {
            let to_a = datagram.destination == self.a.address;
            let agent = if to_a { &mut self.a } else { &mut self.b };
            agent.receive(now, datagram.source, datagram.payload);
        }
        for agent in [&mut self.a, &mut self.b] {
            for (to, payload) in agent.run(now) {
                self.wire.send(now, agent.address, to, payload);
            }
        }
        let next = [self.wire.poll_arrival(), self.a.next(), self.b.next()];
        let next = next.into_iter().flatten().min();
        next.inspect(|at| self.clock.advance_to(*at)).is_some()
    }

    /// Runs until nothing is in flight and no timer is set; the simulated time it took.
    fn settle(&mut self) -> Duration {
        while self.step() {}
        self.clock.elapsed()
    }
}

fn near() -> Link {
    Link { delay: 10 * MS, ..Link::default() }
}

#[test]
fn a_call_on_a_good_wire() {
    let mut world = World::new(1, near(), ANSWERS);
    world.call(None);
    world.settle();
    assert_eq!(world.a.log, ["gets 180 INVITE", "gets 200 INVITE", "gets 200 BYE"]);
    assert_eq!(world.b.log, ["gets INVITE", "gets its ACK", "gets BYE"]);
    // INVITE, 180, 200, ACK, BYE, 200.
    assert_eq!(world.wire.counts().sent, 6);
    world.a.assert_settled();
    world.b.assert_settled();
}

#[test]
fn a_call_with_a_reliable_provisional_response() {
    let mut world = World::new(1, near(), Manner { reliable: true, ..ANSWERS });
    world.call(None);
    world.settle();
    let expected = ["gets 180 INVITE", "gets 200 PRACK", "gets 200 INVITE", "gets 200 BYE"];
    assert_eq!(world.a.log, expected);
    let expected = ["gets INVITE", "gets PRACK", "gets its PRACK", "gets its ACK", "gets BYE"];
    assert_eq!(world.b.log, expected);
    assert_eq!(world.wire.counts().sent, 8);
    world.a.assert_settled();
    world.b.assert_settled();
}

/// The wire dies with the 180: it is never acknowledged, and the call that would have been
/// answered is refused after 64 * T1.
#[test]
fn a_reliable_provisional_response_without_its_prack_ends_the_call() {
    let mut world = World::new(1, near(), Manner { reliable: true, ..ANSWERS });
    world.call(None);
    for _ in 0..2 {
        assert!(world.step());
    }
    world.wire.set_link(Link { loss: 1.0, ..near() });
    world.settle();
    assert!(world.b.log.contains(&"misses its PRACK".to_owned()), "{:?}", world.b.log);
    assert!(!world.b.log.contains(&"gets its ACK".to_owned()), "{:?}", world.b.log);
    world.b.assert_settled();
}

#[test]
fn a_refused_call_on_a_good_wire() {
    let mut world = World::new(1, near(), Manner { status: 486, ..ANSWERS });
    world.call(None);
    let took = world.settle();
    assert_eq!(world.a.log, ["gets 180 INVITE", "gets 486 INVITE"]);
    assert_eq!(world.b.log, ["gets INVITE"]);
    assert_eq!(world.wire.counts().sent, 4);
    assert!(took < Duration::from_secs(40), "{took:?}");
    world.a.assert_settled();
    world.b.assert_settled();
}

#[test]
fn a_cancelled_call_on_a_good_wire() {
    let mut world = World::new(1, near(), ANSWERS);
    world.call(Some(1_000 * MS));
    world.settle();
    assert_eq!(world.a.log, ["gets 180 INVITE", "cancels: in time", "gets 487 INVITE"]);
    assert_eq!(world.b.log, ["gets INVITE", "gets CANCEL"]);
    world.a.assert_settled();
    world.b.assert_settled();
}

/// CANCEL and 200 pass each other on the wire: one call, acknowledged, and ended by BYE.
#[test]
fn h28_cancel_crossing_200() {
    let mut world = World::new(1, near(), ANSWERS);
    // The 200 leaves after 2,010 ms and arrives at 2,020; the CANCEL leaves in between.
    world.call(Some(2_015 * MS));
    world.settle();
    let expected = ["gets 180 INVITE", "cancels: in time", "gets 200 INVITE", "gets 200 BYE"];
    assert_eq!(world.a.log, expected);
    assert_eq!(world.b.log, ["gets INVITE", "gets its ACK", "gets BYE"]);
    world.a.assert_settled();
    world.b.assert_settled();
}

/// BYE from both sides at once: each is answered, and nothing is left.
#[test]
fn h28_bye_both_ways() {
    // The caller hangs up 3 s after its 200; the ACK takes 10 ms to the called side.
    let mut world = World::new(1, near(), Manner { talk: Some(2_990 * MS), ..ANSWERS });
    world.call(None);
    world.settle();
    let expected = ["gets 180 INVITE", "gets 200 INVITE", "gets BYE", "gets 481 BYE"];
    assert_eq!(world.a.log, expected);
    assert_eq!(world.b.log, ["gets INVITE", "gets its ACK", "gets BYE", "gets 481 BYE"]);
    world.a.assert_settled();
    world.b.assert_settled();
}

/// A peer that vanishes: both sides come to an end by their timers alone.
#[test]
fn a_dead_wire_leaves_nothing_behind() {
    let mut world = World::new(1, Link { loss: 1.0, ..near() }, ANSWERS);
    world.call(None);
    world.a.ping(world.clock.now(), world.b.address);
    let took = world.settle();
    assert_eq!(world.a.log, ["times out", "times out"]);
    assert_eq!(took, Duration::from_secs(32));
    world.a.assert_settled();
    world.b.assert_settled();
}

/// The wire dies when the call is answered: the called side misses its ACK and hangs up.
#[test]
fn h28_lost_acks_end_in_bye() {
    let mut world = World::new(1, near(), Manner { answer: 60 * MS, ..ANSWERS });
    world.call(None);
    // INVITE and 180 have passed; everything from the 200 on is lost.
    for _ in 0..4 {
        assert!(world.step());
    }
    world.wire.set_link(Link { loss: 1.0, ..near() });
    world.settle();
    assert!(world.b.log.contains(&"misses its ACK".to_owned()), "{:?}", world.b.log);
    world.b.assert_settled();
}

/// One run of everything at once; the same seed gives the same run.
fn chaos(seed: u64) -> (Vec<String>, Vec<String>) {
    let mut rng = Rng::new(seed);
    let worst = if rng.chance(0.1) { 90 } else { 40 };
    let link = Link {
        loss: rng.below(worst) as f64 / 100.0,
        duplicate: rng.below(30) as f64 / 100.0,
        reorder: rng.below(30) as f64 / 100.0,
        reorder_by: rng.duration(300 * MS),
        delay: rng.duration(80 * MS),
        jitter: rng.duration(80 * MS),
    };
    let manner = Manner {
        ring: rng.duration(500 * MS),
        answer: rng.duration(4_000 * MS),
        status: [200, 200, 200, 302, 404, 486, 503, 603][rng.below(8) as usize],
        talk: rng.chance(0.3).then(|| rng.duration(5_000 * MS)),
        reliable: rng.chance(0.4),
    };
    let mut world = World::new(seed, link, manner);
    world.a.talk = rng.duration(5_000 * MS);
    let cancel = rng.chance(0.4).then(|| rng.duration(4_000 * MS));
    world.call(cancel);
    if rng.chance(0.5) {
        world.a.ping(world.clock.now(), world.b.address);
        world.b.ping(world.clock.now(), world.a.address);
    }
    let took = world.settle();
    // Ringing until it is given up, then at most a missing final answer, a missing ACK and a BYE.
    assert!(took < Duration::from_secs(45 + 4 * 32), "{took:?}");
    // Whose BYE never arrived has left a session behind, which only a session timer would end.
    let unheard = [world.a.misses_answers(), world.b.misses_answers()];
    for (agent, unheard) in [(&mut world.b, unheard[0]), (&mut world.a, unheard[1])] {
        if unheard {
            agent.expire_sessions();
        }
    }
    world.a.assert_settled();
    world.b.assert_settled();
    (world.a.log, world.b.log)
}

/// The seeds of a run: `SIMULATE_SEEDS` of them from `SIMULATE_FROM` on, 1,000 from 0 by default.
pub(crate) fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let from = number("SIMULATE_FROM").unwrap_or(0);
    from..from + number("SIMULATE_SEEDS").unwrap_or(1_000)
}

/// One run of each seed; one that fails is named.
pub(crate) fn each_seed<T>(
    chaos: impl Fn(u64) -> T + std::panic::RefUnwindSafe,
    mut done: impl FnMut(T),
) {
    for seed in seeds() {
        match std::panic::catch_unwind(|| chaos(seed)) {
            Ok(seen) => done(seen),
            Err(_) => panic!("seed {seed} fails: chaos({seed}) replays it"),
        }
    }
}

#[test]
fn simulation_keeps_the_promises_on_bad_wires() {
    let mut seen = std::collections::BTreeSet::new();
    each_seed(chaos, |(a, b)| seen.extend(a.into_iter().chain(b)));
    // The wires were bad enough to bring all of this about.
    for line in [
        "gets 487 INVITE",
        "gets 603 INVITE",
        "gets 481 BYE",
        "gets its ACK",
        "misses its ACK",
        "gets its PRACK",
        "times out",
        "cancels: in time",
        "cancels: too late",
    ] {
        assert!(seen.contains(line), "{line} never happened: {seen:?}");
    }
}

#[test]
fn a_seed_replays() {
    assert_eq!(chaos(7), chaos(7));
}
