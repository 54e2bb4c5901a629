use std::time::{Duration, Instant};

use super::credentials::Question;
use super::*;
use crate::message::{Builder, HeaderName, Message, Method, StatusCode};

const REALM: &str = "pbx.example.com";

fn epoch() -> Instant {
    #[allow(clippy::disallowed_methods)] // any Instant will do as the epoch of virtual time
    Instant::now()
}

fn authenticator(epoch: Instant) -> Authenticator {
    Authenticator::new(AuthenticatorConfig::new(REALM), [7; 32], epoch)
}

fn register(uri: &str, authorization: Option<&str>) -> Message {
    Builder::request(&Method::Register, uri)
        .header(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa")
        .header(HeaderName::From, "<sip:anna@pbx.example.com>;tag=1")
        .header(HeaderName::To, "<sip:anna@pbx.example.com>")
        .header(HeaderName::CallId, "c1")
        .header(HeaderName::CSeq, "1 REGISTER")
        .maybe(HeaderName::Authorization, authorization)
        .build()
        .unwrap()
}

/// A request that answers the challenge as a phone would.
struct Phone<'a> {
    user: &'a str,
    password: &'a str,
    algorithm: Algorithm,
    count: &'a str,
    digest_uri: &'a str,
    method: Method,
}

impl Default for Phone<'_> {
    fn default() -> Self {
        Phone {
            user: "anna",
            password: "secret",
            algorithm: Algorithm::Sha256,
            count: "00000001",
            digest_uri: "sip:pbx.example.com",
            method: Method::Register,
        }
    }
}

impl Phone<'_> {
    fn answer(&self, nonce: &str) -> Message {
        let question =
            Question { nonce, uri: self.digest_uri, qop: Some((false, "c", self.count)) };
        let ha1 = Ha1::new(self.algorithm, self.user, REALM, self.password);
        let response = question.response(&ha1, &self.method, b"").hex();
        let value = format!(
            r#"Digest username="{}",realm="{REALM}",nonce="{nonce}",uri="{}",response="{}",algorithm={},qop=auth,nc={},cnonce="c""#,
            self.user,
            self.digest_uri,
            response.as_str(),
            self.algorithm,
            self.count,
        );
        register("sip:pbx.example.com", Some(&value))
    }
}

fn nonce_of(challenge: &Challenge) -> String {
    let value = challenge.values().next().unwrap();
    value.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn anna(name: &str) -> Option<&'static Ha1s> {
    static ANNA: std::sync::OnceLock<Ha1s> = std::sync::OnceLock::new();
    (name == "anna").then(|| ANNA.get_or_init(|| Ha1s::new("anna", REALM, "secret")))
}

fn challenge(authenticator: &mut Authenticator, now: Instant) -> Challenge {
    match authenticator.check(now, &register("sip:pbx.example.com", None), anna) {
        Verdict::Challenge(challenge) => challenge,
        other => panic!("expected a challenge, got {other:?}"),
    }
}

fn accepted() -> Verdict {
    Verdict::Accepted { user: "anna".into() }
}

