//! The directory compiled: immutable, indexed, shared by all calls.

mod build;
mod compiled;
mod extensions;
mod faults;
mod holder;
mod index;
mod json_places;
mod numbering;
mod target;

use switchboard_dialstring::{Digit, Extension, Match, Number};

pub use compiled::{CalledLine, Line, User};
pub use faults::{Fault, FaultKind, Faults};
pub use holder::Holder;
pub use json_places::Place;
pub use target::Target;

pub(crate) use compiled::{
    Action, Contact, Dest, Group, Menu, OutsideNumber, OverflowTo, Queue, Service,
};
pub(crate) use extensions::{ExtensionMap, Owner};
pub(crate) use index::NameIndex;
pub(crate) use numbering::Numbering;

use crate::id::{GroupId, LineId, TrunkId, UserId};
use crate::spec::{DirectorySpec, ResponsibleSource, ServiceKind, TrunkSpec};

/// A directory: the users who work here, and the lines, menus, queues, groups, trunks and codes.
///
/// Built once from a [`DirectorySpec`] and never changed; calls share it in an `Arc`. A change is
/// a new directory, given to running calls as [`Input::Directory`](crate::Input::Directory).
/// Dismissed users are not in it: whatever still names them leads nowhere.
#[derive(Debug)]
pub struct Directory {
    pub(crate) users: Vec<User>,
    pub(crate) logins: NameIndex,
    pub(crate) extensions: ExtensionMap,
    pub(crate) lines: Vec<Line>,
    pub(crate) numbers: Vec<(Box<str>, u32)>,
    pub(crate) menus: Vec<Menu>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) groups: Vec<Group>,
    pub(crate) trunks: Vec<TrunkSpec>,
    pub(crate) services: Vec<Service>,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) contact_index: NameIndex,
    pub(crate) outside: Box<[OutsideNumber]>,
    pub(crate) gone: Box<[UserId]>,
    /// Mobile numbers of dismissed users, in E.164, sorted.
    pub(crate) gone_numbers: Vec<(Box<str>, UserId)>,
    pub(crate) numbering: Numbering,
    pub(crate) emergency: Vec<Box<str>>,
    pub(crate) barred: Vec<Barred>,
    pub(crate) responsible: ResponsibleSource,
}

/// The beginning of numbers that nobody may call, as written and in E.164.
#[derive(Debug)]
pub(crate) struct Barred {
    pub(crate) written: Box<str>,
    pub(crate) canonical: Box<str>,
}

impl Directory {
    /// Checks the data and compiles it.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its path.
    pub fn build(spec: &DirectorySpec) -> Result<Self, Faults> {
        build::build(spec)
    }

