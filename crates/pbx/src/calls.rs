//! The table of calls: bounded, with the timer of each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use switchboard_routing::{TrunkId, UserId};
use switchboard_sip::subscription::dialog_info::{CallState, Direction};

use crate::call::Call;
use crate::ids::CallId;
use crate::tally::Tally;

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
    of: Tally<Account>,
    /// Who is in which call, while somebody watches.
    seen: Option<BTreeMap<UserId, BTreeMap<CallId, Seen>>>,
    /// Whose calls changed since somebody asked.
    changed: BTreeSet<UserId>,
}

/// How far a user's part in a call is.
pub(crate) type Seen = (CallState, Direction);

#[derive(Debug)]
struct Entry {
    call: Call,
    account: Account,
    scheduled: Option<Instant>,
    /// Who is in it, as it was when it was last looked at.
    seen: Vec<(UserId, Seen)>,
}

impl Calls {
    pub(crate) fn insert(&mut self, call: Call, account: Account) {
        let id = call.id();
        self.of.add(&account);
        self.table.insert(id, Entry { call, account, scheduled: None, seen: Vec::new() });
        self.follow(id);
    }

    /// How many calls this one has made that are still there.
    pub(crate) fn of(&self, account: &Account) -> usize {
        self.of.of(account)
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

    /// Whether somebody watches who is in which call: only then it is kept.
    pub(crate) fn watch(&mut self, watch: bool) {
        if watch == self.seen.is_some() {
            return;
        }
        self.seen = watch.then(BTreeMap::new);
        for id in self.ids() {
            if let Some(entry) = self.table.get_mut(&id) {
                entry.seen.clear();
                self.look(id);
            }
        }
        self.changed.clear();
    }

    /// The calls of a user, while somebody watches.
    pub(crate) fn seen_of(&self, user: &UserId) -> impl Iterator<Item = (CallId, Seen)> + '_ {
        let calls = self.seen.as_ref().and_then(|seen| seen.get(user));
        calls.into_iter().flatten().map(|(id, seen)| (*id, *seen))
    }

    /// Whose calls changed since this was last asked, while somebody watches.
    pub(crate) fn take_changed(&mut self) -> BTreeSet<UserId> {
        std::mem::take(&mut self.changed)
    }

    /// Looks at who is in a call now.
    fn look(&mut self, id: CallId) {
        let (Some(table), Some(entry)) = (&mut self.seen, self.table.get_mut(&id)) else { return };
        let seen = entry.call.seen();
        if seen == entry.seen {
            return;
        }
        for (user, _) in &entry.seen {
            if let Some(calls) = table.get_mut(user) {
                calls.remove(&id);
            }
        }
        for (user, what) in &seen {
            table.entry(user.clone()).or_default().insert(id, *what);
        }
        for (user, what) in &entry.seen {
            if table.get(user).is_some_and(BTreeMap::is_empty) {
                table.remove(user);
            }
            if !seen.contains(&(user.clone(), *what)) {
                self.changed.insert(user.clone());
            }
        }
        let new = seen.iter().filter(|one| !entry.seen.contains(one));
        self.changed.extend(new.map(|(user, _)| user.clone()));
        entry.seen = seen;
    }

    fn follow(&mut self, id: CallId) {
        self.look(id);
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
        if over && let Some(entry) = self.table.remove(&id) {
            self.of.take(&entry.account);
        }
    }
}
