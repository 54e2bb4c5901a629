//! A key of one leg: for the collector, or for the other leg.

use std::time::Instant;

use switchboard_dialstring::{DialPlan, Digit, PauseLengths, Symbol};
use switchboard_dtmf::merge::Way;
use switchboard_media::Command;

use super::{Call, Stage};
use crate::event::CallEvent;
use crate::ids::LegNumber;
use crate::world::World;

impl Call {
    /// A key of a leg, heard on one way. The subject's are collected while a stage asks; between
    /// two who talk, the plane passes telephone-events on by itself and an INFO is sent on as one.
    pub(super) fn on_key(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LegNumber,
        way: Way,
        digit: Digit,
    ) {
        if self.ended.is_some() {
            return;
        }
        if matches!(self.stage, Stage::Talking) && way == Way::Info {
            let other = if Some(number) == self.subject { self.partner } else { self.subject };
            let leg = other.and_then(|other| self.legs.get(&other)).and_then(|leg| leg.media());
            let plan = DialPlan::from_symbols([Symbol::Digit(digit)]);
            if let (Some(leg), Some(plan)) = (leg, plan) {
                world.media(Command::SendDigits { leg, plan, pauses: PauseLengths::default() });
            }
        }
        if Some(number) != self.subject {
            return;
        }
        let Some(digit) = self.keys.press(now, way, digit) else { return };
        world.tell(self.id, CallEvent::Digit { leg: number, digit });
        if let (Stage::Prompt(_), Some(router)) = (&self.stage, &self.router) {
            let matcher = router.matcher();
            self.keys.collect(now, digit, &|digits: &[Digit]| matcher.matches(digits));
            if way == Way::Info {
                self.keys.release(now);
            }
        }
    }
}
