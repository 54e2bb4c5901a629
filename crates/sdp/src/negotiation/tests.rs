use std::net::SocketAddr;

use super::{Agreed, Encryption, LocalAudio, Negotiation};
use crate::{AudioError, Codec, Crypto, CryptoSuite, Direction, Session};

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn ours() -> LocalAudio {
    LocalAudio::new(address("192.0.2.1:4000"))
}

fn session(media: &str) -> Session {
    let head = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n";
    format!("{head}{media}").parse().unwrap()
}

fn answer(offer: &str) -> (Session, Agreed) {
    Negotiation::new(9, ours().address).answer(&session(offer), &ours()).unwrap()
}

fn media_of(session: &Session) -> String {
    session.media().iter().map(ToString::to_string).collect()
}

#[test]
fn offer_names_everything_that_it_needs() {
    let offer = Negotiation::new(9, address("192.0.2.1:0")).offer(&ours());
    let expected = "v=0\r\no=- 9 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
        m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";
    assert_eq!(offer.to_string(), expected);
    assert_eq!(Session::parse(expected.as_bytes()), Ok(offer));
}

#[test]
fn offer_over_ip6_says_so() {
    let local = LocalAudio::new(address("[2001:db8::1]:4000"));
    let offer = Negotiation::new(9, local.address).offer(&local).to_string();
    assert!(offer.contains("o=- 9 1 IN IP6 2001:db8::1\r\n"), "{offer}");
    assert!(offer.contains("c=IN IP6 2001:db8::1\r\n"), "{offer}");
}

#[test]
fn answer_takes_our_first_codec_and_the_offers_payload_types() {
    let (answer, agreed) = answer(
        "m=audio 5000 RTP/AVP 0 97 8 96\r\na=rtpmap:97 opus/48000/2\r\n\
         a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-11,16\r\na=ptime:30\r\n",
    );
    assert_eq!(
        media_of(&answer),
        "m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:96 telephone-event/8000\r\n\
         a=fmtp:96 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    assert_eq!((agreed.codec, agreed.send, agreed.receive, agreed.ptime), (Codec::Pcma, 8, 8, 30));
    let events = agreed.events.unwrap();
    assert_eq!((events.send, events.receive, events.clock_rate), (96, 96, 8000));
    assert_eq!(events.digits, 0x0fff);
}

#[test]
fn a_codec_under_a_dynamic_payload_type_is_taken_under_it() {
    let (answer, agreed) = answer("m=audio 5000 RTP/AVP 98\r\na=rtpmap:98 pcmu/8000\r\n");
    assert_eq!((agreed.codec, agreed.send, agreed.receive), (Codec::Pcmu, 98, 98));
    assert!(agreed.events.is_none());
    assert!(media_of(&answer).starts_with("m=audio 4000 RTP/AVP 98\r\na=rtpmap:98 PCMU/8000\r\n"));
}

#[test]
fn media_that_we_do_not_take_are_refused_in_their_places() {
    let (answer, agreed) = answer(
        "m=video 6000 RTP/AVP 31\r\na=x:1\r\nm=audio 5000 RTP/SAVP 0\r\nm=audio 5002/2 RTP/AVPF 0\r\n\
         m=image 7000 udptl t38\r\nm=audio 5004 RTP/AVP 8\r\n",
    );
    let lines: Vec<String> = media_of(&answer).lines().map(str::to_owned).collect();
    let media: Vec<&String> = lines.iter().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        media,
        [
            "m=video 0 RTP/AVP 31",
            "m=audio 0 RTP/SAVP 0",
            "m=audio 4000 RTP/AVPF 0",
            "m=image 0 udptl t38",
            "m=audio 0 RTP/AVP 8",
        ]
    );
    assert_eq!(agreed.remote.address, address("198.51.100.7:5002"));
    assert_eq!(agreed.remote.medium, 2);
}

#[test]
fn a_later_offer_keeps_media_and_payload_types() {
    let mut negotiation = Negotiation::new(9, ours().address);
    let offer = session(
        "m=video 6000 RTP/AVP 31\r\nm=audio 5000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n",
    );
    negotiation.answer(&offer, &ours()).unwrap();
    let hold = negotiation.offer(&ours().with_direction(Direction::SendOnly));
    let text = media_of(&hold);
    assert!(text.starts_with("m=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8 0 96\r\n"), "{text}");
    assert!(text.ends_with("a=sendonly\r\n"), "{text}");
}

#[test]
fn version_grows_by_one_with_each_change_and_only_then() {
    let mut negotiation = Negotiation::new(9, ours().address);
    let version = |session: &Session| session.origin().version.as_str().to_owned();
    let first = negotiation.offer(&ours());
    assert_eq!(version(&first), "1");
    assert_eq!(negotiation.offer(&ours()), first);
    let hold = negotiation.offer(&ours().with_direction(Direction::SendOnly));
    assert_eq!(version(&hold), "2");
    assert_eq!(version(&negotiation.offer(&ours())), "3");
    let other = session("m=audio 5000 RTP/AVP 8\r\n");
    assert_eq!(version(&negotiation.answer(&other, &ours()).unwrap().0), "4");
    assert_eq!(version(&negotiation.answer(&other, &ours()).unwrap().0), "4");
    assert_eq!(first.origin().session_id, hold.origin().session_id);
}

