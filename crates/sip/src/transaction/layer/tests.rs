//! The layer as its neighbours see it: messages in, octets and events out, no wire between.

use std::time::Instant;

use super::*;
use crate::message::{Builder, HeaderName, Method, StatusCode};
use crate::{ConnectionId, Transport};

const PHONE: ([u8; 4], u16) = ([192, 0, 2, 7], 5062);
const US: ([u8; 4], u16) = ([192, 0, 2, 1], 5060);

struct Bench {
    layer: TransactionLayer,
    epoch: Instant,
    now: Instant,
}

/// What the layer did, in words.
#[derive(Debug, PartialEq, Eq)]
enum Did {
    Sent(String),
    Told(String),
}

use Did::{Sent, Told};

impl Bench {
    fn new() -> Self {
        Self::with(LayerConfig::default())
    }

    fn with(config: LayerConfig) -> Self {
        #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
        let epoch = Instant::now();
        Self { layer: TransactionLayer::new(config, [1; 32]), epoch, now: epoch }
    }

    fn receive(&mut self, text: &str) -> Vec<Did> {
        self.receive_on(flow(), text)
    }

    fn receive_on(&mut self, flow: Flow, text: &str) -> Vec<Did> {
        let message = parse(text);
        self.layer.handle(self.now, Input::Received { flow, message });
        self.did()
    }

    /// Moves to the next timer and fires it; gives the ms since the start.
    fn tick(&mut self) -> Option<(u128, Vec<Did>)> {
        self.now = self.layer.poll_timeout()?;
        self.layer.handle_timeout(self.now);
        Some(((self.now - self.epoch).as_millis(), self.did()))
    }

    fn did(&mut self) -> Vec<Did> {
        self.raw().iter().map(describe).collect()
    }

    fn raw(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.layer.poll_output()).collect()
    }

    /// Takes a request in; gives its transaction and the request as the user sees it.
    fn request(&mut self, text: &str) -> (TransactionId, Message) {
        self.layer.handle(self.now, Input::Received { flow: flow(), message: parse(text) });
        let mut outputs = self.raw();
        match (outputs.pop(), outputs.len()) {
            (Some(Output::Event(Event::Request { id, request, .. })), 0) => (id, request),
            other => panic!("no request: {other:?}"),
        }
    }

    fn respond(&mut self, id: TransactionId, request: &Message, status: u16) -> Vec<Did> {
        let status = StatusCode::new(status).unwrap();
        let response = Builder::reply(request, status, Some("ours")).build().unwrap();
        self.layer.respond(self.now, id, &response).unwrap();
        self.did()
    }

    fn send(&mut self, method: &Method) -> (TransactionId, Message) {
        let request = Builder::request(method, "sip:anna@192.0.2.7:5062")
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, "<sip:pbx@192.0.2.1>;tag=us")
            .header(HeaderName::To, "<sip:anna@192.0.2.1>")
            .header(HeaderName::CallId, "out1")
            .header(HeaderName::CSeq, format_args!("1 {method}"))
            .header(HeaderName::Contact, "<sip:pbx@192.0.2.1>");
        let id = self.layer.send_request(self.now, flow(), request).unwrap();
        let mut outputs = self.raw();
        match (outputs.pop(), outputs.len()) {
            (Some(Output::Transmit { payload, .. }), 0) => (id, Message::parse(payload).unwrap()),
            other => panic!("not sent: {other:?}"),
        }
    }

    /// The far end answers a request of ours.
    fn answer(&mut self, request: &Message, status: u16, tag: &str) -> Vec<Did> {
        let status = StatusCode::new(status).unwrap();
        let message = Builder::reply(request, status, Some(tag)).build().unwrap();
        self.layer.handle(self.now, Input::Received { flow: flow(), message });
        self.did()
    }

    fn assert_clean(&self) {
        assert!(self.layer.table.is_clean(), "{:?}", self.layer.table);
        assert_eq!(self.layer.poll_timeout(), None);
        assert!(self.layer.ended.is_empty());
    }
}

fn flow() -> Flow {
    Flow::udp(US.into(), PHONE.into())
}

fn tcp(connection: u64) -> Flow {
    Flow { transport: Transport::Tcp, connection: Some(ConnectionId(connection)), ..flow() }
}

fn parse(text: &str) -> Message {
    Message::parse(text.replace('\n', "\r\n").into_bytes()).unwrap()
}

