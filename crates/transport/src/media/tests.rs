//! Real sockets and real threads: what a thread is for.

use std::future::poll_fn;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use switchboard_media::{
    Codec, Command, Event, EventKind, LegId, Output, Plane, PlaneConfig, RecordingId, RoomId,
    StreamConfig,
};
use switchboard_pbx::CallId;

use super::MediaThreads;
use crate::rtp_ports::{PortRange, RtpPorts};

const PATIENCE: Duration = Duration::from_secs(5);

/// Two media threads with a leg each, of two calls, and their peers.
struct Stage {
    media: MediaThreads,
    ports: RtpPorts,
    peers: Vec<(LegId, UdpSocket, SocketAddr)>,
    news: Vec<Output>,
}

impl Stage {
    fn new(range: PortRange) -> Self {
        let plane = |seed| Plane::new(PlaneConfig { seed, ..PlaneConfig::default() });
        let media = MediaThreads::start(vec![plane(1), plane(2)]).unwrap();
        Self { media, ports: RtpPorts::new(range), peers: Vec::new(), news: Vec::new() }
    }

    fn join(&mut self, leg: u64, call: u128) {
        let leg = LegId(leg);
        let (pair, ours) = self.ports.open("127.0.0.1".parse().unwrap()).unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(self.media.open(leg, CallId(call), pair));
        let stream = StreamConfig::new(peer.local_addr().unwrap(), Codec::Pcma);
        self.media.command(Command::Open { leg });
        self.media.command(Command::Configure { leg, stream });
        self.peers.push((leg, peer, ours));
    }

    /// Peer `from` speaks until `to` hears it.
    fn assert_hears(&self, from: usize, to: usize) {
        let word = [0x11 + from as u8; 160];
        let mut buffer = [0; 2048];
        let (_, speaker, ours) = &self.peers[from];
        let heard = (0..500_u16).any(|number| {
            let mut packet = vec![0x80, 8];
            packet.extend(number.to_be_bytes());
            packet.extend((u32::from(number) * 160).to_be_bytes());
            packet.extend([0, 0, 0, 9]);
            packet.extend(word);
            speaker.send_to(&packet, ours).unwrap();
            let len = self.peers[to].1.recv(&mut buffer).unwrap();
            buffer[..len].ends_with(&word)
        });
        assert!(heard, "{from} is not heard by {to}");
    }

