//! Before the answer: offers and answers in reliable provisional responses, PRACK and UPDATE
//! (RFC 3262 section 5, RFC 3311 section 5), and what else an early dialog brings.

use std::time::Duration;

use switchboard_sip::reliable::{Acknowledger, Reception};
use switchboard_sip::{HeaderName, Message, Method, StatusCode};
use switchboard_testkit::Say;

use crate::support::{Called, World};

fn required(world: &mut World, phone: usize) {
    world.phones[phone].invite_headers = vec![("Require", "100rel".to_owned())];
}

fn offer(port: u16, direction: &str) -> String {
    format!(
        "v=0\r\no=- 7 {port} IN IP4 10.0.1.1\r\ns=-\r\nc=IN IP4 10.0.1.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    )
}

/// Anna, who requires reliable responses, hears the network before it answers.
fn anna_hears_the_network() -> (World, usize, usize) {
    let mut world = World::new();
    let (anna, trunk) = (world.phone("anna"), world.trunk());
    world.phones[anna].say = Say::Tone(440.0, -10.0);
    world.phones[trunk].say = Say::Tone(1_000.0, -10.0);
    world.phones[trunk].called = Called::EarlyMedia;
    required(&mut world, anna);
    world.dial(anna, "03012345");
    world.seconds(2);
    assert_eq!(world.phones[anna].call().heard, [183]);
    assert_eq!(world.phones[anna].statuses.last(), Some(&200), "the PRACK's answer");
    (world, anna, trunk)
}

fn update(world: &mut World, phone: usize, sdp: Option<String>) -> Message {
    world.act(phone, |phone, now| {
        phone.within(now, &Method::Update, |update| match sdp {
            Some(sdp) => update.body("application/sdp", sdp),
            None => update,
        });
    });
    world.seconds(1);
    world.phones[phone].answers.last().unwrap().clone()
}

/// RFC 3311 section 5.1: the answer came in a 183 and was acknowledged, so that the caller may
/// change it; the 200 then has nothing to say.
#[test]
fn a_caller_changes_its_audio_before_the_answer() {
    let (mut world, anna, trunk) = anna_hears_the_network();
    let answer = update(&mut world, anna, Some(offer(6_000, "sendrecv")));
    assert_eq!(answer.status(), Some(StatusCode::OK));
    assert!(String::from_utf8_lossy(answer.body()).contains("RTP/AVP 0 101"));
    assert!(answer.has(HeaderName::Contact));
    assert_eq!(update(&mut world, anna, None).status(), Some(StatusCode::OK));
    // One that cannot be used is refused, and what was agreed stands.
    let refused = update(&mut world, anna, Some("v=1".to_owned()));
    assert_eq!(refused.status().unwrap().code(), 400);
    let again = update(&mut world, anna, Some(offer(6_000, "sendrecv")));
    assert_eq!(again.status(), Some(StatusCode::OK));
    world.act(trunk, |phone, now| phone.answer(now));
    world.seconds(1);
    assert!(world.phones[anna].is_up());
    assert!(!world.phones[anna].call().described, "it was described before");
    world.hang_up(anna);
    world.assert_clean();
}

/// Section 5.2: while the offer of the INVITE has no answer, another one is refused.
#[test]
fn an_update_while_an_offer_is_open_waits() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    required(&mut world, anna);
    world.dial(anna, "102");
    world.seconds(1);
    assert_eq!(world.phones[anna].call().heard, [180]);
    let refused = update(&mut world, anna, Some(offer(6_000, "sendrecv")));
    assert_eq!(refused.status().unwrap().code(), 500);
    assert!(refused.number(HeaderName::RetryAfter).is_some_and(|seconds| seconds <= 10));
    assert_eq!(update(&mut world, anna, None).status(), Some(StatusCode::OK));
    world.act(berta, |phone, now| phone.answer(now));
    world.seconds(1);
    assert!(world.phones[anna].is_up() && world.phones[anna].call().described);
    world.hang_up(berta);
    world.assert_clean();
}

/// RFC 3262 section 5: a caller that offers nothing gets our offer with the first reliable
/// response, and answers in its PRACK.
#[test]
fn our_offer_goes_out_with_the_ringing() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    for (phone, hertz) in [(anna, 440.0), (berta, 1_000.0)] {
        world.phones[phone].say = Say::Tone(hertz, -10.0);
    }
    world.phones[berta].called = Called::Answer(Duration::from_secs(1));
    required(&mut world, anna);
    world.act(anna, |phone, now| phone.dial_uri(now, "sip:102@10.0.0.1:5060", true));
    world.seconds(3);
    let call = world.phones[anna].call();
    assert_eq!(call.heard, [180, 200]);
    let ringing = call.early.clone().unwrap();
    assert!(String::from_utf8_lossy(ringing.body()).contains("m=audio"));
    assert!(!call.described, "the 200 has no description");
    assert!(world.hears(anna, 1_000.0) > -13.0);
    assert!(world.hears(berta, 440.0) > -13.0);
    world.hang_up(anna);
    world.assert_clean();
}