    /// The users who work here, in the order of the data.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &User> {
        self.users.iter()
    }

    /// A user who works here.
    pub fn user(&self, login: &str) -> Option<&User> {
        self.position(login).map(|at| &self.users[at as usize])
    }

    /// The user as somebody whom a call can reach.
    pub fn target(&self, login: &UserId) -> Option<Target> {
        self.user(login.as_str()).map(User::target)
    }

    /// The user who has the extension.
    pub fn user_at(&self, extension: Extension) -> Option<&User> {
        match self.extensions.owner(extension)? {
            Owner::User(at) => self.users.get(at as usize),
            Owner::Group(_) => None,
        }
    }

    /// What digits are to the extensions there are: the digit map for a collector.
    pub fn extension_match(&self, digits: &[Digit]) -> Match {
        self.extensions.matches(digits)
    }

    /// The lines, in the order of the data.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// A line by its identifier.
    pub fn line(&self, id: &LineId) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == *id)
    }

    /// The line that a call to `number` reaches, as a trunk delivers the number: with `+`, with
    /// the country's prefixes, or the bare digits of E.164. Up to 4 further digits are told apart
    /// as [`CalledLine::carried`]; they do nothing but to be named.
    pub fn called<'a>(&'a self, number: &'a str) -> Option<CalledLine<'a>> {
        compiled::called(self, number)
    }

    /// The trunks, in the order of the data.
    pub fn trunks(&self) -> &[TrunkSpec] {
        &self.trunks
    }

    /// A trunk by its identifier.
    pub fn trunk(&self, id: &TrunkId) -> Option<&TrunkSpec> {
        self.trunks.iter().find(|trunk| trunk.id == *id)
    }

    /// The service that a code reaches.
    pub fn service(&self, code: &str) -> Option<&ServiceKind> {
        self.services.iter().find(|service| *service.code == *code).map(|service| &service.kind)
    }

    /// Whether the number is an emergency number here; it always goes out.
    pub fn is_emergency(&self, number: &Number) -> bool {
        self.is_emergency_text(number.as_str())
    }

    /// Who is responsible for a caller, by the contacts.
    pub fn responsible(&self, number: &str) -> Option<&User> {
        match self.responsible_dest(number)? {
            Dest::User(user) => self.users.get(user as usize),
            _ => None,
        }
    }

    /// Whether `user` may pick up a call that rings at `other`: both are in one group.
    pub fn may_pick_up(&self, user: &UserId, other: &UserId) -> bool {
        let (Some(user), Some(other)) =
            (self.position(user.as_str()), self.position(other.as_str()))
        else {
            return false;
        };
        let has = |group: &Group, at: u32| group.members.contains(&at);
        user != other && self.groups.iter().any(|group| has(group, user) && has(group, other))
    }

    /// A number as a trunk wants it: in E.164 (`+49301234`) where the country's numbering tells what it is, as it
    /// was dialled otherwise, as emergency and other short numbers are.
    pub fn in_e164(&self, number: &Number) -> String {
        if self.is_emergency(number) {
            return number.as_str().to_owned();
        }
        self.numbering.canonical(number.as_str()).as_str().to_owned()
    }

    /// The members of a group who work here.
    pub fn group<'a>(&'a self, id: &GroupId) -> Option<impl Iterator<Item = &'a User> + use<'a>> {
        let group = self.groups.iter().find(|group| group.id == *id)?;
        Some(group.members.iter().map(|&at| &self.users[at as usize]))
    }

    pub(crate) fn position(&self, login: &str) -> Option<u32> {
        self.logins.find(login, |at| self.users[at].login.as_str())
    }

    /// Who is responsible for a caller, dismissed or not.
    pub(crate) fn responsible_dest(&self, number: &str) -> Option<Dest> {
        let canonical = self.numbering.canonical(number);
        let name = |at: usize| &*self.contacts[at].number;
        let at = self.contact_index.find(canonical.as_str(), name)?;
        Some(self.contacts[at as usize].responsible)
    }

    /// The position of a user's line, if the directory has any line.
    pub(crate) fn line_of(&self, user: u32) -> Option<u32> {
        let line = self.users.get(user as usize)?.line;
        (line != u32::MAX).then_some(line)
    }

    /// The dismissed user whose mobile number this is, unless somebody who works here has it too.
    pub(crate) fn gone_number(&self, number: &Number) -> Option<&UserId> {
        if self.gone_numbers.is_empty() {
            return None;
        }
        let canonical = self.numbering.canonical(number.as_str());
        let by_number = |known: &(Box<str>, UserId)| (*known.0).cmp(canonical.as_str());
        let at = self.gone_numbers.binary_search_by(by_number).ok()?;
        Some(&self.gone_numbers[at].1)
    }

    pub(crate) fn is_emergency_text(&self, number: &str) -> bool {
        self.numbering.is_emergency(number) || self.emergency.iter().any(|known| **known == *number)
    }

    /// Whether a number may not be called by anybody.
    pub(crate) fn is_barred(&self, number: &str) -> bool {
        let canonical = self.numbering.canonical(number);
        self.barred.iter().any(|barred| {
            number.starts_with(&*barred.written)
                || canonical.as_str().starts_with(&*barred.canonical)
        })
    }
}
