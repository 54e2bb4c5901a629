//! REGISTER requests in, bindings and answers out, in virtual time.

use super::*;
use crate::{ConnectionId, Transport};

struct Bench {
    registrar: Registrar,
    epoch: Instant,
    now: Instant,
    cseq: u32,
}

impl Bench {
    fn new() -> Self {
        let config = RegistrarConfig {
            hosts: vec!["example.com".into(), "2001:db8::1".into()],
            own: vec![([192, 0, 2, 1], 5060).into()],
            max_bindings: 3,
            ..RegistrarConfig::default()
        };
        #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
        let epoch = Instant::now();
        Self { registrar: Registrar::new(config), epoch, now: epoch, cseq: 0 }
    }

    fn register(&mut self, headers: &str) -> Result<Message, Refusal> {
        self.cseq += 1;
        let request = request("anna", "c1", self.cseq, headers);
        self.serve("anna", flow(7), &request)
    }

    fn serve(&mut self, user: &str, flow: Flow, request: &Message) -> Result<Message, Refusal> {
        let reply = self.registrar.register(self.now, user, flow, request, "ours")?;
        Ok(reply.build().unwrap())
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.registrar.handle_timeout(self.now);
    }

    /// Contact and what happened to it, in order.
    fn outputs(&mut self) -> Vec<(String, Option<RemovalReason>)> {
        let outputs = std::iter::from_fn(|| self.registrar.poll_output());
        let told = outputs.map(|output| match output {
            Output::BindingSaved { binding, .. } => (binding.contact.to_string(), None),
            Output::BindingRemoved { contact, reason, .. } => (contact.to_string(), Some(reason)),
        });
        told.collect()
    }

    fn contacts(&self) -> Vec<&str> {
        self.registrar.lookup(self.now, "anna").iter().map(|b| b.contact.as_str()).collect()
    }
}

fn flow(host: u8) -> Flow {
    Flow::udp(([192, 0, 2, 1], 5060).into(), ([192, 0, 2, host], 5062).into())
}

fn tcp(connection: u64) -> Flow {
    Flow { transport: Transport::Tcp, connection: Some(ConnectionId(connection)), ..flow(7) }
}

fn request(user: &str, call_id: &str, cseq: u32, headers: &str) -> Message {
    let text = format!(
        "REGISTER sip:example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK{cseq}\n\
         Max-Forwards: 70\nFrom: <sip:anna@example.com>;tag=hers\nTo: <sip:{user}@example.com>\n\
         Call-ID: {call_id}\nCSeq: {cseq} REGISTER\n{headers}\n"
    );
    Message::parse(text.replace('\n', "\r\n").into_bytes()).unwrap()
}

fn granted(response: &Message) -> Vec<&str> {
    let values = response.values(HeaderName::Contact);
    values.map(|value| std::str::from_utf8(value).unwrap()).collect()
}

const DESK: &str = "Contact: <sip:anna@192.0.2.7:5062>\n";

#[test]
fn a_phone_registers_refreshes_and_leaves() {
    let mut bench = Bench::new();
    let ok = bench.register(DESK).unwrap();
    assert_eq!(granted(&ok), ["<sip:anna@192.0.2.7:5062>;expires=3600"]);
    assert_eq!(ok.to_tag(), Some("ours"));
    bench.pass(3000);
    let ok = bench.register(&format!("{DESK}Expires: 600\n")).unwrap();
    assert_eq!(granted(&ok), ["<sip:anna@192.0.2.7:5062>;expires=600"]);
    let gone = "Contact: <sip:anna@192.0.2.7:5062>;expires=0\n";
    assert_eq!(granted(&bench.register(gone).unwrap()), [""; 0]);
    assert!(bench.registrar.is_empty());
    assert_eq!(bench.registrar.poll_timeout(), None);
    let desk = || "sip:anna@192.0.2.7:5062".to_owned();
    let unregistered = Some(RemovalReason::Unregistered);
    assert_eq!(bench.outputs(), [(desk(), None), (desk(), None), (desk(), unregistered)]);
}

