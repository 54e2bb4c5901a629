//! The messages of RFC 4475 as the tests of `switchboard-sip` have them, and what each crate makes of them.

use bytes::Bytes;
use switchboard_benches::Bench;
use switchboard_sip::Message;
use switchboard_testkit::expand;

use super::peers::Peer;

/// A message and whether an element takes it; those that it may take or refuse are left out.
struct Case {
    octets: Bytes,
    valid: bool,
}

/// What a crate makes of them.
pub(crate) struct Verdict {
    pub(crate) name: &'static str,
    /// Of the 27 valid messages it takes so many.
    pub(crate) taken: usize,
    valid: usize,
    /// Of the 15 invalid ones it refuses so many.
    pub(crate) refused: usize,
    invalid: usize,
}

/// The verdicts of all crates; where a crate validates by a step of its own, with it and without it.
pub(crate) fn verdicts<'a>(peers: impl Iterator<Item = &'a Peer>) -> Vec<Verdict> {
    let cases = cases();
    let judge = |name: &'static str, takes: &dyn Fn(&Bytes) -> bool| {
        let of = |valid| cases.iter().filter(|case| case.valid == valid).count();
        let right =
            |valid| cases.iter().filter(|c| c.valid == valid && takes(&c.octets) == valid).count();
        let [taken, refused] = [true, false].map(right);
        Verdict { name, taken, valid: of(true), refused, invalid: of(false) }
    };
    let mut verdicts = vec![judge("switchboard-sip, read and validate", &|octets| {
        Message::parse(octets.clone()).is_ok_and(|message| message.validate().is_ok())
    })];
    verdicts.extend(peers.map(|peer| {
        judge(peer.name, &|octets| {
            std::panic::catch_unwind(|| (peer.read)(octets)).is_ok_and(|read| read.is_some())
        })
    }));
    verdicts.push(judge("sipx-sip 1.0, read and validate", &|octets| {
        let limits = sipx_sip::parser::Limits::datagram();
        sipx_sip::parser::parse_datagram(octets.clone(), &limits)
            .is_ok_and(|message| sipx_sip::validate::validate(&message).is_empty())
    }));
    verdicts
}

/// Puts the verdicts on the page.
pub(crate) fn tell<'a>(bench: &Bench, peers: impl Iterator<Item = &'a Peer>) {
    for Verdict { name, taken, valid, refused, invalid } in verdicts(peers) {
        let taken = taken as f64;
        bench.figure(&format!("RFC 4475, valid taken: {name}"), taken, &format!("of {valid}"));
        let title = format!("RFC 4475, invalid refused: {name}");
        bench.figure(&title, refused as f64, &format!("of {invalid}"));
    }
}

fn cases() -> Vec<Case> {
    let file = include_str!("../../../crates/sip/testdata/rfc4475.toml");
    let table: toml::Table = file.parse().unwrap();
    let messages = table["message"].as_array().unwrap().iter();
    let cases = messages.filter_map(|message| {
        let text = |key: &str| message[key].as_str().unwrap();
        let valid = match text("expect") {
            "valid" | "semantic" => true,
            "reject" | "reject-datagram" => false,
            _ => return None,
        };
        Some(Case { octets: expand(text("text")).into(), valid })
    });
    cases.collect()
}
