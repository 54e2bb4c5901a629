//! A notifier and a subscriber, message by message, in virtual time.

use std::time::{Duration, Instant};

use super::*;
use crate::auth::ClientConfig;
use crate::message::{Builder, HeaderName, Message, StatusCode};
use crate::uri::UriBuf;

const S: Duration = Duration::from_secs(1);
const SERVED: Packages<'_> = Packages(&[
    Package { name: dialog_info::PACKAGE, body: dialog_info::BODY },
    Package { name: message_summary::PACKAGE, body: message_summary::BODY },
]);

fn epoch() -> Instant {
    #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
    Instant::now()
}

fn subscribe(extra: &str) -> Message {
    let text = format!(
        "SUBSCRIBE sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
         From: <sip:anna@192.0.2.1>;tag=hers\r\nTo: <sip:102@192.0.2.1>\r\nCall-ID: 1\r\n\
         CSeq: 1 SUBSCRIBE\r\nContact: <sip:anna@192.0.2.7>\r\n{extra}\r\n"
    );
    Message::parse(text.into_bytes()).unwrap()
}

fn accept(now: Instant, request: &Message) -> (Notifier, Message) {
    let asked = SERVED.admit(request, &NotifierConfig::default()).unwrap();
    let reply = Builder::reply(request, StatusCode::OK, Some("ours"))
        .header(HeaderName::Contact, "<sip:192.0.2.1>");
    Notifier::accept(now, request, asked, reply).unwrap()
}