#[test]
fn a_binding_that_is_not_refreshed_expires() {
    let mut bench = Bench::new();
    bench.register(&format!("{DESK}Expires: 60\n")).unwrap();
    bench.register("Contact: <sip:anna@192.0.2.8>;expires=120\n").unwrap();
    assert_eq!(bench.registrar.poll_timeout(), Some(bench.epoch + Duration::from_secs(60)));
    bench.outputs();
    bench.pass(59);
    assert_eq!(bench.contacts().len(), 2);
    bench.pass(1);
    let expired = Some(RemovalReason::Expired);
    assert_eq!(bench.outputs(), [("sip:anna@192.0.2.7:5062".into(), expired)]);
    assert_eq!(bench.contacts(), ["sip:anna@192.0.2.8"]);
    bench.pass(60);
    assert_eq!(bench.registrar.users().count(), 0);
}

#[test]
fn times_are_kept_within_bounds() {
    let mut bench = Bench::new();
    let brief = bench.register(&format!("{DESK}Expires: 59\n")).unwrap_err();
    assert_eq!(brief, Refusal::TooBrief { min: Duration::from_secs(60) });
    let reply = brief.reply(&request("anna", "c1", 1, ""), "t").build().unwrap();
    assert_eq!(reply.status(), Some(StatusCode::INTERVAL_TOO_BRIEF));
    assert_eq!(reply.text(HeaderName::MinExpires), Some("60"));
    let ok = bench.register(&format!("{DESK}Expires: 4294967295\n")).unwrap();
    assert_eq!(granted(&ok), ["<sip:anna@192.0.2.7:5062>;expires=3600"]);
    // The Contact's own parameter counts before the header.
    let own = "Contact: <sip:anna@192.0.2.7:5062>;expires=90\nExpires: 600\n";
    assert_eq!(granted(&bench.register(own).unwrap()), ["<sip:anna@192.0.2.7:5062>;expires=90"]);
}

#[test]
fn several_phones_are_listed_by_preference() {
    let mut bench = Bench::new();
    bench.register("Contact: <sip:anna@192.0.2.7>;q=0.5, <sip:anna@192.0.2.8>;q=0.7\n").unwrap();
    bench.register("m: <sip:anna@192.0.2.9>\n").unwrap();
    let expected = ["sip:anna@192.0.2.9", "sip:anna@192.0.2.8", "sip:anna@192.0.2.7"];
    assert_eq!(bench.contacts(), expected);
    let listed = bench.register("").unwrap();
    assert_eq!(granted(&listed)[1], "<sip:anna@192.0.2.8>;expires=3600;q=0.700");
}

#[test]
fn the_bound_is_kept_by_letting_the_first_to_expire_go() {
    let mut bench = Bench::new();
    for (host, lasts) in [(7, 600), (8, 300), (9, 900), (10, 1200)] {
        bench.register(&format!("Contact: <sip:anna@192.0.2.{host}>;expires={lasts}\n")).unwrap();
    }
    let expected = ["sip:anna@192.0.2.10", "sip:anna@192.0.2.9", "sip:anna@192.0.2.7"];
    assert_eq!(bench.contacts(), expected);
    let replaced = ("sip:anna@192.0.2.8".to_owned(), Some(RemovalReason::Replaced));
    assert!(bench.outputs().contains(&replaced));
    let four =
        "Contact: <sip:a@192.0.2.1:1>, <sip:a@192.0.2.2>, <sip:a@192.0.2.3>, <sip:a@192.0.2.4>\n";
    assert_eq!(bench.register(four).unwrap_err(), Refusal::TooMany);
}

#[test]
fn a_phone_that_comes_back_on_another_port_is_one_phone() {
    let mut bench = Bench::new();
    for port in [5062, 40_000] {
        let instance = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";
        bench.register(&format!("Contact: <sip:anna@192.0.2.7:{port}>;{instance}\n")).unwrap();
    }
    assert_eq!(bench.contacts(), ["sip:anna@192.0.2.7:40000"]);
    let listed = bench.register("").unwrap();
    let instance = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";
    assert!(granted(&listed)[0].ends_with(instance), "{:?}", granted(&listed));
}

