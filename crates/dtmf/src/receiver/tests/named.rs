//! What senders do, one case a test. Most of them lost or doubled a digit in some system.

use std::string::String;
use std::vec::Vec;

use super::super::*;

/// A press of 100 ms at 8 kHz: five reports, the last of them an end that is sent three times.
const PRESS: [(u16, bool); 7] =
    [(160, false), (320, false), (480, false), (640, false), (800, true), (800, true), (800, true)];

/// The packets of a press, 20 ms apart.
pub(super) fn press(digit: char, sequence: u16, timestamp: u32) -> Vec<TelephoneEvent> {
    let event = Digit::from_char(digit).expect("a digit").event();
    (0..)
        .zip(PRESS)
        .map(|(at, (duration, end))| TelephoneEvent {
            ssrc: 1,
            sequence: sequence.wrapping_add(at),
            timestamp,
            marker: at == 0,
            event,
            end,
            volume: 10,
            duration,
        })
        .collect()
}

/// What is heard when the packets arrive 20 ms apart.
pub(super) fn hear(packets: &[TelephoneEvent]) -> String {
    hear_with(Config::default(), packets)
}

fn hear_with(config: Config, packets: &[TelephoneEvent]) -> String {
    let times = (0..).map(|at| at * 20);
    let timed: Vec<_> = times.zip(packets.iter().copied()).collect();
    tell(&run(config, &timed))
}

/// The digits of the starts; each start has its end.
pub(super) fn tell(outputs: &[(u64, Output)]) -> String {
    let starts = outputs.iter().filter_map(|(_, output)| match output {
        Output::Start { digit } => Some(digit.as_char()),
        Output::End { .. } => None,
    });
    let digits: String = starts.collect();
    assert_eq!(outputs.len(), 2 * digits.len());
    digits
}

/// What is said, with the times in milliseconds.
pub(super) fn run(config: Config, packets: &[(u64, TelephoneEvent)]) -> Vec<(u64, Output)> {
    let mut receiver = Receiver::new(config);
    let mut outputs = Vec::new();
    let mut drain = |receiver: &mut Receiver, now: Instant| {
        while let Some(output) = receiver.poll_output() {
            outputs.push((now.as_micros() / 1_000, output));
        }
    };
    let timeouts = |receiver: &mut Receiver, until| {
        receiver
            .poll_timeout()
            .filter(|due| *due <= until)
            .inspect(|due| receiver.handle_timeout(*due))
    };
    for (time, packet) in packets {
        let now = Instant::from_millis(*time);
        while let Some(due) = timeouts(&mut receiver, now) {
            drain(&mut receiver, due);
        }
        receiver.handle(now, Input::Event(packet)).expect("no flood");
        drain(&mut receiver, now);
    }
    while let Some(due) = timeouts(&mut receiver, Instant::from_micros(u64::MAX)) {
        drain(&mut receiver, due);
    }
    outputs
}

#[test]
fn a_press_of_many_packets_is_one_digit_with_its_length() {
    let packets: Vec<_> = (0..).map(|at| at * 20).zip(press('5', 1, 0)).collect();
    let outputs = run(Config::default(), &packets);
    let (digit, duration) = (Digit::D5, Duration::from_millis(100));
    let said: Vec<_> = outputs.into_iter().map(|(_, output)| output).collect();
    assert_eq!(said, [Output::Start { digit }, Output::End { digit, duration }]);
}

#[test]
fn any_single_packet_is_enough() {
    for at in 0..7 {
        assert_eq!(hear(&press('#', 40, 1_000)[at..=at]), "#", "packet {at} alone");
    }
}

#[test]
fn no_packet_is_needed() {
    for lost in 0..7 {
        let mut packets = [press('1', 0, 0), press('1', 7, 1_600), press('2', 14, 3_200)].concat();
        packets.retain(|packet| packet.sequence % 7 != lost);
        assert_eq!(hear(&packets), "112", "each press without its packet {lost}");
    }
}

/// A marker is never relied upon (livekit/sip 585 and 742 lost such digits).
#[test]
fn a_sender_without_markers_is_heard() {
    let mut packets = [press('1', 0, 0), press('1', 20, 1_600), press('9', 40, 3_200)].concat();
    packets.iter_mut().for_each(|packet| packet.marker = false);
    assert_eq!(hear(&packets), "119");
}

