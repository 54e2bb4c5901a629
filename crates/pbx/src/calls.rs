//! The table of calls: bounded, with the timer of each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use switchboard_routing::{TrunkId, UserId};

use crate::call::Call;
use crate::ids::CallId;

/// On whose account a call counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Account {
    User(UserId),
    Trunk(TrunkId),
}

/// The table of calls. A call leaves it when nothing is left of it.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    table: BTreeMap<CallId, Entry>,
    by_time: BTreeSet<(Instant, CallId)>,
    of: BTreeMap<Account, usize>,
}

#[derive(Debug)]
struct Entry {
    call: Call,
    account: Account,
    scheduled: Option<Instant>,
}

impl Calls {
    pub(crate) fn insert(&mut self, call: Call, account: Account) {
        let id = call.id();
        *self.of.entry(account.clone()).or_default() += 1;
        self.table.insert(id, Entry { call, account, scheduled: None });
        self.follow(id);
    }

    /// How many calls this one has made that are still there.
    pub(crate) fn of(&self, account: &Account) -> usize {
        self.of.get(account).copied().unwrap_or(0)
    }

    /// Does something with a call; afterwards its timer is right, and it is gone if it is over.
    pub(crate) fn with<T>(&mut self, id: CallId, job: impl FnOnce(&mut Call) -> T) -> Option<T> {
        let entry = self.table.get_mut(&id)?;
        let result = job(&mut entry.call);
        self.follow(id);
        Some(result)
    }

    pub(crate) fn ids(&self) -> Vec<CallId> {
        self.table.keys().copied().collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Call> {
        self.table.values().map(|entry| &entry.call)
    }

    pub(crate) fn get(&self, id: CallId) -> Option<&Call> {
        self.table.get(&id).map(|entry| &entry.call)
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty() && self.by_time.is_empty() && self.of.is_empty()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// The calls whose timers are due.
    pub(crate) fn due(&self, now: Instant) -> Vec<CallId> {
        self.by_time.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }

    fn follow(&mut self, id: CallId) {
        let Some(entry) = self.table.get_mut(&id) else { return };
        let over = entry.call.is_over();
        let next = if over { None } else { entry.call.poll_timeout() };
        if next != entry.scheduled {
            if let Some(at) = std::mem::replace(&mut entry.scheduled, next) {
                self.by_time.remove(&(at, id));
            }
            if let Some(at) = next {
                self.by_time.insert((at, id));
            }
        }
        if over
            && let Some(entry) = self.table.remove(&id)
            && let Some(count) = self.of.get_mut(&entry.account)
        {
            *count -= 1;
            if *count == 0 {
                self.of.remove(&entry.account);
            }
        }
    }
}