#[test]
fn star_removes_all_and_only_with_expires_0() {
    let mut bench = Bench::new();
    bench.register(DESK).unwrap();
    bench.register("Contact: <sip:anna@192.0.2.8>\n").unwrap();
    for bad in [
        "Contact: *\n",
        "Contact: *\nExpires: 60\n",
        "Contact: *, <sip:anna@192.0.2.7:5062>\nExpires: 0\n",
    ] {
        let refused = bench.register(bad).unwrap_err();
        assert_eq!((refused, refused.status().code()), (Refusal::Malformed, 400), "{bad}");
    }
    assert_eq!(bench.contacts().len(), 2);
    bench.register("Contact: *\nExpires: 0\n").unwrap();
    assert!(bench.registrar.is_empty());
}

/// Another user's address is refused, and an old request changes nothing.
#[test]
fn h15_third_party_and_out_of_order() {
    let mut bench = Bench::new();
    bench.register(DESK).unwrap();
    let third = request("boris", "c1", 5, DESK);
    let refused = bench.serve("anna", flow(7), &third).unwrap_err();
    assert_eq!((refused, refused.status().code()), (Refusal::ThirdParty, 403));
    // %61nna is anna, anna%00 is nobody.
    let escaped = request("%61nna", "c1", 6, DESK);
    bench.serve("anna", flow(7), &escaped).unwrap();
    let cut = request("anna%00", "c1", 7, DESK);
    assert_eq!(bench.serve("anna", flow(7), &cut).unwrap_err(), Refusal::ThirdParty);
    // The whole request is given up, the sound part of it too.
    let old =
        request("anna", "c1", 6, "Contact: <sip:anna@192.0.2.8>, <sip:anna@192.0.2.7:5062>\n");
    let refused = bench.serve("anna", flow(9), &old).unwrap_err();
    assert_eq!((refused, refused.status().code()), (Refusal::OutOfOrder, 500));
    let star = request("anna", "c1", 6, "Contact: *\nExpires: 0\n");
    assert_eq!(bench.serve("anna", flow(9), &star).unwrap_err(), Refusal::OutOfOrder);
    let bindings = bench.registrar.lookup(bench.now, "anna");
    assert_eq!((bindings.len(), bindings[0].flow, bindings[0].cseq), (1, flow(7), 6));
    // A phone that was restarted has a new Call-ID and starts over.
    bench.serve("anna", flow(9), &request("anna", "c2", 1, DESK)).unwrap();
    assert_eq!(bench.registrar.lookup(bench.now, "anna")[0].flow, flow(9));
}

/// A Contact cannot aim at groups of hosts, at the server's own host, or at the server.
#[test]
fn h27_contacts_that_are_no_phones() {
    let mut bench = Bench::new();
    for host in [
        "224.0.1.75",
        "255.255.255.255",
        "0.0.0.0",
        "127.0.0.1",
        "localhost",
        "169.254.169.254",
        "192.0.2.1:5060",
        "192.0.2.1",
        "example.com",
        "[::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
    ] {
        let refused = bench.register(&format!("Contact: <sip:anna@{host}>\n")).unwrap_err();
        assert_eq!((refused, refused.status().code()), (Refusal::ForbiddenContact, 403), "{host}");
    }
    for uri in ["tel:+4930123", "mailto:anna@example.com"] {
        let refused = bench.register(&format!("Contact: <{uri}>\n")).unwrap_err();
        assert_eq!(refused, Refusal::ForbiddenContact, "{uri}");
    }
    assert!(bench.registrar.is_empty());
    // A phone on this very host may say so; what it names is not where its calls go.
    let here = Flow { remote: ([127, 0, 0, 1], 5062).into(), ..flow(7) };
    let local = request("anna", "c9", 1, "Contact: <sip:anna@127.0.0.1:5062>\n");
    bench.serve("anna", here, &local).unwrap();
    let victim = request("anna", "c9", 2, "Contact: <sip:anna@198.51.100.66>\n");
    bench.serve("anna", here, &victim).unwrap();
    assert!(bench.registrar.lookup(bench.now, "anna").iter().all(|b| b.flow == here));
}

