//! Against a name server that is a table.

use std::collections::BTreeMap;

use super::*;
use crate::UriBuf;

/// Records in one line each: `NAPTR name order preference service replacement`,
/// `SRV name priority weight port target`, `A name address`, `FAIL name`.
struct Zone(BTreeMap<Question, Answer>);

impl Zone {
    fn new(text: &str) -> Self {
        let mut zone: BTreeMap<Question, Answer> = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<_> = line.split(' ').collect();
            let number = |at: usize| words[at].parse::<u16>().unwrap();
            let name = words[1].to_owned();
            match words[0] {
                "NAPTR" => {
                    let record = Naptr {
                        order: number(2),
                        preference: number(3),
                        flags: "S".into(),
                        service: words[4].into(),
                        replacement: words[5].into(),
                    };
                    let all =
                        zone.entry(Question::Naptr(name)).or_insert(Answer::Naptr(Vec::new()));
                    if let Answer::Naptr(all) = all {
                        all.push(record);
                    }
                }
                "SRV" => {
                    let (priority, weight, port) = (number(2), number(3), number(4));
                    let record = Srv { priority, weight, port, target: words[5].into() };
                    let all = zone.entry(Question::Srv(name)).or_insert(Answer::Srv(Vec::new()));
                    if let Answer::Srv(all) = all {
                        all.push(record);
                    }
                }
                "A" => {
                    let all = zone.entry(Question::Addresses(name));
                    let all = all.or_insert(Answer::Addresses(Vec::new()));
                    if let Answer::Addresses(all) = all {
                        all.push(words[2].parse().unwrap());
                    }
                }
                _ => _ = zone.insert(Question::Addresses(name), Answer::Failed),
            }
        }
        Self(zone)
    }

    /// What is found, and how many questions it took. Answers come in reverse order.
    fn locate(&self, uri: &str, config: LocateConfig) -> (Result<Vec<String>, bool>, usize) {
        let uri: UriBuf = uri.parse().unwrap();
        let mut locator = Locator::new(&uri.as_uri(), config, 7);
        let mut asked = 0;
        loop {
            let mut questions = Vec::new();
            while let Some(output) = locator.poll_output() {
                match output {
                    Output::Ask(question) => questions.push(question),
                    Output::Found(targets) => {
                        assert!(locator.poll_output().is_none());
                        let domain = uri.as_uri().host_str().to_ascii_lowercase();
                        assert!(targets.iter().all(|t| domain.contains(&t.domain)));
                        return (Ok(targets.iter().map(Target::to_string).collect()), asked);
                    }
                    Output::NotFound { temporary } => return (Err(temporary), asked),
                }
            }
            asked += questions.len();
            assert!(!questions.is_empty() && asked < 50, "it waits for nothing");
            for question in questions.into_iter().rev() {
                let answer = self.0.get(&question).cloned().unwrap_or(Answer::Nothing);
                locator.answer(&question, answer.clone());
                // Twice, and one that nobody asked for.
                locator.answer(&question, answer);
                locator.answer(&Question::Srv("other.example".into()), Answer::Failed);
            }
        }
    }

    fn found(&self, uri: &str) -> Vec<String> {
        self.locate(uri, LocateConfig::default()).0.unwrap()
    }
}

#[test]
fn an_address_is_where_it_says() {
    let zone = Zone::new("");
    for (uri, found) in [
        ("sip:192.0.2.1", "UDP 192.0.2.1:5060"),
        ("sip:192.0.2.1:5070;transport=tcp", "TCP 192.0.2.1:5070"),
        ("sips:[2001:db8::1]", "TLS [2001:db8::1]:5061"),
        ("sips:192.0.2.1;transport=tcp", "TLS 192.0.2.1:5061"),
        ("sip:192.0.2.1;transport=tls", "TLS 192.0.2.1:5061"),
    ] {
        assert_eq!(zone.locate(uri, LocateConfig::default()), (Ok(vec![found.into()]), 0), "{uri}");
    }
    let udp = LocateConfig { transports: vec![Transport::Udp] };
    assert_eq!(zone.locate("sips:192.0.2.1", udp.clone()).0, Err(false));
    assert_eq!(zone.locate("sip:a.example:5;transport=tcp", udp).0, Err(false));
}

#[test]
fn a_port_asks_for_no_service() {
    let zone = Zone::new(
        "A a.example 192.0.2.1\nA a.example 2001:db8::1\nSRV _sip._udp.a.example 1 1 9 b.example",
    );
    let found = zone.locate("sip:A.example:5080", LocateConfig::default());
    let addresses = vec!["UDP 192.0.2.1:5080".to_owned(), "UDP [2001:db8::1]:5080".to_owned()];
    assert_eq!(found, (Ok(addresses), 1));
}

