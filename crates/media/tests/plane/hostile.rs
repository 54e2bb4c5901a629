//! Whoever sends what he should not, from where he should not.

use std::net::SocketAddr;

use proptest::prelude::*;
use switchboard_media::{
    Channel, Codec, Command, EventKind, Input, LegId, Output, Plane, PlaneConfig, PlaneError,
    RecordingId, RoomId, StreamConfig, Tone,
};
use switchboard_testkit::{Clock, Say};

use crate::room::{A, B, Room, assert_tone, ms, ours, stream, theirs};

fn rtp(sequence: u16, ssrc: u8) -> Vec<u8> {
    let mut datagram = vec![0x80, 8];
    datagram.extend_from_slice(&sequence.to_be_bytes());
    datagram.extend_from_slice(&(u32::from(sequence) * 160).to_be_bytes());
    datagram.extend_from_slice(&[0, 0, 0, ssrc]);
    datagram.extend_from_slice(&[0x2a; 160]);
    datagram
}

/// SDP that names loopback, multicast or a third party: not one packet goes there, neither RTP nor
/// RTCP; a third party that sends is then sent to.
#[test]
fn h31_reflection() {
    let third: SocketAddr = ([198, 51, 100, 9], 4_000).into();
    for remote in ["127.0.0.1:4000", "239.1.1.1:4000", "198.51.100.9:4000", "0.0.0.0:4000"] {
        let mut room = Room::new();
        let remote = remote.parse().expect("an address");
        let aimed =
            StreamConfig { remote, signalling: Some(theirs(A).ip()), ..stream(A, Codec::Pcma) };
        room.join(A, aimed);
        room.command(Command::Tone { leg: A, tone: Tone::Dial });
        room.run(ms(30_000));
        assert_eq!(room.wire.counts().sent, 0, "{remote}");
        if remote == third {
            room.inject(third, A, &rtp(1, 1));
            room.run(ms(1_000));
            assert_tone(room.peer(A).heard().last(4_000), 425.0, -12.0);
        }
    }
}

/// An intruder neither hears the call nor is heard in it, before, while and after the phone talks.
#[test]
fn h32_rtp_bleed_and_inject() {
    let thief: SocketAddr = ([203, 0, 113, 66], 4_000).into();
    let mut room = Room::pair();
    room.command(Command::Bridge { a: A, b: B });
    for sequence in 0..50 {
        room.inject(thief, A, &rtp(sequence, 66));
        room.run(ms(20));
    }
    room.peer(A).say(Say::Tone(440.0, -10.0));
    room.peer(B).say(Say::Tone(700.0, -10.0));
    for sequence in 0..100 {
        room.inject(thief, A, &rtp(sequence, 66));
        // The same host, another port; and the phone's own SSRC from elsewhere.
        room.inject(([192, 0, 2, 1], 4_444).into(), A, &rtp(sequence, 66));
        room.run(ms(20));
    }
    assert!(room.strays.is_empty(), "{:?}", room.strays);
    assert_tone(room.peer(B).heard().last(8_000), 440.0, -10.0);
    assert_tone(room.peer(A).heard().last(8_000), 700.0, -10.0);
    // After the phone has gone quiet nobody takes its place.
    room.peer(A).say(Say::Nothing);
    for sequence in 0..200 {
        room.inject(thief, A, &rtp(sequence, 66));
        room.inject(([192, 0, 2, 1], 4_444).into(), A, &rtp(sequence, 66));
        room.run(ms(20));
    }
    assert!(room.strays.is_empty(), "{:?}", room.strays);
    assert_eq!(room.close(A).foreign, 650);
}

/// A phone behind NAT: its SDP names a private address, its packets come from where its signalling
/// comes from.
#[test]
fn h32_a_phone_behind_nat() {
    let mut room = Room::new();
    let mapped: SocketAddr = ([192, 0, 2, 1], 61_000).into();
    let natted = StreamConfig {
        remote: ([10, 9, 8, 7], 4_000).into(),
        signalling: Some(mapped.ip()),
        ..stream(A, Codec::Pcma)
    };
    room.join(A, natted);
    room.peer(A).set_address(mapped);
    room.command(Command::Tone { leg: A, tone: Tone::Dial });
    room.run(ms(500));
    assert!(room.peer(A).heard().headers().is_empty() && room.strays.is_empty());
    room.peer(A).say(Say::Silence);
    room.run(ms(1_000));
    assert_tone(room.peer(A).heard().last(4_000), 425.0, -12.0);
    // A re-INVITE with the same addresses does not interrupt.
    room.command(Command::Configure { leg: A, stream: natted });
    room.peer(A).forget();
    room.run(ms(1_000));
    assert_eq!(room.peer(A).heard().headers().len(), 50);
}

