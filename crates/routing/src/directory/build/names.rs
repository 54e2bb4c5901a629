//! Identifiers to positions, and the positions of those who work here.

use super::super::index::NameIndex;
use super::super::{Fault, FaultKind};
use crate::spec::DirectorySpec;

/// Where each name stands in the data.
pub(super) struct Names {
    users: NameIndex,
    /// By position in the data: position among the active users, or `GONE`.
    active: Vec<u32>,
    lines: NameIndex,
    menus: NameIndex,
    queues: NameIndex,
    groups: NameIndex,
    trunks: NameIndex,
}

const GONE: u32 = u32::MAX;

/// A user named in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// Works here: position among the active users.
    Active(u32),
    /// Dismissed: position in the data.
    Gone(u32),
}

macro_rules! index {
    ($faults:ident, $list:expr, $path:literal, $id:ident) => {{
        let list = &$list;
        let index = NameIndex::build(list.len(), |at| list[at].$id.as_str());
        for (at, item) in list.iter().enumerate() {
            let first = index.find(item.$id.as_str(), |at| list[at].$id.as_str());
            if let Some(first) = first.filter(|&first| first as usize != at) {
                $faults.push(Fault {
                    path: format!(concat!($path, "[{}].", stringify!($id)), at),
                    kind: FaultKind::DuplicateId {
                        id: item.$id.to_string(),
                        first: format!(concat!($path, "[{}]"), first),
                    },
                });
            }
        }
        index
    }};
}

impl Names {
    pub(super) fn collect(spec: &DirectorySpec, faults: &mut Vec<Fault>) -> Self {
        let mut count = 0;
        let active = spec.users.iter().map(|user| {
            if !user.is_active() {
                return GONE;
            }
            count += 1;
            count - 1
        });
        Self {
            active: active.collect(),
            users: index!(faults, spec.users, "users", login),
            lines: index!(faults, spec.lines, "lines", id),
            menus: index!(faults, spec.menus, "menus", id),
            queues: index!(faults, spec.queues, "queues", id),
            groups: index!(faults, spec.groups, "groups", id),
            trunks: index!(faults, spec.trunks, "trunks", id),
        }
    }

    /// Position in the data.
    pub(super) fn user_at(&self, spec: &DirectorySpec, id: &str) -> Option<u32> {
        self.users.find(id, |at| spec.users[at].login.as_str())
    }

    pub(super) fn user(&self, spec: &DirectorySpec, id: &str) -> Option<Named> {
        let at = self.user_at(spec, id)?;
        Some(match self.active[at as usize] {
            GONE => Named::Gone(at),
            active => Named::Active(active),
        })
    }

    pub(super) fn line(&self, spec: &DirectorySpec, id: &str) -> Option<u32> {
        self.lines.find(id, |at| spec.lines[at].id.as_str())
    }

    pub(super) fn menu(&self, spec: &DirectorySpec, id: &str) -> Option<u32> {
        self.menus.find(id, |at| spec.menus[at].id.as_str())
    }

    pub(super) fn queue(&self, spec: &DirectorySpec, id: &str) -> Option<u32> {
        self.queues.find(id, |at| spec.queues[at].id.as_str())
    }

    pub(super) fn group(&self, spec: &DirectorySpec, id: &str) -> Option<u32> {
        self.groups.find(id, |at| spec.groups[at].id.as_str())
    }

    pub(super) fn trunk(&self, spec: &DirectorySpec, id: &str) -> Option<u32> {
        self.trunks.find(id, |at| spec.trunks[at].id.as_str())
    }
}
