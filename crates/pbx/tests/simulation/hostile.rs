//! Hostile and faulty requests.

use std::time::Duration;

use switchboard_pbx::{Cause, Input};
use switchboard_routing::Status;
use switchboard_sip::{Builder, Flow, HeaderName, Message, Method};
use switchboard_testkit::Say;

use crate::support::{Called, PBX, Phone, REALM, World};

/// Two phones that talk.
fn talk(world: &mut World) -> (usize, usize) {
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    for phone in [anna, berta] {
        world.phones[phone].say = Say::Tone(440.0, -10.0);
    }
    world.phones[berta].called = Called::Answer(Duration::ZERO);
    world.dial(anna, "102");
    world.seconds(2);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    (anna, berta)
}

/// Every method without credentials is refused: with a challenge, or as not served.
#[test]
fn h13_default_deny_for_every_method() {
    let methods: Vec<Method> = [
        "INVITE",
        "REGISTER",
        "OPTIONS",
        "BYE",
        "INFO",
        "REFER",
        "MESSAGE",
        "SUBSCRIBE",
        "PUBLISH",
        "NOTIFY",
        "UPDATE",
        "PRACK",
        "FROBNICATE",
    ]
    .iter()
    .map(|name| name.parse().unwrap())
    .collect();
    let mut world = World::new();
    world.phone("anna");
    let stranger = world.add("stranger");
    for method in methods {
        world.act(stranger, |phone, now| {
            let request = phone.request(&method, "sip:102@10.0.0.1");
            phone.send(now, request);
        });
        world.seconds(1);
        let status = world.phones[stranger].statuses.pop().unwrap();
        assert!(matches!(status, 401 | 405 | 501), "{method}: {status}");
    }
    world.assert_clean();
    assert!(world.opened.is_empty());
}

/// Nobody calls in another's name.
#[test]
fn h14_from_is_not_the_authenticated_user() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[anna].from = Some(format!("<sip:carl@{REALM}>"));
    world.dial(anna, "102");
    world.seconds(1);
    assert_eq!(world.phones[anna].status(), Some(403));
    assert!(world.phones[berta].calls.is_empty());
    // The own extension is the own name too.
    world.phones[anna].from = Some(format!("\"Boss\" <sip:101@{REALM}>"));
    world.dial(anna, "102");
    world.seconds(1);
    assert_eq!(world.phones[berta].calls.len(), 1);
    world.hang_up(anna);
    world.assert_clean();
}

/// Identity headers of a phone go no further.
#[test]
fn h14_identity_headers_are_not_passed_on() {
    let mut world = World::new();
    let anna = world.phone("anna");
    let trunk = world.trunk();
    world.dial(anna, "03012345");
    world.seconds(1);
    let (_, invite) = world.phones[trunk].call().incoming.clone().unwrap();
    let identity = invite.text(HeaderName::PAssertedIdentity).unwrap();
    assert!(identity.contains("+4930555000"), "{identity}");
    world.hang_up(anna);
    world.assert_clean();
}

/// An unknown, a dismissed and an existing user with a wrong password get the same octets, but for
/// what names the request and its nonce.
#[test]
fn h16_no_enumeration() {
    let mut world = World::new();
    world.change(|spec| {
        spec.users[2].status = Status::Dismissed;
        spec.users[2].former_extension = spec.users[2].extension.take();
    });
    let mut answers = Vec::new();
    for (at, user) in ["anna", "carl", "nobody"].into_iter().enumerate() {
        let phone = world.add(user);
        let address = world.phones[phone].address;
        world.phones[phone] = Phone::new(user, "guess", address, 60 + at as u64);
        world.act(phone, |phone, now| phone.register(now, 300));
        world.seconds(5);
        let heard = &world.phones[phone].answers;
        assert_eq!(heard.len(), 1);
        answers.push(
            heard[0]
                .headers()
                .filter(|header| {
                    !matches!(
                        header.known(),
                        Some(
                            HeaderName::Via
                                | HeaderName::From
                                | HeaderName::To
                                | HeaderName::CallId
                                | HeaderName::CSeq
                        )
                    )
                })
                .map(|header| {
                    let value = header.text().unwrap();
                    let nonce =
                        value.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next());
                    let value = match nonce {
                        Some(nonce) => value.replace(nonce, &"n".repeat(nonce.len())),
                        None => value.to_owned(),
                    };
                    format!("{}: {value}", header.name())
                })
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    world.assert_clean();
}

/// A phone that challenges our INVITE with a trunk's realm gets no credentials.
#[test]
fn h19_a_phone_cannot_make_us_answer_a_challenge() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[berta].called = Called::Challenge("203.0.113.5");
    world.dial(anna, "102");
    world.seconds(3);
    assert_eq!(world.phones[berta].calls.len(), 1, "one INVITE, without credentials");
    assert!(world.phones[anna].is_over());
    world.assert_clean();
}

