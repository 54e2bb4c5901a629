use std::time::{Duration, Instant};

use super::*;
use crate::dialog::Dialog;
use crate::message::{Builder, Method, RAck, StatusCode};
use crate::transaction::TimerConfig;

fn epoch() -> Instant {
    #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
    Instant::now()
}

fn invite(extra: &str) -> Message {
    let text = format!(
        "INVITE sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
         From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:102@192.0.2.1>\r\nCall-ID: 1\r\n\
         CSeq: 314 INVITE\r\nContact: <sip:a@192.0.2.7>\r\n{extra}\r\n"
    );
    Message::parse(text.into_bytes()).unwrap()
}

fn response(status: u16, tag: &str, body: &str) -> Message {
    let reply = Builder::reply(&invite(""), StatusCode::new(status).unwrap(), Some(tag))
        .header(HeaderName::Contact, "<sip:102@192.0.2.1>");
    let reply = match body {
        "" => reply,
        body => reply.body("application/sdp", body.to_owned()),
    };
    reply.build().unwrap()
}

fn reliable(rseq: u32, tag: &str) -> Message {
    let response = response(183, tag, "");
    let edit = response.edit().append(HeaderName::Require, "100rel");
    edit.append(HeaderName::RSeq, rseq).finish().unwrap()
}

fn prack(rseq: u32, cseq: u32) -> Message {
    let mut dialog = Dialog::uac(&invite(""), &response(183, "b", "")).unwrap();
    let prack = dialog.prack(&RAck { rseq, cseq, method: Method::Invite });
    prack.first(HeaderName::Via, "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK9").build().unwrap()
}

fn sent(machine: &mut Provisionals) -> Vec<(u16, Option<u32>)> {
    let outputs = std::iter::from_fn(|| machine.poll_output());
    let responses = outputs.filter_map(|output| match output {
        Output::Respond(response) => {
            Some((response.status().unwrap().code(), response.number(HeaderName::RSeq)))
        }
        Output::Event(_) => None,
    });
    responses.collect()
}

#[test]
fn what_the_invite_says_about_it() {
    assert_eq!(Demand::of(&invite("")), Demand::Impossible);
    assert_eq!(Demand::of(&invite("Supported: timer, 100REL\r\n")), Demand::Possible);
    assert_eq!(Demand::of(&invite("k: 100rel\r\nRequire: 100rel\r\n")), Demand::Required);
}

