//! Calls in a trunk's name by datagrams whose source is written by somebody else.

use std::net::SocketAddr;
use std::time::Duration;

use switchboard_pbx::Input;
use switchboard_sip::Flow;
use switchboard_testkit::Say;

use crate::support::company::TRUNK;
use crate::support::{Called, PBX, World};

/// A third party, who has asked for nothing.
const VICTIM: &str = "198.51.100.9:7000";
/// A gateway of the trunk.
const GATEWAY: &str = "203.0.113.77:7000";

fn description(media: &str) -> String {
    let media: SocketAddr = media.parse().unwrap();
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n",
        ip = media.ip(),
        port = media.port()
    )
}

/// An INVITE that says it is the trunk's, and wants audio sent to `media`.
fn forge(world: &mut World, media: &str) {
    let body = description(media);
    let text = format!(
        "INVITE sip:+4930555000@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {TRUNK};branch=z9hG4bKforged\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+4917012345@carrier.test>;tag=forged\r\n\
         To: <sip:+4930555000@10.0.0.1>\r\nCall-ID: forged\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:{TRUNK}>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let now = world.now();
    world
        .pbx
        .handle(now, Input::Sip { flow: Flow::udp(PBX, TRUNK), payload: text.into() })
        .unwrap();
    world.flush();
}

fn packets(world: &World, to: &str) -> usize {
    world.packets.get(&to.parse().unwrap()).copied().unwrap_or(0)
}

/// The trunk knows of no call, and acknowledges nothing: the third party gets no packet, and the
/// trunk our 200 as often as the standard wants and no more.
#[test]
fn h23_h31_an_invite_forged_in_a_trunks_name_aims_no_audio_at_anybody() {
    let mut world = World::new();
    forge(&mut world, VICTIM);
    world.seconds(40);
    assert!(world.ports_bound > 0, "the call was answered");
    assert_eq!(packets(&world, VICTIM), 0);
    assert_eq!(packets(&world, "198.51.100.9:7001"), 0, "nor RTCP");
    assert!((1..=11).contains(&world.answers), "{}", world.answers);
    world.assert_clean();
    world.record();
    assert_eq!(packets(&world, VICTIM), 0);
}

/// Repeating the INVITE makes nothing more of it.
#[test]
fn h23_a_forged_invite_that_is_repeated_is_one_call() {
    let mut world = World::new();
    for _ in 0..50 {
        forge(&mut world, VICTIM);
        world.run(Duration::from_millis(100));
    }
    world.assert_clean();
    world.record();
    assert_eq!(packets(&world, VICTIM), 0);
}

/// A trunk whose audio is another machine's: from the ACK on it goes there.
#[test]
fn h31_a_trunks_gateway_gets_audio_once_the_trunk_has_acknowledged() {
    let mut world = World::new();
    let trunk = world.trunk();
    world.phones[trunk].sdp_override = Some(description(GATEWAY));
    world.dial(trunk, "+4930555000");
    world.act(trunk, |phone, _| phone.call().hold_acks = true);
    world.seconds(1);
    assert!(world.answers > 1, "our 200 is repeated");
    assert_eq!(packets(&world, GATEWAY), 0);
    world.act(trunk, |phone, _| phone.send_acks(&[0]));
    world.seconds(1);
    assert!(packets(&world, GATEWAY) > 40);
    world.hang_up(trunk);
    world.assert_clean();
}

/// Or before, once the gateway itself has sent a packet.
#[test]
fn h31_a_gateway_that_speaks_first_is_answered() {
    let mut world = World::new();
    let trunk = world.trunk();
    world.phones[trunk].say = Say::Nothing;
    world.phones[trunk].sdp_override = Some(description(GATEWAY));
    world.dial(trunk, "+4930555000");
    world.act(trunk, |phone, _| phone.call().hold_acks = true);
    world.run(Duration::from_millis(100));
    let mut packet = vec![0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7];
    packet.resize(172, 0xd5);
    let port = SocketAddr::new(PBX.ip(), 40_000);
    let now = world.now();
    world.wire.send(now, GATEWAY.parse().unwrap(), port, packet);
    world.seconds(1);
    assert!(packets(&world, GATEWAY) > 40, "{:?}", world.packets);
    world.act(trunk, |phone, _| phone.send_acks(&[0]));
    world.run(Duration::from_millis(100));
    world.hang_up(trunk);
    world.assert_clean();
}

/// Or from the start, where the trunk's settings name it.
#[test]
fn h31_an_address_that_the_trunks_settings_name_gets_audio_at_once() {
    let mut world = World::new();
    world.change(|spec| spec.trunks[0].addresses = vec!["203.0.113.77".parse().unwrap()]);
    forge(&mut world, GATEWAY);
    world.seconds(1);
    assert!(packets(&world, GATEWAY) > 40);
    world.assert_clean();
}

/// A PRACK proves as much as an ACK: audio that comes before the ACK reaches the gateway.
#[test]
fn h31_a_prack_is_a_proof_too() {
    let mut world = World::new();
    world.change(|spec| {
        spec.lines[0].welcome = false;
        spec.lines[0].menu = None;
        spec.lines[0].queue = Some("sales".parse().unwrap());
    });
    let anna = world.phone("anna");
    world.phones[anna].say = Say::Tone(440.0, -10.0);
    world.phones[anna].called = Called::Answer(Duration::from_secs(1));
    let trunk = world.trunk();
    world.phones[trunk].sdp_override = Some(description(GATEWAY));
    world.phones[trunk].invite_headers = vec![("Require", "100rel".to_owned())];
    world.dial(trunk, "+4930555000");
    world.act(trunk, |phone, _| phone.call().hold_acks = true);
    world.seconds(3);
    assert_eq!(world.phones[trunk].status(), Some(200));
    assert!(packets(&world, GATEWAY) > 40);
    world.act(trunk, |phone, _| phone.send_acks(&[0]));
    world.run(Duration::from_millis(100));
    world.hang_up(trunk);
    world.assert_clean();
}
