use proptest::prelude::*;

use super::*;

const SUITES: [SrtpSuite; 3] =
    [SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AesCm128HmacSha1_32, SrtpSuite::AeadAes128Gcm];

fn key(suite: SrtpSuite, octet: u8) -> SrtpKey {
    SrtpKey::new(suite, &vec![octet; suite.key_len()]).expect("its length")
}

fn pair(suite: SrtpSuite) -> (SrtpSender, SrtpReceiver) {
    (SrtpSender::new(key(suite, 7)), SrtpReceiver::new(key(suite, 7)))
}

fn packet(number: u16, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 8];
    packet.extend(number.to_be_bytes());
    packet.extend((u32::from(number) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

const REPORT: [u8; 8] = [0x80, 201, 0, 1, 0, 0, 0, 9];

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).expect("hexadecimal") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// The packet that libsrtp's and others' test suites share: RFC 3711's default transform with the
/// master key and salt of RFC 3711, appendix B.3.
#[test]
fn a_known_packet_is_sealed_as_others_do() {
    let key = from_hex("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6");
    let key = SrtpKey::new(SrtpSuite::AesCm128HmacSha1_80, &key).expect("30 octets");
    let plain = from_hex("800f1234decafbadcafebabeabababababababababababababababab");
    let sealed =
        from_hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb");
    assert_eq!(SrtpSender::new(key).seal_rtp(&plain).as_deref(), Ok(&sealed[..]));
    assert_eq!(SrtpReceiver::new(key).open_rtp(&sealed).as_deref(), Ok(&plain[..]));
}

#[test]
fn what_is_sealed_is_opened_across_the_wrap() {
    for suite in SUITES {
        let (mut sender, mut receiver) = pair(suite);
        for n in 0..70_000_u32 {
            // Every 50th is looked at around the wraps, the others seal only.
            let plain = packet((n + 65_000) as u16, 9, &n.to_be_bytes());
            let sealed = sender.seal_rtp(&plain).expect("sealed");
            if n % 50 == 0 || (500..600).contains(&n) {
                assert_eq!(receiver.open_rtp(&sealed).as_deref(), Ok(&plain[..]), "{suite:?} {n}");
            }
            if n == 2_000 {
                break;
            }
        }
        let sealed = sender.seal_rtcp(&REPORT).expect("sealed");
        assert_eq!(receiver.open_rtcp(&sealed).as_deref(), Ok(&REPORT[..]), "{suite:?}");
    }
}

#[test]
fn h34_replays_changes_and_other_keys_are_refused() {
    for suite in SUITES {
        let (mut sender, mut receiver) = pair(suite);
        let sealed: Vec<Bytes> =
            (0..300).map(|n| sender.seal_rtp(&packet(n, 9, &[1; 160])).expect("sealed")).collect();
        for n in [0, 2, 1, 299] {
            assert!(receiver.open_rtp(&sealed[n]).is_ok(), "{suite:?} {n}");
        }
        // Seen, and older than the window.
        for n in [0, 1, 2, 299, 100] {
            assert_eq!(
                receiver.open_rtp(&sealed[n]),
                Err(SrtpError::NotAuthentic),
                "{suite:?} {n}"
            );
        }
        // Reordered within the window.
        assert!(receiver.open_rtp(&sealed[250]).is_ok());
        for at in 0..sealed[260].len() {
            let mut changed = sealed[260].to_vec();
            changed[at] ^= 0x10;
            assert!(receiver.open_rtp(&changed).is_err(), "{suite:?} octet {at}");
        }
        assert!(receiver.open_rtp(&sealed[260]).is_ok(), "{suite:?}: changes taught it nothing");
        let mut stranger = SrtpReceiver::new(key(suite, 8));
        assert_eq!(stranger.open_rtp(&sealed[260]), Err(SrtpError::NotAuthentic));
    }
}

/// A flood under made-up sources leaves nothing behind, and the call goes on.
#[test]
fn h34_made_up_sources_cost_no_memory() {
    let (mut sender, mut receiver) = pair(SrtpSuite::AesCm128HmacSha1_80);
    let open = |receiver: &mut SrtpReceiver, sealed: &[u8]| receiver.open_rtp(sealed).is_ok();
    assert!(open(&mut receiver, &sender.seal_rtp(&packet(1, 9, &[1; 160])).expect("sealed")));
    for n in 0..2_000 {
        assert!(!open(&mut receiver, &packet(n as u16, n, &[3; 170])));
        assert!(receiver.open_rtcp(&packet(0xc900, n, &[3; 40])).is_err());
    }
    assert_eq!(receiver.rtp.len(), 1);
    assert!(open(&mut receiver, &sender.seal_rtp(&packet(2, 9, &[1; 160])).expect("sealed")));
    // Those who have the key may change their source, four at a time.
    for ssrc in 10..30 {
        assert!(open(
            &mut receiver,
            &sender.seal_rtp(&packet(1, ssrc, &[1; 160])).expect("sealed")
        ));
        assert!(receiver.rtp.len() <= MAX_SOURCES);
    }
}

#[test]
fn keys_have_their_length_and_do_not_print() {
    for suite in SUITES {
        assert!(SrtpKey::new(suite, &[0; 29]).is_none());
        assert!(SrtpKey::new(suite, &[]).is_none());
    }
    let printed = format!("{:?}", key(SrtpSuite::AesCm128HmacSha1_80, 0x5a));
    assert!(!printed.contains("90") && !printed.contains("5a"), "{printed}");
}

proptest! {
    /// Junk is refused, whatever it is.
    #[test]
    fn h34_any_octets(datagram in proptest::collection::vec(any::<u8>(), 0..80), suite in 0_usize..3) {
        let (mut sender, mut receiver) = pair(SUITES[suite]);
        prop_assert!(receiver.open_rtp(&datagram).is_err());
        prop_assert!(receiver.open_rtcp(&datagram).is_err());
        let _ = sender.seal_rtp(&datagram);
        let _ = sender.seal_rtcp(&datagram);
    }
}

/// An element of a header extension that goes on beyond its end: refused, not sealed beyond the packet's end.
#[test]
fn a_header_extension_is_not_sealed() {
    let suite = SrtpSuite::AesCm128HmacSha1_80;
    let key = SrtpKey::new(suite, &vec![7; suite.key_len()]).expect("its length");
    let packet =
        [0x90, 8, 0, 1, 0, 0, 0, 9, 0, 0, 0, 7, 0xbe, 0xde, 0, 1, 0, 0, 0, 0x13, 1, 2, 3, 4];
    assert_eq!(SrtpSender::new(key).seal_rtp(&packet), Err(SrtpError::Malformed));
}

/// Junk that comes before the first authentic packet of RTP, or of RTCP, moves no replay window: the
/// authentic ones that follow are heard, whichever of the two came first.
#[test]
fn h34_junk_before_the_first_packet_moves_no_window() {
    for suite in SUITES {
        let (mut sender, mut receiver) = pair(suite);
        let report = sender.seal_rtcp(&[&REPORT[..4], &[0, 0, 0, 1]].concat()).expect("sealed");
        assert!(receiver.open_rtcp(&report).is_ok());
        assert!(receiver.open_rtp(&packet(30_000, 1, &[0; 40])).is_err());
        let sealed = sender.seal_rtp(&packet(1, 1, &[5; 20])).expect("sealed");
        assert!(receiver.open_rtp(&sealed).is_ok(), "{suite:?}");

        let (mut sender, mut receiver) = pair(suite);
        let sealed = sender.seal_rtp(&packet(1, 9, &[5; 20])).expect("sealed");
        assert!(receiver.open_rtp(&sealed).is_ok());
        let report = sender.seal_rtcp(&REPORT).expect("sealed");
        for octet in 8..report.len() {
            let mut changed = report.to_vec();
            changed[octet] ^= 1;
            assert!(receiver.open_rtcp(&changed).is_err());
        }
        assert!(receiver.open_rtcp(&report).is_ok(), "{suite:?}");
    }
}
