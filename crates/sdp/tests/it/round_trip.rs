use proptest::prelude::*;
use switchboard_sdp::{
    Agreed, Codec, Direction, Encryption, LocalAudio, Negotiation, RemoteAudio, Session,
};

/// Descriptions near the grammar: real lines in any order, some broken.
fn near() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("o=- 1 1 IN IP4 192.0.2.1".to_owned()),
        Just("c=IN IP4 192.0.2.1".to_owned()),
        Just("c=IN IP6 2001:db8::1".to_owned()),
        Just("a=rtpmap:101 telephone-event/8000".to_owned()),
        Just("a=fmtp:101 0-15".to_owned()),
        "m=(audio|video) [0-9]{1,5} RTP/S?AVPF? [0-9 ]{1,12}",
        "a=(rtpmap|fmtp|ptime|sendonly|inactive|rtcp|x)(:[0-9]{1,3} [-a-z0-9/,]{0,12})?",
        "[a-z]=\\PC{0,20}",
    ];
    let end = prop_oneof![Just("\r\n"), Just("\n")];
    (prop::collection::vec(line, 0..20), end).prop_map(|(lines, end)| {
        format!("v=0{end}o=- 1 1 IN IP4 192.0.2.1{end}{}", lines.join(end))
    })
}

fn local() -> impl Strategy<Value = LocalAudio> {
    let codecs = prop::sample::subsequence(Codec::ALL.to_vec(), 0..=4).prop_shuffle();
    let direction = prop::sample::select(vec![
        Direction::SendRecv,
        Direction::SendOnly,
        Direction::RecvOnly,
        Direction::Inactive,
    ]);
    let ptime = prop::option::of(10_u16..=60);
    (any::<[u8; 4]>(), 1_u16.., codecs, prop::option::of(96_u8..=127), direction, ptime)
        .prop_filter("one host", |(ip, ..)| ip[0] < 224 && *ip != [0; 4])
        .prop_map(|(ip, port, codecs, telephone_event, direction, ptime)| LocalAudio {
            address: (ip, port).into(),
            codecs,
            telephone_event,
            direction,
            ptime,
            rtcp_mux: false,
            encryption: Encryption::Off,
        })
}

/// Both sides, after an exchange, see the same stream.
fn agree(a: &Agreed, b: &Agreed) {
    assert_eq!(a.direction, b.direction.reversed());
    assert_eq!(a.codec, b.codec);
    assert_eq!((a.send, a.receive), (b.receive, b.send));
    let events = |agreed: &Agreed| agreed.events.map(|e| (e.send, e.receive));
    assert_eq!(events(a), events(b).map(|(send, receive)| (receive, send)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_read_is_printed_and_read_again(text in near()) {
        if let Ok(session) = Session::parse(text.as_bytes()) {
            let printed = session.to_string();
            prop_assert_eq!(Session::parse(printed.as_bytes()), Ok(session));
            let bare = text.replace("\r\n", "\n");
            let lines: Vec<&str> = bare.trim_end_matches('\n').split('\n').collect();
            let kept: Vec<&str> = printed.trim_end_matches("\r\n").split("\r\n").collect();
            prop_assert_eq!(kept.len(), lines.len());
        }
    }

    #[test]
    fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200), text in near()) {
        for body in [&octets[..], text.as_bytes()] {
            match Session::parse(body) {
                Ok(session) => _ = RemoteAudio::from_session(&session),
                Err(error) => prop_assert!(error.offset() <= body.len()),
            }
        }
    }

    #[test]
    fn any_offer_gets_a_fitting_answer_or_none(text in near(), local in local()) {
        let Ok(offer) = Session::parse(text.as_bytes()) else { return Ok(()) };
        let Ok((answer, agreed)) = Negotiation::new(1, local.address).answer(&offer, &local) else {
            return Ok(());
        };
        prop_assert_eq!(answer.media().len(), offer.media().len());
        let taken = answer.media().iter().filter(|media| media.port() != 0).count();
        prop_assert_eq!(taken, 1);
        for (asked, given) in offer.media().iter().zip(answer.media()) {
            prop_assert_eq!((asked.medium(), asked.protocol()), (given.medium(), given.protocol()));
        }
        prop_assert_eq!(answer.to_string().parse(), Ok(answer));
        prop_assert!(agreed.direction.sends() <= agreed.remote.direction.receives());
    }

    #[test]
    fn two_of_us_always_see_the_same(steps in prop::collection::vec((any::<bool>(), local(), local()), 1..6)) {
        let host = |octet| ([192, 0, 2, octet], 0).into();
        let (mut anna, mut ben) = (Negotiation::new(1, host(1)), Negotiation::new(2, host(2)));
        for (turn, first, second) in steps {
            let (offerer, answerer) = if turn { (&mut anna, &mut ben) } else { (&mut ben, &mut anna) };
            let offer: Session = offerer.offer(&first).to_string().parse().unwrap();
            match answerer.answer(&offer, &second) {
                Ok((answer, theirs)) => {
                    let answer: Session = answer.to_string().parse().unwrap();
                    let ours = offerer.accept(&answer).unwrap();
                    agree(&ours, &theirs);
                    prop_assert_eq!(ours.remote.address, second.address);
                    prop_assert_eq!(theirs.remote.address, first.address);
                }
                Err(_) => offerer.withdraw(),
            }
        }
    }
}