/// One digit per (SSRC, event, timestamp): repeated ends, no end, the end first, a duration that
/// goes back, codes that are no digits, and another stream in between.
#[test]
fn h35_a_press_counts_once_whatever_its_packets_do() {
    let one = press('1', 10, 500);
    let repeated_ends = [one.clone(), vec![one[6]; 20]].concat();
    assert_eq!(hear(&repeated_ends), "1");
    assert_eq!(hear(&one[..4]), "1", "no end");
    let end_first: Vec<_> = one.iter().rev().copied().collect();
    assert_eq!(hear(&end_first), "1");
    let mut back = one.clone();
    back[3].duration = 10;
    assert_eq!(hear(&back), "1");

    let flash = TelephoneEvent { event: 16, timestamp: 9_000, sequence: 90, ..one[0] };
    let fax = TelephoneEvent { event: 255, timestamp: 9_500, sequence: 91, ..one[0] };
    assert_eq!(hear(&[flash, fax]), "");
    assert_eq!(hear(&[vec![flash], one.clone(), vec![fax]].concat()), "1");

    let foreign = TelephoneEvent { ssrc: 99, event: 16, ..one[0] };
    let mixed: Vec<_> = one.iter().flat_map(|packet| [*packet, foreign]).collect();
    assert_eq!(hear(&mixed), "1");
}

/// However fast presses are claimed to come, few are let through, and memory stays as it is.
#[test]
fn h35_a_flood_is_bounded() {
    let mut receiver = Receiver::default();
    let (mut heard, mut refused) = (0, 0);
    for at in 0..200_000_u32 {
        let now = Instant::from_micros(u64::from(at) * 500);
        let packet = TelephoneEvent {
            ssrc: at % 3,
            sequence: (at / 3) as u16,
            timestamp: at.wrapping_mul(4_000),
            event: (at % 16) as u8,
            duration: 160,
            ..TelephoneEvent::default()
        };
        refused += u32::from(receiver.handle(now, Input::Event(&packet)).is_err());
        while let Some(output) = receiver.poll_output() {
            heard += u32::from(matches!(output, Output::Start { .. }));
        }
    }
    // 100 seconds at 25 a second, and the burst.
    assert!((2_400..2_600).contains(&heard), "{heard}");
    assert!(refused > 190_000);
    assert!(size_of::<Receiver>() <= 2_048, "{}", size_of::<Receiver>());
}

#[test]
fn outputs_that_nobody_takes_are_bounded() {
    let mut receiver = Receiver::default();
    let mut refused = 0;
    for at in 0..1_000 {
        let packet = press('1', 7 * at, u32::from(at) * 1_600)[4];
        let now = Instant::from_millis(u64::from(at) * 200);
        refused += u32::from(receiver.handle(now, Input::Event(&packet)) == Err(Error::Backlog));
    }
    assert!(refused > 900);
    let mut left = 0;
    while receiver.poll_output().is_some() {
        left += 1;
    }
    assert!(left <= 64 && left % 2 == 0, "{left}");
}

/// Final packets that each carry a timestamp of their own (rtpengine 1812 and 1929).
#[test]
fn final_packets_with_new_timestamps_are_the_same_press() {
    let from_the_start = |at: u32| at * 160;
    let from_the_end = |at: u32| 800 + at * 160;
    for stamp in [from_the_start, from_the_end] {
        let mut packets = Vec::new();
        for (digit, sequence, timestamp) in [('1', 0, 0), ('1', 10, 1_600), ('2', 20, 3_200)] {
            let mut one = press(digit, sequence, timestamp);
            (0..).zip(&mut one[4..]).for_each(|(at, end)| end.timestamp += stamp(at));
            packets.extend(one);
        }
        assert_eq!(hear(&packets), "112");
        // And with any one of the final packets lost.
        for lost in 4..7 {
            let mut fewer = packets.clone();
            fewer.retain(|packet| packet.sequence % 10 != lost);
            assert_eq!(hear(&fewer), "112", "without final packet {lost}");
        }
        // And the final packets in any order.
        packets[4..7].rotate_left(1);
        assert_eq!(hear(&packets), "112");
        packets[4..7].reverse();
        assert_eq!(hear(&packets), "112");
    }
}

/// A sender whose every packet has a timestamp of its own while the duration goes on counting.
#[test]
fn a_sender_that_stamps_every_packet_anew_is_heard_once() {
    let mut packets = Vec::new();
    for (digit, sequence, timestamp) in [('2', 0, 0), ('2', 10, 1_600), ('3', 20, 3_200)] {
        let mut one = press(digit, sequence, timestamp);
        (0..).zip(&mut one).for_each(|(at, packet)| packet.timestamp += at * 160);
        packets.extend(one);
    }
    assert_eq!(hear(&packets), "223");
}

/// A sender whose timestamp stands still is heard by the event code (livekit/sip 796), and by the
/// marker where even the code is the same.
#[test]
fn a_stuck_timestamp_with_another_event_is_a_new_digit() {
    let packets = [press('1', 0, 77), press('2', 7, 77), press('2', 14, 77)].concat();
    assert_eq!(hear(&packets), "122");
}