#[test]
fn hold_by_direction_and_by_address() {
    let direction = |media: &str| answer(media).1.direction;
    assert_eq!(direction("m=audio 5000 RTP/AVP 8\r\na=sendonly\r\n"), Direction::RecvOnly);
    assert_eq!(direction("m=audio 5000 RTP/AVP 8\r\na=inactive\r\n"), Direction::Inactive);
    assert_eq!(direction("m=audio 5000 RTP/AVP 8\r\na=recvonly\r\n"), Direction::SendOnly);
    let by_address = "m=audio 5000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n";
    assert_eq!(direction(by_address), Direction::RecvOnly);
    assert!(answer(by_address).1.remote.holds());
    let both = "m=audio 5000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n";
    assert_eq!(direction(both), Direction::Inactive);
    assert!(!answer("m=audio 5000 RTP/AVP 8\r\n").1.remote.holds());
}

#[test]
fn the_sessions_direction_counts_where_the_medium_has_none() {
    let head = "v=0\no=- 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\na=inactive\n";
    let media = "m=audio 5000 RTP/AVP 8\n";
    let parse = |text: String| text.parse::<Session>().unwrap();
    let session_only = parse(format!("{head}{media}"));
    let both = parse(format!("{head}{media}a=sendonly\n"));
    assert_eq!(session_only.direction_of(&session_only.media()[0]), Direction::Inactive);
    assert_eq!(both.direction_of(&both.media()[0]), Direction::SendOnly);
}

#[test]
fn answer_is_taken_with_the_payload_types_of_both_sides() {
    let mut negotiation = Negotiation::new(9, ours().address);
    negotiation.offer(&ours());
    let answer =
        session("m=audio 5000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\na=recvonly\r\n");
    let agreed = negotiation.accept(&answer).unwrap();
    assert_eq!((agreed.codec, agreed.send, agreed.receive), (Codec::Pcmu, 0, 0));
    let events = agreed.events.unwrap();
    assert_eq!((events.send, events.receive), (96, 101));
    assert_eq!(agreed.direction, Direction::SendOnly);
    assert!(!negotiation.is_offered());
}

#[test]
fn answers_that_fit_no_offer() {
    let mut negotiation = Negotiation::new(9, ours().address);
    let good = session("m=audio 5000 RTP/AVP 8\r\n");
    assert_eq!(negotiation.accept(&good), Err(AudioError::NoOffer));
    negotiation.offer(&ours());
    let cases = [
        ("", AudioError::AnswerMismatch),
        ("m=video 5000 RTP/AVP 8\r\n", AudioError::AnswerMismatch),
        ("m=audio 5000 RTP/AVP 8\r\nm=audio 5002 RTP/AVP 8\r\n", AudioError::AnswerMismatch),
        ("m=audio 0 RTP/AVP 8\r\n", AudioError::Refused),
        ("m=audio 5000 RTP/AVP 18\r\n", AudioError::NoCommonCodec),
        ("m=audio 5000 RTP/SAVP 8\r\n", AudioError::NoKey { medium: 0 }),
    ];
    for (media, error) in cases {
        assert_eq!(negotiation.accept(&session(media)), Err(error), "{media}");
        assert!(negotiation.is_offered());
    }
    assert!(negotiation.accept(&good).is_ok());
    negotiation.offer(&ours());
    negotiation.withdraw();
    assert_eq!(negotiation.accept(&good), Err(AudioError::NoOffer));
}

#[test]
fn a_side_without_telephone_events_gets_none() {
    let local = LocalAudio { telephone_event: None, ..ours() };
    let offer = session("m=audio 5000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n");
    let mut negotiation = Negotiation::new(9, local.address);
    let (answer, agreed) = negotiation.answer(&offer, &local).unwrap();
    assert!(agreed.events.is_none());
    assert!(!answer.to_string().contains("telephone-event"));
    for wrong in [0, 8, 95, 128, 255] {
        let local = LocalAudio { telephone_event: Some(wrong), ..ours() };
        let offer = Negotiation::new(9, local.address).offer(&local);
        assert!(offer.to_string().contains("RTP/AVP 8 0\r\n"), "{wrong}");
    }
}

#[test]
fn no_codecs_mean_all_of_them() {
    let local = LocalAudio { codecs: Vec::new(), ..ours() };
    let offer = Negotiation::new(9, local.address).offer(&local);
    assert!(offer.to_string().contains("m=audio 4000 RTP/AVP 8 0 101\r\n"));
}

