//! The transaction layer under floods and under any order of inputs.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use switchboard_sip::transaction::{
    Event, Input, LayerConfig, Output, TransactionId, TransactionLayer,
};
use switchboard_sip::{Builder, Flow, HeaderName, Message, Method, StatusCode};
use switchboard_testkit::Clock;

fn flow(host: u8) -> Flow {
    Flow::udp(([192, 0, 2, 1], 5060).into(), ([198, 51, 100, host], 5060).into())
}

fn request(method: &str, call: u32, branch: u32, to: &str) -> Message {
    let text = format!(
        "{method} sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{branch}\r\n\
         From: <sip:a@x>;tag=f{call}\r\nTo: <sip:102@x>{to}\r\nCall-ID: c{call}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:a@198.51.100.1>\r\nContent-Length: 0\r\n\r\n"
    );
    Message::parse(text.into_bytes()).unwrap()
}

fn drain(layer: &mut TransactionLayer) -> Vec<Output> {
    std::iter::from_fn(|| layer.poll_output()).collect()
}

/// A flood of INVITEs from strangers, each challenged and never acknowledged, leaves nothing.
#[test]
fn h22_invite_flood_challenged_statelessly() {
    let now = Clock::new().now();
    let mut layer = TransactionLayer::new(LayerConfig::default(), [7; 32]);
    for call in 0..5_000 {
        let message = request("INVITE", call, call, "");
        layer.handle(now, Input::Received { flow: flow((call % 251) as u8), message });
        let mut outputs = drain(&mut layer);
        let Some(Output::Event(Event::Request { id, request, .. })) = outputs.pop() else {
            panic!("not told");
        };
        let tag = layer.stateless_tag(&request);
        let refusal = Builder::reply(&request, StatusCode::UNAUTHORIZED, Some(&tag));
        layer.respond_stateless(id, &refusal.build().unwrap()).unwrap();
        drain(&mut layer);
        assert_eq!(layer.transactions(), (0, 0));
    }
    assert_eq!(layer.poll_timeout(), None);
}

/// Whoever has not shown credentials gets one answer for one request, without a body, not much
/// longer than what was asked, no provisional before it, and no repetition after it.
#[test]
fn h23_strangers_are_not_an_amplifier() {
    let mut clock = Clock::new();
    let mut layer = TransactionLayer::new(LayerConfig::default(), [7; 32]);
    let message = request("INVITE", 1, 1, "");
    let asked = message.as_bytes().len();
    layer.handle(clock.now(), Input::Received { flow: flow(66), message });
    let Some(Output::Event(Event::Request { id, request, .. })) = layer.poll_output() else {
        panic!("not told");
    };
    let tag = layer.stateless_tag(&request);
    let refusal = Builder::reply(&request, StatusCode::UNAUTHORIZED, Some(&tag)).build().unwrap();
    layer.respond_stateless(id, &refusal).unwrap();
    clock.advance(Duration::from_secs(40));
    layer.handle_timeout(clock.now());
    let sent = drain(&mut layer).into_iter().filter_map(|output| match output {
        Output::Transmit { flow: to, payload } => Some((to, payload)),
        Output::Event(_) => None,
    });
    let sent: Vec<_> = sent.collect();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0, flow(66));
    assert!(sent[0].1.len() < asked * 3 / 2, "{} for {asked}", sent[0].1.len());
    assert!(Message::parse(sent[0].1.clone()).unwrap().body().is_empty());
}

