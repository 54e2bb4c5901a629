//! A scripted SIP phone: transactions and dialogs from the `sip` crate, the script from the test.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use switchboard_media::Codec;
use switchboard_sip::auth::{Algorithm, Client, ClientConfig};
use switchboard_sip::dialog::{Dialog, DialogId};
use switchboard_sip::reliable::{Acknowledger, Reception};
use switchboard_sip::subscription::{
    EventName, Subscriber, SubscriberConfig, SubscriberEvent, SubscriberOutput,
};
use switchboard_sip::transaction::{
    Event, Input, LayerConfig, Output, TransactionId, TransactionLayer,
};
use switchboard_sip::{Builder, Flow, HeaderName, Message, Method, StatusCode};
use switchboard_testkit::{Law, RtpPeer, Say, Voice};

use super::spoken::Spoken;
use super::{PBX, REALM};

/// What a phone does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// Rings until the test says something.
    Ring,
    /// Rings, and answers after this time.
    Answer(Duration),
    /// Refuses.
    Refuse(u16),
    /// Refuses a description whose audio is not RTP/SAVP, and answers one whose audio is.
    InsistOnSrtp,
    /// 183 with audio, until the test says something.
    EarlyMedia,
    /// Says nothing at all.
    Ignore,
    /// Asks for credentials of this realm.
    Challenge(&'static str),
}

/// One call of a phone.
pub struct Call {
    pub invite: Option<TransactionId>,
    pub incoming: Option<(TransactionId, Message)>,
    pub dialog: Option<Dialog>,
    /// The statuses that came, in order, repetitions by the transaction left out.
    pub heard: Vec<u16>,
    pub up: bool,
    pub over: bool,
    /// We have given it up: a 200 that crosses is hung up at once.
    cancelled: bool,
    /// The way that the INVITE which called us came.
    pub via: String,
    /// The INVITE that called us had credentials.
    pub credentials: bool,
    pub rtp: RtpPeer,
    /// The ACKs of 2xx are not sent, but kept here.
    pub hold_acks: bool,
    pub held_acks: Vec<Builder>,
    /// Bodies of NOTIFYs.
    pub notified: Vec<String>,
    answer_at: Option<Instant>,
    sdp_version: u32,
    direction: &'static str,
    late_offer: bool,
    /// The next 2xx makes an offer.
    asks: bool,
    acknowledger: Acknowledger,
    /// The last provisional response.
    pub early: Option<Message>,
    /// The 200 described audio.
    pub described: bool,
    uri: String,
    tag: String,
    call_id: String,
}

/// A lamp of a phone: a subscription, and what it was told.
pub struct Lamp {
    pub subscriber: Subscriber,
    pub notified: Vec<Message>,
    pub events: Vec<SubscriberEvent>,
    request: Option<TransactionId>,
}

impl Lamp {
    /// What the last NOTIFY says.
    pub fn shows(&self) -> Vec<String> {
        self.notified.last().map(states).unwrap_or_default()
    }
}

/// What a NOTIFY says of each call; of messages, its first line.
pub fn states(notify: &Message) -> Vec<String> {
    let body = String::from_utf8_lossy(notify.body());
    if let Some(line) = body.lines().next().filter(|line| line.starts_with("Messages")) {
        return vec![line.to_owned()];
    }
    let states = body.split("<state>").skip(1);
    states.filter_map(|rest| rest.split('<').next()).map(str::to_owned).collect()
}

