//! One leg: the machine between one peer and what it hears.
//!
//! ```text
//!            Open               Configure               Close
//!   ────────────────▶ opened ───────────────▶ agreed ──────────▶ (figures)
//!                                              │  ▲
//!                                              └──┘ Configure again (re-INVITE)
//! ```
//!
//! What an agreed leg sends at each tick of its playout clock is the first of: digits as tones,
//! nothing while a telephone-event sounds, a prompt or tone, what a room says, nothing while relayed
//! packets flow, comfort noise where the other side named some, silence.

mod digits;
mod hearing;
mod incoming;
mod outgoing;
mod playout;
mod relay;
mod reports;
mod secured;
mod speak;
mod voice;

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use switchboard_dtmf::receiver::Output as Press;
use switchboard_dtmf::sender::Plan;
use switchboard_rtp::rtcp::Compound;
use switchboard_rtp::{
    RtpTimestamp, SequenceNumber, SourceLatch, SourceVerdict, SrtpError, Ssrc, is_rtcp,
};

pub(crate) use self::digits::Full;
use self::digits::{Digits, Job};
use self::hearing::Mixed;
pub(crate) use self::incoming::Heard;
use self::incoming::Incoming;
use self::outgoing::Outgoing;
use self::playout::{Playing, Playout, Source};
use self::reports::{Bye, Reports};
pub(crate) use self::secured::Secured;
use self::voice::Voice;
use crate::ear::Ear;
use crate::outputs::Outputs;
use crate::random::Random;
use crate::{
    Audio, Channel, Codec, ComfortNoise, EventKind, LegId, PlayEnd, Repeat, Stats, StreamConfig,
    Token,
};

/// While packets are relayed, silence of ours begins this long after the last.
const RELAY_HOLD: Duration = Duration::from_millis(100);
/// A prompt waits so long for a peer that must be heard first; then it plays to nobody.
const FIRST_PACKET_WAIT: Duration = Duration::from_secs(1);
/// A clock that was not called for longer than this leaves out what it missed.
const MAX_CATCH_UP: Duration = Duration::from_millis(200);
/// The longest packet time, and samples in it.
const MAX_PTIME: Duration = Duration::from_millis(60);
const MAX_SAMPLES: usize = 480;

#[derive(Debug)]
pub(crate) struct Leg {
    id: LegId,
    /// The leg whose audio this one hears.
    pub(crate) partner: Option<LegId>,
    /// When the plane's timer for this leg fires.
    pub(crate) scheduled: Option<Instant>,
    rtp_timeout: Option<Duration>,
    agreed: Option<Agreed>,
    incoming: Incoming,
    outgoing: Outgoing,
    source: Source,
    digits: Digits,
    reports: Reports,
    /// When something was last relayed to the peer.
    relayed: Option<Instant>,
    /// What the other side's pause sounds like.
    noise: Option<ComfortNoise>,
    /// What its peer says as samples, while somebody needs them.
    ear: Option<Box<Ear>>,
    /// What others say as samples.
    mixed: Option<Mixed>,
    /// The memory of a codec that has one, once something of our own was said in it.
    voice: Option<Box<Voice>>,
    /// The keys, where the peer encrypts.
    secured: Option<Box<Secured>>,
    /// The keys of before, while a re-INVITE has turned encryption off. It may come back with the same
    /// ones, which must neither seal with a counter that was used nor take what was heard before.
    resting: Option<Box<Secured>>,
    unauthentic: u64,
    /// What its peer says must be decoded for its partner.
    pub(crate) is_translated: bool,
}

/// What exists once offer and answer are through.
#[derive(Debug)]
struct Agreed {
    stream: StreamConfig,
    latch: SourceLatch,
    rtcp_latch: SourceLatch,
    playout: Playout,
}

impl Agreed {
    /// Where audio may be sent now.
    fn destination(&self) -> Option<SocketAddr> {
        self.stream.direction.sends().then(|| self.latch.destination()).flatten()
    }
}

impl Leg {
    pub(crate) fn new(
        now: Instant,
        id: LegId,
        rtp_timeout: Option<Duration>,
        random: &mut Random,
    ) -> Self {
        let (ssrc, number) = (Ssrc(random.next_u32()), SequenceNumber(random.next_u32() as u16));
        let origin = RtpTimestamp(random.next_u32());
        Self {
            id,
            partner: None,
            scheduled: None,
            rtp_timeout,
            agreed: None,
            incoming: Incoming::new(now),
            outgoing: Outgoing::new(now, ssrc, number, origin),
            source: Source::Nothing,
            digits: Digits::default(),
            reports: Reports::new(now, random),
            relayed: None,
            noise: None,
            ear: None,
            mixed: None,
            voice: None,
            secured: None,
            resting: None,
            unauthentic: 0,
            is_translated: false,
        }
    }

