use super::*;
use crate::message::Method;

fn epoch() -> Instant {
    #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
    Instant::now()
}

const S: Duration = Duration::from_secs(1);

fn request(extra: &str) -> Message {
    let text = format!(
        "INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=a\r\n\
         To: <sip:b@x>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n{extra}\r\n"
    );
    Message::parse(text.into_bytes()).unwrap()
}

fn response(status: u16, extra: &[(&str, &str)]) -> Message {
    let mut reply = Builder::reply(&request(""), StatusCode::new(status).unwrap(), Some("b"));
    for (name, value) in extra {
        reply = reply.header(*name, value);
    }
    reply.build().unwrap()
}

fn written(timer: &SessionTimer) -> Message {
    let request = Builder::request(&Method::Update, "sip:b@x")
        .header("Via", "SIP/2.0/UDP x;branch=z9hG4bK2")
        .header("From", "<sip:a@x>;tag=a")
        .header("To", "<sip:b@x>;tag=b")
        .header("Call-ID", "1")
        .header("CSeq", "2 UPDATE");
    timer.write_request(request).build().unwrap()
}

fn timer() -> SessionTimer {
    SessionTimer::new(SessionTimerConfig::default())
}

#[test]
fn values_are_read_and_written() {
    for text in ["1800", "90;refresher=uac", "4294967295;refresher=uas"] {
        assert_eq!(SessionExpires::parse(text.as_bytes()).unwrap().to_string(), text);
    }
    for text in ["", "x", "-1", "4294967296", "90;refresher=proxy", "1800, 90"] {
        assert_eq!(SessionExpires::parse(text.as_bytes()), None, "{text}");
    }
    assert_eq!(
        SessionExpires::parse(b"90 ; REFRESHER=UAS;x=y").unwrap().refresher,
        Some(Refresher::Uas)
    );
}

/// Table 2 of RFC 4028 section 9.
#[test]
fn who_refreshes() {
    for (asks, refresher, require) in [
        ("Session-Expires: 600\r\n", Refresher::Uas, None),
        ("Session-Expires: 600;refresher=uas\r\n", Refresher::Uas, None),
        ("Session-Expires: 600;refresher=uac\r\nk: timer\r\n", Refresher::Uac, Some("timer")),
        ("x: 600;refresher=uas\r\nSupported: timer\r\n", Refresher::Uas, Some("timer")),
        ("x: 600\r\nSupported: 100rel, timer\r\n", Refresher::Uac, Some("timer")),
    ] {
        let granted = timer().receive_request(&request(asks)).unwrap();
        assert_eq!((granted.interval, granted.refresher), (600 * S, refresher), "{asks}");
        let ok = granted.write(Builder::reply(&request(""), StatusCode::OK, Some("b")));
        assert_eq!(ok.build().unwrap().text(HeaderName::Require), require, "{asks}");
    }
    // Who asks for none gets ours, which we refresh.
    let granted = timer().receive_request(&request("Min-SE: 3600\r\n")).unwrap();
    assert_eq!((granted.interval, granted.refresher), (3600 * S, Refresher::Uas));
}

#[test]
fn too_short_an_interval_is_422_for_whoever_understands_that() {
    let timer = SessionTimer::new(SessionTimerConfig { min: 120 * S, ..Default::default() });
    let asks = "Session-Expires: 100;refresher=uac\r\nSupported: timer\r\n";
    let refused = timer.receive_request(&request(asks)).unwrap_err();
    let reply = refused.write(Builder::reply(&request(""), refused.status(), Some("b")));
    assert_eq!(reply.build().unwrap().text(HeaderName::MinSe), Some("120"));
    // A proxy on the way asked for it; the caller would not know what to do with a 422.
    assert_eq!(timer.receive_request(&request("x: 100\r\n")).unwrap().interval, 100 * S);
    assert_eq!(timer.receive_request(&request("x: 10\r\n")).unwrap().interval, 90 * S);
}

