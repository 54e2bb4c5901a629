//! The four transaction machines in pairs over bad wires: every transition of the diagrams of
//! RFC 3261 section 17 and RFC 6026 section 7 is counted, and none may be missing or new.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use switchboard_sip::transaction::TransactionState::{self as State, *};
use switchboard_sip::transaction::{
    ClientEvent, ClientInvite, ClientNonInvite, MachineOutput, Reliability, ServerEvent,
    ServerInvite, ServerNonInvite, TimerConfig, client_invite, client_non_invite, server_invite,
    server_non_invite,
};
use switchboard_testkit::{Clock, Link, Rng, Wire};

use crate::simulation::seeds;

const MS: Duration = Duration::from_millis(1);

/// What made a machine move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Request,
    Ack,
    Provisional,
    Success,
    Refusal,
    Cancelled,
    Timer,
    TransportError,
}
use Cause::*;

/// The diagram of each machine: from, by, to. A 2xx is a final response like any other where the
/// request is no INVITE.
const CLIENT_INVITE: &[(State, Cause, State)] = &[
    (Calling, Timer, Calling),    // A
    (Calling, Timer, Terminated), // B
    (Calling, TransportError, Terminated),
    (Calling, Provisional, Proceeding),
    (Calling, Success, Accepted),
    (Calling, Refusal, Completed),
    (Calling, Refusal, Terminated), // D is 0 over a reliable transport
    (Calling, Cancelled, Calling),  // too early: no CANCEL goes out
    (Proceeding, Provisional, Proceeding),
    (Proceeding, Success, Accepted),
    (Proceeding, Refusal, Completed),
    (Proceeding, Refusal, Terminated),
    (Proceeding, TransportError, Terminated),
    (Proceeding, Cancelled, Proceeding),
    (Proceeding, Timer, Terminated), // 64 * T1 after a CANCEL (section 9.1)
    (Completed, Provisional, Completed),
    (Completed, Refusal, Completed),
    (Completed, Cancelled, Completed),
    (Completed, Timer, Terminated), // D
    (Completed, TransportError, Terminated),
    (Accepted, Provisional, Accepted),
    (Accepted, Success, Accepted),
    (Accepted, Cancelled, Accepted),
    (Accepted, Timer, Terminated), // M
    (Accepted, TransportError, Accepted),
];

const CLIENT_NON_INVITE: &[(State, Cause, State)] = &[
    (Trying, Timer, Trying),     // E
    (Trying, Timer, Terminated), // F
    (Trying, TransportError, Terminated),
    (Trying, Provisional, Proceeding),
    (Trying, Success, Completed),
    (Trying, Success, Terminated), // K is 0 over a reliable transport
    (Trying, Refusal, Completed),
    (Trying, Refusal, Terminated),
    (Proceeding, Timer, Proceeding), // E
    (Proceeding, Timer, Terminated), // F
    (Proceeding, TransportError, Terminated),
    (Proceeding, Provisional, Proceeding),
    (Proceeding, Success, Completed),
    (Proceeding, Success, Terminated),
    (Proceeding, Refusal, Completed),
    (Proceeding, Refusal, Terminated),
    (Completed, Provisional, Completed),
    (Completed, Success, Completed),
    (Completed, Refusal, Completed),
    (Completed, Timer, Terminated), // K
    (Completed, TransportError, Terminated),
];

const SERVER_INVITE: &[(State, Cause, State)] = &[
    (Proceeding, Timer, Proceeding), // 200 ms: 100 Trying
    (Proceeding, Request, Proceeding),
    (Proceeding, Provisional, Proceeding),
    (Proceeding, Success, Accepted),
    (Proceeding, Refusal, Completed),
    (Proceeding, TransportError, Proceeding),
    (Completed, Request, Completed),
    (Completed, Timer, Completed),  // G
    (Completed, Timer, Terminated), // H
    (Completed, Ack, Confirmed),
    (Completed, Ack, Terminated), // I is 0 over a reliable transport
    (Completed, TransportError, Terminated),
    (Confirmed, Request, Confirmed),
    (Confirmed, Ack, Confirmed),
    (Confirmed, Timer, Terminated), // I
    (Confirmed, TransportError, Terminated),
    (Accepted, Request, Accepted),
    (Accepted, Ack, Accepted),
    (Accepted, Success, Accepted),
    (Accepted, Timer, Terminated), // L
    (Accepted, TransportError, Accepted),
];