/// The example of RFC 3263 section 4.1, and its preference.
#[test]
fn naptr_then_srv_then_addresses() {
    let zone = Zone::new(
        "NAPTR example.com 50 50 SIPS+D2T _sips._tcp.example.com.
         NAPTR example.com 90 50 SIP+D2T _sip._tcp.example.com.
         NAPTR example.com 100 50 SIP+D2U _sip._udp.example.com.
         NAPTR example.com 1 1 E2U+sip nowhere.example.com.
         SRV _sips._tcp.example.com 0 0 5061 one.example.com.
         SRV _sip._tcp.example.com 0 1 5060 server1.example.com.
         SRV _sip._tcp.example.com 1 2 5060 server2.example.com.
         A one.example.com 192.0.2.9
         A server1.example.com 192.0.2.1
         A server2.example.com 192.0.2.2",
    );
    let all = ["TLS 192.0.2.9:5061", "TCP 192.0.2.1:5060", "TCP 192.0.2.2:5060"];
    assert_eq!(zone.found("sip:user@example.com"), all);
    assert_eq!(zone.found("sips:user@example.com"), all[..1]);
    assert_eq!(zone.found("sip:example.com;transport=tcp"), all[1..]);
    let plain = LocateConfig { transports: vec![Transport::Udp, Transport::Tcp] };
    assert_eq!(zone.locate("sip:example.com", plain).0.unwrap(), all[1..]);
}

#[test]
fn without_records_it_is_the_host_itself() {
    let zone = Zone::new("A plain.example 192.0.2.1");
    let (found, asked) = zone.locate("sip:plain.example", LocateConfig::default());
    assert_eq!(found.unwrap(), ["UDP 192.0.2.1:5060"]);
    assert_eq!(asked, 5, "NAPTR, three SRV, and the addresses");
    assert_eq!(zone.found("sips:plain.example"), ["TLS 192.0.2.1:5061"]);
    assert_eq!(zone.found("sip:plain.example;transport=tcp"), ["TCP 192.0.2.1:5060"]);
    assert_eq!(zone.locate("sip:none.example", LocateConfig::default()).0, Err(false));
}

#[test]
fn a_service_that_is_decidedly_not_there_is_not_tried() {
    let zone = Zone::new(
        "SRV _sip._udp.a.example 0 0 0 .
         SRV _sip._tcp.a.example 0 0 0 .
         SRV _sips._tcp.a.example 0 0 0 .
         A a.example 192.0.2.1",
    );
    assert_eq!(zone.locate("sip:a.example", LocateConfig::default()).0, Err(false));
}

#[test]
fn one_host_that_fails_leaves_the_others() {
    let zone = Zone::new(
        "SRV _sip._udp.a.example 0 0 5060 broken.example
         SRV _sip._udp.a.example 1 0 5060 good.example
         SRV _sip._udp.a.example 2 0 5062 good.example
         SRV _sip._udp.a.example 2 0 5062 good.example
         SRV _sip._udp.b.example 0 0 5060 broken.example
         FAIL broken.example
         A good.example 192.0.2.1",
    );
    assert_eq!(zone.found("sip:a.example"), ["UDP 192.0.2.1:5060", "UDP 192.0.2.1:5062"]);
    assert_eq!(zone.locate("sip:b.example", LocateConfig::default()).0, Err(true));
}

#[test]
fn answers_are_bounded() {
    let mut text = String::new();
    for number in 0..200 {
        text.push_str(&format!("SRV _sip._udp.a.example {number} 0 5060 h{number}.example\n"));
        for address in 0..100 {
            text.push_str(&format!("A h{number}.example 10.0.{number}.{address}\n"));
        }
    }
    assert_eq!(Zone::new(&text).found("sip:a.example").len(), MAX_SRV * MAX_ADDRESSES);
}

#[test]
fn targets_are_tried_in_order_and_stay_while_they_are_known() {
    let target = |host: u8| Target {
        transport: Transport::Udp,
        address: ([192, 0, 2, host], 5060).into(),
        domain: "a.example".into(),
    };
    let mut failover = Failover::new(vec![target(1), target(2)]);
    assert_eq!(failover.current(), Some(&target(1)));
    assert_eq!(failover.advance(), Some(&target(2)));
    // A name server that answers in turns.
    failover.update(vec![target(2), target(1)]);
    assert_eq!(failover.current(), Some(&target(2)));
    failover.update(vec![target(3), target(1)]);
    assert_eq!(failover.current(), Some(&target(3)));
    assert_eq!(failover.advance(), Some(&target(1)));
    assert_eq!(failover.advance(), None);
    assert_eq!(failover.advance(), None);
    failover.restart();
    assert_eq!(failover.current(), Some(&target(3)));
    let failure = |code| Failover::is_failure(crate::StatusCode::new(code).unwrap());
    assert!(failure(503) && !failure(500) && !failure(404));
}