fn describe(output: &Output) -> Did {
    match output {
        Output::Transmit { payload, .. } => Sent(start(&Message::parse(payload.clone()).unwrap())),
        Output::Event(event) => Told(match event {
            Event::Request { request, .. } => format!("request {}", start(request)),
            Event::Response { response, .. } => format!("response {}", start(response)),
            Event::StrayResponse { response, .. } => format!("stray {}", start(response)),
            Event::Ack { invite, .. } if invite.is_some() => "ack of ours".into(),
            Event::Ack { .. } => "ack".into(),
            Event::Cancel { .. } => "cancel".into(),
            Event::Unacknowledged { .. } => "unacknowledged".into(),
            Event::Timeout { .. } => "timeout".into(),
            Event::TransportError { .. } => "transport error".into(),
            Event::Terminated { .. } => "terminated".into(),
        }),
    }
}

/// `METHOD` or `CODE METHOD`.
fn start(message: &Message) -> String {
    match message.status() {
        Some(status) => format!("{status} {}", message.method()),
        None => message.method().to_string(),
    }
}

fn sent(text: &str) -> Did {
    Sent(text.into())
}

fn told(text: &str) -> Did {
    Told(text.into())
}

fn request(method: &str, branch: &str, to: &str) -> String {
    format!(
        "{method} sip:102@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.7:5062;branch={branch};rport\n\
         Max-Forwards: 70\nFrom: <sip:anna@192.0.2.1>;tag=hers\nTo: <sip:102@192.0.2.1>{to}\n\
         Call-ID: in1\nCSeq: 7 {method}\nContent-Length: 0\n\n"
    )
}

fn invite() -> String {
    request("INVITE", "z9hG4bKa", "")
}

#[test]
fn a_request_is_told_once_and_its_answer_repeated() {
    let mut bench = Bench::new();
    let (id, options) = bench.request(&request("OPTIONS", "z9hG4bKa", ""));
    assert_eq!(bench.receive(&request("OPTIONS", "z9hG4bKa", "")), []);
    assert_eq!(bench.respond(id, &options, 200), [sent("200 OPTIONS")]);
    assert_eq!(bench.receive(&request("OPTIONS", "z9hG4bKa", "")), [sent("200 OPTIONS")]);
    assert_eq!(bench.tick(), Some((32_000, vec![told("terminated")])));
    bench.assert_clean();
}

#[test]
fn responses_go_where_the_request_came_from() {
    let mut bench = Bench::new();
    let behind_nat = invite().replace("192.0.2.7:5062", "10.0.0.9:5060");
    let (id, invite) = bench.request(&behind_nat);
    let via = invite.top_via();
    assert_eq!(via.received(), Some([192, 0, 2, 7].into()));
    assert_eq!(via.rport(), Some(Some(5062)));
    let response = Builder::reply(&invite, StatusCode::RINGING, Some("ours")).build().unwrap();
    bench.layer.respond(bench.now, id, &response).unwrap();
    let outputs = bench.raw();
    assert!(matches!(&outputs[..], [Output::Transmit { flow: f, .. }] if *f == flow()));

    // Without rport the port is that of the Via, the address still that of the packet.
    let mut bench = Bench::new();
    let old = invite.as_bytes().clone();
    let old = String::from_utf8(old.to_vec()).unwrap().replace(";rport=5062", "");
    let old = old.replace(";received=192.0.2.7", ";received=203.0.113.1").replace('\r', "");
    let (id, invite) = bench.request(&old);
    assert_eq!(invite.top_via().received(), Some([192, 0, 2, 7].into()));
    let response = Builder::reply(&invite, StatusCode::RINGING, Some("ours")).build().unwrap();
    bench.layer.respond(bench.now, id, &response).unwrap();
    let to = Flow::udp(US.into(), ([192, 0, 2, 7], 5060).into());
    assert!(matches!(&bench.raw()[..], [Output::Transmit { flow, .. }] if *flow == to));
}

#[test]
fn a_late_user_is_helped_with_a_100() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    assert_eq!(bench.tick(), Some((200, vec![sent("100 INVITE")])));
    assert_eq!(bench.receive(&invite()), [sent("100 INVITE")]);
    assert_eq!(bench.respond(id, &request, 180), [sent("180 INVITE")]);
    assert_eq!(bench.receive(&invite()), [sent("180 INVITE")]);
}

