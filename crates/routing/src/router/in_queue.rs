//! A caller in a queue: rounds of rings, and pauses between them.
//!
//! ```text
//!  (room?) ─► Round, or the queue is full and the attempt ends
//!
//!            ┌─► all ring ──────────────────────┐
//!  Round ────┤                                  ├─ nobody took it ─► time left? ─► Wait ─► Round
//!            └─► (order?) ─► one by one ────────┘                      │
//!                                                                      └─► the attempt ends
//! ```

use std::sync::Arc;
use std::time::Duration;

use super::state::{Go, State, Who};
use super::trace::{Event, Outcome};
use super::{MAX_STEPS, Router, Step, Targets};
use crate::id::UserId;
use crate::spec::Strategy;

/// The steps that are left to the rules after a queue, whatever the queue would still do.
const FOR_THE_REST: u16 = 32;

impl Router {
    /// It was told how many wait already: one more, or the queue is full.
    pub(super) fn counted(&mut self, at: u32, callers: u32) -> Go {
        self.trace.push(Event::Waiting { callers });
        match self.plan.queues[at as usize].max_waiting {
            Some(most) if callers >= most => Go::Failed(Outcome::Full),
            _ => Go::Round(at),
        }
    }

    /// Begins a round: all at once, or in an order that may have to be asked for.
    pub(super) fn round(&mut self, at: u32) -> Go {
        let plan = Arc::clone(&self.plan);
        let queue = &plan.queues[at as usize];
        self.attempt.queue.begin_round();
        if queue.strategy == Strategy::InOrder {
            self.attempt.queue.set_order(queue.members.len(), std::iter::empty());
            return Go::Member { queue: at, from: 0 };
        }
        let which = self.those_here(&queue.members);
        if which == 0 {
            return Go::Failed(Outcome::Nobody);
        }
        let members = Targets::some(Arc::clone(&queue.targets), which);
        if queue.strategy == Strategy::All {
            let timeout = self.ring_in_queue(queue.ring, queue.wait);
            return self.ring(members, timeout, Some(queue.id.clone()), Who::Queue(at));
        }
        let (queue, strategy) = (queue.id.clone(), queue.strategy);
        self.ask(Step::Order { queue, strategy, members }, State::Ordering(at))
    }

    /// The order was told.
    pub(super) fn ordered(&mut self, at: u32, order: &[UserId]) -> Go {
        let targets = &self.plan.queues[at as usize].targets;
        let place = |user: &UserId| targets.iter().position(|target| target.user() == user);
        self.attempt.queue.set_order(targets.len(), order.iter().filter_map(place));
        Go::Member { queue: at, from: 0 }
    }

    /// Rings the next member of a queue.
    pub(super) fn member(&mut self, at: u32, from: u8) -> Go {
        let plan = Arc::clone(&self.plan);
        let queue = &plan.queues[at as usize];
        let mut next = from;
        let over = !queue.wait.is_zero() && queue.wait <= self.attempt.queue.waited;
        while let Some(place) = self.attempt.queue.member(next).filter(|_| !over) {
            if self.may_ring(queue.members[place]) {
                let target = Targets::one(queue.targets[place].clone());
                let timeout = self.ring_in_queue(queue.ring, queue.wait);
                let who = Who::Member { queue: at, at: next };
                return self.ring(target, timeout, Some(queue.id.clone()), who);
            }
            next += 1;
        }
        match self.attempt.queue.last {
            Some(outcome) => Go::RoundOver { queue: at, outcome },
            // There was nobody to ring, and there is nobody to wait for.
            None => Go::Failed(Outcome::Nobody),
        }
    }

    /// Nobody took the call in this round: another after a pause, while there is time.
    pub(super) fn round_over(&mut self, at: u32, outcome: Outcome) -> Go {
        let queue = &self.plan.queues[at as usize];
        let here = &mut self.attempt.queue;
        let left = queue.wait.saturating_sub(here.waited);
        let empty = queue.leave_when_empty && here.met_no_phone;
        if left <= queue.pause || empty || self.count + FOR_THE_REST >= MAX_STEPS {
            return Go::Failed(outcome);
        }
        let timeout = queue.pause;
        here.waited += timeout;
        let (queue, music) = (queue.id.clone(), queue.music.clone());
        self.trace.push(Event::Waits { queue: queue.clone() });
        self.ask(Step::Wait { queue, music, timeout }, State::Waiting(at))
    }

    /// A ring in a queue was not answered.
    pub(super) fn in_queue_not_answered(&mut self, outcome: Outcome) {
        self.attempt.last = Some(outcome);
        let here = &mut self.attempt.queue;
        here.last = Some(outcome);
        here.met_no_phone &= outcome == Outcome::Unreachable;
        if outcome == Outcome::NoAnswer {
            here.waited += here.ring;
        }
    }

    /// How long somebody in a queue rings: no longer than the caller still waits.
    fn ring_in_queue(&mut self, ring: Duration, wait: Duration) -> Duration {
        let here = &mut self.attempt.queue;
        here.ring = if wait.is_zero() { ring } else { ring.min(wait.saturating_sub(here.waited)) };
        here.ring
    }
}