/// A trunk that challenges us is answered, at its realm only.
#[test]
fn a_trunk_that_asks_for_credentials_gets_them() {
    for (realm, answered) in [("203.0.113.5", true), ("elsewhere", false)] {
        let mut world = World::new();
        world.change(|spec| spec.trunks[0].user = Some("4930555000".to_owned()));
        let anna = world.phone("anna");
        let trunk = world.trunk();
        world.phones[trunk].called = Called::Challenge(realm);
        world.dial(anna, "03012345");
        world.seconds(3);
        let with_credentials =
            world.phones[trunk].calls.iter().filter(|call| call.credentials).count();
        assert_eq!(with_credentials > 0, answered, "{realm}");
        world.hang_up(anna);
        world.assert_clean();
    }
}

/// Whoever is hung up may ask for credentials: a trunk gets them, in a call in either direction,
/// for its realm at its own address; a phone gets none.
#[test]
fn h19_credentials_for_a_bye() {
    let cases = [
        ("in", "carrier.test", true),
        ("out", "carrier.test", true),
        ("in", "elsewhere", false),
        ("out", "203.0.113.5", false),
        ("phone", "carrier.test", false),
        ("phone", "203.0.113.5", false),
    ];
    for (way, realm, answered) in cases {
        let mut world = World::new();
        world.change(|spec| {
            spec.trunks[0].user = Some("4930555000".to_owned());
            spec.trunks[0].domain = Some("carrier.test".to_owned());
        });
        let (anna, berta) = (world.phone("anna"), world.phone("berta"));
        let trunk = world.trunk();
        let asks = if way == "phone" { berta } else { trunk };
        for phone in [berta, trunk] {
            world.phones[phone].called = Called::Answer(Duration::ZERO);
        }
        match way {
            "in" => world.dial(trunk, "+4930555000"),
            "out" => world.dial(anna, "03012345"),
            _ => world.dial(anna, "102"),
        }
        world.seconds(2);
        assert!(world.phones[asks].is_up(), "{way}");
        world.phones[asks].challenges_bye = Some(realm);
        world.command(switchboard_pbx::Command::Shutdown);
        world.seconds(2);
        let byes = &world.phones[asks].byes;
        let expected: &[bool] = if answered { &[false, true] } else { &[false] };
        assert_eq!(byes, expected, "{way} {realm}");
        world.assert_clean();
    }
}

/// Tags guessed: 481. Right tags from another address: the sender has to prove who they are.
#[test]
fn h24_forged_requests_in_a_dialog() {
    let mut world = World::new();
    let (anna, berta) = talk(&mut world);
    let mut dialog = world.phones[anna].dialog().clone();
    let mallory = world.add("mallory");
    world.act(mallory, |phone, now| {
        let bye = dialog.request(&Method::Bye);
        phone.send(now, bye);
    });
    world.seconds(1);
    assert_eq!(world.phones[mallory].statuses, [401]);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    world.act(mallory, |phone, now| {
        let request = Builder::request(&Method::Bye, "sip:10.0.0.1")
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, "<sip:anna@pbx.test>;tag=guess")
            .header(HeaderName::To, "<sip:102@pbx.test>;tag=guess")
            .header(HeaderName::CallId, "guess")
            .header(HeaderName::CSeq, "2 BYE");
        phone.send(now, request);
    });
    world.seconds(1);
    assert_eq!(world.phones[mallory].statuses, [401, 481]);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    world.hang_up(anna);
    world.assert_clean();
}

