#![no_main]
//! What stands above the transactions, under any operations: reliable provisional responses of both
//! sides, the exchange of requests and offers, session timers, subscriptions of both sides, a
//! client's registration. Beside each machine stands what it promised; after the last operation
//! time runs on, and nothing is left.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use switchboard_sip::dialog::{Carries, Dialog, Exchange, MAX_FORKS, Side};
use switchboard_sip::registration::{self, Registration, RegistrationConfig};
use switchboard_sip::reliable::{self, Acknowledger, MAX_WAITING, Provisionals, Reception};
use switchboard_sip::session_timer::{self, SessionTimer, SessionTimerConfig};
use switchboard_sip::subscription::{
    self, EventName, Notifier, NotifierConfig, Package, Packages, Reason, Subscriber,
    SubscriberConfig,
};
use switchboard_sip::transaction::TimerConfig;
use switchboard_sip::{Builder, HeaderName, Message, Method, RAck, StatusCode};

const SERVED: Packages<'_> = Packages(&[Package { name: "dialog", body: "a/b" }]);
const STATUSES: [u16; 12] = [200, 202, 401, 403, 404, 408, 422, 423, 481, 491, 500, 503];
const METHODS: [Method; 5] =
    [Method::Invite, Method::Update, Method::Prack, Method::Bye, Method::Info];
const VIA: &str = "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK2";

#[derive(Arbitrary, Debug)]
enum Operation {
    /// The called side gives a response to its INVITE.
    Respond {
        last: bool,
        status: u8,
        body: bool,
    },
    /// A PRACK comes to it: `behind` 0 is for the last response.
    Prack {
        behind: u8,
        cseq: u8,
    },
    /// The caller hears a provisional response.
    Hear {
        fork: u8,
        rseq: u8,
        reliable: bool,
    },
    /// A request begins, ends, an offer or an answer passes.
    Begin {
        ours: bool,
        method: u8,
        offer: bool,
    },
    End {
        ours: bool,
        method: u8,
        status: u8,
    },
    OfferBack {
        ours: bool,
    },
    Answer {
        ours: bool,
    },
    /// Of the session timer.
    Asked {
        seconds: u16,
        refresher: u8,
        supported: bool,
        min: u16,
        update: bool,
    },
    Granted {
        status: u8,
        seconds: u16,
        uas: u8,
        min: u16,
    },
    RefreshFailed(u8),
    /// Of somebody's subscription to us.
    Refresh {
        expires: u16,
        cseq: u8,
        event: bool,
    },
    Changed,
    Pending(bool),
    NotifyAnswered(u8),
    Terminate,
    /// Of our subscription to somebody.
    Start,
    Stop,
    SubscribeAnswered {
        behind: u8,
        status: u8,
        expires: u16,
    },
    SubscribeFailed,
    Notified {
        fork: u8,
        state: u8,
        reason: u8,
        expires: u16,
        cseq: u8,
        event: bool,
    },
    /// Of our registration.
    Enrol,
    Leave,
    RegisterAnswered {
        behind: u8,
        status: u8,
        expires: u16,
    },
    RegisterFailed,
    Ways(u8),
    Wait(u16),
}

fn request(method: &str, tag: &str, cseq: u32, headers: &str) -> Message {
    let text = format!(
        "{method} sip:102@192.0.2.1 SIP/2.0\r\nVia: {VIA}\r\nFrom: <sip:a@192.0.2.1>;tag=a\r\n\
         To: <sip:102@192.0.2.1>{tag}\r\nCall-ID: 1\r\nCSeq: {cseq} {method}\r\n\
         Contact: <sip:a@192.0.2.7>\r\n{headers}\r\n"
    );
    Message::parse(text.into_bytes()).expect("sound")
}

fn reply(request: &Message, status: u16, tag: &str) -> Builder {
    let status = StatusCode::new(status).expect("in range");
    Builder::reply(request, status, Some(tag)).header(HeaderName::Contact, "<sip:102@192.0.2.1>")
}

fn status(number: u8) -> StatusCode {
    StatusCode::new(STATUSES[usize::from(number) % STATUSES.len()]).expect("in range")
}

fn side(ours: bool) -> Side {
    if ours { Side::Ours } else { Side::Theirs }
}

/// Requests that a client's machine has sent, the last at the end.
#[derive(Default)]
struct Sent(Vec<Message>);

