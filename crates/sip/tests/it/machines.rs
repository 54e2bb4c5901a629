//! The machines above the transactions, under any order of what happens to them.

use std::time::Duration;

use proptest::prelude::*;
use switchboard_sip::dialog::Dialog;
use switchboard_sip::reliable::{self, Provisionals};
use switchboard_sip::session_timer::{self, SessionTimer, SessionTimerConfig};
use switchboard_sip::subscription::{self, Notifier, NotifierConfig, Package, Packages, Reason};
use switchboard_sip::transaction::TimerConfig;
use switchboard_sip::{Builder, HeaderName, Message, Method, RAck, StatusCode};
use switchboard_testkit::Clock;

fn request(method: &str, headers: &str) -> Message {
    let text = format!(
        "{method} sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
         From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:102@192.0.2.1>\r\nCall-ID: 1\r\n\
         CSeq: 1 {method}\r\nContact: <sip:a@192.0.2.7>\r\n{headers}\r\n"
    );
    Message::parse(text.into_bytes()).unwrap()
}

fn response(request: &Message, status: u16, body: bool) -> Message {
    let reply = Builder::reply(request, StatusCode::new(status).unwrap(), Some("ours"))
        .header(HeaderName::Contact, "<sip:102@192.0.2.1>");
    let reply = if body { reply.body("application/sdp", "v=0") } else { reply };
    reply.build().unwrap()
}

proptest! {
    /// One at a time, numbered without a gap, nothing after the final response, and all of it over
    /// 64 * T1 after the last.
    #[test]
    fn reliable_responses(steps in prop::collection::vec((0..6_u8, any::<bool>(), 0..9_000_u64), 0..40)) {
        let mut clock = Clock::new();
        let invite = request("INVITE", "");
        let mut machine = Provisionals::new(TimerConfig::default(), 0);
        let mut dialog = Dialog::uac(&invite, &response(&invite, 183, false)).unwrap();
        let (mut last, mut open, mut answered) = (0, false, false);
        for (step, body, ms) in steps {
            let now = clock.now();
            match step {
                0 | 1 => _ = machine.respond(now, response(&invite, 180 + u16::from(step) * 3, body)),
                2 => _ = machine.respond(now, response(&invite, 200, body)),
                3 => _ = machine.respond(now, response(&invite, 486, false)),
                4 => {
                    let rseq = last + u32::from(ms % 7 == 0);
                    let rack = RAck { rseq, cseq: 1, method: Method::Invite };
                    let prack = dialog.prack(&rack).first(HeaderName::Via, "SIP/2.0/UDP x;branch=z9hG4bK2");
                    let known = machine.acknowledge(now, &prack.build().unwrap()).is_ok();
                    prop_assert!(!known || rseq == last);
                    open &= !known;
                }
                _ => {
                    clock.advance(Duration::from_millis(ms));
                    machine.handle_timeout(clock.now());
                }
            }
            prop_assert!(machine.poll_timeout().is_none() || machine.is_waiting());
            while let Some(output) = machine.poll_output() {
                let reliable::Output::Respond(sent) = output else { open = false; continue };
                prop_assert!(!answered, "a response after the final one");
                if sent.status().unwrap().is_final() {
                    (answered, open) = (true, false);
                    continue;
                }
                let rseq = sent.number(HeaderName::RSeq).unwrap();
                prop_assert!(rseq == last && open || rseq == last + 1 && !open, "{rseq} after {last}");
                (last, open) = (rseq, true);
            }
        }
        let end = clock.now() + Duration::from_secs(32);
        while let Some(at) = machine.poll_timeout() {
            prop_assert!(at <= end);
            machine.handle_timeout(at);
        }
    }

    /// One NOTIFY at a time, one end, and nothing after it.
    #[test]
    fn subscriptions(steps in prop::collection::vec((0..6_u8, 0..200_000_u64), 0..60)) {
        const SERVED: Packages<'_> = Packages(&[Package { name: "dialog", body: "a/b" }]);
        let mut clock = Clock::new();
        let subscribe = request("SUBSCRIBE", "Event: dialog\r\nExpires: 600\r\n");
        let asked = SERVED.admit(&subscribe, &NotifierConfig::default()).unwrap();
        let reply = Builder::reply(&subscribe, StatusCode::OK, Some("ours"))
            .header(HeaderName::Contact, "<sip:102@192.0.2.1>");
        let (mut notifier, _) = Notifier::accept(clock.now(), &subscribe, asked, reply).unwrap();
        let (mut in_flight, mut ended) = (false, 0);
        for (step, ms) in steps {
            let now = clock.now();
            match step {
                0 => notifier.changed(now),
                1 | 2 if in_flight => {
                    let status = [200, 200, 500, 481][(ms % 4) as usize];
                    notifier.answered(now, StatusCode::new(status).unwrap());
                    in_flight = false;
                }
                3 if ms % 10 == 0 => notifier.terminate(now, Reason::NoResource),
                4 => notifier.set_pending(now, ms % 2 == 0),
                _ => {
                    clock.advance(Duration::from_millis(ms));
                    notifier.handle_timeout(clock.now());
                    let now = clock.now();
                    prop_assert!(notifier.poll_timeout().is_none_or(|at| at > now));
                }
            }
            while let Some(output) = notifier.poll_output() {
                prop_assert_eq!(ended, 0, "something after the end");
                match output {
                    subscription::Output::Notify => {
                        prop_assert!(!in_flight, "two at a time");
                        in_flight = true;
                        let notify = notifier.notify(clock.now(), None);
                        let via = "SIP/2.0/UDP x;branch=z9hG4bK3";
                        prop_assert!(notify.first(HeaderName::Via, via).build().is_ok());
                    }
                    subscription::Output::Ended(_) => ended += 1,
                }
            }
            prop_assert_eq!(notifier.is_over(), ended == 1);
        }
    }

    /// A timer that is due is gone when it has fired, and a session that nobody refreshes ends.
    #[test]
    fn session_timers(steps in prop::collection::vec((0..6_u8, 0..900_u64), 0..40)) {
        let mut clock = Clock::new();
        let mut timer = SessionTimer::new(SessionTimerConfig::default());
        for (step, number) in steps {
            let now = clock.now();
            let value = format!("Session-Expires: {number}\r\nSupported: timer\r\n");
            match step {
                0 => {
                    let invite = request("INVITE", "");
                    let ok = response(&invite, 200, false);
                    let value = format!("{number};refresher=uac");
                    let ok = ok.edit().append(HeaderName::SessionExpires, value).finish().unwrap();
                    timer.receive_response(now, &ok);
                    prop_assert!(timer.is_ours());
                }
                1 => if let Ok(granted) = timer.receive_request(&request("INVITE", &value)) {
                    prop_assert!(granted.interval >= session_timer::MIN_SE);
                    timer.answered(now, granted);
                },
                2 => timer.refresh_failed(now, Duration::from_secs(number)),
                3 if number % 5 == 0 => timer.stop(),
                _ => {
                    clock.advance(Duration::from_secs(number));
                    timer.handle_timeout(clock.now());
                    let now = clock.now();
                    prop_assert!(timer.poll_timeout().is_none_or(|at| at > now));
                }
            }
            while timer.poll_output().is_some() {}
        }
        let (ran, mut expired) = (timer.is_running(), 0);
        while let Some(at) = timer.poll_timeout() {
            timer.handle_timeout(at);
            while let Some(output) = timer.poll_output() {
                expired += usize::from(output == session_timer::Output::Expired);
            }
        }
        prop_assert_eq!(expired, usize::from(ran));
    }
}
