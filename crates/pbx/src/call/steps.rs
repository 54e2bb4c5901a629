//! What the router asks for, done.

use std::time::{Duration, Instant};

use switchboard_media::Command;
use switchboard_routing::{self as routing, Input, Side, Step};

use super::{Call, Stage};
use crate::cause::Cause;
use crate::event::CallEvent;
use crate::world::World;

/// How long a tone tells an answered caller why the call ends.
const FAREWELL: Duration = Duration::from_secs(4);

impl Call {
    /// Does what the router asks for, as long as it asks.
    pub(super) fn advance(&mut self, now: Instant, world: &mut World) {
        loop {
            let step = self.router.as_mut().and_then(routing::Router::poll_output);
            self.tell_trace(now, world);
            self.tell_queue(world);
            let Some(step) = step else { break };
            self.perform(now, world, step);
            if self.ended.is_some() {
                break;
            }
        }
    }

    /// Tells the router what happened; what it has no use for crossed something, and is nothing.
    pub(super) fn inform(&mut self, now: Instant, world: &mut World, input: Input<'_>) {
        if let Some(router) = &mut self.router {
            _ = router.handle(input);
        }
        self.advance(now, world);
    }

    /// A party of the router is gone; the cause is the router's to say.
    pub(super) fn inform_gone(&mut self, now: Instant, world: &mut World, side: Side) {
        let fallback = match &self.ledger {
            Some(ledger) if ledger.is_answered() => Cause::Normal,
            _ => Cause::Cancelled,
        };
        let mut cause = fallback;
        if let Some(router) = &mut self.router {
            _ = router.handle(Input::HungUp(side));
            while let Some(step) = router.poll_output() {
                if let Step::End { cause: why } = step {
                    cause = cause_of(why);
                }
            }
        }
        self.tell_trace(now, world);
        // Who hangs up after talking ends the call normally, whatever a later attempt to hand it
        // on came to.
        let cause = if fallback == Cause::Normal { fallback } else { cause };
        self.end(now, world, cause);
    }

    fn perform(&mut self, now: Instant, world: &mut World, step: Step) {
        match step {
            Step::Play { prompt } => self.play(now, world, [Some(prompt), None], None),
            Step::PlayAndCollect { notice, prompt, collect } => {
                self.play(now, world, [notice, Some(prompt)], Some(collect));
            }
            // There is no CRM here yet: the answer of one that does not answer.
            Step::AskCrm { .. } => self.inform(now, world, Input::CrmSays(None)),
            Step::Order { queue, strategy, members } => {
                let order = world.queues.order(&queue, strategy, &members);
                self.inform(now, world, Input::Order(&order));
            }
            Step::Count { queue } => {
                let callers = world.waiting.count(&queue);
                self.inform(now, world, Input::Waiting(callers));
            }
            Step::Wait { music, timeout, .. } => {
                if let Some(position) = world.waiting.position(&self.id) {
                    world.tell(self.id, CallEvent::Waiting { position });
                }
                self.wait(now, world, &music, timeout);
            }
            // There are no mailboxes here yet: the answer of one that there is not.
            Step::Voicemail { .. } => self.inform(now, world, Input::Unreachable),
            Step::Ring { targets, timeout, .. } => self.ring(now, world, &targets, timeout),
            Step::Withdraw { user } => self.withdraw(now, world, &user),
            Step::Dial(dial) => self.dial(now, world, &dial),
            Step::Connect => self.connect(now, world),
            Step::SendDigits { plan } => self.send_digits(now, world, plan),
            Step::Service { service } => self.serve(now, world, &service),
            Step::End { cause } => self.conclude(now, world, cause_of(cause)),
            _ => self.conclude(now, world, Cause::Rejected),
        }
    }

    /// The router has nothing more. A caller who was answered, and whom no prompt told, hears a
    /// tone first.
    fn conclude(&mut self, now: Instant, world: &mut World, cause: Cause) {
        if self.hand_on_ended(now, world, cause) {
            return;
        }
        let tone = match cause {
            Cause::Busy | Cause::Declined => switchboard_media::Tone::Busy,
            Cause::NoAnswer
            | Cause::Unreachable
            | Cause::NotFound
            | Cause::BadNumber
            | Cause::Forbidden
            | Cause::Rejected => switchboard_media::Tone::Congestion,
            _ => return self.end(now, world, cause),
        };
        let inbound = self.is_inbound();
        match self.subject().filter(|leg| leg.is_up() && !inbound).and_then(|leg| leg.media()) {
            Some(leg) => {
                world.media(Command::Tone { leg, tone });
                self.stage = Stage::Farewell { until: now + FAREWELL, cause };
            }
            None => self.end(now, world, cause),
        }
    }

    /// Makes known in which queue the caller waits, if in one.
    pub(super) fn tell_queue(&self, world: &mut World) {
        let router = self.router.as_ref().filter(|_| self.ended.is_none());
        world.waiting.set(self.id, router.and_then(routing::Router::queue));
    }

    /// Makes the router's reasons known, each once.
    pub(super) fn tell_trace(&mut self, now: Instant, world: &mut World) {
        let Some(router) = &self.router else { return };
        let steps: Vec<String> =
            router.trace().events().iter().skip(self.told).map(ToString::to_string).collect();
        self.told += steps.len();
        for step in steps {
            self.note(now, step.clone());
            world.tell(self.id, CallEvent::Routed { step });
        }
    }
}

/// The router's causes are finer where the decision was its own.
fn cause_of(cause: routing::Cause) -> Cause {
    use routing::Cause as Why;
    match cause {
        Why::Completed | Why::MenuHangUp => Cause::Normal,
        Why::Cancelled => Cause::Cancelled,
        Why::Busy | Why::SelfCall => Cause::Busy,
        Why::NoAnswer => Cause::NoAnswer,
        Why::Unreachable => Cause::Unreachable,
        Why::Declined => Cause::Declined,
        Why::NobodyAvailable => Cause::NobodyAvailable,
        Why::NotFound => Cause::NotFound,
        Why::BadNumber => Cause::BadNumber,
        Why::ExtensionsOff | Why::NotAUser | Why::Barred => Cause::Forbidden,
        Why::Closed => Cause::Closed,
        Why::TooManySteps => Cause::TooManySteps,
        _ => Cause::Rejected,
    }
}
