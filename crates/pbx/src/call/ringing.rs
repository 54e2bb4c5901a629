//! Finding somebody: the phones of users, or a number outside.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use switchboard_media::{Command, Tone};
use switchboard_routing::{Dial, Input, Targets, UserId};
use switchboard_sip::StatusCode;

use super::{Call, Stage};
use crate::destination::Destination;
use crate::event::CallEvent;
use crate::ids::LegNumber;
use crate::leg::Leg;
use crate::ring::{self, Failure, Fork, Ring};
use crate::world::World;

/// A ring, and the legs that are its forks.
#[derive(Debug)]
pub(super) struct Ringing {
    ring: Ring<Destination>,
    /// Whose phones each target's are.
    users: Vec<UserId>,
    forks: BTreeMap<LegNumber, Fork>,
    outside: bool,
}

impl Ringing {
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.ring.handle_timeout(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.ring.poll_timeout()
    }

    /// A number outside is called.
    pub(super) fn is_outside(&self) -> bool {
        self.outside
    }

    fn leg_of(&self, fork: Fork) -> Option<LegNumber> {
        self.forks.iter().find(|(_, other)| **other == fork).map(|(number, _)| *number)
    }
}

impl Call {
    /// Rings all phones of all targets.
    pub(super) fn ring(
        &mut self,
        now: Instant,
        world: &mut World,
        targets: &Targets,
        timeout: Duration,
    ) {
        let users: Vec<UserId> = targets.iter().map(|target| target.user().clone()).collect();
        let phones = users.iter().map(|user| {
            let bindings = world.phones.of(now, user);
            bindings.into_iter().map(|phone| Destination::phone(user, phone)).collect()
        });
        let phones: Vec<Vec<Destination>> = phones.collect();
        self.start_ring(now, world, users, phones, timeout, false);
    }

    /// Calls a number outside.
    pub(super) fn dial(&mut self, now: Instant, world: &mut World, dial: &Dial) {
        let trunk = vec![Destination::outside(dial)];
        if let Some(ledger) = &mut self.ledger {
            ledger.set_outbound(dial.line.as_ref());
        }
        self.start_ring(now, world, Vec::new(), vec![trunk], dial.timeout, true);
    }

    fn start_ring(
        &mut self,
        now: Instant,
        world: &mut World,
        users: Vec<UserId>,
        phones: Vec<Vec<Destination>>,
        timeout: Duration,
        outside: bool,
    ) {
        self.stop_ringing(now, world);
        self.outside = None;
        let ring = Ring::start(now, timeout, phones, world.config.limits.forks);
        self.stage = Stage::Ringing(Ringing { ring, users, forks: BTreeMap::new(), outside });
        // Who has been answered hears that somebody is called; a phone makes its own tone.
        if let Some(leg) = self.subject().filter(|leg| leg.is_up()).and_then(|leg| leg.media()) {
            world.media(Command::Tone { leg, tone: Tone::RingBack });
        }
    }

    /// Stops what still rings.
    pub(super) fn stop_ringing(&mut self, now: Instant, world: &mut World) {
        let Stage::Ringing(ringing) = &self.stage else { return };
        let forks: Vec<LegNumber> = ringing.forks.keys().copied().collect();
        for number in forks {
            if let Some(leg) = self.legs.get_mut(&number) {
                leg.end(now, world, StatusCode::REQUEST_TERMINATED);
            }
        }
        self.stage = Stage::Deciding;
    }

    /// The user's phones stop ringing: just dismissed.
    pub(super) fn withdraw(&mut self, now: Instant, world: &mut World, user: &UserId) {
        let Stage::Ringing(ringing) = &mut self.stage else { return };
        if let Some(target) = ringing.users.iter().position(|other| other == user) {
            ringing.ring.handle(ring::Input::Withdraw(target));
        }
        _ = (now, world);
    }

    pub(super) fn next_ring_output(&mut self) -> Option<ring::Output<Destination>> {
        match &mut self.stage {
            Stage::Ringing(ringing) => ringing.ring.poll_output(),
            _ => None,
        }
    }

    pub(super) fn on_ring(
        &mut self,
        now: Instant,
        world: &mut World,
        output: ring::Output<Destination>,
    ) {
        match output {
            ring::Output::Start { fork, phone } => self.call_phone(world, fork, &phone),
            ring::Output::Cancel(fork) => {
                let Stage::Ringing(ringing) = &self.stage else { return };
                let number = ringing.leg_of(fork);
                if let Some(leg) = number.and_then(|number| self.legs.get_mut(&number)) {
                    leg.end(now, world, StatusCode::REQUEST_TERMINATED);
                }
            }
            ring::Output::Won(fork) => self.on_won(now, world, fork),
            ring::Output::Lost(failure) => {
                self.stage = Stage::Deciding;
                self.quiet_subject(world);
                let input = match failure {
                    Failure::Busy => Input::Busy,
                    Failure::Declined => Input::Declined,
                    Failure::NoAnswer => Input::NoAnswer,
                    Failure::Unreachable => Input::Unreachable,
                };
                self.inform(now, world, input);
            }
        }
    }