#[test]
fn the_ack_of_a_refusal_goes_no_further() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    assert_eq!(bench.respond(id, &request, 486), [sent("486 INVITE")]);
    assert_eq!(bench.tick(), Some((500, vec![sent("486 INVITE")])));
    let ack = self::request("ACK", "z9hG4bKa", ";tag=ours");
    assert_eq!(bench.receive(&ack), []);
    assert_eq!(bench.receive(&ack), []);
    assert_eq!(bench.tick(), Some((5_500, vec![told("terminated")])));
    bench.assert_clean();
}

#[test]
fn a_2xx_is_repeated_until_its_ack() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    assert_eq!(bench.respond(id, &request, 200), [sent("200 INVITE")]);
    assert_eq!(bench.tick(), Some((500, vec![sent("200 INVITE")])));
    assert_eq!(bench.receive(&invite()), []);
    let forged = self::request("ACK", "z9hG4bKb", ";tag=guess");
    assert_eq!(bench.receive(&forged), [told("ack")]);
    assert_eq!(bench.tick(), Some((1_500, vec![sent("200 INVITE")])));
    let ack = self::request("ACK", "z9hG4bKb", ";tag=ours");
    assert_eq!(bench.receive(&ack), [told("ack of ours")]);
    assert_eq!(bench.receive(&ack), []);
    assert_eq!(bench.tick(), Some((32_000, vec![told("terminated")])));
    bench.assert_clean();
}

/// A 2xx that nobody acknowledges is repeated for 64*T1, then the user is asked to say BYE.
#[test]
fn h28_bye_after_64_t1_without_ack() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    bench.respond(id, &request, 200);
    let mut times = Vec::new();
    let last = loop {
        let (at, did) = bench.tick().unwrap();
        if did != [sent("200 INVITE")] {
            break (at, did);
        }
        times.push(at);
    };
    assert_eq!(times.len(), 10);
    assert_eq!(last, (32_000, vec![told("unacknowledged"), told("terminated")]));
    bench.assert_clean();
}

/// Seven copies of an INVITE are one call.
#[test]
fn h28_invite_seven_times_is_one_call() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    for _ in 0..6 {
        assert_eq!(bench.receive(&invite()), []);
    }
    assert_eq!(bench.respond(id, &request, 200), [sent("200 INVITE")]);
    assert_eq!(bench.layer.transactions(), (0, 1));
}

#[test]
fn a_cancel_is_answered_and_told_once() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    bench.respond(id, &request, 180);
    let cancel = self::request("CANCEL", "z9hG4bKa", "");
    assert_eq!(bench.receive(&cancel), [sent("200 CANCEL"), told("cancel")]);
    assert_eq!(bench.receive(&cancel), [sent("200 CANCEL")]);
    assert_eq!(bench.respond(id, &request, 487), [sent("487 INVITE")]);
    assert_eq!(bench.receive(&cancel), [sent("200 CANCEL")]);
}

/// The answer to a CANCEL has the tag of the INVITE's answers (RFC 3261 section 9.2).
#[test]
fn a_cancel_is_answered_with_the_tag_of_its_invite() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    bench.respond(id, &request, 180);
    let message = parse(&self::request("CANCEL", "z9hG4bKa", ""));
    bench.layer.handle(bench.now, Input::Received { flow: flow(), message });
    let outputs = bench.raw();
    let Output::Transmit { payload, .. } = &outputs[0] else { panic!("{outputs:?}") };
    assert_eq!(Message::parse(payload.clone()).unwrap().to_tag(), Some("ours"));
}

/// CANCEL crossing 200: the session stands, and the canceller has to hang up by BYE.
#[test]
fn h28_cancel_crossing_200_as_server() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    bench.respond(id, &request, 200);
    let cancel = self::request("CANCEL", "z9hG4bKa", "");
    assert_eq!(bench.receive(&cancel), [sent("200 CANCEL")]);
}

/// A CANCEL needs the branch of the INVITE and its source.
#[test]
fn h24_cancel_from_elsewhere() {
    let mut bench = Bench::new();
    bench.request(&invite());
    let cancel = self::request("CANCEL", "z9hG4bKa", "");
    let stranger = Flow::udp(US.into(), ([198, 51, 100, 66], 5062).into());
    assert_eq!(bench.receive_on(stranger, &cancel), [sent("481 CANCEL")]);
    let guess = self::request("CANCEL", "z9hG4bKguess", "");
    assert_eq!(bench.receive(&guess), [sent("481 CANCEL")]);
    assert_eq!(bench.receive(&cancel), [sent("200 CANCEL"), told("cancel")]);
}

