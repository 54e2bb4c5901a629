//! A call: the caller's leg, the router that decides, the ring that finds somebody, and the leg
//! that answered.
//!
//! The files beside this one are one job each; this one joins them and passes on what they say.

mod hand_on;
mod hold;
mod keys;
mod legs;
mod merge;
mod prompts;
mod ringing;
mod serve;
mod start;
mod steps;
mod talk;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use switchboard_media as media;
use switchboard_routing::{Input, Router, UserId};
use switchboard_sip::{Flow, StatusCode};

pub(crate) use start::{Admitted, Start};

use crate::calls::Seen;
use crate::cause::Cause;
use crate::config::RunningCalls;
use crate::event::CallEvent;
use crate::ids::{CallId, LegNumber};
use crate::io::Output;
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::leg::{Leg, Peer};
use crate::pbx::CallView;
use crate::record::RecordHead;
use crate::routes::LegKey;
use crate::world::World;
use hand_on::HandOn;
pub(crate) use merge::Merge;
use prompts::Prompts;
use ringing::Ringing;

/// A call.
///
/// ```text
///   Opening --port--> (router) --+--> Prompt ----digits, played--> (router)
///                        ^       +--> Ringing ---won, lost-------> (router)
///                        |       +--> Waiting ---turn------------> (router)
///                        |       +--> Talking ---REFER-----------> (another router)
///                        |       +--> Serving
///                        |       +--> Farewell --time over--+
///                        +-------|                          v
///                                +--> end of the call --> Ended --all ports freed--> record closed
/// ```
#[derive(Debug)]
pub(crate) struct Call {
    id: CallId,
    /// `None` once the record is written.
    ledger: Option<Ledger>,
    legs: BTreeMap<LegNumber, Leg>,
    next_leg: u16,
    router: Option<Router>,
    /// How much of the router's trace has been told.
    told: usize,
    keys: Keys,
    stage: Stage,
    /// The leg that the router serves: the caller's, or who is handed on.
    subject: Option<LegNumber>,
    /// Who talks with the subject.
    partner: Option<LegNumber>,
    hand_on: Option<HandOn>,
    /// What needs a second call.
    merge: Option<Merge>,
    /// The last prompt's name towards the media plane.
    token: u64,
    /// What is left of the caller's hops (RFC 3261 section 8.1.1.6).
    max_forwards: u8,
    /// How the outside refused: the caller is told the same.
    outside: Option<StatusCode>,
    ended: Option<(Instant, Cause)>,
    /// The call ends by itself then.
    deadline: Instant,
}

#[derive(Debug)]
enum Stage {
    /// The caller's port is being bound.
    Opening(Start),
    /// The router decides.
    Deciding,
    /// A prompt plays, and digits may be collected.
    Prompt(Prompts),
    /// Phones ring.
    Ringing(Ringing),
    /// The caller waits in a queue.
    Waiting { until: Instant },
    /// Two legs hear each other.
    Talking,
    /// A service of the PBX talks.
    Serving,
    /// In a room with others.
    InRoom,
    /// A tone tells an answered caller why the call ends.
    Farewell { until: Instant, cause: Cause },
    /// Over; ports are being freed.
    Ended,
}

impl Call {
    fn new(now: Instant, world: &mut World, head: RecordHead, max_forwards: u8) -> Self {
        let id = head.id;
        let started = CallEvent::Started {
            kind: head.kind,
            from: head.from.clone(),
            dialled: head.dialled.clone(),
        };
        world.outputs.push_back(Output::RecordOpened(Box::new(head.clone())));
        world.tell(id, started);
        Self {
            id,
            ledger: Some(Ledger::open(now, head, world.config.limits.record_steps)),
            legs: BTreeMap::new(),
            next_leg: 0,
            router: None,
            told: 0,
            keys: Keys::new(now),
            stage: Stage::Deciding,
            subject: None,
            partner: None,
            hand_on: None,
            merge: None,
            token: 0,
            max_forwards,
            outside: None,
            ended: None,
            deadline: now + world.config.timing.call_max,
        }
    }

    pub(crate) fn id(&self) -> CallId {
        self.id
    }

    /// Nothing is left of it: no leg, no port, and the record is written.
    pub(crate) fn is_over(&self) -> bool {
        self.ledger.is_none() && self.legs.is_empty()
    }

    pub(crate) fn view(&self) -> Option<CallView> {
        let ledger = self.ledger.as_ref().filter(|_| self.ended.is_none())?;
        let head = ledger.head();
        Some(CallView {
            id: self.id,
            kind: head.kind,
            from: head.from.clone(),
            dialled: head.dialled.clone(),
            to: ledger.to().cloned(),
            started: head.started,
        })
    }

    /// Who of the users is in it, and how far: of several phones of one user, the one that is
    /// furthest.
    pub(crate) fn seen(&self) -> Vec<(UserId, Seen)> {
        let mut all: Vec<(UserId, Seen)> = Vec::new();
        for leg in self.legs.values() {
            let Some((user, seen)) = leg.user().zip(leg.seen()) else { continue };
            match all.iter_mut().find(|(known, _)| known == user) {
                Some((_, known)) if known.0 < seen.0 => *known = seen,
                Some(_) => {}
                None => all.push((user.clone(), seen)),
            }
        }
        all
    }

