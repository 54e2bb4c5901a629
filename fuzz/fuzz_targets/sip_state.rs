#![no_main]
//! The transaction layer, a dialog and the registrar under any operations. Beside the layer stands
//! what it promised of each transaction; beside the dialog its highest CSeq; beside the registrar
//! the bindings that its outputs tell of. After the last operation time runs on, and nothing is left.
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use switchboard_sip::dialog::{Dialog, DialogId};
use switchboard_sip::registrar::{self, Registrar, RegistrarConfig};
use switchboard_sip::transaction::{
    Event, Input, LayerConfig, Output, TransactionId, TransactionLayer,
};
use switchboard_sip::{
    Builder, ConnectionId, Flow, HeaderName, Message, Method, StatusCode, Transport,
};

const METHODS: [&str; 9] =
    ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "FROBNICATE", "PRACK", "UPDATE", "SUBSCRIBE"];
const STATUSES: [u16; 9] = [100, 180, 183, 200, 202, 302, 401, 486, 603];

#[derive(Arbitrary, Debug)]
enum Operation {
    Request {
        method: u8,
        call: u8,
        branch: u8,
        cseq: u8,
        tagged: bool,
        old: bool,
        from: u8,
    },
    Respond {
        which: u8,
        status: u8,
        stateless: bool,
    },
    Send {
        invite: bool,
        to: u8,
    },
    Answer {
        which: u8,
        status: u8,
        tag: u8,
    },
    Acknowledge {
        which: u8,
        tag: u8,
    },
    Cancel(u8),
    Fail {
        flow: u8,
        closed: bool,
    },
    Register {
        user: u8,
        contact: u8,
        expires: u16,
        call: u8,
        cseq: u8,
        star: bool,
        from: u8,
        /// Of a phone with several flows (RFC 5626): which phone, and which of its flows.
        phone: u8,
        reg_id: u8,
    },
    Dismiss(u8),
    Wait(u16),
}

/// Two datagram flows, two connections, and one that is asked for.
fn flow(number: u8) -> Flow {
    let number = number % 5;
    let flow = Flow::udp(([192, 0, 2, 1], 5060).into(), ([192, 0, 2, 10 + number], 5060).into());
    match number {
        0 | 1 => flow,
        2 | 3 => Flow {
            transport: Transport::Tcp,
            connection: Some(ConnectionId(number.into())),
            ..flow
        },
        _ => Flow { transport: Transport::Tcp, ..flow },
    }
}

#[derive(Default)]
struct Life {
    client: bool,
    invite: bool,
    finals: usize,
    failures: usize,
    over: bool,
}

struct World {
    now: Instant,
    layer: TransactionLayer,
    registrar: Registrar,
    servers: Vec<(TransactionId, Message)>,
    clients: Vec<(TransactionId, Message)>,
    lives: BTreeMap<TransactionId, Life>,
    dialog: Option<(Dialog, u32)>,
    bindings: BTreeSet<(String, String)>,
    sent: u32,
}

