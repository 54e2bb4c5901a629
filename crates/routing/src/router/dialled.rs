//! What users dial: colleagues, services, emergency numbers, numbers outside.

use std::sync::Arc;
use std::time::Duration;

use switchboard_dialstring::{DialPlan, DialString, Extension, Number};

use super::state::{Attempt, Dialling, Go, State, Who};
use super::trace::{Event, Outcome};
use super::{Cause, Facts, Origin, Router, Step, Targets};
use crate::directory::{Dest, Holder, Owner};
use crate::id::UserId;

/// How long a number that a user dialled rings.
const OUTSIDE_RING: Duration = Duration::from_secs(120);

impl Router {
    /// The user dials `text`. What always goes out is looked at first, so that nothing shadows it.
    pub(super) fn dialled(&mut self, user: u32, text: &str) -> Go {
        if let Ok(extension) = text.parse::<Extension>() {
            return self.short(user, text, extension, None);
        }
        match DialString::parse(text) {
            Ok(DialString::Number(number, post)) => {
                let plan = post.map(|post| *post.plan());
                match number.as_str().parse::<Extension>() {
                    Ok(extension) => self.short(user, number.as_str(), extension, plan),
                    Err(_) if self.plan.is_emergency(&number) => {
                        self.emergency(number, 0, Outcome::Unreachable)
                    }
                    Err(_) => self.outside(user, number, plan),
                }
            }
            Ok(DialString::Service(code)) => self.service(code.as_str()),
            Err(_) => Go::Finish(Cause::BadNumber),
        }
    }

    /// 1 to 4 digits: an emergency number, a colleague, a service number, nothing.
    fn short(&mut self, user: u32, text: &str, extension: Extension, plan: Option<DialPlan>) -> Go {
        let emergency = self.plan.is_emergency_text(text);
        if (emergency || self.plan.numbering.is_service(text))
            && let Ok(number) = text.parse::<Number>()
        {
            return if emergency {
                self.emergency(number, 0, Outcome::Unreachable)
            } else {
                self.outside(user, number, plan)
            };
        }
        match self.plan.extensions.owner(extension) {
            Some(owner) if plan.is_none() => self.colleague(user, extension, owner),
            _ => Go::Finish(Cause::NotFound),
        }
    }

    /// An internal call: needs an extension assigned, which it is, and extension processing on.
    fn colleague(&mut self, by: u32, extension: Extension, owner: Owner) -> Go {
        let dest = match owner {
            Owner::User(user) if !self.is_active(user) => return Go::Finish(Cause::NotFound),
            Owner::User(user) => Dest::User(user),
            Owner::Group(group) => Dest::Group(group),
        };
        let of = match dest {
            Dest::Group(group) => Holder::Group(self.plan.groups[group as usize].id.clone()),
            Dest::User(user) => Holder::User(self.login(user).clone()),
            _ => return Go::Finish(Cause::NotFound),
        };
        self.trace.push(Event::Extension { extension, of });
        if !self.line().is_some_and(|line| line.extension_processing) {
            return Go::Finish(Cause::ExtensionsOff);
        }
        let own = |user: u32| user == by || matches!(self.origin, Origin::User(at) if at == user);
        match dest {
            Dest::User(user) if own(user) => Go::Finish(Cause::SelfCall),
            dest => Go::Reach(dest),
        }
    }

    fn service(&mut self, code: &str) -> Go {
        let Some(service) = self.plan.services.iter().find(|service| *service.code == *code) else {
            return Go::Finish(Cause::NotFound);
        };
        let (code, service) = (service.code.clone(), service.kind.clone());
        self.trace.push(Event::Service { code });
        self.ask(Step::Service { service }, State::Serving)
    }

    /// A number outside, as far as the user's class of service goes.
    fn outside(&mut self, user: u32, number: Number, plan: Option<DialPlan>) -> Go {
        let has_trunk = |line: &u32| self.plan.lines[*line as usize].trunk.is_some();
        let own = self.plan.line_of(user);
        let line = self.line.filter(has_trunk).or(own.filter(has_trunk));
        if self.facts.is_internal() {
            let line = line.or(own).and_then(|at| self.plan.lines.get(at as usize));
            self.facts = Facts::External {
                line: line.map(|line| line.id.clone()),
                recorded: line.is_some_and(|line| line.recorded),
            };
        }
        let class = self.plan.users[user as usize].outside_calls;
        let allowed = class.allows(&self.plan.numbering, number.as_str());
        if !allowed || self.plan.is_barred(number.as_str()) {
            return Go::Finish(Cause::Barred);
        }
        if line.is_none() {
            self.trace.push(Event::NoTrunk);
            return Go::Finish(Cause::NoTrunk);
        }
        let dialling = Dialling { plan, of: None, emergency: None };
        self.dial(line, number, OUTSIDE_RING, dialling)
    }

    /// An emergency number: goes out whatever is set, by every trunk in turn until one takes it.
    pub(super) fn emergency(&mut self, number: Number, tried: usize, last: Outcome) -> Go {
        let dialling = Dialling { plan: None, of: None, emergency: Some((number, tried)) };
        let way = self.ways_out().nth(tried);
        match way {
            Some(line) => self.dial(Some(line), number, OUTSIDE_RING, dialling),
            None if tried == 0 && !self.plan.trunks.is_empty() => {
                self.dial(None, number, OUTSIDE_RING, dialling)
            }
            None if tried == 0 => {
                self.trace.push(Event::NoTrunk);
                Go::Finish(Cause::NoTrunk)
            }
            None => Go::Finish(last.cause()),
        }
    }

    /// A line for each trunk: the caller's own first, then in the order of the data.
    fn ways_out(&self) -> impl Iterator<Item = u32> {
        let lines = &self.plan.lines;
        let trunk = |at: u32| lines.get(at as usize).and_then(|line| line.trunk.as_ref());
        let own = self.line.filter(|&at| trunk(at).is_some());
        let others = (0..lines.len() as u32).filter(move |&at| {
            let known = |before: u32| trunk(before) == trunk(at);
            trunk(at).is_some() && !own.is_some_and(known) && !(0..at).any(known)
        });
        own.into_iter().chain(others)
    }

    /// A call handed on. An external call keeps its line and what its line says.
    pub(super) fn transfer(
        &mut self,
        by: &UserId,
        party: Option<&UserId>,
        to: &str,
        call: &Facts,
    ) -> Go {
        let Some(by) = self.plan.position(by.as_str()) else {
            return Go::Finish(Cause::NotAUser);
        };
        self.caller_is(by);
        if !call.is_internal() {
            let lines = &self.plan.lines;
            let line = call.line().and_then(|id| lines.iter().position(|line| line.id == *id));
            self.line = line.map(|at| at as u32);
            self.facts = call.clone();
        }
        self.origin = match party.and_then(|party| self.plan.position(party.as_str())) {
            Some(party) => Origin::User(party),
            None => Origin::Outside { caller: None },
        };
        self.dialled(by, to)
    }

    /// Rings the user's own phones; what is to be dialled then waits.
    pub(super) fn call_back(&mut self, user: u32, to: Arc<str>) -> Go {
        self.attempt = Attempt::new();
        self.attempt.then = Some(to);
        let targets = Targets::one(self.plan.users[user as usize].target());
        self.ring(targets, self.ring_time(), None, Who::CallBack(user))
    }
}
