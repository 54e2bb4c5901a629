//! A user agent for the simulation: one transaction layer, the dialogs of its calls, an agenda.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use switchboard_sip::dialog::{Dialog, DialogId, DialogSet};
use switchboard_sip::transaction::{
    Event, Input, LayerConfig, Output, TransactionId, TransactionLayer,
};
use switchboard_sip::{Builder, Flow, HeaderName, Message, Method, StatusCode};

/// What a called agent does with an INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Rings after this long.
    pub(crate) ring: Duration,
    /// Answers after this long.
    pub(crate) answer: Duration,
    /// With this.
    pub(crate) status: u16,
    /// Hangs up this long after its ACK; leaves it to the caller if not set.
    pub(crate) talk: Option<Duration>,
}

#[derive(Debug)]
enum Task {
    Respond(TransactionId, Box<Message>, StatusCode),
    Cancel(TransactionId),
    Bye(DialogId),
}

/// What a client transaction of the agent came to.
#[derive(Debug, Default)]
struct Ending {
    finals: usize,
    failures: usize,
    over: usize,
    is_invite: bool,
}

pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    pub(crate) layer: TransactionLayer,
    /// What it saw, in words.
    pub(crate) log: Vec<String>,
    pub(crate) manner: Manner,
    /// A caller hangs up this long after the answer.
    pub(crate) talk: Duration,
    sessions: HashMap<DialogId, Dialog>,
    ringing: HashMap<TransactionId, DialogSet>,
    answered: HashMap<TransactionId, DialogId>,
    endings: BTreeMap<TransactionId, Ending>,
    /// Requests told, by Call-ID and CSeq.
    told: HashMap<String, usize>,
    agenda: BTreeMap<(Instant, u64), Task>,
    serial: u64,
}

impl Agent {
    pub(crate) fn new(host: u8, manner: Manner) -> Self {
        Self {
            address: ([192, 0, 2, host], 5060).into(),
            layer: TransactionLayer::new(LayerConfig::default(), [host; 32]),
            log: Vec::new(),
            manner,
            talk: Duration::from_secs(3),
            sessions: HashMap::new(),
            ringing: HashMap::new(),
            answered: HashMap::new(),
            endings: BTreeMap::new(),
            told: HashMap::new(),
            agenda: BTreeMap::new(),
            serial: 0,
        }
    }

    pub(crate) fn call(&mut self, now: Instant, to: SocketAddr, cancel: Option<Duration>) {
        let invite = self.outside(&Method::Invite, to);
        let id = self.layer.send_request(now, Flow::udp(self.address, to), invite).unwrap();
        let sent = self.layer.sent(id).unwrap().clone();
        self.ringing.insert(id, DialogSet::new(sent));
        self.endings.insert(id, Ending { is_invite: true, ..Ending::default() });
        if let Some(after) = cancel {
            self.plan(now + after, Task::Cancel(id));
        }
    }

    pub(crate) fn ping(&mut self, now: Instant, to: SocketAddr) {
        let options = self.outside(&Method::Options, to);
        let id = self.layer.send_request(now, Flow::udp(self.address, to), options).unwrap();
        self.endings.insert(id, Ending::default());
    }