const SERVER_NON_INVITE: &[(State, Cause, State)] = &[
    (Trying, Request, Trying),
    (Trying, Provisional, Proceeding),
    (Trying, Success, Completed),
    (Trying, Success, Terminated), // J is 0 over a reliable transport
    (Trying, Refusal, Completed),
    (Trying, Refusal, Terminated),
    (Trying, TransportError, Terminated),
    (Trying, Timer, Terminated), // RFC 4320 section 4.2
    (Proceeding, Request, Proceeding),
    (Proceeding, Provisional, Proceeding),
    (Proceeding, Success, Completed),
    (Proceeding, Success, Terminated),
    (Proceeding, Refusal, Completed),
    (Proceeding, Refusal, Terminated),
    (Proceeding, TransportError, Terminated),
    (Proceeding, Timer, Terminated),
    (Completed, Request, Completed),
    (Completed, Timer, Terminated), // J
    (Completed, TransportError, Terminated),
];

enum Client {
    Invite(ClientInvite),
    Other(ClientNonInvite),
}

enum Server {
    Invite(ServerInvite),
    Other(ServerNonInvite),
}

/// Both with one method for each thing that the pair needs.
macro_rules! both {
    ($self:expr, $machine:ident => $what:expr) => {
        match $self {
            Self::Invite($machine) => $what,
            Self::Other($machine) => $what,
        }
    };
}

impl Client {
    fn state(&self) -> State {
        both!(self, machine => machine.state())
    }

    fn response(&mut self, now: Instant, status: u16) {
        let ack = || Bytes::from_static(b"ACK");
        match self {
            Self::Invite(machine) => {
                machine.handle(now, client_invite::Input::Response { status, ack: &ack });
            }
            Self::Other(machine) => machine.handle(now, client_non_invite::Input::Response(status)),
        }
    }

    fn fail(&mut self, now: Instant) {
        match self {
            Self::Invite(machine) => machine.handle(now, client_invite::Input::TransportError),
            Self::Other(machine) => machine.handle(now, client_non_invite::Input::TransportError),
        }
    }

    fn timer(&mut self, now: Instant) {
        both!(self, machine => machine.handle_timeout(now));
    }

    fn next(&self) -> Option<Instant> {
        both!(self, machine => machine.poll_timeout())
    }

    fn output(&mut self) -> Option<MachineOutput<ClientEvent>> {
        both!(self, machine => machine.poll_output())
    }
}

impl Server {
    fn state(&self) -> State {
        both!(self, machine => machine.state())
    }

    fn request(&mut self, now: Instant) {
        match self {
            Self::Invite(machine) => _ = machine.handle(now, server_invite::Input::Retransmission),
            Self::Other(machine) => {
                _ = machine.handle(now, server_non_invite::Input::Retransmission);
            }
        }
    }

    fn ack(&mut self, now: Instant) {
        if let Self::Invite(machine) = self {
            _ = machine.handle(now, server_invite::Input::Ack);
        }
    }

    /// Whether the response was taken.
    fn respond(&mut self, now: Instant, status: u16) -> bool {
        let octets = Bytes::from(status.to_string());
        match self {
            Self::Invite(machine) => {
                machine.handle(now, server_invite::Input::Respond(status, octets)).is_ok()
            }
            Self::Other(machine) => {
                machine.handle(now, server_non_invite::Input::Respond(status, octets)).is_ok()
            }
        }
    }

    fn fail(&mut self, now: Instant) {
        match self {
            Self::Invite(machine) => _ = machine.handle(now, server_invite::Input::TransportError),
            Self::Other(machine) => {
                _ = machine.handle(now, server_non_invite::Input::TransportError);
            }
        }
    }