#[test]
fn the_response_is_repeated_doubling_and_given_up_after_64_t1() {
    let epoch = epoch();
    let mut machine = Provisionals::new(TimerConfig::default(), 7);
    machine.respond(epoch, response(183, "b", "v=0")).unwrap();
    assert_eq!(sent(&mut machine), [(183, Some(8))]);
    let (mut times, mut end) = (Vec::new(), None);
    while let Some(at) = machine.poll_timeout() {
        machine.handle_timeout(at);
        match machine.poll_output().unwrap() {
            Output::Respond(again) => {
                assert_eq!(again.number(HeaderName::RSeq), Some(8));
                times.push((at - epoch).as_millis());
            }
            Output::Event(event) => end = Some((event, at - epoch)),
        }
    }
    // No bound of T2: RFC 3262 section 3.
    assert_eq!(times, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert_eq!(end, Some((Event::Unacknowledged, Duration::from_secs(32))));
    // The INVITE is then refused, and that goes out at once.
    machine.respond(epoch, response(504, "b", "")).unwrap();
    assert_eq!(sent(&mut machine), [(504, None)]);
}

#[test]
fn one_at_a_time_and_the_prack_lets_the_next_out() {
    let epoch = epoch();
    let mut machine = Provisionals::new(TimerConfig::default(), 7);
    machine.respond(epoch, response(183, "b", "v=0")).unwrap();
    machine.respond(epoch, response(180, "b", "")).unwrap();
    assert_eq!(sent(&mut machine), [(183, Some(8))]);
    let foreign = [prack(9, 314), prack(8, 313), prack(7, 314)];
    for wrong in foreign {
        assert_eq!(machine.acknowledge(epoch, &wrong), Err(NoMatch::Unknown));
    }
    machine.acknowledge(epoch, &prack(8, 314)).unwrap();
    assert_eq!(sent(&mut machine), [(180, Some(9))]);
    // In a transaction of its own, the same PRACK acknowledges nothing any more.
    let again = machine.acknowledge(epoch, &prack(8, 314));
    assert_eq!(again.unwrap_err().status().code(), 481);
    machine.acknowledge(epoch, &prack(9, 314)).unwrap();
    assert_eq!(machine.poll_timeout(), None);
    machine.respond(epoch, response(200, "b", "")).unwrap();
    assert_eq!(sent(&mut machine), [(200, None)]);
    assert_eq!(machine.respond(epoch, response(180, "b", "")), Err(RefusedResponse::Answered));
}

#[test]
fn a_2xx_waits_for_the_prack_of_a_description_and_a_refusal_does_not() {
    let epoch = epoch();
    let mut machine = Provisionals::new(TimerConfig::default(), 7);
    machine.respond(epoch, response(183, "b", "v=0")).unwrap();
    machine.respond(epoch, response(180, "b", "")).unwrap();
    machine.respond(epoch, response(200, "b", "")).unwrap();
    assert_eq!(machine.respond(epoch, response(180, "b", "")), Err(RefusedResponse::Answered));
    assert_eq!(sent(&mut machine), [(183, Some(8))]);
    machine.acknowledge(epoch, &prack(8, 314)).unwrap();
    // The 180 in between would tell nothing any more.
    assert_eq!(sent(&mut machine), [(200, None)]);

    let mut machine = Provisionals::new(TimerConfig::default(), 7);
    machine.respond(epoch, response(183, "b", "v=0")).unwrap();
    machine.respond(epoch, response(200, "b", "")).unwrap();
    machine.respond(epoch, response(486, "b", "")).unwrap();
    assert_eq!(sent(&mut machine), [(183, Some(8)), (486, None)]);
    assert_eq!(machine.poll_timeout(), None);
}

#[test]
fn a_2xx_does_not_wait_for_a_mere_180_and_its_late_prack_is_still_known() {
    let epoch = epoch();
    let mut machine = Provisionals::new(TimerConfig::default(), 7);
    machine.respond(epoch, response(180, "b", "")).unwrap();
    machine.respond(epoch, response(200, "b", "v=0")).unwrap();
    assert_eq!(sent(&mut machine), [(180, Some(8)), (200, None)]);
    assert_eq!(machine.poll_timeout(), None);
    machine.acknowledge(epoch, &prack(8, 314)).unwrap();
    assert_eq!(machine.acknowledge(epoch, &prack(8, 314)), Err(NoMatch::Unknown));
}

#[test]
fn what_does_not_go_this_way() {
    let epoch = epoch();
    let mut machine = Provisionals::new(TimerConfig::default(), u32::MAX);
    assert_eq!(machine.respond(epoch, response(100, "b", "")), Err(RefusedResponse::NotHere));
    assert_eq!(machine.respond(epoch, invite("")), Err(RefusedResponse::NotHere));
    for _ in 0..=MAX_WAITING {
        machine.respond(epoch, response(180, "b", "")).unwrap();
    }
    assert_eq!(machine.respond(epoch, response(180, "b", "")), Err(RefusedResponse::Full));
    let bare = prack(1, 314).edit().remove(HeaderName::RAck).finish().unwrap();
    assert_eq!(machine.acknowledge(epoch, &bare).unwrap_err().status().code(), 400);
    for entropy in [0, 0x7fff_fffe, 0x7fff_ffff, u32::MAX] {
        let mut machine = Provisionals::new(TimerConfig::default(), entropy);
        machine.respond(epoch, response(180, "b", "")).unwrap();
        let first = sent(&mut machine)[0].1.unwrap();
        assert!((1..0x8000_0000).contains(&first), "{first}");
    }
}

/// A called side that sends them on and on does not get a PRACK, and a transaction, for each.
#[test]
fn h22_a_flood_of_reliable_responses_is_bounded() {
    let mut machine = Acknowledger::default();
    let new = |rseq: &u32| matches!(machine.receive(&reliable(*rseq, "b")), Reception::New(_));
    assert_eq!((1..10_000).take_while(new).count(), 128);
    assert_eq!(machine.receive(&reliable(1, "c")), Reception::Unusable);
    assert_eq!(machine.receive(&reliable(128, "b")), Reception::Repeated);
    // The highest number there is comes after nothing.
    let mut machine = Acknowledger::default();
    assert!(matches!(machine.receive(&reliable(u32::MAX, "b")), Reception::New(_)));
    assert_eq!(machine.receive(&reliable(1, "b")), Reception::Repeated);
}

#[test]
fn the_caller_acknowledges_in_order_each_fork_for_itself() {
    let mut caller = Acknowledger::default();
    let new = |rseq| Reception::New(RAck { rseq, cseq: 314, method: Method::Invite });
    assert_eq!(caller.receive(&response(183, "b", "")), Reception::Unreliable);
    assert_eq!(caller.receive(&reliable(41, "b")), new(41));
    assert_eq!(caller.receive(&reliable(41, "b")), Reception::Repeated);
    assert_eq!(caller.receive(&reliable(43, "b")), Reception::OutOfOrder);
    assert_eq!(caller.receive(&reliable(42, "b")), new(42));
    assert_eq!(caller.receive(&reliable(43, "b")), new(43));
    assert_eq!(caller.receive(&reliable(41, "b")), Reception::Repeated);
    assert_eq!(caller.receive(&reliable(7, "c")), new(7));
    assert_eq!(caller.receive(&reliable(0, "d")), Reception::Unusable);
    for fork in 0..20 {
        caller.receive(&reliable(1, &format!("f{fork}")));
    }
    assert_eq!(caller.receive(&reliable(1, "more")), Reception::Unusable);
    assert_eq!(caller.receive(&reliable(8, "c")), new(8));
}
