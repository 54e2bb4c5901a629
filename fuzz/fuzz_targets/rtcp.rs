//! RTCP: the packets of a compound fill it exactly, and reports written again are read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switchboard_rtp::Ssrc;
use switchboard_rtp::rtcp::{Compound, CompoundBuilder, RtcpPacket};

fuzz_target!(|datagram: &[u8]| {
    let Ok(compound) = Compound::parse(datagram) else { return };
    let mut packets = 0;
    for packet in compound.packets() {
        packets += 1;
        let mut again = Vec::new();
        match packet {
            RtcpPacket::SenderReport { ssrc, sender, reports } => {
                let reports: Vec<_> = reports.iter().collect();
                CompoundBuilder::new(&mut again).sender_report(ssrc, &sender, &reports);
                assert_eq!(only(&again), packet);
            }
            RtcpPacket::ReceiverReport { ssrc, reports } => {
                let reports: Vec<_> = reports.iter().collect();
                CompoundBuilder::new(&mut again).receiver_report(ssrc, &reports);
                assert_eq!(only(&again), packet);
            }
            RtcpPacket::SourceDescription(description) => {
                assert!(description.cname(Ssrc(0)).is_none_or(|name| name.len() <= 255));
            }
            RtcpPacket::Goodbye(goodbye) => assert!(goodbye.sources().count() <= 31),
            _ => {}
        }
    }
    // Walk the lengths again, by hand.
    let (mut at, mut expected) = (0, 0);
    while at < datagram.len() {
        at += (usize::from(u16::from_be_bytes([datagram[at + 2], datagram[at + 3]])) + 1) * 4;
        expected += 1;
    }
    assert_eq!((at, packets), (datagram.len(), expected));
});

fn only(datagram: &[u8]) -> RtcpPacket<'_> {
    Compound::parse(datagram).expect("what was written").packets().next().expect("one packet")
}
