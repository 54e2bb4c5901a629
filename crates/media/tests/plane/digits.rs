//! Telephone-events: reported once each, passed on, sent.

use switchboard_dialstring::PauseLengths;
use switchboard_media::{
    Channel, Codec, Command, EventKind, Input, LegId, Output, PlaneConfig, StreamConfig,
};
use switchboard_testkit::{Link, Recording, Say, Wire, audio};

use crate::room::{A, B, Room, assert_tone, ms, ours, stream, telephone_event, theirs};

const KEYS: &str = "0123456789*#ABCD";

fn press_all(room: &mut Room, keys: &str) {
    for key in keys.chars() {
        room.peer(A).press(key, ms(100));
    }
}

fn send(room: &mut Room, leg: LegId, plan: &str) {
    let plan = plan.parse().expect("a dial plan");
    room.command(Command::SendDigits { leg, plan, pauses: PauseLengths::default() });
}

#[test]
fn every_key_is_reported_once_in_order() {
    let mut room = Room::pair();
    room.peer(A).say(Say::Silence);
    room.run(ms(500));
    press_all(&mut room, KEYS);
    room.run(ms(8_000));
    assert_eq!(room.keys(A), KEYS);
    // A start before each, from its first packet on: in time to stop a prompt.
    let starts =
        room.events.iter().filter(|(_, _, kind)| matches!(kind, EventKind::DigitStart { .. }));
    assert_eq!(starts.count(), KEYS.len());
    assert!(room.events[0].0 < ms(600), "{:?}", room.events[0]);
}

/// Presses are passed on through a bridge under the listener's payload type, once each.
#[test]
fn keys_pass_a_bridge_under_the_other_payload_type() {
    let mut room = Room::new();
    room.join(A, stream(A, Codec::Pcma));
    let other = StreamConfig {
        telephone_event: Some(telephone_event(96, 8_000)),
        ..stream(B, Codec::Pcmu)
    };
    room.join(B, other);
    room.peer(B).set_event_payload_type(96);
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Tone(440.0, -10.0));
    room.run(ms(500));
    press_all(&mut room, KEYS);
    room.run(ms(8_000));
    let heard = room.peers[&B].heard();
    assert_eq!(heard.keys(), KEYS);
    for event in heard.events() {
        assert_eq!((event.duration, event.ends, event.marker), (800, 3, true), "{event:?}");
    }
    assert_eq!(room.keys(A), KEYS);
    assert_tone(heard.last(4_000), 440.0, -10.0);
    let headers = heard.headers();
    for pair in headers.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
    }
}

/// RFC 4733 section 2.5.1.5: several reports in a packet are as many presses, and go on together; what
/// pads a packet is none.
#[test]
fn packed_events_are_read_and_passed_on() {
    let mut room = Room::pair();
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Silence);
    room.peer(B).say(Say::Silence);
    room.run(ms(500));
    room.peer(A).say(Say::Nothing);
    room.run(ms(100));
    let mut press = |sequence: u8, reports: &[u8]| {
        let mut payload = vec![0x80, 0x80 | 101, 9, sequence, 0, 0, 0x20, sequence, 0, 0, 0, 99];
        payload.extend(reports);
        let (leg, channel, source) = (A, Channel::Rtp, theirs(A));
        let input = Input::Packet { leg, channel, source, payload: &payload };
        room.plane.handle(room.clock.now(), input).expect("sensible");
        let sent = std::iter::from_fn(|| room.plane.poll_output());
        let sent: Vec<Vec<u8>> = sent
            .filter_map(|output| match output {
                Output::Transmit(sent) if sent.leg == B => Some(sent.payload[12..].to_vec()),
                _ => None,
            })
            .collect();
        room.run(ms(500));
        sent
    };
    let (one, two) = ([1, 0x8a, 3, 0x20], [2, 0x8a, 3, 0x20]);
    assert_eq!(press(1, &[one, two].concat()), [[one, two].concat()]);
    // Padding: a whole report of nothing, and less than a report.
    assert_eq!(press(200, &[[3, 0x8a, 3, 0x20], [0; 4]].concat()), [[3, 0x8a, 3, 0x20]]);
    assert_eq!(press(240, &[4, 0x8a, 3, 0x20, 5, 0x8a]), [[4, 0x8a, 3, 0x20]]);
    assert_eq!(press(250, &[4, 0x8a, 3]), [[0_u8; 0]; 0]);
    assert_eq!(room.keys(A), "1234");
}

