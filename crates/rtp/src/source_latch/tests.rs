use proptest::prelude::*;

use super::*;

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn latch(signalled: &str, signalling: &str) -> SourceLatch {
    SourceLatch::new(address(signalled), Some(signalling.parse().expect("an address")))
}

/// An SDP body that names a third party, loopback, multicast, broadcast or nobody: nothing is sent
/// there before a packet has arrived from there, and never to what no packet can come from.
#[test]
fn h31_nothing_to_a_third_party() {
    let mut third = latch("198.51.100.9:4000", "192.0.2.7");
    assert_eq!(third.destination(), None);
    assert_eq!(third.check(address("198.51.100.9:4000")), SourceVerdict::Learnt);
    assert_eq!(third.destination(), Some(address("198.51.100.9:4000")));

    for bad in
        ["127.0.0.1:22", "239.1.1.1:4000", "255.255.255.255:9", "0.0.0.0:4000", "192.0.2.7:0"]
    {
        let mut latch = latch(bad, "192.0.2.7");
        assert_eq!(latch.destination(), None, "{bad}");
        assert_eq!(latch.check(address(bad)), SourceVerdict::Refused, "{bad}");
        assert_eq!(latch.destination(), None, "{bad}");
    }
    for bad in ["[::]:4000", "[ff02::1]:4000", "[::1]:4000"] {
        assert_eq!(latch(bad, "2001:db8::7").destination(), None, "{bad}");
    }
    assert_eq!(latch("127.0.0.1:4000", "127.0.0.1").destination(), Some(address("127.0.0.1:4000")));
    assert_eq!(SourceLatch::new(address("192.0.2.7:4000"), None).destination(), None);
}

/// The source is learnt once: whoever comes later, from wherever, is refused until a new offer.
#[test]
fn h32_learnt_once() {
    let phone = address("192.0.2.7:4000");
    let mut latch = latch("192.0.2.7:4000", "192.0.2.7");
    assert_eq!(latch.check(phone), SourceVerdict::Learnt);
    for thief in ["192.0.2.7:4002", "192.0.2.8:4000", "127.0.0.1:4000"] {
        for _ in 0..100 {
            assert_eq!(latch.check(address(thief)), SourceVerdict::Refused, "{thief}");
        }
    }
    assert_eq!(latch.check(phone), SourceVerdict::Accepted);
    assert_eq!(latch.destination(), Some(phone));

    let moved = address("192.0.2.7:5000");
    latch.renew(moved, Some(moved.ip()));
    assert_eq!(latch.destination(), Some(moved));
    assert_eq!(latch.check(phone), SourceVerdict::Probation);
    assert_eq!(latch.check(moved), SourceVerdict::Learnt);
    assert_eq!(latch.check(phone), SourceVerdict::Refused);
}

/// Only the signalled host and the one that signals can be learnt at all, however many packets
/// another sends and however early.
#[test]
fn h32_a_foreign_host_is_never_learnt() {
    let mut latch = latch("192.0.2.7:4000", "192.0.2.7");
    for _ in 0..1_000 {
        assert_eq!(latch.check(address("203.0.113.66:4000")), SourceVerdict::Refused);
    }
    assert_eq!(latch.destination(), Some(address("192.0.2.7:4000")));
}

#[test]
fn a_phone_behind_nat_is_learnt_from_its_signalling_host() {
    let mut latch = latch("10.0.0.5:4000", "192.0.2.7");
    let mapped = address("192.0.2.7:61000");
    assert_eq!(latch.destination(), None);
    assert_eq!(latch.check(mapped), SourceVerdict::Probation);
    assert_eq!(latch.check(mapped), SourceVerdict::Probation);
    assert_eq!(latch.check(mapped), SourceVerdict::Learnt);
    assert_eq!(latch.destination(), Some(mapped));
    // Somebody in our own network who owns the private address gets nothing.
    assert_eq!(latch.check(address("10.0.0.5:4000")), SourceVerdict::Refused);

    // Hold by a new offer with the same addresses: the held party's music still finds it.
    latch.renew(address("10.0.0.5:4000"), Some(mapped.ip()));
    assert_eq!(latch.destination(), Some(mapped));
    assert_eq!(latch.check(mapped), SourceVerdict::Learnt);
}

#[test]
fn the_signalled_address_wins_over_another_port_of_its_host() {
    let (phone, other) = (address("192.0.2.7:4000"), address("192.0.2.7:4002"));
    let mut latch = latch("192.0.2.7:4000", "192.0.2.7");
    for _ in 0..3 {
        latch.check(other);
    }
    assert_eq!(latch.destination(), Some(other));
    assert_eq!(latch.check(phone), SourceVerdict::Learnt);
    assert_eq!(latch.check(other), SourceVerdict::Refused);
}

#[test]
fn mapped_addresses_are_the_same_host() {
    let mut latch = latch("192.0.2.7:4000", "::ffff:192.0.2.7");
    assert_eq!(latch.check(address("[::ffff:192.0.2.7]:4000")), SourceVerdict::Learnt);
    assert_eq!(latch.destination(), Some(address("192.0.2.7:4000")));
}

proptest! {
    /// Whatever arrives in whatever order, packets only ever go to a port of one of the two hosts,
    /// and the destination changes at most twice.
    #[test]
    fn destinations_are_bounded(
        sources in proptest::collection::vec((0_u8..4, 4_000_u16..4_003), 0..80),
        natted: bool,
    ) {
        let signalled = SocketAddr::from(([192, 0, 2, 1], 4_000));
        let signalling = IpAddr::from([192, 0, 2, if natted { 2 } else { 1 }]);
        let mut latch = SourceLatch::new(signalled, Some(signalling));
        let (mut last, mut changes) = (latch.destination(), 0);
        for (host, port) in sources {
            latch.check(SocketAddr::from(([192, 0, 2, host], port)));
            let destination = latch.destination();
            changes += u32::from(destination != last);
            last = destination;
            if let Some(destination) = destination {
                prop_assert!([signalled.ip(), signalling].contains(&destination.ip()));
            }
        }
        prop_assert!(changes <= 2);
    }
}
