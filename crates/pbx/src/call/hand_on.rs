//! A call is handed on: blind transfer by REFER (RFC 5589).

use std::sync::Arc;
use std::time::Instant;

use switchboard_media::{Command, Tone};
use switchboard_routing::{Entry, Router};
use switchboard_sip::StatusCode;

use super::merge::Merge;
use super::{Call, Stage};
use crate::cause::Cause;
use crate::event::CallEvent;
use crate::ids::LegNumber;
use crate::leg::Referral;
use crate::record::Party;
use crate::world::World;

/// A call that is being handed on. The subject is who is handed on.
#[derive(Debug)]
pub(super) struct HandOn {
    /// The leg that hands on, and who it is; the leg may be gone already.
    by: LegNumber,
    /// The router of the call as it was, for when it comes back.
    before: Option<Router>,
    /// Who was the subject then.
    subject: Option<LegNumber>,
    rings: bool,
}

impl Call {
    /// A leg wants to hand its call on. Only users may, and only what they talk on.
    pub(super) fn on_refer(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LegNumber,
        referral: Box<Referral>,
    ) {
        let talking = matches!(self.stage, Stage::Talking) && self.hand_on.is_none();
        let party = self.other_than(number).filter(|_| talking);
        let Some(leg) = self.legs.get_mut(&number) else { return };
        let Some(user) = leg.user().cloned() else {
            return leg.refuse_referral(now, world, &referral, StatusCode::FORBIDDEN);
        };
        if party.is_none() {
            return leg.refuse_referral(now, world, &referral, StatusCode::DECLINE);
        }
        let request = Merge { by: number, user, referral };
        if request.referral.replaces.is_some() {
            self.merge = Some(request);
        } else {
            self.hand_on(now, world, &request);
        }
    }

    /// Calls the new party for whoever is handed on.
    pub(crate) fn hand_on(&mut self, now: Instant, world: &mut World, request: &Merge) {
        let Merge { by, user, referral } = request;
        let Some(party) = self.other_than(*by) else { return };
        if let Some(leg) = self.legs.get_mut(by) {
            leg.accept_referral(now, world, referral);
        }
        self.note(now, format!("{user} hands on to {}", referral.to));
        let target = referral.to.clone();
        world.tell(self.id, CallEvent::Transferring { leg: *by, target });
        let before = self.router.take();
        let facts = before.as_ref().map(|router| router.facts().clone());
        self.hand_on = Some(HandOn { by: *by, before, subject: self.subject, rings: false });
        self.subject = Some(party);
        self.partner = None;
        self.outside = None;
        let handed = self.legs.get(&party).and_then(|leg| leg.user().cloned());
        if let Some(leg) = self.subject_media() {
            world.media(Command::Unbridge { leg });
            world.media(Command::Stop { leg });
            world.media(Command::Tone { leg, tone: Tone::RingBack });
        }
        let facts = facts.unwrap_or(switchboard_routing::Facts::Internal { line: None });
        let entry =
            Entry::Transfer { by: user, party: handed.as_ref(), to: &referral.to, call: &facts };
        let router = Router::new(Arc::clone(&world.directory), entry);
        self.route(now, world, router);
    }

    /// The new party's phone rings: the transferring phone is told, once.
    pub(super) fn hand_on_progress(&mut self, now: Instant, world: &mut World) {
        let Some(hand_on) = &mut self.hand_on else { return };
        if std::mem::replace(&mut hand_on.rings, true) {
            return;
        }
        if let Some(leg) = self.legs.get_mut(&hand_on.by) {
            leg.notify(now, world, StatusCode::RINGING);
        }
    }

    /// The new party, or a service, has answered: the transferring phone is told and hung up.
    pub(super) fn hand_on_done(&mut self, now: Instant, world: &mut World, party: Party) {
        let Some(hand_on) = self.hand_on.take() else { return };
        if let Some(leg) = self.legs.get_mut(&hand_on.by) {
            leg.notify(now, world, StatusCode::OK);
            leg.end(now, world, StatusCode::OK);
        }
        world.tell(self.id, CallEvent::Transferred { party });
    }

    /// The new party cannot be had: the call goes back to who handed it on, if that phone is still
    /// there. True when it went back.
    pub(super) fn hand_on_ended(&mut self, now: Instant, world: &mut World, cause: Cause) -> bool {
        if self.hand_on.is_none() {
            return false;
        }
        let status = StatusCode::new(cause.status()).unwrap_or(StatusCode::TEMPORARILY_UNAVAILABLE);
        let status = self.outside.take().unwrap_or(status);
        let Some(hand_on) = self.hand_on_failed(now, world, status) else { return false };
        let back = self.legs.get(&hand_on.by).is_some_and(|leg| leg.is_up());
        if !back {
            return false;
        }
        let party = self.subject;
        self.subject = hand_on.subject;
        self.partner = if hand_on.subject == party { Some(hand_on.by) } else { party };
        self.router = hand_on.before;
        self.told = self.router.as_ref().map_or(0, |router| router.trace().events().len());
        self.stage = Stage::Talking;
        for number in [self.subject, self.partner].into_iter().flatten() {
            if let Some(leg) = self.legs.get(&number).and_then(|leg| leg.media()) {
                world.media(Command::Stop { leg });
            }
        }
        if let Some(partner) = self.partner {
            self.bridge(world, partner);
        }
        self.resume_hold(world);
        true
    }

    /// The transferring phone is told that it failed.
    pub(super) fn hand_on_failed(
        &mut self,
        now: Instant,
        world: &mut World,
        status: StatusCode,
    ) -> Option<HandOn> {
        let hand_on = self.hand_on.take()?;
        self.note(now, format!("not handed on: {status}"));
        world.tell(self.id, CallEvent::TransferFailed { status: status.code() });
        if let Some(leg) = self.legs.get_mut(&hand_on.by) {
            leg.notify(now, world, status);
        }
        Some(hand_on)
    }

    /// Who hands on has hung up, as is usual once it is under way: the call goes on without.
    pub(super) fn transferor_left(&self, number: LegNumber) -> bool {
        self.hand_on.as_ref().is_some_and(|hand_on| hand_on.by == number)
    }
}
