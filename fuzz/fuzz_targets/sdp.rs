#![no_main]
//! A description that is read prints back to itself; one that can be answered gets an answer that
//! fits it, can be read, and is taken by a second party that had offered the same.
use libfuzzer_sys::fuzz_target;
use switchboard_sdp::{
    Candidate, Crypto, CryptoSuite, Dtls, Encryption, Fingerprint, Ice, LocalAudio, Negotiation,
    RemoteAudio, Session,
};

fuzz_target!(|body: &[u8]| {
    let session = match Session::parse(body) {
        Ok(session) => session,
        Err(error) => {
            assert!(error.offset() <= body.len());
            return;
        }
    };
    let printed = session.to_string();
    assert_eq!(Session::parse(printed.as_bytes()).as_ref(), Ok(&session));

    for media in session.media() {
        for candidate in Ice::of(&session, media).candidates {
            assert_eq!(Candidate::parse(&candidate.to_string()), Some(candidate.clone()));
        }
        for fingerprint in Dtls::of(&session, media).fingerprints {
            assert_eq!(Fingerprint::parse(&fingerprint.to_string()), Some(fingerprint.clone()));
        }
    }
    encrypted(&session);
    let local = LocalAudio::new(([192, 0, 2, 1], 4000).into());
    let mut negotiation = Negotiation::new(1, local.address);
    let remote = RemoteAudio::from_session(&session);
    let (answer, agreed) = match negotiation.answer(&session, &local) {
        Ok(answered) => answered,
        Err(error) => {
            assert!(matches!(error.status(), 400 | 488));
            return;
        }
    };
    assert_eq!(remote.as_ref(), Ok(&agreed.remote));
    assert_eq!(answer.media().len(), session.media().len());
    assert_eq!(answer.media().iter().filter(|media| media.port() != 0).count(), 1);
    let text = answer.to_string();
    assert_eq!(Session::parse(text.as_bytes()).as_ref(), Ok(&answer));
    assert!(text.split("\r\n").all(|line| !line.contains(['\r', '\n', '\0'])));

    // What was answered can be offered again, and the other side's view of it is the mirror.
    let again = negotiation.offer(&local);
    assert_eq!(again.media().len(), session.media().len());
    let mut other = Negotiation::new(2, agreed.remote.address);
    let theirs = LocalAudio::new(([192, 0, 2, 2], 5000).into());
    let (reply, seen) = other.answer(&again, &theirs).expect("our own offer can be answered");
    let taken = negotiation.accept(&reply).expect("an answer to our own offer is taken");
    assert_eq!(taken.direction, seen.direction.reversed());
    assert_eq!((taken.send, taken.receive), (seen.receive, seen.send));
});

/// Where audio must be encrypted an answer has a key under a tag and suite of the offer's, or there is none.
fn encrypted(offer: &Session) {
    let key = |suite: CryptoSuite| Crypto::new(1, suite, &vec![7; suite.key_len()]);
    let keys = CryptoSuite::ALL.into_iter().filter_map(key).collect();
    let address = ([192, 0, 2, 1], 4000).into();
    let local = LocalAudio { encryption: Encryption::Required(keys), ..LocalAudio::new(address) };
    match Negotiation::new(1, address).answer(offer, &local) {
        Err(error) => assert!(matches!(error.status(), 400 | 488)),
        Ok((answer, agreed)) => {
            let keys = agreed.keys.expect("required");
            assert_eq!((keys.send.tag, keys.send.suite), (keys.receive.tag, keys.receive.suite));
            let line = format!("a=crypto:{} {} inline:", keys.send.tag, keys.send.suite);
            let answer = answer.to_string();
            assert_eq!(answer.lines().filter(|found| found.starts_with(&line)).count(), 1);
        }
    }
}
