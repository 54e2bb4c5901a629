use core::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::RtpTimestamp;

fn report() -> ReceptionReport {
    ReceptionReport {
        ssrc: Ssrc(7),
        fraction_lost: 64,
        cumulative_lost: -3,
        highest_sequence: 0x0001_0002,
        jitter: 11,
        last_sender_report: 0xaabb_ccdd,
        delay_since: 65_536,
    }
}

fn kind(datagram: &[u8]) -> ParseErrorKind {
    Compound::parse(datagram).expect_err("must be refused").kind()
}

#[test]
fn a_compound_is_read_as_it_was_written() {
    let sender = SenderInfo {
        ntp: NtpTime::from_elapsed(Duration::from_millis(1_500)),
        rtp: RtpTimestamp(12_000),
        packets: 75,
        octets: 12_000,
    };
    let mut datagram = Vec::new();
    let mut compound = CompoundBuilder::new(&mut datagram);
    compound.sender_report(Ssrc(1), &sender, &[report()]);
    compound.cname(Ssrc(1), "anna");
    compound.goodbye(Ssrc(1));

    let packets: Vec<_> = Compound::parse(&datagram).expect("what we wrote").packets().collect();
    let RtcpPacket::SenderReport { ssrc, sender: read, reports } = packets[0] else {
        panic!("not a sender report: {packets:?}");
    };
    assert_eq!((ssrc, read), (Ssrc(1), sender));
    assert_eq!(reports.about(Ssrc(7)), Some(report()));
    assert_eq!(reports.about(Ssrc(8)), None);
    let RtcpPacket::SourceDescription(description) = packets[1] else {
        panic!("not a description: {packets:?}");
    };
    assert_eq!(description.cname(Ssrc(1)), Some(&b"anna"[..]));
    assert_eq!(description.cname(Ssrc(2)), None);
    let RtcpPacket::Goodbye(goodbye) = packets[2] else { panic!("not a goodbye: {packets:?}") };
    assert_eq!(goodbye.sources().collect::<Vec<_>>(), [Ssrc(1)]);
    assert_eq!(packets.len(), 3);
}

/// Every length of canonical name ends with at least one null and on a multiple of four.
#[test]
fn canonical_names_of_every_length() {
    for len in 0..=300 {
        let mut datagram = Vec::new();
        let mut compound = CompoundBuilder::new(&mut datagram);
        compound.receiver_report(Ssrc(1), &[]);
        compound.cname(Ssrc(1), &"x".repeat(len));
        let parsed = Compound::parse(&datagram).expect("what we wrote");
        let Some(RtcpPacket::SourceDescription(description)) = parsed.packets().nth(1) else {
            panic!("length {len}");
        };
        assert_eq!(description.cname(Ssrc(1)).map(<[u8]>::len), Some(len.min(255)));
    }
}

/// Junk on an RTCP port: the four-octet packet, lengths past the end, counts that the packet does
/// not hold, padding that does not fit, a compound that starts with no report.
#[test]
fn h33_rtcp_junk() {
    assert_eq!(kind(&[]), ParseErrorKind::Length);
    assert_eq!(kind(&[0x80, 201, 0]), ParseErrorKind::Length);
    assert_eq!(kind(&[0x80, 201, 0, 0]), ParseErrorKind::Count);
    assert_eq!(kind(&[0x80, 201, 0xff, 0xff]), ParseErrorKind::Length);
    assert_eq!(kind(&[0x40, 201, 0, 1, 0, 0, 0, 1]), ParseErrorKind::Version);
    assert_eq!(kind(&[0x81, 201, 0, 1, 0, 0, 0, 1]), ParseErrorKind::Count);
    assert_eq!(kind(&[0x80, 200, 0, 1, 0, 0, 0, 1]), ParseErrorKind::Count);
    assert_eq!(kind(&[0x81, 203, 0, 1, 0, 0, 0, 1]), ParseErrorKind::NotAReport);
    assert_eq!(kind(&[0xa0, 201, 0, 1, 0, 0, 0, 0]), ParseErrorKind::Padding);
    assert_eq!(kind(&[0xa0, 201, 0, 1, 0, 0, 0, 4]), ParseErrorKind::Count);
    assert_eq!(kind(&[0xa0, 201, 0, 1, 0, 0, 0, 5]), ParseErrorKind::Padding);
    let tail = [0x80, 201, 0, 1, 0, 0, 0, 1, 0x9f, 203, 0, 0];
    assert_eq!(Compound::parse(&tail).map_err(|e| e.offset()), Err(8));
}

#[test]
fn round_trip_is_what_the_report_leaves() {
    let sent = NtpTime::from_elapsed(Duration::from_secs(100));
    let seen = ReceptionReport { last_sender_report: sent.middle(), ..report() };
    let now = NtpTime::from_elapsed(Duration::from_millis(101_250));
    assert_eq!(seen.round_trip(now), Some(Duration::from_millis(250)));
    assert_eq!(seen.round_trip(NtpTime::from_elapsed(Duration::from_millis(100_900))), None);
    assert_eq!(ReceptionReport { last_sender_report: 0, ..seen }.round_trip(now), None);
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..96)) {
        if let Ok(compound) = Compound::parse(&bytes) {
            for packet in compound.packets() {
                if let RtcpPacket::SourceDescription(description) = packet {
                    let _ = description.cname(Ssrc(0));
                }
            }
        }
    }

    #[test]
    fn reports_survive_the_wire(
        fraction_lost: u8, lost in -0x80_0000_i32..=0x7f_ffff, highest_sequence: u32, jitter: u32,
        last_sender_report: u32, delay_since: u32, count in 0_usize..40,
    ) {
        let report = ReceptionReport {
            ssrc: Ssrc(7), fraction_lost, cumulative_lost: lost, highest_sequence, jitter,
            last_sender_report, delay_since,
        };
        let mut datagram = Vec::new();
        CompoundBuilder::new(&mut datagram).receiver_report(Ssrc(2), &vec![report; count]);
        let compound = Compound::parse(&datagram).expect("what we wrote");
        let Some(RtcpPacket::ReceiverReport { reports, .. }) = compound.packets().next() else {
            panic!("no report");
        };
        prop_assert_eq!(reports.iter().collect::<Vec<_>>(), vec![report; count.min(31)]);
    }
}