/// A flood that is answered and never acknowledged stays within the bounds of the table, from one
/// address and from all, while another address is served; afterwards the table is empty.
#[test]
fn h22_invite_flood_never_acknowledged_is_bounded() {
    let mut clock = Clock::new();
    let config =
        LayerConfig { max_servers: 300, max_servers_per_address: 100, ..LayerConfig::default() };
    let mut layer = TransactionLayer::new(config, [7; 32]);
    let mut refused = 0;
    for call in 0..5_000 {
        let message = request("INVITE", call, call, "");
        layer.handle(clock.now(), Input::Received { flow: flow(66), message });
        for output in drain(&mut layer) {
            match output {
                Output::Event(Event::Request { id, request, .. }) => {
                    let busy = Builder::reply(&request, StatusCode::BUSY_HERE, Some("t"));
                    layer.respond(clock.now(), id, &busy.build().unwrap()).unwrap();
                }
                Output::Transmit { payload, .. } => {
                    let response = Message::parse(payload).unwrap();
                    assert_eq!(response.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
                    assert!(response.has(HeaderName::RetryAfter));
                    refused += 1;
                }
                Output::Event(other) => panic!("{other:?}"),
            }
        }
        drain(&mut layer);
        assert!(layer.transactions().1 <= 100);
    }
    assert_eq!(refused, 4_900);
    // Somebody else still gets through.
    let message = request("INVITE", 9_999, 9_999, "");
    layer.handle(clock.now(), Input::Received { flow: flow(7), message });
    let told = drain(&mut layer);
    assert!(matches!(told[..], [Output::Event(Event::Request { .. })]));
    if let Output::Event(Event::Request { id, request, .. }) = &told[0] {
        let busy = Builder::reply(request, StatusCode::BUSY_HERE, Some("t")).build().unwrap();
        layer.respond(clock.now(), *id, &busy).unwrap();
    }
    while let Some(at) = layer.poll_timeout() {
        clock.advance_to(at);
        layer.handle_timeout(at);
        drain(&mut layer);
    }
    assert_eq!(layer.transactions(), (0, 0));
    assert_eq!(clock.elapsed(), Duration::from_secs(32));
}

/// What may happen to a layer.
#[derive(Debug, Clone)]
enum Step {
    Request { method: u8, call: u8, branch: u8, tag: bool, host: u8 },
    Respond { which: u8, status: u16, stateless: bool },
    Send { invite: bool, host: u8 },
    Answer { which: u8, status: u16, tag: u8 },
    Ack { which: u8 },
    Cancel { which: u8 },
    Fail { host: u8 },
    Pass { ms: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let status =
        prop_oneof![Just(100), Just(180), Just(200), Just(302), Just(401), Just(486), Just(603)];
    let (which, host) = (0..8_u8, 1..4_u8);
    prop_oneof![
        4 => (0..5_u8, 0..3_u8, 0..4_u8, any::<bool>(), host.clone())
            .prop_map(|(method, call, branch, tag, host)| Step::Request { method, call, branch, tag, host }),
        4 => (which.clone(), status.clone(), any::<bool>())
            .prop_map(|(which, status, stateless)| Step::Respond { which, status, stateless }),
        3 => (any::<bool>(), host.clone()).prop_map(|(invite, host)| Step::Send { invite, host }),
        4 => (which.clone(), status, 0..3_u8)
            .prop_map(|(which, status, tag)| Step::Answer { which, status, tag }),
        1 => which.clone().prop_map(|which| Step::Ack { which }),
        2 => which.prop_map(|which| Step::Cancel { which }),
        1 => host.prop_map(|host| Step::Fail { host }),
        3 => (0..20_000_u32).prop_map(|ms| Step::Pass { ms }),
    ]
}

/// What was promised about one transaction.
#[derive(Debug, Default, Clone, Copy)]
struct Life {
    finals: usize,
    failures: usize,
    over: bool,
    invite: bool,
    client: bool,
}

struct Model {
    layer: TransactionLayer,
    now: Instant,
    servers: Vec<(TransactionId, Message)>,
    clients: Vec<(TransactionId, Message, Flow)>,
    lives: std::collections::BTreeMap<TransactionId, Life>,
    sent: u32,
}

impl Model {
    fn new() -> Self {
        Self {
            layer: TransactionLayer::new(LayerConfig::default(), [7; 32]),
            now: Clock::new().now(),
            servers: Vec::new(),
            clients: Vec::new(),
            lives: std::collections::BTreeMap::new(),
            sent: 0,
        }
    }

    fn perform(&mut self, step: &Step) {
        let now = self.now;
        match *step {
            Step::Request { method, call, branch, tag, host } => {
                let method = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"][usize::from(method)];
                let to = if tag { ";tag=t" } else { "" };
                let message = request(method, call.into(), branch.into(), to);
                self.layer.handle(now, Input::Received { flow: flow(host), message });
            }
            Step::Respond { which, status, stateless } => {
                let Some((id, request)) = self.servers.get(usize::from(which)).cloned() else {
                    return;
                };
                let status = StatusCode::new(status).unwrap();
                let response = Builder::reply(&request, status, Some("t")).build().unwrap();
                // Refused when it is over or answered, and then nothing happens.
                let _ = match stateless {
                    true => self.layer.respond_stateless(id, &response),
                    false => self.layer.respond(now, id, &response),
                };
            }
            Step::Send { invite, host } => {
                self.sent += 1;
                let method = if invite { Method::Invite } else { Method::Info };
                let builder = Builder::request(&method, "sip:b@x")
                    .header(HeaderName::From, "<sip:us@x>;tag=us")
                    .header(HeaderName::To, "<sip:b@x>")
                    .header(HeaderName::CallId, format_args!("o{}", self.sent))
                    .header(HeaderName::CSeq, format_args!("1 {method}"));
                let id = self.layer.send_request(now, flow(host), builder).unwrap();
                let sent = self.layer.sent(id).unwrap().clone();
                self.clients.push((id, sent, flow(host)));
                self.lives.insert(id, Life { client: true, invite, ..Life::default() });
            }
            Step::Answer { which, status, tag } => {
                let Some((_, sent, flow)) = self.clients.get(usize::from(which)).cloned() else {
                    return;
                };
                let status = StatusCode::new(status).unwrap();
                let tag = format!("f{tag}");
                let message = Builder::reply(&sent, status, Some(&tag)).build().unwrap();
                self.layer.handle(now, Input::Received { flow, message });
            }
            Step::Ack { which } => {
                let Some((id, _, flow)) = self.clients.get(usize::from(which)).cloned() else {
                    return;
                };
                let ack = Builder::request(&Method::Ack, "sip:b@x")
                    .header(HeaderName::From, "<sip:us@x>;tag=us")
                    .header(HeaderName::To, "<sip:b@x>;tag=f1")
                    .header(HeaderName::CallId, "o")
                    .header(HeaderName::CSeq, "1 ACK");
                self.layer.send_ack(Some(id), flow, ack).unwrap();
            }
            Step::Cancel { which } => {
                if let Some((id, ..)) = self.clients.get(usize::from(which)) {
                    let _ = self.layer.cancel(now, *id);
                }
            }
            Step::Fail { host } => {
                self.layer.handle(now, Input::TransportError { flow: flow(host) });
            }
            Step::Pass { ms } => self.pass(Duration::from_millis(ms.into())),
        }
        self.observe();
    }

    fn pass(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(at) = self.layer.poll_timeout().filter(|at| *at <= end) {
            assert!(at >= self.now || by.is_zero(), "a timer lies in the past");
            self.now = self.now.max(at);
            self.layer.handle_timeout(self.now);
            assert!(
                self.layer.poll_timeout().is_none_or(|next| next > self.now),
                "a timer stays due"
            );
            self.observe();
        }
        self.now = end;
    }

    fn observe(&mut self) {
        for output in drain(&mut self.layer) {
            let event = match output {
                Output::Transmit { payload, .. } => {
                    Message::parse(payload).expect("what is sent is a message");
                    continue;
                }
                Output::Event(event) => event,
            };
            match event {
                Event::Request { id, request, .. } => {
                    let invite = *request.method() == Method::Invite;
                    let life = Life { invite, ..Life::default() };
                    assert!(self.lives.insert(id, life).is_none(), "a name used again");
                    self.servers.push((id, request));
                }
                Event::Response { id, response, .. } => {
                    let life = self.lives.get_mut(&id).unwrap();
                    assert!(life.client && !life.over);
                    let status = response.status().unwrap();
                    if status.is_final() {
                        // A fork's further 2xx is the only second final response there is.
                        assert!(life.finals == 0 || life.invite && status.is_success());
                        life.finals += 1;
                    } else {
                        assert_eq!(life.finals, 0);
                    }
                }
                Event::Timeout { id } | Event::TransportError { id } => {
                    let life = self.lives.get_mut(&id).unwrap();
                    assert!(!life.over);
                    life.failures += 1;
                }
                Event::Terminated { id } => {
                    let life = self.lives.get_mut(&id).unwrap();
                    assert!(!life.over, "ended twice");
                    life.over = true;
                }
                Event::Unacknowledged { id } => assert!(!self.lives[&id].over),
                Event::Cancel { invite, .. } => assert!(!self.lives[&invite].over),
                Event::Ack { .. } | Event::StrayResponse { .. } => {}
            }
        }
    }

    /// The user answers what it still owes and gives up what it still waits for; then only timers run.
    fn finish(mut self) {
        for which in 0..self.servers.len() as u8 {
            self.perform(&Step::Respond { which, status: 486, stateless: false });
        }
        for which in 0..self.clients.len() as u8 {
            self.perform(&Step::Cancel { which });
        }
        self.pass(Duration::from_secs(64));
        assert_eq!(self.layer.transactions(), (0, 0), "something is left after 64*T1");
        assert_eq!(self.layer.poll_timeout(), None);
        for (id, life) in &self.lives {
            assert!(life.over, "{id:?} never ended");
            assert!(
                !life.client || life.finals + life.failures >= 1,
                "{id:?} ended without a word"
            );
        }
    }
}

proptest! {
    #[test]
    fn promises_hold_in_any_order(steps in prop::collection::vec(step(), 1..60)) {
        let mut model = Model::new();
        for step in &steps {
            model.perform(step);
        }
        model.finish();
    }
}