/// Junk on either port is dropped and counted, makes no output, and the call goes on.
#[test]
fn h33_junk() {
    let mut room = Room::pair();
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Tone(440.0, -10.0));
    room.run(ms(500));
    let junk: [&[u8]; 10] = [
        b"",
        b"\x80",
        &[0x80; 11],
        &[0x8f, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
        &[0x90, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xff, 0xff],
        &[0xa0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xff],
        &[0x80, 77, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xd5],
        &[0x80, 201, 0, 0],
        b"INVITE sip:101@192.0.2.1 SIP/2.0",
        &[0xff; 1_500],
    ];
    let mut rtcp_port = ours(A);
    rtcp_port.set_port(rtcp_port.port() + 1);
    let mut rtcp_source = theirs(A);
    rtcp_source.set_port(rtcp_source.port() + 1);
    for _ in 0..100 {
        for datagram in junk {
            room.inject(theirs(A), A, datagram);
            room.wire.send(room.clock.now(), rtcp_source, rtcp_port, datagram.to_vec());
        }
        room.run(ms(10));
    }
    room.run(ms(500));
    assert_tone(room.peer(B).heard().last(8_000), 440.0, -10.0);
    let stats = room.close(A);
    assert_eq!(stats.malformed, 2_000, "{stats:?}");
    assert_eq!(stats.packets_lost, 0, "{stats:?}");
}

/// A peer that falls silent is reported, again and again, and not while it is not to send.
#[test]
fn a_vanished_peer_is_reported() {
    let config = PlaneConfig { rtp_timeout: Some(ms(10_000)), ..PlaneConfig::default() };
    let mut room = Room::with(config, switchboard_testkit::Wire::perfect());
    room.join(A, stream(A, Codec::Pcma));
    room.peer(A).say(Say::Silence);
    room.run(ms(60_000));
    assert!(room.events.is_empty(), "{:?}", room.events);
    room.peer(A).say(Say::Nothing);
    room.run(ms(25_000));
    let reported: Vec<_> = room.events.iter().map(|(_, _, kind)| kind.clone()).collect();
    let silent = |seconds: u64| EventKind::Silent { since: ms(seconds * 1_000) };
    assert_eq!(reported, [silent(10), silent(20)]);
    room.peer(A).say(Say::Silence);
    room.run(ms(1_000));
    room.peer(A).say(Say::Nothing);
    room.run(ms(10_500));
    assert_eq!(room.events.len(), 3);
}

#[test]
fn senseless_commands_change_nothing() {
    let clock = Clock::new();
    let mut plane = Plane::new(PlaneConfig { max_legs: 2, ..PlaneConfig::default() });
    let mut command = |command| plane.handle(clock.now(), Input::Command(command));
    assert_eq!(command(Command::Stop { leg: A }), Err(PlaneError::UnknownLeg(A)));
    assert_eq!(command(Command::Open { leg: A }), Ok(()));
    assert_eq!(command(Command::Open { leg: A }), Err(PlaneError::AlreadyOpen(A)));
    assert_eq!(command(Command::Bridge { a: A, b: A }), Err(PlaneError::SelfBridge(A)));
    assert_eq!(command(Command::Bridge { a: A, b: B }), Err(PlaneError::UnknownLeg(B)));
    assert_eq!(command(Command::Open { leg: B }), Ok(()));
    assert_eq!(command(Command::Open { leg: LegId(3) }), Err(PlaneError::TooManyLegs(2)));
    for _ in 0..8 {
        let plan = "1".parse().expect("a plan");
        let pauses = switchboard_dialstring::PauseLengths::default();
        assert_eq!(command(Command::SendDigits { leg: A, plan, pauses }), Ok(()));
    }
    let plan = "1".parse().expect("a plan");
    let pauses = switchboard_dialstring::PauseLengths::default();
    let refused = command(Command::SendDigits { leg: A, plan, pauses });
    assert_eq!(refused, Err(PlaneError::TooManyDigits(A)));
    assert_eq!(command(Command::Close { leg: A }), Ok(()));
    assert_eq!(command(Command::Close { leg: A }), Err(PlaneError::UnknownLeg(A)));
    assert_eq!(command(Command::Open { leg: A }), Ok(()));
}

/// After the last leg is closed there is nothing to wait for.
#[test]
fn nothing_is_left_of_closed_legs() {
    let mut room = Room::pair();
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Tone(440.0, -10.0));
    room.run(ms(1_000));
    room.close(A);
    room.close(B);
    assert!(room.plane.is_empty());
    assert_eq!(room.plane.poll_timeout(), None);
}

