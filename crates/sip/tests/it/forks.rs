//! A caller, an element that forks (RFC 3261 section 16.7), and two or three who are called, over
//! bad wires in virtual time: several early dialogs, several 2xx, CANCEL crossing a 200 on one branch.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use switchboard_sip::transaction::{
    Event, Input, LayerConfig, Output, TransactionId, TransactionLayer,
};
use switchboard_sip::{Builder, Flow, HeaderName, Message, Method, StatusCode};
use switchboard_testkit::{Clock, Link, Rng, Wire};

use crate::agent::{Agent, Manner};
use crate::simulation::each_seed;

const MS: Duration = Duration::from_millis(1);

/// Sends an INVITE to all at once, passes every provisional response and every 2xx on, and when all
/// have refused the best refusal. ACKs of 2xx, PRACK and BYE do not pass it: it asks for no
/// Record-Route.
struct Forker {
    address: SocketAddr,
    targets: Vec<SocketAddr>,
    layer: TransactionLayer,
    /// The INVITE, and where it came from.
    invite: Option<(TransactionId, SocketAddr)>,
    branches: BTreeMap<TransactionId, Option<Message>>,
    /// Timer C (RFC 3261 section 16.6 step 11): what rings still is cancelled then.
    timer_c: Option<Instant>,
    answered: usize,
    cancelled: bool,
    refused: bool,
    log: Vec<String>,
    raw: Vec<(SocketAddr, Bytes)>,
}

impl Forker {
    fn new(host: u8, targets: Vec<SocketAddr>) -> Self {
        Self {
            address: ([192, 0, 2, host], 5060).into(),
            targets,
            layer: TransactionLayer::new(LayerConfig::default(), [host; 32]),
            invite: None,
            branches: BTreeMap::new(),
            timer_c: None,
            answered: 0,
            cancelled: false,
            refused: false,
            log: Vec::new(),
            raw: Vec::new(),
        }
    }

    fn receive(&mut self, now: Instant, from: SocketAddr, payload: Bytes) {
        let message = Message::parse(payload).expect("sound");
        let success = message.status().is_some_and(StatusCode::is_success);
        // A 2xx goes on each time that it comes: only whoever called acknowledges it.
        if success
            && *message.method() == Method::Invite
            && let Some((_, caller)) = self.invite
        {
            let on = message.edit().pop_via().finish().expect("sound").into_bytes();
            self.raw.push((caller, on));
        }
        self.layer.handle(now, Input::Received { flow: Flow::udp(self.address, from), message });
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let rings = self.branches.values().any(Option::is_none);
        let timers = [self.layer.poll_timeout(), self.timer_c.filter(|_| rings)];
        timers.into_iter().flatten().min()
    }

    fn run(&mut self, now: Instant) -> Vec<(SocketAddr, Bytes)> {
        self.layer.handle_timeout(now);
        if self.timer_c.take_if(|at| *at <= now).is_some() {
            self.cancel_others(now);
        }
        while let Some(output) = self.layer.poll_output() {
            match output {
                Output::Transmit { flow, payload } => self.raw.push((flow.remote, payload)),
                Output::Event(event) => self.on_event(now, event),
            }
        }
        std::mem::take(&mut self.raw)
    }

    fn on_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Request { id, flow, request } => {
                assert_eq!(*request.method(), Method::Invite);
                assert!(self.invite.is_none(), "a repeated INVITE is nothing new");
                self.invite = Some((id, flow.remote));
                self.timer_c = Some(now + Duration::from_secs(181));
                for target in self.targets.clone() {
                    let on = Builder::request(&Method::Invite, format_args!("sip:b@{target}"))
                        .copy(&request, HeaderName::Via)
                        .header(HeaderName::MaxForwards, 69)
                        .copy(&request, HeaderName::From)
                        .copy(&request, HeaderName::To)
                        .copy(&request, HeaderName::CallId)
                        .copy(&request, HeaderName::CSeq)
                        .copy(&request, HeaderName::Contact)
                        .copy(&request, HeaderName::Supported);
                    let flow = Flow::udp(self.address, target);
                    let branch = self.layer.send_request(now, flow, on).expect("room");
                    self.branches.insert(branch, None);
                }
            }
            Event::Response { id, response, .. } => self.on_response(now, id, &response),
            Event::Cancel { .. } => {
                self.cancelled = true;
                self.log.push("is cancelled".into());
                self.cancel_others(now);
            }
            Event::Timeout { id } | Event::TransportError { id } => {
                if let Some(sent) = self.layer.sent(id).cloned() {
                    let silent = StatusCode::REQUEST_TIMEOUT;
                    let response = Builder::reply(&sent, silent, Some("none")).build().unwrap();
                    self.on_response(now, id, &response);
                }
            }
            Event::Terminated { .. }
            | Event::Ack { .. }
            | Event::Unacknowledged { .. }
            | Event::StrayResponse { .. } => {}
        }
    }

    fn on_response(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let status = response.status().expect("a response");
        let Some(branch) = self.branches.get_mut(&id) else { return };
        if !status.is_final() {
            if status > StatusCode::TRYING && self.answered == 0 {
                self.respond(now, response);
            }
            return;
        }
        assert!(branch.is_none() || status.is_success(), "one final answer a branch");
        *branch = Some(response.clone());
        if status.is_success() {
            self.answered += 1;
            let crossed = self.answered > 1 || self.cancelled;
            self.log.push(if crossed { "a 200 crosses" } else { "a 200 passes" }.into());
            self.cancel_others(now);
        } else if status.code() >= 600 {
            self.cancel_others(now);
        }
        let finals: Vec<_> = self.branches.values().flatten().collect();
        if self.answered == 0 && finals.len() == self.branches.len() && !self.refused {
            self.refused = true;
            let code = |message: &Message| message.status().map_or(0, StatusCode::code);
            // Section 16.7, step 6: a 6xx, else of the lowest class.
            let best = finals.into_iter().min_by_key(|m| (code(m) < 600, code(m) / 100)).cloned();
            self.respond(now, &best.expect("all refused"));
        }
    }

    fn respond(&mut self, now: Instant, response: &Message) {
        let Some((invite, _)) = self.invite else { return };
        let on = response.edit().pop_via().finish().expect("sound");
        let _ = self.layer.respond(now, invite, &on);
    }

    fn cancel_others(&mut self, now: Instant) {
        let open = self.branches.iter().filter(|(_, end)| end.is_none());
        for id in open.map(|(id, _)| *id).collect::<Vec<_>>() {
            let _ = self.layer.cancel(now, id);
        }
    }
}

