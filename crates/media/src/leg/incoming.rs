//! What a leg hears: which packets it takes, and what they are.

use core::time::Duration;
use std::net::SocketAddr;
use std::time::Instant;

use switchboard_dtmf as dtmf;
use switchboard_rtp::{
    ClockRate, Header, PayloadType, ReceiverStatistics, SourceLatch, Ssrc, TelephoneEvent,
};

use crate::ear::Ear;
use crate::{Codec, ComfortNoise, StreamConfig};

/// The longest payload that is taken; 20 ms of G.711 are 160 octets.
const MAX_PAYLOAD: usize = 1_400;

/// A packet that may go on to the other side of a bridge.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heard<'a> {
    Audio {
        header: Header,
        codec: Codec,
        payload: &'a [u8],
    },
    Event {
        header: Header,
        clock: ClockRate,
        /// Whole reports, at least one.
        reports: &'a [u8],
    },
    /// The talker sends nothing for a while, and this is how it sounds meanwhile (RFC 3389).
    Pause {
        noise: ComfortNoise,
    },
}

/// What a payload type stands for on a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Audio(Codec),
    Event(ClockRate),
    ComfortNoise,
}

#[derive(Debug)]
pub(crate) struct Incoming {
    epoch: Instant,
    pub(crate) statistics: ReceiverStatistics,
    digits: dtmf::Receiver,
    clock: ClockRate,
    /// When the peer was last heard, or began to be expected.
    heard: Instant,
    /// How often its silence was reported since.
    silences: u32,
    pub(crate) foreign: u64,
    pub(crate) malformed: u64,
    /// What an ear that is gone had counted.
    pub(crate) playout_delay: Option<Duration>,
    pub(crate) late: u64,
}

impl Incoming {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            statistics: ReceiverStatistics::new(ClockRate::HZ_8000),
            digits: dtmf::Receiver::default(),
            clock: ClockRate::HZ_8000,
            heard: now,
            silences: 0,
            foreign: 0,
            malformed: 0,
            playout_delay: None,
            late: 0,
        }
    }

    /// A new agreement: the peer has time again to be heard.
    pub(crate) fn configure(&mut self, now: Instant, stream: &StreamConfig) {
        self.note_alive(now);
        self.statistics.set_clock(stream.codec.clock_rate());
        let clock = stream.telephone_event.map_or(self.clock, |format| format.clock);
        if clock != self.clock {
            self.clock = clock;
            self.digits = dtmf::Receiver::new(dtmf::receiver::Config {
                clock_rate: clock.get(),
                ..dtmf::receiver::Config::default()
            });
        }
    }

    /// An ear is closed: its figures stay.
    pub(crate) fn note_ear(&mut self, ear: &Ear) {
        self.playout_delay = Some(ear.delay());
        self.late += ear.late();
    }

    /// The peer lives.
    pub(crate) fn note_alive(&mut self, now: Instant) {
        self.heard = now;
        self.silences = 0;
    }

    /// Takes an RTP datagram; what may be passed on. `ours` is the SSRC that we send.
    pub(crate) fn packet<'a>(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &'a [u8],
        (stream, latch, ours): (&StreamConfig, &mut SourceLatch, Ssrc),
    ) -> Option<Heard<'a>> {
        let parsed = switchboard_rtp::Packet::parse(datagram).ok();
        let known = parsed
            .filter(|packet| packet.payload().len() <= MAX_PAYLOAD)
            .and_then(|packet| Some((packet, format_of(stream, packet.header().payload_type)?)));
        let Some((packet, format)) = known else {
            self.malformed += 1;
            return None;
        };
        if !latch.check(source).is_accepted() {
            self.foreign += 1;
            return None;
        }
        self.note_alive(now);
        let (header, payload) = (packet.header(), packet.payload());
        match format {
            Format::Audio(codec) => {
                self.statistics.on_packet(now, &header);
                self.note_other(now, &header);
                let is_wanted = stream.direction.receives() && !payload.is_empty();
                is_wanted.then_some(Heard::Audio { header, codec, payload })
            }
            Format::ComfortNoise => {
                self.statistics.on_untimed_packet(&header);
                self.note_other(now, &header);
                let noise = ComfortNoise::from_payload(payload)?;
                stream.direction.receives().then_some(Heard::Pause { noise })
            }
            Format::Event(clock) => {
                self.statistics.on_untimed_packet(&header);
                let Some(reports) = reports(payload) else {
                    self.malformed += 1;
                    return None;
                };
                // Our own press, sent back by an echo, is nobody's press.
                if header.ssrc == ours || !stream.direction.receives() {
                    return None;
                }
                self.note_events(now, &header, reports);
                Some(Heard::Event { header, clock, reports })
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.digits.poll_timeout()?.to_std(self.epoch)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.digits.handle_timeout(dtmf::Instant::from_std(self.epoch, now));
    }

    /// A key press, or its beginning.
    pub(crate) fn poll_press(&mut self) -> Option<dtmf::receiver::Output> {
        self.digits.poll_output()
    }

    /// When the peer's silence is to be reported.
    pub(crate) fn silent_at(&self, timeout: Duration) -> Instant {
        self.heard + timeout * (self.silences + 1)
    }

    /// Its silence is reported: how long it lasts.
    pub(crate) fn note_silence(&mut self, now: Instant) -> Duration {
        self.silences += 1;
        now.saturating_duration_since(self.heard)
    }

    fn note_other(&mut self, now: Instant, header: &Header) {
        let now = dtmf::Instant::from_std(self.epoch, now);
        let (ssrc, sequence) = (header.ssrc.0, header.sequence_number.0);
        // Refused only when a flood is; its statistics count that.
        let _ = self.digits.handle(now, dtmf::receiver::Input::Other { ssrc, sequence });
    }

    fn note_events(&mut self, now: Instant, header: &Header, reports: &[u8]) {
        let header = dtmf::payload::Header {
            ssrc: header.ssrc.0,
            sequence: header.sequence_number.0,
            timestamp: header.timestamp.0,
            marker: header.marker,
        };
        let now = dtmf::Instant::from_std(self.epoch, now);
        for event in dtmf::payload::Events::parse(header, reports).into_iter().flatten() {
            let _ = self.digits.handle(now, dtmf::receiver::Input::Event(&event));
        }
    }
}