    fn timer(&mut self, now: Instant) {
        both!(self, machine => machine.handle_timeout(now));
    }

    fn next(&self) -> Option<Instant> {
        both!(self, machine => machine.poll_timeout())
    }

    fn output(&mut self) -> Option<MachineOutput<ServerEvent>> {
        both!(self, machine => machine.poll_output())
    }
}

type Seen = BTreeMap<(&'static str, State, Cause, State), u64>;

/// What the two users do, and when.
#[derive(Debug, Clone, Copy)]
enum Act {
    Respond(u16),
    Cancel,
    FailClient,
    FailServer,
}

struct Pair<'a> {
    clock: Clock,
    wire: Wire,
    invite: bool,
    reliability: Reliability,
    client: Client,
    server: Option<Server>,
    agenda: BTreeMap<(Instant, u64), Act>,
    /// What the client's user was told: finals that are no 2xx to an INVITE, failures, ends.
    told: (usize, usize, usize),
    seen: &'a mut Seen,
}

fn address(host: u8) -> SocketAddr {
    ([192, 0, 2, host], 5060).into()
}

fn cause_of(status: u16) -> Cause {
    match status {
        ..=199 => Provisional,
        200..=299 => Success,
        _ => Refusal,
    }
}

impl<'a> Pair<'a> {
    fn new(seed: u64, seen: &'a mut Seen) -> Self {
        let mut rng = Rng::new(seed);
        let invite = rng.chance(0.5);
        let reliability =
            if rng.chance(0.3) { Reliability::Reliable } else { Reliability::Unreliable };
        let link = match reliability {
            // What a stream delivers it delivers once and in order; what it breaks off it loses.
            Reliability::Reliable => Link {
                loss: if rng.chance(0.2) { 0.7 } else { 0.0 },
                delay: rng.duration(80 * MS),
                ..Link::default()
            },
            Reliability::Unreliable => Link {
                loss: [0.0, 0.1, 0.4, 0.9][rng.below(4) as usize],
                duplicate: rng.below(40) as f64 / 100.0,
                reorder: rng.below(30) as f64 / 100.0,
                reorder_by: rng.duration(2_000 * MS),
                delay: rng.duration(100 * MS),
                jitter: rng.duration(100 * MS),
            },
        };
        let (clock, timers) = (Clock::new(), TimerConfig::default());
        let now = clock.now();
        let request = Bytes::from_static(b"REQUEST");
        let client = if invite {
            Client::Invite(ClientInvite::new(now, request, reliability, &timers))
        } else {
            Client::Other(ClientNonInvite::new(now, request, reliability, &timers))
        };
        let mut pair = Self {
            clock,
            wire: Wire::new(seed, link),
            invite,
            reliability,
            client,
            server: None,
            agenda: BTreeMap::new(),
            told: (0, 0, 0),
            seen,
        };
        for status in [100, 180, 183] {
            if rng.chance(0.4) {
                pair.plan(now + rng.duration(6_000 * MS), Act::Respond(status));
            }
        }
        let silent = rng.chance(0.15);
        let status = [200, 200, 404, 486, 603][rng.below(5) as usize];
        let late = if rng.chance(0.5) { 1_500 * MS } else { 40_000 * MS };
        let mut at = now + rng.duration(late);
        for _ in 0..if silent { 0 } else { 1 + rng.below(4) } {
            pair.plan(at, Act::Respond(status));
            at += rng.duration(1_000 * MS);
        }
        if rng.chance(0.4) {
            pair.plan(now + rng.duration(8_000 * MS), Act::Cancel);
        }
        for fail in [Act::FailClient, Act::FailServer] {
            if rng.chance(0.15) {
                let range = if rng.chance(0.5) { 4_000 } else { 45_000 };
                pair.plan(now + rng.duration(range * MS), fail);
            }
        }
        pair
    }

    fn plan(&mut self, at: Instant, act: Act) {
        let serial = self.agenda.len() as u64;
        self.agenda.insert((at, serial), act);
    }