/// Max-Forwards is used up; and what we call on has one less.
#[test]
fn h25_max_forwards() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.act(anna, |phone, now| {
        let request = Builder::request(&Method::Invite, "sip:102@10.0.0.1")
            .header(HeaderName::MaxForwards, 0)
            .header(HeaderName::From, format!("<sip:anna@{REALM}>;tag=a"))
            .header(HeaderName::To, "<sip:102@10.0.0.1>")
            .header(HeaderName::CallId, "hops")
            .header(HeaderName::CSeq, "1 INVITE");
        phone.send(now, request);
    });
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses.last(), Some(&483));
    world.dial(anna, "102");
    world.seconds(1);
    let (_, invite) = world.phones[berta].call().incoming.clone().unwrap();
    assert_eq!(invite.max_forwards(), Some(69));
    world.hang_up(anna);
    world.assert_clean();
}

/// A forwards to B, B to A: the call ends, with a cause.
#[test]
fn h25_forwarding_in_a_circle_ends() {
    let mut world = World::new();
    world.change(|spec| {
        let to = |login: &str| Some(switchboard_routing::ForwardTo::User(login.parse().unwrap()));
        spec.users[0].forwarding.busy = to("berta");
        spec.users[1].forwarding.busy = to("anna");
    });
    let (anna, berta, carl) = (world.phone("anna"), world.phone("berta"), world.phone("carl"));
    for phone in [anna, berta] {
        world.phones[phone].called = Called::Refuse(486);
    }
    world.dial(carl, "101");
    world.seconds(5);
    assert_eq!(world.phones[carl].status(), Some(486));
    assert_eq!((world.phones[anna].calls.len(), world.phones[berta].calls.len()), (1, 1));
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Busy);
}

/// The same INVITE seven times is one call and one record.
#[test]
fn h28_duplicates() {
    let link = switchboard_testkit::Link { duplicate: 1.0, ..switchboard_testkit::Link::default() };
    let mut world = World::over(3, link);
    let (anna, berta) = talk(&mut world);
    assert_eq!(world.phones[berta].calls.len(), 1);
    world.hang_up(anna);
    world.assert_clean();
    assert_eq!(world.records.len(), 1);
}

/// BYE from both sides at once.
#[test]
fn h28_bye_both_ways() {
    let mut world = World::new();
    let (anna, berta) = talk(&mut world);
    world.hang_up(anna);
    world.hang_up(berta);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

/// The CANCEL crosses the 200: the session that came to be is ended with a BYE.
#[test]
fn h28_cancel_crosses_200() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.dial(anna, "102");
    world.seconds(1);
    world.act(berta, |phone, now| phone.answer(now));
    world.hang_up(anna);
    world.seconds(2);
    assert!(world.phones[berta].is_over());
    world.assert_clean();
    assert_eq!(world.records.len(), 1);
}

/// The caller's ACK never comes: BYE after 64 times T1, and one record.
#[test]
fn h28_a_200_that_is_never_acknowledged() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[berta].say = Say::Tone(440.0, -10.0);
    world.dial(anna, "102");
    world.seconds(1);
    world.act(anna, |phone, _| phone.vanish());
    world.act(berta, |phone, now| phone.answer(now));
    world.seconds(40);
    assert!(world.phones[berta].is_over());
    world.assert_clean();
    assert!(matches!(world.record().cause, Cause::PeerLost | Cause::MediaLost));
}

/// Descriptions that cannot be used are refused before anybody is rung.
#[test]
fn h30_bad_descriptions() {
    let good = "v=0\r\no=- 1 1 IN IP4 10.0.1.1\r\ns=-\r\nc=IN IP4 10.0.1.1\r\nt=0 0\r\n\
                m=audio 6000 RTP/AVP 8\r\n";
    for (find, put, status) in [
        ("RTP/AVP 8", "RTP/AVP 18", 488),
        ("audio 6000", "audio 0", 488),
        ("audio 6000", "audio 70000", 400),
        ("audio 6000", "audio -1", 400),
        ("c=IN IP4 10.0.1.1\r\n", "", 400),
        ("m=audio 6000 RTP/AVP 8\r\n", "", 488),
        ("c=IN IP4 10.0.1.1", "c=IN IP4 224.0.0.1", 488),
    ] {
        let mut world = World::new();
        let (anna, berta) = (world.phone("anna"), world.phone("berta"));
        let body = good.replace(find, put);
        world.phones[anna].sdp_override = Some(body);
        world.dial(anna, "102");
        world.seconds(1);
        assert_eq!(world.phones[anna].status(), Some(status), "{put}");
        assert!(world.phones[berta].calls.is_empty());
        world.assert_clean();
    }
}