pub struct Phone {
    pub user: String,
    pub lamps: Vec<Lamp>,
    /// Added to our INVITEs and to our 2xx to theirs.
    pub invite_headers: Vec<(&'static str, String)>,
    pub answer_headers: Vec<(&'static str, String)>,
    /// No PRACKs are sent; or PRACKs without the answer to an offer.
    pub ignores_reliable: bool,
    pub answers_nothing: bool,
    /// Provisional responses are sent reliably.
    pub reliable: bool,
    /// RAck of the PRACKs that came.
    pub pracks: Vec<String>,
    /// Re-INVITEs and UPDATEs that came, by method and Session-Expires; answered 200 with this
    /// status instead if set.
    pub refreshed: Vec<String>,
    pub refresh_status: u16,
    /// Headers of the last INVITE that called us.
    pub called_with: Option<Message>,
    /// Text messages that came, and what they are answered; 0: nothing.
    pub texts: Vec<Message>,
    pub texts_status: u16,
    /// A text message that is written anew with credentials when it is challenged.
    writing: Option<(TransactionId, [String; 3])>,
    /// NOTIFYs are not answered.
    pub ignores_notify: bool,
    pub address: SocketAddr,
    pub called: Called,
    pub calls: Vec<Call>,
    /// Payload types, best first.
    pub codecs: Vec<u8>,
    /// Final statuses of REGISTER and of anything else outside calls.
    pub statuses: Vec<u16>,
    /// Raw answers, for comparing octets.
    pub answers: Vec<Message>,
    pub layer: TransactionLayer,
    password: String,
    register: Option<(TransactionId, u32, u32)>,
    register_call_id: String,
    seed: u64,
    pub from: Option<String>,
    pub say: Say,
    /// Said in place of our description.
    pub sdp_override: Option<String>,
    /// The digest algorithms that it knows.
    pub algorithms: Vec<Algorithm>,
    /// Asks for credentials of this realm when it is hung up.
    pub challenges_bye: Option<&'static str>,
    /// Whether each BYE had credentials.
    pub byes: Vec<bool>,
    /// The direction of the early audio's description.
    pub early_direction: Option<&'static str>,
    /// Contacts that were registered with us.
    pub registered: Vec<String>,
    /// For how long each time; 0 takes it back.
    pub register_expires: Vec<u32>,
    /// Behind our Contact URI.
    pub contact_suffix: String,
}

fn seed(of: u64) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&of.to_le_bytes());
    seed
}

impl Phone {
    pub fn new(user: &str, password: &str, address: SocketAddr, of: u64) -> Self {
        let mut layer = TransactionLayer::new(LayerConfig::default(), seed(of));
        let register_call_id = layer.identifiers().call_id();
        Self {
            user: user.to_owned(),
            lamps: Vec::new(),
            invite_headers: Vec::new(),
            answer_headers: Vec::new(),
            reliable: false,
            ignores_reliable: false,
            answers_nothing: false,
            pracks: Vec::new(),
            refreshed: Vec::new(),
            refresh_status: 200,
            called_with: None,
            ignores_notify: false,
            texts: Vec::new(),
            texts_status: 200,
            writing: None,
            password: password.to_owned(),
            address,
            called: Called::Ring,
            calls: Vec::new(),
            codecs: vec![8, 0, 101],
            statuses: Vec::new(),
            answers: Vec::new(),
            layer,
            register: None,
            register_call_id,
            seed: of,
            from: None,
            say: Say::Silence,
            sdp_override: None,
            algorithms: Algorithm::ALL.to_vec(),
            challenges_bye: None,
            byes: Vec::new(),
            early_direction: None,
            registered: Vec::new(),
            register_expires: Vec::new(),
            contact_suffix: String::new(),
        }
    }