    pub(crate) fn receive(&mut self, now: Instant, from: SocketAddr, payload: bytes::Bytes) {
        let message = Message::parse(payload).expect("our own messages are sound");
        let flow = Flow::udp(self.address, from);
        self.layer.handle(now, Input::Received { flow, message });
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        let task = self.agenda.keys().next().map(|(at, _)| *at);
        match (task, self.layer.poll_timeout()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Does what is due and gives what is to be sent.
    pub(crate) fn run(&mut self, now: Instant) -> Vec<(SocketAddr, bytes::Bytes)> {
        self.layer.handle_timeout(now);
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= now) {
            let task = entry.remove();
            self.perform(now, task);
        }
        let mut sent = Vec::new();
        while let Some(output) = self.layer.poll_output() {
            match output {
                Output::Transmit { flow, payload } => {
                    assert_eq!(flow.local, self.address);
                    sent.push((flow.remote, payload));
                }
                Output::Event(event) => self.on_event(now, event),
            }
        }
        sent
    }

    /// The promises of the layer, once everything is over.
    pub(crate) fn assert_settled(&self) {
        assert_eq!(self.layer.transactions(), (0, 0), "transactions are left");
        assert_eq!(self.layer.poll_timeout(), None, "a timer is left");
        assert!(self.sessions.is_empty(), "a session is left");
        assert!(self.ringing.is_empty(), "an INVITE is left");
        for (id, ending) in &self.endings {
            assert_eq!(ending.over, 1, "{id:?} ended {} times", ending.over);
            assert_eq!(ending.finals + ending.failures, 1, "{id:?}: {ending:?}");
        }
        for (request, times) in &self.told {
            assert_eq!(*times, 1, "{request} was told {times} times");
        }
    }

    fn perform(&mut self, now: Instant, task: Task) {
        match task {
            Task::Respond(id, request, status) => self.respond(now, id, &request, status),
            Task::Cancel(id) => {
                // Too late is an ordinary case: the answer crossed.
                let result = self.layer.cancel(now, id);
                self.log.push(format!(
                    "cancels: {}",
                    if result.is_ok() { "in time" } else { "too late" }
                ));
            }
            Task::Bye(id) => self.hang_up(now, &id),
        }
    }

    fn respond(&mut self, now: Instant, id: TransactionId, request: &Message, status: StatusCode) {
        let tag = format!("b{}", request.cseq().number);
        let contact = format!("<sip:b@{}>", self.address);
        let reply = Builder::reply(request, status, Some(&tag));
        let response = reply.header(HeaderName::Contact, contact).build().unwrap();
        if self.layer.respond(now, id, &response).is_err() {
            return; // cancelled meanwhile
        }
        if status.is_success() && *request.method() == Method::Invite {
            let dialog = Dialog::uas(request, &response).unwrap();
            self.answered.insert(id, dialog.id().clone());
            self.sessions.insert(dialog.id().clone(), dialog);
        }
    }

    fn hang_up(&mut self, now: Instant, id: &DialogId) {
        let Some(mut dialog) = self.sessions.remove(id) else { return };
        let host = dialog.remote_target().host().ip().unwrap();
        let flow = Flow::udp(self.address, (host, 5060).into());
        let bye = dialog.request(&Method::Bye);
        let id = self.layer.send_request(now, flow, bye).unwrap();
        self.endings.insert(id, Ending::default());
    }

    fn on_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Request { id, request, .. } => {
                let key = format!("{} {}", request.call_id(), request.cseq());
                *self.told.entry(key).or_default() += 1;
                self.log.push(format!("gets {}", request.method()));
                match request.method() {
                    Method::Invite => {
                        let Manner { ring, answer, status, .. } = self.manner;
                        let status = StatusCode::new(status).unwrap();
                        let ringing =
                            Task::Respond(id, Box::new(request.clone()), StatusCode::RINGING);
                        self.plan(now + ring, ringing);
                        self.plan(now + answer, Task::Respond(id, Box::new(request), status));
                    }
                    Method::Bye => {
                        let dialog = DialogId::of_request(&request).unwrap();
                        let known = self.sessions.remove(&dialog).is_some();
                        let status =
                            if known { StatusCode::OK } else { StatusCode::CALL_DOES_NOT_EXIST };
                        let reply = Builder::reply(&request, status, None).build().unwrap();
                        self.layer.respond(now, id, &reply).unwrap();
                    }
                    _ => {
                        let reply = Builder::reply(&request, StatusCode::OK, Some("b"));
                        self.layer.respond(now, id, &reply.build().unwrap()).unwrap();
                    }
                }
            }
            Event::Response { id, response, .. } => self.on_response(now, id, &response),
            Event::StrayResponse { .. } => self.log.push("gets a stray 2xx".into()),
            Event::Ack { invite, .. } => {
                let whose = if invite.is_some() { "its" } else { "a late" };
                self.log.push(format!("gets {whose} ACK"));
                let dialog = invite.and_then(|id| self.answered.get(&id)).cloned();
                if let (Some(dialog), Some(talk)) = (dialog, self.manner.talk) {
                    self.plan(now + talk, Task::Bye(dialog));
                }
            }
            Event::Cancel { invite, request, .. } => {
                self.log.push("gets CANCEL".into());
                let tag = format!("b{}", request.cseq().number);
                // The layer answers the CANCEL; what is left is the INVITE, which looks the same.
                let text = String::from_utf8(request.as_bytes().to_vec()).unwrap();
                let text = text.replace("CANCEL", "INVITE");
                let request = Message::parse(text.into_bytes()).unwrap();
                let status = StatusCode::REQUEST_TERMINATED;
                let response = Builder::reply(&request, status, Some(&tag)).build().unwrap();
                self.layer.respond(now, invite, &response).unwrap();
            }
            Event::Unacknowledged { id } => {
                self.log.push("misses its ACK".into());
                if let Some(dialog) = self.answered.get(&id).cloned() {
                    self.hang_up(now, &dialog);
                }
            }
            Event::Timeout { id } | Event::TransportError { id } => {
                self.log.push("times out".into());
                if let Some(ending) = self.endings.get_mut(&id) {
                    ending.failures += 1;
                }
            }
            Event::Terminated { id } => {
                self.ringing.remove(&id);
                self.answered.remove(&id);
                if let Some(ending) = self.endings.get_mut(&id) {
                    ending.over += 1;
                }
            }
        }
    }

    fn on_response(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let status = response.status().unwrap();
        self.log.push(format!("gets {status} {}", response.method()));
        let ending = self.endings.get_mut(&id).unwrap();
        if !status.is_final() {
            assert_eq!(ending.finals, 0, "a provisional after the final response");
            return;
        }
        ending.finals += 1;
        if !ending.is_invite || !status.is_success() {
            return;
        }
        let cancelled = self.log.iter().any(|line| line.starts_with("cancels"));
        let set = self.ringing.get_mut(&id).unwrap();
        let dialog = set.receive(response).unwrap().unwrap().clone();
        let host = dialog.remote_target().host().ip().unwrap();
        let flow = Flow::udp(self.address, (host, 5060).into());
        self.layer.send_ack(Some(id), flow, dialog.ack(response.cseq().number)).unwrap();
        let dialog_id = dialog.id().clone();
        self.sessions.insert(dialog_id.clone(), dialog);
        let talk = if cancelled { Duration::ZERO } else { self.talk };
        self.plan(now + talk, Task::Bye(dialog_id));
    }

    fn outside(&mut self, method: &Method, to: SocketAddr) -> Builder {
        let tag = self.layer.identifiers().tag();
        let call_id = self.layer.identifiers().call_id();
        Builder::request(method, format_args!("sip:b@{to}"))
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format_args!("<sip:a@{}>;tag={tag}", self.address))
            .header(HeaderName::To, format_args!("<sip:b@{to}>"))
            .header(HeaderName::CallId, call_id)
            .header(HeaderName::CSeq, format_args!("1 {method}"))
            .header(HeaderName::Contact, format_args!("<sip:a@{}>", self.address))
    }

    fn plan(&mut self, at: Instant, task: Task) {
        self.serial += 1;
        self.agenda.insert((at, self.serial), task);
    }
}
