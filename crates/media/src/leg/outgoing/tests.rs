use core::time::Duration;

use switchboard_testkit::Clock;

use super::*;

fn outgoing(clock: &Clock) -> Outgoing {
    // Near both wraps.
    Outgoing::new(clock.now(), Ssrc(1), SequenceNumber(65_534), RtpTimestamp(u32::MAX - 200))
}

fn theirs(sequence: u16, timestamp: u32) -> Header {
    Header {
        marker: false,
        payload_type: PayloadType::PCMA,
        sequence_number: SequenceNumber(sequence),
        timestamp: RtpTimestamp(timestamp),
        ssrc: Ssrc(77),
    }
}

/// Numbers and timestamps of what was relayed, per packet.
fn relay(out: &mut Outgoing, clock: &Clock, sequence: u16, timestamp: u32) -> Option<(u16, u32)> {
    let theirs = theirs(sequence, timestamp);
    let header = out.relayed_audio(clock.now(), &theirs, 160, PayloadType::PCMA)?;
    assert_eq!(header.ssrc, Ssrc(1));
    Some((header.sequence_number.0, header.timestamp.0))
}

const TICK: Duration = Duration::from_millis(20);

#[test]
fn our_packets_then_theirs_make_one_stream() {
    let mut clock = Clock::new();
    let mut out = outgoing(&clock);
    let first = out.audio(clock.now(), 160, PayloadType::PCMA);
    assert_eq!((first.sequence_number.0, first.timestamp.0), (65_534, u32::MAX - 200));
    assert!(first.marker);
    clock.advance(TICK);
    assert!(!out.audio(clock.now(), 160, PayloadType::PCMA).marker);
    clock.advance(TICK);
    assert_eq!(relay(&mut out, &clock, 500, 9_000), Some((0, 119)));
    clock.advance(TICK);
    // One of theirs is lost: the gap is passed on, so that the listener knows.
    assert_eq!(relay(&mut out, &clock, 502, 9_320), Some((2, 439)));
    clock.advance(TICK);
    let own = out.audio(clock.now(), 160, PayloadType::PCMA);
    assert_eq!((own.sequence_number.0, own.timestamp.0, own.marker), (3, 599, true));
}

#[test]
fn late_packets_find_their_place_or_are_dropped() {
    let mut clock = Clock::new();
    let mut out = outgoing(&clock);
    assert_eq!(relay(&mut out, &clock, 10, 1_600), Some((65_534, u32::MAX - 200)));
    clock.advance(TICK);
    assert_eq!(relay(&mut out, &clock, 12, 1_920), Some((0, 119)));
    assert_eq!(relay(&mut out, &clock, 11, 1_760), Some((65_535, u32::MAX - 40)));
    // From before the relay began: it has no place.
    assert_eq!(relay(&mut out, &clock, 9, 1_440), None);
    out.interrupt();
    clock.advance(TICK);
    assert_eq!(relay(&mut out, &clock, 14, 2_240).map(|(number, _)| number), Some(1));
    assert_eq!(relay(&mut out, &clock, 13, 2_080), None);
}

#[test]
fn a_new_source_or_a_jump_continues_our_line() {
    let mut clock = Clock::new();
    let mut out = outgoing(&clock);
    relay(&mut out, &clock, 10, 1_600);
    clock.advance(TICK);
    let other = Header { ssrc: Ssrc(78), ..theirs(40_000, 123_456) };
    let header = out.relayed_audio(clock.now(), &other, 160, PayloadType::PCMA);
    let header = header.expect("a new source is relayed");
    assert_eq!((header.sequence_number.0, header.timestamp.0), (65_535, u32::MAX - 40));
    assert!(header.marker);
    clock.advance(TICK);
    let jumped = Header { ssrc: Ssrc(78), ..theirs(40_001, 900_000) };
    let header = out.relayed_audio(clock.now(), &jumped, 160, PayloadType::PCMA);
    let header = header.expect("a jump is relayed");
    assert_eq!((header.sequence_number.0, header.timestamp.0), (0, 119));
}

#[test]
fn packets_of_one_press_keep_one_timestamp() {
    let mut clock = Clock::new();
    let mut out = outgoing(&clock);
    relay(&mut out, &clock, 10, 1_600);
    clock.advance(TICK);
    let press = |out: &mut Outgoing, clock: &Clock, sequence, timestamp, same_clock| {
        let payload_type = PayloadType::new(96).expect("7 bits");
        let header = theirs(sequence, timestamp);
        let header = out.relayed_event(clock.now(), &header, same_clock, payload_type);
        header.map(|header| (header.sequence_number.0, header.timestamp.0))
    };
    assert_eq!(press(&mut out, &clock, 11, 1_760, true), Some((65_535, u32::MAX - 40)));
    // Something of our own comes between.
    out.audio(clock.now(), 160, PayloadType::PCMA);
    clock.advance(TICK);
    assert_eq!(press(&mut out, &clock, 12, 1_760, true), Some((1, u32::MAX - 40)));
    // Another clock: its timestamps say nothing on our line.
    clock.advance(TICK);
    assert_eq!(press(&mut out, &clock, 13, 500_000, false), Some((2, 279)));
    clock.advance(TICK);
    assert_eq!(press(&mut out, &clock, 14, 500_000, false), Some((3, 279)));
}