    /// The directory changed: dismissal counts at once, all else stays as the call began.
    pub(crate) fn on_directory(&mut self, now: Instant, world: &mut World) {
        let directory = Arc::clone(&world.directory);
        self.inform(now, world, Input::Directory(directory));
        let gone =
            |leg: &Leg| leg.user().is_some_and(|u| world.directory.user(u.as_str()).is_none());
        if world.config.on_dismissal == RunningCalls::End && self.legs.values().any(gone) {
            self.end(now, world, Cause::Dismissed);
        }
        self.settle(now, world);
    }

    pub(crate) fn leg(&mut self, number: LegNumber) -> Option<&mut Leg> {
        self.legs.get_mut(&number)
    }

    /// Who is at the end of a leg, and the way there.
    pub(crate) fn peer_of(&self, number: LegNumber) -> Option<(Peer, Flow)> {
        let leg = self.legs.get(&number)?;
        Some((leg.peer().clone(), leg.flow()?))
    }

    fn subject(&mut self) -> Option<&mut Leg> {
        self.legs.get_mut(&self.subject?)
    }

    fn key(&self, number: LegNumber) -> LegKey {
        (self.id, number)
    }

    fn new_leg(&mut self) -> LegNumber {
        let number = LegNumber(self.next_leg);
        self.next_leg = self.next_leg.wrapping_add(1);
        number
    }

    fn note(&mut self, now: Instant, what: impl Into<String>) {
        if let Some(ledger) = &mut self.ledger {
            ledger.step(now, what);
        }
    }

    /// After any input of a leg, or a timer: everything that follows from it happens.
    pub(crate) fn settle(&mut self, now: Instant, world: &mut World) {
        loop {
            if let Some((number, event)) = self.next_leg_event() {
                self.on_leg(now, world, number, event);
            } else if let Some(output) = self.keys.poll_output() {
                self.on_collected(now, world, output);
            } else if let Some(output) = self.next_ring_output() {
                self.on_ring(now, world, output);
            } else {
                break;
            }
        }
        self.tidy(now, world);
    }

    /// What the media plane says about a leg.
    pub(crate) fn on_media(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LegNumber,
        event: &media::EventKind,
    ) {
        use media::EventKind;
        use switchboard_dtmf::merge::Way;
        match event {
            EventKind::DigitStart { digit } => {
                self.on_key(now, world, number, Way::TelephoneEvent, *digit);
            }
            EventKind::Digit { .. } => self.keys.release(now),
            EventKind::Played { token, .. } => self.on_played(now, world, token.0),
            EventKind::DigitsSent => self.note(now, "digits sent"),
            EventKind::Silent { .. } => self.on_silence(now, world, number),
            EventKind::Closed { stats } => self.on_port_closed(now, world, number, stats),
            _ => {}
        }
        self.settle(now, world);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, world: &mut World) {
        self.keys.handle_timeout(now);
        match &mut self.stage {
            Stage::Ringing(ringing) => ringing.handle_timeout(now),
            Stage::Waiting { until } if *until <= now => self.waited(now, world),
            Stage::Farewell { until, cause } if *until <= now => {
                let cause = *cause;
                self.end(now, world, cause);
            }
            _ => {}
        }
        for leg in self.legs.values_mut() {
            leg.handle_timeout(now, world);
        }
        if self.deadline <= now && self.ended.is_none() {
            self.end(now, world, Cause::PeerLost);
        }
        self.settle(now, world);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let stage = match &self.stage {
            Stage::Ringing(ringing) => ringing.poll_timeout(),
            Stage::Waiting { until } | Stage::Farewell { until, .. } => Some(*until),
            _ => None,
        };
        let deadline = self.ended.is_none().then_some(self.deadline);
        let legs = self.legs.values().filter_map(Leg::poll_timeout).min();
        [self.keys.poll_timeout(), stage, deadline, legs].into_iter().flatten().min()
    }

    /// Ends the call: every leg is told, the record gets its cause, once.
    pub(crate) fn end(&mut self, now: Instant, world: &mut World, cause: Cause) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some((now, cause));
        self.tell_queue(world);
        self.stage = Stage::Ended;
        self.keys.stop(now);
        let own = StatusCode::new(cause.status()).unwrap_or(StatusCode::TEMPORARILY_UNAVAILABLE);
        let status = self.outside.unwrap_or(own);
        self.hand_on_failed(now, world, own);
        for leg in self.legs.values_mut() {
            leg.end(now, world, status);
        }
        self.take_facts();
        world.tell(self.id, CallEvent::Ended { cause });
    }

    /// The router's verdict on what the call was.
    fn take_facts(&mut self) {
        if let (Some(router), Some(ledger)) = (&self.router, &mut self.ledger) {
            ledger.set_line(router.facts().line().cloned());
            ledger.set_recordable(router.facts().is_recorded());
        }
    }

    /// Forgets legs of which nothing is left, and writes the record when no port is open any more.
    fn tidy(&mut self, now: Instant, world: &mut World) {
        self.legs.retain(|_, leg| !leg.is_over());
        let Some((ended, cause)) = self.ended else { return };
        if self.legs.values().all(Leg::is_silent)
            && let Some(ledger) = self.ledger.take()
        {
            let record = ledger.close(ended.min(now), cause);
            world.outputs.push_back(Output::RecordClosed(Box::new(record)));
        }
    }
}