impl World {
    fn perform(&mut self, operation: Operation) {
        let now = self.now;
        match operation {
            Operation::Request { method, call, branch, cseq, tagged, old, from } => {
                let method = METHODS[usize::from(method) % METHODS.len()];
                let cookie = if old { "" } else { "z9hG4bK" };
                let tag = if tagged { ";tag=ours" } else { "" };
                let (call, branch, cseq) = (call % 4, branch % 4, cseq % 4);
                let text = format!(
                    "{method} sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch={cookie}{branch}\r\n\
                     From: <sip:a@x>;tag=f{call}\r\nTo: <sip:102@x>{tag}\r\nCall-ID: c{call}\r\n\
                     CSeq: {cseq} {method}\r\nContact: <sip:a@192.0.2.10>\r\nContent-Length: 0\r\n\r\n"
                );
                let message = Message::parse(text.into_bytes()).expect("sound");
                self.layer.handle(now, Input::Received { flow: flow(from), message });
            }
            Operation::Respond { which, status, stateless } => {
                let Some((id, request)) = pick(&self.servers, which) else { return };
                let response = Builder::reply(request, status_of(status), Some("ours"))
                    .header(HeaderName::Contact, "<sip:us@192.0.2.1>")
                    .build()
                    .expect("sound");
                if stateless {
                    let _ = self.layer.respond_stateless(*id, &response);
                } else if self.layer.respond(now, *id, &response).is_ok() && self.dialog.is_none() {
                    let number = request.cseq().number;
                    self.dialog = Dialog::uas(request, &response).ok().map(|d| (d, number));
                }
            }
            Operation::Send { invite, to } => {
                self.sent += 1;
                let method = if invite { Method::Invite } else { Method::Options };
                let request = Builder::request(&method, "sip:b@x")
                    .header(HeaderName::From, "<sip:us@x>;tag=us")
                    .header(HeaderName::To, "<sip:b@x>")
                    .header(HeaderName::CallId, format_args!("o{}", self.sent))
                    .header(HeaderName::CSeq, format_args!("1 {method}"));
                let id = self.layer.send_request(now, flow(to), request).expect("room");
                let sent = self.layer.sent(id).expect("just sent").clone();
                self.clients.push((id, sent));
                self.lives.insert(id, Life { client: true, invite, ..Life::default() });
            }
            Operation::Answer { which, status, tag } => {
                let Some((_, sent)) = pick(&self.clients, which) else { return };
                let tag = format!("t{}", tag % 20);
                let reply = Builder::reply(sent, status_of(status), Some(&tag));
                let message = reply.build().expect("sound");
                self.layer.handle(now, Input::Received { flow: flow(which), message });
            }
            Operation::Acknowledge { which, tag } => {
                let Some((id, sent)) = pick(&self.clients, which) else { return };
                let ack = Builder::request(&Method::Ack, "sip:b@x")
                    .copy(sent, HeaderName::From)
                    .header(HeaderName::To, format_args!("<sip:b@x>;tag=t{}", tag % 20))
                    .copy(sent, HeaderName::CallId)
                    .header(HeaderName::CSeq, "1 ACK");
                self.layer.send_ack(Some(*id), flow(0), ack).expect("sound");
            }
            Operation::Cancel(which) => {
                if let Some((id, _)) = pick(&self.clients, which) {
                    let _ = self.layer.cancel(now, *id);
                }
            }
            Operation::Fail { flow: number, closed } => {
                let flow = flow(number);
                let input = if closed {
                    Input::FlowClosed { flow }
                } else {
                    Input::TransportError { flow }
                };
                self.layer.handle(now, input);
                if closed {
                    self.registrar.flow_closed(flow);
                }
            }
            Operation::Register {
                user,
                contact,
                expires,
                call,
                cseq,
                star,
                from,
                phone,
                reg_id,
            } => {
                let user = ["anna", "boris"][usize::from(user % 2)];
                let contact = match star {
                    true => "*".to_owned(),
                    false => format!("<sip:{user}@192.0.2.{}>", contact % 8),
                };
                let flows = match (phone % 3, reg_id % 3) {
                    (0, _) => String::new(),
                    (phone, 0) => format!(";+sip.instance=\"<urn:uuid:{phone}>\""),
                    (phone, id) => format!(";+sip.instance=\"<urn:uuid:{phone}>\";reg-id={id}"),
                };
                let contact = if star { contact } else { contact + &flows };
                let text = format!(
                    "REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKr\r\n\
                     From: <sip:{user}@x>;tag=f\r\nTo: <sip:{user}@x>\r\nCall-ID: r{}\r\n\
                     CSeq: {cseq} REGISTER\r\nContact: {contact}\r\nExpires: {expires}\r\n\
                     Supported: outbound, path\r\n\r\n",
                    call % 3
                );
                let request = Message::parse(text.into_bytes()).expect("sound");
                match self.registrar.register(now, user, flow(from), &request, "t") {
                    Ok(reply) => assert!(reply.build().is_ok()),
                    Err(refusal) => assert!(refusal.reply(&request, "t").build().is_ok()),
                }
            }
            Operation::Dismiss(user) => {
                self.registrar.remove_all(["anna", "boris"][usize::from(user % 2)]);
            }
            Operation::Wait(ms) => self.wait(Duration::from_millis(u64::from(ms) * 10)),
        }
        self.observe();
    }

