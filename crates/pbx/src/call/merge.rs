//! Attended transfer: two calls of one user become one (RFC 5589 section 7, RFC 3891).

use std::time::Instant;

use switchboard_media::Command;
use switchboard_routing::{Router, UserId};
use switchboard_sip::StatusCode;
use switchboard_sip::dialog::DialogId;

use super::{Call, Stage};
use crate::cause::Cause;
use crate::event::CallEvent;
use crate::ids::LegNumber;
use crate::leg::{Leg, Referral};
use crate::record::{CallKind, RecordHead};
use crate::world::World;

/// A user wants a call handed on; with `Replaces`, to the party of another call of theirs.
#[derive(Debug)]
pub(crate) struct Merge {
    pub(super) by: LegNumber,
    pub(super) user: UserId,
    pub(super) referral: Box<Referral>,
}

impl Merge {
    /// The user's dialog in the other call.
    pub(crate) fn replaces(&self) -> Option<&DialogId> {
        self.referral.replaces.as_ref()
    }

    pub(crate) fn user(&self) -> &UserId {
        &self.user
    }
}

/// A party given away, with what its call was.
pub(crate) struct Released {
    leg: Leg,
    head: Option<RecordHead>,
    router: Option<Router>,
}

impl Call {
    /// What needs a second call, for whoever has all of them.
    pub(crate) fn take_merge(&mut self) -> Option<Merge> {
        self.merge.take()
    }

    /// Who talks with this user's leg.
    pub(crate) fn consulted(&self, number: LegNumber, user: &UserId) -> Option<LegNumber> {
        let own = self.legs.get(&number)?.user() == Some(user);
        let talking = matches!(self.stage, Stage::Talking) && self.hand_on.is_none();
        self.other_than(number).filter(|_| own && talking)
    }

    /// Whose leg this is, where it is a user's.
    pub(crate) fn user_of(&self, number: LegNumber) -> Option<&UserId> {
        self.legs.get(&number)?.user()
    }

    /// Gives a leg away, and ends what is left of the call.
    pub(crate) fn release(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LegNumber,
    ) -> Option<Released> {
        let leg = self.legs.remove(&number)?;
        let head = self.ledger.as_ref().map(|ledger| ledger.head().clone());
        self.end(now, world, Cause::Merged);
        Some(Released { leg, head, router: self.router.take() })
    }

    /// A name for a leg that comes from another call.
    pub(crate) fn make_room(&mut self) -> LegNumber {
        self.new_leg()
    }

    /// Joins a leg of another call with the party of whoever handed on.
    pub(crate) fn adopt(
        &mut self,
        now: Instant,
        world: &mut World,
        merge: &Merge,
        number: LegNumber,
        released: Released,
    ) {
        let Released { mut leg, head, router } = released;
        leg.moved(self.key(number));
        let party = leg.party().clone();
        self.legs.insert(number, leg);
        let target = merge.referral.to.clone();
        world.tell(self.id, CallEvent::Transferring { leg: merge.by, target });
        if self.subject == Some(merge.by) {
            self.subject = Some(number);
        } else {
            self.partner = Some(number);
        }
        if let Some(by) = self.legs.get_mut(&merge.by) {
            by.accept_referral(now, world, &merge.referral);
            by.notify(now, world, StatusCode::OK);
            by.end(now, world, StatusCode::OK);
        }
        for number in [self.subject, self.partner].into_iter().flatten() {
            if let Some(leg) = self.legs.get(&number).and_then(Leg::media) {
                world.media(Command::Stop { leg });
            }
        }
        if let Some(partner) = self.partner {
            self.bridge(world, partner);
        }
        self.resume_hold(world);
        self.note(now, format!("{} hands on to {}", merge.user, party.number));
        if let Some(ledger) = &mut self.ledger {
            ledger.answered(now, party.clone());
        }
        if let (Some(head), Some(router)) = (head, router) {
            self.stay_external(now, number, head, router);
        }
        world.tell(self.id, CallEvent::Transferred { party });
    }

    /// A party from outside has come into a call between colleagues: the call goes on as the
    /// external one that the party was in, recorded as its line says.
    fn stay_external(&mut self, now: Instant, adopted: LegNumber, was: RecordHead, router: Router) {
        let Some(number) = self.other_than(adopted) else { return };
        let Some(colleague) = self.legs.get(&number).map(|leg| leg.party().clone()) else { return };
        let Some(ledger) = self.ledger.as_mut() else { return };
        let outside = !router.facts().is_internal();
        if !outside || ledger.head().kind != CallKind::Internal {
            return;
        }
        // Whoever called from outside is the caller still, and the colleague has the call.
        if was.kind == CallKind::Inbound {
            ledger.answered(now, colleague);
            (self.subject, self.partner) = (Some(adopted), Some(number));
        }
        ledger.continue_as(was);
        self.told = router.trace().events().len();
        self.router = Some(router);
        self.take_facts();
    }
}