impl Sent {
    /// One more: with a number above all before it.
    fn push(&mut self, request: Builder) {
        let sent = request.first(HeaderName::Via, VIA).build().expect("sound");
        let same = self.0.iter().filter(|other| other.call_id() == sent.call_id());
        assert!(same.into_iter().all(|other| other.cseq().number < sent.cseq().number));
        self.0.push(sent);
    }

    fn get(&self, behind: u8) -> Option<&Message> {
        self.0.iter().rev().nth(usize::from(behind % 4))
    }

    fn response(&self, behind: u8, code: u8, expires: u16) -> Option<(&Message, Message)> {
        let sent = self.get(behind)?;
        let mut reply = Builder::reply(sent, status(code), Some("theirs"))
            .header(HeaderName::Contact, "<sip:102@192.0.2.1>")
            .header(HeaderName::Expires, expires)
            .header(HeaderName::RetryAfter, expires);
        if status(code).code() == 423 {
            reply = reply.header(HeaderName::MinExpires, expires);
        }
        Some((sent, reply.build().expect("sound")))
    }
}

struct World {
    now: Instant,
    invite: Message,
    called: Provisionals,
    dialog: Dialog,
    rseq: Option<u32>,
    /// Of the called side's last response: not acknowledged yet; and the final one is out.
    open: bool,
    answered: bool,
    caller: Acknowledger,
    heard: BTreeMap<u8, u32>,
    exchange: Exchange,
    timer: SessionTimer,
    notifier: Notifier,
    told: (bool, bool),
    subscriber: Subscriber,
    subscribes: Sent,
    registration: Registration,
    registers: Sent,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let invite = request("INVITE", "", 1, "");
        let ringing = reply(&invite, 183, "ours").build().expect("sound");
        let subscribe = request("SUBSCRIBE", "", 1, "Event: dialog\r\nExpires: 600\r\n");
        let asked = SERVED.admit(&subscribe, &NotifierConfig::default()).expect("served");
        let accepted = reply(&subscribe, 200, "ours");
        let (notifier, _) = Notifier::accept(now, &subscribe, asked, accepted).expect("sound");
        let uri = |text: &str| text.parse().expect("sound");
        let (target, own, contact) = (uri("sip:b@x"), uri("sip:a@x"), uri("sip:a@192.0.2.7"));
        let event = EventName::of(&subscribe).expect("it has one");
        let subscription = SubscriberConfig::new(target, own, contact, event);
        let (provider, own, contact) = (uri("sip:x"), uri("sip:a@x"), uri("sip:a@192.0.2.7"));
        let registration = RegistrationConfig::new(provider, own, contact);
        Self {
            now,
            called: Provisionals::new(TimerConfig::default(), 7),
            dialog: Dialog::uac(&invite, &ringing).expect("sound"),
            invite,
            rseq: None,
            open: false,
            answered: false,
            caller: Acknowledger::default(),
            heard: BTreeMap::new(),
            exchange: Exchange::default(),
            timer: SessionTimer::new(SessionTimerConfig::default()),
            notifier,
            told: (false, false),
            subscriber: Subscriber::new(subscription, [1; 32]),
            subscribes: Sent::default(),
            registration: Registration::new(registration, [2; 32]),
            registers: Sent::default(),
        }
    }

    fn perform(&mut self, operation: Operation) {
        let now = self.now;
        match operation {
            Operation::Respond { last, status: code, body } => {
                let code = match last {
                    true => [200, 202, 302, 486, 503, 603][usize::from(code % 6)],
                    false => [100, 180, 181, 183][usize::from(code % 4)],
                };
                let reply = reply(&self.invite, code, "ours");
                let reply = if body { reply.body("application/sdp", "v=0") } else { reply };
                let taken = self.called.respond(now, reply.build().expect("sound"));
                assert!(taken.is_err() || code > 100);
                assert!(taken.is_err() || !self.answered, "one final response");
            }
            Operation::Prack { behind, cseq } => {
                let rseq = self.rseq.unwrap_or(1).saturating_sub(u32::from(behind % 3));
                let rack = RAck { rseq, cseq: u32::from(cseq % 2) + 1, method: Method::Invite };
                let prack = self.dialog.prack(&rack).first(HeaderName::Via, VIA);
                let (was_open, prack) = (self.open, prack.build().expect("sound"));
                let known = self.called.acknowledge(now, &prack).is_ok();
                if known {
                    assert!(behind % 3 == 0 && cseq % 2 == 0 && (was_open || self.answered));
                    self.open = false;
                }
            }
            Operation::Hear { fork, rseq, reliable } => self.hear(fork, rseq.into(), reliable),
            Operation::Begin { ours, method, offer } => {
                let before = self.exchange;
                let method = &METHODS[usize::from(method) % METHODS.len()];
                let carries = if offer { Carries::Offer } else { Carries::Nothing };
                let begun = self.exchange.begin(side(ours), method, carries);
                let looked_at = matches!(method, Method::Invite | Method::Update | Method::Prack);
                match begun {
                    Ok(()) if offer && looked_at => {
                        assert_eq!(self.exchange.open_offer(), Some(side(ours)));
                        assert_eq!(before.open_offer(), None, "one offer at a time");
                    }
                    Ok(()) => assert_eq!(self.exchange.open_offer(), before.open_offer()),
                    Err(conflict) => {
                        assert_eq!(self.exchange, before);
                        assert!(matches!(conflict.status().code(), 491 | 500));
                    }
                }
            }
            Operation::End { ours, method, status: code } => {
                let method = &METHODS[usize::from(method) % METHODS.len()];
                let before = self.exchange.open_offer();
                self.exchange.end(side(ours), method, status(code));
                let after = self.exchange.open_offer();
                assert!(after == before || after.is_none() && !status(code).is_success());
            }
            Operation::OfferBack { ours } => {
                let before = self.exchange;
                let taken = self.exchange.offer_in_response(side(ours)).is_ok();
                assert_eq!(taken, before.may_offer());
            }
            Operation::Answer { ours } => {
                let open = self.exchange.open_offer();
                let taken = self.exchange.answer(side(ours)).is_ok();
                assert_eq!(taken, open == Some(side(!ours)));
                assert!(!taken || self.exchange.may_offer());
            }
            Operation::Asked { seconds, refresher, supported, min, update } => {
                let refresher =
                    ["", ";refresher=uac", ";refresher=uas"][usize::from(refresher % 3)];
                let supported = if supported { "Supported: timer\r\n" } else { "" };
                let headers = format!(
                    "Session-Expires: {seconds}{refresher}\r\nMin-SE: {min}\r\n{supported}"
                );
                let method = if update { "UPDATE" } else { "INVITE" };
                let asked = request(method, ";tag=ours", 2, &headers);
                match self.timer.receive_request(&asked) {
                    Ok(granted) => {
                        assert!(granted.interval >= session_timer::MIN_SE);
                        let ok = granted.write(reply(&asked, 200, "ours")).build();
                        assert!(ok.expect("sound").header(HeaderName::SessionExpires).is_some());
                        self.timer.answered(now, granted);
                        assert!(self.timer.is_running());
                    }
                    Err(small) => {
                        assert!(!supported.is_empty() && seconds < 90);
                        assert_eq!(small.status().code(), 422);
                    }
                }
            }
            Operation::Granted { status: code, seconds, uas, min } => {
                let refresher = ["", ";refresher=uas", ";refresher=uac"][usize::from(uas % 3)];
                let mut reply = reply(&self.invite, status(code).code(), "theirs")
                    .header(HeaderName::MinSe, min);
                if uas % 4 != 3 {
                    let value = format_args!("{seconds}{refresher}");
                    reply = reply.header(HeaderName::SessionExpires, value);
                }
                let ran = self.timer.is_running();
                let again = self.timer.receive_response(now, &reply.build().expect("sound"));
                assert!(!again || status(code).code() == 422 && min > 90);
                assert!(status(code).is_success() || self.timer.is_running() == ran);
                let request = Builder::reply(&self.invite, StatusCode::OK, None);
                assert!(self.timer.write_request(request).build().is_ok());
            }
            Operation::RefreshFailed(seconds) => {
                self.timer.refresh_failed(now, Duration::from_secs(seconds.into()));
            }
            Operation::Refresh { expires, cseq, event } => {
                let event = if event { "dialog" } else { "presence" };
                let headers = format!("Event: {event}\r\nExpires: {expires}\r\n");
                let again = request("SUBSCRIBE", ";tag=ours", cseq.into(), &headers);
                let over = self.notifier.is_over();
                match self.notifier.refresh(now, &again) {
                    Ok(ok) => assert!(!over && ok.build().is_ok()),
                    Err(refusal) => assert!(refusal.reply(&again).build().is_ok()),
                }
            }
            Operation::Changed => self.notifier.changed(now),
            Operation::Pending(pending) => self.notifier.set_pending(now, pending),
            Operation::NotifyAnswered(code) => {
                if std::mem::take(&mut self.told.0) {
                    self.notifier.answered(now, status(code));
                }
            }
            Operation::Terminate => self.notifier.terminate(now, Reason::NoResource),
            Operation::Start => self.subscriber.start(),
            Operation::Stop => self.subscriber.stop(),
            Operation::SubscribeAnswered { behind, status, expires } => {
                if let Some((sent, response)) = self.subscribes.response(behind, status, expires) {
                    self.subscriber.response(now, sent, &response);
                }
            }
            Operation::SubscribeFailed => self.subscriber.failed(now),
            Operation::Notified { fork, state, reason, expires, cseq, event } => {
                self.notified(fork, state, reason, expires, cseq, event);
            }
            Operation::Enrol => self.registration.handle(now, registration::Input::Start),
            Operation::Leave => self.registration.handle(now, registration::Input::Stop),
            Operation::RegisterAnswered { behind, status, expires } => {
                if let Some((request, response)) = self.registers.response(behind, status, expires)
                {
                    let response = &response;
                    let input = registration::Input::Response { request, response };
                    self.registration.handle(now, input);
                }
            }
            Operation::RegisterFailed => {
                self.registration.handle(now, registration::Input::Failed);
            }
            Operation::Ways(ways) => self.registration.set_ways((ways % 4).into()),
            Operation::Wait(seconds) => self.wait(Duration::from_millis(u64::from(seconds) * 100)),
        }
        self.observe();
    }

    /// In order, each fork for itself, and only so many of them.
    fn hear(&mut self, fork: u8, rseq: u32, reliable: bool) {
        let fork = fork % 20;
        let mut reply = reply(&self.invite, 183, &format!("t{fork}"));
        if reliable {
            reply = reply.header(HeaderName::Require, reliable::OPTION_TAG);
            reply = reply.header(HeaderName::RSeq, rseq);
        }
        let response = reply.build().expect("sound");
        let last = self.heard.get(&fork).copied();
        match self.caller.receive(&response) {
            Reception::New(rack) => {
                assert!(last.is_none_or(|last| rseq == last + 1));
                assert_eq!((rack.rseq, rack.cseq), (rseq, 1));
                self.heard.insert(fork, rseq);
                assert!(self.heard.len() <= MAX_FORKS);
                let mut dialog = Dialog::uac(&self.invite, &response).expect("sound");
                let prack = dialog.prack(&rack).first(HeaderName::Via, VIA).build();
                assert_eq!(prack.expect("sound").rack(), Ok(Some(rack)));
            }
            Reception::Repeated => assert!(last.is_some_and(|last| rseq <= last)),
            Reception::OutOfOrder => assert!(last.is_some_and(|last| rseq > last + 1)),
            Reception::Unreliable => assert!(!reliable),
            Reception::Unusable => assert!(reliable),
        }
    }

    fn notified(&mut self, fork: u8, state: u8, reason: u8, expires: u16, cseq: u8, event: bool) {
        const REASONS: [&str; 8] = [
            "deactivated",
            "probation",
            "rejected",
            "timeout",
            "giveup",
            "noresource",
            "invariant",
            "else",
        ];
        let Some(sent) = self.subscribes.get(fork / 4) else { return };
        let state = match state % 4 {
            0 => "active".to_owned(),
            1 => format!("active;expires={expires}"),
            2 => format!("pending;expires={expires}"),
            _ => {
                let reason = REASONS[usize::from(reason % 8)];
                format!("terminated;reason={reason};retry-after={expires}")
            }
        };
        let notify = Builder::request(&Method::Notify, "sip:a@192.0.2.7")
            .header(HeaderName::Via, VIA)
            .header(HeaderName::From, format_args!("<sip:b@x>;tag=t{}", fork % 3))
            .header(HeaderName::To, format_args!("<sip:a@x>;tag={}", sent.from_tag().unwrap_or("")))
            .copy(sent, HeaderName::CallId)
            .header(HeaderName::CSeq, format_args!("{cseq} NOTIFY"))
            .header(HeaderName::Contact, "<sip:b@192.0.2.1>")
            .header(HeaderName::Event, if event { "dialog" } else { "presence" })
            .header(HeaderName::SubscriptionState, state)
            .build()
            .expect("sound");
        match self.subscriber.notified(self.now, &notify) {
            Ok(reply) => assert!(event && reply.build().is_ok()),
            Err(status) => assert!(matches!(status.code(), 400 | 481 | 500)),
        }
    }

    fn next(&self) -> Option<Instant> {
        let timers = [
            self.called.poll_timeout(),
            self.timer.poll_timeout(),
            self.notifier.poll_timeout(),
            self.subscriber.poll_timeout(),
            self.registration.poll_timeout(),
        ];
        timers.into_iter().flatten().min()
    }

    fn wait(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.called.handle_timeout(self.now);
            self.timer.handle_timeout(self.now);
            self.notifier.handle_timeout(self.now);
            self.subscriber.handle_timeout(self.now);
            self.registration.handle_timeout(self.now);
            assert!(self.next().is_none_or(|next| next > self.now), "a timer stays due");
            self.observe();
        }
        self.now = end;
    }

    fn observe(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.called.poll_output() {
            outputs += 1;
            match output {
                reliable::Output::Respond(sent) => {
                    assert!(!self.answered, "nothing after the final response");
                    if sent.status().is_some_and(StatusCode::is_final) {
                        (self.answered, self.open) = (true, false);
                        continue;
                    }
                    let rseq = sent.number(HeaderName::RSeq).expect("a reliable one");
                    let again = self.open && self.rseq == Some(rseq);
                    let next = !self.open && self.rseq.is_none_or(|last| rseq == last + 1);
                    assert!(again || next, "{rseq} after {:?}", self.rseq);
                    (self.rseq, self.open) = (Some(rseq), true);
                }
                reliable::Output::Event(_) => self.open = false,
            }
        }
        assert!(outputs <= MAX_WAITING + 2);
        assert!(self.called.poll_timeout().is_none() || self.called.is_waiting());
        while let Some(output) = self.timer.poll_output() {
            let expired = output == session_timer::Output::Expired;
            assert_eq!(self.timer.is_running(), !expired);
        }
        while let Some(output) = self.notifier.poll_output() {
            assert!(!self.told.1, "nothing after the end");
            match output {
                subscription::Output::Notify => {
                    assert!(!std::mem::replace(&mut self.told.0, true), "one NOTIFY at a time");
                    let notify = self.notifier.notify(self.now, None);
                    assert!(notify.first(HeaderName::Via, VIA).build().is_ok());
                }
                subscription::Output::Ended(_) => self.told.1 = true,
            }
        }
        assert_eq!(self.notifier.is_over(), self.told.1);
        while let Some(output) = self.subscriber.poll_output() {
            if let subscription::SubscriberOutput::Send(request) = output {
                self.subscribes.push(*request);
            }
        }
        while let Some(output) = self.registration.poll_output() {
            match output {
                registration::Output::Send(request) => self.registers.push(*request),
                registration::Output::Event(registration::Event::Registered { expires }) => {
                    assert!(!expires.is_zero() && self.registration.is_registered(self.now));
                }
                registration::Output::Event(_) => {}
            }
        }
    }

    /// Nobody answers any more, and what we asked for is given up.
    fn finish(mut self) {
        self.subscriber.stop();
        self.subscriber.failed(self.now);
        self.registration.handle(self.now, registration::Input::Stop);
        self.registration.handle(self.now, registration::Input::Failed);
        self.observe();
        assert!(!self.subscriber.is_standing() && self.subscriber.poll_timeout().is_none());
        assert!(!self.registration.is_registered(self.now));
        assert_eq!(self.registration.poll_timeout(), None);
        for ours in [true, false] {
            for method in METHODS {
                self.exchange.end(side(ours), &method, StatusCode::BUSY_HERE);
            }
            let _ = self.exchange.answer(side(ours));
        }
        assert_eq!(self.exchange, Exchange::default());
        self.wait(Duration::from_secs(64));
        assert_eq!(self.called.poll_timeout(), None, "no response is repeated after 64 * T1");
        // A day is the longest that a session or a subscription may last, and a NOTIFY that nobody
        // answers is the last of one.
        self.wait(Duration::from_secs(100_000));
        assert!(!self.timer.is_running());
        if std::mem::take(&mut self.told.0) {
            self.notifier.answered(self.now, StatusCode::REQUEST_TIMEOUT);
            self.observe();
        }
        self.wait(Duration::from_secs(64));
        if std::mem::take(&mut self.told.0) {
            self.notifier.answered(self.now, StatusCode::REQUEST_TIMEOUT);
            self.observe();
        }
        assert!(self.notifier.is_over());
        assert_eq!(self.next(), None);
    }
}

fuzz_target!(|operations: Vec<Operation>| {
    let mut world = World::new();
    for operation in operations.into_iter().take(200) {
        world.perform(operation);
    }
    world.finish();
});