/// The same request by two ways is one request (RFC 3261 section 8.2.2.2).
#[test]
fn a_merged_request_gets_482() {
    let mut bench = Bench::new();
    bench.request(&invite());
    let merged = self::request("INVITE", "z9hG4bKother", "");
    assert_eq!(bench.receive(&merged), [sent("482 INVITE")]);
    assert_eq!(bench.layer.transactions(), (0, 1));
}

/// A full table refuses at once, keeps nothing, and says when to come back.
#[test]
fn h22_full_table_is_503_without_state() {
    let config = LayerConfig { max_servers_per_address: 1, ..LayerConfig::default() };
    let mut bench = Bench::with(config);
    bench.request(&invite());
    let mut next = self::request("INVITE", "z9hG4bKnext", "").replace("in1", "in2");
    let message = parse(&next);
    bench.layer.handle(bench.now, Input::Received { flow: flow(), message });
    let outputs = bench.raw();
    let [Output::Transmit { payload, .. }] = &outputs[..] else { panic!("{outputs:?}") };
    let response = Message::parse(payload.clone()).unwrap();
    assert_eq!(response.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(response.text(HeaderName::RetryAfter), Some("5"));
    // Its ACK finds nothing and hurts nobody; another address still gets in.
    next = next.replace("INVITE", "ACK");
    assert_eq!(bench.receive(&next), [told("ack")]);
    let other = Flow::udp(US.into(), ([192, 0, 2, 8], 5060).into());
    let text = self::request("INVITE", "z9hG4bKthird", "").replace("in1", "in3");
    assert_eq!(bench.receive_on(other, &text), [told("request INVITE")]);
    assert_eq!(bench.layer.transactions(), (0, 2));
}

/// A challenge to a stranger leaves no state and is sent once for each request that arrives.
#[test]
fn h22_stateless_challenge_keeps_nothing() {
    let mut bench = Bench::new();
    let mut tags = Vec::new();
    for _ in 0..3 {
        let (id, request) = bench.request(&invite());
        let tag = bench.layer.stateless_tag(&request);
        let status = StatusCode::UNAUTHORIZED;
        let response = Builder::reply(&request, status, Some(&tag)).build().unwrap();
        bench.layer.respond_stateless(id, &response).unwrap();
        assert_eq!(bench.did(), [sent("401 INVITE"), told("terminated")]);
        tags.push(tag);
        bench.assert_clean();
    }
    tags.dedup();
    assert_eq!(tags.len(), 1);
}

#[test]
fn a_stateless_answer_is_final_and_no_success() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    for status in [180, 200] {
        let status = StatusCode::new(status).unwrap();
        let response = Builder::reply(&request, status, Some("t")).build().unwrap();
        let result = bench.layer.respond_stateless(id, &response);
        assert_eq!(result, Err(RespondError::NotAResponse));
    }
    assert_eq!(bench.layer.respond(bench.now, id, &request), Err(RespondError::NotAResponse));
    let unknown = bench.layer.respond_stateless(TransactionId(99), &request);
    assert_eq!(unknown, Err(RespondError::NotAResponse));
}

#[test]
fn our_request_is_repeated_answered_and_forgotten() {
    let mut bench = Bench::new();
    let (_, options) = bench.send(&Method::Options);
    assert_eq!(options.top_via().rport(), Some(None));
    assert_eq!(options.as_bytes().windows(4).filter(|w| w == b"Via:").count(), 1);
    assert_eq!(bench.tick(), Some((500, vec![sent("OPTIONS")])));
    assert_eq!(bench.answer(&options, 200, "hers"), [told("response 200 OPTIONS")]);
    assert_eq!(bench.answer(&options, 200, "hers"), []);
    assert_eq!(bench.tick(), Some((5_500, vec![told("terminated")])));
    assert_eq!(bench.answer(&options, 200, "hers"), []);
    bench.assert_clean();
}