#[test]
fn equal_digits_in_a_row_stay_as_many_as_they_are() {
    // 40 ms of tone and 40 ms of silence, the shortest there is.
    let packets: Vec<_> = (0..8_u16)
        .flat_map(|at| {
            let mut one = press('7', at * 4, u32::from(at) * 640);
            one.truncate(2);
            one[1].end = true;
            [one.clone(), vec![one[1]; 2]].concat()
        })
        .zip(0..)
        .map(|(packet, sequence)| TelephoneEvent { sequence, ..packet })
        .collect();
    assert_eq!(hear(&packets), "77777777");
}

/// RFC 4733 section 2.5.1.3: 20 seconds of one key in three segments.
fn long_press() -> Vec<TelephoneEvent> {
    let mut packets = Vec::new();
    let mut left = 160_000_u32;
    let mut timestamp = 4_000_000_000_u32;
    let mut sequence = 65_500_u16;
    while left > 0 {
        let length = left.min(0xffff);
        left -= length;
        for duration in
            (160..=length).step_by(160).chain((!length.is_multiple_of(160)).then_some(length))
        {
            packets.push(TelephoneEvent {
                ssrc: 1,
                sequence,
                timestamp,
                marker: packets.is_empty(),
                event: 5,
                end: left == 0 && duration == length,
                volume: 10,
                duration: duration as u16,
            });
            sequence = sequence.wrapping_add(1);
        }
        timestamp = timestamp.wrapping_add(length);
    }
    packets
}

#[test]
fn a_long_press_in_segments_is_one_digit_with_its_whole_length() {
    let packets: Vec<_> = (0..).map(|at| at * 20).zip(long_press()).collect();
    let outputs = run(Config::default(), &packets);
    assert_eq!(tell(&outputs), "5");
    let end = Output::End { digit: Digit::D5, duration: Duration::from_secs(20) };
    assert_eq!(outputs[1].1, end);
}

#[test]
fn a_gap_in_a_long_press_does_not_split_it() {
    let whole = long_press();
    // Gaps of 400 ms: within the first segment, and across its end.
    for gap in [100..120, 380..400, 395..415, 408..428] {
        let mut packets: Vec<_> = (0..).map(|at| at * 20).zip(whole.clone()).collect();
        packets.drain(gap.clone());
        assert_eq!(tell(&run(Config::default(), &packets)), "5", "{gap:?}");
    }
}

#[test]
fn late_packets_of_an_earlier_segment_change_nothing() {
    let whole = long_press();
    let mut packets = whole[..500].to_vec();
    packets.extend([whole[300], whole[408], whole[409]]);
    packets.extend(&whole[500..]);
    assert_eq!(hear(&packets), "5");
}

#[test]
fn numbers_that_wrap_are_nothing_special() {
    for back in 0..8 {
        let packets = [
            press('4', 65_535 - back, u32::MAX - 100 * u32::from(back)),
            press('4', 20_u16.wrapping_sub(back), 1_600_u32.wrapping_sub(100 * u32::from(back))),
        ]
        .concat();
        assert_eq!(hear(&packets), "44", "{back} before the wrap");
    }
}

#[test]
fn a_restarted_stream_is_a_new_press() {
    let mut again = press('1', 0, 0);
    again.iter_mut().for_each(|packet| packet.ssrc = 2);
    assert_eq!(hear(&[press('1', 0, 0), again].concat()), "11");
    // The same SSRC, with numbers far from those before.
    assert_eq!(hear(&[press('1', 40_000, 3_000_000_000), press('1', 7, 100)].concat()), "11");
}

/// A generator that plays one recording for each press of a key: the very same packets.
#[test]
fn a_recording_played_once_more_is_a_new_press() {
    let one = (0..).map(|at| at * 20).zip(press('1', 0, 0));
    let again = one.clone().map(|(time, packet)| (time + 1_000, packet));
    let packets: Vec<_> = one.chain(again).collect();
    assert_eq!(tell(&run(Config::default(), &packets)), "11");
}

/// Redundant reports (RFC 2198): each packet repeats the last report of the press before it.
#[test]
fn redundant_reports_are_enough() {
    let (one, two) = (press('1', 0, 0), press('2', 7, 1_600));
    let first_end = TelephoneEvent { marker: false, ..one[6] };
    // The first press is lost but for the blocks that ride on the second.
    let packets: Vec<_> = two
        .iter()
        .flat_map(|packet| [TelephoneEvent { sequence: packet.sequence, ..first_end }, *packet])
        .collect();
    assert_eq!(hear(&packets), "12");
    assert_eq!(hear(&[one, packets].concat()), "12");
}

