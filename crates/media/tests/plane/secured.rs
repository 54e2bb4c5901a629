//! Legs whose peers encrypt.

use switchboard_media::{Codec, Command, LegId, SrtpKeys, StreamConfig, g711};
use switchboard_rtp::{SrtpKey, SrtpReceiver, SrtpSender, SrtpSuite};
use switchboard_testkit::{Say, audio};

use crate::room::{A, B, Room, assert_tone, ms, ours, stream, theirs};

const C: LegId = LegId(3);

fn key(suite: SrtpSuite, octet: u8) -> SrtpKey {
    SrtpKey::new(suite, &vec![octet; suite.key_len()]).expect("its length")
}

fn keys(suite: SrtpSuite, octet: u8) -> SrtpKeys {
    SrtpKeys { send: key(suite, octet), receive: key(suite, octet + 1) }
}

/// A phone that seals and opens, on leg C; its packets are put on the wire by hand.
struct Phone {
    sender: SrtpSender,
    receiver: SrtpReceiver,
    number: u16,
}

impl Phone {
    fn new(keys: SrtpKeys) -> Self {
        Self {
            sender: SrtpSender::new(keys.receive),
            receiver: SrtpReceiver::new(keys.send),
            number: 0,
        }
    }

    /// Says a tone for so many packets, and opens what it hears meanwhile.
    fn talk(&mut self, room: &mut Room, frequency: f64, packets: u16) -> Vec<i16> {
        let tone = audio::sine(frequency, -12.0, 160 * usize::from(packets));
        let mut heard = Vec::new();
        for n in 0..packets {
            self.number = self.number.wrapping_add(1);
            let mut packet = vec![0x80, 8];
            packet.extend(self.number.to_be_bytes());
            packet.extend((u32::from(self.number) * 160).to_be_bytes());
            packet.extend([0, 0, 0, 77]);
            let said = &tone[usize::from(n) * 160..][..160];
            packet.extend(said.iter().map(|sample| g711::encode_a_law(*sample)));
            let sealed = self.sender.seal_rtp(&packet).expect("sealed");
            room.inject(theirs(C), C, &sealed);
            room.run(ms(20));
            for datagram in std::mem::take(&mut room.strays) {
                assert_eq!(datagram.destination.ip(), theirs(C).ip());
                if datagram.destination.port() == theirs(C).port() {
                    let opened = self.receiver.open_rtp(&datagram.payload).expect("authentic");
                    heard.extend(opened[12..].iter().map(|code| g711::decode_a_law(*code)));
                } else {
                    self.receiver.open_rtcp(&datagram.payload).expect("authentic");
                }
            }
        }
        heard
    }
}

fn secure(keys: SrtpKeys) -> StreamConfig {
    StreamConfig { srtp: Some(keys), ..stream(C, Codec::Pcma) }
}

/// A room in which leg A is plain and leg C is the phone's.
fn room(keys: SrtpKeys) -> Room {
    let mut room = Room::pair();
    room.command(Command::Open { leg: C });
    room.command(Command::Configure { leg: C, stream: secure(keys) });
    room.command(Command::Bridge { a: A, b: C });
    room.peer(A).say(Say::Tone(440.0, -12.0));
    room
}

#[test]
fn a_plain_and_an_encrypted_leg_hear_each_other() {
    for suite in
        [SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AesCm128HmacSha1_32, SrtpSuite::AeadAes128Gcm]
    {
        let keys = keys(suite, 1);
        let (mut room, mut phone) = (room(keys), Phone::new(keys));
        let heard = phone.talk(&mut room, 700.0, 500);
        assert_tone(&heard[heard.len() - 8_000..], 440.0, -12.0);
        assert_tone(room.peer(A).heard().last(8_000), 700.0, -12.0);
        let stats = room.close(C);
        assert_eq!((stats.unauthentic, stats.malformed, stats.foreign), (0, 0, 0), "{suite:?}");
        assert_eq!(stats.packets_received, 500);
    }
}