/// The reports of a telephone-event payload: one, or more that follow each other without a pause
/// (RFC 4733 section 2.5.1.5). Whatever else is behind the first is padding, which some senders add:
/// octets that are no whole reports, and reports of no length.
fn reports(payload: &[u8]) -> Option<&[u8]> {
    const LEN: usize = TelephoneEvent::LEN;
    let is_report = |chunk: &&[u8]| TelephoneEvent::parse(chunk).is_ok_and(|r| r.duration > 0);
    let more = match payload.get(LEN..)? {
        more if more.len().is_multiple_of(LEN) => more.chunks(LEN).take_while(is_report).count(),
        _ => 0,
    };
    payload.get(..LEN * (1 + more))
}

/// What a payload type stands for: what was agreed on first, then the static types that need no
/// agreement to be understood.
fn format_of(stream: &StreamConfig, payload_type: PayloadType) -> Option<Format> {
    let event = stream.telephone_event;
    if event.is_some_and(|event| event.payload_types.receive == payload_type) {
        return event.map(|event| Format::Event(event.clock));
    }
    if payload_type == stream.payload_types.receive {
        return Some(Format::Audio(stream.codec));
    }
    // The tables translate one law to the other; nothing else can be relayed in place of what was agreed on.
    let is_g711 = stream.codec.law().is_some();
    match payload_type {
        PayloadType::PCMU if is_g711 => Some(Format::Audio(Codec::Pcmu)),
        PayloadType::PCMA if is_g711 => Some(Format::Audio(Codec::Pcma)),
        PayloadType::COMFORT_NOISE => Some(Format::ComfortNoise),
        // Some peers send under their own number.
        other => event
            .filter(|event| event.payload_types.send == other)
            .map(|event| Format::Event(event.clock)),
    }
}