#[test]
fn the_clock_rate_is_a_setting() {
    for clock_rate in [8_000, 16_000, 44_100, 48_000] {
        let scale = |units: u32| u64::from(units) * u64::from(clock_rate) / 8_000;
        let packets: Vec<_> = [press('8', 0, 0), press('8', 7, 1_600)]
            .concat()
            .iter()
            .map(|packet| TelephoneEvent {
                timestamp: scale(packet.timestamp) as u32,
                duration: scale(packet.duration.into()) as u16,
                ..*packet
            })
            .zip(0..)
            .map(|(packet, at)| (at * 20, packet))
            .collect();
        let outputs = run(Config { clock_rate, ..Config::default() }, &packets);
        assert_eq!(tell(&outputs), "88");
        let end = Output::End { digit: Digit::D8, duration: Duration::from_millis(100) };
        assert_eq!(outputs[1].1, end, "at {clock_rate}");
    }
}

/// SIPp's recordings count 320 units for each 20 ms at 8 kHz.
#[test]
fn durations_that_count_too_fast_do_not_matter() {
    let mut packets = [press('1', 0, 0), press('1', 7, 1_600), press('3', 14, 3_200)].concat();
    packets.iter_mut().for_each(|packet| packet.duration *= 2);
    assert_eq!(hear(&packets), "113");
    let mut without_marker_and_ends = packets;
    without_marker_and_ends.retain(|packet| !packet.marker && !packet.end);
    assert_eq!(hear(&without_marker_and_ends), "113");
}

#[test]
fn silence_ends_a_press_and_later_packets_do_not_begin_another() {
    let one = press('6', 0, 0);
    let mut packets: Vec<_> = (0..3).map(|at| at * 20).zip(one.clone()).collect();
    packets.push((400, one[5]));
    let outputs = run(Config::default(), &packets);
    let (digit, duration) = (Digit::D6, Duration::from_millis(60));
    // Held for 200 ms, because the stream's beginning is unknown; silent 200 ms after 40 ms.
    assert_eq!(outputs, [(200, Output::Start { digit }), (240, Output::End { digit, duration })]);
}

#[test]
fn a_new_press_ends_the_one_before() {
    let (one, two) = (press('1', 0, 0), press('2', 7, 1_600));
    let outputs: Vec<_> = run(
        Config { silence: Duration::from_secs(10), ..Config::default() },
        &[(0, one[0]), (20, one[1]), (200, two[0]), (220, two[6])],
    )
    .into_iter()
    .map(|(_, output)| output)
    .collect();
    assert_eq!(
        outputs,
        [
            Output::Start { digit: Digit::D1 },
            Output::End { digit: Digit::D1, duration: Duration::from_millis(40) },
            Output::Start { digit: Digit::D2 },
            Output::End { digit: Digit::D2, duration: Duration::from_millis(100) },
        ]
    );
}

/// With the stream's audio told and nothing missing, nothing waits.
#[test]
fn a_press_starts_with_its_first_packet_when_nothing_is_missing() {
    let mut receiver = Receiver::default();
    for sequence in 0..50 {
        let now = Instant::from_millis(u64::from(sequence) * 20);
        receiver.handle(now, Input::Other { ssrc: 1, sequence }).expect("no flood");
    }
    let packet = press('1', 50, 8_000)[0];
    receiver.handle(Instant::from_millis(1_000), Input::Event(&packet)).expect("no flood");
    assert_eq!(receiver.poll_output(), Some(Output::Start { digit: Digit::D1 }));
}

#[test]
fn an_overtaken_press_still_comes_first() {
    let (one, two) = (press('1', 0, 0), press('2', 7, 1_600));
    let packets = [(0, two[0]), (150, one[6]), (160, two[6])];
    assert_eq!(tell(&run(Config::default(), &packets)), "12");
}

/// In the wrong place a digit makes a wrong number; without it the caller is asked again.
#[test]
fn a_press_that_comes_after_a_later_one_was_told_is_dropped_and_counted() {
    let (one, two) = (press('1', 0, 0), press('2', 7, 1_600));
    let mut receiver = Receiver::default();
    for (time, packet) in [(0, two[0]), (20, two[6]), (300, one[6])] {
        receiver.handle(Instant::from_millis(time), Input::Event(&packet)).expect("no flood");
    }
    assert_eq!(receiver.poll_output(), Some(Output::Start { digit: Digit::D2 }));
    assert!(matches!(receiver.poll_output(), Some(Output::End { .. })));
    assert_eq!(receiver.poll_output(), None);
    assert_eq!(receiver.stats(), Stats { presses: 1, too_late: 1, ..Stats::default() });
}
