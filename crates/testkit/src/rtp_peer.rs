//! A scripted RTP peer: says a tone, presses keys, and records what it hears.

use core::f64::consts::TAU;
use core::time::Duration;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::audio::SAMPLE_RATE;
use crate::{Law, Recording, Voice, audio};

/// What a peer says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Say {
    /// A sine of this frequency in Hz and level in dBm0.
    Tone(f64, f64),
    /// Packets of silence.
    Silence,
    /// No packets at all.
    Nothing,
}

/// A phone's RTP side, written without the code under test: sends G.711, or what a [`Voice`] makes, in packets of 20 ms and
/// telephone-events as RFC 4733 has them, and keeps what it hears by timestamp.
///
/// ```
/// use std::time::Duration;
/// use switchboard_testkit::{Clock, Law, RtpPeer, Say, audio};
///
/// let mut clock = Clock::new();
/// let (a, b) = ("10.0.0.1:4000".parse()?, "10.0.0.2:4000".parse()?);
/// let mut anna = RtpPeer::new(clock.now(), 1, a, b, Law::A);
/// let mut ben = RtpPeer::new(clock.now(), 2, b, a, Law::A);
/// anna.say(Say::Tone(440.0, -10.0));
/// while clock.elapsed() < Duration::from_secs(1) {
///     clock.advance(Duration::from_millis(10));
///     anna.handle_timeout(clock.now());
///     while let Some(datagram) = anna.poll_transmit() {
///         ben.handle(&datagram.payload);
///     }
/// }
/// assert!((audio::level_dbm0(ben.heard().samples(), 440.0) + 10.0).abs() < 0.5);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RtpPeer {
    address: SocketAddr,
    remote: SocketAddr,
    voice: Box<dyn Voice>,
    event_payload_type: u8,
    ssrc: u32,
    sequence: u16,
    /// The timestamp of `start`.
    origin: u32,
    start: Instant,
    ticks: u32,
    say: Say,
    /// Samples said of a tone so far.
    phase: u64,
    presses: VecDeque<Press>,
    transmits: VecDeque<crate::Datagram>,
    recording: Recording,
}

/// A key press that is being sent.
#[derive(Clone, Copy, Debug)]
struct Press {
    event: u8,
    /// Packets of 20 ms that it is held, and sent so far.
    packets: u32,
    sent: u32,
    timestamp: u32,
}

const PTIME: Duration = Duration::from_millis(20);
const SAMPLES: u32 = SAMPLE_RATE / 50;

impl RtpPeer {
    /// A peer at `address` that sends to `remote`. `seed` gives its SSRC and where its numbers
    /// begin; its telephone-events have payload type 101.
    #[must_use]
    pub fn new(now: Instant, seed: u64, address: SocketAddr, remote: SocketAddr, law: Law) -> Self {
        Self::with_voice(now, seed, address, remote, Box::new(law))
    }

    /// The same with another codec.
    #[must_use]
    pub fn with_voice(
        now: Instant,
        seed: u64,
        address: SocketAddr,
        remote: SocketAddr,
        voice: Box<dyn Voice>,
    ) -> Self {
        let mut rng = crate::Rng::new(seed);
        Self {
            address,
            remote,
            recording: Recording::with_voice(voice.again()),
            voice,
            event_payload_type: 101,
            ssrc: rng.next_u64() as u32,
            sequence: rng.next_u64() as u16,
            origin: rng.next_u64() as u32,
            start: now,
            ticks: 0,
            say: Say::Nothing,
            phase: 0,
            presses: VecDeque::new(),
            transmits: VecDeque::new(),
        }
    }