/// Headers in a Contact are kept for the answer and never sent to the phone as headers.
#[test]
fn h12_headers_in_a_contact_stay_there() {
    let mut bench = Bench::new();
    let ok = bench.register("Contact: <sip:anna@192.0.2.7?Route=%3Csip:evil%3E>\n").unwrap();
    assert!(granted(&ok)[0].starts_with("<sip:anna@192.0.2.7?Route=%3Csip:evil%3E>"));
    let bindings = bench.registrar.lookup(bench.now, "anna");
    assert_eq!(bindings[0].request_uri().as_str(), "sip:anna@192.0.2.7");
}

/// RFC 5118 section 4: in a URI an IPv6 address is in brackets, and may be spelled in many ways.
#[test]
fn an_address_at_an_ipv6_host_is_served_however_it_is_written() {
    let mut bench = Bench::new();
    let config =
        RegistrarConfig { hosts: vec!["2001:db8::1".into()], ..RegistrarConfig::default() };
    bench.registrar = Registrar::new(config);
    let at = |host: &str, cseq| {
        let text =
            String::from_utf8(request("anna", "c6", cseq, DESK).as_bytes().to_vec()).unwrap();
        let to = format!("To: <sip:anna@{host}>");
        Message::parse(text.replace("To: <sip:anna@example.com>", &to)).unwrap()
    };
    bench.serve("anna", flow(7), &at("[2001:db8::1]", 1)).unwrap();
    bench.serve("anna", flow(7), &at("[2001:DB8:0::0:1]:5060", 2)).unwrap();
    let other = bench.serve("anna", flow(7), &at("[2001:db8::2]", 3)).unwrap_err();
    assert_eq!(other, Refusal::UnknownAddress);
}

#[test]
fn an_address_of_another_domain_is_not_served() {
    let mut bench = Bench::new();
    let text = String::from_utf8(request("anna", "c1", 1, DESK).as_bytes().to_vec()).unwrap();
    let foreign = text.replace("To: <sip:anna@example.com>", "To: <sip:anna@example.net>");
    let foreign = Message::parse(foreign.into_bytes()).unwrap();
    let refused = bench.serve("anna", flow(7), &foreign).unwrap_err();
    assert_eq!((refused, refused.status().code()), (Refusal::UnknownAddress, 404));
    // An address is the same however it is written.
    let written = text.replace("To: <sip:anna@example.com>", "To: <sip:anna@[2001:DB8:0::1]>");
    bench.serve("anna", flow(7), &Message::parse(written.into_bytes()).unwrap()).unwrap();
}

#[test]
fn a_closed_connection_takes_its_bindings_with_it() {
    let mut bench = Bench::new();
    bench.serve("anna", tcp(1), &request("anna", "c1", 1, DESK)).unwrap();
    let other = request("anna", "c2", 1, "Contact: <sip:anna@192.0.2.8>\n");
    bench.serve("anna", tcp(2), &other).unwrap();
    bench.outputs();
    bench.registrar.flow_closed(tcp(1));
    bench.registrar.flow_closed(tcp(1));
    let closed = Some(RemovalReason::FlowClosed);
    assert_eq!(bench.outputs(), [("sip:anna@192.0.2.7:5062".into(), closed)]);
    assert_eq!(bench.contacts(), ["sip:anna@192.0.2.8"]);
}

