//! A plane, its peers and the wire between them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use switchboard_media::{
    Channel, Codec, Command, EventKind, Input, LegId, Output, PayloadTypes, Plane, PlaneConfig,
    RecordingId, Stats, StreamConfig, TelephoneEventFormat,
};
use switchboard_rtp::{ClockRate, PayloadType};
use switchboard_testkit::{Clock, Datagram, Law, Link, RtpPeer, Voice, Wire};

use crate::spoken::Spoken;

/// A room of peers, each on a leg of its own.
pub(crate) struct Room {
    pub(crate) clock: Clock,
    pub(crate) plane: Plane,
    pub(crate) wire: Wire,
    pub(crate) peers: BTreeMap<LegId, RtpPeer>,
    pub(crate) events: Vec<(Duration, LegId, EventKind)>,
    /// RTCP that arrived at the peers' RTCP ports.
    pub(crate) rtcp: Vec<(LegId, Datagram)>,
    /// What arrived anywhere else.
    pub(crate) strays: Vec<Datagram>,
    /// Both sides of a recording, and whether it is over.
    pub(crate) recordings: BTreeMap<RecordingId, Tape>,
}

/// A recording as it was given.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(crate) left: Vec<i16>,
    pub(crate) right: Vec<i16>,
    pub(crate) at: Vec<Duration>,
    pub(crate) is_over: bool,
}

pub(crate) const A: LegId = LegId(1);
pub(crate) const B: LegId = LegId(2);

/// Milliseconds.
pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Our RTP port of a leg.
pub(crate) fn ours(leg: LegId) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 40_000 + 2 * leg.0 as u16))
}

/// A peer's RTP address.
pub(crate) fn theirs(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, leg.0 as u8], 4_000))
}

/// What a peer with telephone-event 101 agrees on.
pub(crate) fn stream(leg: LegId, codec: Codec) -> StreamConfig {
    StreamConfig {
        telephone_event: Some(telephone_event(101, 8_000)),
        ..StreamConfig::new(theirs(leg), codec)
    }
}

pub(crate) fn telephone_event(payload_type: u8, clock: u32) -> TelephoneEventFormat {
    TelephoneEventFormat {
        payload_types: PayloadTypes::both(PayloadType::new(payload_type).expect("7 bits")),
        clock: ClockRate::new(clock).expect("not zero"),
    }
}

impl Room {
    pub(crate) fn new() -> Self {
        Self::with(PlaneConfig::default(), Wire::new(1, Link { delay: ms(5), ..Link::default() }))
    }

    pub(crate) fn with(config: PlaneConfig, wire: Wire) -> Self {
        Self {
            clock: Clock::new(),
            plane: Plane::new(config),
            wire,
            peers: BTreeMap::new(),
            events: Vec::new(),
            rtcp: Vec::new(),
            strays: Vec::new(),
            recordings: BTreeMap::new(),
        }
    }

    /// Two peers of the same codec that say nothing yet.
    pub(crate) fn pair() -> Self {
        let mut room = Self::new();
        room.join(A, stream(A, Codec::Pcma));
        room.join(B, stream(B, Codec::Pcma));
        room
    }

    /// Opens and configures a leg, with a peer that stands where its SDP says.
    pub(crate) fn join(&mut self, leg: LegId, stream: StreamConfig) {
        let voice: Box<dyn Voice> = match stream.codec {
            Codec::Pcmu => Box::new(Law::Mu),
            Codec::Pcma => Box::new(Law::A),
            other => Box::new(Spoken::new(other)),
        };
        let (now, address, remote) = (self.clock.now(), stream.remote, ours(leg));
        let peer = RtpPeer::with_voice(now, leg.0, address, remote, voice);
        self.peers.insert(leg, peer);
        self.command(Command::Open { leg });
        self.command(Command::Configure { leg, stream });
    }

    /// Its peer speaks another codec from now on, and says nothing yet.
    pub(crate) fn change_voice(&mut self, leg: LegId, codec: Codec) {
        let (now, address) = (self.clock.now(), self.peer(leg).address());
        let voice = Box::new(Spoken::new(codec));
        let peer = RtpPeer::with_voice(now, leg.0 + 100, address, ours(leg), voice);
        self.peers.insert(leg, peer);
    }

    pub(crate) fn command(&mut self, command: Command) {
        let now = self.clock.now();
        self.plane.handle(now, Input::Command(command)).expect("a sensible command");
        self.drain();
    }

    pub(crate) fn peer(&mut self, leg: LegId) -> &mut RtpPeer {
        self.peers.get_mut(&leg).expect("a peer")
    }

    /// Puts a datagram on the wire as if `source` had sent it to a leg.
    pub(crate) fn inject(&mut self, source: SocketAddr, leg: LegId, datagram: &[u8]) {
        self.wire.send(self.clock.now(), source, ours(leg), datagram.to_vec());
    }

