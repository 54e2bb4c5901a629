//! The transactions by id, by key, by flow and by their next timer.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use super::TransactionId;
use super::entry::Entry;
use crate::identifiers::SeededHasher;
use crate::{Flow, Transport};

/// A bounded table. Every index follows the entries: an entry is in all of them or in none.
#[derive(Debug)]
pub(super) struct Table {
    entries: HashMap<TransactionId, Entry, SeededHasher>,
    by_key: HashMap<Key, TransactionId, SeededHasher>,
    by_sequence: HashMap<Sequence, TransactionId, SeededHasher>,
    by_flow: BTreeSet<(Flow, TransactionId)>,
    by_time: BTreeSet<(Instant, TransactionId)>,
    servers_of: HashMap<IpAddr, usize, SeededHasher>,
    servers: usize,
    last: u64,
}

/// What identifies a transaction on the wire (RFC 3261 sections 17.1.3 and 17.2.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) side: Side,
    pub(super) text: Box<str>,
}

/// Which side of the transaction is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Client,
    Server,
}

/// What stays the same in copies of a request that came different ways (RFC 3261 section 8.2.2.2),
/// and what an INVITE shares with the ACK of its 2xx (section 13.2.2.4): Call-ID, From tag and
/// CSeq, in one text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sequence(pub(super) Box<str>);

impl Table {
    pub(super) fn new(hasher: SeededHasher) -> Self {
        Self {
            entries: HashMap::with_hasher(hasher),
            by_key: HashMap::with_hasher(hasher),
            by_sequence: HashMap::with_hasher(hasher),
            by_flow: BTreeSet::new(),
            by_time: BTreeSet::new(),
            servers_of: HashMap::with_hasher(hasher),
            servers: 0,
            last: 0,
        }
    }

    pub(super) fn servers(&self) -> usize {
        self.servers
    }

    pub(super) fn clients(&self) -> usize {
        self.entries.len() - self.servers
    }

    /// Server transactions whose requests came from this address.
    pub(super) fn servers_of(&self, address: IpAddr) -> usize {
        self.servers_of.get(&address).copied().unwrap_or(0)
    }

    pub(super) fn insert(&mut self, entry: Entry) -> TransactionId {
        self.last += 1;
        let id = TransactionId(self.last);
        if entry.key.side == Side::Server {
            self.servers += 1;
            *self.servers_of.entry(entry.source.remote.ip()).or_default() += 1;
        }
        self.by_key.insert(entry.key.clone(), id);
        if let Some(sequence) = &entry.sequence {
            self.by_sequence.insert(sequence.clone(), id);
        }
        self.by_flow.insert((indexed(entry.flow), id));
        self.entries.insert(id, entry);
        self.reschedule(id);
        id
    }

    pub(super) fn remove(&mut self, id: TransactionId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        if entry.key.side == Side::Server {
            self.servers -= 1;
            let address = entry.source.remote.ip();
            if let Some(count) = self.servers_of.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    self.servers_of.remove(&address);
                }
            }
        }
        if self.by_key.get(&entry.key) == Some(&id) {
            self.by_key.remove(&entry.key);
        }
        for sequence in [&entry.sequence, &entry.dialog].into_iter().flatten() {
            if self.by_sequence.get(sequence) == Some(&id) {
                self.by_sequence.remove(sequence);
            }
        }
        self.by_flow.remove(&(indexed(entry.flow), id));
        if let Some(at) = entry.scheduled {
            self.by_time.remove(&(at, id));
        }
        Some(entry)
    }

    /// From now on the transaction is found by the dialog that its 2xx made.
    pub(super) fn set_dialog(&mut self, id: TransactionId, dialog: Sequence) {
        if let Some(entry) = self.entries.get_mut(&id) {
            self.by_sequence.insert(dialog.clone(), id);
            entry.dialog = Some(dialog);
        }
    }

    pub(super) fn get(&self, id: TransactionId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// After a change that may move its timer, call [`Table::reschedule`].
    pub(super) fn get_mut(&mut self, id: TransactionId) -> Option<&mut Entry> {
        self.entries.get_mut(&id)
    }

    pub(super) fn by_key(&self, key: &Key) -> Option<TransactionId> {
        self.by_key.get(key).copied()
    }

    pub(super) fn by_sequence(&self, sequence: &Sequence) -> Option<TransactionId> {
        self.by_sequence.get(sequence).copied()
    }

    /// Moves a client transaction to the flow that its response came on.
    pub(super) fn set_flow(&mut self, id: TransactionId, flow: Flow) {
        if let Some(entry) = self.entries.get_mut(&id) {
            self.by_flow.remove(&(indexed(entry.flow), id));
            entry.flow = flow;
            self.by_flow.insert((indexed(flow), id));
        }
    }

    /// What goes over this flow; with a connection, also what asked for one to the same remote end
    /// and has not heard yet which it got.
    pub(super) fn on_flow(&self, flow: Flow) -> Vec<TransactionId> {
        let on = |flow: Flow| {
            let flow = indexed(flow);
            let range = (flow, TransactionId(0))..=(flow, TransactionId(u64::MAX));
            self.by_flow.range(range).map(|(_, id)| *id)
        };
        let asked = flow.connection.map(|_| Flow { connection: None, ..flow });
        on(flow).chain(asked.into_iter().flat_map(on)).collect()
    }

    pub(super) fn reschedule(&mut self, id: TransactionId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let next = entry.poll_timeout();
        if next == entry.scheduled {
            return;
        }
        if let Some(at) = std::mem::replace(&mut entry.scheduled, next) {
            self.by_time.remove(&(at, id));
        }
        if let Some(at) = next {
            self.by_time.insert((at, id));
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// The transactions whose timers are due, earliest first.
    pub(super) fn due(&self, now: Instant) -> Vec<TransactionId> {
        let range = ..=(now, TransactionId(u64::MAX));
        self.by_time.range(range).map(|(_, id)| *id).collect()
    }

    /// Whether nothing is left in any index.
    #[cfg(test)]
    pub(super) fn is_clean(&self) -> bool {
        self.entries.is_empty()
            && self.by_key.is_empty()
            && self.by_sequence.is_empty()
            && self.by_flow.is_empty()
            && self.by_time.is_empty()
            && self.servers_of.is_empty()
            && self.servers == 0
    }
}

/// A stream flow without a connection yet goes by its remote end alone: our end is known later.
fn indexed(flow: Flow) -> Flow {
    match (flow.transport, flow.connection) {
        (Transport::Udp, _) | (_, Some(_)) => flow,
        (_, None) => Flow { local: (Ipv4Addr::UNSPECIFIED, 0).into(), ..flow },
    }
}