/// Octets that are no message change nothing, and the next call is served.
#[test]
fn junk_on_the_port() {
    let mut world = World::new();
    let anna = world.phone("anna");
    let now = world.now();
    let flow = Flow::udp(PBX, world.phones[anna].address);
    for junk in [&b"\x80\x08junk"[..], b"INVITE", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\xff"] {
        let payload = bytes::Bytes::from_static(junk);
        assert!(world.pbx.handle(now, Input::Sip { flow, payload }).is_err());
    }
    let payload = bytes::Bytes::from_static(b"\r\n\r\n");
    world.pbx.handle(now, Input::Sip { flow, payload }).unwrap();
    world.flush();
    world.dial(anna, "*43");
    world.seconds(1);
    assert!(world.phones[anna].is_up());
    world.hang_up(anna);
    world.assert_clean();
}

/// A flood of INVITEs without credentials costs no memory, and a call is served meanwhile.
#[test]
fn h22_a_flood_of_invites_leaves_nothing() {
    let mut world = World::new();
    let anna = world.phone("anna");
    let now = world.now();
    let before = world.pbx.leftovers();
    for number in 0..5_000_u32 {
        let source = std::net::SocketAddr::from((number.to_be_bytes(), 5060));
        let text = format!(
            "INVITE sip:102@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {source};branch=z9hG4bK{number}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:anna@pbx.test>;tag={number}\r\nTo: <sip:102@10.0.0.1>\r\n\
             Call-ID: {number}\r\nCSeq: 1 INVITE\r\nContact: <sip:anna@{source}>\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let flow = Flow::udp(PBX, source);
        world.pbx.handle(now, Input::Sip { flow, payload: text.into() }).unwrap();
    }
    assert_eq!(world.pbx.leftovers(), before, "challenges are stateless");
    world.flush();
    world.dial(anna, "*43");
    world.seconds(1);
    assert!(world.phones[anna].is_up());
    world.hang_up(anna);
    world.assert_clean();
}

/// Whoever writes a trunk's or a phone's address on datagrams is told that we are here, and takes no
/// place among the transactions: the trunk's calls still find theirs.
#[test]
fn h23_a_flood_of_options_in_a_trunks_name_leaves_nothing() {
    let mut world = World::new();
    world.phone("anna");
    world.trunk();
    let now = world.now();
    let before = world.pbx.leftovers();
    let phone = world.phones[0].address;
    for (number, source) in
        (0..2_000_u32).zip([crate::support::company::TRUNK, phone].iter().cycle())
    {
        let text = format!(
            "OPTIONS sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {source};branch=z9hG4bK{number}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:x@x.test>;tag={number}\r\nTo: <sip:10.0.0.1>\r\n\
             Call-ID: {number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        let flow = Flow::udp(PBX, *source);
        world.pbx.handle(now, Input::Sip { flow, payload: text.into() }).unwrap();
    }
    assert_eq!(world.pbx.leftovers(), before);
}

/// What a request's header says never becomes a header of ours.
#[test]
fn h12_headers_in_uris() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    let uri = "sip:102@10.0.0.1?Route=%3Csip:evil%3E";
    world.act(anna, |phone, now| phone.dial_uri(now, uri, false));
    world.seconds(1);
    assert_eq!(world.phones[anna].status(), Some(400));
    assert!(world.phones[berta].calls.is_empty());
    // In a Contact they are dropped.
    world.phones[berta].contact_suffix = "?Route=%3Csip:evil%3E".to_owned();
    world.act(berta, |phone, now| phone.register(now, 300));
    world.seconds(1);
    world.dial(anna, "102");
    world.seconds(1);
    for call in &world.phones[berta].calls {
        let (_, invite): &(_, Message) = call.incoming.as_ref().unwrap();
        assert!(!invite.has(HeaderName::Route));
        assert!(!invite.request_uri_str().unwrap().contains("Route"));
    }
    assert!(!world.phones[berta].calls.is_empty());
    world.hang_up(anna);
    world.assert_clean();
}

/// A forged BYE before the ACK is refused and changes nothing: the 200 is repeated, and the call
/// ends like any that is never acknowledged.
#[test]
fn h24_a_forged_bye_before_the_ack() {
    let mut world = World::new();
    let anna = world.phone("anna");
    world.dial(anna, "*43");
    world.run(Duration::from_millis(15));
    // The phone is gone before it can acknowledge.
    world.act(anna, |phone, _| phone.vanish());
    world.seconds(1);
    let mallory = world.add("mallory");
    let (call_id, ours, theirs) = world.last_answer.clone().unwrap();
    world.act(mallory, |phone, now| {
        let request = Builder::request(&Method::Bye, "sip:10.0.0.1")
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format!("<sip:anna@pbx.test>;tag={theirs}"))
            .header(HeaderName::To, format!("<sip:*43@10.0.0.1>;tag={ours}"))
            .header(HeaderName::CallId, call_id)
            .header(HeaderName::CSeq, "9 BYE");
        phone.send(now, request);
    });
    world.seconds(1);
    assert_eq!(world.phones[mallory].statuses, [401]);
    world.assert_clean();
    assert!(matches!(world.record().cause, Cause::PeerLost | Cause::MediaLost));
}

