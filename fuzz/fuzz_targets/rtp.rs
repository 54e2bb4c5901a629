//! RTP: what is read and written again is read the same; telephone-events too. Nothing but padding
//! is left out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switchboard_rtp::{Packet, TelephoneEvent};

fuzz_target!(|datagram: &[u8]| {
    let Ok(packet) = Packet::parse(datagram) else { return };
    let extension = packet.extension().map_or(0, |extension| 4 + extension.data.len());
    let known = 12 + 4 * packet.csrcs().count() + extension + packet.payload().len();
    assert!(known <= datagram.len());
    assert!(known == datagram.len() || datagram[0] & 0x20 != 0, "only padding is left out");

    let mut again = Vec::new();
    packet.header().write(&mut again);
    again.extend_from_slice(packet.payload());
    let reread = Packet::parse(&again).expect("what was written is a packet");
    assert_eq!(reread.header(), packet.header());
    assert_eq!(reread.payload(), packet.payload());

    if let Ok(event) = TelephoneEvent::parse(packet.payload()) {
        let mut octets = Vec::new();
        event.write(&mut octets);
        assert_eq!(TelephoneEvent::parse(&octets), Ok(event));
    }
});