struct World {
    clock: Clock,
    wire: Wire,
    caller: Agent,
    forker: Forker,
    called: Vec<Agent>,
}

impl World {
    fn new(seed: u64, link: Link, manners: &[Manner]) -> Self {
        let called: Vec<_> = (10..).zip(manners).map(|(host, m)| Agent::new(host, *m)).collect();
        let targets = called.iter().map(|agent| agent.address).collect();
        Self {
            clock: Clock::new(),
            wire: Wire::new(seed, link),
            caller: Agent::new(1, manners[0]),
            forker: Forker::new(2, targets),
            called,
        }
    }

    fn call(&mut self, cancel: Option<Duration>) {
        self.caller.call(self.clock.now(), self.forker.address, cancel);
    }

    fn settle(&mut self) -> Duration {
        loop {
            let now = self.clock.now();
            while let Some(datagram) = self.wire.receive(now) {
                let (to, from) = (datagram.destination, datagram.source);
                if to == self.forker.address {
                    self.forker.receive(now, from, datagram.payload);
                } else {
                    let mut agents = self.called.iter_mut().chain([&mut self.caller]);
                    let agent = agents.find(|agent| agent.address == to).expect("known");
                    agent.receive(now, from, datagram.payload);
                }
            }
            for agent in self.called.iter_mut().chain([&mut self.caller]) {
                for (to, payload) in agent.run(now) {
                    self.wire.send(now, agent.address, to, payload);
                }
            }
            for (to, payload) in self.forker.run(now) {
                self.wire.send(now, self.forker.address, to, payload);
            }
            let agents = self.called.iter().chain([&self.caller]).filter_map(Agent::next).min();
            let next = [self.wire.poll_arrival(), self.forker.poll_timeout(), agents];
            match next.into_iter().flatten().min() {
                Some(at) => self.clock.advance_to(at),
                None => return self.clock.elapsed(),
            }
        }
    }

    /// Nothing is left anywhere but what the forking element may not end by itself: the server
    /// transaction of an INVITE that it passed a 2xx for.
    fn assert_settled(&mut self) {
        let agents = || self.called.iter().chain([&self.caller]);
        // Whose BYE was never heard has left a session, which only a session timer would end.
        if agents().any(Agent::misses_answers) {
            for agent in self.called.iter_mut().chain([&mut self.caller]) {
                agent.expire_sessions();
            }
        }
        for agent in self.called.iter().chain([&self.caller]) {
            agent.assert_settled();
        }
        let (clients, servers) = self.forker.layer.transactions();
        assert_eq!(clients, 0, "a branch is left");
        assert!(servers == 0 || self.forker.answered > 0, "the INVITE is left");
    }
}

fn near() -> Link {
    Link { delay: 10 * MS, ..Link::default() }
}

fn answers(after: Duration, status: u16) -> Manner {
    Manner { ring: 50 * MS, answer: after, status, talk: None, reliable: false }
}

#[test]
fn the_first_answer_wins_and_the_others_are_cancelled() {
    let manners = [answers(900 * MS, 200), answers(2_000 * MS, 200), answers(500 * MS, 486)];
    let mut world = World::new(1, near(), &manners);
    world.call(None);
    world.settle();
    let heard = ["gets 180 INVITE", "gets 200 INVITE", "gets 200 BYE"];
    assert!(heard.iter().all(|line| world.caller.log.contains(&(*line).to_owned())));
    assert_eq!(world.called[0].log, ["gets INVITE", "gets its ACK", "gets BYE"]);
    assert_eq!(world.called[1].log, ["gets INVITE", "gets CANCEL"]);
    assert_eq!(world.called[2].log, ["gets INVITE"]);
    world.assert_settled();
}

