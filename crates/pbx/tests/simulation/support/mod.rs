//! The PBX, its media plane, phones and a wire, in virtual time.

pub mod company;
pub mod phone;
pub mod spoken;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use switchboard_media::{self as media, Channel, LegId, Plane, PlaneConfig, Recorded, RecordingId};
use switchboard_pbx::{
    CallEvent, CallRecord, Command, Config, Event, Input, Listener, Output, Pbx, RecordHead,
    SavedBinding, WallClock,
};
use switchboard_routing::{Directory, DirectorySpec, UserId};
use switchboard_sip::{Flow, Message, Method, StatusCode, Transport};
use switchboard_testkit::{Clock, Link, Wire};

pub use phone::{Called, Phone};

pub const REALM: &str = "pbx.test";
pub const PBX: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060);
const FIRST_PORT: u16 = 40_000;

/// Everything there is, and everything that happened.
pub struct World {
    pub clock: Clock,
    pub wire: Wire,
    pub pbx: Pbx,
    pub plane: Plane,
    pub phones: Vec<Phone>,
    pub spec: DirectorySpec,

    pub events: Vec<Event>,
    pub opened: Vec<RecordHead>,
    /// Blocks of recordings.
    pub recorded: BTreeMap<RecordingId, Vec<Recorded>>,
    pub recordings_over: Vec<RecordingId>,
    pub records: Vec<CallRecord>,
    pub saved: BTreeMap<(UserId, String), SavedBinding>,
    pub originated: Vec<Output>,
    ports: BTreeMap<LegId, u16>,
    next_port: u16,
    pub ports_bound: usize,
    pub ports_freed: usize,
    /// Call-ID, our tag and theirs of the last 200 to an INVITE.
    pub last_answer: Option<(String, String, String)>,
    /// Transmissions of 200s to INVITEs, repetitions too.
    pub answers: usize,
    /// How many packets of audio and RTCP went where.
    pub packets: BTreeMap<SocketAddr, usize>,
    /// No port can be bound.
    pub no_ports: bool,
}

impl World {
    pub fn new() -> Self {
        Self::over(0, Link { delay: Duration::from_millis(5), ..Link::default() })
    }

    /// Over a wire of this quality.
    pub fn over(seed: u64, link: Link) -> Self {
        Self::with(seed, link, |_| {})
    }

    /// After a restart.
    pub fn at(clock: Clock) -> Self {
        Self::build(clock, 77, Link::default(), |_| {})
    }

    pub fn with(seed: u64, link: Link, change: impl FnOnce(&mut Config)) -> Self {
        Self::build(Clock::new(), seed, link, change)
    }