    fn client_saw(&mut self, from: State, cause: Cause) {
        let machine = if self.invite { "client INVITE" } else { "client non-INVITE" };
        if from != Terminated {
            let to = self.client.state();
            *self.seen.entry((machine, from, cause, to)).or_default() += 1;
        }
    }

    fn server_saw(&mut self, from: State, cause: Cause) {
        let machine = if self.invite { "server INVITE" } else { "server non-INVITE" };
        let Some(server) = &self.server else { return };
        if from != Terminated {
            *self.seen.entry((machine, from, cause, server.state())).or_default() += 1;
        }
    }

    fn at_client(&mut self, now: Instant, cause: Cause, act: impl FnOnce(&mut Client)) {
        let from = self.client.state();
        act(&mut self.client);
        self.client_saw(from, cause);
        while let Some(output) = self.client.output() {
            match output {
                MachineOutput::Transmit(octets) => {
                    self.wire.send(now, address(1), address(2), octets);
                }
                MachineOutput::Event(ClientEvent::Response) => match cause {
                    Success if self.invite => {
                        let ack = Bytes::from_static(b"ACK");
                        self.wire.send(now, address(1), address(2), ack);
                        self.told.0 = 1;
                    }
                    Provisional => assert_eq!(self.told.0, 0, "a provisional after a final"),
                    _ => self.told.0 += 1,
                },
                MachineOutput::Event(ClientEvent::Terminated) => self.told.2 += 1,
                // The answer is there; what failed is its ACK (RFC 3261 section 17.1.1.2).
                MachineOutput::Event(_) if matches!(from, Accepted | Completed) => {}
                MachineOutput::Event(_) => self.told.1 += 1,
            }
        }
    }

    fn at_server(&mut self, now: Instant, cause: Cause, act: impl FnOnce(&mut Server)) {
        let Some(server) = &mut self.server else { return };
        let from = server.state();
        act(server);
        self.server_saw(from, cause);
        let mut trying = false;
        while let Some(output) = self.server.as_mut().and_then(Server::output) {
            match output {
                MachineOutput::Transmit(octets) => {
                    self.wire.send(now, address(2), address(1), octets);
                }
                MachineOutput::Event(ServerEvent::Trying) => trying = true,
                MachineOutput::Event(_) => {}
            }
        }
        if trying {
            self.act(now, Act::Respond(100));
        }
    }

    fn arrived(&mut self, now: Instant, to_client: bool, octets: &[u8]) {
        if to_client {
            let status: u16 = std::str::from_utf8(octets).unwrap().parse().unwrap();
            return self.at_client(now, cause_of(status), |client| client.response(now, status));
        }
        if octets == b"ACK" {
            return self.at_server(now, Ack, |server| server.ack(now));
        }
        if self.server.is_some() {
            return self.at_server(now, Request, |server| server.request(now));
        }
        let (reliability, timers) = (self.reliability, TimerConfig::default());
        self.server = Some(if self.invite {
            Server::Invite(ServerInvite::new(now, reliability, &timers))
        } else {
            Server::Other(ServerNonInvite::new(now, reliability, &timers))
        });
    }

    fn act(&mut self, now: Instant, act: Act) {
        match act {
            Act::Respond(status) => {
                let mut taken = false;
                let before = self.server.as_ref().map(Server::state);
                self.at_server_if(now, cause_of(status), before, |server| {
                    taken = server.respond(now, status);
                    taken
                });
            }
            Act::Cancel => {
                if let Client::Invite(_) = self.client {
                    self.at_client(now, Cancelled, |client| {
                        if let Client::Invite(machine) = client {
                            machine.handle(now, client_invite::Input::Cancelled);
                        }
                    });
                }
            }
            Act::FailClient => self.at_client(now, TransportError, |client| client.fail(now)),
            Act::FailServer => self.at_server(now, TransportError, |server| server.fail(now)),
        }
    }

