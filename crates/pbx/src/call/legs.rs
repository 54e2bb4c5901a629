//! What the legs say, and what it means for the call.

use std::time::Instant;

use switchboard_media::Stats;
use switchboard_routing::Side;
use switchboard_sdp::Codec;
use switchboard_sip::StatusCode;

use super::{Call, Stage};
use crate::cause::Cause;
use crate::event::CallEvent;
use crate::ids::LegNumber;
use crate::leg::Event;
use crate::record::{CallKind, LegQuality};
use crate::ring::{self, Failure};
use crate::world::World;

impl Call {
    pub(super) fn next_leg_event(&mut self) -> Option<(LegNumber, Event)> {
        self.legs.iter_mut().find_map(|(number, leg)| Some((*number, leg.poll_event()?)))
    }

    pub(super) fn on_leg(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LegNumber,
        event: Event,
    ) {
        if self.ended.is_some() {
            return;
        }
        match event {
            Event::Ready => self.on_ready(now, world, number),
            Event::NoPort if Some(number) == self.subject => self.end(now, world, Cause::Overload),
            Event::NoPort => {
                self.ring_input(number, |fork| ring::Input::Failed(fork, Failure::Unreachable));
            }
            Event::Ringing => self.on_ringing(now, world, number),
            Event::EarlyMedia => self.on_early_media(now, world, number),
            Event::Answered => self.ring_input(number, ring::Input::Answered),
            Event::Refused(status) => self.on_refused(now, world, number, status),
            Event::Cancelled => self.inform_gone(now, world, Side::Caller),
            Event::HungUp => self.on_hung_up(now, world, number),
            Event::Vanished => self.on_vanished(now, world, number),
            Event::Held => self.on_hold(now, world, number, true),
            Event::Resumed => self.on_hold(now, world, number, false),
            Event::Key(digit) => {
                self.on_key(now, world, number, switchboard_dtmf::merge::Way::Info, digit);
            }
            Event::Refer(referral) => self.on_refer(now, world, number, referral),
        }
    }

    fn on_ready(&mut self, now: Instant, world: &mut World, number: LegNumber) {
        if Some(number) == self.subject
            && matches!(self.stage, Stage::Opening(_))
            && let Stage::Opening(start) = std::mem::replace(&mut self.stage, Stage::Deciding)
        {
            self.begin(now, world, &start);
        }
    }

    fn on_refused(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LegNumber,
        status: StatusCode,
    ) {
        if Some(number) == self.partner {
            return self.end(now, world, Cause::Rejected);
        }
        self.note(now, format!("leg {number} failed: {status}"));
        world.tell(self.id, CallEvent::LegFailed { leg: number, status: status.code() });
        if let Stage::Ringing(ringing) = &self.stage
            && ringing.is_outside()
            && (400..=699).contains(&status.code())
            && !matches!(status.code(), 401 | 407 | 408 | 487)
        {
            self.outside = Some(status);
        }
        self.ring_input(number, |fork| ring::Input::Failed(fork, failure(status)));
    }

    fn on_hung_up(&mut self, now: Instant, world: &mut World, number: LegNumber) {
        if self.transferor_left(number) {
            return;
        }
        if Some(number) == self.subject {
            self.inform_gone(now, world, Side::Caller);
        } else if Some(number) == self.partner {
            self.inform_gone(now, world, Side::Callee);
        }
    }

    fn on_vanished(&mut self, now: Instant, world: &mut World, number: LegNumber) {
        if self.transferor_left(number) {
            return;
        }
        if Some(number) == self.subject || Some(number) == self.partner {
            self.end(now, world, Cause::PeerLost);
        }
    }

    /// Nothing is heard of a leg that should send.
    pub(super) fn on_silence(&mut self, now: Instant, world: &mut World, number: LegNumber) {
        let counts = Some(number) == self.subject || Some(number) == self.partner;
        let up = self.legs.get(&number).is_some_and(|leg| leg.is_up() && !leg.is_held());
        if counts && up && self.ended.is_none() {
            self.note(now, format!("leg {number}: no audio any more"));
            self.end(now, world, Cause::MediaLost);
        }
    }

    /// A port is free. Where nobody had asked for that the plane has lost the leg: a call without audio is none.
    pub(super) fn on_port_closed(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LegNumber,
        stats: &Stats,
    ) {
        let Some(leg) = self.legs.get_mut(&number) else { return };
        let is_lost = leg.port_closed();
        let party = leg.party().clone();
        if let (Some(ledger), Some(codec)) = (&mut self.ledger, stats.codec) {
            ledger.media(LegQuality {
                party,
                codec: Some(codec.name().to_owned()),
                received: stats.packets_received,
                sent: stats.packets_sent,
                lost: stats.packets_lost,
                jitter_us: u64::try_from(stats.jitter.as_micros()).unwrap_or(u64::MAX),
            });
        }
        if is_lost {
            self.end(now, world, Cause::MediaLost);
        }
    }

    /// Answers the subject unless it is answered; false when that ended the call.
    pub(super) fn answer_subject(
        &mut self,
        now: Instant,
        world: &mut World,
        prefer: Option<Codec>,
    ) -> bool {
        let Some(leg) = self.subject() else { return false };
        if leg.answer(now, world, prefer).is_err() {
            self.end(now, world, Cause::NoCodec);
            return false;
        }
        true
    }

    pub(super) fn is_inbound(&self) -> bool {
        self.ledger.as_ref().is_some_and(|ledger| ledger.head().kind == CallKind::Inbound)
    }
}

/// What a refusal means for the ring (RFC 3261 section 21).
fn failure(status: StatusCode) -> Failure {
    match status.code() {
        486 | 600 => Failure::Busy,
        603 | 607 => Failure::Declined,
        _ => Failure::Unreachable,
    }
}
