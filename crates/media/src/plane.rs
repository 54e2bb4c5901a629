//! The table of legs, their bridges and their timers.

mod hall;
mod moving;

use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;

use switchboard_dtmf::receiver::Output as Press;
use switchboard_dtmf::sender::Plan;

use self::hall::Hall;
pub use self::moving::MovedLeg;
use crate::leg::{Full, Leg};
use crate::outputs::Outputs;
use crate::random::Random;
use crate::timers::Timers;
use crate::tone::Tones;
use crate::{
    Channel, Command, EventKind, Input, LegId, Output, RecordingId, Repeat, Stats, ToneSet,
};

/// Settings of a [`Plane`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaneConfig {
    /// Legs at once; more are refused.
    pub max_legs: usize,
    /// Silence of a peer that should send after which [`EventKind::Silent`] is reported; `None`:
    /// never.
    pub rtp_timeout: Option<Duration>,
    /// The call-progress tones.
    pub tones: ToneSet,
    /// Seed of SSRCs, first sequence numbers and timestamps, and of RTCP intervals. A seed that
    /// nobody can guess makes streams that nobody can guess.
    pub seed: u64,
}

impl Default for PlaneConfig {
    /// 20,000 legs, 30 s of silence, Germany's tones, seed 0.
    fn default() -> Self {
        Self {
            max_legs: 20_000,
            rtp_timeout: Some(Duration::from_secs(30)),
            tones: ToneSet::germany(),
            seed: 0,
        }
    }
}

/// An input that makes no sense now: the caller's fault; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaneError {
    /// No such leg; a datagram for a leg just closed is one too.
    #[error("leg {0} is not open")]
    UnknownLeg(LegId),
    /// The leg exists already.
    #[error("leg {0} is open already")]
    AlreadyOpen(LegId),
    /// The table is full.
    #[error("the limit of {0} legs is reached")]
    TooManyLegs(usize),
    /// A leg cannot be bridged with itself; echo does that.
    #[error("leg {0} cannot be bridged with itself")]
    SelfBridge(LegId),
    /// Eight plans of digits wait already.
    #[error("too many digits wait to be sent on leg {0}")]
    TooManyDigits(LegId),
    /// As many recordings as legs go on already.
    #[error("the limit of {0} recordings is reached")]
    TooManyRecordings(usize),
}

/// The media of all calls: a bounded table of legs, their timers and their bridges.
#[derive(Debug)]
pub struct Plane {
    max_legs: usize,
    rtp_timeout: Option<Duration>,
    tones: Tones,
    random: Random,
    legs: BTreeMap<LegId, Leg>,
    timers: Timers,
    hall: Hall,
    out: Outputs,
}

impl Plane {
    /// An empty plane.
    #[must_use]
    pub fn new(config: PlaneConfig) -> Self {
        Self {
            max_legs: config.max_legs,
            rtp_timeout: config.rtp_timeout,
            tones: Tones::new(&config.tones),
            random: Random::new(config.seed),
            legs: BTreeMap::new(),
            timers: Timers::default(),
            hall: Hall::default(),
            out: Outputs::default(),
        }
    }

