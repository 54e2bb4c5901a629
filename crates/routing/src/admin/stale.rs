//! Everything that still names a user who has left.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::spec::{DirectorySpec, ForwardTo, Overflow};

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
        })
    }
}

impl fmt::Display for StaleReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.kind, self.of, self.path)
    }
}

/// Every place that names `user`, in the order of the data: contacts, queues, groups, forwarding
/// rules of others, menu options, lines. Whether the user has left or not is not asked.
pub fn stale_references(spec: &DirectorySpec, user: &UserId) -> Vec<StaleReference> {
    let mut found = Vec::new();
    // The walk needs the data mutable only for a change, and this one makes none.
    let mut spec = spec.clone();
    walk(&mut spec, |path, kind, of, named| {
        if named == user {
            found.push(StaleReference { path, kind, of: of.to_owned() });
        }
        Keep::Yes
    });
    found
}

/// What becomes of a reference.
pub(super) enum Keep {
    Yes,
    /// Names this user instead; in a list that has the user already, the entry goes.
    Rename(UserId),
}

/// Visits every reference to a user.
pub(super) fn walk(
    spec: &mut DirectorySpec,
    mut visit: impl FnMut(String, StaleKind, &str, &UserId) -> Keep,
) {
    let mut single = |path: String, kind, of: &str, named: &mut UserId| {
        if let Keep::Rename(user) = visit(path, kind, of, named) {
            *named = user;
        }
    };
    for (at, contact) in spec.contacts.iter_mut().enumerate() {
        let of = if contact.name.is_empty() { &contact.number } else { &contact.name };
        let path = format!("contacts[{at}].responsible");
        single(path, StaleKind::Responsible, of, &mut contact.responsible);
    }
    let mut list = |path: String, kind, of: &str, members: &mut Vec<UserId>| {
        let mut kept: Vec<UserId> = Vec::with_capacity(members.len());
        for (at, member) in members.iter_mut().enumerate() {
            single(format!("{path}[{at}]"), kind, of, member);
            if !kept.contains(member) {
                kept.push(member.clone());
            }
        }
        *members = kept;
    };
    for (at, queue) in spec.queues.iter_mut().enumerate() {
        let path = format!("queues[{at}].members");
        list(path, StaleKind::QueueMember, queue.id.as_str(), &mut queue.members);
    }
    for (at, group) in spec.groups.iter_mut().enumerate() {
        let path = format!("groups[{at}].members");
        list(path, StaleKind::GroupMember, group.id.as_str(), &mut group.members);
    }
    for (at, user) in spec.users.iter_mut().enumerate() {
        let rules = &mut user.forwarding;
        for (rule, to) in [
            ("always", &mut rules.always),
            ("busy", &mut rules.busy),
            ("no_answer", &mut rules.no_answer),
            ("unreachable", &mut rules.unreachable),
        ] {
            if let Some(ForwardTo::User(named)) = to {
                let path = format!("users[{at}].forwarding.{rule}");
                single(path, StaleKind::Forwarding, user.login.as_str(), named);
            }
        }
    }
    for (at, menu) in spec.menus.iter_mut().enumerate() {
        for (option_at, option) in menu.options.iter_mut().enumerate() {
            if let crate::spec::MenuAction::User(named) = &mut option.action {
                let path = format!("menus[{at}].options[{option_at}].action");
                single(path, StaleKind::MenuOption, menu.id.as_str(), named);
            }
        }
    }
    for (at, line) in spec.lines.iter_mut().enumerate() {
        if let Overflow::Forward(ForwardTo::User(named)) = &mut line.overflow {
            let path = format!("lines[{at}].overflow");
            single(path, StaleKind::LineOverflow, line.id.as_str(), named);
        }
        if let Some(hours) = &mut line.hours
            && let Overflow::Forward(ForwardTo::User(named)) = &mut hours.closed
        {
            let path = format!("lines[{at}].hours.closed");
            single(path, StaleKind::ClosedHours, line.id.as_str(), named);
        }
    }
}
