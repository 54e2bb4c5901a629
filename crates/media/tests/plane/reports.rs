//! RTCP and the figures of a leg.

use std::net::SocketAddr;
use std::time::Duration;

use switchboard_media::{Codec, Command, StreamConfig};
use switchboard_rtp::Ssrc;
use switchboard_rtp::rtcp::{Compound, CompoundBuilder, ReceptionReport, RtcpPacket, SenderInfo};
use switchboard_testkit::{Say, audio};

use crate::room::{A, B, Room, ms, ours, stream, theirs};

fn rtcp_of(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port() + 1)
}

/// Reports come about every five seconds, to the port after RTP's, with a name and what was lost.
#[test]
fn reports_say_what_was_sent_and_lost() {
    let mut room = Room::pair();
    room.peer(A).say(Say::Silence);
    room.run(ms(60_000));
    let reports: Vec<_> = room.rtcp.iter().filter(|(leg, _)| *leg == A).collect();
    assert!((7..=25).contains(&reports.len()), "{}", reports.len());
    for (_, datagram) in &reports {
        assert_eq!(datagram.source, rtcp_of(ours(A)));
        let compound = Compound::parse(&datagram.payload).expect("a compound");
        let packets: Vec<_> = compound.packets().collect();
        let RtcpPacket::SenderReport { ssrc, sender, reports } = packets[0] else {
            panic!("{packets:?}");
        };
        assert!(sender.packets > 0 && sender.octets == sender.packets * 160);
        let about = reports.about(Ssrc(room.peers[&A].ssrc())).expect("a report on the peer");
        assert_eq!((about.cumulative_lost, about.fraction_lost), (0, 0));
        let RtcpPacket::SourceDescription(description) = packets[1] else {
            panic!("{packets:?}");
        };
        assert!(description.cname(ssrc).is_some_and(|name| name.len() == 16));
    }
}

/// The peer's reports on us give loss and round trip; a BYE is said at the end.
#[test]
fn figures_of_a_call() {
    let mut room = Room::pair();
    room.peer(A).say(Say::Tone(440.0, -10.0));
    while !room.rtcp.iter().any(|(leg, _)| *leg == A) {
        room.run(ms(100));
    }
    let (_, report) = room.rtcp.iter().find(|(leg, _)| *leg == A).expect("a report").clone();
    let compound = Compound::parse(&report.payload).expect("a compound");
    let Some(RtcpPacket::SenderReport { ssrc, sender, .. }) = compound.packets().next() else {
        panic!("no sender report");
    };
    // The report was on the wire for 5 ms; the peer answers a while later.
    room.run(ms(295));
    let answer = ReceptionReport {
        ssrc,
        cumulative_lost: 3,
        last_sender_report: sender.ntp.middle(),
        delay_since: 65_536 / 10,
        ..ReceptionReport::default()
    };
    let mut datagram = Vec::new();
    let mut compound = CompoundBuilder::new(&mut datagram);
    let theirs_ssrc = Ssrc(room.peers[&A].ssrc());
    compound.sender_report(theirs_ssrc, &SenderInfo::default(), &[answer]);
    compound.cname(theirs_ssrc, "anna");
    let now = room.clock.now();
    room.wire.send(now, rtcp_of(theirs(A)), rtcp_of(ours(A)), datagram);
    room.run(ms(1_000));

    let stats = room.close(A);
    assert_eq!(stats.codec, Some(Codec::Pcma));
    assert_eq!(stats.remote_lost, Some(3));
    let round_trip = stats.round_trip.expect("a round trip");
    // Between 200 and 300 ms: the report was read up to 100 ms after it was sent.
    assert!((ms(150)..ms(310)).contains(&round_trip), "{round_trip:?}");
    assert_eq!(stats.packets_lost, 0);
    assert!(stats.jitter < ms(1));
    let said = room.peers[&A].heard().headers().len() as u64;
    assert!(stats.packets_sent.abs_diff(said) <= 1, "{stats:?}");
    assert!(stats.packets_received > 50);

    room.run(ms(100));
    let (_, last) = room.rtcp.iter().rfind(|(leg, _)| *leg == A).expect("a last report");
    let compound = Compound::parse(&last.payload).expect("a compound");
    assert!(compound.packets().any(|packet| matches!(packet, RtcpPacket::Goodbye(_))));
}

/// A named RTCP address is used; a muted phone that only reports is alive.
#[test]
fn reports_keep_a_muted_peer_alive() {
    let mut room = Room::new();
    let other: SocketAddr = ([192, 0, 2, 1], 7_777).into();
    room.join(A, StreamConfig { remote_rtcp: Some(other), ..stream(A, Codec::Pcma) });
    for _ in 0..10 {
        let mut datagram = Vec::new();
        CompoundBuilder::new(&mut datagram).receiver_report(Ssrc(5), &[]);
        room.wire.send(room.clock.now(), other, rtcp_of(ours(A)), datagram);
        room.run(ms(10_000));
    }
    assert!(room.events.is_empty(), "{:?}", room.events);
    assert!(room.strays.len() > 10 && room.strays.iter().all(|sent| sent.destination == other));
}

/// A long call: the audio at its end is as at its start, and not a packet more or less.
#[test]
fn ten_minutes_of_talk() {
    let mut room = Room::pair();
    room.command(Command::Bridge { a: A, b: B });
    room.peer(A).say(Say::Tone(440.0, -10.0));
    room.run(Duration::from_secs(600));
    let heard = room.peer(B).heard().last(80_000);
    assert!((audio::level_dbm0(heard, 440.0) + 10.0).abs() < 0.5);
    let stats = room.close(B);
    assert!((29_990..=30_010).contains(&stats.packets_sent), "{stats:?}");
}
