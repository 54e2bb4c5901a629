use switchboard_sdp::{AudioError, ErrorKind, LocalAudio, Negotiation, RemoteAudio, Session, Text};

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\n";
const ADDRESS: &str = "c=IN IP4 198.51.100.7\r\n";

fn kind(body: &str) -> (ErrorKind, usize) {
    let error = Session::parse(body.as_bytes()).expect_err(body);
    assert_eq!(error.status(), 400);
    assert!(error.offset() <= body.len());
    (error.kind(), error.line())
}

/// What an offer of this text is answered with; the same as what its audio says.
fn refused(body: &str) -> (AudioError, u16) {
    let session: Session = body.parse().expect(body);
    let error = RemoteAudio::from_session(&session).expect_err(body);
    let local = LocalAudio::new(([192, 0, 2, 1], 4000).into());
    let answer = Negotiation::new(1, local.address).answer(&session, &local);
    assert_eq!(answer.map(|_| ()), Err(error));
    (error, error.status())
}

/// Media without an address: the grammar asks for one.
#[test]
fn h30_no_connection_is_400() {
    let body = format!("{HEAD}t=0 0\r\nm=audio 4000 RTP/AVP 8\r\n");
    assert_eq!(refused(&body), (AudioError::NoConnection { medium: 0 }, 400));
}

/// Port 0 is a refused stream, anything but 0 to 65535 is none.
#[test]
fn h30_ports() {
    let body = |port: &str| format!("{HEAD}{ADDRESS}m=audio {port} RTP/AVP 8\r\n");
    assert_eq!(refused(&body("0")), (AudioError::Refused, 488));
    for port in ["70000", "-1", "65536", "+5", "", "5x", "4000/", "4000/x", "99999999999999999999"]
    {
        let (kind, line) = kind(&body(port));
        assert!(matches!(kind, ErrorKind::BadPort | ErrorKind::BadMedia), "{port}: {kind:?}");
        assert_eq!(line, 5, "{port}");
    }
    assert!(body("65535").parse::<Session>().is_ok());
}

/// Ten thousand attributes, and everything else that could grow.
#[test]
fn h30_ten_thousand_attributes_are_400() {
    let attributes = "a=x\r\n".repeat(10_000);
    assert_eq!(kind(&format!("{HEAD}{ADDRESS}{attributes}")), (ErrorKind::TooManyLines, 1001));
    let media = "m=audio 4000 RTP/AVP 8\r\n".repeat(33);
    assert_eq!(kind(&format!("{HEAD}{ADDRESS}{media}")).0, ErrorKind::TooManyMedia);
    let formats = " 8".repeat(65);
    assert_eq!(
        kind(&format!("{HEAD}m=audio 4000 RTP/AVP{formats}\r\n")).0,
        ErrorKind::TooManyFormats
    );
    let long = "x".repeat(70_000);
    assert_eq!(kind(&format!("{HEAD}a={long}\r\n")).0, ErrorKind::TooLong);
}

/// `rtpmap` and `fmtp` that cannot be read.
#[test]
fn h30_broken_rtpmap_and_fmtp_are_400() {
    let body =
        |attribute: &str| format!("{HEAD}{ADDRESS}m=audio 4000 RTP/AVP 8 101\r\na={attribute}\r\n");
    let rtpmaps = [
        "rtpmap",
        "rtpmap:",
        "rtpmap:101",
        "rtpmap:101 ",
        "rtpmap:101 telephone-event",
        "rtpmap:101 telephone-event/",
        "rtpmap:101 telephone-event/0",
        "rtpmap:101 telephone-event/x",
        "rtpmap:101 telephone-event/8000/0",
        "rtpmap:101 telephone-event/8000/1/1",
        "rtpmap:101 /8000",
        "rtpmap:101 tele phone/8000",
        "rtpmap:128 telephone-event/8000",
        "rtpmap:-1 telephone-event/8000",
        "rtpmap:x telephone-event/8000",
        "rtpmap:101 telephone-event/99999999999",
    ];
    for attribute in rtpmaps {
        let answer = refused(&body(attribute));
        assert_eq!(answer, (AudioError::BadRtpmap { medium: 0 }, 400), "{attribute}");
    }
    let fmtps = [
        "fmtp",
        "fmtp:",
        "fmtp:101",
        "fmtp:x 0-15",
        "fmtp:300 0-15",
        "fmtp:101 15-0",
        "fmtp:101 a-b",
        "fmtp:101 0-15,",
        "fmtp:101 0-999",
    ];
    for attribute in fmtps {
        let events = format!("rtpmap:101 telephone-event/8000\r\na={attribute}");
        let answer = refused(&body(&events));
        assert_eq!(answer, (AudioError::BadFmtp { medium: 0 }, 400), "{attribute}");
    }
}