/// Another clock than 8000: durations are converted, presses stay single.
#[test]
fn keys_pass_a_bridge_to_another_clock() {
    let mut room = Room::new();
    room.join(A, stream(A, Codec::Pcma));
    let wide = StreamConfig {
        telephone_event: Some(telephone_event(110, 48_000)),
        ..stream(B, Codec::Pcma)
    };
    room.join(B, wide);
    room.peer(B).set_event_payload_type(110);
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Silence);
    room.run(ms(500));
    press_all(&mut room, "42");
    room.run(ms(2_000));
    let heard = room.peers[&B].heard();
    assert_eq!(heard.keys(), "42");
    assert!(heard.events().iter().all(|event| event.duration == 4_800), "{:?}", heard.events());
    // And back, from a clock that is not ours.
    room.peer(B).press('7', ms(100));
    room.run(ms(1_000));
    assert_eq!(room.peers[&A].heard().keys(), "7");
    assert_eq!(room.keys(B), "7");
}

/// A peer without telephone-events hears the tones.
#[test]
fn keys_pass_a_bridge_as_tones() {
    let mut room = Room::new();
    room.join(A, stream(A, Codec::Pcma));
    room.join(B, StreamConfig { telephone_event: None, ..stream(B, Codec::Pcmu) });
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Silence);
    room.run(ms(500));
    press_all(&mut room, "5");
    room.run(ms(2_000));
    assert_eq!(room.keys(A), "5");
    let heard = room.peers[&B].heard().samples();
    let tones = audio::sounds(heard, -20.0, ms(40));
    assert_eq!(tones.len(), 1, "{tones:?}");
    assert!(tones[0].duration().abs_diff(ms(100)) < ms(15), "{tones:?}");
    let at = |time: std::time::Duration| time.as_millis() as usize * 8;
    let tone = &heard[at(tones[0].start) + 80..at(tones[0].end) - 80];
    assert!(audio::level_dbm0(tone, 770.0) > -12.0);
    assert!(audio::level_dbm0(tone, 1_336.0) > -12.0);
}

/// Lost, doubled and reordered packets: every press of which anything arrived is heard once.
#[test]
fn keys_over_a_lossy_wire() {
    for seed in 0..30 {
        let link = Link {
            loss: 0.25,
            duplicate: 0.1,
            reorder: 0.1,
            reorder_by: ms(40),
            delay: ms(10),
            jitter: ms(10),
        };
        let mut room = Room::with(PlaneConfig::default(), Wire::new(seed, link));
        room.join(A, stream(A, Codec::Pcma));
        room.peer(A).say(Say::Silence);
        room.run(ms(500));
        press_all(&mut room, "4711008#");
        room.run(ms(6_000));
        assert_eq!(room.keys(A), "4711008#", "seed {seed}");
    }
}