    fn call_phone(&mut self, world: &mut World, fork: Fork, phone: &Destination) {
        let caller = match self.subject() {
            Some(leg) => leg.party().clone(),
            // A call that is made for a user shows that user what is to be dialled.
            None => world.outside_party(self.dialled()),
        };
        let prefer = self.subject().and_then(|leg| leg.codec());
        let hops = self.max_forwards.saturating_sub(1);
        let plan = phone.plan(world, &caller, hops);
        let Stage::Ringing(ringing) = &mut self.stage else { return };
        let Some((plan, peer, party)) = plan else {
            ringing.ring.handle(ring::Input::Failed(fork, Failure::Unreachable));
            return;
        };
        let number = LegNumber(self.next_leg);
        self.next_leg = self.next_leg.wrapping_add(1);
        ringing.forks.insert(number, fork);
        world.tell(self.id, CallEvent::Calling { leg: number, party: party.clone() });
        let leg = Leg::outgoing(world, (self.id, number), party, peer, plan, prefer);
        self.legs.insert(number, leg);
    }

    /// Something happened to a leg that may be a fork.
    pub(super) fn ring_input(
        &mut self,
        number: LegNumber,
        input: impl FnOnce(Fork) -> ring::Input,
    ) {
        if let Stage::Ringing(ringing) = &mut self.stage
            && let Some(fork) = ringing.forks.get(&number)
        {
            ringing.ring.handle(input(*fork));
        }
    }

    pub(super) fn on_ringing(&mut self, now: Instant, world: &mut World, number: LegNumber) {
        self.ring_input(number, ring::Input::Ringing);
        world.tell(self.id, CallEvent::Ringing { leg: number });
        if let Some(subject) = self.subject() {
            subject.ring(now, world);
        }
        self.hand_on_progress(now, world);
    }

    /// The outside plays something before it answers: the caller hears it.
    pub(super) fn on_early_media(&mut self, now: Instant, world: &mut World, number: LegNumber) {
        self.ring_input(number, ring::Input::Ringing);
        let outside = matches!(&self.stage, Stage::Ringing(ringing) if ringing.outside);
        if !outside {
            return self.on_ringing(now, world, number);
        }
        world.tell(self.id, CallEvent::Ringing { leg: number });
        let codec = self.legs.get(&number).and_then(Leg::codec);
        let Some(subject) = self.subject() else { return };
        subject.progress(now, world, codec);
        if !subject.has_audio() {
            // A caller who offered nothing cannot hear it.
            subject.ring(now, world);
            return;
        }
        self.quiet_subject(world);
        self.bridge(world, number);
    }

    fn on_won(&mut self, now: Instant, world: &mut World, fork: Fork) {
        let Stage::Ringing(ringing) = &self.stage else { return };
        let Some(number) = ringing.leg_of(fork) else { return };
        self.stage = Stage::Deciding;
        self.quiet_subject(world);
        let user = self.legs.get(&number).and_then(|leg| leg.user().cloned());
        if self.subject.is_none() {
            // The call is made for this user: from now on it is the user's.
            self.subject = Some(number);
            self.note(now, format!("leg {number} answered"));
        } else {
            self.partner = Some(number);
        }
        self.inform(now, world, Input::Answered { by: user.as_ref() });
        let withdrawn = matches!(self.stage, Stage::Deciding) && self.ended.is_none();
        if withdrawn {
            // The answer crossed the user's dismissal.
            self.partner = None;
            if let Some(leg) = self.legs.get_mut(&number) {
                leg.end(now, world, StatusCode::REQUEST_TERMINATED);
            }
            self.inform(now, world, Input::Unreachable);
        } else if let Some(user) = user {
            world.queues.answered(&user);
        }
    }

    /// Stops a tone or prompt that the subject hears.
    pub(super) fn quiet_subject(&mut self, world: &mut World) {
        if let Some(leg) = self.subject().filter(|leg| leg.is_up()).and_then(|leg| leg.media()) {
            world.media(Command::Stop { leg });
        }
    }

    fn dialled(&self) -> &str {
        self.ledger.as_ref().map_or("", |ledger| &ledger.head().dialled)
    }
}
