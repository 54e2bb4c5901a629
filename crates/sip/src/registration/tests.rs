//! Against a provider that is our own registrar and authenticator, message by message.

use super::*;

struct Bench {
    registration: Registration,
    epoch: Instant,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let uri = |text: &str| text.parse::<UriBuf>().unwrap();
        let mut config = RegistrationConfig::new(
            uri("sip:provider.example"),
            uri("sip:4930@provider.example"),
            uri("sip:4930@192.0.2.1:5060"),
        );
        config.credentials = Some(ClientConfig::new("provider.example", "4930", "secret"));
        #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
        let epoch = Instant::now();
        Self { registration: Registration::new(config, [9; 32]), epoch, now: epoch }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.registration.handle(self.now, input);
    }

    /// The one request that it wants sent, as the transaction layer would send it.
    fn sent(&mut self) -> Message {
        match self.registration.poll_output() {
            Some(Output::Send(request)) => {
                let cseq = request.clone().header(HeaderName::Via, "SIP/2.0/UDP x;branch=z9hG4bK");
                let number = cseq.build().unwrap().cseq().number;
                let via = format!("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{number}");
                request.first(HeaderName::Via, via).build().unwrap()
            }
            other => panic!("nothing sent: {other:?}"),
        }
    }

    fn event(&mut self) -> Event {
        match self.registration.poll_output() {
            Some(Output::Event(event)) => event,
            other => panic!("nothing told: {other:?}"),
        }
    }

    fn answer(&mut self, request: &Message, status: u16, headers: &[(&str, &str)]) {
        let status = StatusCode::new(status).unwrap();
        let mut response = Builder::reply(request, status, Some("t"));
        for (name, value) in headers {
            response = response.header(*name, value);
        }
        let response = response.build().unwrap();
        self.handle(Input::Response { request, response: &response });
    }

    /// Moves to the next timer and fires it; gives the seconds since the start.
    fn tick(&mut self) -> u64 {
        self.now = self.registration.poll_timeout().unwrap();
        self.registration.handle_timeout(self.now);
        (self.now - self.epoch).as_secs()
    }
}

const CHALLENGE: (&str, &str) = (
    "WWW-Authenticate",
    "Digest realm=\"provider.example\", nonce=\"n1\", qop=\"auth\", algorithm=MD5",
);

#[test]
fn registers_with_credentials_and_refreshes_before_the_end() {
    let mut bench = Bench::new();
    bench.handle(Input::Start);
    let first = bench.sent();
    assert_eq!(first.text(HeaderName::Expires), Some("3600"));
    assert!(!first.has(HeaderName::Authorization));
    bench.answer(&first, 401, &[CHALLENGE]);
    let second = bench.sent();
    assert_eq!(second.cseq().number, first.cseq().number + 1);
    assert_eq!(second.call_id(), first.call_id());
    let authorization = second.text(HeaderName::Authorization).unwrap();
    assert!(authorization.contains("username=\"4930\""), "{authorization}");
    let contacts = "<sip:other@192.0.2.9>;expires=9, <sip:4930@192.0.2.1:5060>;expires=600";
    bench.answer(&second, 200, &[("Contact", contacts)]);
    assert_eq!(bench.event(), Event::Registered { expires: Duration::from_secs(600) });
    assert!(bench.registration.is_registered(bench.now));
    assert_eq!(bench.tick(), 540);
    let refresh = bench.sent();
    assert_eq!(refresh.cseq().number, 3);
    bench.answer(&refresh, 200, &[("Expires", "60")]);
    assert_eq!(bench.event(), Event::Registered { expires: Duration::from_secs(60) });
    assert_eq!(bench.tick(), 585);
}

#[test]
fn wrong_credentials_are_not_tried_over_and_over() {
    let mut bench = Bench::new();
    bench.handle(Input::Start);
    let first = bench.sent();
    bench.answer(&first, 401, &[CHALLENGE]);
    let second = bench.sent();
    bench.answer(&second, 401, &[CHALLENGE]);
    let event = bench.event();
    let longest = Duration::from_secs(1800);
    assert_eq!(event, Event::Refused { status: StatusCode::UNAUTHORIZED, retry: longest });
    assert_eq!(bench.tick(), 1800);
    assert!(!bench.sent().has(HeaderName::Authorization));
}

/// A challenge for another realm is not answered: it would be an oracle for our password.
#[test]
fn h19_a_foreign_realm_gets_no_answer() {
    let mut bench = Bench::new();
    bench.handle(Input::Start);
    let first = bench.sent();
    let foreign = ("WWW-Authenticate", "Digest realm=\"elsewhere\", nonce=\"n\", algorithm=MD5");
    bench.answer(&first, 401, &[foreign]);
    assert!(matches!(bench.event(), Event::Refused { .. }));
}

#[test]
fn a_server_that_finds_every_nonce_stale_is_given_up() {
    let mut bench = Bench::new();
    bench.handle(Input::Start);
    let stale = (
        "WWW-Authenticate",
        "Digest realm=\"provider.example\", nonce=\"n\", stale=true, algorithm=MD5",
    );
    for _ in 0..=MAX_CHALLENGES {
        let request = bench.sent();
        bench.answer(&request, 401, &[stale]);
    }
    assert!(matches!(bench.event(), Event::Refused { .. }));
}

