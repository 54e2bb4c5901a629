//! Reaching somebody: ring, forward, ring on. Nobody twice in an attempt, nobody who has left.

use std::sync::Arc;
use std::time::Duration;

use super::state::{Dialling, Go, Ringing, Stage, State, Who};
use super::trace::{Event, Outcome, Skip, When};
use super::{Dial, Facts, Origin, Router, Step, Targets};
use crate::directory::{Dest, Directory, Target};
use crate::id::{QueueId, UserId};
use crate::prompts;
use crate::spec::TimersSpec;

impl Router {
    /// Goes to `dest`, by the rule of the user `of` if it was one.
    pub(super) fn hop(&mut self, dest: Dest, of: Option<u32>) -> Go {
        match dest {
            Dest::User(user) => self.ring_user(user),
            Dest::Group(at) => {
                let plan = Arc::clone(&self.plan);
                let group = &plan.groups[at as usize];
                self.trace.push(Event::Group { group: group.id.clone() });
                let which = self.those_here(&group.members);
                if which == 0 {
                    return Go::Failed(Outcome::Nobody);
                }
                let targets = Targets::some(Arc::clone(&group.targets), which);
                self.ring(targets, self.ring_time(), None, Who::Group)
            }
            Dest::Queue(at) => {
                let queue = &self.plan.queues[at as usize];
                let (limited, queue) = (queue.max_waiting.is_some(), queue.id.clone());
                self.trace.push(Event::Queue { queue: queue.clone() });
                if limited {
                    self.ask(Step::Count { queue }, State::Counting(at))
                } else {
                    Go::Round(at)
                }
            }
            Dest::Voicemail(user) => self.voicemail(user),
            Dest::Outside(at) => self.forward_outside(at, of),
            Dest::Gone(at) => {
                let user = self.plan.gone[at as usize].clone();
                self.skip(user, Skip::Dismissed);
                Go::Failed(Outcome::Nobody)
            }
        }
    }

    fn ring_user(&mut self, user: u32) -> Go {
        let login = self.login(user).clone();
        if !self.is_active(user) {
            self.skip(login, Skip::Dismissed);
            return Go::Failed(Outcome::Nobody);
        }
        if self.is_origin(user) {
            self.skip(login, Skip::Caller);
            return Go::Failed(Outcome::Busy);
        }
        if !self.attempt.tries(user) {
            self.skip(login, Skip::AlreadyTried);
            return Go::Failed(self.attempt.last.unwrap_or(Outcome::Nobody));
        }
        let rules = self.plan.users[user as usize].forwarding.as_deref();
        if let Some(dest) = rules.and_then(|rules| rules.always) {
            self.trace.push(Event::Forwarded { of: login, when: When::Always });
            return Go::Hop { dest, of: Some(user) };
        }
        let timeout = rules.and_then(|rules| rules.ring).unwrap_or_else(|| self.ring_time());
        let targets = Targets::one(self.plan.users[user as usize].target());
        self.ring(targets, timeout, None, Who::User(user))
    }

    /// Asks for a message for a user.
    fn voicemail(&mut self, user: u32) -> Go {
        let login = self.login(user).clone();
        if !self.is_active(user) {
            self.skip(login, Skip::Dismissed);
            return Go::Failed(Outcome::Nobody);
        }
        self.trace.push(Event::Voicemail { user: login });
        let mailbox = self.plan.users[user as usize].target();
        let greeting = prompts::voicemail();
        self.ask(Step::Voicemail { mailbox, greeting }, State::Recording(user))
    }

    /// Those of `members` who work here and are not the caller, as a set of bits.
    pub(super) fn those_here(&mut self, members: &[u32]) -> u128 {
        let mut which = 0;
        for (place, &user) in members.iter().enumerate() {
            if self.may_ring(user) {
                which |= 1 << place;
            }
        }
        which
    }

    /// Whether a member of several may be rung; says in the trace why not.
    pub(super) fn may_ring(&mut self, user: u32) -> bool {
        let reason = if !self.is_active(user) {
            Skip::Dismissed
        } else if self.is_origin(user) {
            Skip::Caller
        } else {
            return true;
        };
        self.skip(self.login(user).clone(), reason);
        false
    }

