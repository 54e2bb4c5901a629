use proptest::prelude::*;

use super::*;

fn kind(datagram: &[u8]) -> ParseErrorKind {
    Packet::parse(datagram).expect_err("must be refused").kind()
}

fn datagram(first: u8, rest: &[u8]) -> Vec<u8> {
    let mut out = vec![first, 8, 0, 1, 0, 0, 0, 160, 0, 0, 0, 9];
    out.extend_from_slice(rest);
    out
}

#[test]
fn csrc_extension_and_padding_are_taken_off() {
    let rest = [0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 0xd5, 0xd5, 0, 2];
    let bytes = datagram(0xb2, &rest);
    let packet = Packet::parse(&bytes).expect("a whole packet");
    assert_eq!(packet.csrcs().collect::<Vec<_>>(), [Ssrc(1), Ssrc(2)]);
    assert_eq!(packet.extension(), Some(Extension { profile: 0xbede, data: &[1, 2, 3, 4] }));
    assert_eq!(packet.payload(), [0xd5, 0xd5]);
}

/// Junk on an RTP port: short datagrams, CSRC or extension past the end, padding larger than the
/// payload. Each is refused with its reason, none is read past its end.
#[test]
fn h33_rtp_junk() {
    for len in 0..HEADER_LEN {
        assert_eq!(kind(&datagram(0x80, &[])[..len]), ParseErrorKind::TooShort);
    }
    assert_eq!(kind(&datagram(0x40, &[])), ParseErrorKind::Version);
    assert_eq!(kind(&datagram(0x8f, &[0; 59])), ParseErrorKind::Csrc);
    assert_eq!(kind(&datagram(0x90, &[0, 0, 0])), ParseErrorKind::Extension);
    assert_eq!(kind(&datagram(0x90, &[0, 0, 0xff, 0xff, 0])), ParseErrorKind::Extension);
    assert_eq!(kind(&datagram(0xa0, &[])), ParseErrorKind::Padding);
    assert_eq!(kind(&datagram(0xa0, &[0xd5, 0])), ParseErrorKind::Padding);
    assert_eq!(kind(&datagram(0xa0, &[0xd5, 3])), ParseErrorKind::Padding);
    assert_eq!(Packet::parse(&datagram(0xa0, &[0, 2])).map(|p| p.payload().len()), Ok(0));
}

#[test]
fn rtcp_is_told_from_rtp() {
    assert!(is_rtcp(&[0x80, 200, 0, 6]));
    assert!(is_rtcp(&[0x81, 203]));
    assert!(!is_rtcp(&[0x80, 0x80 | 8]));
    assert!(!is_rtcp(&[0x80]));
    assert!(!is_rtcp(&[0x00, 200]));
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
        if let Ok(packet) = Packet::parse(&bytes) {
            let mut again = Vec::new();
            packet.header().write(&mut again);
            again.extend_from_slice(packet.payload());
            let again = Packet::parse(&again).expect("what we wrote");
            prop_assert_eq!(again.header(), packet.header());
            prop_assert_eq!(again.payload(), packet.payload());
        }
    }
}
