//! What one leg hears when it is alone: silence, prompts, tones, itself.

use std::sync::Arc;

use switchboard_media::{
    Audio, Codec, Command, Direction, EventKind, Input, Plane, PlaneConfig, PlayEnd, Repeat,
    StreamConfig, Token, Tone,
};
use switchboard_testkit::{Clock, Say, audio};

use crate::room::{A, Room, assert_silence, assert_tone, ms, stream, theirs};

fn prompt(frequency: f64, ms: usize) -> Arc<Audio> {
    Arc::new(Audio::from_samples(audio::sine(frequency, -10.0, ms * 8)))
}

fn alone(codec: Codec) -> Room {
    let mut room = Room::new();
    room.join(A, stream(A, codec));
    room
}

fn play(room: &mut Room, audio: Arc<Audio>, repeat: Repeat, token: u64) {
    room.command(Command::Play { leg: A, audio, repeat, token: Token(token) });
}

fn played(room: &Room) -> Vec<(u128, u64, PlayEnd)> {
    let ends = room.events.iter().filter_map(|(at, _, kind)| match kind {
        EventKind::Played { token, end } => Some((at.as_millis(), token.0, *end)),
        _ => None,
    });
    ends.collect()
}

/// Packets of silence flow while nothing plays, one each 20 ms for an hour, numbers and timestamps
/// without a gap: the NAT before the peer stays open.
#[test]
fn silence_flows_and_the_clock_does_not_drift() {
    let mut room = alone(Codec::Pcma);
    room.run(ms(3_600_000));
    let headers = room.peer(A).heard().headers().to_vec();
    assert_eq!(headers.len(), 180_000);
    assert!(headers[0].marker);
    for (n, pair) in headers.windows(2).enumerate() {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1), "{n}");
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160), "{n}");
        assert!(!pair[1].marker, "{n}");
    }
}

#[test]
fn a_prompt_plays_once_and_says_when_it_is_over() {
    for codec in [Codec::Pcma, Codec::Pcmu] {
        let mut room = alone(codec);
        room.run(ms(500));
        room.peer(A).forget();
        play(&mut room, prompt(800.0, 1_010), Repeat::Once, 7);
        room.run(ms(2_000));
        let heard = room.peer(A).heard().samples().to_vec();
        // A packet of silence was on the wire when it began.
        assert_tone(&heard[160..8_160], 800.0, -10.0);
        assert_silence(&heard[8_320..]);
        assert_eq!(played(&room), [(1_520, 7, PlayEnd::Complete)], "{codec}");
    }
}

/// Barge-in: the prompt stops within a packet time of the command, and says that it was interrupted.
#[test]
fn a_stopped_prompt_is_silent_at_once() {
    let mut room = alone(Codec::Pcma);
    play(&mut room, prompt(800.0, 10_000), Repeat::Once, 1);
    room.run(ms(1_000));
    room.command(Command::Stop { leg: A });
    room.run(ms(1_000));
    let heard = room.peer(A).heard().samples().to_vec();
    assert_tone(&heard[..7_840], 800.0, -10.0);
    assert_silence(&heard[8_320..]);
    assert_eq!(played(&room), [(1_000, 1, PlayEnd::Interrupted)]);
}

#[test]
fn a_prompt_replaces_another() {
    let mut room = alone(Codec::Pcma);
    play(&mut room, prompt(800.0, 10_000), Repeat::Forever, 1);
    room.run(ms(1_000));
    play(&mut room, prompt(1_200.0, 500), Repeat::Once, 2);
    room.run(ms(1_000));
    let heard = room.peer(A).heard().samples().to_vec();
    assert_tone(&heard[8_320..11_800], 1_200.0, -10.0);
    let ends = played(&room);
    assert_eq!(ends[0], (1_000, 1, PlayEnd::Interrupted));
    assert_eq!((ends[1].1, ends[1].2), (2, PlayEnd::Complete));
}

#[test]
fn a_loop_has_no_seam() {
    let mut room = alone(Codec::Pcma);
    // 0.77 s of whole periods: the loop's seam falls inside packets.
    play(&mut room, prompt(1_000.0, 770), Repeat::Forever, 1);
    room.run(ms(5_000));
    let heard = room.peer(A).heard().samples().to_vec();
    assert_tone(&heard[..39_000], 1_000.0, -10.0);
    assert!(audio::gaps(&heard[160..39_000], -20.0, ms(5)).is_empty());
    assert!(played(&room).is_empty());
}

#[test]
fn ring_back_rings_for_one_second_in_five() {
    let mut room = alone(Codec::Pcmu);
    room.command(Command::Tone { leg: A, tone: Tone::RingBack });
    room.run(ms(11_000));
    let heard = room.peer(A).heard().samples().to_vec();
    let rings = audio::sounds(&heard, -40.0, ms(500));
    assert_eq!(rings.len(), 3, "{rings:?}");
    for (ring, second) in rings.iter().zip([0, 5, 10]) {
        assert!(ring.start.abs_diff(ms(second * 1_000)) < ms(30), "{ring:?}");
        assert!(ring.duration().abs_diff(ms(1_000)) < ms(30), "{ring:?}");
    }
    assert_tone(&heard[400..7_600], 425.0, -12.0);
}

