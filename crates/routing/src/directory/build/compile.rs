//! Names to positions. Only for data without faults.

use std::sync::Arc;

use switchboard_dialstring::{DialString, Number};

use super::super::compiled::{
    Action, Contact, Dest, Forwarding, Group, Hours, Line, Menu, OutsideNumber, OverflowTo, Queue,
    Service, User,
};
use super::super::extensions::{ExtensionMap, Owner};
use super::super::index::NameIndex;
use super::super::numbering::Numbering;
use super::super::{Barred, Directory, Target};
use super::names::{Named, Names};
use crate::hours::HoursSpec;
use crate::id::UserId;
use crate::spec::{
    DirectorySpec, ForwardTo, LineSpec, MenuAction, MenuSpec, Overflow, Permission, UserSpec,
};

pub(super) fn compile(spec: &DirectorySpec, names: &Names, numbering: Numbering) -> Directory {
    let mut compile = Compile { spec, names, numbering, outside: Vec::new(), gone: Vec::new() };
    let active = || spec.users.iter().filter(|user| user.is_active());
    let users: Vec<User> = active().map(|user| compile.user(user)).collect();
    let mut extensions = ExtensionMap::new();
    for (at, user) in users.iter().enumerate() {
        if let Some(extension) = user.extension {
            extensions.insert(extension, Owner::User(at as u32));
        }
    }
    for (at, group) in spec.groups.iter().enumerate() {
        if let Some(extension) = group.extension {
            extensions.insert(extension, Owner::Group(at as u32));
        }
    }
    let lines: Vec<Line> = spec.lines.iter().map(|line| compile.line(line)).collect();
    let mut numbers: Vec<(Box<str>, u32)> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| (compile.canonical(line.number.as_str()), at as u32))
        .collect();
    numbers.sort_unstable();
    let contacts: Vec<Contact> = spec
        .contacts
        .iter()
        .map(|contact| Contact {
            number: compile.canonical(main_number(&contact.number).as_str()),
            responsible: compile.user_dest(&contact.responsible),
        })
        .collect();
    let menus = spec.menus.iter().map(|menu| compile.menu(menu)).collect();
    let queues = spec.queues.iter().map(|queue| {
        let members = compile.members(&queue.members);
        Queue {
            id: queue.id.clone(),
            strategy: queue.strategy,
            ring: queue.ring,
            wait: queue.wait,
            pause: queue.pause,
            music: queue.music.clone(),
            max_waiting: queue.max_waiting,
            leave_when_empty: queue.leave_when_empty,
            targets: targets(&users, &members),
            members,
        }
    });
    let queues = queues.collect();
    let groups = spec.groups.iter().map(|group| {
        let members = compile.members(&group.members);
        Group { id: group.id.clone(), targets: targets(&users, &members), members }
    });
    let groups = groups.collect();
    let services = spec.services.iter().map(|service| Service {
        code: service.code.as_str().into(),
        kind: service.service.clone(),
    });
    let barred = spec.numbering.barred.iter().map(|prefix| Barred {
        written: prefix.as_str().into(),
        canonical: compile.canonical(prefix),
    });
    Directory {
        logins: NameIndex::build(users.len(), |at| users[at].login.as_str()),
        users,
        extensions,
        lines,
        numbers,
        menus,
        queues,
        groups,
        trunks: spec.trunks.clone(),
        services: services.collect(),
        contact_index: NameIndex::build(contacts.len(), |at| &contacts[at].number),
        contacts,
        numbering,
        emergency: spec.numbering.emergency.iter().map(|n| n.as_str().into()).collect(),
        barred: barred.collect(),
        responsible: spec.responsible,
        gone_numbers: compile.gone_numbers(),
        outside: compile.outside.into(),
        gone: compile.gone.into(),
    }
}

struct Compile<'a> {
    spec: &'a DirectorySpec,
    names: &'a Names,
    numbering: Numbering,
    outside: Vec<OutsideNumber>,
    gone: Vec<UserId>,
}