    /// What offer and answer say, the first time or again.
    pub(crate) fn configure(&mut self, now: Instant, mut stream: StreamConfig) {
        stream.ptime = usable_ptime(stream.ptime);
        let rtcp = stream.remote_rtcp.unwrap_or_else(|| next_port(stream.remote));
        let known = self.secured.take().or_else(|| self.resting.take());
        match (stream.srtp, known) {
            (None, known) => self.resting = known,
            (Some(keys), Some(mut secured)) => {
                secured.rekey(keys);
                self.secured = Some(secured);
            }
            (Some(keys), None) => self.secured = Some(Box::new(Secured::new(keys))),
        }
        self.incoming.configure(now, &stream);
        self.outgoing.interrupt();
        self.outgoing.set_clock(now, stream.codec.clock_rate());
        match &mut self.agreed {
            None => {
                self.agreed = Some(Agreed {
                    stream,
                    latch: SourceLatch::new(stream.remote, stream.signalling),
                    rtcp_latch: SourceLatch::new(rtcp, stream.signalling),
                    playout: Playout::new(now, stream.ptime),
                });
            }
            Some(agreed) => {
                agreed.latch.renew(stream.remote, stream.signalling);
                agreed.rtcp_latch.renew(rtcp, stream.signalling);
                if agreed.playout.period() != stream.ptime {
                    agreed.playout = Playout::new(now, stream.ptime);
                }
                agreed.stream = stream;
            }
        }
        if self.ear.as_ref().is_some_and(|ear| ear.clock() != stream.codec.clock_rate()) {
            self.close_ear();
            self.open_ear();
        }
    }

    /// What it speaks, once that is agreed on.
    pub(crate) fn codec(&self) -> Option<Codec> {
        self.agreed.as_ref().map(|agreed| agreed.stream.codec)
    }

    /// Plays audio, or a tone when nobody waits for its end.
    pub(crate) fn play(
        &mut self,
        now: Instant,
        (audio, repeat, token): (Arc<Audio>, Repeat, Option<Token>),
        out: &mut Outputs,
    ) {
        self.replace(Source::Audio(Playing::new(audio, repeat, token, now)), out);
    }

    pub(crate) fn echo(&mut self, out: &mut Outputs) {
        self.replace(Source::Echo, out);
    }

    pub(crate) fn stop(&mut self, out: &mut Outputs) {
        self.replace(Source::Nothing, out);
    }

    pub(crate) fn is_echo(&self) -> bool {
        matches!(self.source, Source::Echo)
    }

    pub(crate) fn send_digits(&mut self, plan: Plan) -> Result<(), Full> {
        self.digits.push(Job::plan(plan))
    }

    fn replace(&mut self, source: Source, out: &mut Outputs) {
        let old = core::mem::replace(&mut self.source, source);
        self.outgoing.interrupt();
        if let Source::Audio(Playing { token: Some(token), .. }) = old {
            out.event(self.id, EventKind::Played { token, end: PlayEnd::Interrupted });
        }
    }