    /// Takes a datagram or a command. Junk in a datagram is no error: it is counted.
    ///
    /// # Errors
    /// When the input names a leg that does not exist, or cannot be done.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), PlaneError> {
        match input {
            Input::Packet { leg: id, channel, source, payload } => {
                let leg = self.legs.get_mut(&id).ok_or(PlaneError::UnknownLeg(id))?;
                let opened = leg.open(channel, source, payload);
                let payload = match &opened {
                    None => payload,
                    Some(Ok(opened)) => opened,
                    Some(Err(_)) => return Ok(()),
                };
                match channel {
                    Channel::Rtp => {
                        if let Some(heard) = leg.on_rtp(now, source, payload) {
                            leg.overhear(now, &heard);
                            let listener = if leg.is_echo() { Some(id) } else { leg.partner };
                            if let Some(leg) = listener.and_then(|id| self.legs.get_mut(&id)) {
                                leg.relay(now, &heard, &mut self.out);
                            }
                        }
                    }
                    Channel::Rtcp => leg.on_rtcp(now, source, payload),
                }
                self.settle(now, id);
                Ok(())
            }
            Input::Command(command) => self.command(now, command),
        }
    }

    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, id)) = self.timers.peek()
            && at <= now
        {
            self.timers.pop();
            let Some(leg) = self.legs.get_mut(&id).filter(|leg| leg.scheduled == Some(at)) else {
                continue;
            };
            leg.scheduled = None;
            leg.handle_timeout(now, &mut self.random, &mut self.out);
            self.settle(now, id);
        }
        self.drop_stale();
        self.hall.handle_timeout(now, &mut self.legs, &mut self.out);
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let legs = self.timers.peek().map(|(at, _)| at);
        legs.into_iter().chain(self.hall.poll_timeout()).min()
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop()
    }

    /// How many legs are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.legs.len()
    }

    /// Whether no leg is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// The figures of an open leg so far.
    #[must_use]
    pub fn stats(&self, leg: LegId) -> Option<Stats> {
        self.legs.get(&leg).map(Leg::stats)
    }

    fn command(&mut self, now: Instant, command: Command) -> Result<(), PlaneError> {
        let Some(id) = leg_of(&command) else { return self.wide_command(now, command) };
        let leg = self.legs.get_mut(&id).ok_or(PlaneError::UnknownLeg(id))?;
        // What was due before the command is done under the old order.
        leg.handle_timeout(now, &mut self.random, &mut self.out);
        match command {
            Command::Configure { stream, .. } => {
                leg.configure(now, stream);
                self.translate(now, id);
            }
            Command::Play { audio, repeat, token, .. } => {
                leg.play(now, (audio, repeat, Some(token)), &mut self.out);
            }
            Command::Tone { tone, .. } => {
                let audio = self.tones.get(tone);
                leg.play(now, (audio, Repeat::Forever, None), &mut self.out);
            }
            Command::Stop { .. } => leg.stop(&mut self.out),
            Command::Echo { .. } => leg.echo(&mut self.out),
            Command::Bridge { a, b } => self.bridge(now, a, b)?,
            Command::Unbridge { .. } => {
                self.unbridge(now, id);
                self.hall.leave(id);
                self.review(now, id);
            }
            Command::Join { room, .. } => {
                self.unbridge(now, id);
                self.hall.join(room, id);
                self.review(now, id);
            }
            Command::SendDigits { plan, pauses, .. } => {
                let sent = leg.send_digits(Plan::of(&plan, &pauses));
                sent.map_err(|Full| PlaneError::TooManyDigits(id))?;
            }
            Command::Close { .. } => {
                self.unbridge(now, id);
                self.hall.forget(id, &mut self.out);
                if let Some(mut leg) = self.legs.remove(&id) {
                    leg.close(now, &mut self.out);
                }
            }
            Command::Open { .. } | Command::Record { .. } | Command::StopRecording { .. } => {}
        }
        // A new order may have something due at once.
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.handle_timeout(now, &mut self.random, &mut self.out);
        }
        self.settle(now, id);
        self.drop_stale();
        Ok(())
    }

    /// A command that is not for one leg that is there.
    fn wide_command(&mut self, now: Instant, command: Command) -> Result<(), PlaneError> {
        match command {
            Command::Open { leg } => self.open(now, leg),
            Command::Record { recording, left, right } => self.record(now, recording, left, right),
            Command::StopRecording { recording } => {
                let legs = self.hall.recorded(recording);
                self.hall.stop_recording(recording, &mut self.out);
                legs.for_each(|leg| self.review(now, leg));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, now: Instant, id: LegId) -> Result<(), PlaneError> {
        self.admit(id)?;
        self.legs.insert(id, Leg::new(now, id, self.rtp_timeout, &mut self.random));
        Ok(())
    }

    /// Whether there is room for a leg of this name.
    fn admit(&self, id: LegId) -> Result<(), PlaneError> {
        if self.legs.contains_key(&id) {
            return Err(PlaneError::AlreadyOpen(id));
        }
        if self.legs.len() >= self.max_legs {
            return Err(PlaneError::TooManyLegs(self.max_legs));
        }
        Ok(())
    }

    fn bridge(&mut self, now: Instant, a: LegId, b: LegId) -> Result<(), PlaneError> {
        if a == b {
            return Err(PlaneError::SelfBridge(a));
        }
        let other = self.legs.get_mut(&b).ok_or(PlaneError::UnknownLeg(b))?;
        other.handle_timeout(now, &mut self.random, &mut self.out);
        for id in [a, b] {
            self.unbridge(now, id);
            self.hall.leave(id);
            self.review(now, id);
        }
        for (id, partner) in [(a, b), (b, a)] {
            if let Some(leg) = self.legs.get_mut(&id) {
                leg.partner = Some(partner);
                if leg.is_echo() {
                    leg.stop(&mut self.out);
                }
            }
        }
        self.translate(now, a);
        self.settle(now, b);
        Ok(())
    }

    fn record(
        &mut self,
        now: Instant,
        recording: RecordingId,
        left: LegId,
        right: Option<LegId>,
    ) -> Result<(), PlaneError> {
        for leg in [Some(left), right].into_iter().flatten() {
            if !self.legs.contains_key(&leg) {
                return Err(PlaneError::UnknownLeg(leg));
            }
        }
        let before: Vec<LegId> = self.hall.recorded(recording).collect();
        if before.is_empty() && self.hall.recordings() >= self.max_legs {
            return Err(PlaneError::TooManyRecordings(self.max_legs));
        }
        self.hall.record(now, recording, Some(left), right);
        for leg in before.into_iter().chain([left]).chain(right) {
            self.review(now, leg);
        }
        Ok(())
    }

    fn review(&mut self, now: Instant, id: LegId) {
        if let Some(leg) = self.legs.get_mut(&id) {
            self.hall.review(now, id, leg);
        }
    }

    fn unbridge(&mut self, now: Instant, id: LegId) {
        let partner = self.legs.get_mut(&id).and_then(|leg| leg.partner.take());
        if let Some(leg) = partner.and_then(|id| self.legs.get_mut(&id)) {
            leg.partner = None;
        }
        for id in [Some(id), partner].into_iter().flatten() {
            self.translate(now, id);
        }
    }

    /// Two bridged legs whose codecs no table translates: what one says is decoded for the other.
    fn translate(&mut self, now: Instant, id: LegId) {
        let Some(leg) = self.legs.get(&id) else { return };
        let (codec, partner) = (leg.codec(), leg.partner);
        let other = partner.and_then(|id| self.legs.get(&id)?.codec());
        let is_translated = codec.zip(other).is_some_and(|(codec, other)| !codec.relays_to(other));
        for id in [Some(id), partner].into_iter().flatten() {
            let Some(leg) = self.legs.get_mut(&id) else { continue };
            if leg.is_translated != is_translated {
                leg.is_translated = is_translated;
                self.review(now, id);
            }
        }
    }

    /// Reports what a leg heard, passes presses on, and schedules it anew.
    fn settle(&mut self, now: Instant, id: LegId) {
        while let Some(leg) = self.legs.get_mut(&id)
            && let Some(press) = leg.poll_press()
        {
            let kind = match press {
                Press::Start { digit } => EventKind::DigitStart { digit },
                Press::End { digit, duration } => EventKind::Digit { digit, duration },
            };
            self.out.event(id, kind);
            if let Some(partner) = leg.partner {
                if let Some(leg) = self.legs.get_mut(&partner) {
                    leg.pass_press(now, press, &mut self.out);
                }
                self.schedule(partner);
            }
        }
        self.schedule(id);
    }

    /// Sets a leg's timer, unless it fires early enough already.
    fn schedule(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if let Some(at) = leg.poll_timeout()
            && leg.scheduled.is_none_or(|scheduled| at < scheduled)
        {
            leg.scheduled = Some(at);
            self.timers.push(at, id);
        }
    }

    fn drop_stale(&mut self) {
        while let Some((at, id)) = self.timers.peek()
            && self.legs.get(&id).is_none_or(|leg| leg.scheduled != Some(at))
        {
            self.timers.pop();
        }
    }
}

/// The leg that a command is for, and that must be there.
const fn leg_of(command: &Command) -> Option<LegId> {
    match command {
        Command::Configure { leg, .. }
        | Command::Play { leg, .. }
        | Command::Tone { leg, .. }
        | Command::Stop { leg }
        | Command::Echo { leg }
        | Command::Bridge { a: leg, .. }
        | Command::Unbridge { leg }
        | Command::Join { leg, .. }
        | Command::SendDigits { leg, .. }
        | Command::Close { leg } => Some(*leg),
        Command::Open { .. } | Command::Record { .. } | Command::StopRecording { .. } => None,
    }
}