#[test]
fn bindings_survive_a_restart() {
    let mut before = Bench::new();
    let headers =
        format!("{DESK}Path: <sip:edge.example.com;lr>\nUser-Agent: Desk 1\nExpires: 600\n");
    let ok = before.register(&headers).unwrap();
    assert_eq!(ok.text(HeaderName::Path), Some("<sip:edge.example.com;lr>"));
    before
        .serve("anna", tcp(1), &request("anna", "c2", 1, "Contact: <sip:a@192.0.2.8>\n"))
        .unwrap();
    before.pass(100);
    let mut after = Bench::new();
    for saved in before.registrar.lookup(before.now, "anna") {
        let left = saved.left(before.now);
        let binding = Binding { expires: after.now + left, ..saved.clone() };
        let udp = binding.flow.transport == Transport::Udp;
        assert_eq!(after.registrar.restore(after.now, "anna", binding), udp);
    }
    assert_eq!(after.outputs(), []);
    let bindings = after.registrar.lookup(after.now, "anna");
    assert_eq!(bindings.len(), 1);
    assert_eq!(bindings[0].left(after.now), Duration::from_secs(500));
    assert_eq!(bindings[0].path, ["<sip:edge.example.com;lr>"]);
    assert_eq!(bindings[0].user_agent.as_deref(), Some("Desk 1"));
    // The order of requests still counts.
    let old = request("anna", "c1", 1, DESK);
    assert_eq!(after.serve("anna", flow(7), &old).unwrap_err(), Refusal::OutOfOrder);
    after.pass(500);
    assert!(after.registrar.is_empty());
}

/// A phone on TCP listens at its Contact, if that is where it came from; it is connected to anew there.
#[test]
fn a_phone_on_tcp_is_found_again_where_it_listens() {
    for (contact, there) in [
        ("sip:a@192.0.2.7:5062;transport=tcp", Some("192.0.2.7:5062")),
        ("sip:a@192.0.2.7;transport=TCP", Some("192.0.2.7:5060")),
        // Behind a NAT, at a name, on UDP for all we know: it comes back by itself.
        ("sip:a@10.0.0.9:5062;transport=tcp", None),
        ("sip:a@desk.example.com;transport=tcp", None),
        ("sip:a@192.0.2.7:5062", None),
        ("sip:a@192.0.2.7:5062;transport=ws", None),
    ] {
        let mut before = Bench::new();
        let headers = format!("Contact: <{contact}>\n");
        before.serve("anna", tcp(1), &request("anna", "c1", 1, &headers)).unwrap();
        let mut binding = before.registrar.lookup(before.now, "anna")[0].clone();
        let mut after = Bench::new();
        binding.expires = after.now + Duration::from_secs(60);
        let restored = after.registrar.restore(after.now, "anna", binding);
        assert_eq!(restored, there.is_some(), "{contact}");
        let flow = after.registrar.lookup(after.now, "anna").first().map(|binding| binding.flow);
        assert_eq!(flow.map(|flow| flow.remote.to_string()).as_deref(), there);
        assert_eq!(flow.and_then(|flow| flow.connection), None);
    }
}

/// A flow whose phone has another address now: what is kept under the old one is told to go.
#[test]
fn a_flow_that_comes_back_with_another_contact_leaves_nothing_behind() {
    let mut bench = Bench::new();
    for (cseq, host) in [(1, 7), (2, 8)] {
        let contact = format!(
            "Contact: <sip:a@192.0.2.{host}>;+sip.instance=\"<urn:uuid:1>\";reg-id=1\n\
             Supported: path, outbound\n"
        );
        bench.serve("anna", tcp(1), &request("anna", "c1", cseq, &contact)).unwrap();
    }
    let [old, new] = [7, 8].map(|host| format!("sip:a@192.0.2.{host}"));
    let told = [(old.clone(), None), (old, Some(RemovalReason::Replaced)), (new, None)];
    assert_eq!(bench.outputs(), told);
}

