use proptest::prelude::*;

use super::*;

fn digit_of(content_type: &str, body: &str) -> Result<char, (usize, ErrorKind)> {
    Info::parse(content_type, body.as_bytes())
        .map(|info| info.digit.as_char())
        .map_err(|error| (error.offset(), error.kind()))
}

#[test]
fn relay_bodies_as_phones_write_them() {
    let cases = [
        ("Signal=5\r\nDuration=160\r\n", '5', Some(160)),
        ("Signal= 5\r\nDuration= 160\r\n", '5', Some(160)),
        ("Signal=*\nDuration=250", '*', Some(250)),
        ("signal=11\r\nduration=100", '#', Some(100)),
        ("SIGNAL = d", 'D', None),
        ("Duration=80\r\nSignal=0", '0', Some(80)),
        ("\r\nSignal=10\r\r\n", '*', None),
        ("X-Volume=10\r\nSignal=7", '7', None),
    ];
    for (body, digit, millis) in cases {
        let info = Info::parse("application/dtmf-relay", body.as_bytes()).expect(body);
        assert_eq!(info.digit.as_char(), digit, "{body:?}");
        assert_eq!(info.duration, millis.map(Duration::from_millis), "{body:?}");
    }
}

#[test]
fn a_bare_digit_as_phones_write_it() {
    for (body, digit) in [("5", '5'), (" # \r\n", '#'), ("11", '#'), ("a", 'A'), ("15", 'D')] {
        assert_eq!(digit_of("Application/DTMF; charset=utf-8", body), Ok(digit), "{body:?}");
    }
}

#[test]
fn every_fault_has_its_place_and_kind() {
    let relay = "application/dtmf-relay";
    let cases = [
        (relay, "", (0, ErrorKind::NoSignal)),
        (relay, "Duration=160\r\n", (14, ErrorKind::NoSignal)),
        (relay, "Signal=\r\n", (7, ErrorKind::NoSignal)),
        (relay, "Signal=hf", (7, ErrorKind::NotADigit)),
        (relay, "Signal=16", (7, ErrorKind::NotADigit)),
        (relay, "Signal=5\r\nSignal=5", (10, ErrorKind::Repeated)),
        (relay, "Signal=5\r\nDuration=1e3", (19, ErrorKind::Duration)),
        (relay, "Signal=5\r\nDuration=100000", (19, ErrorKind::Duration)),
        (relay, "Signal=5\r\nDuration=-1", (19, ErrorKind::Duration)),
        (relay, "Signal=5\r\n5", (10, ErrorKind::Syntax)),
        (relay, "Signal=\u{663}", (7, ErrorKind::NotADigit)),
        ("application/dtmf", "", (0, ErrorKind::NoSignal)),
        ("application/dtmf", "12345", (0, ErrorKind::NotADigit)),
        ("application/sdp", "5", (0, ErrorKind::MediaType)),
        ("", "5", (0, ErrorKind::MediaType)),
    ];
    for (content_type, body, fault) in cases {
        assert_eq!(digit_of(content_type, body), Err(fault), "{body:?}");
    }
    let long = "Signal=5\r\n".repeat(1_000);
    assert_eq!(digit_of(relay, &long), Err((1_024, ErrorKind::TooLong)));
}

#[test]
fn an_error_says_what_where_and_what_would_be_right() {
    let error = Info::parse("application/dtmf-relay", b"Signal=flash").expect_err("no digit");
    assert_eq!(
        std::format!("{error}"),
        "not a digit at octet 7: 0 to 9, *, #, A to D, or 10 to 15 are"
    );
}

/// Retransmissions are 500 ms, 1 s, 2 s ... apart (RFC 3261 timer E): longer than any window that
/// presses are merged in.
#[test]
fn a_retransmission_counts_once_however_late_it_is() {
    let mut repeats = Repeats::new();
    let told: std::vec::Vec<_> =
        [1, 1, 2, 1, 2, 4, 3, 3, 4, 70, 4, 5, 70].map(|cseq| repeats.is_repeat(cseq)).into();
    let new = |at: &usize| !told[*at];
    assert_eq!((0..13).filter(new).collect::<std::vec::Vec<_>>(), [0, 2, 5, 6, 9]);
    assert!(!repeats.is_repeat(u32::MAX));
    assert!(repeats.is_repeat(u32::MAX));
}

proptest! {
    #[test]
    fn each_request_of_a_dialog_is_new_once(order in proptest::collection::vec(0_u32..40, 0..200)) {
        let mut repeats = Repeats::new();
        let mut seen = std::collections::BTreeSet::new();
        for cseq in order {
            prop_assert_eq!(repeats.is_repeat(cseq + 1_000), !seen.insert(cseq));
        }
    }

    #[test]
    fn what_is_written_is_read(code in 0_u8..16, millis in 0_u64..100_000) {
        let digit = Digit::from_event(code).expect("a digit");
        let info = Info { digit, duration: Some(Duration::from_millis(millis)) };
        let body = std::format!("{}", info.relay_body());
        prop_assert_eq!(Info::parse(DTMF_RELAY, body.as_bytes()), Ok(info));
    }

    #[test]
    fn any_octets_give_an_answer_and_a_place_inside(body: Vec<u8>, relay: bool) {
        if let Err(error) = Info::parse(if relay { DTMF_RELAY } else { DTMF }, &body) {
            prop_assert!(error.offset() <= body.len());
        }
    }
}