/// Payload types that are none.
#[test]
fn h30_payload_types() {
    for format in ["128", "-1", "x", "256", "0x8", "8.0", "+8"] {
        let body = format!("{HEAD}{ADDRESS}m=audio 4000 RTP/AVP {format} 8\r\n");
        assert_eq!(refused(&body), (AudioError::BadPayloadType { medium: 0 }, 400), "{format}");
    }
}

/// A good address does not save a broken one, wherever the two stand.
#[test]
fn h30_addresses_good_and_bad() {
    let media = "m=audio 4000 RTP/AVP 8\r\n";
    let broken = [
        "IN IP4 198.51.100.999",
        "IN IP4 ::1",
        "IN IP6 198.51.100.7",
        "IN IP4",
        "IN IP5 198.51.100.7",
        "XX IP4 198.51.100.7",
        "IN IP4 1.2.3",
        "IN IP4 a b",
        "",
        "IN IP4 1.2.3.4\0",
    ];
    for address in broken {
        for body in [
            format!("{HEAD}c={address}\r\n{media}{ADDRESS}"),
            format!("{HEAD}{ADDRESS}{media}c={address}\r\n"),
        ] {
            let (kind, _) = kind(&body);
            let expected = matches!(kind, ErrorKind::BadConnection | ErrorKind::ControlCharacter);
            assert!(expected, "{address}: {kind:?}");
        }
    }
    let audio = |address: &str| refused(&format!("{HEAD}{media}c=IN {address}\r\n"));
    assert_eq!(audio("IP4 phone.example.com"), (AudioError::NotAnAddress { medium: 0 }, 488));
    assert_eq!(audio("IP4 224.2.1.1/127/3"), (AudioError::NotUnicast { medium: 0 }, 488));
    assert_eq!(audio("IP4 255.255.255.255"), (AudioError::NotUnicast { medium: 0 }, 488));
    assert_eq!(audio("IP6 FF15::101"), (AudioError::NotUnicast { medium: 0 }, 488));
}

/// What is well said and not to be had.
#[test]
fn h30_nothing_in_common_is_488() {
    let body = |media: &str| format!("{HEAD}{ADDRESS}{media}");
    assert_eq!(refused(&body("")), (AudioError::NoAudio, 488));
    assert_eq!(refused(&body("m=video 4000 RTP/AVP 31\r\n")), (AudioError::NoAudio, 488));
    let secured = body("m=audio 4000 RTP/SAVP 8\r\n");
    assert_eq!(refused(&secured), (AudioError::NoKey { medium: 0 }, 488));
    let session: Session = body("m=audio 4000 RTP/AVP 18 97\r\n").parse().expect("a description");
    let local = LocalAudio::new(([192, 0, 2, 1], 4000).into());
    let answer = Negotiation::new(1, local.address).answer(&session, &local);
    assert_eq!(answer.map(|_| ()), Err(AudioError::NoCommonCodec));
    assert_eq!(AudioError::NoCommonCodec.status(), 488);
}

/// What is no description at all.
#[test]
fn h30_frame() {
    for body in ["", "\r\n", "v=1\r\n", "o=- 1 1 IN IP4 1.2.3.4\r\n", "v=0 \r\n", "<xml/>"] {
        assert_eq!(kind(body), (ErrorKind::BadVersion, usize::from(!body.is_empty())), "{body:?}");
    }
    assert_eq!(kind("v=0\r\ns=-\r\n").0, ErrorKind::NoOrigin);
    for origin in ["- 1 1", "- x 1 IN IP4 1.2.3.4", "- 1 -1 IN IP4 1.2.3.4", "-  1 IN IP4 1.2.3.4"]
    {
        assert_eq!(kind(&format!("v=0\r\no={origin}\r\n")), (ErrorKind::BadOrigin, 2), "{origin}");
    }
    assert_eq!(kind(&format!("{HEAD}nonsense\r\n")), (ErrorKind::BadLine, 4));
    assert_eq!(kind(&format!("{HEAD}\r\na=x\r\n")), (ErrorKind::BadLine, 5));
    assert_eq!(kind(&format!("{HEAD}v=0\r\n")), (ErrorKind::DuplicateLine, 4));
    assert_eq!(kind(&format!("{HEAD}{ADDRESS}{ADDRESS}")), (ErrorKind::DuplicateLine, 5));
    assert_eq!(kind(&format!("{HEAD}a=x\0y\r\n")), (ErrorKind::ControlCharacter, 4));
    assert_eq!(kind(&format!("{HEAD}a=x\ry\r\n")), (ErrorKind::ControlCharacter, 4));
    let error = Session::parse(b"v=0\r\ns=\xff\r\n").expect_err("not UTF-8");
    assert_eq!((error.kind(), error.line(), error.offset()), (ErrorKind::NotUtf8, 2, 7));
}

/// A value cannot carry a line of its own out.
#[test]
fn h05_no_line_in_a_value() {
    for text in ["x\r\na=inactive", "x\ny", "x\ry", "x\0"] {
        assert!(Text::new(text).is_err(), "{text:?}");
    }
}