    fn flow(&self) -> Flow {
        Flow::udp(self.address, PBX)
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}{}>", self.user, self.address, self.contact_suffix)
    }

    fn address_of_record(&self) -> String {
        self.from.clone().unwrap_or_else(|| format!("<sip:{}@{REALM}>", self.user))
    }

    /// Registers for so long, or takes it back with 0.
    pub fn register(&mut self, now: Instant, expires: u32) {
        let cseq = self.register.map_or(1, |(_, cseq, _)| cseq + 1);
        let request = self.register_request(cseq, expires);
        let id = self.layer.send_request(now, self.flow(), request).unwrap();
        self.register = Some((id, cseq, expires));
    }

    fn register_request(&mut self, cseq: u32, expires: u32) -> Builder {
        let tag = self.layer.identifiers().tag();
        Builder::request(&Method::Register, format!("sip:{}", PBX.ip()))
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format!("<sip:{}@{REALM}>;tag={tag}", self.user))
            .header(HeaderName::To, format!("<sip:{}@{REALM}>", self.user))
            .header(HeaderName::CallId, &self.register_call_id)
            .header(HeaderName::CSeq, format!("{cseq} REGISTER"))
            .header(HeaderName::Contact, self.contact())
            .header(HeaderName::Expires, expires)
    }

    /// Any request out of the blue.
    pub fn send(&mut self, now: Instant, request: Builder) {
        self.layer.send_request(now, self.flow(), request).unwrap();
    }

    /// Writes a text message, with credentials once they are asked for.
    pub fn write(&mut self, now: Instant, [uri, kind, text]: [&str; 3]) {
        let request = self.request(&Method::Message, uri).body(kind, text.to_owned());
        let id = self.layer.send_request(now, self.flow(), request).unwrap();
        self.writing = Some((id, [uri, kind, text].map(str::to_owned)));
    }

    /// A request outside dialogs, of any method.
    pub fn request(&mut self, method: &Method, uri: &str) -> Builder {
        let (tag, call_id) = (self.layer.identifiers().tag(), self.layer.identifiers().call_id());
        Builder::request(method, uri)
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format!("{};tag={tag}", self.address_of_record()))
            .header(HeaderName::To, format!("<{uri}>"))
            .header(HeaderName::CallId, call_id)
            .header(HeaderName::CSeq, format!("1 {method}"))
            .header(HeaderName::Contact, self.contact())
    }

    /// Calls a number or name of the PBX; what is dialled goes into the URI as it is.
    pub fn dial(&mut self, now: Instant, dialled: &str) {
        self.dial_uri(now, &format!("sip:{dialled}@{PBX}"), false);
    }

    pub fn dial_uri(&mut self, now: Instant, uri: &str, late_offer: bool) {
        let (tag, call_id) = (self.layer.identifiers().tag(), self.layer.identifiers().call_id());
        let mut call = self.new_call(now, uri, tag, call_id);
        call.late_offer = late_offer;
        let request = self.invite_request(&call, 1);
        call.invite = Some(self.layer.send_request(now, self.flow(), request).unwrap());
        self.calls.push(call);
    }

    fn new_call(&self, now: Instant, uri: &str, tag: String, call_id: String) -> Call {
        let number = self.calls.len() as u16;
        let rtp = SocketAddr::new(self.address.ip(), 6_000 + 2 * number);
        let seed = self.seed * 100 + u64::from(number);
        let mut rtp = RtpPeer::with_voice(now, seed, rtp, PBX, self.voice());
        rtp.say(Say::Nothing);
        Call {
            invite: None,
            incoming: None,
            dialog: None,
            heard: Vec::new(),
            up: false,
            over: false,
            cancelled: false,
            via: String::new(),
            credentials: false,
            rtp,
            hold_acks: false,
            held_acks: Vec::new(),
            notified: Vec::new(),
            answer_at: None,
            sdp_version: 1,
            direction: "sendrecv",
            late_offer: false,
            asks: false,
            acknowledger: Acknowledger::default(),
            early: None,
            described: false,
            uri: uri.to_owned(),
            tag,
            call_id,
        }
    }

    fn voice(&self) -> Box<dyn Voice> {
        match self.codecs.iter().find(|codec| [0, 8, 9].contains(*codec)) {
            Some(0) => Box::new(Law::Mu),
            Some(9) => Box::new(Spoken::new(Codec::G722)),
            _ => Box::new(Law::A),
        }
    }

    fn invite_request(&self, call: &Call, cseq: u32) -> Builder {
        let request = Builder::request(&Method::Invite, &call.uri)
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format!("{};tag={}", self.address_of_record(), call.tag))
            .header(HeaderName::To, format!("<{}>", call.uri))
            .header(HeaderName::CallId, &call.call_id)
            .header(HeaderName::CSeq, format!("{cseq} INVITE"))
            .header(HeaderName::Contact, self.contact());
        let headers = self.invite_headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(*name, value));
        if call.late_offer { request } else { request.body("application/sdp", self.sdp(call)) }
    }

    /// Our description: all codecs, or those that the offer has too.
    fn sdp(&self, call: &Call) -> String {
        if let Some(instead) = &self.sdp_override {
            return instead.clone();
        }
        let (rtp, version) = (call.rtp.address(), call.sdp_version);
        let formats: Vec<String> = self.codecs.iter().map(u8::to_string).collect();
        let events =
            if self.codecs.contains(&101) { "a=rtpmap:101 telephone-event/8000\r\n" } else { "" };
        format!(
            "v=0\r\no=- 7 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {formats}\r\n{events}a={direction}\r\n",
            ip = rtp.ip(),
            port = rtp.port(),
            formats = formats.join(" "),
            direction = call.direction,
        )
    }

    /// The last call.
    pub fn call(&mut self) -> &mut Call {
        self.calls.last_mut().expect("a call")
    }

    /// The final status of the last call.
    pub fn status(&self) -> Option<u16> {
        self.calls.last()?.heard.iter().copied().find(|status| *status >= 200)
    }

    pub fn is_up(&self) -> bool {
        self.calls.last().is_some_and(|call| call.up && !call.over)
    }

    pub fn is_over(&self) -> bool {
        self.calls.last().is_some_and(|call| call.over)
    }

    /// Answers the call that rings.
    pub fn answer(&mut self, now: Instant) {
        let at = self.calls.len() - 1;
        self.answer_call(now, at);
    }

    fn answer_call(&mut self, now: Instant, at: usize) {
        let Some((id, invite)) = self.calls[at].incoming.clone() else { return };
        let sdp = self.sdp(&self.calls[at]);
        let mut reply = Builder::reply(&invite, StatusCode::OK, Some(&self.calls[at].tag))
            .header(HeaderName::Contact, self.contact());
        for (name, value) in &self.answer_headers {
            reply = reply.header(*name, value);
        }
        let reply = reply.body("application/sdp", sdp).build().unwrap();
        if self.layer.respond(now, id, &reply).is_err() {
            return;
        }
        let say = self.say;
        let call = &mut self.calls[at];
        let dialog = call.dialog.get_or_insert_with(|| Dialog::uas(&invite, &reply).unwrap());
        dialog.confirm();
        call.incoming = None;
        call.up = true;
        call.talk_to(invite.body(), say);
    }

    /// Refuses the call that rings.
    pub fn refuse(&mut self, now: Instant, status: u16) {
        let call = self.calls.last_mut().unwrap();
        let Some((id, invite)) = call.incoming.take() else { return };
        call.over = true;
        let status = StatusCode::new(status).unwrap();
        let reply = Builder::reply(&invite, status, Some(&call.tag)).build().unwrap();
        self.layer.respond(now, id, &reply).unwrap();
    }

    /// Hangs the last call up: CANCEL or BYE.
    pub fn hang_up(&mut self, now: Instant) {
        let at = self.calls.len() - 1;
        self.hang_up_call(now, at);
    }

    pub fn hang_up_call(&mut self, now: Instant, at: usize) {
        let flow = self.flow();
        let call = &mut self.calls[at];
        if let Some(dialog) = call.dialog.as_mut().filter(|_| call.up) {
            let bye = dialog.request(&Method::Bye);
            self.layer.send_request(now, flow, bye).unwrap();
            call.end();
        } else if let Some(id) = call.invite {
            call.cancelled = true;
            _ = self.layer.cancel(now, id);
        }
    }

    /// Vanishes: no packet from it any more, on any layer.
    pub fn vanish(&mut self) {
        for call in &mut self.calls {
            call.end();
            (call.invite, call.incoming, call.dialog, call.answer_at) = (None, None, None, None);
        }
        self.register = None;
        self.layer = TransactionLayer::new(LayerConfig::default(), seed(self.seed + 9_000));
        self.called = Called::Ignore;
    }

    /// The early dialog of the last call, from a response to our INVITE.
    pub fn begin_dialog(&mut self, response: &Message) {
        let call = self.calls.last_mut().unwrap();
        let invite = self.layer.sent(call.invite.unwrap()).unwrap();
        call.dialog = Some(Dialog::uac(invite, response).unwrap());
    }

    /// Sends a request within the last call.
    pub fn within(&mut self, now: Instant, method: &Method, add: impl FnOnce(Builder) -> Builder) {
        let flow = self.flow();
        let call = self.calls.last_mut().unwrap();
        let request = add(call.dialog.as_mut().unwrap().request(method));
        self.layer.send_request(now, flow, request).unwrap();
    }

    /// Puts the last call on hold or takes it back: `sendonly`, `inactive`, `sendrecv`.
    pub fn reinvite(&mut self, now: Instant, direction: &'static str) {
        let call = self.calls.last_mut().unwrap();
        call.direction = direction;
        call.sdp_version += 1;
        let sdp = self.sdp(self.calls.last().unwrap());
        let flow = self.flow();
        let call = self.calls.last_mut().unwrap();
        let request = call.dialog.as_mut().unwrap().request(&Method::Invite);
        let id = self.layer.send_request(now, flow, request.body("application/sdp", sdp)).unwrap();
        call.invite = Some(id);
    }

    /// Asks the other side to describe its audio anew; the ACK answers.
    pub fn reinvite_without_offer(&mut self, now: Instant) {
        let flow = self.flow();
        let call = self.calls.last_mut().unwrap();
        call.asks = true;
        let request = call.dialog.as_mut().unwrap().request(&Method::Invite);
        call.invite = Some(self.layer.send_request(now, flow, request).unwrap());
    }

    /// Sends the ACKs that were held, in this order.
    pub fn send_acks(&mut self, order: &[usize]) {
        let flow = self.flow();
        for at in order {
            let ack = self.call().held_acks[*at].clone();
            self.layer.send_ack(None, flow, ack).unwrap();
        }
    }

    pub fn refer(&mut self, now: Instant, refer_to: &str) {
        let refer_to = refer_to.to_owned();
        self.within(now, &Method::Refer, |request| request.header(HeaderName::ReferTo, refer_to));
    }

    pub fn refer_call(&mut self, now: Instant, at: usize, refer_to: &str) {
        let flow = self.flow();
        let request = self.calls[at].dialog.as_mut().unwrap().request(&Method::Refer);
        let request = request.header(HeaderName::ReferTo, refer_to);
        self.layer.send_request(now, flow, request).unwrap();
    }

    pub fn info(&mut self, now: Instant, digit: char) {
        let body = format!("Signal={digit}\r\nDuration=160\r\n");
        self.within(now, &Method::Info, |request| request.body("application/dtmf-relay", body));
    }

    /// Lights a lamp for this name or extension.
    pub fn watch(&mut self, now: Instant, of: &str, package: &str) -> usize {
        let uri = |text: String| text.parse().unwrap();
        let contact = format!("sip:{}@{}", self.user, self.address);
        let mut config = SubscriberConfig::new(
            uri(format!("sip:{of}@{}", PBX.ip())),
            uri(format!("sip:{}@{REALM}", self.user)),
            uri(contact),
            EventName::new(package),
        );
        config.expires = Duration::from_secs(600);
        let mut credentials = ClientConfig::new(PBX.ip().to_string(), &self.user, &self.password);
        credentials.realm = REALM.to_owned();
        config.credentials = Some(credentials);
        let mut subscriber =
            Subscriber::new(config, seed(self.seed * 1_000 + self.lamps.len() as u64));
        subscriber.start();
        let (notified, events) = (Vec::new(), Vec::new());
        self.lamps.push(Lamp { subscriber, notified, events, request: None });
        self.settle_lamps(now);
        self.lamps.len() - 1
    }

    /// Puts a lamp out.
    pub fn unwatch(&mut self, now: Instant, at: usize) {
        self.lamps[at].subscriber.stop();
        self.settle_lamps(now);
    }

    fn settle_lamps(&mut self, now: Instant) {
        let flow = self.flow();
        for lamp in &mut self.lamps {
            while let Some(output) = lamp.subscriber.poll_output() {
                match output {
                    SubscriberOutput::Send(request) => {
                        let id = self.layer.send_request(now, flow, *request).unwrap();
                        lamp.request = Some(id);
                    }
                    SubscriberOutput::Event(event) => lamp.events.push(event),
                }
            }
        }
    }

    /// A NOTIFY outside calls.
    fn on_notify(&mut self, now: Instant, id: TransactionId, request: &Message) {
        if self.ignores_notify {
            return;
        }
        let lamps = self.lamps.iter_mut();
        let taken = lamps.filter_map(|lamp| {
            let reply = lamp.subscriber.notified(now, request).ok()?;
            lamp.notified.push(request.clone());
            Some(reply)
        });
        match taken.last() {
            Some(reply) => _ = self.layer.respond(now, id, &reply.build().unwrap()),
            None => self.reply(now, id, request, 481),
        }
        self.settle_lamps(now);
    }

    pub fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.call().rtp.press(key, Duration::from_millis(100));
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let calls = self.calls.iter();
        let calls = calls.flat_map(|call| [call.answer_at, call.rtp_timeout()]).flatten();
        let lamps = self.lamps.iter().filter_map(|lamp| lamp.subscriber.poll_timeout());
        calls.chain(self.layer.poll_timeout()).chain(lamps).min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
        for lamp in &mut self.lamps {
            lamp.subscriber.handle_timeout(now);
        }
        self.settle_lamps(now);
        for at in 0..self.calls.len() {
            if self.calls[at].answer_at.is_some_and(|due| due <= now) {
                self.calls[at].answer_at = None;
                self.answer_call(now, at);
            }
            self.calls[at].rtp.handle_timeout(now);
        }
    }

    /// One SIP datagram.
    pub fn receive(&mut self, now: Instant, payload: Bytes) {
        let message = Message::parse(payload).expect("the PBX sends only messages");
        let flow = self.flow();
        self.layer.handle(now, Input::Received { flow, message });
    }

    /// What goes out, after everything that came in was looked at.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Bytes> {
        loop {
            match self.layer.poll_output()? {
                Output::Transmit { payload, .. } => return Some(payload),
                Output::Event(event) => self.on_event(now, event),
            }
        }
    }

    fn on_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Request { id, request, .. } => self.on_request(now, id, &request),
            Event::Response { id, response, .. } => self.on_response(now, id, &response),
            Event::Cancel { invite, .. } => {
                let found = self
                    .calls
                    .iter_mut()
                    .find(|call| call.incoming.as_ref().is_some_and(|(id, _)| *id == invite));
                if let Some(call) = found
                    && let Some((id, request)) = call.incoming.take()
                {
                    call.over = true;
                    call.answer_at = None;
                    let status = StatusCode::REQUEST_TERMINATED;
                    let reply = Builder::reply(&request, status, Some(&call.tag)).build().unwrap();
                    _ = self.layer.respond(now, id, &reply);
                }
            }
            Event::Ack { request, .. } => {
                let id = DialogId::of_request(&request);
                let say = self.say;
                if let Some(call) = self.calls.iter_mut().find(|call| call.is(id.as_ref()))
                    && !request.body().is_empty()
                {
                    call.talk_to(request.body(), say);
                }
            }
            Event::Timeout { id } | Event::TransportError { id } => {
                if let Some(call) = self.calls.iter_mut().find(|call| call.invite == Some(id)) {
                    call.heard.push(408);
                    call.over = true;
                }
            }
            _ => {}
        }
    }

    fn on_request(&mut self, now: Instant, id: TransactionId, request: &Message) {
        let dialog = DialogId::of_request(request);
        let at = self.calls.iter().position(|call| call.is(dialog.as_ref()));
        let say = self.say;
        match (request.method(), at) {
            (Method::Invite, None) => self.on_invite(now, id, request),
            (Method::Bye, Some(at)) => {
                self.calls[at].end();
                let proven = request.has(HeaderName::Authorization);
                self.byes.push(proven);
                if let Some(realm) = self.challenges_bye.filter(|_| !proven) {
                    let challenge = format!("Digest realm=\"{realm}\", nonce=\"n\", qop=\"auth\"");
                    let reply = Builder::reply(request, StatusCode::UNAUTHORIZED, Some("phone"))
                        .header(HeaderName::WwwAuthenticate, challenge);
                    _ = self.layer.respond(now, id, &reply.build().unwrap());
                    return;
                }
                self.reply(now, id, request, 200);
            }
            (Method::Notify, Some(at)) => {
                let body = String::from_utf8_lossy(request.body()).trim().to_owned();
                self.calls[at].notified.push(body);
                self.reply(now, id, request, 200);
            }
            (Method::Notify, None) => self.on_notify(now, id, request),
            (Method::Update | Method::Invite, Some(at))
                if request.has(HeaderName::SessionExpires) =>
            {
                let asked = request.text(HeaderName::SessionExpires).unwrap();
                self.refreshed.push(format!("{} {asked}", request.method()));
                if self.refresh_status != 200 {
                    return self.reply(now, id, request, self.refresh_status);
                }
                let mut reply = Builder::reply(request, StatusCode::OK, Some("phone"))
                    .header(HeaderName::Contact, self.contact())
                    .header(HeaderName::SessionExpires, asked);
                if !request.body().is_empty() {
                    reply = reply.body("application/sdp", self.sdp(&self.calls[at]));
                }
                _ = self.layer.respond(now, id, &reply.build().unwrap());
            }
            (Method::Prack, _) => {
                self.pracks.push(request.text(HeaderName::RAck).unwrap().to_owned());
                self.reply(now, id, request, 200);
            }
            (Method::Invite, Some(at)) => {
                self.calls[at].talk_to(request.body(), say);
                self.reply(now, id, request, 488);
            }
            (Method::Options, Some(_)) => self.reply(now, id, request, 200),
            (Method::Message, None) => {
                self.texts.push(request.clone());
                if self.texts_status != 0 {
                    self.reply(now, id, request, self.texts_status);
                }
            }
            (Method::Register, _) => {
                let contact = request.text(HeaderName::Contact).unwrap();
                self.registered.push(contact.to_owned());
                let expires = request.number(HeaderName::Expires).unwrap_or(3_600);
                self.register_expires.push(expires);
                let reply = Builder::reply(request, StatusCode::OK, Some("reg"))
                    .header(HeaderName::Contact, format!("{contact};expires={expires}"));
                _ = self.layer.respond(now, id, &reply.build().unwrap());
            }
            _ => self.reply(now, id, request, 481),
        }
    }

    fn reply(&mut self, now: Instant, id: TransactionId, request: &Message, status: u16) {
        let status = StatusCode::new(status).unwrap();
        let reply = Builder::reply(request, status, Some("phone")).build().unwrap();
        _ = self.layer.respond(now, id, &reply);
    }

    fn on_invite(&mut self, now: Instant, id: TransactionId, request: &Message) {
        let tag = self.layer.identifiers().tag();
        let uri = request.request_uri_str().unwrap();
        let mut call = self.new_call(now, uri, tag, request.call_id().to_owned());
        call.via = request.text(HeaderName::Via).unwrap().to_owned();
        call.credentials = request.has(HeaderName::Authorization);
        self.called_with = Some(request.clone());
        let status = match self.called {
            Called::Ignore => return,
            Called::Challenge(realm) => {
                let challenge = format!("Digest realm=\"{realm}\", nonce=\"n\", qop=\"auth\"");
                let reply = Builder::reply(request, StatusCode::UNAUTHORIZED, Some(&call.tag))
                    .header(HeaderName::WwwAuthenticate, challenge);
                _ = self.layer.respond(now, id, &reply.build().unwrap());
                call.over = true;
                self.calls.push(call);
                return;
            }
            Called::Refuse(status) => {
                call.over = true;
                call.incoming = None;
                status
            }
            Called::InsistOnSrtp
                if !String::from_utf8_lossy(request.body()).contains(" RTP/SAVP ") =>
            {
                call.over = true;
                488
            }
            Called::InsistOnSrtp => {
                call.answer_at = Some(now);
                180
            }
            Called::Ring => 180,
            Called::EarlyMedia => 183,
            Called::Answer(after) => {
                call.answer_at = Some(now + after);
                180
            }
        };
        let mut reply = Builder::reply(request, StatusCode::new(status).unwrap(), Some(&call.tag))
            .header(HeaderName::Contact, self.contact());
        if self.reliable && status < 200 {
            reply = reply.header(HeaderName::Require, "100rel").header(HeaderName::RSeq, 41);
        }
        if status == 183 {
            call.direction = self.early_direction.unwrap_or(call.direction);
            reply = reply.body("application/sdp", self.sdp(&call));
            call.talk_to(request.body(), self.say);
        }
        let reply = reply.build().unwrap();
        _ = self.layer.respond(now, id, &reply);
        if status < 200 {
            call.incoming = Some((id, request.clone()));
            call.dialog = Dialog::uas(request, &reply).ok();
        }
        self.calls.push(call);
    }

    fn on_response(&mut self, now: Instant, id: TransactionId, response: &Message) {
        let status = response.status().unwrap().code();
        if let Some(lamp) = self.lamps.iter_mut().find(|lamp| lamp.request == Some(id)) {
            let request = self.layer.sent(id).unwrap();
            lamp.subscriber.response(now, request, response);
            return self.settle_lamps(now);
        }
        if let Some((register, cseq, expires)) = self.register.filter(|(own, ..)| *own == id) {
            let fresh = matches!(status, 401)
                && !self.layer.sent(register).is_some_and(|r| r.has(HeaderName::Authorization));
            if fresh {
                let request = self.register_request(cseq + 1, expires);
                if let Some(request) = self.authorised(register, response, request) {
                    let id = self.layer.send_request(now, self.flow(), request).unwrap();
                    self.register = Some((id, cseq + 1, expires));
                    return;
                }
            }
            self.statuses.push(status);
            self.answers.push(response.clone());
            return;
        }
        if status == 401
            && let Some((_, [uri, kind, text])) = self.writing.take_if(|(own, _)| *own == id)
        {
            let request = self.request(&Method::Message, &uri).body(kind, text);
            let Some(request) = self.authorised(id, response, request) else { return };
            self.layer.send_request(now, self.flow(), request).unwrap();
            return;
        }
        let Some(at) = self.calls.iter().position(|call| call.invite == Some(id)) else {
            if status >= 200 {
                self.statuses.push(status);
                self.answers.push(response.clone());
            }
            return;
        };
        if *response.method() != Method::Invite {
            return;
        }
        match status {
            401 if !self.calls[at].heard.contains(&401) => {
                self.calls[at].heard.push(401);
                let request = self.invite_request(&self.calls[at], 2);
                let Some(request) = self.authorised(id, response, request) else { return };
                let id = self.layer.send_request(now, self.flow(), request).unwrap();
                self.calls[at].invite = Some(id);
                self.calls[at].heard.clear();
            }
            200..=299 => {
                self.on_answer(id, at, response);
                if self.calls[at].cancelled && !self.calls[at].over {
                    self.hang_up_call(now, at);
                }
            }
            _ => {
                let (say, sdp) = (self.say, self.sdp(&self.calls[at]));
                let answers = self.calls[at].late_offer && !response.body().is_empty();
                let call = &mut self.calls[at];
                call.early = Some(response.clone());
                call.heard.push(status);
                if status >= 300 && !call.up {
                    call.over = true;
                }
                if !self.ignores_reliable
                    && let Reception::New(rack) = call.acknowledger.receive(response)
                {
                    let sent = self.layer.sent(id).unwrap();
                    let dialog =
                        call.dialog.get_or_insert_with(|| Dialog::uac(sent, response).unwrap());
                    let prack = dialog.prack(&rack);
                    let prack = match answers && !self.answers_nothing {
                        true => prack.body("application/sdp", sdp),
                        false => prack,
                    };
                    let flow = Flow::udp(self.address, PBX);
                    self.layer.send_request(now, flow, prack).unwrap();
                }
                if status < 200 && !response.body().is_empty() {
                    call.talk_to(response.body(), say);
                }
            }
        }
    }

    fn on_answer(&mut self, id: TransactionId, at: usize, response: &Message) {
        let flow = self.flow();
        let say = self.say;
        let sdp = self.sdp(&self.calls[at]);
        let invite = self.layer.sent(id).cloned();
        let call = &mut self.calls[at];
        call.heard.push(response.status().unwrap().code());
        if call.dialog.is_none() {
            call.dialog = invite.and_then(|invite| Dialog::uac(&invite, response).ok());
        }
        let Some(dialog) = &call.dialog else { return };
        let ack = dialog.ack(response.cseq().number);
        let offered = !response.body().is_empty();
        let answers = std::mem::take(&mut call.asks) || call.late_offer && !call.up && offered;
        call.described = offered;
        let ack = if answers { ack.body("application/sdp", sdp) } else { ack };
        if call.hold_acks {
            call.held_acks.push(ack);
        } else {
            self.layer.send_ack(Some(id), flow, ack).unwrap();
        }
        call.up = true;
        call.talk_to(response.body(), say);
    }

    /// Adds credentials, answering the challenge.
    fn authorised(
        &mut self,
        sent: TransactionId,
        response: &Message,
        request: Builder,
    ) -> Option<Builder> {
        let sent = self.layer.sent(sent)?.clone();
        // A phone answers whatever host it was told to call.
        let host = sent.request_uri().unwrap().host_str().to_owned();
        let mut config = ClientConfig::new(host, &self.user, &self.password);
        config.realm = REALM.to_owned();
        config.algorithms = self.algorithms.clone();
        let answer = Client::new(config).answer(&sent, response, "cnonce").ok()?;
        Some(request.header(answer.name, answer.value.as_str()))
    }

    /// The dialog is another's for the rest: for forged requests.
    pub fn dialog(&mut self) -> &mut Dialog {
        self.call().dialog.as_mut().unwrap()
    }
}

impl Call {
    /// The Request-URI that called us.
    pub fn invited(&self) -> &str {
        &self.uri
    }

    fn is(&self, id: Option<&DialogId>) -> bool {
        match (&self.dialog, id) {
            (Some(dialog), Some(id)) => dialog.id() == id,
            _ => false,
        }
    }

    fn rtp_timeout(&self) -> Option<Instant> {
        if self.over { None } else { self.rtp.poll_timeout() }
    }

    fn end(&mut self) {
        self.over = true;
        self.rtp.say(Say::Nothing);
    }

    /// Sends audio to where the other side's description says.
    fn talk_to(&mut self, sdp: &[u8], say: Say) {
        let text = String::from_utf8_lossy(sdp);
        let field = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
        let (Some(ip), Some(media)) = (field("c=IN IP4 "), field("m=audio ")) else { return };
        let port = media.split(' ').next().unwrap().parse().unwrap();
        self.rtp.set_remote(SocketAddr::new(ip.trim().parse().unwrap(), port));
        if self.direction == "sendrecv" {
            self.rtp.say(say);
        } else {
            self.rtp.say(Say::Nothing);
        }
    }
}