    /// A response that the machine refuses is no transition.
    fn at_server_if(
        &mut self,
        now: Instant,
        cause: Cause,
        before: Option<State>,
        act: impl FnOnce(&mut Server) -> bool,
    ) {
        let Some(server) = &mut self.server else { return };
        let taken = act(server);
        if !taken {
            assert_eq!(before, Some(server.state()));
            return;
        }
        self.server_saw(before.unwrap_or(Terminated), cause);
        // What it sends and tells.
        while let Some(output) = self.server.as_mut().and_then(Server::output) {
            if let MachineOutput::Transmit(octets) = output {
                self.wire.send(now, address(2), address(1), octets);
            }
        }
    }

    fn run(mut self) {
        let start = self.clock.now();
        while let Some(MachineOutput::Transmit(octets)) = self.client.output() {
            self.wire.send(start, address(1), address(2), octets);
        }
        loop {
            let now = self.clock.now();
            while let Some(datagram) = self.wire.receive(now) {
                let to_client = datagram.destination == address(1);
                self.arrived(now, to_client, &datagram.payload);
            }
            while let Some(entry) = self.agenda.first_entry().filter(|e| e.key().0 <= now) {
                let act = entry.remove();
                self.act(now, act);
            }
            if self.client.next().is_some_and(|at| at <= now) {
                self.at_client(now, Timer, |client| client.timer(now));
            }
            if self.server.as_ref().and_then(Server::next).is_some_and(|at| at <= now) {
                self.at_server(now, Timer, |server| server.timer(now));
            }
            let task = self.agenda.keys().next().map(|(at, _)| *at);
            let server = self.server.as_ref().and_then(Server::next);
            let next = [self.wire.poll_arrival(), self.client.next(), server, task];
            let Some(next) = next.into_iter().flatten().min() else { break };
            self.clock.advance_to(next);
        }
        let took = self.clock.elapsed();
        assert!(took < Duration::from_secs(45 + 3 * 32), "{took:?}");
        // An INVITE that rings on is its user's to cancel, and one that the user never answers its
        // user's to refuse: RFC 3261 gives neither a timer.
        let rings = self.invite && self.client.state() == Proceeding;
        let (finals, failures, ends) = self.told;
        if !rings {
            assert_eq!(self.client.state(), Terminated);
            assert_eq!((finals + failures, ends), (1, 1), "one final answer, or one failure");
        }
        if let Some(server) = &self.server {
            assert!(
                server.state() == Terminated || self.invite && server.state() == Proceeding,
                "{:?}",
                server.state()
            );
        }
    }
}

#[test]
fn simulation_covers_every_transition_of_the_diagrams() {
    let mut seen = Seen::new();
    for seed in seeds() {
        let run = std::panic::AssertUnwindSafe(|| Pair::new(seed, &mut seen).run());
        if std::panic::catch_unwind(run).is_err() {
            panic!("seed {seed} fails");
        }
    }
    let diagrams = [
        ("client INVITE", CLIENT_INVITE),
        ("client non-INVITE", CLIENT_NON_INVITE),
        ("server INVITE", SERVER_INVITE),
        ("server non-INVITE", SERVER_NON_INVITE),
    ];
    let drawn = diagrams.iter().flat_map(|(machine, edges)| {
        edges.iter().map(move |(from, cause, to)| (*machine, *from, *cause, *to))
    });
    let drawn: BTreeSet<_> = drawn.collect();
    let taken: BTreeSet<_> = seen.keys().copied().collect();
    let missing: Vec<_> = drawn.difference(&taken).collect();
    let undrawn: Vec<_> = taken.difference(&drawn).collect();
    assert!(missing.is_empty(), "never taken: {missing:#?}");
    assert!(undrawn.is_empty(), "in no diagram: {undrawn:#?}");
    for (machine, edges) in diagrams {
        let counts = seen.iter().filter(|(edge, _)| edge.0 == machine).map(|(_, count)| *count);
        let (least, all) = (counts.clone().min().unwrap_or(0), counts.sum::<u64>());
        println!(
            "{machine}: {} transitions of {}, {all} times, each at least {least} times",
            edges.len(),
            edges.len()
        );
    }
}
