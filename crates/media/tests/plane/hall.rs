//! Rooms of three and more, recordings, and what losses and pauses sound like in them.

use switchboard_media::{Codec, Command, LegId, PlaneConfig, PlaneError, RecordingId, RoomId};
use switchboard_testkit::{Link, Say, Wire, audio};

use crate::room::{A, B, Room, assert_silence, assert_tone, ms, stream};

const C: LegId = LegId(3);
const ROOM: RoomId = RoomId(1);
const TAPE: RecordingId = RecordingId(9);

/// Three peers of two codecs, each with a tone of its own.
fn three() -> Room {
    let mut room = Room::new();
    for (leg, codec, tone) in [
        (A, Codec::Pcma, Say::Tone(440.0, -16.0)),
        (B, Codec::Pcmu, Say::Tone(700.0, -18.0)),
        (C, Codec::Pcma, Say::Tone(1_100.0, -20.0)),
    ] {
        room.join(leg, stream(leg, codec));
        room.peer(leg).say(tone);
    }
    room
}

fn level(room: &mut Room, leg: LegId, frequency: f64) -> f64 {
    audio::level_dbm0(room.peer(leg).heard().last(8_000), frequency)
}

#[test]
fn in_a_room_each_hears_the_others_and_not_itself() {
    let mut room = three();
    for leg in [A, B, C] {
        room.command(Command::Join { leg, room: ROOM });
    }
    room.run(ms(3_000));
    let tones = [(A, 440.0, -16.0), (B, 700.0, -18.0), (C, 1_100.0, -20.0)];
    for (listener, ..) in tones {
        for (talker, frequency, said) in tones {
            let heard = level(&mut room, listener, frequency);
            if listener == talker {
                assert!(heard < -45.0, "{listener} hears itself: {heard} dBm0");
            } else {
                assert!((heard - said).abs() < 0.7, "{listener} hears {talker} at {heard} dBm0");
            }
        }
        let headers = room.peer(listener).heard().headers().to_vec();
        assert!((145..=151).contains(&headers.len()), "{}", headers.len());
        for pair in headers.windows(2) {
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        }
    }
    // One leaves: the two go on; it hears nothing.
    room.command(Command::Unbridge { leg: C });
    room.run(ms(1_500));
    assert_tone(room.peer(A).heard().last(8_000), 700.0, -18.0);
    assert_silence(room.peer(C).heard().last(8_000));
    // Into a bridge from a room.
    room.command(Command::Bridge { a: C, b: A });
    room.run(ms(1_500));
    assert_tone(room.peer(A).heard().last(8_000), 1_100.0, -20.0);
    assert_silence(room.peer(B).heard().last(8_000));
}

#[test]
fn a_recording_has_each_side_on_its_own_channel() {
    let mut room = three();
    room.command(Command::Bridge { a: A, b: B });
    room.run(ms(500));
    room.command(Command::Record { recording: TAPE, left: A, right: Some(B) });
    room.run(ms(3_000));
    room.command(Command::StopRecording { recording: TAPE });
    room.run(ms(500));
    let tape = &room.recordings[&TAPE];
    assert!(tape.is_over);
    assert_eq!(tape.left.len(), 3_000 * 8);
    assert_tone(&tape.left[1_600..], 440.0, -16.0);
    assert_tone(&tape.right[1_600..], 700.0, -18.0);
    assert_eq!(tape.at.first().copied(), Some(ms(20)));
    assert!(tape.at.windows(2).all(|pair| pair[1] - pair[0] == ms(20)));
    // The call itself was relayed as before.
    assert_tone(room.peer(A).heard().last(8_000), 700.0, -18.0);
    let stats = room.close(A);
    assert!(stats.playout_delay.is_some_and(|delay| delay <= ms(60)), "{stats:?}");
    assert_eq!(stats.late, 0);
}

/// Nobody there yet, a pause, another partner: time goes on with silence where nothing is said.
#[test]
fn a_recording_keeps_time() {
    let mut room = three();
    room.command(Command::Record { recording: TAPE, left: A, right: None });
    room.run(ms(1_000));
    room.command(Command::Record { recording: TAPE, left: A, right: Some(B) });
    room.run(ms(1_000));
    room.peer(A).say(Say::Nothing);
    room.run(ms(1_000));
    room.peer(A).say(Say::Tone(440.0, -16.0));
    room.command(Command::Record { recording: TAPE, left: A, right: Some(C) });
    room.run(ms(1_000));
    let tape = &room.recordings[&TAPE];
    assert_eq!((tape.left.len(), tape.right.len()), (32_000, 32_000));
    assert_silence(&tape.right[..8_000]);
    assert_tone(&tape.right[9_600..16_000], 700.0, -18.0);
    assert_tone(&tape.right[25_600..], 1_100.0, -20.0);
    let gaps = audio::gaps(&tape.left[1_600..], -50.0, ms(100));
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    // The pause of a second, less the fade of 60 ms at most, plus the new delay.
    assert!(gaps[0].duration().abs_diff(ms(1_000)) < ms(120), "{gaps:?}");
    assert!(gaps[0].start.abs_diff(ms(1_800)) < ms(150), "{gaps:?}");
}