#[test]
fn digits_are_sent_as_events() {
    let mut room = Room::pair();
    room.run(ms(500));
    send(&mut room, A, "12,3#");
    send(&mut room, A, "4");
    room.run(ms(6_000));
    let heard = room.peers[&A].heard();
    assert_eq!(heard.keys(), "123#4");
    for event in heard.events() {
        assert_eq!((event.duration, event.ends, event.marker), (800, 3, true), "{event:?}");
    }
    // The comma waits for two seconds.
    let pause = heard.events()[2].timestamp.wrapping_sub(heard.events()[1].timestamp);
    assert!((16_000..20_000).contains(&pause), "{pause}");
    let sent = room.events.iter().filter(|(_, _, kind)| *kind == EventKind::DigitsSent);
    assert_eq!(sent.count(), 2);
    // Numbers go on, and silence follows: a last packet never waits in a jitter buffer.
    let headers = heard.headers();
    assert!(headers.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    assert_eq!(headers[headers.len() - 1].payload_type, 8);
}

#[test]
fn digits_are_sent_as_tones_where_events_are_not_taken() {
    let mut room = Room::new();
    room.join(A, StreamConfig { telephone_event: None, ..stream(A, Codec::Pcma) });
    room.run(ms(500));
    send(&mut room, A, "1w2");
    room.run(ms(3_000));
    let heard = room.peers[&A].heard().samples();
    let tones = audio::sounds(heard, -20.0, ms(40));
    assert_eq!(tones.len(), 2, "{tones:?}");
    let pause = tones[1].start - tones[0].end;
    assert!(pause.abs_diff(ms(600)) < ms(20), "{tones:?}");
    assert!(room.events.iter().any(|(_, _, kind)| *kind == EventKind::DigitsSent));
}

/// The other side goes on hearing while digits are sent, and what it says is kept from them.
#[test]
fn digits_in_a_bridge() {
    let mut room = Room::pair();
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Tone(440.0, -10.0));
    room.peer(B).say(Say::Tone(700.0, -10.0));
    room.run(ms(1_000));
    send(&mut room, A, "12");
    room.run(ms(1_000));
    assert_eq!(room.peers[&A].heard().keys(), "12");
    assert_tone(room.peers[&B].heard().last(8_000), 440.0, -10.0);
    room.run(ms(500));
    assert_tone(room.peers[&A].heard().last(2_400), 700.0, -10.0);
}

/// What telephone-events must survive: repeated ends, no end, the end first, a duration that goes
/// back, codes that are no digits, a foreign source. One press for each timestamp.
#[test]
fn h35_telephone_events() {
    let packet = |sequence: u8, timestamp: u32, event: u8, end: bool, duration: u16| {
        let mut datagram = vec![0x80, 101, 0, sequence];
        datagram.extend_from_slice(&timestamp.to_be_bytes());
        datagram.extend_from_slice(&[0, 0, 0, 9, event, u8::from(end) << 7 | 10]);
        datagram.extend_from_slice(&duration.to_be_bytes());
        datagram
    };
    let case = |packets: &[Vec<u8>]| {
        let mut room = Room::pair();
        room.command(Command::Bridge { a: A, b: B });
        for datagram in packets {
            room.inject(theirs(A), A, datagram);
            room.run(ms(20));
        }
        // A stranger presses too.
        room.inject(([203, 0, 113, 66], 4_000).into(), A, &packet(200, 90_000, 9, true, 800));
        room.run(ms(1_000));
        let passed = room.peers[&B].heard().keys();
        (room.keys(A), passed)
    };
    let both = |keys: &str| (keys.to_owned(), keys.to_owned());
    let end = |sequence| packet(sequence, 1_000, 5, true, 800);
    assert_eq!(case(&[end(1), end(2), end(3), end(4), end(5)]), both("5"));
    let no_end = [packet(1, 1_000, 5, false, 160), packet(2, 1_000, 5, false, 320)];
    assert_eq!(case(&no_end), both("5"));
    let end_first = [end(2), packet(1, 1_000, 5, false, 640), end(3)];
    assert_eq!(case(&end_first).0, "5");
    let back = [packet(1, 1_000, 5, false, 640), packet(2, 1_000, 5, false, 160), end(3)];
    assert_eq!(case(&back), both("5"));
    let two = [end(1), packet(2, 3_000, 5, true, 800)];
    assert_eq!(case(&two), both("55"));
    for code in [16, 32, 99, 255] {
        assert_eq!(case(&[packet(1, 1_000, code, true, 800)]).0, "", "{code}");
    }
}

/// A peer that returns our own packets (an echo test of theirs) has pressed nothing.
#[test]
fn our_own_press_sent_back_is_not_theirs() {
    let mut room = Room::pair();
    room.command(Command::Bridge { a: A, b: B });
    let mut record = Recording::new(switchboard_testkit::Law::A);
    send(&mut room, A, "12");
    // An echo: everything that arrives at the peer goes back.
    room.peers.remove(&A);
    for _ in 0..300 {
        room.run(ms(5));
        for datagram in std::mem::take(&mut room.strays) {
            record.handle(&datagram.payload);
            room.inject(theirs(A), A, &datagram.payload);
        }
    }
    assert_eq!(record.keys(), "12");
    assert_eq!(room.keys(A), "");
    assert_eq!(room.peers[&B].heard().keys(), "");
    assert_eq!(ours(A).port(), 40_002);
}