/// RFC 5626: two flows of one phone are two bindings, of which one rings; the other takes its place.
#[test]
fn two_flows_of_a_phone_ring_once() {
    let mut bench = Bench::new();
    let flow_of = |reg_id: u32| {
        format!(
            "Contact: <sip:a@192.0.2.7:5062>;+sip.instance=\"<urn:uuid:1>\";reg-id={reg_id}\n\
             Supported: path, outbound\n"
        )
    };
    let first = request("anna", "c1", 1, &flow_of(1));
    let ok = bench.serve("anna", tcp(1), &first).unwrap();
    assert_eq!(ok.text(HeaderName::Require), Some("outbound"));
    assert!(granted(&ok)[0].ends_with(";reg-id=1"), "{:?}", granted(&ok));
    bench.pass(1);
    let second = request("anna", "c2", 1, &flow_of(2));
    let ok = bench.serve("anna", tcp(2), &second).unwrap();
    assert_eq!(granted(&ok).len(), 2);
    let ring = |bench: &Bench| -> Vec<Flow> {
        bench.registrar.lookup(bench.now, "anna").iter().map(|binding| binding.flow).collect()
    };
    assert_eq!(ring(&bench), [tcp(2)]);
    // A refresh of one leaves the other; the same flow from elsewhere is the same flow.
    bench.serve("anna", tcp(3), &request("anna", "c1", 2, &flow_of(1))).unwrap();
    assert_eq!(bench.registrar.flows(bench.now, "anna").count(), 2);
    bench.outputs();
    bench.registrar.flow_closed(tcp(2));
    assert_eq!(ring(&bench), [tcp(3)]);
    // What is kept is kept by Contact: the one that is left is saved again.
    let contact = "sip:a@192.0.2.7:5062".to_owned();
    let told = [(contact.clone(), Some(RemovalReason::FlowClosed)), (contact, None)];
    assert_eq!(bench.outputs(), told);
    // Both go at once: their Contact is told once.
    bench.serve("anna", tcp(4), &request("anna", "c2", 2, &flow_of(2))).unwrap();
    bench.outputs();
    bench.registrar.remove_all("anna");
    let told = [("sip:a@192.0.2.7:5062".to_owned(), Some(RemovalReason::Dismissed))];
    assert_eq!(bench.outputs(), told);
    bench.serve("anna", tcp(4), &request("anna", "c2", 3, &flow_of(2))).unwrap();
    // Who comes without flows is one phone again.
    let plain = "Contact: <sip:a@192.0.2.7:9>;+sip.instance=\"<urn:uuid:1>\"\n";
    bench.serve("anna", flow(7), &request("anna", "c3", 1, plain)).unwrap();
    assert_eq!(bench.contacts(), ["sip:a@192.0.2.7:9"]);
}

#[test]
fn flows_are_for_who_asks_and_over_who_keeps_them() {
    let mut bench = Bench::new();
    let contact = "<sip:a@192.0.2.7:5062>;+sip.instance=\"<urn:uuid:1>\";reg-id=1";
    let plain = format!("Contact: {contact}\n");
    let ok = bench.serve("anna", flow(7), &request("anna", "c1", 1, &plain)).unwrap();
    assert!(!granted(&ok)[0].contains("reg-id") && !ok.has(HeaderName::Require));
    let two = format!("Contact: {contact}, <sip:b@192.0.2.7>\nSupported: outbound\n");
    let refused = bench.serve("anna", flow(7), &request("anna", "c1", 2, &two));
    assert_eq!(refused.unwrap_err(), Refusal::Malformed);
    let over = |path: &str| {
        format!(
            "Via: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKx\nContact: {contact}\nSupported: outbound\nPath: {path}\n"
        )
    };
    let refused = bench.serve("anna", flow(7), &request("anna", "c1", 3, &over("<sip:p;lr>")));
    assert_eq!(refused.unwrap_err().status().code(), 439);
    let kept = over("<sip:p;lr>, <sip:q;lr;ob>");
    bench.serve("anna", flow(7), &request("anna", "c1", 4, &kept)).unwrap();
}

/// Dismissal: the phones are gone at once, and nothing is left to expire later.
#[test]
fn r13_dismissal_unregisters_at_once() {
    let mut bench = Bench::new();
    bench.register(DESK).unwrap();
    let boris = request("boris", "c8", 1, "Contact: <sip:boris@192.0.2.8>\n");
    bench.serve("boris", flow(8), &boris).unwrap();
    bench.outputs();
    bench.registrar.remove_all("anna");
    bench.registrar.remove_all("anna");
    bench.registrar.remove_all("nobody");
    let dismissed = Some(RemovalReason::Dismissed);
    assert_eq!(bench.outputs(), [("sip:anna@192.0.2.7:5062".into(), dismissed)]);
    assert!(bench.registrar.lookup(bench.now, "anna").is_empty());
    assert_eq!(bench.registrar.lookup(bench.now, "boris").len(), 1);
    assert_eq!(bench.registrar.len(), 1);
}
