//! Two legs that hear each other.

use std::sync::Arc;

use switchboard_media::{
    Audio, Codec, Command, Direction, EventKind, LegId, PlaneConfig, Repeat, StreamConfig, Token,
    g711,
};
use switchboard_testkit::{Link, Say, Wire, audio};

use crate::room::{A, B, Room, assert_silence, assert_tone, ms, stream};

fn talk(room: &mut Room) {
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Tone(440.0, -10.0));
    room.peer(B).say(Say::Tone(700.0, -15.0));
}

/// Numbers ascend by one, timestamps by the samples of a packet, on one SSRC, whatever happens.
#[track_caller]
fn assert_continuous(room: &Room, leg: LegId) {
    let headers = room.peers[&leg].heard().headers();
    let ssrc = headers[0].ssrc;
    for pair in headers.windows(2) {
        assert_eq!((pair[0].ssrc, pair[1].ssrc), (ssrc, ssrc));
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1), "{pair:?}");
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!((0..=8_000).contains(&step), "{pair:?}");
        // A break in time is said.
        assert!(step == 160 || pair[1].marker, "{pair:?}");
    }
}

#[test]
fn both_hear_each_other() {
    let mut room = Room::pair();
    talk(&mut room);
    room.run(ms(3_000));
    assert_tone(room.peer(B).heard().last(16_000), 440.0, -10.0);
    assert_tone(room.peer(A).heard().last(16_000), 700.0, -15.0);
    assert_continuous(&room, A);
    assert_continuous(&room, B);
    // Nobody learns who is on the other side.
    let (a, b) = (room.peers[&A].ssrc(), room.peers[&B].ssrc());
    assert!(room.peers[&A].heard().headers().iter().all(|header| header.ssrc != b));
    assert!(room.peers[&B].heard().headers().iter().all(|header| header.ssrc != a));
}

/// The relay neither decodes nor changes the audio: every code arrives as it was sent.
#[test]
fn the_same_codec_is_relayed_bit_by_bit() {
    let mut room = Room::pair();
    room.command(Command::Bridge { a: A, b: B });
    let mut sent = Vec::new();
    let remote = room.peers[&A].address();
    for n in 0..50_u8 {
        let payload: Vec<u8> = (0..160).map(|k: u32| (k as u8).wrapping_mul(n)).collect();
        let mut datagram = vec![0x80, 8, 0, n, 0, 0, 0, 0, 0, 0, 0, 1];
        datagram[4..8].copy_from_slice(&(u32::from(n) * 160).to_be_bytes());
        datagram.extend_from_slice(&payload);
        sent.extend(payload.iter().map(|code| g711::decode_a_law(*code)));
        room.inject(remote, A, &datagram);
        room.run(ms(20));
    }
    room.run(ms(20));
    let heard = room.peers[&B].heard().samples();
    let start = heard.windows(8).position(|window| window == &sent[..8]).expect("it is there");
    assert_eq!(heard[start..start + sent.len()], sent);
}

#[test]
fn different_codecs_are_transcoded_both_ways() {
    let mut room = Room::new();
    room.join(A, stream(A, Codec::Pcma));
    room.join(B, stream(B, Codec::Pcmu));
    talk(&mut room);
    room.run(ms(3_000));
    assert_tone(room.peer(B).heard().last(16_000), 440.0, -10.0);
    assert_tone(room.peer(A).heard().last(16_000), 700.0, -15.0);
    assert!(room.peers[&A].heard().headers().iter().all(|header| header.payload_type == 8));
    assert!(room.peers[&B].heard().headers().iter().all(|header| header.payload_type == 0));
}

/// A peer that sends the other static codec than agreed is understood all the same.
#[test]
fn an_unagreed_static_codec_is_transcoded() {
    let mut room = Room::pair();
    // We agreed on mu-law with a peer that goes on with A-law.
    room.command(Command::Configure { leg: A, stream: stream(A, Codec::Pcmu) });
    talk(&mut room);
    room.run(ms(2_000));
    assert_tone(room.peer(B).heard().last(8_000), 440.0, -10.0);
}

#[test]
fn a_prompt_to_one_side_pauses_what_it_hears_only() {
    let mut room = Room::pair();
    talk(&mut room);
    room.run(ms(1_000));
    let audio = Arc::new(Audio::from_samples(audio::sine(1_500.0, -10.0, 8_000)));
    room.command(Command::Play { leg: B, audio, repeat: Repeat::Once, token: Token(1) });
    room.run(ms(900));
    assert_tone(room.peer(B).heard().last(6_400), 1_500.0, -10.0);
    assert_tone(room.peer(A).heard().last(6_400), 700.0, -15.0);
    room.run(ms(1_500));
    assert_tone(room.peer(B).heard().last(8_000), 440.0, -10.0);
    assert_continuous(&room, A);
    assert_continuous(&room, B);
}

