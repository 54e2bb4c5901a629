//! Failures from the public issue trackers of other systems, each a test that names the failure. Those of tones
//! (freeswitch 2560, asterisk 1595) are `detector/tests/trackers.rs`, that of several ways (rtpengine 1123) is in `merge.rs`.

use std::vec::Vec;

use super::super::*;
use super::named::{hear, press, run, tell};

/// rtpengine 1812: of twelve packets the last two, repeats of the end, had timestamps of their own,
/// and the far side heard the digit three times.
#[test]
fn repeats_of_the_end_with_timestamps_of_their_own_make_no_digit() {
    let mut packets = Vec::new();
    for at in 0..12_u16 {
        packets.push(TelephoneEvent {
            ssrc: 1,
            sequence: 900 + at,
            timestamp: 44_000 + 160 * u32::from(at.saturating_sub(9)),
            marker: at == 0,
            event: 1,
            end: at >= 9,
            volume: 10,
            duration: 160 * (at + 1).min(10),
        });
    }
    assert_eq!(hear(&packets), "1");
    // And the same with what networks do to it.
    for lost in 0..12 {
        let mut fewer = packets.clone();
        fewer.remove(lost);
        assert_eq!(hear(&fewer), "1", "without packet {lost}");
    }
}

/// rtpengine 1929: not with every digit, but now and then, one of the ends has a new timestamp.
#[test]
fn an_end_that_has_a_new_timestamp_now_and_then_makes_no_digit() {
    for odd in 4..7 {
        let mut packets = [press('7', 0, 0), press('7', 7, 1_600), press('8', 14, 3_200)].concat();
        packets[7 + odd].timestamp += 800;
        assert_eq!(hear(&packets), "778", "packet {odd} of the second press");
    }
}

/// rtpengine 1569: events in a stream of their own whose sequence numbers jump between digits; the
/// last digit was never relayed.
#[test]
fn jumps_between_the_digits_of_a_stream_lose_none_and_not_the_last() {
    let jumps = [0_u16, 1_307, 20_011, 50_003];
    let packets: Vec<_> = jumps
        .iter()
        .zip(0..)
        .zip(['6', '7', '7', '3'])
        .flat_map(|((jump, at), digit)| press(digit, *jump, at * 4_000))
        .collect();
    assert_eq!(hear(&packets), "6773");
}

/// pjproject 478: packets out of order, or twice, were told as several events.
#[test]
fn packets_out_of_order_and_twice_are_one_digit() {
    let packets = press('4', 65_533, 90_000);
    for turn in 0..packets.len() {
        let mut turned = packets.clone();
        turned.rotate_left(turn);
        assert_eq!(hear(&turned), "4", "turned by {turn}");
        turned.reverse();
        assert_eq!(hear(&[turned.clone(), turned].concat()), "4", "twice, turned by {turn}");
    }
}

/// pjproject 363: a sender without marker whose every packet has the timestamp of its own sending.
#[test]
fn a_sender_without_marker_that_stamps_each_packet_is_heard_once() {
    let mut packets = Vec::new();
    for (digit, sequence, timestamp) in [('1', 0, 0), ('1', 12, 2_400), ('2', 24, 4_800)] {
        let mut one = press(digit, sequence, timestamp);
        (0..).zip(&mut one).for_each(|(at, packet)| {
            packet.timestamp += at * 160;
            packet.marker = false;
        });
        packets.extend(one);
    }
    assert_eq!(hear(&packets), "112");
}

/// pjproject 1582: the end was sent once only, and a stream that was taken down in the middle of a
/// digit sent none. (That our sender does better is tested with it.)
#[test]
fn one_end_or_none_is_enough() {
    let (one, two) = (press('1', 0, 0), press('2', 7, 1_600));
    assert_eq!(hear(&[&one[..5], &two[..5]].concat()), "12");
    assert_eq!(hear(&[&one[..4], &two[..3]].concat()), "12");
    // The last press ends by silence, with the length that its packets told.
    let timed: Vec<_> = (0..).map(|at| at * 20).zip(two[..3].iter().copied()).collect();
    let end = Output::End { digit: Digit::D2, duration: Duration::from_millis(60) };
    assert_eq!(run(Config::default(), &timed).last(), Some(&(240, end)));
}

/// livekit/sip 585: a provider that never sets the marker was not heard at all.
#[test]
fn a_provider_that_never_sets_the_marker_is_heard() {
    let mut packets = [press('3', 0, 0), press('3', 7, 1_600)].concat();
    packets.iter_mut().for_each(|packet| packet.marker = false);
    assert_eq!(hear(&packets), "33");
}

/// livekit/sip 742: the one packet with the marker was lost, and the digit with it.
#[test]
fn a_lost_marker_loses_no_digit() {
    let packets = [&press('3', 0, 0)[1..], &press('3', 7, 1_600)[1..]].concat();
    assert_eq!(hear(&packets), "33");
}

/// livekit/sip 796: devices that use the last digit's timestamp again for the next one, which was
/// dropped as a repeat.
#[test]
fn a_timestamp_that_is_used_again_for_another_digit_loses_none() {
    let packets: Vec<_> =
        (0..).zip("*01#".chars()).flat_map(|(at, digit)| press(digit, at * 7, 55_000)).collect();
    assert_eq!(hear(&packets), "*01#");
    let mut without_markers = packets;
    without_markers.iter_mut().for_each(|packet| packet.marker = false);
    assert_eq!(hear(&without_markers), "*01#");
}

/// linphone-sdk 554: all three ends have the sequence number of the first.
#[test]
fn ends_with_one_sequence_number_are_one_digit_and_not_waited_for() {
    let same_ends = |digit, sequence, timestamp| {
        let mut one = press(digit, sequence, timestamp);
        one[5].sequence = one[4].sequence;
        one[6].sequence = one[4].sequence;
        one
    };
    let packets = [same_ends('1', 55, 0), same_ends('1', 60, 1_600), same_ends('2', 65, 3_200)];
    assert_eq!(hear(&packets.concat()), "112");
}

/// asterisk-unimrcp 44: two reports, then nothing for more than a second, then the ends.
#[test]
fn a_long_gap_before_the_ends_makes_no_second_digit() {
    let mut one = press('8', 0, 0);
    one[4..].iter_mut().for_each(|end| end.duration = 13_568);
    let times = [0, 20, 1_676, 1_696, 1_716];
    let packets: Vec<_> = times.into_iter().zip([one[0], one[1], one[4], one[5], one[6]]).collect();
    assert_eq!(tell(&run(Config::default(), &packets)), "8");
}

/// SIP.js 968: packets with the E bit and no others, where the clock rates differ.
#[test]
fn ends_and_nothing_else_are_digits() {
    let ends = |digit, sequence, timestamp| press(digit, sequence, timestamp)[4..].to_vec();
    let packets = [ends('5', 0, 0), ends('5', 3, 1_600), ends('9', 6, 3_200)].concat();
    assert_eq!(hear(&packets), "559");
}
