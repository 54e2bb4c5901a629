//! Legs that go from one plane to another.

use switchboard_media::{Codec, Command, LegId, Plane, PlaneConfig, PlaneError, RecordingId};
use switchboard_testkit::Say;

use crate::room::{A, B, Room, assert_tone, ms, stream};

fn other(max_legs: usize) -> Plane {
    Plane::new(PlaneConfig { seed: 77, max_legs, ..PlaneConfig::default() })
}

/// Both legs go to another plane, which goes on with the talk.
fn move_both(room: &mut Room, mut to: Plane) {
    let now = room.clock.now();
    for leg in [A, B] {
        let moved = room.plane.release(now, leg).expect("it is there");
        assert_eq!(moved.id(), leg);
        to.adopt(now, moved).expect("there is room");
    }
    assert!(room.plane.is_empty());
    room.plane = to;
}

#[test]
fn streams_go_on_where_they_were() {
    let mut room = Room::pair();
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Tone(440.0, -10.0));
    room.peer(B).say(Say::Tone(700.0, -15.0));
    room.run(ms(1_000));
    move_both(&mut room, other(10));
    room.command(Command::Bridge { a: A, b: B });
    room.run(ms(2_000));
    assert_tone(room.peer(B).heard().last(12_000), 440.0, -10.0);
    assert_tone(room.peer(A).heard().last(12_000), 700.0, -15.0);
    for leg in [A, B] {
        let headers = room.peers[&leg].heard().headers();
        for pair in headers.windows(2) {
            assert_eq!(pair[1].ssrc, pair[0].ssrc);
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        }
        let stats = room.plane.stats(leg).expect("it is here now");
        assert!((145..=151).contains(&stats.packets_received), "{stats:?}");
        assert_eq!((stats.packets_lost, stats.foreign), (0, 0));
    }
}

#[test]
fn a_leg_leaves_its_partner_and_its_recording_behind() {
    let mut room = Room::pair();
    let recording = RecordingId(5);
    room.command(Command::Bridge { a: A, b: B });
    room.command(Command::Record { recording, left: A, right: Some(B) });
    room.peer(B).say(Say::Tone(700.0, -15.0));
    room.run(ms(500));
    let now = room.clock.now();
    let moved = room.plane.release(now, A).expect("it is there");
    let mut elsewhere = other(10);
    elsewhere.adopt(now, moved).expect("there is room");
    room.run(ms(500));
    assert!(!room.recordings[&recording].is_over, "the other leg is recorded still");
    assert!(room.recordings[&recording].right.len() > 7_000);
    assert!(room.plane.release(now, A).is_none(), "it is gone");
    room.plane.release(now, B).expect("it is there");
    room.run(ms(40));
    assert!(room.recordings[&recording].is_over, "with its last leg");
}

#[test]
fn a_plane_takes_no_leg_twice_and_no_more_than_it_may() {
    let mut room = Room::pair();
    let now = room.clock.now();
    let moved = room.plane.release(now, A).expect("it is there");
    let mut same = other(10);
    same.handle(now, switchboard_media::Input::Command(Command::Open { leg: A })).expect("open");
    assert_eq!(same.adopt(now, moved), Err(PlaneError::AlreadyOpen(A)));
    let moved = room.plane.release(now, B).expect("it is there");
    assert_eq!(other(0).adopt(now, moved), Err(PlaneError::TooManyLegs(0)));
    room.join(LegId(3), stream(LegId(3), Codec::Pcma));
    assert_eq!(room.plane.len(), 1);
}
