//! Legs of codecs that no table translates: decoded where they must be, and only there.

use std::sync::Arc;

use switchboard_dialstring::PauseLengths;
use switchboard_media::{
    Audio, Codec, Command, EventKind, LegId, PlaneConfig, RecordingId, Repeat, RoomId, Token, Tone,
};
use switchboard_testkit::{Link, Say, Wire, audio};

use crate::room::{A, B, Room, assert_silence, assert_tone, ms, stream};

const C: LegId = LegId(3);
const TAPE: RecordingId = RecordingId(9);

/// A peer of each codec, each with a tone of its own, bridged.
fn talk(a: Codec, b: Codec) -> Room {
    let mut room = Room::new();
    room.join(A, stream(A, a));
    room.join(B, stream(B, b));
    room.peer(A).say(Say::Tone(440.0, -16.0));
    room.peer(B).say(Say::Tone(1_100.0, -18.0));
    room.command(Command::Bridge { a: A, b: B });
    room
}

#[test]
fn two_codecs_converse() {
    for law in [Codec::Pcma, Codec::Pcmu] {
        let mut room = talk(Codec::G722, law);
        room.run(ms(3_000));
        assert_tone(room.peer(A).heard().last(8_000), 1_100.0, -18.0);
        assert_tone(room.peer(B).heard().last(8_000), 440.0, -16.0);
        for (leg, codec) in [(A, Codec::G722), (B, law)] {
            let headers = room.peer(leg).heard().headers().to_vec();
            assert!((145..=151).contains(&headers.len()), "{}", headers.len());
            for pair in headers.windows(2) {
                assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
                assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
                assert_eq!(pair[1].payload_type, codec.payload_type().get());
            }
        }
        let stats = room.close(A);
        assert!(stats.playout_delay.is_some_and(|delay| delay <= ms(60)), "{stats:?}");
    }
}

#[test]
fn one_codec_is_relayed_undecoded() {
    let mut room = talk(Codec::G722, Codec::G722);
    room.run(ms(2_000));
    assert_tone(room.peer(A).heard().last(8_000), 1_100.0, -18.0);
    assert_tone(room.peer(B).heard().last(8_000), 440.0, -16.0);
    // Nothing waited in a jitter buffer.
    assert_eq!(room.close(A).playout_delay, None);
}

/// Another partner, or another agreement with the same one, brings the relay back and takes it away.
#[test]
fn it_is_decoded_only_while_it_must_be() {
    let mut room = talk(Codec::G722, Codec::Pcma);
    room.join(C, stream(C, Codec::Pcmu));
    room.peer(C).say(Say::Tone(700.0, -20.0));
    room.run(ms(1_000));
    room.command(Command::Bridge { a: B, b: C });
    room.run(ms(1_500));
    assert_tone(room.peer(B).heard().last(8_000), 700.0, -20.0);
    assert_silence(room.peer(A).heard().last(8_000));
    // The relay has no delay of its own: what C says now B hears after the wire's 2 x 5 ms.
    room.peer(C).say(Say::Nothing);
    room.run(ms(300));
    room.peer(B).forget();
    room.peer(C).say(Say::Tone(700.0, -20.0));
    room.run(ms(1_000));
    let relayed = room.peer(B).heard().samples().to_vec();
    let silent = audio::gaps(&relayed, -40.0, ms(10)).first().map_or(ms(0), |gap| gap.end);
    assert!(silent < ms(60), "{silent:?}");
    // Now C speaks what B does not.
    room.command(Command::Configure { leg: C, stream: stream(C, Codec::G722) });
    let peer = stream(C, Codec::G722);
    room.change_voice(C, peer.codec);
    room.peer(C).say(Say::Tone(700.0, -20.0));
    room.run(ms(2_000));
    assert_tone(room.peer(B).heard().last(8_000), 700.0, -20.0);
    assert_tone(room.peer(C).heard().last(8_000), 1_100.0, -18.0);
}

#[test]
fn losses_are_concealed_on_the_way() {
    let link = Link { delay: ms(5), loss: 0.03, jitter: ms(15), ..Link::default() };
    let mut room = Room::with(PlaneConfig::default(), Wire::new(3, link));
    room.join(A, stream(A, Codec::G722));
    room.join(B, stream(B, Codec::Pcma));
    room.peer(A).say(Say::Tone(440.0, -16.0));
    room.command(Command::Bridge { a: A, b: B });
    room.run(ms(6_000));
    let heard = audio::level_dbm0(room.peer(B).heard().last(32_000), 440.0);
    assert!((heard + 16.0).abs() < 2.0, "{heard} dBm0");
}

