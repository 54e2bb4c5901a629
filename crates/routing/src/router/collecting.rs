//! What the caller dials: at the welcome message, in a menu, behind a key.

use switchboard_dialstring::{Digit, Extension};

use super::state::{At, Go, Next, Stage, State};
use super::trace::{Choice, Digits, Event};
use super::{Cause, Collect, Matcher, Router, Step};
use crate::directory::{Action, Dest, Holder, Owner};
use crate::id::Prompt;
use crate::prompts;
use crate::spec::TimersSpec;

/// More digits than an extension has: what is too long is one mistake, not two.
const MAX_DIGITS: u8 = 8;

impl Router {
    pub(super) fn collect(&mut self, notice: Option<Prompt>, prompt: Prompt, at: At) -> Go {
        let (timers, type_ahead) = match self.line() {
            Some(line) => (line.timers, line.type_ahead),
            None => (TimersSpec::default(), false),
        };
        let collect = Collect {
            max: MAX_DIGITS,
            first_digit: timers.first_digit,
            inter_digit: timers.inter_digit,
            terminator: Some(Digit::Pound),
            type_ahead,
        };
        self.ask(Step::PlayAndCollect { notice, prompt, collect }, State::Collecting(at))
    }

    pub(super) fn matcher_at(&self, at: At) -> Matcher<'_> {
        let processing = self.line().is_some_and(|line| line.extension_processing);
        match at {
            At::Welcome { .. } | At::Extension { .. } => Matcher::extensions(&self.plan),
            At::Menu { menu, .. } => {
                Matcher::menu(&self.plan, &self.plan.menus[menu as usize], processing)
            }
        }
    }

    /// Plays a menu from its beginning.
    pub(super) fn menu(&mut self, menu: u32, notice: Option<Prompt>) -> Go {
        let at = At::Menu { menu, invalid: 0, silent: 0 };
        let extensions = self.matcher_at(at).takes_extensions();
        let id = self.plan.menus[menu as usize].id.clone();
        self.trace.push(Event::Menu { menu: id, extensions });
        self.ask_again(at, notice)
    }

    /// Collection ended with digits.
    pub(super) fn heard(&mut self, at: At, digits: &[Digit]) -> Go {
        // A `#` that ends an extension may still be there; alone it may be a choice.
        let digits = match digits {
            [number @ .., Digit::Pound] if !number.is_empty() => number,
            _ => digits,
        };
        let option = match digits {
            [] => return self.silence(at),
            [key] => self.matcher_at(at).option(*key).map(|action| (*key, action)),
            _ => None,
        };
        self.trace.push(Event::Heard { digits: Digits::new(digits) });
        if let Some((key, action)) = option {
            return self.choose(at, key, action);
        }
        if self.matcher_at(at).takes_extensions()
            && let Some(dest) = self.extension(digits)
        {
            return Go::Reach(dest);
        }
        self.wrong(at, digits)
    }

    /// Whom an extension reaches. A user who has left since the call began has none.
    fn extension(&mut self, digits: &[Digit]) -> Option<Dest> {
        let extension = Extension::from_digits(digits)?;
        let (of, dest) = match self.plan.extensions.owner(extension)? {
            Owner::User(user) if self.is_active(user) => {
                (Holder::User(self.login(user).clone()), Dest::User(user))
            }
            Owner::User(_) => return None,
            Owner::Group(group) => {
                (Holder::Group(self.plan.groups[group as usize].id.clone()), Dest::Group(group))
            }
        };
        self.trace.push(Event::Extension { extension, of });
        Some(dest)
    }

    /// Says so and asks again, or goes on when that has been said often enough.
    fn wrong(&mut self, at: At, digits: &[Digit]) -> Go {
        let attempts = self.line().map_or(3, |line| line.attempts);
        match at {
            At::Welcome { unknown } => {
                let unknown = unknown.saturating_add(1);
                self.trace.push(Event::UnknownExtension { attempt: unknown });
                let notice = prompts::unknown_extension();
                if unknown < attempts {
                    return self.ask_again(At::Welcome { unknown }, Some(notice));
                }
                match self.line().and_then(|line| line.menu) {
                    Some(menu) => {
                        self.stage = Stage::Menu;
                        Go::Menu { menu, notice: Some(notice) }
                    }
                    None => self.play_then(notice, Next::Enter(Stage::Responsible)),
                }
            }
            At::Extension { unknown } => {
                let unknown = unknown.saturating_add(1);
                self.trace.push(Event::UnknownExtension { attempt: unknown });
                let notice = prompts::unknown_extension();
                if unknown < attempts {
                    return self.ask_again(At::Extension { unknown }, Some(notice));
                }
                self.play_then(notice, Next::Enter(Stage::Responsible))
            }
            At::Menu { menu, invalid, silent } => {
                let invalid = invalid.saturating_add(1);
                self.trace.push(Event::UnknownOption { attempt: invalid });
                let notice = if digits.len() > 1 && self.matcher_at(at).takes_extensions() {
                    prompts::unknown_extension()
                } else {
                    prompts::unknown_option()
                };
                if invalid < self.plan.menus[menu as usize].invalid {
                    return self.ask_again(At::Menu { menu, invalid, silent }, Some(notice));
                }
                self.play_then(notice, Next::Enter(Stage::Responsible))
            }
        }
    }

    /// Collection ended without digits: on, without complaint. A menu may be said more than once.
    pub(super) fn silence(&mut self, at: At) -> Go {
        self.trace.push(Event::Silence);
        match at {
            At::Welcome { .. } => Go::Enter(Stage::Menu),
            At::Extension { .. } => Go::Enter(Stage::Responsible),
            At::Menu { menu, invalid, silent } => {
                let silent = silent.saturating_add(1);
                if silent < self.plan.menus[menu as usize].silent {
                    return self.ask_again(At::Menu { menu, invalid, silent }, None);
                }
                Go::Enter(Stage::Responsible)
            }
        }
    }

    fn ask_again(&mut self, at: At, notice: Option<Prompt>) -> Go {
        let prompt = match at {
            At::Welcome { .. } => self.line().and_then(|line| line.welcome.clone()),
            At::Menu { menu, .. } => Some(self.plan.menus[menu as usize].prompt.clone()),
            At::Extension { .. } => Some(prompts::dial_extension()),
        };
        self.collect(notice, prompt.unwrap_or_else(prompts::welcome), at)
    }

    /// A menu option.
    fn choose(&mut self, at: At, key: Digit, action: Action) -> Go {
        let choice = self.choice(action);
        self.trace.push(Event::Option { key: key.as_char(), choice });
        self.stage = Stage::Menu;
        match action {
            Action::Go(dest) => {
                if matches!(dest, Dest::Queue(_)) {
                    // The caller chose a queue: after it comes what comes after the line's own.
                    self.stage = Stage::Queue;
                }
                Go::Reach(dest)
            }
            Action::Menu(menu) => Go::Menu { menu, notice: None },
            Action::DialExtension => {
                self.trace.push(Event::ExtensionAsked);
                self.ask_again(At::Extension { unknown: 0 }, None)
            }
            Action::Repeat => self.ask_again(at, None),
            Action::HangUp => self.play_then(prompts::goodbye(), Next::Finish(Cause::MenuHangUp)),
            Action::Next => Go::Enter(Stage::Responsible),
        }
    }

    fn choice(&self, action: Action) -> Choice {
        match action {
            Action::Go(Dest::User(user)) => Choice::User(self.login(user).clone()),
            Action::Go(Dest::Gone(gone)) => Choice::User(self.plan.gone[gone as usize].clone()),
            Action::Go(Dest::Group(at)) => Choice::Group(self.plan.groups[at as usize].id.clone()),
            Action::Go(Dest::Queue(at)) => Choice::Queue(self.plan.queues[at as usize].id.clone()),
            Action::Menu(at) => Choice::Menu(self.plan.menus[at as usize].id.clone()),
            Action::DialExtension => Choice::DialExtension,
            Action::Repeat => Choice::Repeat,
            Action::HangUp => Choice::HangUp,
            // A menu option never leads outside or to a mailbox: there is no such action in the data.
            Action::Next | Action::Go(Dest::Outside(_) | Dest::Voicemail(_)) => Choice::Next,
        }
    }
}
