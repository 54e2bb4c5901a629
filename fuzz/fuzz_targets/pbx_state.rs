#![no_main]
//! The whole PBX under any operations: requests of a trunk, answers of phones, media events, time,
//! dismissals. Every call that begins has one record at the end, every port that was bound is
//! closed once, every message sent is a message, and when time has run on nothing is left.
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use switchboard_dialstring::Digit;
use switchboard_media::{self as media, EventKind, LegId, PlayEnd, Stats, Token};
use switchboard_pbx::{
    Command, Config, Input, Listener, Output, Pbx, RunningCalls, SavedBinding, Secrets, WallClock,
};
use switchboard_routing::{Directory, DirectorySpec, Status};
use switchboard_sip::auth::{Authorization, Client, ClientConfig};
use switchboard_sip::{Builder, Flow, HeaderName, Message, StatusCode, Transport};

const COMPANY: &str = r#"
users = [
    { login = "anna", name = "Anna", extension = "101" },
    { login = "berta", name = "Berta", extension = "102" },
]
trunks = [{ id = "carrier", host = "203.0.113.5" }]
services = [{ code = "*43", service = "echo" }]
[[lines]]
id = "main"
number = "+4930555000"
trunk = "carrier"
extension_processing = true
welcome = true
menu = "main"
[[menus]]
id = "main"
direct_dialling = true
options = [{ key = "1", action = { user = "anna" } }, { key = "2", action = "repeat" }]
"#;

const METHODS: [&str; 11] = [
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "INFO",
    "REFER",
    "OPTIONS",
    "MESSAGE",
    "PRACK",
    "UPDATE",
    "SUBSCRIBE",
];
const STATUSES: [u16; 9] = [100, 180, 183, 200, 302, 401, 404, 486, 603];
const BODIES: [&str; 5] = [
    "",
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
     m=audio 6000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n",
    "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n\
     m=audio 6000 RTP/AVP 0\r\na=sendonly\r\n",
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=audio 6000 RTP/AVP 9\r\n",
    "Signal=1\r\nDuration=160\r\n",
];
const USERS: [&str; 3] = ["+491701", "anna", "berta"];
const EXTRAS: [&str; 7] = [
    "",
    "Supported: 100rel, timer\r\n",
    "Require: 100rel\r\nSupported: timer\r\n",
    "Session-Expires: 90;refresher=uac\r\nSupported: timer\r\nMin-SE: 90\r\n",
    "Session-Expires: 20\r\nSupported: timer\r\n",
    "Expires: 0\r\n",
    "Expires: 300\r\nRefer-Sub: false\r\n",
];
const TARGETS: [&str; 5] = ["+4930555000", "101", "102", "*43", "03012345;42"];

#[derive(Arbitrary, Debug)]
enum Operation {
    /// A request of the trunk or of a phone, within a dialog where `tagged`.
    Request {
        from: u8,
        method: u8,
        call: u8,
        cseq: u8,
        tagged: bool,
        target: u8,
        body: u8,
        /// What it supports and requires, and its timers.
        extras: u8,
    },
    /// An answer to a request of the PBX.
    Answer {
        which: u8,
        status: u8,
        tag: u8,
        body: u8,
        /// A number that makes it a reliable provisional response, and a session's interval.
        rseq: u8,
    },
    Digit {
        leg: u8,
        digit: u8,
        whole: bool,
    },
    Played {
        leg: u8,
        token: u8,
    },
    Silent(u8),
    Wait(u16),
    Call {
        user: u8,
        target: u8,
    },
    Dismiss(bool),
    Lose(u8),
    Junk(Vec<u8>),
}

struct World {
    pbx: Pbx,
    now: Instant,
    spec: DirectorySpec,
    asked: Vec<(Flow, Message)>,
    /// Our tag of each call, by its Call-ID.
    tags: Vec<(String, String)>,
    ports: BTreeSet<LegId>,
    opened: Vec<u128>,
    closed: Vec<u128>,
    /// The RSeq of the last reliable response of each call.
    rseqs: Vec<(String, u32)>,
    challenge: Option<Message>,
}

fn flow(number: u8) -> Flow {
    let remote: [SocketAddr; 3] = [
        ([203, 0, 113, 5], 5060).into(),
        ([192, 0, 2, 7], 5060).into(),
        ([192, 0, 2, 8], 5060).into(),
    ];
    Flow::udp(([192, 0, 2, 1], 5060).into(), remote[usize::from(number) % remote.len()])
}

