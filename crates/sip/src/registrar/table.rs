//! Bindings by user, by time and by flow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use super::Binding;
use crate::Flow;

/// Every index follows the bindings. The keys come from users who have been authenticated, so the
/// table is bounded by their number and the bound for each.
#[derive(Debug, Default)]
pub(super) struct Table {
    users: BTreeMap<Arc<str>, Vec<Binding>>,
    by_time: BTreeSet<(Instant, Arc<str>)>,
    by_flow: BTreeSet<(Flow, Arc<str>)>,
    len: usize,
}

impl Table {
    /// The user's name as the table has it.
    pub(super) fn name(&self, user: &str) -> Arc<str> {
        self.users.get_key_value(user).map_or_else(|| user.into(), |(name, _)| name.clone())
    }

    pub(super) fn of(&self, user: &str) -> &[Binding] {
        self.users.get(user).map_or(&[], Vec::as_slice)
    }

    pub(super) fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(|user| &**user)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn insert(&mut self, user: &Arc<str>, binding: Binding) {
        self.by_time.insert((binding.expires, user.clone()));
        self.by_flow.insert((binding.flow, user.clone()));
        self.users.entry(user.clone()).or_default().push(binding);
        self.len += 1;
    }

    pub(super) fn remove_where(
        &mut self,
        user: &Arc<str>,
        chosen: impl Fn(&Binding) -> bool,
    ) -> Vec<Binding> {
        let Some(bindings) = self.users.get_mut(user) else { return Vec::new() };
        let removed: Vec<_> = bindings.extract_if(.., |binding| chosen(binding)).collect();
        self.len -= removed.len();
        let left = &*bindings;
        for binding in &removed {
            if !left.iter().any(|other| other.expires == binding.expires) {
                self.by_time.remove(&(binding.expires, user.clone()));
            }
            if !left.iter().any(|other| other.flow == binding.flow) {
                self.by_flow.remove(&(binding.flow, user.clone()));
            }
        }
        if left.is_empty() {
            self.users.remove(user);
        }
        removed
    }

    pub(super) fn take_first_to_expire(&mut self, user: &Arc<str>) -> Option<Binding> {
        let first = self.of(user).iter().map(|binding| binding.expires).min()?;
        let mut removed = self.remove_where(user, |binding| binding.expires == first);
        let taken = removed.pop();
        for binding in removed {
            self.insert(user, binding);
        }
        taken
    }

    pub(super) fn take_flow(&mut self, flow: Flow) -> Vec<(Arc<str>, Binding)> {
        let from = (flow, Arc::from(""));
        let range = self.by_flow.range(from..).take_while(|(other, _)| *other == flow);
        let users: Vec<_> = range.map(|(_, user)| user.clone()).collect();
        let mut taken = Vec::new();
        for user in users {
            let removed = self.remove_where(&user, |binding| binding.flow == flow);
            taken.extend(removed.into_iter().map(|binding| (user.clone(), binding)));
        }
        taken
    }

    pub(super) fn has_flow(&self, flow: Flow) -> bool {
        let mut range = self.by_flow.range((flow, Arc::from(""))..);
        range.next().is_some_and(|(other, _)| *other == flow)
    }

    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    pub(super) fn take_expired(&mut self, now: Instant) -> Option<(Arc<str>, Binding)> {
        let (at, user) = self.by_time.first().filter(|(at, _)| *at <= now).cloned()?;
        let mut removed = self.remove_where(&user, |binding| binding.expires == at);
        let taken = removed.pop();
        for binding in removed {
            self.insert(&user, binding);
        }
        Some((user, taken?))
    }
}