#[derive(Clone, Debug)]
enum Deed {
    Open,
    Configure(bool, u8),
    Tone,
    Stop,
    Echo,
    Bridge(u64),
    Unbridge,
    Digits,
    Join(u64),
    Record(u64, Option<u64>),
    StopRecording,
    Close,
    Datagram(bool, Vec<u8>, u8),
    Wait(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let octets = proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        Just(Deed::Open),
        (any::<bool>(), 0_u8..4).prop_map(|(law, peer)| Deed::Configure(law, peer)),
        Just(Deed::Tone),
        Just(Deed::Stop),
        Just(Deed::Echo),
        (0_u64..3).prop_map(Deed::Bridge),
        Just(Deed::Unbridge),
        Just(Deed::Digits),
        (0_u64..2).prop_map(Deed::Join),
        (0_u64..2, proptest::option::of(0_u64..3)).prop_map(|(id, right)| Deed::Record(id, right)),
        Just(Deed::StopRecording),
        Just(Deed::Close),
        (any::<bool>(), octets, 0_u8..4).prop_map(|(rtp, mut datagram, peer)| {
            // Mostly RTP: version and a payload type that means something.
            if let [first, second, ..] = &mut datagram[..] {
                *first = 0x80 | (*first & 0x30);
                *second = [8, 0, 101, 200][usize::from(*second % 4)];
            }
            Deed::Datagram(rtp, datagram, peer)
        }),
        (0_u64..400).prop_map(Deed::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Any order of commands, datagrams and time: no panic, packets only to addresses that were
    /// configured, one `Closed` a leg, and `handle_timeout` always moves time on.
    #[test]
    fn any_order_of_events(deeds in proptest::collection::vec((0_u64..3, deed()), 0..60)) {
        let mut clock = Clock::new();
        let mut plane = Plane::new(PlaneConfig::default());
        let peer = |n: u8| SocketAddr::from(([192, 0, 2, n], 4_000));
        let (mut opened, mut closed) = (0, 0);
        for (leg, deed) in deeds {
            let (leg, now) = (LegId(leg), clock.now());
            let command = match deed {
                Deed::Open => Command::Open { leg },
                Deed::Configure(law, n) => {
                    let codec = if law { Codec::Pcma } else { Codec::Pcmu };
                    Command::Configure { leg, stream: StreamConfig { remote: peer(n), signalling: Some(peer(n).ip()), ..stream(leg, codec) } }
                }
                Deed::Tone => Command::Tone { leg, tone: Tone::Busy },
                Deed::Stop => Command::Stop { leg },
                Deed::Echo => Command::Echo { leg },
                Deed::Bridge(b) => Command::Bridge { a: leg, b: LegId(b) },
                Deed::Unbridge => Command::Unbridge { leg },
                Deed::Digits => Command::SendDigits {
                    leg,
                    plan: "1w2".parse().expect("a plan"),
                    pauses: switchboard_dialstring::PauseLengths::default(),
                },
                Deed::Join(room) => Command::Join { leg, room: RoomId(room) },
                Deed::Record(id, right) => Command::Record {
                    recording: RecordingId(id.into()),
                    left: leg,
                    right: right.map(LegId),
                },
                Deed::StopRecording => Command::StopRecording { recording: RecordingId(leg.0.into()) },
                Deed::Close => Command::Close { leg },
                Deed::Datagram(rtp, datagram, n) => {
                    let channel = if rtp { Channel::Rtp } else { Channel::Rtcp };
                    let input = Input::Packet { leg, channel, source: peer(n), payload: &datagram };
                    let _ = plane.handle(now, input);
                    continue;
                }
                Deed::Wait(time) => {
                    let end = now + ms(time);
                    while let Some(due) = plane.poll_timeout().filter(|due| *due <= end) {
                        clock.advance_to(due);
                        plane.handle_timeout(clock.now());
                        prop_assert!(plane.poll_timeout().is_none_or(|next| next > clock.now()));
                    }
                    clock.advance_to(end);
                    continue;
                }
            };
            let is_open = matches!(command, Command::Open { .. });
            if plane.handle(now, Input::Command(command)).is_ok() && is_open {
                opened += 1;
            }
        }
        while let Some(output) = plane.poll_output() {
            match output {
                Output::Transmit(sent) => {
                    prop_assert!(matches!(sent.destination.ip().to_string().as_str(), "192.0.2.0" | "192.0.2.1" | "192.0.2.2" | "192.0.2.3"));
                    prop_assert!(sent.payload.len() >= 8);
                }
                Output::Recorded(block) => prop_assert_eq!(block.samples.len(), 640),
                Output::RecordingOver(_) => {}
                Output::Event(event) => closed += u32::from(matches!(event.kind, EventKind::Closed { .. })),
            }
        }
        prop_assert_eq!(opened as usize, closed as usize + plane.len());
    }
}