impl World {
    fn new(end_calls: bool) -> Self {
        let now = Instant::now();
        let clock = WallClock { at: now, unix: Duration::from_secs(1_000), utc_offset: 0 };
        let mut config = Config::new("192.0.2.1", clock, [7; 32]);
        config.listeners = vec![Listener::new(Transport::Udp, ([192, 0, 2, 1], 5060).into())];
        config.on_dismissal = if end_calls { RunningCalls::End } else { RunningCalls::Continue };
        let spec: DirectorySpec = toml::from_str(COMPANY).unwrap();
        let mut pbx = Pbx::new(config, Arc::new(Directory::build(&spec).unwrap()));
        let mut secrets = Secrets::new();
        for user in ["anna", "berta"] {
            secrets = secrets.with_user(user.parse().unwrap(), "secret");
        }
        pbx.handle(now, Input::Secrets(Arc::new(secrets))).unwrap();
        for (user, number) in [("anna", 1), ("berta", 2)] {
            let flow = flow(number);
            let binding = SavedBinding {
                user: user.parse().unwrap(),
                contact: format!("sip:{user}@{}", flow.remote),
                call_id: user.to_owned(),
                cseq: 1,
                expires: 10_000_000,
                transport: "UDP".to_owned(),
                local: flow.local,
                remote: flow.remote,
                instance: None,
                path: Vec::new(),
                q: 1_000,
                user_agent: None,
            };
            pbx.handle(now, Input::Restore(Box::new(binding))).unwrap();
        }
        Self {
            pbx,
            now,
            spec,
            asked: Vec::new(),
            tags: Vec::new(),
            ports: BTreeSet::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            rseqs: Vec::new(),
            challenge: None,
        }
    }

    fn input(&mut self, input: Input) {
        _ = self.pbx.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.pbx.poll_output() {
            match output {
                Output::Transmit { flow, payload } => self.sent(flow, payload),
                Output::OpenMedia { leg, .. } => {
                    // Every seventh port cannot be bound.
                    if leg.0 % 7 == 6 {
                        _ = self.pbx.handle(self.now, Input::MediaOpenFailed { leg });
                    } else {
                        assert!(self.ports.insert(leg), "a port is asked for once");
                        let local = ([192, 0, 2, 1], 40_000).into();
                        _ = self.pbx.handle(self.now, Input::MediaOpened { leg, local });
                    }
                }
                Output::Media(media::Command::Close { leg }) => {
                    assert!(self.ports.remove(&leg), "a port is closed once");
                    self.media(leg, EventKind::Closed { stats: Stats::default() });
                }
                Output::RecordOpened(head) => self.opened.push(head.id.0),
                Output::RecordClosed(record) => self.closed.push(record.head.id.0),
                _ => {}
            }
        }
    }

    fn sent(&mut self, flow: Flow, payload: Bytes) {
        let message = Message::parse(payload).expect("the PBX sends messages only");
        if message.is_request() {
            self.asked.push((flow, message));
            return;
        }
        let call = message.call_id().to_owned();
        if let Some(tag) = message.to_tag() {
            self.tags.push((call.clone(), tag.to_owned()));
        }
        if let Some(rseq) = message.number(HeaderName::RSeq) {
            self.rseqs.push((call, rseq));
        }
        if message.status() == Some(StatusCode::UNAUTHORIZED) {
            self.challenge = Some(message);
        }
    }

    /// A phone that is challenged knows its password.
    fn prove(&mut self, flow: Flow, user: &str, request: Bytes) {
        let Some(challenge) = self.challenge.take() else { return };
        let request = Message::parse(request).unwrap();
        let config = ClientConfig::new("192.0.2.1", user, "secret");
        let answer = Client::new(config).answer(&request, &challenge, "nonce");
        let Ok(Authorization { name, value }) = answer else { return };
        let text = String::from_utf8_lossy(request.as_bytes())
            .replace(";branch=z9hG4bK", ";branch=z9hG4bKp");
        let again = Message::parse(text.into_bytes()).unwrap();
        let Ok(again) = again.edit().append(name, value).finish() else { return };
        self.input(Input::Sip { flow, payload: again.into_bytes() });
    }

    fn media(&mut self, leg: LegId, kind: EventKind) {
        _ = self.pbx.handle(self.now, Input::Media(media::Event { leg, kind }));
    }