/// The NOTIFY that is due.
fn told(notifier: &mut Notifier, now: Instant) -> Message {
    assert_eq!(notifier.poll_output(), Some(Output::Notify));
    let notify = notifier.notify(now, Some((dialog_info::BODY, "<x/>".into())));
    notify.first(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK9").build().unwrap()
}

fn state(notify: &Message) -> String {
    notify.text(HeaderName::SubscriptionState).unwrap().to_owned()
}

#[test]
fn what_is_not_served() {
    let status = |extra: &str| {
        let request = subscribe(extra);
        let refusal = SERVED.admit(&request, &NotifierConfig::default()).unwrap_err();
        let reply = Builder::reply(&request, refusal.status(), Some("ours"));
        refusal.write(reply).build().unwrap()
    };
    let bad = status("Event: presence\r\n");
    assert_eq!(bad.status(), Some(StatusCode::BAD_EVENT));
    assert_eq!(bad.text(HeaderName::AllowEvents), Some("dialog, message-summary"));
    assert_eq!(status("").status(), Some(StatusCode::BAD_EVENT));
    assert_eq!(status("Event: Dialog\r\n").status(), Some(StatusCode::BAD_EVENT));
    assert_eq!(status("Event: ;\r\n").status(), Some(StatusCode::BAD_REQUEST));
    assert_eq!(status("o: dialog\r\nExpires: soon\r\n").status(), Some(StatusCode::BAD_REQUEST));
    let brief = status("o: dialog\r\nExpires: 59\r\n");
    assert_eq!(brief.status(), Some(StatusCode::INTERVAL_TOO_BRIEF));
    assert_eq!(brief.text(HeaderName::MinExpires), Some("60"));
    let accept = status("o: dialog\r\nAccept: application/pidf+xml, text/*\r\n");
    assert_eq!(accept.status(), Some(StatusCode::NOT_ACCEPTABLE));
    let any =
        subscribe("o: dialog;id=7\r\nAccept: text/plain, application/*\r\nExpires: 999999\r\n");
    let asked = SERVED.admit(&any, &NotifierConfig::default()).unwrap();
    assert_eq!((asked.event.to_string(), asked.expires), ("dialog;id=7".into(), 3600 * S));
}

#[test]
fn changes_are_told_one_at_a_time_and_not_too_often() {
    let epoch = epoch();
    let (mut notifier, ok) = accept(epoch, &subscribe("Event: dialog\r\nExpires: 600\r\n"));
    assert_eq!(ok.text(HeaderName::Expires), Some("600"));
    let first = told(&mut notifier, epoch);
    assert_eq!(state(&first), "active;expires=600");
    assert_eq!(first.to_tag(), Some("hers"));
    assert_eq!(first.request_uri_str(), Some("sip:anna@192.0.2.7"));
    // While the first is on its way, nothing goes out; what changed goes out once.
    notifier.changed(epoch);
    notifier.changed(epoch + 2 * S);
    assert_eq!(notifier.poll_output(), None);
    notifier.answered(epoch + 3 * S, StatusCode::OK);
    let second = told(&mut notifier, epoch + 3 * S);
    assert_eq!((second.cseq().number, notifier.told()), (first.cseq().number + 1, 2));
    notifier.answered(epoch + 3 * S, StatusCode::OK);
    // Too soon.
    notifier.changed(epoch + 3 * S + S / 2);
    assert_eq!(notifier.poll_output(), None);
    assert_eq!(notifier.poll_timeout(), Some(epoch + 4 * S));
    notifier.handle_timeout(epoch + 4 * S);
    assert_eq!(state(&told(&mut notifier, epoch + 4 * S)), "active;expires=596");
    notifier.answered(epoch + 4 * S, StatusCode::OK);
    assert_eq!(notifier.poll_timeout(), Some(epoch + 600 * S));
}

#[test]
fn a_subscription_is_refreshed_expires_and_is_taken_back() {
    let epoch = epoch();
    let (mut notifier, ok) = accept(epoch, &subscribe("Event: dialog\r\nExpires: 100\r\n"));
    told(&mut notifier, epoch);
    notifier.answered(epoch, StatusCode::OK);
    let again = |cseq: u32, extra: &str| {
        let request = subscribe(extra).edit().to_tag("ours").finish().unwrap();
        request.edit().set(HeaderName::CSeq, format!("{cseq} SUBSCRIBE")).finish().unwrap()
    };
    let refreshed = notifier.refresh(epoch + 50 * S, &again(2, "o: dialog\r\nExpires: 200\r\n"));
    let refreshed = refreshed.unwrap().build().unwrap();
    assert_eq!(refreshed.text(HeaderName::Expires), Some("200"));
    assert_eq!(refreshed.text(HeaderName::Contact), ok.text(HeaderName::Contact));
    told(&mut notifier, epoch + 50 * S);
    notifier.answered(epoch + 50 * S, StatusCode::OK);
    for (cseq, extra, status) in [
        (1, "o: dialog\r\n", 500),
        (3, "o: dialog\r\nExpires: 5\r\n", 423),
        (3, "o: presence\r\n", 481),
    ] {
        let request = again(cseq, extra);
        let error = notifier.refresh(epoch + 51 * S, &request).unwrap_err();
        assert_eq!(error.reply(&request).build().unwrap().status().unwrap().code(), status);
    }
    assert_eq!(notifier.poll_timeout(), Some(epoch + 250 * S));
    notifier.handle_timeout(epoch + 250 * S);
    assert_eq!(state(&told(&mut notifier, epoch + 250 * S)), "terminated;reason=timeout");
    notifier.answered(epoch + 250 * S, StatusCode::OK);
    assert_eq!(notifier.poll_output(), Some(Output::Ended(Reason::Timeout)));
    assert!(notifier.is_over() && notifier.poll_timeout().is_none());
    assert!(notifier.refresh(epoch, &again(9, "o: dialog\r\n")).is_err());

    let (mut notifier, _) = accept(epoch, &subscribe("Event: dialog\r\n"));
    told(&mut notifier, epoch);
    // Taken back before the first NOTIFY is answered: the last one comes after it.
    let _ = notifier.refresh(epoch, &again(2, "o: dialog\r\nExpires: 0\r\n")).unwrap();
    assert_eq!(notifier.poll_output(), None);
    notifier.answered(epoch, StatusCode::OK);
    assert_eq!(state(&told(&mut notifier, epoch)), "terminated;reason=timeout");
}

#[test]
fn a_fetch_is_one_notify() {
    let epoch = epoch();
    let (mut notifier, ok) = accept(epoch, &subscribe("Event: message-summary\r\nExpires: 0\r\n"));
    assert_eq!(ok.text(HeaderName::Expires), Some("0"));
    assert_eq!(state(&told(&mut notifier, epoch)), "terminated;reason=timeout");
    assert_eq!(notifier.poll_timeout(), None);
    notifier.answered(epoch, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(notifier.poll_output(), Some(Output::Ended(Reason::Timeout)));
}

#[test]
fn a_subscriber_that_is_gone_is_forgotten_and_one_in_trouble_is_not() {
    let epoch = epoch();
    for (status, over) in [(481, true), (408, true), (404, true), (500, false), (503, false)] {
        let (mut notifier, _) = accept(epoch, &subscribe("Event: dialog\r\n"));
        told(&mut notifier, epoch);
        notifier.answered(epoch, StatusCode::new(status).unwrap());
        assert_eq!(notifier.is_over(), over, "{status}");
        // A late second answer changes nothing.
        notifier.answered(epoch, StatusCode::CALL_DOES_NOT_EXIST);
        assert_eq!(notifier.is_over(), over, "{status}");
    }
    let (mut notifier, _) = accept(epoch, &subscribe("Event: dialog\r\n"));
    told(&mut notifier, epoch);
    notifier.answered(epoch, StatusCode::OK);
    notifier.set_pending(epoch + S, true);
    assert_eq!(state(&told(&mut notifier, epoch + S)), "pending;expires=3599");
    notifier.answered(epoch + S, StatusCode::OK);
    notifier.terminate(epoch + S, Reason::Rejected);
    notifier.terminate(epoch + S, Reason::NoResource);
    assert_eq!(state(&told(&mut notifier, epoch + S)), "terminated;reason=rejected");
}

struct Watcher {
    subscriber: Subscriber,
    now: Instant,
    sent: u32,
}

impl Watcher {
    fn new() -> Self {
        let uri = |text: &str| text.parse::<UriBuf>().unwrap();
        let mut config = SubscriberConfig::new(
            uri("sip:102@192.0.2.1"),
            uri("sip:anna@192.0.2.1"),
            uri("sip:anna@192.0.2.7"),
            EventName::new(dialog_info::PACKAGE),
        );
        config.accept = dialog_info::BODY.to_owned();
        config.expires = 600 * S;
        config.credentials = Some(ClientConfig::new("192.0.2.1", "anna", "secret"));
        Self { subscriber: Subscriber::new(config, [5; 32]), now: epoch(), sent: 0 }
    }

    fn sent(&mut self) -> Message {
        self.sent += 1;
        match self.subscriber.poll_output() {
            Some(SubscriberOutput::Send(request)) => {
                let via = format!("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK{}", self.sent);
                request.first(HeaderName::Via, via).build().unwrap()
            }
            other => panic!("nothing sent: {other:?}"),
        }
    }

    fn event(&mut self) -> SubscriberEvent {
        match self.subscriber.poll_output() {
            Some(SubscriberOutput::Event(event)) => event,
            other => panic!("nothing told: {other:?}"),
        }
    }

    fn answer(&mut self, request: &Message, status: u16, headers: &[(&str, &str)]) {
        let status = StatusCode::new(status).unwrap();
        let mut reply = Builder::reply(request, status, Some("theirs"))
            .header(HeaderName::Contact, "<sip:192.0.2.1>");
        for (name, value) in headers {
            reply = reply.header(*name, value);
        }
        self.subscriber.response(self.now, request, &reply.build().unwrap());
    }

    /// A NOTIFY to the subscription that this request made; the status of its answer.
    fn notify(&mut self, request: &Message, cseq: u32, tag: &str, state: &str) -> u16 {
        let text = format!(
            "NOTIFY sip:anna@192.0.2.7 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKn{cseq}\r\n\
             From: <sip:102@192.0.2.1>;tag={tag}\r\nTo: <sip:anna@192.0.2.1>;tag={}\r\nCall-ID: {}\r\n\
             CSeq: {cseq} NOTIFY\r\nContact: <sip:192.0.2.1>\r\nEvent: dialog\r\n{state}\r\n",
            request.from_tag().unwrap(),
            request.call_id(),
        );
        let notify = Message::parse(text.into_bytes()).unwrap();
        match self.subscriber.notified(self.now, &notify) {
            Ok(reply) => reply.build().unwrap().status().unwrap().code(),
            Err(status) => status.code(),
        }
    }

    fn tick(&mut self) -> Duration {
        let before = self.now;
        self.now = self.subscriber.poll_timeout().unwrap();
        self.subscriber.handle_timeout(self.now);
        self.now - before
    }

    fn standing() -> (Self, Message) {
        let mut watcher = Self::new();
        watcher.subscriber.start();
        let request = watcher.sent();
        watcher.answer(&request, 200, &[("Expires", "600")]);
        assert_eq!(watcher.notify(&request, 1, "theirs", "Subscription-State: active\r\n"), 200);
        assert_eq!(watcher.event(), SubscriberEvent::Active { pending: false });
        (watcher, request)
    }
}

const ACTIVE: &str = "Subscription-State: active;expires=600\r\n";

#[test]
fn subscribes_with_credentials_refreshes_and_stops() {
    let mut watcher = Watcher::new();
    watcher.subscriber.start();
    let first = watcher.sent();
    let challenge = "Digest realm=\"192.0.2.1\", nonce=\"n\", qop=\"auth\", algorithm=MD5";
    watcher.answer(&first, 401, &[("WWW-Authenticate", challenge)]);
    let second = watcher.sent();
    assert!(second.has(HeaderName::Authorization));
    assert_eq!(second.text(HeaderName::Accept), Some(dialog_info::BODY));
    // The NOTIFY overtakes the 2xx.
    assert_eq!(watcher.notify(&second, 1, "theirs", ACTIVE), 200);
    assert_eq!(watcher.event(), SubscriberEvent::Active { pending: false });
    watcher.answer(&second, 200, &[("Expires", "600")]);
    assert!(watcher.subscriber.is_standing());
    assert_eq!(watcher.tick(), 540 * S);
    let refresh = watcher.sent();
    assert_eq!((refresh.to_tag(), refresh.cseq().number), (Some("theirs"), 3));
    assert_eq!(refresh.text(HeaderName::Event), Some("dialog"));
    watcher.answer(&refresh, 200, &[("Expires", "600")]);
    assert_eq!(watcher.notify(&refresh, 2, "theirs", ACTIVE), 200);
    watcher.event();
    watcher.subscriber.stop();
    let last = watcher.sent();
    assert_eq!(last.text(HeaderName::Expires), Some("0"));
    watcher.answer(&last, 200, &[("Expires", "0")]);
    assert_eq!(watcher.event(), SubscriberEvent::Ended { reason: None, retry: None });
    assert_eq!(watcher.notify(&last, 3, "theirs", "Subscription-State: terminated\r\n"), 481);
    assert_eq!(watcher.subscriber.poll_timeout(), None);
}

/// Whatever answers a SUBSCRIBE that was taken back before it had an answer begins nothing.
#[test]
fn what_is_stopped_before_its_answer_stays_stopped() {
    for status in [200, 401, 423, 503] {
        let mut watcher = Watcher::new();
        watcher.subscriber.start();
        let request = watcher.sent();
        watcher.subscriber.stop();
        watcher.answer(&request, status, &[("Min-Expires", "9000"), ("Expires", "600")]);
        watcher.subscriber.failed(watcher.now);
        assert!(watcher.subscriber.poll_output().is_none(), "{status}");
        assert_eq!(watcher.subscriber.poll_timeout(), None, "{status}");
        assert_eq!(watcher.notify(&request, 1, "theirs", ACTIVE), 481);
    }
}

/// The NOTIFY came first, and the answer to the SUBSCRIBE does not come before the refresh would be due: nothing is
/// waited for at a time that is over.
#[test]
fn a_subscribe_without_an_answer_is_not_refreshed() {
    let mut watcher = Watcher::new();
    watcher.subscriber.start();
    let request = watcher.sent();
    assert_eq!(watcher.notify(&request, 1, "theirs", ACTIVE), 200);
    watcher.event();
    while let Some(at) = watcher.subscriber.poll_timeout() {
        watcher.now = at;
        watcher.subscriber.handle_timeout(at);
        assert!(watcher.subscriber.poll_timeout().is_none_or(|next| next > at));
        if watcher.subscriber.poll_output().is_some() {
            break;
        }
    }
}

/// Timer N, RFC 6665 section 4.1.2.4.
#[test]
fn a_subscription_without_a_notify_is_given_up() {
    let mut watcher = Watcher::new();
    watcher.subscriber.start();
    let request = watcher.sent();
    watcher.answer(&request, 202, &[]);
    assert_eq!(watcher.tick(), 32 * S);
    let SubscriberEvent::Refused { status, retry: Some(_) } = watcher.event() else { panic!() };
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    watcher.tick();
    assert_ne!(watcher.sent().call_id(), request.call_id());
}

#[test]
fn foreign_late_and_broken_notifys_are_refused() {
    let (mut watcher, request) = Watcher::standing();
    assert_eq!(watcher.notify(&request, 2, "a-fork", ACTIVE), 481);
    assert_eq!(watcher.notify(&request, 0, "theirs", ACTIVE), 500);
    assert_eq!(watcher.notify(&request, 2, "theirs", ""), 400);
    let foreign = request.edit().set(HeaderName::CallId, "another").finish().unwrap();
    assert_eq!(watcher.notify(&foreign, 2, "theirs", ACTIVE), 481);
    assert!(watcher.subscriber.poll_output().is_none());
}

/// RFC 6665 section 4.1.3, reason by reason.
#[test]
fn what_follows_from_each_end() {
    let end = |state: &str| {
        let (mut watcher, request) = Watcher::standing();
        watcher.now += 30 * S;
        let state = format!("Subscription-State: terminated{state}\r\n");
        assert_eq!(watcher.notify(&request, 2, "theirs", &state), 200);
        let SubscriberEvent::Ended { reason, retry } = watcher.event() else { panic!() };
        (reason, retry, watcher.subscriber.poll_timeout().is_some())
    };
    for text in ["rejected", "noresource", "invariant"] {
        let (reason, retry, again) = end(&format!(";reason={text}"));
        assert_eq!((reason.unwrap().as_str(), retry, again), (text, None, false));
    }
    for text in ["deactivated", "timeout"] {
        let (_, retry, again) = end(&format!(";reason={text}"));
        assert_eq!((retry, again), (Some(Duration::ZERO), true), "{text}");
    }
    let (reason, retry, _) = end(";reason=probation;retry-after=700");
    assert_eq!((reason, retry), (Some(Reason::Probation), Some(700 * S)));
    let (reason, retry, _) = end(";reason=quux");
    assert!(reason.is_none() && retry.unwrap() >= 15 * S);
}

/// A notifier that ends what it has just accepted, over and over, is not asked over and over.
#[test]
fn a_subscription_that_does_not_last_is_tried_again_later() {
    let (mut watcher, request) = Watcher::standing();
    let state = "Subscription-State: terminated;reason=deactivated\r\n";
    watcher.notify(&request, 2, "theirs", state);
    let SubscriberEvent::Ended { retry: Some(retry), .. } = watcher.event() else { panic!() };
    assert!((15 * S..=30 * S).contains(&retry), "{retry:?}");
    watcher.tick();
    let request = watcher.sent();
    watcher.notify(&request, 1, "theirs", ACTIVE);
    watcher.event();
    watcher.notify(&request, 2, "theirs", state);
    let SubscriberEvent::Ended { retry: Some(retry), .. } = watcher.event() else { panic!() };
    assert!((30 * S..=60 * S).contains(&retry), "{retry:?}");
}

#[test]
fn refusals_are_followed_by_what_they_say() {
    let mut watcher = Watcher::new();
    watcher.subscriber.start();
    let request = watcher.sent();
    watcher.answer(&request, 423, &[("Min-Expires", "900")]);
    let request = watcher.sent();
    assert_eq!(request.text(HeaderName::Expires), Some("900"));
    watcher.answer(&request, 423, &[("Min-Expires", "900")]);
    assert!(matches!(watcher.event(), SubscriberEvent::Refused { retry: Some(_), .. }));
    watcher.tick();
    let request = watcher.sent();
    watcher.answer(&request, 489, &[]);
    let refused = SubscriberEvent::Refused { status: StatusCode::BAD_EVENT, retry: None };
    assert_eq!(watcher.event(), refused);
    assert_eq!(watcher.subscriber.poll_timeout(), None);

    // A notifier that has lost the subscription: a new one at once, in a new dialog.
    let (mut watcher, first) = Watcher::standing();
    watcher.tick();
    let refresh = watcher.sent();
    watcher.answer(&refresh, 481, &[]);
    let anew = watcher.sent();
    assert!(anew.to_tag().is_none() && anew.call_id() != first.call_id());
    watcher.subscriber.failed(watcher.now);
    assert!(matches!(watcher.event(), SubscriberEvent::Refused { retry: Some(_), .. }));
    watcher.subscriber.failed(watcher.now);
    assert!(watcher.subscriber.poll_output().is_none());
}
