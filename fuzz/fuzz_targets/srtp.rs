//! SRTP: what is sealed is opened to itself, once; a changed octet and octets of anybody else are
//! refused, and neither disturbs what comes after.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switchboard_rtp::{Packet, SrtpKey, SrtpReceiver, SrtpSender, SrtpSuite, rtcp};

const SUITES: [SrtpSuite; 3] =
    [SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AesCm128HmacSha1_32, SrtpSuite::AeadAes128Gcm];

fuzz_target!(|input: (u8, u16, Vec<u8>)| {
    let (choice, at, datagram) = input;
    let suite = SUITES[usize::from(choice) % SUITES.len()];
    let key = SrtpKey::new(suite, &vec![choice; suite.key_len()]).expect("its length");
    let (mut sender, mut receiver) = (SrtpSender::new(key), SrtpReceiver::new(key));
    // Nobody can make up what this key has sealed.
    assert!(receiver.open_rtp(&datagram).is_err());
    assert!(receiver.open_rtcp(&datagram).is_err());
    if let Ok(packet) = Packet::parse(&datagram)
        && packet.csrcs().count() == usize::from(datagram[0] & 0x0f)
    {
        let Ok(sealed) = sender.seal_rtp(&datagram) else { return };
        let mut changed = sealed.to_vec();
        let octet = usize::from(at) % changed.len();
        changed[octet] ^= 1 << (choice % 8);
        assert!(receiver.open_rtp(&changed).is_err());
        assert_eq!(receiver.open_rtp(&sealed).as_deref(), Ok(&datagram[..]));
        assert!(receiver.open_rtp(&sealed).is_err(), "a replay");
    }
    if rtcp::Compound::parse(&datagram).is_ok() {
        let Ok(sealed) = sender.seal_rtcp(&datagram) else { return };
        let mut changed = sealed.to_vec();
        let octet = usize::from(at) % changed.len();
        changed[octet] ^= 1 << (choice % 8);
        assert!(receiver.open_rtcp(&changed).is_err());
        assert_eq!(receiver.open_rtcp(&sealed).as_deref(), Ok(&datagram[..]));
        assert!(receiver.open_rtcp(&sealed).is_err(), "a replay");
    }
});