    async fn until(&mut self, is_it: impl Fn(&Output) -> bool) {
        let found = async {
            while !self.news.iter().any(&is_it) {
                self.news.extend(poll_fn(|cx| self.media.poll_news(cx)).await);
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap();
    }
}

fn is_closed(output: &Output, of: LegId) -> bool {
    matches!(output, Output::Event(Event { leg, kind: EventKind::Closed { .. } }) if *leg == of)
}

#[tokio::test]
async fn legs_of_two_threads_are_joined_on_one_and_freed_there() {
    let mut stage = Stage::new("25000-25099".parse().unwrap());
    // So many that the first thread is full.
    stage.join(1, 1);
    stage.media.fill(0);
    stage.join(2, 2);
    assert_ne!(stage.media.thread_of(LegId(1)), stage.media.thread_of(LegId(2)));
    stage.media.command(Command::Bridge { a: LegId(1), b: LegId(2) });
    stage.media.ring();
    assert_eq!(stage.media.thread_of(LegId(1)), stage.media.thread_of(LegId(2)));
    stage.assert_hears(0, 1);
    stage.assert_hears(1, 0);
    for (leg, ..) in &stage.peers {
        stage.media.command(Command::Close { leg: *leg });
    }
    stage.media.ring();
    for leg in [1, 2].map(LegId) {
        stage.until(|output| is_closed(output, leg)).await;
    }
    // The ports are free again.
    for (_, _, ours) in &stage.peers {
        UdpSocket::bind(ours).unwrap();
    }
}

/// Whoever comes into a room comes to its thread.
#[tokio::test]
async fn legs_of_two_threads_meet_in_a_room() {
    let mut stage = Stage::new("25400-25499".parse().unwrap());
    stage.join(1, 1);
    stage.media.fill(0);
    stage.join(2, 2);
    assert_ne!(stage.media.thread_of(LegId(1)), stage.media.thread_of(LegId(2)));
    for room in [RoomId(7), RoomId(8)] {
        for leg in [LegId(1), LegId(2)] {
            stage.media.command(Command::Join { leg, room });
        }
        let home = Some((room.0 % 2) as usize);
        assert_eq!([1, 2].map(|leg| stage.media.thread_of(LegId(leg))), [home, home]);
    }
    for leg in [LegId(1), LegId(2)] {
        stage.media.command(Command::Close { leg });
    }
    stage.media.ring();
    for leg in [LegId(1), LegId(2)] {
        stage.until(|output| is_closed(output, leg)).await;
    }
}

/// A recording goes on where it has begun: both legs go there, whichever of them it is about.
#[tokio::test]
async fn legs_go_where_their_recording_is() {
    let mut stage = Stage::new("25100-25199".parse().unwrap());
    stage.join(1, 1);
    stage.media.fill(0);
    stage.join(2, 2);
    let recording = RecordingId(2);
    let home = stage.media.thread_of(LegId(2));
    stage.media.command(Command::Record { recording, left: LegId(2), right: None });
    stage.media.command(Command::Record { recording, left: LegId(1), right: Some(LegId(2)) });
    stage.media.command(Command::Bridge { a: LegId(1), b: LegId(2) });
    stage.media.ring();
    assert_eq!([1, 2].map(|leg| stage.media.thread_of(LegId(leg))), [home, home]);
    stage.assert_hears(0, 1);
    stage.until(|it| matches!(it, Output::Recorded(block) if block.at > Duration::ZERO)).await;
    stage.media.command(Command::StopRecording { recording });
    stage.media.ring();
    stage.until(|it| matches!(it, Output::RecordingOver(id) if *id == recording)).await;
}

/// Legs cross each other's way: neither thread waits for the other for ever.
#[tokio::test]
async fn threads_that_give_to_each_other_do_not_wait_for_ever() {
    let mut stage = Stage::new("25200-25299".parse().unwrap());
    stage.join(1, 1);
    stage.join(2, 2);
    stage.media.fill(0);
    stage.join(3, 3);
    stage.join(4, 4);
    for round in 0..50 {
        let (a, b) = if round % 2 == 0 { (1, 3) } else { (3, 1) };
        stage.media.command(Command::Bridge { a: LegId(a), b: LegId(b) });
        stage.media.command(Command::Bridge { a: LegId(b + 1), b: LegId(a + 1) });
        stage.media.ring();
    }
    stage.media.command(Command::Close { leg: LegId(1) });
    stage.media.command(Command::Bridge { a: LegId(2), b: LegId(1) });
    stage.media.ring();
    stage.assert_hears(1, 3);
    stage.until(|output| is_closed(output, LegId(1))).await;
}

#[tokio::test]
async fn without_a_thread_there_is_no_audio() {
    let mut media = MediaThreads::start(Vec::new()).unwrap();
    let mut ports = RtpPorts::new("25300-25399".parse().unwrap());
    let (pair, _) = ports.open("127.0.0.1".parse().unwrap()).unwrap();
    assert!(!media.open(LegId(1), CallId(1), pair));
    media.command(Command::Open { leg: LegId(1) });
    media.ring();
}

/// A thread that panics takes its own calls with it and no others: their ports are free, and new calls go elsewhere. Nobody
/// waits for ever for a leg that it had.
#[tokio::test]
async fn a_thread_that_dies_ends_its_own_legs_alone() {
    let mut stage = Stage::new("25500-25599".parse().unwrap());
    stage.join(1, 1);
    stage.media.fill(0);
    stage.join(2, 2);
    stage.join(3, 3);
    let recording = RecordingId(1);
    stage.media.command(Command::Record { recording, left: LegId(1), right: None });
    stage.media.kill(0);
    // A leg of the dead thread is to come, and one of the living goes there.
    stage.media.command(Command::Bridge { a: LegId(2), b: LegId(1) });
    stage.media.command(Command::Bridge { a: LegId(2), b: LegId(3) });
    stage.media.ring();
    stage.until(|output| is_closed(output, LegId(1))).await;
    stage.until(|it| matches!(it, Output::RecordingOver(id) if *id == recording)).await;
    stage.assert_hears(1, 2);
    stage.assert_hears(2, 1);
    UdpSocket::bind(stage.peers[0].2).unwrap();
    // The same call, another one, and a room whose thread it was.
    stage.join(4, 1);
    stage.join(5, 5);
    assert_eq!([4, 5].map(|leg| stage.media.thread_of(LegId(leg))), [Some(1); 2]);
    stage.media.command(Command::Join { leg: LegId(4), room: RoomId(2) });
    stage.media.command(Command::Join { leg: LegId(5), room: RoomId(2) });
    for leg in [2, 3, 4, 5].map(LegId) {
        stage.media.command(Command::Close { leg });
        stage.media.ring();
        stage.until(|output| is_closed(output, leg)).await;
    }
}

/// More legs than the plane takes: the one too many is over at once, and its ports are free.
#[tokio::test]
async fn a_leg_that_the_plane_refuses_keeps_no_port() {
    let plane = Plane::new(PlaneConfig { max_legs: 1, ..PlaneConfig::default() });
    let mut stage = Stage {
        media: MediaThreads::start(vec![plane]).unwrap(),
        ports: RtpPorts::new("25600-25699".parse().unwrap()),
        peers: Vec::new(),
        news: Vec::new(),
    };
    stage.join(1, 1);
    stage.join(2, 2);
    stage.media.ring();
    stage.until(|output| is_closed(output, LegId(2))).await;
    UdpSocket::bind(stage.peers[1].2).unwrap();
}