#[test]
fn a_refusal_of_our_invite_is_acknowledged_on_its_branch() {
    let mut bench = Bench::new();
    let (_, invite) = bench.send(&Method::Invite);
    assert_eq!(bench.answer(&invite, 180, "hers"), [told("response 180 INVITE")]);
    let expected = [sent("ACK"), told("response 486 INVITE")];
    assert_eq!(bench.answer(&invite, 486, "hers"), expected);
    let message = Builder::reply(&invite, StatusCode::BUSY_HERE, Some("hers")).build().unwrap();
    bench.layer.handle(bench.now, Input::Received { flow: flow(), message });
    let outputs = bench.raw();
    let [Output::Transmit { payload, .. }] = &outputs[..] else { panic!("{outputs:?}") };
    let ack = Message::parse(payload.clone()).unwrap();
    assert_eq!(ack.branch(), invite.branch());
    assert_eq!(ack.to_tag(), Some("hers"));
    assert_eq!(ack.cseq().to_string(), "1 ACK");
    assert_eq!(ack.request_uri_str(), invite.request_uri_str());
}

fn ack_for(tag: &str) -> Builder {
    Builder::request(&Method::Ack, "sip:anna@192.0.2.7:5062")
        .header(HeaderName::MaxForwards, 70)
        .header(HeaderName::From, "<sip:pbx@192.0.2.1>;tag=us")
        .header(HeaderName::To, format_args!("<sip:anna@192.0.2.1>;tag={tag}"))
        .header(HeaderName::CallId, "out1")
        .header(HeaderName::CSeq, "1 ACK")
}

/// A 2xx that comes again, because our ACK was lost, has the ACK sent again by itself; each fork
/// has its own.
#[test]
fn h28_lost_ack_is_sent_again() {
    let mut bench = Bench::new();
    let (id, invite) = bench.send(&Method::Invite);
    assert_eq!(bench.answer(&invite, 200, "one"), [told("response 200 INVITE")]);
    // The user thinks for a while.
    assert_eq!(bench.answer(&invite, 200, "one"), []);
    bench.layer.send_ack(Some(id), flow(), ack_for("one")).unwrap();
    assert_eq!(bench.did(), [sent("ACK")]);
    assert_eq!(bench.answer(&invite, 200, "one"), [sent("ACK")]);
    assert_eq!(bench.answer(&invite, 200, "two"), [told("response 200 INVITE")]);
    bench.layer.send_ack(Some(id), flow(), ack_for("two")).unwrap();
    bench.did();
    assert_eq!(bench.answer(&invite, 200, "two"), [sent("ACK")]);
    assert_eq!(bench.answer(&invite, 200, "one"), [sent("ACK")]);
    assert_eq!(bench.tick(), Some((32_000, vec![told("terminated")])));
    bench.assert_clean();
    // After the transaction a 2xx is still somebody who waits.
    assert_eq!(bench.answer(&invite, 200, "three"), [told("stray 200 INVITE")]);
}

#[test]
fn a_cancel_waits_for_a_provisional() {
    let mut bench = Bench::new();
    let (id, invite) = bench.send(&Method::Invite);
    bench.layer.cancel(bench.now, id).unwrap();
    assert_eq!(bench.did(), []);
    let expected = [told("response 100 INVITE"), sent("CANCEL")];
    assert_eq!(bench.answer(&invite, 100, "hers"), expected);
    bench.layer.cancel(bench.now, id).unwrap();
    assert_eq!(bench.did(), []);
    // The user hears nothing of the CANCEL's own transaction.
    assert_eq!(bench.tick(), Some((500, vec![sent("CANCEL")])));
    let expected = [sent("ACK"), told("response 487 INVITE")];
    assert_eq!(bench.answer(&invite, 487, "hers"), expected);
    assert_eq!(bench.layer.cancel(bench.now, id), Err(CancelError::Answered));
}

#[test]
fn a_cancelled_invite_without_an_answer_times_out() {
    let mut bench = Bench::new();
    let (id, invite) = bench.send(&Method::Invite);
    bench.answer(&invite, 180, "hers");
    bench.layer.cancel(bench.now, id).unwrap();
    let mut told_things = Vec::new();
    while let Some((at, did)) = bench.tick() {
        told_things.extend(did.into_iter().filter(|did| *did != sent("CANCEL")).map(|d| (at, d)));
    }
    let expected = [told("timeout"), told("terminated")].map(|did| (32_000, did));
    assert_eq!(told_things[..], expected);
    bench.assert_clean();
}