/// RFC 7616 section 3.9.1, section 3.9.2 with erratum 4897, and RFC 2617 section 3.5.
#[test]
fn published_examples() {
    let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    let uri = "/dir/index.html";
    let get: Method = "GET".parse().unwrap();
    for (algorithm, expected) in [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let ha1 = Ha1::new(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");
        let question = Question { nonce, uri, qop: Some((false, cnonce, "00000001")) };
        assert_eq!(question.response(&ha1, &get, b"").hex().as_str(), expected);
    }
    let ha1 = Ha1::new(
        Algorithm::Sha512Trunc256,
        "J\u{e4}s\u{f8}n Doe",
        "api@example.org",
        "Secret, or not?",
    );
    let question = Question {
        nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        uri: "/doe.json",
        qop: Some((false, "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", "00000001")),
    };
    let expected = "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5";
    assert_eq!(question.response(&ha1, &get, b"").hex().as_str(), expected);
    let ha1 = Ha1::new(Algorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
    let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    let question = Question { nonce, uri, qop: Some((false, "0a4f113b", "00000001")) };
    let expected = "6629fae49393a05397450978507c4ef1";
    assert_eq!(question.response(&ha1, &get, b"").hex().as_str(), expected);
}

#[test]
fn a_right_answer_is_accepted_by_each_algorithm_offered() {
    let now = epoch();
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut server = authenticator(now);
        let nonce = nonce_of(&challenge(&mut server, now));
        let request = Phone { algorithm, ..Phone::default() }.answer(&nonce);
        assert_eq!(server.claimed_user(&request).as_deref(), Some("anna"));
        assert_eq!(server.check(now, &request, anna), accepted());
    }
}

#[test]
fn a_challenge_offers_the_strongest_first_and_writes_itself() {
    let now = epoch();
    let mut server = authenticator(now);
    let challenge = challenge(&mut server, now);
    let request = register("sip:pbx.example.com", None);
    let reply = challenge.write(Builder::reply(&request, challenge.status(), Some("t")));
    let reply = reply.build().unwrap();
    assert_eq!(reply.status(), Some(StatusCode::UNAUTHORIZED));
    let values: Vec<_> =
        reply.all(HeaderName::WwwAuthenticate).map(|h| h.text().unwrap()).collect();
    assert_eq!(values.len(), 2);
    assert!(values[0].contains("algorithm=SHA-256, qop=\"auth\""), "{}", values[0]);
    assert!(values[1].contains("algorithm=MD5, qop=\"auth\""), "{}", values[1]);
    assert!(values[0].starts_with("Digest realm=\"pbx.example.com\", nonce=\""));
    assert!(!values[0].contains("stale"));
}

/// Existing, unknown and badly guessed users get the same octets but for the nonce, and the same verdict.
#[test]
fn h16_enumeration() {
    let now = epoch();
    let answers: Vec<String> = [("anna", "wrong"), ("nobody", "secret"), ("nobody", "")]
        .into_iter()
        .map(|(user, password)| {
            let mut server = authenticator(now);
            let nonce = nonce_of(&challenge(&mut server, now));
            let request = Phone { user, password, ..Phone::default() }.answer(&nonce);
            match server.check(now, &request, anna) {
                Verdict::Rejected { reason: Rejection::Digest, challenge } => {
                    challenge.values().collect::<String>()
                }
                other => panic!("expected a rejection, got {other:?}"),
            }
        })
        .collect();
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

/// A nonce count works once; an old or foreign nonce is stale only where the digest is right.
#[test]
fn h17_nonce_replay() {
    let now = epoch();
    let mut server = authenticator(now);
    let nonce = nonce_of(&challenge(&mut server, now));
    let phone = |count| Phone { count, ..Phone::default() }.answer(&nonce);

    assert_eq!(server.check(now, &phone("00000002"), anna), accepted());
    assert!(
        matches!(server.check(now, &phone("00000002"), anna), Verdict::Stale(c) if c.is_stale())
    );
    // Lower, but not used: it was overtaken on the way.
    assert_eq!(server.check(now, &phone("00000001"), anna), accepted());
    assert!(matches!(server.check(now, &phone("00000001"), anna), Verdict::Stale(_)));
    assert_eq!(server.check(now, &phone("00000100"), anna), accepted());
    assert!(matches!(server.check(now, &phone("00000003"), anna), Verdict::Stale(_)));

    let later = now + Duration::from_secs(301);
    assert!(matches!(server.check(later, &phone("00000101"), anna), Verdict::Stale(_)));
    let wrong = Phone { password: "wrong", count: "00000102", ..Phone::default() }.answer(&nonce);
    let verdict = server.check(later, &wrong, anna);
    assert!(matches!(verdict, Verdict::Rejected { challenge, .. } if !challenge.is_stale()));

    let mut other = Authenticator::new(AuthenticatorConfig::new(REALM), [8; 32], now);
    let foreign = nonce_of(&challenge(&mut other, now));
    let request = Phone::default().answer(&foreign);
    assert!(matches!(server.check(now, &request, anna), Verdict::Stale(_)));
    let request = Phone::default().answer("made-up");
    assert!(matches!(server.check(now, &request, anna), Verdict::Stale(_)));
}

#[test]
fn the_replay_table_is_bounded_and_what_it_forgot_is_used_up() {
    let now = epoch();
    let config = AuthenticatorConfig { replay_capacity: 2, ..AuthenticatorConfig::new(REALM) };
    let mut server = Authenticator::new(config, [7; 32], now);
    let nonces: Vec<String> = (0..4).map(|_| nonce_of(&challenge(&mut server, now))).collect();
    let first = |nonce: &str| Phone::default().answer(nonce);
    for nonce in &nonces[1..] {
        assert_eq!(server.check(now, &first(nonce), anna), accepted());
        assert!(server.remembered() <= 2);
    }
    assert!(matches!(server.check(now, &first(&nonces[1]), anna), Verdict::Stale(_)));
    assert!(matches!(server.check(now, &first(&nonces[0]), anna), Verdict::Stale(_)));
    assert!(matches!(server.check(now, &first(&nonces[3]), anna), Verdict::Stale(_)));
}

/// Credentials made for another URI, method or realm are not accepted.
#[test]
fn h18_digest_of_another_request() {
    let now = epoch();
    let mut server = authenticator(now);
    let nonce = nonce_of(&challenge(&mut server, now));
    let request = Phone { digest_uri: "sip:evil.example", ..Phone::default() }.answer(&nonce);
    let verdict = server.check(now, &request, anna);
    assert!(matches!(verdict, Verdict::Rejected { reason: Rejection::Uri, .. }));

    let request = Phone { method: Method::Invite, ..Phone::default() }.answer(&nonce);
    let verdict = server.check(now, &request, anna);
    assert!(matches!(verdict, Verdict::Rejected { reason: Rejection::Digest, .. }));

    let request = Phone::default().answer(&nonce);
    let mut other = Authenticator::new(AuthenticatorConfig::new("other"), [7; 32], now);
    assert!(matches!(other.check(now, &request, anna), Verdict::Challenge(_)));

    let other_user = "sip:bruno@pbx.example.com";
    let request = Phone { digest_uri: other_user, ..Phone::default() }.answer(&nonce);
    let verdict = server.check(now, &request, anna);
    assert!(matches!(verdict, Verdict::Rejected { reason: Rejection::Uri, .. }));

    // A phone that writes the same URI with a parameter is right.
    let digest_uri = "sip:pbx.example.com;transport=udp";
    let request = Phone { digest_uri, ..Phone::default() }.answer(&nonce);
    assert_eq!(server.check(now, &request, anna), accepted());
}

/// User agents that sign the server's URI without a user get in, once a signature.
#[test]
fn a_digest_uri_without_a_user_is_good_for_one_request_there() {
    let now = epoch();
    let mut server = authenticator(now);
    let nonce = nonce_of(&challenge(&mut server, now));
    let signed = Phone::default().answer(&nonce);
    let header = signed.all(HeaderName::Authorization).next().unwrap();
    let value = std::str::from_utf8(header.value()).unwrap();
    let call = register("sip:102@pbx.example.com", Some(value));
    assert_eq!(server.check(now, &call, anna), accepted());
    let again = register("sip:103@pbx.example.com", Some(value));
    assert!(matches!(server.check(now, &again, anna), Verdict::Stale(_)));
    let elsewhere = register("sip:102@other.example.com", Some(value));
    assert!(matches!(server.check(now, &elsewhere, anna), Verdict::Rejected { .. }));
}

/// Broken credentials are rejected or asked again, never a panic.
#[test]
fn h10_malformed_authorization() {
    let now = epoch();
    let mut server = authenticator(now);
    let base =
        r#"Digest username="anna",realm="pbx.example.com",nonce="n",uri="sip:pbx.example.com""#;
    let rejected = [
        base.to_owned(),
        format!(r#"{base},response="00",qop=auth,nc=zz,cnonce="c""#),
        format!(r#"{base},response="00",qop=auth,nc=00000000,cnonce="c""#),
        format!(r#"{base},response="00",qop=auth,cnonce="c""#),
        format!(r#"{base},response="00",qop=auth,nc=00000001"#),
        format!(r#"{base},response="00",qop=other,nc=00000001,cnonce="c""#),
        format!(r#"{base},username="eve",response="00",qop=auth,nc=00000001,cnonce="c""#),
        format!(r#"{base},response="00,qop=auth,nc=00000001,cnonce=c"#),
        format!(r#"{base} response="00",qop=auth,nc=00000001,cnonce="c""#),
        format!(r#"{base},response="00",qop=auth,nc=+0000001,cnonce="c""#),
        format!(r#"{base},response="00""#),
        format!(r#"{base},response="zz",qop=auth,nc=00000001,cnonce="c""#),
        "Digest".to_owned(),
        "Digest ,,,".to_owned(),
        "Digest username".to_owned(),
    ];
    for value in rejected {
        let verdict = server.check(now, &register("sip:pbx.example.com", Some(&value)), anna);
        assert!(matches!(verdict, Verdict::Rejected { .. }), "{value}: {verdict:?}");
    }
    let asked = [
        format!(r#"{base},response="00",algorithm=SHA-3,qop=auth,nc=00000001,cnonce="c""#),
        format!(r#"{base},response="00",algorithm=SHA-512-256,qop=auth,nc=00000001,cnonce="c""#),
        "Basic YWRtaW46YWRtaW4=".to_owned(),
        "NoOneKnowsThisScheme opaque-data=here".to_owned(),
    ];
    for value in asked {
        let verdict = server.check(now, &register("sip:pbx.example.com", Some(&value)), anna);
        assert!(matches!(verdict, Verdict::Challenge(_)), "{value}: {verdict:?}");
    }
}

/// A client and a server of ours agree, by each algorithm, on first, repeated and stale challenges.
#[test]
fn a_trunk_answers_and_is_accepted() {
    let now = epoch();
    let mut server = authenticator(now);
    let mut client = Client::new(ClientConfig::new("pbx.example.com", "anna", "secret"));
    let request = register("sip:pbx.example.com", None);
    let answer_to = |server: &mut Authenticator, request: &Message, now| {
        let challenge = match server.check(now, request, anna) {
            Verdict::Challenge(c) | Verdict::Stale(c) | Verdict::Rejected { challenge: c, .. } => c,
            Verdict::Accepted { .. } => panic!("accepted too early"),
        };
        challenge.write(Builder::reply(request, challenge.status(), Some("t"))).build().unwrap()
    };
    let reply = answer_to(&mut server, &request, now);
    let authorization = client.answer(&request, &reply, "0123").unwrap();
    assert_eq!(authorization.name, HeaderName::Authorization);
    let again = request.edit().set(authorization.name, &authorization.value).finish().unwrap();
    assert_eq!(server.check(now, &again, anna), accepted());

    let later = now + Duration::from_secs(600);
    let reply = answer_to(&mut server, &again, later);
    let authorization = client.answer(&again, &reply, "0123").unwrap();
    let again = request.edit().set(authorization.name, &authorization.value).finish().unwrap();
    assert_eq!(server.check(later, &again, anna), accepted());

    let mut wrong = Client::new(ClientConfig::new("pbx.example.com", "anna", "guess"));
    let reply = answer_to(&mut server, &request, now);
    let authorization = wrong.answer(&request, &reply, "0123").unwrap();
    let again = request.edit().set(authorization.name, &authorization.value).finish().unwrap();
    let reply = answer_to(&mut server, &again, now);
    assert_eq!(wrong.answer(&again, &reply, "0123"), Err(AnswerError::Refused));
}

/// A trunk's password answers the trunk's realm at the trunk's host, and nobody else.
#[test]
fn h19_digest_leak() {
    let challenge = |request: &Message, realm: &str| {
        Builder::reply(request, StatusCode::UNAUTHORIZED, Some("t"))
            .header(HeaderName::WwwAuthenticate, format!(r#"Digest realm="{realm}",nonce="n""#))
            .build()
            .unwrap()
    };
    let config = ClientConfig::new("trunk.example", "pbx", "secret");
    let mut client = Client::new(config.clone());
    let to_trunk = register("sip:trunk.example", None);
    let to_phone = register("sip:anna@192.0.2.66:5062", None);

    let reply = challenge(&to_phone, "trunk.example");
    assert_eq!(client.answer(&to_phone, &reply, "c"), Err(AnswerError::Host));
    let mut with_address = Client::new(config.clone());
    with_address.also_at("192.0.2.66");
    assert!(with_address.answer(&to_phone, &reply, "c").is_ok(), "the trunk's own address");
    let reply = challenge(&to_trunk, "elsewhere");
    let realm = AnswerError::Realm { found: "elsewhere".into() };
    assert_eq!(client.answer(&to_trunk, &reply, "c"), Err(realm));
    let other = to_trunk.edit().set(HeaderName::CallId, "c2").finish().unwrap();
    let reply = challenge(&other, "trunk.example");
    assert_eq!(client.answer(&to_trunk, &reply, "c"), Err(AnswerError::OtherRequest));
    let reply = challenge(&to_trunk, "trunk.example");
    assert!(client.answer(&to_trunk, &reply, "c").is_ok());

    let shown = format!("{client:?} {config:?}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn ha1_goes_through_the_store_and_is_not_shown() {
    for algorithm in Algorithm::ALL {
        let ha1 = Ha1::new(algorithm, "anna", REALM, "secret");
        assert_eq!(Ha1::from_hex(algorithm, &ha1.to_hex()), Ok(ha1));
        assert!(!format!("{ha1:?}").contains(&ha1.to_hex()[..8]));
    }
    assert!(Ha1::from_hex(Algorithm::Md5, "zz").is_err());
    assert!(Ha1::from_hex(Algorithm::Md5, &"g".repeat(32)).is_err());
}