    pub(super) fn ring(
        &mut self,
        targets: Targets,
        timeout: Duration,
        queue: Option<QueueId>,
        who: Who,
    ) -> Go {
        let user = targets[0].user().clone();
        self.trace.push(Event::Ring { user, more: targets.len() as u32 - 1 });
        let ringing = Ringing { who, targets: targets.clone() };
        self.ask(Step::Ring { targets, timeout, queue }, State::Ringing(ringing))
    }

    /// A forwarding rule, or a line's overflow, that leads outside: by the call's own line, else
    /// by the line of the user whose rule it is.
    fn forward_outside(&mut self, at: u32, of: Option<u32>) -> Go {
        let plan = Arc::clone(&self.plan);
        let to = &plan.outside[at as usize];
        if let Some(user) = self.current.gone_number(&to.number) {
            self.skip(user.clone(), Skip::Dismissed);
            return Go::Failed(Outcome::Nobody);
        }
        let has_trunk = |line: &u32| plan.lines[*line as usize].trunk.is_some();
        let of_user = of.and_then(|user| plan.line_of(user));
        let Some(line) = self.line.filter(has_trunk).or(of_user.filter(has_trunk)) else {
            self.trace.push(Event::NoTrunk);
            return Go::Failed(Outcome::Unreachable);
        };
        let dialling = Dialling { plan: to.plan, of, emergency: None };
        self.dial(Some(line), to.number, self.ring_time(), dialling)
    }

    /// Calls a number on a line that has a trunk.
    pub(super) fn dial(
        &mut self,
        line: Option<u32>,
        number: switchboard_dialstring::Number,
        timeout: Duration,
        dialling: Dialling,
    ) -> Go {
        let plan = Arc::clone(&self.plan);
        let line = line.and_then(|line| plan.lines.get(line as usize));
        let trunk = match line {
            Some(line) => line.trunk.clone(),
            // Only an emergency call leaves without a line.
            None => plan.trunks.first().map(|trunk| trunk.id.clone()),
        };
        let Some(trunk) = trunk else {
            self.trace.push(Event::NoTrunk);
            return Go::Failed(Outcome::Unreachable);
        };
        let emergency = dialling.emergency.is_some();
        let id = line.map(|line| line.id.clone());
        if self.facts.is_internal() {
            let recorded = line.is_some_and(|line| line.recorded);
            self.facts = Facts::External { line: id.clone(), recorded };
        }
        self.trace.push(Event::Outside {
            number,
            line: id.clone(),
            trunk: trunk.clone(),
            emergency,
        });
        let dial = Dial { line: id, trunk, number, timeout, emergency };
        self.ask(Step::Dial(dial), State::Dialling(dialling))
    }

    /// Somebody answered. `None`: not one of those who were called.
    pub(super) fn answered(&mut self, by: Option<&UserId>) -> Option<Go> {
        match &self.state {
            State::Dialling(dialling) => {
                let plan = dialling.plan;
                if by.is_some() {
                    return None;
                }
                self.trace.push(Event::Answered { by: None });
                let go = self.ask(Step::Connect, State::Talking);
                if let (Go::Wait, Some(plan)) = (&go, plan) {
                    self.trace.push(Event::DigitsSent { plan });
                    self.steps.push_back(Step::SendDigits { plan });
                }
                Some(go)
            }
            State::Ringing(ringing) => {
                let targets = &ringing.targets;
                let by = match by {
                    Some(by) => targets.iter().find(|target| target.user() == by)?,
                    None if targets.len() == 1 => &targets[0],
                    None => return None,
                };
                let user = by.user().clone();
                let who = ringing.who;
                if self.current.position(user.as_str()).is_none() {
                    // The answer crossed the dismissal.
                    self.steps.push_back(Step::Withdraw { user });
                    return Some(Go::Wait);
                }
                self.trace.push(Event::Answered { by: Some(user) });
                Some(match who {
                    Who::CallBack(user) => {
                        let to = self.attempt.then.take();
                        self.dialled(user, to.as_deref().unwrap_or_default())
                    }
                    _ => self.ask(Step::Connect, State::Talking),
                })
            }
            _ => None,
        }
    }