#[test]
fn a_recording_ends_with_its_legs() {
    let mut room = three();
    room.command(Command::Record { recording: TAPE, left: A, right: Some(B) });
    room.run(ms(200));
    room.close(A);
    room.run(ms(200));
    assert!(!room.recordings[&TAPE].is_over);
    room.close(B);
    assert!(room.recordings[&TAPE].is_over);
    room.close(C);
    room.run(ms(100));
    assert_eq!(room.plane.poll_timeout(), None, "the clock stands still");
}

#[test]
fn recordings_are_bounded_and_name_legs_that_are_there() {
    let config = PlaneConfig { max_legs: 2, ..PlaneConfig::default() };
    let mut room = Room::with(config, Wire::new(1, Link::default()));
    room.join(A, stream(A, Codec::Pcma));
    let now = room.clock.now();
    let mut record = |n, left, right| {
        let command = Command::Record { recording: RecordingId(n), left, right };
        room.plane.handle(now, switchboard_media::Input::Command(command))
    };
    assert_eq!(record(1, B, None), Err(PlaneError::UnknownLeg(B)));
    assert_eq!(record(1, A, Some(B)), Err(PlaneError::UnknownLeg(B)));
    assert_eq!(record(1, A, None), Ok(()));
    assert_eq!(record(2, A, None), Ok(()));
    assert_eq!(record(3, A, None), Err(PlaneError::TooManyRecordings(2)));
    assert_eq!(record(2, A, Some(A)), Ok(()));
}

/// 5 and 10 % of loss: in a recording and in a room the tone goes on; the holes are not heard.
#[test]
fn losses_are_concealed_where_audio_is_decoded() {
    for (loss, seed) in [(0.05, 3), (0.05, 4), (0.1, 5)] {
        let link = Link { loss, delay: ms(20), jitter: ms(10), ..Link::default() };
        let mut room = Room::with(PlaneConfig::default(), Wire::new(seed, link));
        room.join(A, stream(A, Codec::Pcma));
        room.join(B, stream(B, Codec::Pcma));
        room.command(Command::Bridge { a: A, b: B });
        room.command(Command::Record { recording: TAPE, left: A, right: Some(B) });
        room.peer(A).say(Say::Tone(440.0, -10.0));
        room.peer(B).say(Say::Tone(700.0, -10.0));
        room.run(ms(20_000));
        let tape = &room.recordings[&TAPE];
        let left = &tape.left[8_000..];
        let level = audio::level_dbm0(left, 440.0);
        assert!((level + 10.0).abs() < 1.0, "{loss}, seed {seed}: {level} dBm0");
        let holes = audio::gaps(left, -40.0, ms(20));
        let heard: u128 = holes.iter().map(|gap| gap.duration().as_millis()).sum();
        assert!(heard < 150, "{loss}, seed {seed}: {holes:?}");
        let stats = room.close(A);
        assert!(stats.packets_lost > 20, "{stats:?}");
        // The relay hides nothing from the phone, which conceals by itself.
        let relayed = audio::gaps(room.peer(B).heard().last(152_000), -40.0, ms(20));
        assert!(relayed.len() > 20, "{}", relayed.len());
    }
}

/// Nothing for longer than 60 ms: the rest is silence, not a drone.
#[test]
fn a_long_loss_is_silent_after_60_ms() {
    let mut room = three();
    room.command(Command::Record { recording: TAPE, left: A, right: Some(B) });
    room.run(ms(1_000));
    room.peer(A).say(Say::Nothing);
    room.run(ms(1_000));
    let left = &room.recordings[&TAPE].left;
    // Two packets may be in the buffer when the talker stops.
    let end = left.iter().rposition(|sample| sample.unsigned_abs() > 8).expect("a tone");
    assert!((8_000..8_000 + 8 * 125).contains(&end), "{end}");
}

/// A talker who describes its pause (RFC 3389): the pause has its level in a relay and a recording.
#[test]
fn comfort_noise_fills_pauses() {
    let mut room = three();
    room.command(Command::Bridge { a: A, b: B });
    room.command(Command::Record { recording: TAPE, left: A, right: Some(B) });
    room.run(ms(1_000));
    room.peer(A).say(Say::Nothing);
    let (remote, ssrc) = (room.peer(A).address(), room.peer(A).ssrc());
    let mut packet = vec![0x80, 13, 0x70, 0, 0, 0, 0, 0];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.push(50);
    room.inject(remote, A, &packet);
    room.run(ms(2_000));
    for samples in [room.peers[&B].heard().last(8_000), &room.recordings[&TAPE].left[16_000..]] {
        let level = audio::loudness_dbm0(samples);
        assert!((level - (-50.0 + 6.15)).abs() < 1.5, "{level} dBm0");
        assert!(audio::level_dbm0(samples, 440.0) < level - 15.0);
    }
    room.peer(A).say(Say::Tone(440.0, -16.0));
    room.run(ms(1_000));
    assert_tone(room.peer(B).heard().last(4_000), 440.0, -16.0);
}
