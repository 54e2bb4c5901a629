//! Two legs hear each other.

use std::time::Instant;

use switchboard_dialstring::{DialPlan, PauseLengths};
use switchboard_media::{Command, LegId, RecordingId};

use super::{Call, Stage};
use crate::cause::Cause;
use crate::event::CallEvent;
use crate::ids::LegNumber;
use crate::leg::Leg;
use crate::world::World;

impl Call {
    /// Joins the subject with whoever answered.
    pub(super) fn connect(&mut self, now: Instant, world: &mut World) {
        let Some(number) = self.partner else { return self.end(now, world, Cause::PeerLost) };
        let Some(partner) = self.legs.get(&number).filter(|leg| leg.is_up()) else {
            return self.end(now, world, Cause::PeerLost);
        };
        let (party, codec) = (partner.party().clone(), partner.codec());
        // The codec of who answered, so that nothing has to be translated.
        if !self.answer_subject(now, world, codec) {
            return;
        }
        self.stage = Stage::Talking;
        self.bridge(world, number);
        if let Some(ledger) = &mut self.ledger {
            ledger.answered(now, party.clone());
        }
        let by = party.user.as_ref().map_or(party.number.clone(), ToString::to_string);
        self.note(now, format!("answered by {by}"));
        self.take_facts();
        world.tell(self.id, CallEvent::Answered { party: party.clone() });
        self.hand_on_done(now, world, party);
        self.resume_hold(world);
    }

    /// The plane joins the subject and this leg.
    pub(super) fn bridge(&mut self, world: &mut World, number: LegNumber) {
        let other = self.legs.get(&number).and_then(Leg::media);
        if let (Some(a), Some(b)) = (self.subject_media(), other) {
            // The recording first: it stays where it has begun, and both legs go there.
            self.record(world, a, b);
            world.media(Command::Bridge { a, b });
        }
    }

    /// Begins the recording of a talk that the router lets be recorded, or goes on with another party:
    /// the subject on the left. An internal call never is (R11). It ends with its legs.
    fn record(&self, world: &mut World, left: LegId, right: LegId) {
        if self.router.as_ref().is_some_and(|router| router.facts().is_recorded()) {
            let recording = RecordingId(self.id.0);
            world.media(Command::Record { recording, left, right: Some(right) });
        }
    }

    /// Sends the digits behind the dialled number to whoever answered.
    pub(super) fn send_digits(&mut self, now: Instant, world: &mut World, plan: DialPlan) {
        let partner = self.partner.and_then(|number| self.legs.get(&number));
        let Some(leg) = partner.and_then(Leg::media) else { return };
        self.note(now, format!("sends digits {plan}"));
        world.tell(self.id, CallEvent::SendsDigits { plan: plan.to_string() });
        world.media(Command::SendDigits { leg, plan, pauses: PauseLengths::default() });
    }
}
