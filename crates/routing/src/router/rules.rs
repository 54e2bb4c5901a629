//! A call from outside: the line's rules, one stage after the other.

use super::state::{At, Go, Next, Stage, State};
use super::trace::{Event, Outcome, Rule, Skip, mask};
use super::{Cause, Facts, Origin, Router, Step};
use crate::directory::{Dest, OverflowTo};
use crate::hours::LocalTime;
use crate::id::{LineId, Prompt};
use crate::prompts;
use crate::spec::ResponsibleSource;

impl Router {
    pub(super) fn inbound(
        &mut self,
        id: &LineId,
        carried: Option<&str>,
        at: Option<LocalTime>,
    ) -> Go {
        self.stage = Stage::Welcome;
        let Some(position) = self.plan.lines.iter().position(|line| line.id == *id) else {
            self.facts = Facts::External { line: None, recorded: false };
            return Go::Finish(Cause::NotFound);
        };
        self.line = Some(position as u32);
        let line = &self.plan.lines[position];
        self.facts = Facts::External { line: Some(id.clone()), recorded: line.recorded };
        if let Some(digits) = carried.filter(|digits| !digits.is_empty()) {
            self.trace.push(Event::CarriedIgnored { digits: mask(digits) });
        }
        if let (Some(hours), Some(at)) = (&line.hours, at)
            && !hours.spec.is_open(at)
        {
            let prompt = hours.spec.closed_prompt.clone();
            let next = match hours.closed {
                OverflowTo::HangUp => Next::Finish(Cause::Closed),
                OverflowTo::Forward(dest) => Next::Reach(dest),
            };
            self.trace.push(Event::OutsideHours);
            self.stage = Stage::Overflow;
            return self.ask(Step::Play { prompt }, State::Playing(next));
        }
        Go::Enter(Stage::Welcome)
    }

    pub(super) fn enter_stage(&mut self, stage: Stage) -> Go {
        self.stage = stage;
        match stage {
            Stage::Welcome => self.welcome(),
            Stage::Menu => match self.line().and_then(|line| line.menu) {
                Some(menu) => Go::Menu { menu, notice: None },
                None => Go::Enter(Stage::Responsible),
            },
            Stage::Responsible => self.responsible(),
            Stage::Queue => match self.line().and_then(|line| line.queue) {
                Some(queue) => {
                    self.trace.push(Event::Rule { rule: Rule::Queue });
                    Go::Reach(Dest::Queue(queue))
                }
                None => Go::Enter(Stage::Overflow),
            },
            Stage::Overflow => {
                self.trace.push(Event::Rule { rule: Rule::Overflow });
                match self.line().map(|line| line.overflow) {
                    Some(OverflowTo::Forward(dest)) => Go::Reach(dest),
                    _ => self.nobody_available(),
                }
            }
            Stage::Only => Go::Finish(Cause::NobodyAvailable),
        }
    }

    /// Extensions are handled at the welcome message, where the line processes them; without a
    /// welcome message there is nothing to dial them at.
    fn welcome(&mut self) -> Go {
        let Some(line) = self.line() else { return Go::Finish(Cause::NotFound) };
        let extensions = line.extension_processing;
        let Some(prompt) = line.welcome.clone() else {
            self.trace.push(Event::WelcomeOff);
            return Go::Enter(Stage::Menu);
        };
        self.trace.push(Event::Welcome { extensions });
        if extensions {
            self.collect(None, prompt, At::Welcome { unknown: 0 })
        } else {
            self.ask(Step::Play { prompt }, State::Playing(Next::Enter(Stage::Menu)))
        }
    }

    fn responsible(&mut self) -> Go {
        let next = Go::Enter(Stage::Queue);
        if !self.line().is_some_and(|line| line.responsible) {
            return next;
        }
        self.trace.push(Event::Rule { rule: Rule::Responsible });
        let caller = match &self.origin {
            Origin::Outside { caller: Some(caller) } => caller.clone(),
            _ => {
                self.trace.push(Event::Responsible { user: None });
                return next;
            }
        };
        match self.plan.responsible {
            ResponsibleSource::Crm => {
                self.trace.push(Event::CrmAsked);
                self.ask(Step::AskCrm { caller, timeout: super::CRM_TIMEOUT }, State::AskingCrm)
            }
            ResponsibleSource::Contacts => match self.plan.responsible_dest(&caller) {
                Some(dest) => self.reach_responsible(dest),
                None => {
                    self.trace.push(Event::Responsible { user: None });
                    next
                }
            },
        }
    }

    pub(super) fn crm_says(&mut self, login: Option<&str>) -> Go {
        match login.and_then(|login| self.plan.position(login)) {
            Some(user) => self.reach_responsible(Dest::User(user)),
            None => {
                self.trace.push(Event::Responsible { user: None });
                Go::Enter(Stage::Queue)
            }
        }
    }

    fn reach_responsible(&mut self, dest: Dest) -> Go {
        let user = match dest {
            Dest::User(user) if self.is_active(user) => Some(self.login(user).clone()),
            _ => None,
        };
        if user.is_some() {
            self.trace.push(Event::Responsible { user });
            return Go::Reach(dest);
        }
        let left = match dest {
            Dest::User(user) => Some(self.login(user).clone()),
            Dest::Gone(gone) => self.plan.gone.get(gone as usize).cloned(),
            _ => None,
        };
        if let Some(user) = left {
            self.trace.push(Event::Skipped { user, reason: Skip::Dismissed });
        }
        self.trace.push(Event::Responsible { user: None });
        Go::Enter(Stage::Queue)
    }

    /// A stage found nobody: the next.
    pub(super) fn after(&mut self, outcome: Outcome) -> Go {
        match self.stage {
            Stage::Welcome => Go::Enter(Stage::Menu),
            Stage::Menu => Go::Enter(Stage::Responsible),
            Stage::Responsible => Go::Enter(Stage::Queue),
            Stage::Queue => Go::Enter(Stage::Overflow),
            Stage::Overflow => self.nobody_available(),
            Stage::Only => Go::Finish(outcome.cause()),
        }
    }

    /// The end of the rules: says so, and hangs up with what the last attempt met.
    fn nobody_available(&mut self) -> Go {
        let cause = self.attempt.last.map_or(Cause::NobodyAvailable, Outcome::cause);
        self.play_then(prompts::nobody_available(), Next::Finish(cause))
    }

    pub(super) fn play_then(&mut self, prompt: Prompt, next: Next) -> Go {
        self.ask(Step::Play { prompt }, State::Playing(next))
    }
}