    /// Lets time pass, event by event.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.clock.now() + time;
        while let Some(next) = self.next_event().filter(|next| *next <= end) {
            self.clock.advance_to(next);
            self.step();
        }
        self.clock.advance_to(end);
    }

    fn next_event(&self) -> Option<Instant> {
        let peers = self.peers.values().filter_map(RtpPeer::poll_timeout);
        peers.chain(self.plane.poll_timeout()).chain(self.wire.poll_arrival()).min()
    }

    fn step(&mut self) {
        let now = self.clock.now();
        for peer in self.peers.values_mut() {
            peer.handle_timeout(now);
            while let Some(sent) = peer.poll_transmit() {
                self.wire.send(now, sent.source, sent.destination, sent.payload);
            }
        }
        self.plane.handle_timeout(now);
        self.drain();
        while let Some(datagram) = self.wire.receive(now) {
            self.deliver(now, datagram);
        }
        self.drain();
    }

    fn deliver(&mut self, now: Instant, datagram: Datagram) {
        let destination = datagram.destination;
        let source = datagram.source;
        if destination.ip() == ours(A).ip() {
            let port = destination.port() - 40_000;
            let leg = LegId(u64::from(port / 2));
            let channel = if port.is_multiple_of(2) { Channel::Rtp } else { Channel::Rtcp };
            let payload = &datagram.payload;
            // A closed leg's port is closed too.
            let _ = self.plane.handle(now, Input::Packet { leg, channel, source, payload });
            return;
        }
        let rtcp_port =
            |peer: &RtpPeer| SocketAddr::new(peer.address().ip(), peer.address().port() + 1);
        for (leg, peer) in &mut self.peers {
            if peer.address() == destination {
                peer.handle(&datagram.payload);
                return;
            }
            if rtcp_port(peer) == destination {
                self.rtcp.push((*leg, datagram));
                return;
            }
        }
        self.strays.push(datagram);
    }

    fn drain(&mut self) {
        let now = self.clock.now();
        while let Some(output) = self.plane.poll_output() {
            match output {
                Output::Transmit(sent) => {
                    let mut source = ours(sent.leg);
                    if sent.channel == Channel::Rtcp {
                        source.set_port(source.port() + 1);
                    }
                    self.wire.send(now, source, sent.destination, sent.payload);
                }
                Output::Event(event) => {
                    self.events.push((self.clock.elapsed(), event.leg, event.kind));
                }
                Output::Recorded(block) => {
                    let tape = self.recordings.entry(block.recording).or_default();
                    assert!(!tape.is_over, "a block after the last one");
                    tape.at.push(block.at);
                    for pair in block.samples.chunks_exact(4) {
                        tape.left.push(i16::from_le_bytes([pair[0], pair[1]]));
                        tape.right.push(i16::from_le_bytes([pair[2], pair[3]]));
                    }
                }
                Output::RecordingOver(id) => {
                    self.recordings.entry(id).or_default().is_over = true;
                }
            }
        }
    }

    /// The keys that a leg reported, once each.
    pub(crate) fn keys(&self, leg: LegId) -> String {
        let of_leg = self.events.iter().filter(|(_, of, _)| *of == leg);
        of_leg
            .filter_map(|(_, _, kind)| match kind {
                EventKind::Digit { digit, .. } => Some(digit.as_char()),
                _ => None,
            })
            .collect()
    }

    /// Closes a leg; its figures.
    pub(crate) fn close(&mut self, leg: LegId) -> Stats {
        self.command(Command::Close { leg });
        match self.events.last() {
            Some((_, _, EventKind::Closed { stats })) => *stats,
            other => panic!("no figures: {other:?}"),
        }
    }
}

/// Asserts that the audio is a sine of this frequency and level in dBm0, to 1 dB, and little else.
#[track_caller]
pub(crate) fn assert_tone(samples: &[i16], frequency: f64, level: f64) {
    assert!(samples.len() >= 400, "only {} samples", samples.len());
    let heard = switchboard_testkit::audio::level_dbm0(samples, frequency);
    let all = switchboard_testkit::audio::loudness_dbm0(samples);
    assert!((heard - level).abs() < 1.0, "{heard} dBm0 at {frequency} Hz, {all} in all");
    assert!((all - heard).abs() < 1.0, "{heard} dBm0 at {frequency} Hz, {all} in all");
}

/// Asserts that nothing is to be heard.
#[track_caller]
pub(crate) fn assert_silence(samples: &[i16]) {
    let all = switchboard_testkit::audio::loudness_dbm0(samples);
    assert!(all < -60.0, "{all} dBm0");
}