    fn leg(&self, number: u8) -> Option<LegId> {
        self.ports.iter().nth(usize::from(number) % self.ports.len().max(1)).copied()
    }

    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Request { from, method, call, cseq, tagged, target, body, extras } => {
                let method = METHODS[usize::from(method) % METHODS.len()];
                let user = USERS[usize::from(from) % USERS.len()];
                let (flow, call) = (flow(from), call % 4);
                let target = TARGETS[usize::from(target) % TARGETS.len()];
                let body = BODIES[usize::from(body) % BODIES.len()];
                let call_id = format!("c{call}");
                let tag = self.tags.iter().rev().find(|(id, _)| *id == call_id);
                let tag = tag.filter(|_| tagged).map(|(_, tag)| format!(";tag={tag}"));
                let kind = if body.starts_with("Signal") {
                    "application/dtmf-relay"
                } else {
                    "application/sdp"
                };
                let extra = EXTRAS[usize::from(extras) % EXTRAS.len()];
                // The RAck that is right, or one beside it.
                let rseq = self.rseqs.iter().rev().find(|(id, _)| *id == call_id);
                let rseq = rseq.map_or(1, |(_, rseq)| *rseq) + u32::from(extras / 100);
                let text = format!(
                    "{method} sip:{target}@192.0.2.1 SIP/2.0\r\n\
                     Via: SIP/2.0/UDP {remote};branch=z9hG4bK{call}{cseq}{branch}\r\n\
                     Max-Forwards: 70\r\nFrom: <sip:{user}@{remote}>;tag=f{call}\r\n\
                     To: <sip:{target}@192.0.2.1>{tag}\r\nCall-ID: {call_id}\r\n\
                     CSeq: {cseq} {method}\r\nContact: <sip:x@{remote}>\r\n\
                     Refer-To: <sip:102@192.0.2.1>\r\n{extra}RAck: {rseq} {invite} INVITE\r\n\
                     Event: dialog\r\nContent-Type: {kind}\r\n\
                     Content-Length: {length}\r\n\r\n{body}",
                    remote = flow.remote,
                    branch = if matches!(method, "INVITE" | "CANCEL") { "i" } else { method },
                    tag = tag.unwrap_or_default(),
                    invite = cseq.saturating_sub(extras / 50 % 3),
                    length = body.len(),
                );
                self.challenge = None;
                self.input(Input::Sip { flow, payload: text.clone().into() });
                self.prove(flow, user, text.into());
            }
            Operation::Answer { which, status, tag, body, rseq } => {
                let asked = self.asked.iter().rev().nth(usize::from(which) % 8).cloned();
                let Some((flow, request)) = asked else { return };
                let status = STATUSES[usize::from(status) % STATUSES.len()];
                let status = StatusCode::new(status).unwrap();
                let reply = Builder::reply(&request, status, Some(&format!("t{}", tag % 3)))
                    .header(HeaderName::Contact, format!("<sip:y@{}>", flow.remote));
                let reply = match rseq {
                    0..=99 => reply,
                    100..=199 => reply.header(HeaderName::Require, "100rel"),
                    200.. => reply.header(HeaderName::Require, "timer"),
                };
                let reply = reply.header(HeaderName::RSeq, u32::from(rseq % 4) + 1);
                let reply = reply.header(HeaderName::SessionExpires, "90;refresher=uas");
                let reply = reply.header(HeaderName::Allow, "INVITE, ACK, BYE, CANCEL, UPDATE");
                let body = BODIES[usize::from(body) % BODIES.len()];
                let reply = match body {
                    "" => reply.build(),
                    body => reply.body("application/sdp", body).build(),
                };
                let payload = reply.unwrap().into_bytes();
                self.input(Input::Sip { flow, payload });
            }
            Operation::Digit { leg, digit, whole } => {
                let digit = Digit::from_event(digit % 16).unwrap();
                if let Some(leg) = self.leg(leg) {
                    self.media(leg, EventKind::DigitStart { digit });
                    if whole {
                        let duration = Duration::from_millis(100);
                        self.media(leg, EventKind::Digit { digit, duration });
                    }
                    self.drain();
                }
            }
            Operation::Played { leg, token } => {
                if let Some(leg) = self.leg(leg) {
                    let token = Token(u64::from(token % 16));
                    self.media(leg, EventKind::Played { token, end: PlayEnd::Complete });
                    self.drain();
                }
            }
            Operation::Silent(leg) => {
                if let Some(leg) = self.leg(leg) {
                    self.media(leg, EventKind::Silent { since: Duration::from_secs(30) });
                    self.drain();
                }
            }
            Operation::Wait(hundredths) => {
                self.wait(Duration::from_millis(u64::from(hundredths) * 10))
            }
            Operation::Call { user, target } => {
                let from = ["anna", "berta"][usize::from(user) % 2].parse().unwrap();
                let to = TARGETS[usize::from(target) % TARGETS.len()].to_owned();
                self.input(Input::Command(Command::Call { token: 1, from, to }));
            }
            Operation::Dismiss(gone) => {
                let user = &mut self.spec.users[1];
                user.status = if gone { Status::Dismissed } else { Status::Active };
                user.extension = if gone { None } else { Some("102".parse().unwrap()) };
                let directory = Arc::new(Directory::build(&self.spec).unwrap());
                self.input(Input::Directory(directory));
            }
            Operation::Lose(number) => self.input(Input::FlowClosed(flow(number))),
            Operation::Junk(octets) => {
                self.input(Input::Sip { flow: flow(0), payload: octets.into() });
            }
        }
    }

    /// Lets time pass, timer by timer.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.pbx.poll_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.pbx.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }
}

fuzz_target!(|input: (bool, Vec<Operation>)| {
    let (end_calls, operations) = input;
    let mut world = World::new(end_calls);
    for operation in operations.into_iter().take(200) {
        world.perform(operation);
    }
    world.input(Input::Command(Command::Shutdown));
    world.wait(Duration::from_secs(200));
    assert!(world.ports.is_empty(), "every port is closed");
    world.opened.sort_unstable();
    world.closed.sort_unstable();
    assert_eq!(world.opened, world.closed, "one record a call");
    assert_eq!(world.pbx.leftovers(), [0; 6], "nothing is left");
});