#[test]
fn keys_pass_between_two_codecs_once_each() {
    let mut room = talk(Codec::G722, Codec::Pcma);
    room.run(ms(500));
    for (leg, other) in [(A, B), (B, A)] {
        room.peer(leg).press('4', ms(120));
        room.peer(leg).press('2', ms(120));
        room.run(ms(1_500));
        assert_eq!(room.peer(other).heard().keys(), "42");
    }
    let digits = |kind: &EventKind| matches!(kind, EventKind::Digit { .. });
    assert_eq!(room.events.iter().filter(|(.., kind)| digits(kind)).count(), 4);
    // The talk goes on after them.
    room.run(ms(1_500));
    assert_tone(room.peer(A).heard().last(8_000), 1_100.0, -18.0);
}

#[test]
fn prompts_tones_echo_and_digits_are_heard_in_g722() {
    let mut room = Room::new();
    let agreed = StreamWithoutEvents::of(A);
    room.join(A, agreed);
    let prompt = Arc::new(Audio::from_samples(audio::sine(1_000.0, -15.0, 16_000)));
    let (leg, repeat) = (A, Repeat::Forever);
    room.command(Command::Play { leg, audio: prompt, repeat, token: Token(1) });
    room.run(ms(2_000));
    assert_tone(room.peer(A).heard().last(8_000), 1_000.0, -15.0);
    room.command(Command::Tone { leg, tone: Tone::Dial });
    room.run(ms(2_000));
    let dial = audio::level_dbm0(room.peer(A).heard().last(8_000), 425.0);
    assert!(dial > -20.0, "{dial} dBm0");
    room.command(Command::Echo { leg });
    room.peer(A).say(Say::Tone(700.0, -20.0));
    room.run(ms(2_000));
    assert_tone(room.peer(A).heard().last(8_000), 700.0, -20.0);
    room.peer(A).say(Say::Nothing);
    room.command(Command::Stop { leg });
    room.run(ms(500));
    room.peer(A).forget();
    let plan = "5".parse().expect("a plan");
    room.command(Command::SendDigits { leg, plan, pauses: PauseLengths::default() });
    room.run(ms(1_000));
    let heard = room.peer(A).heard().samples().to_vec();
    let loud = heard.chunks(400).map(|part| {
        let (low, high) = (audio::level_dbm0(part, 770.0), audio::level_dbm0(part, 1_336.0));
        low.min(high)
    });
    let loudest = loud.fold(f64::MIN, f64::max);
    assert!(loudest > -14.0, "{loudest} dBm0");
}

struct StreamWithoutEvents;

impl StreamWithoutEvents {
    fn of(leg: LegId) -> switchboard_media::StreamConfig {
        switchboard_media::StreamConfig { telephone_event: None, ..stream(leg, Codec::G722) }
    }
}

#[test]
fn a_room_and_a_recording_take_any_codec() {
    let mut room = talk(Codec::G722, Codec::Pcma);
    room.join(C, stream(C, Codec::Pcmu));
    room.peer(C).say(Say::Tone(700.0, -20.0));
    room.command(Command::Record { recording: TAPE, left: A, right: Some(B) });
    room.run(ms(2_000));
    let tape = &room.recordings[&TAPE];
    assert_tone(&tape.left[4_000..], 440.0, -16.0);
    assert_tone(&tape.right[4_000..], 1_100.0, -18.0);
    for leg in [A, B, C] {
        room.command(Command::Join { leg, room: RoomId(1) });
    }
    room.run(ms(3_000));
    let tones = [(A, 440.0, -16.0), (B, 1_100.0, -18.0), (C, 700.0, -20.0)];
    for (listener, ..) in tones {
        for (talker, frequency, said) in tones {
            let heard = audio::level_dbm0(room.peer(listener).heard().last(8_000), frequency);
            if listener == talker {
                assert!(heard < -45.0, "{listener} hears itself: {heard} dBm0");
            } else {
                assert!((heard - said).abs() < 0.9, "{listener} hears {talker} at {heard} dBm0");
            }
        }
    }
}