/// A forged ACK with right tags acknowledges, but does not say where our audio goes; the call
/// leaves nothing.
#[test]
fn h24_a_forged_ack() {
    let mut world = World::new();
    let anna = world.phone("anna");
    let uri = format!("sip:*43@{PBX}");
    world.act(anna, |phone, now| phone.dial_uri(now, &uri, true));
    world.run(Duration::from_millis(13));
    world.act(anna, |phone, _| phone.vanish());
    world.seconds(1);
    let mallory = world.add("mallory");
    let (call_id, ours, theirs) = world.last_answer.clone().unwrap();
    let description = "v=0\r\no=- 1 1 IN IP4 10.0.1.9\r\ns=-\r\nc=IN IP4 10.0.1.9\r\nt=0 0\r\n\
                       m=audio 7000 RTP/AVP 8\r\n";
    world.act(mallory, |phone, now| {
        _ = now;
        let ack = Builder::request(&Method::Ack, "sip:10.0.0.1")
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format!("<sip:anna@pbx.test>;tag={theirs}"))
            .header(HeaderName::To, format!("<sip:*43@10.0.0.1>;tag={ours}"))
            .header(HeaderName::CallId, call_id)
            .header(HeaderName::CSeq, "2 ACK")
            .body("application/sdp", description);
        phone.layer.send_ack(None, Flow::udp(phone.address, PBX), ack).unwrap();
    });
    world.seconds(5);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::PeerLost);
}

/// Ten wrong passwords in ten minutes, and nobody listens to that address for ten more; but a
/// phone that is registered is heard all the same.
#[test]
fn h20_brute_force() {
    let mut world = World::new();
    let anna = world.phone("anna");
    let mallory = world.add("mallory");
    let address = world.phones[mallory].address;
    for guess in 0..10 {
        world.phones[mallory] = Phone::new("anna", &format!("guess {guess}"), address, 70 + guess);
        world.act(mallory, |phone, now| phone.register(now, 300));
        world.seconds(2);
        assert_eq!(world.phones[mallory].statuses, [401]);
    }
    let locked =
        |event: &switchboard_pbx::Event| matches!(event, switchboard_pbx::Event::LockedOut { .. });
    assert_eq!(world.events.iter().filter(|event| locked(event)).count(), 1);
    // Now even the right one is refused there.
    world.phones[mallory] = Phone::new("anna", "secret of anna", address, 90);
    world.act(mallory, |phone, now| phone.register(now, 300));
    world.seconds(2);
    assert_eq!(world.phones[mallory].statuses, [401]);
    world.act(anna, |phone, now| phone.register(now, 3_000));
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses.last(), Some(&200));
    world.dial(anna, "*43");
    world.seconds(1);
    assert!(world.phones[anna].is_up());
    world.hang_up(anna);
    world.seconds(600);
    world.phones[mallory] = Phone::new("anna", "secret of anna", address, 91);
    world.act(mallory, |phone, now| phone.register(now, 300));
    world.seconds(2);
    assert_eq!(world.phones[mallory].statuses, [200]);
    world.act(mallory, |phone, now| phone.register(now, 0));
    world.assert_clean();
}

/// Wrong passwords for Anna, one each from so many addresses.
fn guess_from_everywhere(world: &mut World, addresses: u8) -> usize {
    let mallory = world.add("mallory");
    for last in 0..addresses {
        let address = ([192, 0, 2, last], 5060).into();
        world.phones[mallory] = Phone::new("anna", "a guess", address, 200 + u64::from(last));
        world.act(mallory, |phone, now| phone.register(now, 300));
        world.seconds(1);
        assert_eq!(world.phones[mallory].statuses, [401]);
    }
    mallory
}

