//! What a packet costs in memory: nothing.

use std::sync::Arc;
use std::time::Instant;

use switchboard_media::{
    Audio, Channel, Codec, Command, Input, LegId, Output, Plane, PlaneConfig, Repeat, StreamConfig,
    Token,
};
use switchboard_testkit::{Clock, Law, RtpPeer, Say};

use crate::room::{ms, ours, theirs};

/// Twenty legs, bridged in pairs that transcode, and as many peers' packets of four seconds.
fn talk() -> (Plane, Vec<(Instant, LegId, Vec<u8>)>) {
    let start = Clock::new().now();
    let mut plane = Plane::new(PlaneConfig::default());
    let mut packets = Vec::new();
    for n in 0..20 {
        let leg = LegId(n);
        let codec = if n % 3 == 0 { Codec::Pcmu } else { Codec::Pcma };
        let stream = StreamConfig::new(theirs(leg), codec);
        for command in [Command::Open { leg }, Command::Configure { leg, stream }] {
            plane.handle(start, Input::Command(command)).expect("sensible");
        }
        if n % 2 == 1 {
            let bridge = Command::Bridge { a: LegId(n - 1), b: leg };
            plane.handle(start, Input::Command(bridge)).expect("sensible");
        }
        let mut peer = RtpPeer::new(start, n, theirs(leg), ours(leg), Law::A);
        peer.say(Say::Tone(440.0, -10.0));
        for tick in 0..200 {
            let now = start + ms(20) * tick;
            peer.handle_timeout(now);
            while let Some(sent) = peer.poll_transmit() {
                packets.push((now, leg, sent.payload.to_vec()));
            }
        }
    }
    packets.sort_by_key(|(at, ..)| *at);
    (plane, packets)
}

fn drain(plane: &mut Plane) -> usize {
    let transmits = std::iter::from_fn(|| plane.poll_output());
    transmits.filter(|output| matches!(output, Output::Transmit(_))).count()
}

fn relay(plane: &mut Plane, packets: &[(Instant, LegId, Vec<u8>)]) -> usize {
    let mut sent = 0;
    for (at, leg, payload) in packets {
        plane.handle_timeout(*at);
        let input =
            Input::Packet { leg: *leg, channel: Channel::Rtp, source: theirs(*leg), payload };
        plane.handle(*at, input).expect("an open leg");
        sent += drain(plane);
    }
    sent
}

/// After a second of settling in, three seconds of relay allocate nothing.
#[test]
fn a_relayed_packet_allocates_nothing() {
    let (mut plane, packets) = talk();
    let (warm, counted) = packets.split_at(packets.len() / 4);
    relay(&mut plane, warm);
    let mut sent = 0;
    let counted_allocations = allocation_counter::measure(|| sent = relay(&mut plane, counted));
    assert!(sent >= counted.len(), "{sent} of {}", counted.len());
    assert_eq!(counted_allocations.count_total, 0);
}

/// Nor do prompts, however many hear them.
#[test]
fn a_played_packet_allocates_nothing() {
    let (mut plane, packets) = talk();
    let (start, ..) = packets[0];
    let audio = Arc::new(Audio::from_samples(vec![1_000; 4_321]));
    for n in 0..20 {
        let (leg, audio, token) = (LegId(n), Arc::clone(&audio), Token(n));
        let play = Command::Play { leg, audio, repeat: Repeat::Forever, token };
        plane.handle(start, Input::Command(play)).expect("sensible");
    }
    let mut run = |ticks: std::ops::Range<u32>| {
        ticks.fold(0, |sent, tick| {
            plane.handle_timeout(start + ms(20) * tick);
            sent + drain(&mut plane)
        })
    };
    run(0..50);
    let mut sent = 0;
    let counted = allocation_counter::measure(|| sent = run(50..200));
    assert!(sent >= 3_000, "{sent}");
    assert_eq!(counted.count_total, 0);
}

/// Nor does one that is decoded, resampled and encoded.
#[test]
fn a_transcoded_packet_allocates_nothing() {
    let (mut plane, packets) = talk();
    let (start, ..) = packets[0];
    for n in (1..20).step_by(2) {
        let leg = LegId(n);
        let stream = StreamConfig::new(theirs(leg), Codec::G722);
        plane.handle(start, Input::Command(Command::Configure { leg, stream })).expect("sensible");
    }
    // Half of the legs talk G.711; the others listen.
    let said: Vec<_> = packets.into_iter().filter(|(_, leg, _)| leg.0 % 2 == 0).collect();
    let (warm, counted) = said.split_at(said.len() / 2);
    relay(&mut plane, warm);
    let mut sent = 0;
    let counted_allocations = allocation_counter::measure(|| sent = relay(&mut plane, counted));
    assert!(sent >= counted.len(), "{sent} of {}", counted.len());
    assert_eq!(counted_allocations.count_total, 0);
}