    /// Sets the payload type of telephone-events, sent and heard.
    pub fn set_event_payload_type(&mut self, payload_type: u8) {
        self.event_payload_type = payload_type;
        self.recording.set_event_payload_type(payload_type);
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its stream's SSRC.
    #[must_use]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Sends elsewhere from now on.
    pub fn set_remote(&mut self, remote: SocketAddr) {
        self.remote = remote;
    }

    /// Sends from elsewhere from now on.
    pub fn set_address(&mut self, address: SocketAddr) {
        self.address = address;
    }

    /// What to say from now on.
    pub fn say(&mut self, say: Say) {
        self.say = say;
        self.phase = 0;
    }

    /// Presses a key for this long; presses that come while one is sent wait, 60 ms apart.
    ///
    /// # Panics
    /// When `key` is none of `0`-`9`, `*`, `#`, `A`-`D`.
    pub fn press(&mut self, key: char, held: Duration) {
        let event = "0123456789*#ABCD".find(key).expect("a key of a telephone") as u8;
        let packets = (held.as_millis() / PTIME.as_millis()).max(1) as u32;
        self.presses.push_back(Press { event, packets, sent: 0, timestamp: 0 });
    }

    /// What it has heard.
    #[must_use]
    pub const fn heard(&self) -> &Recording {
        &self.recording
    }

    /// Forgets what it has heard.
    pub fn forget(&mut self) {
        let mut recording = Recording::with_voice(self.voice.again());
        recording.set_event_payload_type(self.event_payload_type);
        self.recording = recording;
    }

    /// Takes a datagram of the other side.
    pub fn handle(&mut self, datagram: &[u8]) {
        self.recording.handle(datagram);
    }

    /// When it sends next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        Some(self.start + PTIME * self.ticks)
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while self.poll_timeout().is_some_and(|due| due <= now) {
            let timestamp =
                self.origin.wrapping_add(self.ticks.wrapping_mul(SAMPLES * self.voice.units()));
            self.ticks += 1;
            match self.presses.front_mut() {
                Some(press) => {
                    let mut press = *press;
                    self.send_press(&mut press, timestamp);
                    self.presses[0] = press;
                    // Three ends, then three ticks of pause.
                    if press.sent > press.packets + 5 {
                        self.presses.pop_front();
                    }
                }
                None => self.send_audio(timestamp),
            }
        }
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<crate::Datagram> {
        self.transmits.pop_front()
    }

    fn send_press(&mut self, press: &mut Press, timestamp: u32) {
        if press.sent == 0 {
            press.timestamp = timestamp;
        }
        press.sent += 1;
        if press.sent > press.packets + 2 {
            return;
        }
        let duration = (press.sent.min(press.packets) * SAMPLES * self.voice.units()) as u16;
        let end = u8::from(press.sent >= press.packets) << 7;
        let mut payload = vec![press.event, end | 10];
        payload.put_u16(duration);
        self.send(self.event_payload_type, press.sent == 1, press.timestamp, &payload);
    }

    fn send_audio(&mut self, timestamp: u32) {
        let first = self.phase;
        self.phase += u64::from(SAMPLES);
        let samples: Vec<i16> = match self.say {
            Say::Nothing => return,
            Say::Silence => vec![0; SAMPLES as usize],
            Say::Tone(frequency, level) => {
                let turn = TAU * frequency / f64::from(SAMPLE_RATE);
                let amplitude = audio::amplitude(level);
                let sample = |n: u64| (amplitude * (turn * n as f64).sin()).round() as i16;
                (first..self.phase).map(sample).collect()
            }
        };
        let payload = self.voice.say(&samples);
        self.send(self.voice.payload_type(), first == 0, timestamp, &payload);
    }

    fn send(&mut self, payload_type: u8, marker: bool, timestamp: u32, payload: &[u8]) {
        let mut datagram = BytesMut::with_capacity(12 + payload.len());
        datagram.put_u8(0x80);
        datagram.put_u8(payload_type | u8::from(marker) << 7);
        datagram.put_u16(self.sequence);
        datagram.put_u32(timestamp);
        datagram.put_u32(self.ssrc);
        datagram.put_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        let payload: Bytes = datagram.freeze();
        let (source, destination) = (self.address, self.remote);
        self.transmits.push_back(crate::Datagram { source, destination, payload });
    }
}