/// Two answer before either hears of the other: both are acknowledged, and both are hung up.
#[test]
fn h28_two_answers_cross() {
    let manners = [answers(900 * MS, 200), answers(905 * MS, 200)];
    let mut world = World::new(1, near(), &manners);
    world.call(None);
    world.settle();
    let answers = world.caller.log.iter().filter(|line| *line == "gets 200 INVITE").count();
    assert_eq!(answers, 2);
    for called in &world.called {
        assert_eq!(called.log, ["gets INVITE", "gets its ACK", "gets BYE"]);
    }
    assert_eq!(world.forker.log, ["a 200 passes", "a 200 crosses"]);
    world.assert_settled();
}

/// The caller gives up while one branch answers: that one is acknowledged and hung up, the other
/// is cancelled.
#[test]
fn h28_cancel_crosses_the_200_of_one_branch() {
    let manners = [answers(900 * MS, 200), answers(5_000 * MS, 200)];
    let mut world = World::new(1, near(), &manners);
    world.call(Some(925 * MS));
    world.settle();
    assert_eq!(world.forker.log, ["a 200 passes", "is cancelled"]);
    assert_eq!(world.called[0].log, ["gets INVITE", "gets its ACK", "gets BYE"]);
    assert_eq!(world.called[1].log, ["gets INVITE", "gets CANCEL"]);
    world.assert_settled();
}

#[test]
fn the_best_refusal_is_the_answer() {
    for (codes, best) in [([486, 404, 302], 302), ([486, 503, 603], 603), ([503, 486, 480], 486)] {
        let manners: Vec<_> =
            codes.iter().zip(1..).map(|(code, n)| answers(n * 300 * MS, *code)).collect();
        let mut world = World::new(1, near(), &manners);
        world.call(None);
        world.settle();
        let class = |line: &String| line.starts_with(&format!("gets {}", best / 100));
        let last = world.caller.log.last().expect("an answer");
        assert!(class(last), "{last} is not like {best}");
        world.assert_settled();
    }
}

/// One run of everything at once; the same seed gives the same run.
fn chaos(seed: u64) -> BTreeSet<String> {
    let mut rng = Rng::new(seed ^ 0xf0f0);
    let good = rng.chance(0.2);
    let worst = if rng.chance(0.1) { 90 } else { 40 };
    let link = Link {
        loss: if good { 0.0 } else { rng.below(worst) as f64 / 100.0 },
        duplicate: rng.below(30) as f64 / 100.0,
        reorder: rng.below(30) as f64 / 100.0,
        reorder_by: rng.duration(300 * MS),
        delay: rng.duration(80 * MS),
        jitter: rng.duration(80 * MS),
    };
    let reliable = rng.chance(0.4);
    let together = rng.chance(0.3).then(|| rng.duration(3_000 * MS));
    let manners: Vec<_> = (0..2 + rng.below(2))
        .map(|_| Manner {
            ring: rng.duration(500 * MS),
            answer: together.unwrap_or(MS)
                + rng.duration(if together.is_some() { 60 * MS } else { 4_000 * MS }),
            status: [200, 200, 200, 302, 404, 486, 503, 603][rng.below(8) as usize],
            talk: rng.chance(0.3).then(|| rng.duration(5_000 * MS)),
            reliable,
        })
        .collect();
    let mut world = World::new(seed, link, &manners);
    world.caller.talk = rng.duration(5_000 * MS);
    world.call(rng.chance(0.4).then(|| rng.duration(4_000 * MS)));
    let took = world.settle();
    assert!(took < Duration::from_secs(181 + 6 * 32), "{took:?}");
    world.assert_settled();
    let mut seen: BTreeSet<String> = world.forker.log.iter().cloned().collect();
    for agent in world.called.iter().chain([&world.caller]) {
        if good {
            let lost = agent.log.iter().any(|line| line.starts_with("misses"));
            assert!(!lost, "no ACK and no PRACK is lost where the wire loses nothing");
        }
        seen.extend(agent.log.iter().cloned());
    }
    seen
}

#[test]
fn simulation_of_forks_keeps_the_promises_on_bad_wires() {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    each_seed(chaos, |lines| {
        lines.into_iter().for_each(|line| *seen.entry(line).or_default() += 1);
    });
    for line in [
        "a 200 passes",
        "a 200 crosses",
        "is cancelled",
        "gets CANCEL",
        "gets 603 INVITE",
        "gets 487 INVITE",
        "gets its ACK",
        "misses its ACK",
        "gets its PRACK",
        "times out",
        "cancels: in time",
        "cancels: too late",
    ] {
        let times = seen.get(line).copied().unwrap_or(0);
        assert!(times > 0, "{line} never happened: {seen:?}");
        println!("{line}: in {times} runs");
    }
}

#[test]
fn a_seed_of_forks_replays() {
    assert_eq!(chaos(7), chaos(7));
}
