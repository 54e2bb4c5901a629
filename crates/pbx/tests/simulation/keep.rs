//! Sessions that are kept up, or end by themselves (RFC 4028); changes by UPDATE (RFC 3311);
//! provisional responses that are acknowledged (RFC 3262).

use std::time::Duration;

use switchboard_pbx::Cause;
use switchboard_sip::{HeaderName, Method, StatusCode};

use crate::support::{Called, World};

fn talking(change: impl FnOnce(&mut World, usize, usize)) -> (World, usize, usize) {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    for phone in [anna, berta] {
        world.phones[phone].say = switchboard_testkit::Say::Tone(440.0, -10.0);
    }
    world.phones[berta].called = Called::Answer(Duration::from_secs(1));
    change(&mut world, anna, berta);
    world.dial(anna, "102");
    world.seconds(3);
    (world, anna, berta)
}

#[test]
fn phones_that_know_no_session_timer_are_left_alone() {
    let (mut world, anna, berta) = talking(|_, _, _| {});
    assert_eq!(
        world.phones[berta].called_with.as_ref().unwrap().text("Session-Expires"),
        Some("1800")
    );
    world.seconds(3_600);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    assert!(world.phones[anna].refreshed.is_empty() && world.phones[berta].refreshed.is_empty());
    world.hang_up(anna);
    world.assert_clean();
}

/// The caller leaves the refresh to us: by UPDATE where it knows that, by re-INVITE where not.
#[test]
fn we_refresh_the_callers_session() {
    for (allow, method) in [("INVITE, UPDATE", "UPDATE"), ("INVITE", "INVITE")] {
        let (mut world, anna, _) = talking(|world, anna, _| {
            world.phones[anna].invite_headers = vec![
                ("Session-Expires", "600;refresher=uas".to_owned()),
                ("Supported", "timer".to_owned()),
                ("Allow", allow.to_owned()),
            ];
        });
        world.seconds(1_000);
        let expected = format!("{method} 600;refresher=uac");
        assert_eq!(world.phones[anna].refreshed, [expected.as_str(); 3]);
        assert!(world.phones[anna].is_up());
        // Glare: again soon, and the session stands.
        world.phones[anna].refresh_status = 491;
        world.seconds(205);
        world.phones[anna].refresh_status = 200;
        assert!(world.phones[anna].refreshed.len() > 3);
        world.seconds(600);
        assert!(world.phones[anna].is_up());
        // A phone that does not know the call any more: it is over.
        world.phones[anna].refresh_status = 481;
        world.seconds(400);
        assert!(!world.phones[anna].is_up());
        world.assert_clean();
        assert_eq!(world.record().cause, Cause::PeerLost);
    }
}

/// The phone is to refresh, and does by UPDATE; when it stops, the call ends before the interval.
#[test]
fn a_session_that_is_not_refreshed_ends() {
    let (mut world, anna, berta) = talking(|world, _, berta| {
        let answers = &mut world.phones[berta].answer_headers;
        answers.push(("Session-Expires", "90;refresher=uas".to_owned()));
        answers.push(("Require", "timer".to_owned()));
    });
    for _ in 0..3 {
        world.seconds(45);
        world.act(berta, |phone, now| {
            phone.within(now, &Method::Update, |update| {
                update
                    .header(HeaderName::SessionExpires, "90;refresher=uac")
                    .header(HeaderName::Supported, "timer")
            });
        });
        world.seconds(1);
        let answer = world.phones[berta].answers.last().unwrap();
        assert_eq!(answer.status(), Some(StatusCode::OK));
        assert_eq!(answer.text(HeaderName::SessionExpires), Some("90;refresher=uac"));
        assert_eq!(answer.text(HeaderName::Require), Some("timer"));
    }
    assert!(world.phones[anna].is_up());
    world.seconds(58);
    assert!(world.phones[anna].is_up());
    world.seconds(3);
    assert!(world.phones[anna].is_over() && world.phones[berta].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::PeerLost);
}

#[test]
fn too_short_a_session_is_refused() {
    let (world, anna, _) = talking(|world, anna, _| {
        world.phones[anna].invite_headers =
            vec![("Session-Expires", "30".to_owned()), ("Supported", "timer".to_owned())];
    });
    assert_eq!(world.phones[anna].status(), Some(422));
}