    /// An attempt was not answered: the user's rule, the next member, the next way out, or the end
    /// of the attempt.
    pub(super) fn not_answered(&mut self, outcome: Outcome) -> Go {
        match &self.state {
            State::Ringing(Ringing { who: Who::User(user), .. }) => {
                let user = *user;
                let rule = self.plan.users[user as usize].forwarding.as_deref().and_then(|rules| {
                    match outcome {
                        Outcome::Busy | Outcome::Declined => Some((rules.busy?, When::Busy)),
                        Outcome::NoAnswer => Some((rules.no_answer?, When::NoAnswer)),
                        Outcome::Unreachable => Some((rules.unreachable?, When::Unreachable)),
                        Outcome::Nobody | Outcome::Full => None,
                    }
                });
                match rule {
                    Some((dest, when)) => {
                        self.attempt.last = Some(outcome);
                        self.trace.push(Event::Outcome { outcome });
                        let of = self.login(user).clone();
                        self.trace.push(Event::Forwarded { of, when });
                        Go::Hop { dest, of: Some(user) }
                    }
                    None => Go::Failed(outcome),
                }
            }
            State::Ringing(Ringing { who: Who::Member { queue, at }, .. }) => {
                let (queue, from) = (*queue, at + 1);
                self.in_queue_not_answered(outcome);
                self.trace.push(Event::Outcome { outcome });
                Go::Member { queue, from }
            }
            State::Ringing(Ringing { who: Who::Queue(queue), .. }) => {
                let queue = *queue;
                self.in_queue_not_answered(outcome);
                Go::RoundOver { queue, outcome }
            }
            State::Dialling(Dialling { emergency: Some((number, tried)), .. }) => {
                let (number, tried) = (*number, tried + 1);
                self.trace.push(Event::Outcome { outcome });
                self.emergency(number, tried, outcome)
            }
            _ => Go::Failed(outcome),
        }
    }

    /// Who works here has changed: stop what reaches for somebody who has left.
    pub(super) fn directory_changed(&mut self, directory: &Arc<Directory>) -> Go {
        let before = std::mem::replace(&mut self.current, Arc::clone(directory));
        let State::Ringing(ringing) = &self.state else {
            return match &self.state {
                State::Recording(user) if !self.is_active(*user) => {
                    let user = self.login(*user).clone();
                    self.skip(user, Skip::Dismissed);
                    Go::Failed(Outcome::Unreachable)
                }
                State::Dialling(Dialling { of: Some(user), .. }) if !self.is_active(*user) => {
                    let user = self.login(*user).clone();
                    self.skip(user, Skip::Dismissed);
                    Go::Failed(Outcome::Unreachable)
                }
                _ => Go::Wait,
            };
        };
        let (targets, who) = (ringing.targets.clone(), ringing.who);
        let here = |directory: &Directory, target: &Target| {
            directory.position(target.user().as_str()).is_some()
        };
        let mut left = 0;
        for target in &targets {
            if here(directory, target) {
                left += 1;
            } else if here(&before, target) {
                let user = target.user().clone();
                self.steps.push_back(Step::Withdraw { user: user.clone() });
                self.skip(user, Skip::Dismissed);
            }
        }
        match who {
            _ if left > 0 => Go::Wait,
            Who::Member { .. } | Who::Queue(_) => self.not_answered(Outcome::Unreachable),
            _ => Go::Failed(Outcome::Unreachable),
        }
    }

    /// How long this stage rings somebody who has not set it.
    pub(super) fn ring_time(&self) -> Duration {
        let timers = self.line().map_or_else(TimersSpec::default, |line| line.timers);
        if self.stage == Stage::Responsible { timers.responsible } else { timers.ring }
    }

    fn is_origin(&self, user: u32) -> bool {
        matches!(self.origin, Origin::User(origin) if origin == user)
    }

    fn skip(&mut self, user: UserId, reason: Skip) {
        self.trace.push(Event::Skipped { user, reason });
    }
}
