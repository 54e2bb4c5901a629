//! Everything that still names a user who has left.

use std::fmt;

use serde::{Deserialize, Serialize};
use switchboard_dialstring::DialString;

use super::find;
use crate::directory::Numbering;
use crate::id::UserId;
use crate::spec::{DirectorySpec, ForwardTo, MenuAction, Overflow};

/// A place in the data that names a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleReference {
    /// Where: a path in the data, such as `queues[0].members[2]`.
    pub path: String,
    /// What kind of place it is.
    pub kind: StaleKind,
    /// The entry's name as people know it: the caller's number, the queue, the line, the user.
    pub of: String,
}

/// What kind of place names a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StaleKind {
    /// The person responsible for a contact.
    Responsible,
    /// A member of a queue.
    QueueMember,
    /// A member of a pickup group.
    GroupMember,
    /// The destination of a colleague's forwarding rule.
    Forwarding,
    /// A menu option.
    MenuOption,
    /// A line's overflow.
    LineOverflow,
    /// What a line does outside its hours.
    ClosedHours,
    /// A rule that names the user's mobile number.
    MobileNumber,
}

impl fmt::Display for StaleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Responsible => "responsible for contact",
            Self::QueueMember => "member of queue",
            Self::GroupMember => "member of pickup group",
            Self::Forwarding => "forwarding rule of",
            Self::MenuOption => "option of menu",
            Self::LineOverflow => "overflow of line",
            Self::ClosedHours => "closed hours of line",
            Self::MobileNumber => "mobile number in a rule of",
        })
    }
}

impl fmt::Display for StaleReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.kind, self.of, self.path)
    }
}

/// Every place that names `user`, or the user's mobile number, in the order of the data: contacts,
/// queues, groups, forwarding rules of others, menu options, lines. Whether the user has left or
/// not is not asked.
pub fn stale_references(spec: &DirectorySpec, user: &UserId) -> Vec<StaleReference> {
    let mut found = Vec::new();
    let mobile = find(spec, user).and_then(|user| user.mobile.as_deref());
    let mobile = mobile.and_then(|mobile| canonical(spec, mobile));
    let is_mobile = |number: &str| mobile.is_some() && canonical(spec, number) == mobile;
    // The walk needs the data mutable only for a change, and this one makes none.
    walk(&mut spec.clone(), &mut |path, kind, of, named| {
        let kind = match named {
            Named::User(named) if named == user => kind,
            Named::Number(number) if is_mobile(number) => StaleKind::MobileNumber,
            _ => return Keep::Yes,
        };
        found.push(StaleReference { path, kind, of: of.to_owned() });
        Keep::Yes
    });
    found
}

/// What a dial string's main number is in E.164.
fn canonical(spec: &DirectorySpec, text: &str) -> Option<String> {
    let number = *DialString::parse(text).ok()?.number()?;
    let here = Numbering::of(&spec.numbering.country)?;
    Some(here.canonical(number.as_str()).as_str().to_owned())
}

/// Who or what a place names.
pub(super) enum Named<'a> {
    User(&'a UserId),
    Number(&'a str),
}

/// What becomes of a reference.
pub(super) enum Keep {
    Yes,
    /// Names this user instead; in a list that has the user already, the entry goes.
    Rename(UserId),
}

/// Is told the path, the kind, whose place it is, and who or what is named.
type Visit<'a> = dyn FnMut(String, StaleKind, &str, Named<'_>) -> Keep + 'a;

/// Visits every reference to a user, and every number of a rule.
pub(super) fn walk(spec: &mut DirectorySpec, visit: &mut Visit<'_>) {
    for (at, contact) in spec.contacts.iter_mut().enumerate() {
        let of = if contact.name.is_empty() { &contact.number } else { &contact.name };
        let path = format!("contacts[{at}].responsible");
        single(visit, path, StaleKind::Responsible, of, &mut contact.responsible);
    }
    for (at, queue) in spec.queues.iter_mut().enumerate() {
        let path = format!("queues[{at}].members");
        list(visit, &path, StaleKind::QueueMember, queue.id.as_str(), &mut queue.members);
    }
    for (at, group) in spec.groups.iter_mut().enumerate() {
        let path = format!("groups[{at}].members");
        list(visit, &path, StaleKind::GroupMember, group.id.as_str(), &mut group.members);
    }
    for (at, user) in spec.users.iter_mut().enumerate() {
        let rules = &mut user.forwarding;
        for (rule, to) in [
            ("always", &mut rules.always),
            ("busy", &mut rules.busy),
            ("no_answer", &mut rules.no_answer),
            ("unreachable", &mut rules.unreachable),
        ] {
            if let Some(to) = to {
                let path = format!("users[{at}].forwarding.{rule}");
                forward(visit, path, StaleKind::Forwarding, user.login.as_str(), to);
            }
        }
    }
    for (at, menu) in spec.menus.iter_mut().enumerate() {
        for (option_at, option) in menu.options.iter_mut().enumerate() {
            if let MenuAction::User(named) = &mut option.action {
                let path = format!("menus[{at}].options[{option_at}].action");
                single(visit, path, StaleKind::MenuOption, menu.id.as_str(), named);
            }
        }
    }
    for (at, line) in spec.lines.iter_mut().enumerate() {
        if let Overflow::Forward(to) = &mut line.overflow {
            let path = format!("lines[{at}].overflow");
            forward(visit, path, StaleKind::LineOverflow, line.id.as_str(), to);
        }
        if let Some(hours) = &mut line.hours
            && let Overflow::Forward(to) = &mut hours.closed
        {
            let path = format!("lines[{at}].hours.closed");
            forward(visit, path, StaleKind::ClosedHours, line.id.as_str(), to);
        }
    }
}

fn single(visit: &mut Visit<'_>, path: String, kind: StaleKind, of: &str, named: &mut UserId) {
    if let Keep::Rename(user) = visit(path, kind, of, Named::User(named)) {
        *named = user;
    }
}

/// Members, each kept once.
fn list(visit: &mut Visit<'_>, path: &str, kind: StaleKind, of: &str, members: &mut Vec<UserId>) {
    let mut kept: Vec<UserId> = Vec::with_capacity(members.len());
    for (at, mut member) in std::mem::take(members).into_iter().enumerate() {
        single(visit, format!("{path}[{at}]"), kind, of, &mut member);
        if !kept.contains(&member) {
            kept.push(member);
        }
    }
    *members = kept;
}

fn forward(visit: &mut Visit<'_>, path: String, kind: StaleKind, of: &str, to: &mut ForwardTo) {
    let named = match to {
        ForwardTo::User(user) | ForwardTo::Voicemail(user) => Named::User(user),
        ForwardTo::Number(number) => Named::Number(number),
        _ => return,
    };
    if let Keep::Rename(user) = visit(path, kind, of, named) {
        *to = match to {
            ForwardTo::Voicemail(_) => ForwardTo::Voicemail(user),
            _ => ForwardTo::User(user),
        };
    }
}