/// A response that belongs to nothing is dropped without a word, whatever it is.
#[test]
fn h11_stray_responses_are_dropped() {
    let mut bench = Bench::new();
    let (_, invite) = bench.send(&Method::Invite);
    let text = String::from_utf8(invite.as_bytes().to_vec()).unwrap();
    let other = text.replace("z9hG4bK", "z9hG4bKx");
    let other = Message::parse(other.into_bytes()).unwrap();
    for status in [100, 180, 302, 404, 500, 603] {
        assert_eq!(bench.answer(&other, status, "t"), []);
    }
    // A 2xx whose Via is not ours, such as one with a broadcast address.
    let foreign = text.replace("192.0.2.1:5060;branch=z9hG4bK", "255.255.255.255;branch=z9hG4bKx");
    let foreign = Message::parse(foreign.into_bytes()).unwrap();
    assert_eq!(bench.answer(&foreign, 200, "t"), []);
}

#[test]
fn a_closed_connection_is_told_to_everyone_on_it() {
    let mut bench = Bench::new();
    let text = invite().replace("UDP", "TCP");
    assert_eq!(bench.receive_on(tcp(1), &text), [told("request INVITE")]);
    let text = request("OPTIONS", "z9hG4bKo", "").replace("UDP", "TCP").replace("in1", "in2");
    assert_eq!(bench.receive_on(tcp(2), &text), [told("request OPTIONS")]);
    bench.layer.handle(bench.now, Input::FlowClosed { flow: tcp(1) });
    assert_eq!(bench.did(), [told("transport error")]);
    bench.layer.handle(bench.now, Input::FlowClosed { flow: tcp(2) });
    assert_eq!(bench.did(), [told("transport error"), told("terminated")]);
}

/// A request that asks the shell to connect is found by the connection that then carries it.
#[test]
fn a_response_names_the_connection() {
    let mut bench = Bench::new();
    let asked = Flow { connection: None, ..tcp(0) };
    let request = Builder::request(&Method::Invite, "sip:anna@192.0.2.7:5062")
        .header(HeaderName::MaxForwards, 70)
        .header(HeaderName::From, "<sip:pbx@192.0.2.1>;tag=us")
        .header(HeaderName::To, "<sip:anna@192.0.2.1>")
        .header(HeaderName::CallId, "out1")
        .header(HeaderName::CSeq, "1 INVITE");
    bench.layer.send_request(bench.now, asked, request).unwrap();
    let outputs = bench.raw();
    let [Output::Transmit { payload, .. }] = &outputs[..] else { panic!("{outputs:?}") };
    let invite = Message::parse(payload.clone()).unwrap();
    assert_eq!(invite.top_via().transport(), "TCP");
    let message = Builder::reply(&invite, StatusCode::RINGING, Some("hers")).build().unwrap();
    bench.layer.handle(bench.now, Input::Received { flow: tcp(9), message });
    bench.did();
    bench.layer.handle(bench.now, Input::FlowClosed { flow: tcp(9) });
    assert_eq!(bench.did(), [told("transport error"), told("terminated")]);
    bench.assert_clean();
}

/// The connection that was asked for closes before it carried a response.
#[test]
fn a_connection_that_closes_early_is_told_to_who_asked_for_it() {
    let mut bench = Bench::new();
    let asked = Flow { connection: None, ..tcp(0) };
    let elsewhere = Flow { remote: ([192, 0, 2, 99], 5060).into(), ..asked };
    for flow in [asked, elsewhere] {
        let request = Builder::request(&Method::Options, "sip:anna@192.0.2.7:5062")
            .header(HeaderName::From, "<sip:pbx@192.0.2.1>;tag=us")
            .header(HeaderName::To, "<sip:anna@192.0.2.1>")
            .header(HeaderName::CallId, "out1")
            .header(HeaderName::CSeq, "1 OPTIONS");
        bench.layer.send_request(bench.now, flow, request).unwrap();
    }
    bench.did();
    let closed = Flow { local: ([192, 0, 2, 1], 40_000).into(), ..tcp(3) };
    bench.layer.handle(bench.now, Input::FlowClosed { flow: closed });
    assert_eq!(bench.did(), [told("transport error"), told("terminated")]);
    bench.layer.handle(bench.now, Input::TransportError { flow: elsewhere });
    assert_eq!(bench.did(), [told("transport error"), told("terminated")]);
    bench.assert_clean();
}