/// A change of the audio by UPDATE counts like one by re-INVITE.
#[test]
fn an_update_puts_a_call_on_hold() {
    let (mut world, anna, berta) = talking(|_, _, _| {});
    let offer = |direction: &str| {
        format!(
            "v=0\r\no=- 7 2 IN IP4 10.0.1.2\r\ns=-\r\nc=IN IP4 10.0.1.2\r\nt=0 0\r\n\
             m=audio 6000 RTP/AVP 8\r\na={direction}\r\n"
        )
    };
    world.act(berta, |phone, now| {
        phone.within(now, &Method::Update, |u| u.body("application/sdp", offer("sendonly")));
    });
    world.seconds(1);
    let answer = world.phones[berta].answers.last().unwrap();
    assert_eq!(answer.status(), Some(StatusCode::OK));
    assert!(String::from_utf8_lossy(answer.body()).contains("a=recvonly"));
    assert!(world.transcript().iter().any(|line| line.starts_with("held by")));
    world.act(berta, |phone, now| {
        phone.within(now, &Method::Update, |u| u.body("application/sdp", "v=1"));
    });
    world.seconds(1);
    assert_eq!(world.phones[berta].statuses.last(), Some(&400));
    assert!(world.phones[anna].is_up());
    world.hang_up(anna);
    world.assert_clean();
}

/// A phone that sends its 183 reliably gets its PRACK, and the call goes on in the same dialog.
#[test]
fn a_reliable_provisional_response_is_acknowledged() {
    let (mut world, anna, berta) = talking(|world, _, berta| {
        world.phones[berta].reliable = true;
        world.phones[berta].called = Called::EarlyMedia;
    });
    let invite = world.phones[berta].called_with.clone().unwrap();
    assert!(invite.lists(HeaderName::Supported, "100rel"));
    assert_eq!(world.phones[berta].pracks, ["41 1 INVITE"]);
    world.act(berta, |phone, now| phone.answer(now));
    world.seconds(1);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    // The BYE comes after the PRACK in the same dialog: its CSeq is higher, and it is taken.
    world.hang_up(anna);
    world.seconds(1);
    assert!(world.phones[berta].is_over());
    world.assert_clean();
}

/// A caller that requires it gets its ringing and its early audio reliably, and the 200 after the
/// PRACK.
#[test]
fn a_caller_that_requires_it_is_rung_reliably() {
    let required = |world: &mut World, anna: usize, _| {
        world.phones[anna].invite_headers = vec![("Require", "100rel".to_owned())];
    };
    let (mut world, anna, berta) = talking(required);
    assert_eq!(world.phones[anna].call().heard, [180, 200]);
    assert_eq!(world.phones[anna].statuses.last(), Some(&200), "the PRACK's answer");
    assert!(world.phones[anna].is_up());
    world.hang_up(anna);
    world.seconds(1);
    assert!(world.phones[berta].is_over());
    world.assert_clean();

    // Who requires it and does not do it: refused after 64 * T1.
    let link = switchboard_testkit::Link::default();
    let mut world = World::with(1, link, |config| config.sip.t1 = Duration::from_millis(100));
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    required(&mut world, anna, berta);
    world.phones[anna].ignores_reliable = true;
    world.dial(anna, "102");
    world.seconds(6);
    assert_eq!(world.phones[anna].call().heard, [180; 6], "repeated, doubling from T1");
    world.seconds(2);
    assert_eq!(world.phones[anna].status(), Some(504));
    assert!(world.phones[berta].is_over());
    world.assert_clean();
}

/// A phone that says of our re-INVITE that it rings, and nothing more: the session ends, and no
/// transaction of ours waits for ever.
#[test]
fn h26_a_refresh_that_is_never_answered_ends_with_its_session() {
    for hangs_up in [true, false] {
        let (mut world, anna, _) = talking(|world, anna, _| {
            world.phones[anna].invite_headers = vec![
                ("Session-Expires", "600;refresher=uas".to_owned()),
                ("Supported", "timer".to_owned()),
                ("Allow", "INVITE".to_owned()),
            ];
            world.phones[anna].refresh_status = 180;
        });
        world.seconds(310);
        assert_eq!(world.phones[anna].refreshed.len(), 1);
        if hangs_up {
            world.hang_up(anna);
        } else {
            world.seconds(300);
        }
        world.seconds(1);
        assert!(!world.phones[anna].is_up());
        world.assert_clean();
    }
}