    /// Opens a datagram of a peer that encrypts; `None`: it is plain. Who is refused by its address is
    /// not worth a look at the tag, and what is not authentic teaches nothing.
    pub(crate) fn open(
        &mut self,
        channel: Channel,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Option<Result<Bytes, SrtpError>> {
        let secured = self.secured.as_mut()?;
        let agreed = self.agreed.as_ref()?;
        let mut latch = match channel {
            Channel::Rtp => agreed.latch,
            Channel::Rtcp => agreed.rtcp_latch,
        };
        if latch.check(source) == SourceVerdict::Refused {
            self.incoming.foreign += 1;
            return Some(Err(SrtpError::NotAuthentic));
        }
        let opened = secured.open(channel, datagram);
        self.unauthentic += u64::from(opened.is_err());
        Some(opened)
    }

    /// Takes an RTP datagram; what may be relayed.
    pub(crate) fn on_rtp<'a>(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &'a [u8],
    ) -> Option<Heard<'a>> {
        let Some(agreed) = &mut self.agreed else {
            self.incoming.foreign += 1;
            return None;
        };
        if is_rtcp(datagram) {
            // Both on one port (RFC 5761), even where it was not agreed on.
            if agreed.latch.learnt().is_some() && agreed.latch.check(source).is_accepted() {
                self.read_rtcp(now, datagram);
            } else {
                self.incoming.foreign += 1;
            }
            return None;
        }
        let parts = (&agreed.stream, &mut agreed.latch, self.outgoing.ssrc);
        self.incoming.packet(now, source, datagram, parts)
    }

    pub(crate) fn on_rtcp(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) {
        let is_accepted = Compound::parse(datagram).is_ok()
            && self.agreed.as_mut().is_some_and(|a| a.rtcp_latch.check(source).is_accepted());
        if is_accepted {
            self.read_rtcp(now, datagram);
        } else if Compound::parse(datagram).is_ok() {
            self.incoming.foreign += 1;
        } else {
            self.incoming.malformed += 1;
        }
    }

    fn read_rtcp(&mut self, now: Instant, datagram: &[u8]) {
        let Ok(compound) = Compound::parse(datagram) else {
            self.incoming.malformed += 1;
            return;
        };
        self.incoming.note_alive(now);
        let statistics = &mut self.incoming.statistics;
        self.reports.read(now, &compound, self.outgoing.ssrc, statistics);
    }

    /// A press, or the beginning of one, that the peer made.
    pub(crate) fn poll_press(&mut self) -> Option<Press> {
        self.incoming.poll_press()
    }

    /// Does everything that is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant, random: &mut Random, out: &mut Outputs) {
        self.incoming.handle_timeout(now);
        if self.agreed.is_none() {
            return;
        }
        self.start_digits(now);
        self.digits.handle_timeout(now);
        self.drain_digits(now, out);
        self.tick(now, out);
        self.drain_digits(now, out);
        if now >= self.reports.due {
            self.report(now, Bye::No, out);
            self.reports.reschedule(now, random);
        }
        if self.silent_at().is_some_and(|at| now >= at) {
            let since = self.incoming.note_silence(now);
            out.event(self.id, EventKind::Silent { since });
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let agreed = self.agreed.as_ref();
        [
            self.incoming.poll_timeout(),
            self.digits.poll_timeout(),
            agreed.and_then(|agreed| self.next_tick(agreed)),
            agreed.map(|_| self.reports.due),
            self.silent_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The leg is over: its last report, and its figures.
    pub(crate) fn close(&mut self, now: Instant, out: &mut Outputs) {
        if self.outgoing.packets > 0 {
            self.report(now, Bye::Yes, out);
        }
        let stats = self.stats();
        out.event(self.id, EventKind::Closed { stats });
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            codec: self.codec(),
            packets_received: self.incoming.statistics.received(),
            packets_sent: self.outgoing.packets,
            packets_lost: self.incoming.statistics.lost(),
            foreign: self.incoming.foreign,
            malformed: self.incoming.malformed,
            unauthentic: self.unauthentic,
            jitter: self.incoming.statistics.jitter(),
            playout_delay: self.ear.as_ref().map(|e| e.delay()).or(self.incoming.playout_delay),
            late: self.incoming.late + self.ear.as_ref().map_or(0, |ear| ear.late()),
            remote_lost: self.reports.remote_lost,
            round_trip: self.reports.round_trip,
        }
    }

    /// The next tick at which there may be something to send. A leg on hold with nothing of its own has none: a
    /// thousand of them cost nothing.
    fn next_tick(&self, agreed: &Agreed) -> Option<Instant> {
        let is_own = matches!(self.source, Source::Audio(_))
            || self.digits.is_audible()
            || self.mixed.is_some();
        if !is_own && !agreed.stream.direction.sends() {
            return None;
        }
        Some(match self.relayed {
            Some(relayed) if !is_own => agreed.playout.due_after(relayed + RELAY_HOLD),
            _ => agreed.playout.due(),
        })
    }

    fn silent_at(&self) -> Option<Instant> {
        let receives = self.agreed.as_ref()?.stream.direction.receives();
        self.rtp_timeout.filter(|_| receives).map(|timeout| self.incoming.silent_at(timeout))
    }

    fn report(&mut self, now: Instant, bye: Bye, out: &mut Outputs) {
        let Some(agreed) = &self.agreed else { return };
        // Nobody is told anything before audio may go there.
        let (channel, latch) = if agreed.stream.rtcp_mux {
            (Channel::Rtp, &agreed.latch)
        } else {
            (Channel::Rtcp, &agreed.rtcp_latch)
        };
        let Some(destination) = latch.destination() else { return };
        let (reports, outgoing) = (&mut self.reports, &self.outgoing);
        let statistics = &mut self.incoming.statistics;
        let secured = self.secured.as_deref_mut();
        out.transmit(self.id, channel, destination, secured, |buffer| {
            reports.write(now, outgoing, statistics, bye, buffer);
        });
    }
}

/// Multiples of 10 ms up to 60 ms; anything else becomes 20 ms.
fn usable_ptime(ptime: Duration) -> Duration {
    let is_usable =
        !ptime.is_zero() && ptime <= MAX_PTIME && ptime.as_micros().is_multiple_of(10_000);
    if is_usable { ptime } else { Duration::from_millis(20) }
}

/// RTCP's port where none was named (RFC 3550, section 11).
fn next_port(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(0))
}
