//! The lines of browsers: ICE (RFC 8839) and DTLS (RFC 8122), read typed and kept.

use proptest::prelude::*;
use switchboard_sdp::{Candidate, CandidateKind, Dtls, Fingerprint, Ice, Session, Setup};

const SHA_256: &str = "sha-256 12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD";

fn body() -> String {
    format!(
        "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\na=ice-options:trickle ice2\r\n\
         a=fingerprint:{SHA_256}\r\na=setup:actpass\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:8hhY\r\n\
         a=ice-pwd:asd88fgpdd777uzjYhagZg\r\n\
         a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host\r\n\
         a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998\r\n\
         a=candidate:3 1 udp 2122 4f1d.local 50000 typ host generation 0 network-cost 999\r\n\
         a=candidate:broken\r\na=rtpmap:111 opus/48000/2\r\n"
    )
}

#[test]
fn what_a_browser_says_is_read_and_kept() {
    let body = body();
    let session = Session::parse(body.as_bytes()).expect("a description");
    assert_eq!(session.to_string(), body);
    let audio = &session.media()[0];
    let ice = Ice::of(&session, audio);
    assert_eq!((ice.ufrag, ice.password), (Some("8hhY"), Some("asd88fgpdd777uzjYhagZg")));
    assert_eq!((ice.options, ice.is_lite), (vec!["trickle", "ice2"], false));
    let kinds: Vec<_> = ice.candidates.iter().map(|candidate| candidate.kind).collect();
    assert_eq!(kinds, [CandidateKind::Host, CandidateKind::ServerReflexive, CandidateKind::Host]);
    assert_eq!(ice.candidates[2].address, "4f1d.local");
    assert_eq!(ice.candidates[2].extensions, [("generation", "0"), ("network-cost", "999")]);
    let dtls = Dtls::of(&session, audio);
    assert_eq!(dtls.setup, Some(Setup::ActPass));
    assert_eq!(dtls.fingerprints.len(), 1);
    assert_eq!(dtls.fingerprints[0].to_string(), SHA_256);
}

#[test]
fn what_the_grammar_refuses_is_not_read() {
    for line in [
        "",
        "1",
        "1 0 UDP 1 192.0.2.1 1 typ host",
        "1 257 UDP 1 192.0.2.1 1 typ host",
        "1 1 UDP 0 192.0.2.1 1 typ host",
        "1 1 UDP 2147483648 192.0.2.1 1 typ host",
        "1 1 UDP 1 192.0.2.1 65536 typ host",
        "1 1 UDP 1 192.0.2.1 -1 typ host",
        "1 1 UDP 1 192.0.2.1 +1 typ host",
        "1 1 UDP 1 192.0.2.1 1 kind host",
        "1 1 UDP 1 192.0.2.1 1 typ",
        "1 1 UDP 1 192.0.2.1 1 typ srflx raddr 192.0.2.2",
        "1 1 UDP 1 192.0.2.1 1 typ host name",
        "1 1  UDP 1 192.0.2.1 1 typ host",
        "a-b 1 UDP 1 192.0.2.1 1 typ host",
        "123456789012345678901234567890123 1 UDP 1 192.0.2.1 1 typ host",
    ] {
        assert_eq!(Candidate::parse(line), None, "{line}");
    }
    for line in ["", "sha-1", "sha-1 ", "sha-1 4A:AD", "sha-256 4A:+D", "sha-256 4AADB9"] {
        assert_eq!(Fingerprint::parse(line), None, "{line}");
    }
    assert_eq!(Setup::parse("both"), None);
}

proptest! {
    #[test]
    fn what_is_read_prints_to_what_reads_the_same(
        line in "[0-9a-z+/]{0,4} [0-9]{0,4} (UDP|tcp) [0-9]{0,4} [0-9.a-f:]{0,5} [0-9]{0,5} typ (host|srflx|x)( raddr [0-9.]{1,3})?( rport [0-9]{1,5})?( [a-z]{1,3} [a-z]{1,3})?",
        text in ".{0,40}",
    ) {
        for line in [&line, &text] {
            if let Some(candidate) = Candidate::parse(line) {
                let printed = candidate.to_string();
                prop_assert_eq!(Candidate::parse(&printed), Some(candidate));
            }
            if let Some(fingerprint) = Fingerprint::parse(line) {
                let printed = fingerprint.to_string();
                prop_assert_eq!(Fingerprint::parse(&printed), Some(fingerprint));
            }
        }
    }
}