#[test]
fn a_422_is_overcome_and_not_followed_for_ever() {
    let mut timer = timer();
    let first = written(&timer);
    assert_eq!(first.text(HeaderName::SessionExpires), Some("1800"));
    assert_eq!((first.text(HeaderName::MinSe), first.text("Supported")), (None, Some("timer")));
    let now = epoch();
    assert!(timer.receive_response(now, &response(422, &[("Min-SE", "3600")])));
    let second = written(&timer);
    assert_eq!(second.text(HeaderName::SessionExpires), Some("3600"));
    assert_eq!(second.text(HeaderName::MinSe), Some("3600"));
    for again in [&[("Min-SE", "3600")][..], &[("Min-SE", "999999")], &[]] {
        assert!(!timer.receive_response(now, &response(422, again)));
    }
    assert!(!timer.is_running());
}

/// A peer that asks for a second more each time gets a few requests, not one for each second of a day.
#[test]
fn h22_a_peer_that_always_asks_for_more_is_not_followed() {
    let mut timer = timer();
    let followed = (1801..3600).take_while(|min: &u32| {
        timer.receive_response(epoch(), &response(422, &[("Min-SE", &min.to_string())]))
    });
    assert_eq!(followed.count(), 5);
}

#[test]
fn we_refresh_at_half_the_interval_and_hang_up_before_its_end() {
    let (epoch, mut timer) = (epoch(), timer());
    timer.receive_response(epoch, &response(200, &[("x", "600;refresher=uac")]));
    assert!(timer.is_ours());
    assert_eq!(timer.poll_timeout(), Some(epoch + 300 * S));
    timer.handle_timeout(epoch + 300 * S);
    assert_eq!(timer.poll_output(), Some(Output::Refresh));
    // The roles stay.
    assert_eq!(written(&timer).text(HeaderName::SessionExpires), Some("600;refresher=uac"));
    timer.receive_response(epoch + 300 * S, &response(200, &[("x", "600;refresher=uac")]));
    assert_eq!(timer.poll_timeout(), Some(epoch + 600 * S));
    timer.handle_timeout(epoch + 600 * S);
    assert_eq!(timer.poll_output(), Some(Output::Refresh));
    // Glare: again shortly. Then nothing comes any more.
    timer.receive_response(epoch + 601 * S, &response(491, &[]));
    timer.refresh_failed(epoch + 601 * S, 2 * S);
    assert_eq!(timer.poll_timeout(), Some(epoch + 603 * S));
    timer.handle_timeout(epoch + 603 * S);
    assert_eq!(timer.poll_output(), Some(Output::Refresh));
    assert_eq!(timer.poll_timeout(), Some(epoch + (300 + 568) * S));
    timer.handle_timeout(epoch + 868 * S);
    assert_eq!((timer.poll_output(), timer.poll_timeout()), (Some(Output::Expired), None));
}

#[test]
fn they_refresh_with_a_request_of_theirs() {
    let (epoch, mut timer) = (epoch(), timer());
    let asks = request("Session-Expires: 90;refresher=uac\r\nSupported: timer\r\n");
    let granted = timer.receive_request(&asks).unwrap();
    timer.answered(epoch, granted);
    assert!(timer.is_running() && !timer.is_ours());
    assert_eq!(timer.poll_timeout(), Some(epoch + 60 * S));
    timer.refresh_failed(epoch, S);
    assert_eq!(timer.poll_timeout(), Some(epoch + 60 * S));
    let granted = timer.receive_request(&asks).unwrap();
    timer.answered(epoch + 45 * S, granted);
    assert_eq!(timer.poll_timeout(), Some(epoch + 105 * S));
    // In a request of ours for another purpose they stay the refresher.
    assert_eq!(written(&timer).text(HeaderName::SessionExpires), Some("90;refresher=uas"));
    timer.receive_response(epoch + 50 * S, &response(200, &[]));
    assert!(!timer.is_running(), "a 2xx without Session-Expires ends the timer");
}
