use proptest::prelude::*;

use super::*;
use crate::PayloadType;

#[allow(clippy::disallowed_methods, reason = "one reading as an epoch")]
fn epoch() -> Instant {
    Instant::now()
}

fn header(sequence: u16, timestamp: u32, ssrc: u32) -> Header {
    Header {
        marker: false,
        payload_type: PayloadType::PCMA,
        sequence_number: SequenceNumber(sequence),
        timestamp: RtpTimestamp(timestamp),
        ssrc: Ssrc(ssrc),
    }
}

#[test]
fn loss_reorder_and_wrap_are_counted() {
    let (start, mut statistics) = (epoch(), ReceiverStatistics::new(ClockRate::HZ_8000));
    for n in [65_533, 65_534, 1, 65_535, 2] {
        statistics.on_packet(start, &header(n, 0, 1));
    }
    assert_eq!((statistics.received(), statistics.lost()), (5, 1));
    let report = statistics.report(start).expect("something was received");
    assert_eq!(report.highest_sequence, 0x0001_0002);
    assert_eq!((report.cumulative_lost, report.fraction_lost), (1, 42));
    statistics.on_packet(start, &header(3, 0, 1));
    assert_eq!(statistics.report(start).map(|r| r.fraction_lost), Some(0));
}

#[test]
fn a_stray_packet_does_not_move_the_stream() {
    let (start, mut statistics) = (epoch(), ReceiverStatistics::new(ClockRate::HZ_8000));
    for n in [10, 11, 30_000, 12, 13] {
        statistics.on_packet(start, &header(n, 0, 1));
    }
    assert_eq!((statistics.received(), statistics.lost()), (4, 0));
    // A restarted sender goes on there.
    statistics.on_packet(start, &header(40_000, 0, 1));
    statistics.on_packet(start, &header(40_001, 0, 1));
    statistics.on_packet(start, &header(40_002, 0, 1));
    assert_eq!((statistics.received(), statistics.lost()), (6, 0));
}

#[test]
fn a_new_source_goes_on_counting() {
    let (start, mut statistics) = (epoch(), ReceiverStatistics::new(ClockRate::HZ_8000));
    statistics.on_packet(start, &header(1, 0, 1));
    statistics.on_packet(start, &header(3, 0, 1));
    statistics.on_packet(start, &header(50_000, 0, 2));
    assert_eq!((statistics.received(), statistics.lost()), (3, 1));
    assert_eq!(statistics.ssrc(), Some(Ssrc(2)));
}

/// Appendix A.8 by hand: every second packet 10 ms late converges to about 10 ms.
#[test]
fn jitter_follows_the_standard() {
    let (start, mut statistics) = (epoch(), ReceiverStatistics::new(ClockRate::HZ_8000));
    for n in 0..500_u16 {
        let late = Duration::from_millis(if n % 2 == 0 { 0 } else { 10 });
        let at = start + Duration::from_millis(20) * u32::from(n) + late;
        statistics.on_packet(at, &header(n, 160 * u32::from(n), 1));
    }
    let jitter = statistics.jitter();
    assert!((jitter.as_micros() as i64 - 10_000).abs() < 200, "{jitter:?}");
}

#[test]
fn telephone_events_do_not_jitter() {
    let (start, mut statistics) = (epoch(), ReceiverStatistics::new(ClockRate::HZ_8000));
    statistics.on_packet(start, &header(1, 160, 1));
    for n in 2..10 {
        statistics.on_untimed_packet(&header(n, 320, 1));
    }
    statistics.on_packet(start + Duration::from_millis(180), &header(10, 1_600, 1));
    assert_eq!((statistics.received(), statistics.jitter()), (10, Duration::ZERO));
}

#[test]
fn reports_echo_the_last_sender_report() {
    let (start, mut statistics) = (epoch(), ReceiverStatistics::new(ClockRate::HZ_8000));
    statistics.on_packet(start, &header(1, 160, 1));
    let ntp = NtpTime::from_elapsed(Duration::from_secs(40));
    statistics.on_sender_report(start, ntp);
    let report = statistics.report(start + Duration::from_millis(500)).expect("received");
    assert_eq!((report.last_sender_report, report.delay_since), (ntp.middle(), 32_768));
}

proptest! {
    /// No order of numbers, sources and times makes it panic or lose more than was expected.
    #[test]
    fn any_packets(packets in proptest::collection::vec((any::<u16>(), any::<u32>(), 0_u32..3), 0..60)) {
        let (start, mut statistics) = (epoch(), ReceiverStatistics::new(ClockRate::HZ_8000));
        for (n, (sequence, timestamp, ssrc)) in packets.iter().enumerate() {
            let at = start + Duration::from_millis(n as u64 * 20);
            statistics.on_packet(at, &header(*sequence, *timestamp, *ssrc));
            let _ = (statistics.lost(), statistics.jitter(), statistics.report(at));
        }
        prop_assert!(statistics.received() <= packets.len() as u64);
    }
}