#[test]
fn apart_they_hear_silence() {
    let mut room = Room::pair();
    talk(&mut room);
    room.run(ms(1_000));
    room.command(Command::Unbridge { leg: B });
    room.run(ms(1_000));
    assert_silence(room.peer(A).heard().last(4_000));
    assert_silence(room.peer(B).heard().last(4_000));
    assert_continuous(&room, A);
    assert_continuous(&room, B);
}

/// A hand-over: the other side of a bridge changes, the one that stays hears one stream.
#[test]
fn a_new_partner_goes_on_in_the_same_stream() {
    let mut room = Room::pair();
    let c = LegId(3);
    room.join(c, stream(c, Codec::Pcmu));
    talk(&mut room);
    room.peer(c).say(Say::Tone(1_100.0, -12.0));
    room.run(ms(1_000));
    room.command(Command::Bridge { a: A, b: c });
    room.run(ms(1_000));
    assert_tone(room.peer(A).heard().last(4_000), 1_100.0, -12.0);
    assert_tone(room.peer(c).heard().last(4_000), 440.0, -10.0);
    assert_silence(room.peer(B).heard().last(4_000));
    room.close(c);
    room.run(ms(1_000));
    assert_silence(room.peer(A).heard().last(4_000));
    assert_continuous(&room, A);
    assert_continuous(&room, B);
}

/// One side holds: it hears nothing, the other hears music in place of it, and all is well after.
#[test]
fn hold_and_resume() {
    let mut room = Room::pair();
    talk(&mut room);
    room.run(ms(1_000));
    let held = StreamConfig { direction: Direction::Inactive, ..stream(A, Codec::Pcma) };
    room.command(Command::Configure { leg: A, stream: held });
    room.peer(A).say(Say::Nothing);
    let audio = Arc::new(Audio::from_samples(audio::sine(1_500.0, -10.0, 8_000)));
    room.command(Command::Play { leg: B, audio, repeat: Repeat::Forever, token: Token(1) });
    room.peer(A).forget();
    room.run(ms(40_000));
    let late = room.peer(A).heard().headers().len();
    assert!(late <= 1, "{late} packets to a peer that asked for none");
    assert_tone(room.peer(B).heard().last(8_000), 1_500.0, -10.0);
    assert!(!room.events.iter().any(|(_, _, kind)| matches!(kind, EventKind::Silent { .. })));

    let resumed = stream(A, Codec::Pcma);
    room.command(Command::Configure { leg: A, stream: resumed });
    room.command(Command::Stop { leg: B });
    room.peer(A).say(Say::Tone(440.0, -10.0));
    room.run(ms(1_000));
    assert_tone(room.peer(A).heard().last(4_000), 700.0, -15.0);
    assert_tone(room.peer(B).heard().last(4_000), 440.0, -10.0);
    assert_continuous(&room, B);
}

/// A speaker that pauses its packets (silence suppression) is filled with silence.
#[test]
fn pauses_are_filled() {
    let mut room = Room::pair();
    talk(&mut room);
    for _ in 0..5 {
        room.run(ms(500));
        room.peer(A).say(Say::Nothing);
        room.run(ms(700));
        room.peer(A).say(Say::Tone(440.0, -10.0));
    }
    room.run(ms(500));
    assert_continuous(&room, B);
    assert_tone(room.peer(B).heard().last(2_400), 440.0, -10.0);
    let packets = room.peers[&B].heard().headers().len();
    assert!(packets > 280, "{packets} packets in 6.5 s");
}

/// Over a bad wire nothing is heard that was not said, and the losses stay what they were.
#[test]
fn a_lossy_wire_loses_what_it_lost() {
    for seed in 0..20 {
        let link = Link {
            loss: 0.05,
            duplicate: 0.02,
            reorder: 0.05,
            reorder_by: ms(30),
            delay: ms(20),
            jitter: ms(15),
        };
        let mut room = Room::with(PlaneConfig::default(), Wire::new(seed, link));
        room.join(A, stream(A, Codec::Pcma));
        room.join(B, stream(B, Codec::Pcmu));
        talk(&mut room);
        room.run(ms(10_000));
        let heard = room.peers[&B].heard();
        let gaps = audio::gaps(heard.last(72_000), -40.0, ms(20));
        let lost: u128 = gaps.iter().map(|gap| gap.duration().as_millis()).sum();
        // Twice over a wire that loses 5 %.
        assert!((300..1_600).contains(&lost), "seed {seed}: {lost} ms");
        let level = audio::level_dbm0(heard.last(72_000), 440.0);
        assert!((-12.0..-9.5).contains(&level), "seed {seed}: {level} dBm0");
        let stats = room.close(A);
        // Duplicates count as received (RFC 3550, appendix A.3).
        assert!((1..60).contains(&stats.packets_lost), "seed {seed}: {stats:?}");
        assert!(stats.jitter > ms(1) && stats.jitter < ms(20), "seed {seed}: {stats:?}");
    }
}
