//! Whose is it: from what arrives to the leg that it is for.

use std::collections::HashMap;
use std::hash::Hash;

use switchboard_media::LegId;
use switchboard_sip::dialog::DialogId;
use switchboard_sip::transaction::TransactionId;

use crate::accounts::AccountNumber;
use crate::ids::{CallId, LegNumber};
use crate::lamps::LampNumber;
use crate::texts::TextNumber;

/// A leg of a call.
pub(crate) type LegKey = (CallId, LegNumber);

/// Who waits for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Leg(LegKey),
    /// A registration of ours.
    Account(AccountNumber),
    /// A subscription of a phone.
    Lamp(LampNumber),
    /// A text message.
    Text(TextNumber),
}

/// The tables that lead from what arrives to whom it is for. Each entry has one owner, who put it
/// in; transactions leave when the transaction layer says that they are over, dialogs and ports
/// when their leg is.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    transactions: HashMap<TransactionId, Owner>,
    dialogs: HashMap<DialogId, LegKey>,
    ports: HashMap<LegId, LegKey>,
    last_port: u64,
}

impl Routes {
    pub(crate) fn own_transaction(&mut self, id: TransactionId, owner: Owner) {
        self.transactions.insert(id, owner);
    }

    pub(crate) fn transaction(&self, id: TransactionId) -> Option<&Owner> {
        self.transactions.get(&id)
    }

    pub(crate) fn end_transaction(&mut self, id: TransactionId) {
        self.transactions.remove(&id);
    }

    pub(crate) fn open_dialog(&mut self, id: DialogId, leg: LegKey) {
        self.dialogs.insert(id, leg);
    }

    pub(crate) fn dialog(&self, id: &DialogId) -> Option<LegKey> {
        self.dialogs.get(id).copied()
    }

    pub(crate) fn close_dialog(&mut self, id: &DialogId) {
        self.dialogs.remove(id);
    }

    /// A new name for a port, never used before.
    pub(crate) fn new_port(&mut self, leg: LegKey) -> LegId {
        self.last_port += 1;
        let id = LegId(self.last_port);
        self.ports.insert(id, leg);
        id
    }

    pub(crate) fn port(&self, id: LegId) -> Option<LegKey> {
        self.ports.get(&id).copied()
    }

    pub(crate) fn end_port(&mut self, id: LegId) -> Option<LegKey> {
        self.ports.remove(&id)
    }

    /// The leg moves to another call.
    pub(crate) fn move_leg(&mut self, from: LegKey, to: LegKey) {
        fn each<K: Eq + Hash>(map: &mut HashMap<K, LegKey>, from: LegKey, to: LegKey) {
            map.values_mut().filter(|key| **key == from).for_each(|key| *key = to);
        }
        each(&mut self.dialogs, from, to);
        each(&mut self.ports, from, to);
        let owners = self.transactions.values_mut();
        owners.filter(|owner| **owner == Owner::Leg(from)).for_each(|o| *o = Owner::Leg(to));
    }

    /// How many entries there are: transactions, dialogs, ports.
    pub(crate) fn len(&self) -> [usize; 3] {
        [self.transactions.len(), self.dialogs.len(), self.ports.len()]
    }
}