/// Registers from there with this password: the status.
fn register_at(world: &mut World, phone: usize, at: ([u8; 4], u16), password: &str) -> u16 {
    let of = 1_000 + world.events.len() as u64;
    world.phones[phone] = Phone::new("anna", password, at.into(), of);
    world.act(phone, |phone, now| phone.register(now, 60));
    world.seconds(1);
    world.phones[phone].statuses[0]
}

/// Many addresses guess one name until nobody new is listened to. The victim's phone restarts on
/// another port meanwhile, while its old registration lasts and long after, and is let in.
#[test]
fn h20_nobody_elsewhere_locks_a_phone_out_that_restarts() {
    for away in [1, 400] {
        let mut world = World::new();
        let anna = world.phone("anna");
        world.act(anna, |phone, _| phone.vanish());
        world.seconds(away);
        let mallory = guess_from_everywhere(&mut world, 12);
        let right = "secret of anna";
        assert_eq!(register_at(&mut world, mallory, ([192, 0, 2, 99], 5060), right), 401);
        assert_eq!(register_at(&mut world, anna, ([10, 0, 1, 1], 5099), right), 200, "{away}");
        world.seconds(300);
        world.assert_clean();
    }
}

/// From the victim's own address, behind the same NAT, guessing is bounded as well; the phone that
/// is registered there is heard all the same.
#[test]
fn h20_guessing_from_the_users_own_address_is_bounded() {
    let mut world = World::new();
    let anna = world.phone("anna");
    let neighbour = world.add("neighbour");
    for guess in 0..10 {
        let port = 5_100 + guess;
        assert_eq!(register_at(&mut world, neighbour, ([10, 0, 1, 1], port), "a guess"), 401);
    }
    let right = "secret of anna";
    assert_eq!(register_at(&mut world, neighbour, ([10, 0, 1, 1], 5_200), right), 401);
    world.act(anna, |phone, now| phone.register(now, 300));
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses.last(), Some(&200));
    world.act(anna, |phone, now| phone.register(now, 0));
    world.assert_clean();
}

/// A registered phone is exempt for its own user's name alone: it guesses nobody else's password.
#[test]
fn h20_a_registered_phone_guesses_nobody_elses_password() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    let address = world.phones[berta].address;
    for guess in 0..10 {
        world.phones[berta] = Phone::new("anna", &format!("guess {guess}"), address, 70 + guess);
        world.act(berta, |phone, now| phone.register(now, 300));
        world.seconds(1);
        assert_eq!(world.phones[berta].statuses, [401]);
    }
    world.phones[berta] = Phone::new("anna", "secret of anna", address, 99);
    world.act(berta, |phone, now| phone.register(now, 300));
    world.seconds(1);
    assert_eq!(world.phones[berta].statuses, [401]);
    world.phones[berta] = Phone::new("berta", "secret of berta", address, 100);
    world.act(berta, |phone, now| phone.register(now, 300));
    world.act(anna, |phone, now| phone.register(now, 300));
    world.seconds(1);
    assert_eq!(world.phones[berta].statuses, [200], "its own name");
    assert_eq!(world.phones[anna].statuses.last(), Some(&200));
    world.seconds(400);
    world.assert_clean();
}

/// A call whose caller is gone before it was answered leaves nothing, even if the PBX stops meanwhile.
#[test]
fn h28_an_invite_without_an_offer_whose_flow_closes_leaves_nothing() {
    for shut in [false, true] {
        let mut world = World::new();
        let (anna, _berta) = (world.phone("anna"), world.phone("berta"));
        world.act(anna, |phone, now| phone.dial_uri(now, "sip:+4930555000@10.0.0.1", true));
        world.run(Duration::from_millis(500));
        let flow = Flow::udp(PBX, world.phones[anna].address);
        let now = world.now();
        world.pbx.handle(now, Input::FlowClosed(flow)).unwrap();
        world.flush();
        if shut {
            world.command(switchboard_pbx::Command::Shutdown);
        }
        world.run(Duration::from_secs(200));
        assert_eq!(world.pbx.leftovers(), [0; 6], "{shut}");
    }
}