/// Thousands of packets that are not authentic: from the phone's own address, plain or changed or
/// repeated, RTCP too. They are dropped and counted; the call goes on and hears none of it.
#[test]
fn h34_junk_srtp_never_ends_a_call() {
    let keys = keys(SrtpSuite::AesCm128HmacSha1_80, 1);
    let (mut room, mut phone) = (room(keys), Phone::new(keys));
    // Before the phone has said anything: junk teaches no address.
    for n in 0..200_u16 {
        let mut junk = vec![0x80, 8];
        junk.extend(n.to_be_bytes());
        junk.extend([0x55; 180]);
        room.inject(theirs(C), C, &junk);
        room.inject(([192, 0, 2, 3], 5_555).into(), C, &junk);
    }
    room.run(ms(100));
    room.strays.retain(|datagram| {
        assert_eq!(datagram.destination, theirs(C));
        true
    });
    phone.talk(&mut room, 700.0, 50);
    for n in 0..5_000_u32 {
        let mut junk = vec![0x80, if n % 3 == 0 { 200 } else { 8 }];
        junk.extend((n as u16).to_be_bytes());
        junk.extend(n.to_be_bytes());
        junk.extend(if n % 2 == 0 { [0, 0, 0, 77] } else { n.to_be_bytes() });
        junk.extend(vec![n as u8; (n % 200) as usize]);
        room.inject(theirs(C), C, &junk);
    }
    let heard = phone.talk(&mut room, 700.0, 100);
    assert_tone(&heard[heard.len() - 8_000..], 440.0, -12.0);
    assert_tone(room.peer(A).heard().last(8_000), 700.0, -12.0);
    let stats = room.close(C);
    assert!(stats.unauthentic >= 5_200, "{stats:?}");
    assert_eq!(stats.packets_received, 150);
    assert_eq!(room.plane.len(), 2);
    assert!(room.peers.contains_key(&B) && ours(B) != ours(C));
}

/// A re-INVITE with new keys: packets under way with the old key are still taken, and those with the
/// new one; the same keys again change nothing.
#[test]
fn new_keys_in_a_call() {
    let (first, second) =
        (keys(SrtpSuite::AesCm128HmacSha1_80, 1), keys(SrtpSuite::AeadAes128Gcm, 9));
    let (mut room, mut phone) = (room(first), Phone::new(first));
    phone.talk(&mut room, 700.0, 100);
    room.command(Command::Configure { leg: C, stream: secure(first) });
    phone.talk(&mut room, 700.0, 100);
    room.command(Command::Configure { leg: C, stream: secure(second) });
    let late = phone
        .sender
        .seal_rtp(&[&[0x80, 8, 0, 201, 0, 0, 125, 160, 0, 0, 0, 77][..], &[0xd5; 160]].concat());
    room.inject(theirs(C), C, &late.expect("sealed"));
    room.run(ms(6));
    let number = phone.number + 1;
    room.strays.clear();
    phone = Phone { number, ..Phone::new(second) };
    let heard = phone.talk(&mut room, 700.0, 100);
    assert_tone(&heard[heard.len() - 8_000..], 440.0, -12.0);
    assert_tone(room.peer(A).heard().last(8_000), 700.0, -12.0);
    let stats = room.close(C);
    assert_eq!((stats.unauthentic, stats.packets_received), (0, 301), "{stats:?}");
}

/// A re-INVITE turns encryption off, another one turns it on again with the same keys: what was heard
/// before is still a replay, and our own counters go on.
#[test]
fn h34_keys_that_come_back_are_not_new() {
    let keys = keys(SrtpSuite::AesCm128HmacSha1_80, 1);
    let (mut room, mut phone) = (room(keys), Phone::new(keys));
    let packet = [&[0x80, 8, 0, 1, 0, 0, 0, 160, 0, 0, 0, 77][..], &[0xd5; 160]].concat();
    let heard = phone.sender.seal_rtp(&packet).expect("sealed");
    phone.number = 1;
    room.inject(theirs(C), C, &heard);
    phone.talk(&mut room, 700.0, 100);
    room.command(Command::Configure { leg: C, stream: stream(C, Codec::Pcma) });
    room.run(ms(100));
    room.strays.clear();
    room.command(Command::Configure { leg: C, stream: secure(keys) });
    room.inject(theirs(C), C, &heard);
    phone.talk(&mut room, 700.0, 100);
    let stats = room.close(C);
    assert_eq!((stats.unauthentic, stats.packets_received), (1, 201), "{stats:?}");
}

/// RTCP on the port of RTP where that was agreed on, in both directions.
#[test]
fn rtcp_shares_the_port() {
    let mut room = Room::new();
    room.join(A, StreamConfig { rtcp_mux: true, ..stream(A, Codec::Pcma) });
    room.peer(A).say(Say::Tone(440.0, -12.0));
    room.run(ms(20_000));
    assert!(room.rtcp.is_empty(), "nothing at the other port");
    let (remote, ssrc) = (room.peer(A).address(), room.peer(A).heard().headers()[0].ssrc);
    // A receiver report about our stream: two packets lost.
    let mut report = vec![0x81, 201, 0, 7, 0, 0, 0, 5];
    report.extend(ssrc.to_be_bytes());
    report.extend([0, 0, 0, 2]);
    report.extend([0; 16]);
    room.inject(remote, A, &report);
    room.run(ms(100));
    assert_eq!(room.close(A).remote_lost, Some(2));
}
