//! A user agent for the simulation: one transaction layer, the dialogs of its calls, an agenda.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use switchboard_sip::dialog::{Dialog, DialogId, DialogSet};
use switchboard_sip::reliable::{self, Acknowledger, Demand, Provisionals, Reception};
use switchboard_sip::transaction::{
    Event, Input, LayerConfig, Output, TimerConfig, TransactionId, TransactionLayer,
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
    /// Sends its provisional responses reliably to whoever supports that, and supports it.
    pub(crate) reliable: bool,
}

#[derive(Debug)]
enum Task {
    Respond(TransactionId, Box<Message>, StatusCode),
    Cancel(TransactionId),
    /// Nobody picks up, or the final answer is lost: an INVITE has no timer of its own that ends it.
    GiveUp(TransactionId),
    Bye(DialogId),
}

/// What a client transaction of the agent came to.
#[derive(Debug, Default)]
struct Ending {
    finals: usize,
    failures: usize,
    over: usize,
    /// How many of the finals were 2xx to an INVITE, each from another fork.
    accepted: usize,
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
    ringing: HashMap<TransactionId, (DialogSet, Acknowledger)>,
    provisionals: BTreeMap<TransactionId, Provisionals>,
    answered: HashMap<TransactionId, DialogId>,
    invites: HashMap<TransactionId, Message>,
    endings: BTreeMap<TransactionId, Ending>,
    /// Requests told, by Call-ID, From tag and CSeq.
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
            provisionals: BTreeMap::new(),
            answered: HashMap::new(),
            invites: HashMap::new(),
            endings: BTreeMap::new(),
            told: HashMap::new(),
            agenda: BTreeMap::new(),
            serial: 0,
        }
    }

    pub(crate) fn call(&mut self, now: Instant, to: SocketAddr, cancel: Option<Duration>) {
        let supported = self.manner.reliable.then_some(reliable::OPTION_TAG);
        let invite = self.outside(&Method::Invite, to).maybe(HeaderName::Supported, supported);
        let id = self.layer.send_request(now, Flow::udp(self.address, to), invite).unwrap();
        let sent = self.layer.sent(id).unwrap().clone();
        self.ringing.insert(id, (DialogSet::new(sent), Acknowledger::default()));
        self.endings.insert(id, Ending { is_invite: true, ..Ending::default() });
        self.plan(now + Duration::from_secs(45), Task::GiveUp(id));
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
        let repeated = self.provisionals.values().filter_map(Provisionals::poll_timeout).min();
        [task, self.layer.poll_timeout(), repeated].into_iter().flatten().min()
    }

    /// Does what is due and gives what is to be sent.
    pub(crate) fn run(&mut self, now: Instant) -> Vec<(SocketAddr, bytes::Bytes)> {
        self.layer.handle_timeout(now);
        let ids: Vec<_> = self.provisionals.keys().copied().collect();
        for id in ids {
            self.provisionals.get_mut(&id).unwrap().handle_timeout(now);
            self.settle_provisionals(now, id);
        }
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

    /// Whether a request of its was not answered in time.
    pub(crate) fn misses_answers(&self) -> bool {
        self.log.iter().any(|line| line == "times out")
    }

    /// Ends the sessions that nobody refreshes.
    pub(crate) fn expire_sessions(&mut self) {
        self.sessions.clear();
    }

    /// The promises of the layer, once everything is over.
    pub(crate) fn assert_settled(&self) {
        assert_eq!(self.layer.transactions(), (0, 0), "transactions are left");
        assert_eq!(self.layer.poll_timeout(), None, "a timer is left");
        assert!(self.sessions.is_empty(), "a session is left");
        assert!(self.ringing.is_empty(), "an INVITE is left");
        assert!(self.provisionals.is_empty(), "a provisional response is left");
        for (id, ending) in &self.endings {
            assert_eq!(ending.over, 1, "{id:?} ended {} times", ending.over);
            // Of a request that was forked, each 2xx is of a dialog of its own.
            let answers = ending.finals.saturating_sub(ending.accepted.saturating_sub(1));
            assert_eq!(answers + ending.failures, 1, "{id:?}: {ending:?}");
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
            Task::GiveUp(id) => {
                self.log.push("gives up".into());
                let _ = self.layer.cancel(now, id);
            }
            Task::Bye(id) => self.hang_up(now, &id),
        }
    }

    fn respond(&mut self, now: Instant, id: TransactionId, request: &Message, status: StatusCode) {
        let tag = format!("b{}", self.address.ip()).replace('.', "-");
        let contact = format!("<sip:b@{}>", self.address);
        let reply = Builder::reply(request, status, Some(&tag));
        let mut reply = reply.header(HeaderName::Contact, contact);
        if status == StatusCode::RINGING && self.provisionals.contains_key(&id) {
            // So that the 2xx has to wait for the PRACK.
            reply = reply.body("application/sdp", "v=0");
        }
        let response = reply.build().unwrap();
        match self.provisionals.get_mut(&id) {
            Some(provisionals) => {
                // Refused if cancelled meanwhile.
                let _ = provisionals.respond(now, response);
                self.settle_provisionals(now, id);
            }
            None => self.respond_with(now, id, request, &response),
        }
    }

    /// Hands to the transaction what is to be sent reliably.
    fn settle_provisionals(&mut self, now: Instant, id: TransactionId) {
        while let Some(output) = self.provisionals.get_mut(&id).and_then(|p| p.poll_output()) {
            match output {
                reliable::Output::Respond(response) => {
                    let request = self.invites[&id].clone();
                    self.respond_with(now, id, &request, &response);
                }
                reliable::Output::Event(reliable::Event::Acknowledged(_)) => {
                    self.log.push("gets its PRACK".into());
                }
                reliable::Output::Event(reliable::Event::Unacknowledged) => {
                    self.log.push("misses its PRACK".into());
                    let request = self.invites[&id].clone();
                    self.respond(now, id, &request, StatusCode::SERVER_TIMEOUT);
                }
            }
        }
    }

    fn respond_with(
        &mut self,
        now: Instant,
        id: TransactionId,
        request: &Message,
        response: &Message,
    ) {
        let status = response.status().unwrap();
        if self.layer.respond(now, id, response).is_err() {
            return; // cancelled meanwhile
        }
        if status.is_success() && *request.method() == Method::Invite {
            let dialog = Dialog::uas(request, response).unwrap();
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
                // Each of several who are called may begin with the same number.
                let from = request.from_tag().unwrap_or_default();
                let key = format!("{} {from} {}", request.call_id(), request.cseq());
                *self.told.entry(key).or_default() += 1;
                self.log.push(format!("gets {}", request.method()));
                match request.method() {
                    Method::Invite => {
                        let Manner { ring, answer, status, .. } = self.manner;
                        let status = StatusCode::new(status).unwrap();
                        if self.manner.reliable && Demand::of(&request) != Demand::Impossible {
                            let machine = Provisionals::new(TimerConfig::default(), 1);
                            self.provisionals.insert(id, machine);
                        }
                        self.invites.insert(id, request.clone());
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
                    Method::Prack => {
                        // One call: the PRACK is of the INVITE that is there.
                        let invite = self.provisionals.keys().next_back().copied();
                        let known = invite.and_then(|invite| {
                            let machine = self.provisionals.get_mut(&invite)?;
                            Some((invite, machine.acknowledge(now, &request)))
                        });
                        let status = match known {
                            Some((_, Ok(()))) => StatusCode::OK,
                            Some((_, Err(no_match))) => no_match.status(),
                            None => StatusCode::CALL_DOES_NOT_EXIST,
                        };
                        let reply = Builder::reply(&request, status, None).build().unwrap();
                        self.layer.respond(now, id, &reply).unwrap();
                        if let Some((invite, _)) = known {
                            self.settle_provisionals(now, invite);
                        }
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
            Event::Cancel { invite, .. } => {
                self.log.push("gets CANCEL".into());
                // The layer answers the CANCEL; what is left is the INVITE.
                let request = self.invites[&invite].clone();
                let status = StatusCode::REQUEST_TERMINATED;
                self.respond(now, invite, &request, status);
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
                let over = |task: &Task| matches!(task, Task::GiveUp(other) if *other == id);
                self.agenda.retain(|_, task| !over(task));
                self.ringing.remove(&id);
                self.answered.remove(&id);
                self.invites.remove(&id);
                self.provisionals.remove(&id);
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
            self.acknowledge(now, id, response);
            return;
        }
        ending.finals += 1;
        if !ending.is_invite || !status.is_success() {
            return;
        }
        ending.accepted += 1;
        let another = ending.accepted > 1;
        let cancelled = self.log.iter().any(|line| line.starts_with("cancels"));
        let (set, _) = self.ringing.get_mut(&id).unwrap();
        let dialog = set.receive(response).unwrap().unwrap().clone();
        let host = dialog.remote_target().host().ip().unwrap();
        let flow = Flow::udp(self.address, (host, 5060).into());
        self.layer.send_ack(Some(id), flow, dialog.ack(response.cseq().number)).unwrap();
        let dialog_id = dialog.id().clone();
        let known = self.sessions.insert(dialog_id.clone(), dialog).is_some();
        assert!(!known, "a 2xx was told twice");
        let talk = if cancelled || another { Duration::ZERO } else { self.talk };
        self.plan(now + talk, Task::Bye(dialog_id));
    }

    /// Sends the PRACK of a reliable provisional response that is new.
    fn acknowledge(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let Some((set, acknowledger)) = self.ringing.get_mut(&id) else { return };
        let Reception::New(rack) = acknowledger.receive(response) else { return };
        let dialog = set.receive(response).unwrap().unwrap();
        let host = dialog.remote_target().host().ip().unwrap();
        let flow = Flow::udp(self.address, (host, 5060).into());
        let id = self.layer.send_request(now, flow, dialog.prack(&rack)).unwrap();
        self.endings.insert(id, Ending::default());
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