    fn build(clock: Clock, seed: u64, link: Link, change: impl FnOnce(&mut Config)) -> Self {
        let spec = company::spec();
        let directory = Arc::new(Directory::build(&spec).unwrap());
        let mut config = config(&clock, seed);
        change(&mut config);
        let mut pbx = Pbx::new(config, directory);
        let secrets = Input::Secrets(Arc::new(company::secrets()));
        pbx.handle(clock.now(), secrets).unwrap();
        Self {
            clock,
            wire: Wire::new(seed, link),
            pbx,
            plane: Plane::new(PlaneConfig { seed, ..PlaneConfig::default() }),
            phones: Vec::new(),
            spec,

            events: Vec::new(),
            opened: Vec::new(),
            recorded: BTreeMap::new(),
            recordings_over: Vec::new(),
            records: Vec::new(),
            saved: BTreeMap::new(),
            originated: Vec::new(),
            ports: BTreeMap::new(),
            next_port: FIRST_PORT,
            ports_bound: 0,
            ports_freed: 0,
            last_answer: None,
            answers: 0,
            packets: BTreeMap::new(),
            no_ports: false,
        }
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Adds a phone that is not registered.
    pub fn add(&mut self, user: &str) -> usize {
        let number = self.phones.len();
        let address = SocketAddr::from(([10, 0, 1, number as u8 + 1], 5060));
        let password = format!("secret of {user}");
        self.phones.push(Phone::new(user, &password, address, number as u64 + 1));
        number
    }

    /// Adds a phone and registers it.
    pub fn phone(&mut self, user: &str) -> usize {
        let number = self.add(user);
        let now = self.now();
        self.phones[number].register(now, 300);
        self.run(Duration::from_millis(100));
        number
    }

    /// Adds the trunk's other side.
    pub fn trunk(&mut self) -> usize {
        let number = self.phones.len();
        let mut trunk = Phone::new("+4917012345", "", company::TRUNK, number as u64 + 1);
        trunk.from = Some("<sip:+4917012345@carrier.test>".to_owned());
        self.phones.push(trunk);
        number
    }

    /// Something that a phone does now.
    pub fn act<T>(&mut self, phone: usize, job: impl FnOnce(&mut Phone, Instant) -> T) -> T {
        let now = self.now();
        let result = job(&mut self.phones[phone], now);
        self.flush();
        result
    }

    pub fn dial(&mut self, phone: usize, dialled: &str) {
        self.act(phone, |phone, now| phone.dial(now, dialled));
    }

    pub fn hang_up(&mut self, phone: usize) {
        self.act(phone, |phone, now| phone.hang_up(now));
    }

    pub fn command(&mut self, command: Command) {
        let now = self.now();
        self.pbx.handle(now, Input::Command(command)).unwrap();
        self.flush();
    }

    /// Changes the passwords.
    pub fn secrets(&mut self, secrets: switchboard_pbx::Secrets) {
        let now = self.now();
        self.pbx.handle(now, Input::Secrets(Arc::new(secrets))).unwrap();
        self.flush();
    }

    /// Changes the directory.
    pub fn change(&mut self, change: impl FnOnce(&mut DirectorySpec)) {
        change(&mut self.spec);
        let directory = Arc::new(Directory::build(&self.spec).unwrap());
        let now = self.now();
        self.pbx.handle(now, Input::Directory(directory)).unwrap();
        self.flush();
    }

    pub fn restore(&mut self, binding: SavedBinding) {
        let now = self.now();
        self.pbx.handle(now, Input::Restore(Box::new(binding))).unwrap();
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now() + time;
        self.flush();
        loop {
            let phones = self.phones.iter().filter_map(Phone::poll_timeout).min();
            let next = [
                self.wire.poll_arrival(),
                self.pbx.poll_timeout(),
                self.plane.poll_timeout(),
                phones,
            ];
            match next.into_iter().flatten().min().filter(|next| *next <= end) {
                Some(next) => self.clock.advance_to(next),
                None => break,
            }
            self.step();
        }
        self.clock.advance_to(end);
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    /// Lets time pass until this line is in the transcript.
    ///
    /// # Panics
    /// When it is not there after half a minute.
    pub fn until(&mut self, line: &str) {
        for _ in 0..300 {
            if self.transcript().iter().any(|told| told.contains(line)) {
                return;
            }
            self.run(Duration::from_millis(100));
        }
        panic!("no {line:?} in {:#?}", self.transcript());
    }

    fn step(&mut self) {
        let now = self.now();
        while let Some(datagram) = self.wire.receive(now) {
            self.deliver(datagram.source, datagram.destination, datagram.payload);
        }
        self.pbx.handle_timeout(now);
        self.plane.handle_timeout(now);
        for phone in &mut self.phones {
            phone.handle_timeout(now);
        }
        self.flush();
    }

    fn deliver(&mut self, source: SocketAddr, destination: SocketAddr, payload: bytes::Bytes) {
        let now = self.now();
        if destination == PBX {
            let flow = Flow::udp(PBX, source);
            _ = self.pbx.handle(now, Input::Sip { flow, payload });
        } else if destination.ip() == PBX.ip() {
            let port = destination.port() & !1;
            let leg = self.ports.iter().find(|(_, bound)| **bound == port).map(|(leg, _)| *leg);
            let channel = if destination.port() == port { Channel::Rtp } else { Channel::Rtcp };
            if let Some(leg) = leg {
                let input = media::Input::Packet { leg, channel, source, payload: &payload };
                _ = self.plane.handle(now, input);
            }
        } else if let Some(phone) =
            self.phones.iter_mut().find(|phone| phone.address == destination)
        {
            phone.receive(now, payload);
        } else {
            let calls = self.phones.iter_mut().flat_map(|phone| &mut phone.calls);
            for call in calls.filter(|call| call.rtp.address() == destination) {
                call.rtp.handle(&payload);
            }
        }
        self.flush();
    }

    /// Passes outputs on until everybody is quiet.
    pub fn flush(&mut self) {
        let now = self.now();
        loop {
            let mut quiet = true;
            while let Some(output) = self.pbx.poll_output() {
                quiet = false;
                self.on_pbx(output);
            }
            while let Some(output) = self.plane.poll_output() {
                quiet = false;
                self.on_plane(output);
            }
            for phone in &mut self.phones {
                while let Some(payload) = phone.poll_transmit(now) {
                    quiet = false;
                    self.wire.send(now, phone.address, PBX, payload);
                }
                for call in &mut phone.calls {
                    while let Some(datagram) = call.rtp.poll_transmit() {
                        quiet = false;
                        let (source, destination) = (datagram.source, datagram.destination);
                        self.wire.send(now, source, destination, datagram.payload);
                    }
                }
            }
            if quiet {
                break;
            }
        }
    }

    fn on_pbx(&mut self, output: Output) {
        let now = self.now();
        match output {
            Output::Transmit { flow, payload } => {
                let message = Message::parse(payload.clone()).expect("a message");
                if message.status() == Some(StatusCode::OK) && *message.method() == Method::Invite {
                    let tag = |tag: Option<&str>| tag.unwrap().to_owned();
                    let (ours, theirs) = (tag(message.to_tag()), tag(message.from_tag()));
                    self.answers += 1;
                    self.last_answer = Some((message.call_id().to_owned(), ours, theirs));
                }
                self.wire.send(now, flow.local, flow.remote, payload);
            }
            Output::FlowProven(_) => {}
            Output::OpenMedia { leg, .. } if self.no_ports => {
                self.pbx.handle(now, Input::MediaOpenFailed { leg }).unwrap();
            }
            Output::OpenMedia { leg, .. } => {
                self.ports_bound += 1;
                self.ports.insert(leg, self.next_port);
                let local = SocketAddr::new(PBX.ip(), self.next_port);
                self.next_port += 2;
                self.pbx.handle(now, Input::MediaOpened { leg, local }).unwrap();
            }
            Output::Media(command) => {
                let input = media::Input::Command(command.clone());
                if let Err(error) = self.plane.handle(now, input) {
                    panic!("{error}: {command:?}");
                }
            }
            Output::SaveBinding(binding) => {
                self.saved.insert((binding.user.clone(), binding.contact.clone()), *binding);
            }
            Output::RemoveBinding { user, contact } => {
                self.saved.remove(&(user, contact));
            }
            Output::RecordOpened(head) => self.opened.push(*head),
            Output::RecordClosed(record) => self.records.push(*record),
            output @ Output::Originated { .. } => self.originated.push(output),
            Output::Event(event) => self.events.push(event),
        }
    }

    fn on_plane(&mut self, output: media::Output) {
        let now = self.now();
        match output {
            media::Output::Transmit(packet) => {
                *self.packets.entry(packet.destination).or_default() += 1;
                let port = self.ports[&packet.leg] + u16::from(packet.channel == Channel::Rtcp);
                let source = SocketAddr::new(PBX.ip(), port);
                self.wire.send(now, source, packet.destination, packet.payload);
            }
            media::Output::Event(event) => {
                if matches!(event.kind, media::EventKind::Closed { .. }) {
                    let freed = self.ports.remove(&event.leg);
                    assert!(freed.is_some(), "a port is freed once");
                    self.ports_freed += 1;
                }
                self.pbx.handle(now, Input::Media(event)).unwrap();
            }
            media::Output::Recorded(block) => {
                self.recorded.entry(block.recording).or_default().push(block);
            }
            media::Output::RecordingOver(recording) => {
                self.recordings_over.push(recording);
            }
        }
    }

    /// The plane loses its oldest leg, which nobody has asked for.
    pub fn lose_media(&mut self) {
        let (now, leg) = (self.now(), *self.ports.keys().next().expect("a leg"));
        let close = media::Command::Close { leg };
        self.plane.handle(now, media::Input::Command(close)).unwrap();
        self.flush();
    }

    /// What happened in calls, a line each.
    pub fn transcript(&self) -> Vec<String> {
        let line = |event: &Event| match event {
            Event::Call { what, .. } => Some(describe(what)),
            _ => None,
        };
        self.events.iter().filter_map(line).collect()
    }

    /// The only record.
    pub fn record(&self) -> &CallRecord {
        assert_eq!(self.records.len(), 1, "{:#?}", self.records);
        &self.records[0]
    }

    /// After all timers of SIP are over nothing is left, and every call has its record.
    pub fn assert_clean(&mut self) {
        self.seconds(70);
        if !self.pbx.is_idle() {
            let calls: Vec<_> = self.pbx.calls().collect();
            let (left, told) = (self.pbx.leftovers(), self.transcript());
            panic!(
                "left: {left:?}, {calls:#?}, after {:#?}",
                &told[told.len().saturating_sub(60)..]
            );
        }
        assert_eq!(self.ports_bound, self.ports_freed, "every port is freed once");
        let mut opened: Vec<_> = self.opened.iter().map(|head| head.id).collect();
        let mut closed: Vec<_> = self.records.iter().map(|record| record.head.id).collect();
        opened.sort();
        closed.sort();
        assert_eq!(opened, closed, "one record a call");
    }

    /// The level at which a phone heard a tone in the last second of its last call.
    pub fn hears(&self, phone: usize, hertz: f64) -> f64 {
        let call = self.phones[phone].calls.last().unwrap();
        let heard = call.rtp.heard().last(8_000);
        switchboard_testkit::audio::level_dbm0(heard, hertz)
    }
}

fn config(clock: &Clock, seed: u64) -> Config {
    let mut secret = [7; 32];
    secret[..8].copy_from_slice(&seed.to_le_bytes());
    let clock =
        WallClock { at: clock.epoch(), unix: Duration::from_secs(1_800_000_000), utc_offset: 0 };
    Config {
        listeners: vec![Listener::new(Transport::Udp, PBX)],
        sounds: Arc::new(company::sounds()),
        ..Config::new(REALM, clock, secret)
    }
}

fn describe(what: &CallEvent) -> String {
    match what {
        CallEvent::Started { from, dialled, .. } => format!("{} calls {dialled}", from.number),
        CallEvent::Routed { step } => format!("  {step}"),
        CallEvent::Waiting { position } => format!("waits as number {position}"),
        CallEvent::Prompt { prompt } => format!("plays {prompt}"),
        CallEvent::Digit { leg, digit } => format!("digit {} on leg {leg}", digit.as_char()),
        CallEvent::Collected { digits } => format!("collected {digits:?}"),
        CallEvent::Calling { leg, party } => format!("leg {leg} calls {}", party.number),
        CallEvent::Ringing { leg } => format!("leg {leg} rings"),
        CallEvent::LegFailed { leg, status } => format!("leg {leg} failed: {status}"),
        CallEvent::Answered { party } => format!("answered by {}", party.number),
        CallEvent::SendsDigits { plan } => format!("sends {plan}"),
        CallEvent::Held { leg } => format!("held by leg {leg}"),
        CallEvent::Resumed { leg } => format!("resumed by leg {leg}"),
        CallEvent::Transferring { leg, target } => format!("leg {leg} hands on to {target}"),
        CallEvent::Transferred { party } => format!("handed on to {}", party.number),
        CallEvent::TransferFailed { status } => format!("not handed on: {status}"),
        CallEvent::Ended { cause } => format!("ended: {cause}"),
        other => format!("{other:?}"),
    }
}