#[test]
fn failures_back_off_and_the_registration_is_lost_at_its_end() {
    let mut bench = Bench::new();
    bench.handle(Input::Start);
    let request = bench.sent();
    bench.answer(&request, 200, &[("Expires", "100")]);
    bench.event();
    assert_eq!(bench.tick(), 75);
    bench.sent();
    bench.handle(Input::Failed);
    let Event::Unreachable { retry } = bench.event() else { panic!() };
    assert!((15..=30).contains(&retry.as_secs()), "{retry:?}");
    bench.registration.handle_timeout(bench.epoch + Duration::from_secs(100));
    // Either the attempt or the loss comes first, by the random part of the wait.
    let outputs: Vec<_> = std::iter::from_fn(|| bench.registration.poll_output()).collect();
    let lost = |output: &Output| matches!(output, Output::Event(Event::Lost));
    assert_eq!(outputs.iter().filter(|output| lost(output)).count(), 1);
    assert!(!bench.registration.is_registered(bench.epoch + Duration::from_secs(100)));
}

#[test]
fn retry_after_and_min_expires_are_followed() {
    let mut bench = Bench::new();
    bench.handle(Input::Start);
    let request = bench.sent();
    bench.answer(&request, 503, &[("Retry-After", "400 (maintenance)")]);
    let retry = Duration::from_secs(400);
    let status = StatusCode::SERVICE_UNAVAILABLE;
    assert_eq!(bench.event(), Event::Refused { status, retry });
    assert_eq!(bench.tick(), 400);
    let request = bench.sent();
    bench.answer(&request, 423, &[("Min-Expires", "7200")]);
    let request = bench.sent();
    assert_eq!(request.text(HeaderName::Expires), Some("7200"));
    bench.answer(&request, 423, &[("Min-Expires", "7200")]);
    assert!(matches!(bench.event(), Event::Refused { .. }));
}

/// RFC 3263 section 4.3: one after the other at once, and a wait only when all have failed.
#[test]
fn another_way_is_tried_at_once() {
    let mut bench = Bench::new();
    bench.registration.set_ways(3);
    bench.handle(Input::Start);
    assert_eq!(bench.registration.way(), 0);
    bench.sent();
    bench.handle(Input::Failed);
    assert_eq!(bench.registration.way(), 1);
    let second = bench.sent();
    bench.answer(&second, 503, &[("Retry-After", "1000")]);
    assert_eq!(bench.registration.way(), 2);
    let third = bench.sent();
    // What the provider says, it says for all of its servers.
    bench.answer(&third, 403, &[]);
    assert!(matches!(bench.event(), Event::Refused { .. }));
    bench.tick();
    let third = bench.sent();
    bench.answer(&third, 200, &[]);
    bench.event();
    // The way that worked stays, and all of them fail before there is a wait.
    bench.tick();
    for way in [2, 0, 1] {
        assert_eq!(bench.registration.way(), way);
        bench.sent();
        bench.handle(Input::Failed);
    }
    assert!(matches!(bench.event(), Event::Unreachable { .. }));
    assert_eq!(bench.registration.way(), 2);
}

#[test]
fn an_outbound_proxy_is_a_route() {
    let uri = |text: &str| text.parse::<UriBuf>().unwrap();
    for (proxy, route) in [
        ("sip:proxy.example", "<sip:proxy.example;lr>"),
        ("sip:proxy.example:5070;lr;transport=tcp", "<sip:proxy.example:5070;lr;transport=tcp>"),
    ] {
        let mut config = RegistrationConfig::new(
            uri("sip:provider.example"),
            uri("sip:4930@provider.example"),
            uri("sip:4930@192.0.2.1:5060"),
        );
        config.outbound_proxy = Some(uri(proxy));
        let mut bench = Bench::new();
        bench.registration = Registration::new(config, [9; 32]);
        assert_eq!(bench.registration.next_hop().as_str(), proxy);
        bench.handle(Input::Start);
        let request = bench.sent();
        assert_eq!(request.text(HeaderName::Route), Some(route));
        assert_eq!(request.request_uri_str(), Some("sip:provider.example"));
    }
}

#[test]
fn late_and_foreign_responses_are_ignored() {
    let mut bench = Bench::new();
    bench.handle(Input::Start);
    let first = bench.sent();
    bench.answer(&first, 401, &[CHALLENGE]);
    let second = bench.sent();
    bench.answer(&first, 403, &[]);
    bench.answer(&second, 100, &[]);
    assert!(bench.registration.poll_output().is_none());
    bench.answer(&second, 200, &[]);
    assert_eq!(bench.event(), Event::Registered { expires: Duration::from_secs(3600) });
    bench.answer(&second, 200, &[]);
    bench.handle(Input::Failed);
    assert!(bench.registration.poll_output().is_none());
}

#[test]
fn stopping_takes_the_registration_back() {
    let mut bench = Bench::new();
    bench.handle(Input::Start);
    let request = bench.sent();
    bench.answer(&request, 200, &[]);
    bench.event();
    bench.handle(Input::Stop);
    bench.handle(Input::Stop);
    let request = bench.sent();
    assert_eq!(request.text(HeaderName::Expires), Some("0"));
    bench.answer(&request, 401, &[CHALLENGE]);
    let request = bench.sent();
    assert!(request.has(HeaderName::Authorization));
    bench.answer(&request, 200, &[]);
    assert_eq!(bench.event(), Event::Unregistered);
    assert_eq!(bench.registration.poll_timeout(), None);
    // A provider that does not answer does not hold us up.
    bench.handle(Input::Start);
    bench.sent();
    bench.handle(Input::Stop);
    bench.sent();
    bench.handle(Input::Failed);
    assert_eq!(bench.event(), Event::Unregistered);
}