/// Over a stream a transaction is over with its final response; its request can be read until the
/// user knows that.
#[test]
fn the_request_outlives_its_transaction_until_that_is_told() {
    for method in [Method::Options, Method::Invite] {
        let mut bench = Bench::new();
        let request = Builder::request(&method, "sip:anna@192.0.2.7:5062")
            .header(HeaderName::From, "<sip:pbx@192.0.2.1>;tag=us")
            .header(HeaderName::To, "<sip:anna@192.0.2.1>")
            .header(HeaderName::CallId, "out1")
            .header(HeaderName::CSeq, format_args!("1 {method}"));
        let id = bench.layer.send_request(bench.now, tcp(1), request).unwrap();
        bench.did();
        let sent = bench.layer.sent(id).unwrap();
        let message = Builder::reply(sent, StatusCode::UNAUTHORIZED, Some("t")).build().unwrap();
        bench.layer.handle(bench.now, Input::Received { flow: tcp(1), message });
        loop {
            match bench.layer.poll_output() {
                Some(Output::Event(Event::Terminated { .. })) => break,
                Some(_) => assert!(bench.layer.sent(id).is_some()),
                None => panic!("not told"),
            }
        }
        assert!(bench.layer.sent(id).is_none());
        bench.assert_clean();
    }
}

/// An RFC 2543 sender has no branch, or one without the magic cookie.
#[test]
fn rfc_2543_senders_are_matched_without_a_branch() {
    let mut bench = Bench::new();
    let old = |method: &str, to: &str| request(method, "x", to).replace(";branch=x", "");
    let (id, request) = bench.request(&old("INVITE", ""));
    assert_eq!(bench.respond(id, &request, 404), [sent("404 INVITE")]);
    assert_eq!(bench.receive(&old("INVITE", "")), [sent("404 INVITE")]);
    assert_eq!(bench.receive(&old("ACK", ";tag=ours")), []);
    assert_eq!(bench.tick(), Some((5_000, vec![told("terminated")])));
    bench.assert_clean();
}

#[test]
fn our_own_table_is_bounded_too() {
    let mut bench = Bench::with(LayerConfig { max_clients: 0, ..LayerConfig::default() });
    let result = bench.layer.send_request(bench.now, flow(), ack_for("x"));
    assert_eq!(result, Err(SendError::Full));
    let mut bench = Bench::new();
    let result = bench.layer.send_request(bench.now, flow(), ack_for("x"));
    assert_eq!(result, Err(SendError::NoTransaction(Method::Ack)));
    assert_eq!(bench.did(), []);
}

/// A session that is over needs no ACK: the BYE of either side ends the repetition of its 2xx, but
/// not one that is refused, which anybody may have sent.
#[test]
fn h28_a_bye_ends_the_repetition_of_a_2xx() {
    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    bench.respond(id, &request, 200);
    let other = self::request("BYE", "z9hG4bKx", ";tag=other").replace("CSeq: 7", "CSeq: 8");
    assert_eq!(bench.receive(&other), [told("request BYE")]);
    assert_eq!(bench.tick(), Some((500, vec![sent("200 INVITE")])));
    let bye = self::request("BYE", "z9hG4bKb", ";tag=ours").replace("CSeq: 7", "CSeq: 9");
    let (id, bye) = bench.request(&bye);
    bench.respond(id, &bye, 403);
    assert_eq!(bench.tick(), Some((1_500, vec![sent("200 INVITE")])));
    let bye = self::request("BYE", "z9hG4bKc", ";tag=ours").replace("CSeq: 7", "CSeq: 10");
    let (id, bye) = bench.request(&bye);
    bench.respond(id, &bye, 200);
    assert_eq!(bench.tick().map(|(at, _)| at), Some(32_000));

    let mut bench = Bench::new();
    let (id, request) = bench.request(&invite());
    bench.respond(id, &request, 200);
    let bye = Builder::request(&Method::Bye, "sip:anna@192.0.2.7")
        .header(HeaderName::From, "<sip:102@192.0.2.1>;tag=ours")
        .header(HeaderName::To, "<sip:anna@192.0.2.1>;tag=hers")
        .header(HeaderName::CallId, "in1")
        .header(HeaderName::CSeq, "1 BYE");
    bench.layer.send_request(bench.now, tcp(1), bye).unwrap();
    bench.did();
    let ends = vec![told("timeout"), told("terminated"), told("terminated")];
    let (at, mut did) = bench.tick().unwrap();
    did.sort_by_key(|did| *did != told("timeout"));
    assert_eq!((at, did), (32_000, ends));
    bench.assert_clean();
}