/// A caller that acknowledges our offer and does not answer it has no session.
#[test]
fn a_prack_without_the_answer_ends_the_call() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    required(&mut world, anna);
    world.phones[anna].answers_nothing = true;
    world.act(anna, |phone, now| phone.dial_uri(now, "sip:102@10.0.0.1:5060", true));
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses.last(), Some(&400), "the PRACK's answer");
    assert_eq!(world.phones[anna].status(), Some(400));
    assert!(world.phones[berta].is_over());
    world.assert_clean();
}

/// An offer of whoever is called, after its reliable answer and before the 200.
#[test]
fn somebody_called_changes_their_audio_before_the_answer() {
    let mut world = World::new();
    let (anna, trunk) = (world.phone("anna"), world.trunk());
    world.phones[trunk].called = Called::EarlyMedia;
    world.phones[trunk].reliable = true;
    world.dial(anna, "03012345");
    world.seconds(2);
    assert_eq!(world.phones[trunk].pracks.len(), 1);
    let at = world.phones[trunk].address.ip();
    let sdp = offer(6_000, "sendrecv").replace("10.0.1.1", &at.to_string());
    let answer = update(&mut world, trunk, Some(sdp));
    assert_eq!(answer.status(), Some(StatusCode::OK));
    assert!(String::from_utf8_lossy(answer.body()).contains("RTP/AVP 0 101"));
    world.act(trunk, |phone, now| phone.answer(now));
    world.seconds(1);
    assert!(world.phones[anna].is_up() && world.phones[trunk].is_up());
    world.hang_up(anna);
    world.assert_clean();

    // Without a reliable answer our offer is open still.
    let mut world = World::new();
    let (anna, trunk) = (world.phone("anna"), world.trunk());
    world.phones[trunk].called = Called::EarlyMedia;
    world.dial(anna, "03012345");
    world.seconds(2);
    let refused = update(&mut world, trunk, Some(offer(6_000, "sendrecv")));
    assert_eq!(refused.status(), Some(StatusCode::REQUEST_PENDING));
    assert_eq!(update(&mut world, trunk, None).status(), Some(StatusCode::OK));
    world.hang_up(anna);
    world.seconds(1);
    world.assert_clean();
}

/// RFC 3261 section 12.2.2 counts for PRACK like for any request of the dialog.
#[test]
fn a_prack_out_of_order_is_refused() {
    let (mut world, anna, _) = anna_hears_the_network();
    let mut late = world.phones[anna].dialog().clone();
    for _ in 0..3 {
        assert_eq!(update(&mut world, anna, None).status(), Some(StatusCode::OK));
    }
    std::mem::swap(world.phones[anna].dialog(), &mut late);
    let early = world.phones[anna].call().early.clone().unwrap();
    let Reception::New(rack) = Acknowledger::default().receive(&early) else { panic!() };
    world.act(anna, |phone, now| {
        phone.within(now, &Method::Prack, |prack| prack.header(HeaderName::RAck, rack));
    });
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses.last(), Some(&500));
    std::mem::swap(world.phones[anna].dialog(), &mut late);
    world.hang_up(anna);
    world.seconds(1);
    world.assert_clean();
}

/// RFC 3261 section 15: a caller may hang up an early dialog by BYE; another INVITE in it waits.
#[test]
fn a_caller_hangs_up_before_the_answer() {
    let (mut world, anna, trunk) = anna_hears_the_network();
    world.act(anna, |phone, now| phone.within(now, &Method::Invite, |invite| invite));
    world.seconds(1);
    let refused = world.phones[anna].answers.last().unwrap();
    assert_eq!(refused.status().unwrap().code(), 500);
    assert!(refused.has(HeaderName::RetryAfter));
    world.act(anna, |phone, now| phone.within(now, &Method::Info, |info| info));
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses.last(), Some(&481));
    world.act(anna, |phone, now| phone.within(now, &Method::Bye, |bye| bye));
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses.last(), Some(&200));
    assert_eq!(world.phones[anna].status(), Some(487));
    assert!(world.phones[trunk].is_over());
    world.assert_clean();
}

/// The call is over while its 200 still waits for the PRACK: the port is gone, and the offer in
/// the PRACK is refused, not acknowledged without an answer.
#[test]
fn an_offer_without_a_port_is_refused() {
    let mut world = World::new();
    let (anna, trunk) = (world.phone("anna"), world.trunk());
    world.phones[trunk].called = Called::EarlyMedia;
    required(&mut world, anna);
    world.phones[anna].ignores_reliable = true;
    world.dial(anna, "03012345");
    world.seconds(2);
    world.act(trunk, |phone, now| phone.answer(now));
    world.run(Duration::from_millis(100));
    world.hang_up(trunk);
    world.run(Duration::from_millis(100));
    assert_eq!(world.phones[anna].status(), None, "the 200 waits");
    let early = world.phones[anna].call().early.clone().unwrap();
    let Reception::New(rack) = Acknowledger::default().receive(&early) else { panic!() };
    world.act(anna, |phone, now| {
        phone.begin_dialog(&early);
        phone.within(now, &Method::Prack, |prack| {
            prack.header(HeaderName::RAck, rack).body("application/sdp", offer(6_000, "sendrecv"))
        });
    });
    world.run(Duration::from_millis(200));
    assert_eq!(world.phones[anna].statuses.last(), Some(&500));
    world.seconds(40);
    world.assert_clean();
}