#[test]
fn events_have_the_clock_of_the_voice() {
    let (_, agreed) = answer(
        "m=audio 5000 RTP/AVP 8 100 101\r\na=rtpmap:100 telephone-event/48000\r\n\
         a=rtpmap:101 telephone-event/8000\r\n",
    );
    let events = agreed.events.unwrap();
    assert_eq!((events.send, events.clock_rate), (101, 8000));
}

fn keys(octet: u8) -> Vec<Crypto> {
    let key = |(tag, suite): (u32, CryptoSuite)| {
        Crypto::new(tag, suite, &vec![octet + tag as u8; suite.key_len()]).unwrap()
    };
    (1..).zip(CryptoSuite::ALL).map(key).collect()
}

fn encrypted(encryption: Encryption) -> LocalAudio {
    LocalAudio { encryption, ..ours() }
}

/// Every setting against every other: encrypted where both can, plain where neither must, 488 else.
#[test]
fn encryption_is_agreed_where_both_sides_want_it() {
    let settings = |octet| {
        [Encryption::Off, Encryption::Allowed(keys(octet)), Encryption::Required(keys(octet))]
    };
    let expected = [
        [Some(false), Some(false), None],
        [Some(false), Some(true), Some(true)],
        [None, Some(true), Some(true)],
    ];
    for (caller, row) in settings(10).into_iter().zip(expected) {
        for (callee, expected) in settings(20).into_iter().zip(row) {
            let mut offers = Negotiation::new(1, ours().address);
            let mut answers = Negotiation::new(2, ours().address);
            let offer = offers.offer(&encrypted(caller.clone())).to_string();
            let offer = Session::parse(offer.as_bytes()).unwrap();
            let answer = answers.answer(&offer, &encrypted(callee.clone()));
            let Some(is_encrypted) = expected else {
                assert_eq!(answer.unwrap_err().status(), 488, "{caller:?} {callee:?}");
                continue;
            };
            let (answer, at_callee) = answer.unwrap();
            let at_caller = offers.accept(&answer).unwrap();
            assert_eq!(at_caller.keys.is_some(), is_encrypted, "{caller:?} {callee:?}");
            assert_eq!(
                at_caller.keys.map(|k| (k.send, k.receive)),
                at_callee.keys.map(|k| (k.receive, k.send))
            );
            assert_eq!(answer.media()[0].protocol(), offer.media()[0].protocol());
            assert_eq!(at_caller.keys.map(|k| k.send.key()[0]), is_encrypted.then_some(11));
        }
    }
}

/// A phone that offers both in two media: what is wanted is taken.
#[test]
fn the_medium_that_fits_is_taken() {
    let key = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20";
    let offer = session(&format!(
        "m=audio 5000 RTP/SAVP 8\r\na=crypto:4 AES_CM_128_HMAC_SHA1_32 {key}\r\n\
         m=audio 5002 RTP/AVP 8\r\n"
    ));
    let (_, agreed) = Negotiation::new(1, ours().address).answer(&offer, &ours()).unwrap();
    assert_eq!((agreed.remote.medium, agreed.keys), (1, None));
    let local = encrypted(Encryption::Required(keys(1)));
    let (answer, agreed) = Negotiation::new(1, local.address).answer(&offer, &local).unwrap();
    assert_eq!(agreed.remote.medium, 0);
    let text = answer.to_string();
    assert!(text.contains("a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:AwMDAwMD"), "{text}");
    assert!(text.contains("m=audio 0 RTP/AVP 8"), "{text}");
}

/// An answer under a tag that was not offered, or without a key.
#[test]
fn an_answer_with_a_strange_key_is_refused() {
    let local = encrypted(Encryption::Required(keys(1)));
    for crypto in [
        "",
        "a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR\r\n",
    ] {
        let mut offers = Negotiation::new(1, local.address);
        offers.offer(&local);
        let answer = session(&format!("m=audio 5000 RTP/SAVP 8\r\n{crypto}"));
        assert_eq!(offers.accept(&answer), Err(AudioError::NoKey { medium: 0 }));
        let plain = session("m=audio 5000 RTP/AVP 8\r\n");
        assert_eq!(offers.accept(&plain), Err(AudioError::NotEncrypted { medium: 0 }));
    }
}

#[test]
fn rtcp_shares_the_port_where_both_say_so() {
    let (answer, agreed) = answer("m=audio 5000 RTP/AVP 8\r\na=rtcp-mux\r\n");
    assert!(agreed.rtcp_mux && answer.to_string().contains("a=rtcp-mux\r\n"));
    let mut offers = Negotiation::new(1, ours().address);
    let local = LocalAudio { rtcp_mux: true, ..ours() };
    assert!(offers.offer(&local).to_string().contains("a=rtcp-mux\r\n"));
    assert!(!offers.accept(&session("m=audio 5000 RTP/AVP 8\r\n")).unwrap().rtcp_mux);
    offers.offer(&local);
    assert!(offers.accept(&session("m=audio 5000 RTP/AVP 8\r\na=rtcp-mux\r\n")).unwrap().rtcp_mux);
}