impl Compile<'_> {
    fn canonical(&self, number: &str) -> Box<str> {
        self.numbering.canonical(number).as_str().into()
    }

    fn gone_numbers(&self) -> Vec<(Box<str>, UserId)> {
        let mobiles = |active: bool| {
            let users = self.spec.users.iter().filter(move |user| user.is_active() == active);
            users.filter_map(|user| {
                let number = main_number(user.mobile.as_deref()?);
                Some((self.canonical(number.as_str()), user.login.clone()))
            })
        };
        let mut gone: Vec<_> = mobiles(false).collect();
        if gone.is_empty() {
            return gone;
        }
        gone.sort_unstable();
        for (number, _) in mobiles(true) {
            gone.retain(|(known, _)| *known != number);
        }
        gone
    }

    fn user(&mut self, user: &UserSpec) -> User {
        let line = match &user.default_line {
            Some(line) => self.names.line(self.spec, line.as_str()),
            None if self.spec.lines.is_empty() => None,
            None => Some(0),
        };
        User {
            login: user.login.clone(),
            name: user.name.as_str().into(),
            extension: user.extension,
            telephone_users: user.has(Permission::TelephoneUsers),
            outside_calls: user.outside_calls,
            line: line.unwrap_or(u32::MAX),
            forwarding: self.forwarding(user),
        }
    }

    fn forwarding(&mut self, user: &UserSpec) -> Option<Box<Forwarding>> {
        let rules = &user.forwarding;
        if rules.is_empty() {
            return None;
        }
        // One entry for all rules that name the user's own mobile number.
        let mut mobile = None;
        let mut rule = |to: &Option<ForwardTo>| match to.as_ref()? {
            ForwardTo::Mobile if mobile.is_some() => mobile,
            ForwardTo::Mobile => {
                mobile = self.outside(user.mobile.as_deref()?);
                mobile
            }
            to => self.dest(to),
        };
        Some(Box::new(Forwarding {
            always: rule(&rules.always),
            busy: rule(&rules.busy),
            no_answer: rule(&rules.no_answer),
            unreachable: rule(&rules.unreachable),
            ring: rules.ring,
        }))
    }

    fn dest(&mut self, to: &ForwardTo) -> Option<Dest> {
        Some(match to {
            ForwardTo::User(id) => self.user_dest(id),
            ForwardTo::Group(id) => Dest::Group(self.names.group(self.spec, id.as_str())?),
            ForwardTo::Queue(id) => Dest::Queue(self.names.queue(self.spec, id.as_str())?),
            ForwardTo::Number(text) => self.outside(text)?,
            // Nobody's here: the checks refuse it, and a user's is the user's.
            ForwardTo::Mobile => return None,
            ForwardTo::Voicemail(id) => match self.user_dest(id) {
                Dest::User(at) => Dest::Voicemail(at),
                gone => gone,
            },
        })
    }

    fn outside(&mut self, text: &str) -> Option<Dest> {
        let Ok(DialString::Number(number, post)) = DialString::parse(text) else { return None };
        self.outside.push(OutsideNumber { number, plan: post.map(|post| *post.plan()) });
        Some(Dest::Outside(self.outside.len() as u32 - 1))
    }

    fn user_dest(&mut self, id: &UserId) -> Dest {
        match self.names.user(self.spec, id.as_str()) {
            Some(Named::Active(at)) => Dest::User(at),
            _ => {
                self.gone.push(id.clone());
                Dest::Gone(self.gone.len() as u32 - 1)
            }
        }
    }

    fn members(&self, members: &[UserId]) -> Box<[u32]> {
        let active = |id: &UserId| match self.names.user(self.spec, id.as_str()) {
            Some(Named::Active(at)) => Some(at),
            _ => None,
        };
        members.iter().filter_map(active).collect()
    }

    fn overflow(&mut self, overflow: &Overflow) -> OverflowTo {
        match overflow {
            Overflow::HangUp => OverflowTo::HangUp,
            Overflow::Forward(to) => self.dest(to).map_or(OverflowTo::HangUp, OverflowTo::Forward),
        }
    }

    fn hours(&mut self, hours: &HoursSpec) -> Box<Hours> {
        Box::new(Hours { spec: hours.clone(), closed: self.overflow(&hours.closed) })
    }

    fn line(&mut self, line: &LineSpec) -> Line {
        let (spec, names) = (self.spec, self.names);
        Line {
            id: line.id.clone(),
            name: line.name.as_str().into(),
            number: main_number(&line.number),
            trunk: line.trunk.clone(),
            extension_processing: line.extension_processing,
            welcome: line.welcome.then(|| line.welcome_prompt.clone()),
            menu: line.menu.as_ref().and_then(|id| names.menu(spec, id.as_str())),
            type_ahead: line.type_ahead,
            attempts: line.attempts,
            timers: line.timers,
            responsible: line.responsible,
            queue: line.queue.as_ref().and_then(|id| names.queue(spec, id.as_str())),
            overflow: self.overflow(&line.overflow),
            recorded: line.recorded,
            hours: line.hours.as_ref().map(|hours| self.hours(hours)),
        }
    }

    fn menu(&mut self, menu: &MenuSpec) -> Menu {
        let (spec, names) = (self.spec, self.names);
        let mut options = [None; 16];
        for option in &menu.options {
            options[usize::from(option.key.event())] = match &option.action {
                MenuAction::User(id) => Some(Action::Go(self.user_dest(id))),
                MenuAction::Group(id) => {
                    names.group(spec, id.as_str()).map(|at| Action::Go(Dest::Group(at)))
                }
                MenuAction::Queue(id) => {
                    names.queue(spec, id.as_str()).map(|at| Action::Go(Dest::Queue(at)))
                }
                MenuAction::Menu(id) => names.menu(spec, id.as_str()).map(Action::Menu),
                MenuAction::DialExtension => Some(Action::DialExtension),
                MenuAction::Repeat => Some(Action::Repeat),
                MenuAction::HangUp => Some(Action::HangUp),
                MenuAction::Next => Some(Action::Next),
            };
        }
        Menu {
            id: menu.id.clone(),
            prompt: menu.prompt.clone(),
            direct_dialling: menu.direct_dialling,
            invalid: menu.invalid,
            silent: menu.silent,
            options,
        }
    }
}

fn targets(users: &[User], members: &[u32]) -> Arc<[Target]> {
    members.iter().map(|&at| users[at as usize].target()).collect()
}

/// The main number of a text that the checks accepted.
fn main_number(text: &str) -> Number {
    match DialString::parse(text) {
        Ok(DialString::Number(number, _)) => number,
        _ => unreachable!("the checks let only numbers through"),
    }
}