#[test]
fn the_echo_returns_what_is_said() {
    let mut room = alone(Codec::Pcma);
    room.command(Command::Echo { leg: A });
    room.run(ms(500));
    room.peer(A).say(Say::Tone(600.0, -12.0));
    room.run(ms(2_000));
    assert_tone(room.peer(A).heard().last(8_000), 600.0, -12.0);
    room.peer(A).say(Say::Nothing);
    room.run(ms(500));
    // The line does not die with it.
    assert_silence(room.peer(A).heard().last(2_000));
    room.command(Command::Stop { leg: A });
    room.peer(A).say(Say::Tone(600.0, -12.0));
    room.run(ms(500));
    assert_silence(room.peer(A).heard().last(2_000));
}

/// Held by its peer, a leg sends nothing; a prompt goes on unheard, and the clock with it.
#[test]
fn nothing_is_sent_to_who_holds_us() {
    let mut room = alone(Codec::Pcma);
    room.run(ms(1_000));
    for direction in [Direction::RecvOnly, Direction::Inactive] {
        let held = StreamConfig { direction, ..stream(A, Codec::Pcma) };
        room.command(Command::Configure { leg: A, stream: held });
        room.run(ms(10));
        room.peer(A).forget();
        play(&mut room, prompt(800.0, 500), Repeat::Once, 1);
        room.run(ms(1_000));
        assert!(room.peer(A).heard().headers().is_empty());
    }
    assert_eq!(played(&room).len(), 2);
    let stream = stream(A, Codec::Pcma);
    room.command(Command::Configure { leg: A, stream });
    room.run(ms(1_000));
    let first = room.peer(A).heard().headers()[0];
    assert!(first.marker);
}

/// A leg on hold with nothing of its own is left alone: a thousand of them cost nothing.
#[test]
fn who_may_not_be_sent_to_has_no_clock() {
    let now = Clock::new().now();
    let next = |direction| {
        let mut plane = Plane::new(PlaneConfig::default());
        let held = StreamConfig { direction, ..stream(A, Codec::Pcma) };
        for command in [Command::Open { leg: A }, Command::Configure { leg: A, stream: held }] {
            plane.handle(now, Input::Command(command)).unwrap();
        }
        plane.poll_timeout().unwrap() - now
    };
    assert!(next(Direction::SendRecv) <= ms(20));
    for direction in [Direction::RecvOnly, Direction::Inactive] {
        assert!(next(direction) > ms(1_000), "reports alone");
    }
}

/// Held by us, a peer hears what is played to it.
#[test]
fn music_reaches_who_is_held() {
    let mut room = alone(Codec::Pcma);
    let held = StreamConfig { direction: Direction::SendOnly, ..stream(A, Codec::Pcma) };
    room.command(Command::Configure { leg: A, stream: held });
    play(&mut room, prompt(500.0, 1_000), Repeat::Forever, 1);
    room.run(ms(40_000));
    assert_tone(room.peer(A).heard().last(8_000), 500.0, -10.0);
    // Nor is its silence a fault.
    assert!(room.events.is_empty(), "{:?}", room.events);
}

/// A peer whose address must be learnt first hears the prompt from its beginning.
#[test]
fn a_prompt_waits_for_the_first_packet() {
    let mut room = Room::new();
    room.join(A, StreamConfig { signalling: None, ..stream(A, Codec::Pcma) });
    play(&mut room, prompt(800.0, 1_000), Repeat::Once, 1);
    room.run(ms(600));
    assert!(room.peer(A).heard().headers().is_empty());
    room.peer(A).say(Say::Silence);
    room.run(ms(1_500));
    let heard = room.peer(A).heard().samples().to_vec();
    assert_tone(&heard[..8_000], 800.0, -10.0);
    // One that never comes does not hold the call up.
    let mut room = Room::new();
    room.join(A, StreamConfig { signalling: None, ..stream(A, Codec::Pcma) });
    play(&mut room, prompt(800.0, 1_000), Repeat::Once, 1);
    room.run(ms(2_100));
    assert_eq!(played(&room).len(), 1);
    assert!(room.strays.is_empty());
    assert_eq!(room.peer(A).address(), theirs(A));
}

#[test]
fn every_packet_time_gives_the_same_audio() {
    for (ptime, packets) in
        [(10, 200), (20, 100), (30, 67), (40, 50), (60, 34), (0, 100), (35, 100)]
    {
        let mut room = Room::new();
        room.join(A, StreamConfig { ptime: ms(ptime), ..stream(A, Codec::Pcma) });
        play(&mut room, prompt(800.0, 3_000), Repeat::Once, 1);
        room.run(ms(1_998));
        let heard = room.peer(A).heard();
        assert_eq!(heard.headers().len(), packets, "{ptime}");
        assert_tone(&heard.samples()[480..15_480], 800.0, -10.0);
    }
}

/// A machine that slept does not send what it missed in one burst, and the prompt loses nothing.
#[test]
fn a_stalled_clock_goes_on_where_it_was() {
    let mut room = alone(Codec::Pcma);
    play(&mut room, prompt(800.0, 2_000), Repeat::Once, 1);
    room.run(ms(500));
    room.clock.advance(ms(3_000));
    room.peer(A).forget();
    room.run(ms(2_000));
    let headers = room.peer(A).heard().headers().to_vec();
    assert!(headers.len() <= 101, "{}", headers.len());
    assert!(headers[..3].iter().any(|header| header.marker));
    let heard = room.peer(A).heard().samples().to_vec();
    let (prompt, rest) = heard[heard.len() - 15_900..].split_at(11_500);
    assert_tone(prompt, 800.0, -10.0);
    assert_silence(&rest[800..]);
}