    fn wait(&mut self, by: Duration) {
        let end = self.now + by;
        let next = |world: &World| {
            let timers = [world.layer.poll_timeout(), world.registrar.poll_timeout()];
            timers.into_iter().flatten().min()
        };
        while let Some(at) = next(self).filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.layer.handle_timeout(self.now);
            self.registrar.handle_timeout(self.now);
            assert!(next(self).is_none_or(|next| next > self.now), "a timer stays due");
            self.observe();
        }
        self.now = end;
    }

    fn observe(&mut self) {
        while let Some(output) = self.layer.poll_output() {
            match output {
                Output::Transmit { payload, .. } => {
                    Message::parse(payload).expect("what is sent is a message");
                }
                Output::Event(event) => self.on_event(event),
            }
        }
        while let Some(output) = self.registrar.poll_output() {
            match output {
                registrar::Output::BindingSaved { user, binding } => {
                    // Of two flows that end in one instant the second is kept, and then ends.
                    assert!(binding.expires >= self.now);
                    self.bindings.insert((user.to_string(), binding.contact.to_string()));
                }
                registrar::Output::BindingRemoved { user, contact, .. } => {
                    assert!(self.bindings.remove(&(user.to_string(), contact.to_string())));
                }
            }
        }
        // Several flows of a phone have one Contact, which is what is told of.
        let mut contacts = 0;
        for user in ["anna", "boris"] {
            let flows: Vec<_> = self.registrar.flows(self.now, user).collect();
            assert!(flows.len() <= 3);
            let known: BTreeSet<_> = flows.iter().map(|flow| flow.contact.to_string()).collect();
            contacts += known.len();
            assert!(known.iter().all(|it| self.bindings.contains(&(user.to_owned(), it.clone()))));
            let found = self.registrar.lookup(self.now, user);
            assert!(found.windows(2).all(|pair| pair[0].q >= pair[1].q));
            let phones = found.iter().filter(|b| b.reg_id.is_some()).map(|b| &b.instance);
            let phones: Vec<_> = phones.collect();
            let once = phones.iter().all(|it| phones.iter().filter(|o| o == &it).count() == 1);
            assert!(once, "a phone rings once");
        }
        assert_eq!(contacts, self.bindings.len());
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Request { id, request, .. } => {
                let invite = *request.method() == Method::Invite;
                assert!(self.lives.insert(id, Life { invite, ..Life::default() }).is_none());
                if let Some((dialog, highest)) = &mut self.dialog
                    && DialogId::of_request(&request).as_ref() == Some(dialog.id())
                {
                    let number = request.cseq().number;
                    let taken = dialog.receive_request(&request).is_ok();
                    assert_eq!(taken, number >= *highest, "{number} after {highest}");
                    *highest = number.max(*highest);
                }
                self.servers.push((id, request));
            }
            Event::Response { id, response, .. } => {
                let life = self.lives.get_mut(&id).expect("ours");
                assert!(life.client && !life.over);
                let status = response.status().expect("a response");
                if status.is_final() {
                    assert!(life.finals == 0 || life.invite && status.is_success());
                    life.finals += 1;
                } else {
                    assert_eq!(life.finals, 0);
                }
            }
            Event::Timeout { id } | Event::TransportError { id } => {
                let life = self.lives.get_mut(&id).expect("known");
                assert!(!life.over);
                life.failures += 1;
            }
            Event::Terminated { id } => {
                let life = self.lives.get_mut(&id).expect("known");
                assert!(!std::mem::replace(&mut life.over, true));
            }
            Event::Unacknowledged { id } => assert!(!self.lives[&id].over),
            Event::Cancel { invite, .. } => assert!(!self.lives[&invite].over),
            Event::Ack { .. } | Event::StrayResponse { .. } => {}
        }
    }

    /// The user answers what it owes and gives up what it waits for; the rest is time's.
    fn finish(mut self) {
        let busy = StatusCode::BUSY_HERE;
        for (id, request) in std::mem::take(&mut self.servers) {
            let response = Builder::reply(&request, busy, Some("ours")).build().expect("sound");
            let _ = self.layer.respond(self.now, id, &response);
        }
        for (id, _) in &self.clients {
            let _ = self.layer.cancel(self.now, *id);
        }
        self.observe();
        self.wait(Duration::from_secs(3_700));
        assert_eq!(self.layer.transactions(), (0, 0));
        assert_eq!(self.layer.poll_timeout(), None);
        assert!(self.registrar.is_empty());
        for life in self.lives.values() {
            assert!(life.over && (!life.client || life.finals + life.failures > 0));
        }
    }
}

fn pick<T>(list: &[T], which: u8) -> Option<&T> {
    list.get(usize::from(which) % list.len().max(1))
}

fn status_of(number: u8) -> StatusCode {
    StatusCode::new(STATUSES[usize::from(number) % STATUSES.len()]).expect("in range")
}

fuzz_target!(|operations: Vec<Operation>| {
    let config = RegistrarConfig { max_bindings: 3, ..RegistrarConfig::default() };
    let mut world = World {
        now: Instant::now(),
        layer: TransactionLayer::new(LayerConfig::default(), [7; 32]),
        registrar: Registrar::new(config),
        servers: Vec::new(),
        clients: Vec::new(),
        lives: BTreeMap::new(),
        dialog: None,
        bindings: BTreeSet::new(),
        sent: 0,
    };
    for operation in operations.into_iter().take(200) {
        world.perform(operation);
    }
    world.finish();
});
