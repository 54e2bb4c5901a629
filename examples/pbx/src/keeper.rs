//! The thread that writes to the store: audio never waits for a disk.
//!
//! What comes within 20 ms is written in one transaction: the end of a transaction is what costs. Whoever kills the program takes what
//! it was told within this time; whoever asks the program something makes it write first. What a disk
//! refuses is kept in memory, in order, and tried again: a full disk costs no call and no record.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use switchboard_store::{BatchStore, Change};
use tokio::sync::oneshot;

use crate::clerk::{Clerk, gather};

/// Where changes go. Dropping it writes what is left, and waits for it.
pub(crate) struct Keeper {
    /// Before the clerk, who ends when it is closed.
    orders: Arc<Sender<Order>>,
    clerk: Clerk,
}

enum Order {
    Keep(Box<Change>),
    /// Say when what came before is written.
    Tell(oneshot::Sender<()>),
}

/// How long a store that refuses is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// Changes in one transaction: others may write in between.
const BATCH: usize = 512;
/// Changes kept for a store that refuses; beyond them the oldest is lost, and said to be.
const BACKLOG: usize = 100_000;

impl Keeper {
    pub(crate) fn new<S: BatchStore + 'static>(store: Arc<S>) -> Self {
        let (orders, queue) = channel();
        let clerk = Clerk::new(move || work(&*store, &queue));
        Self { orders: Arc::new(orders), clerk }
    }

    pub(crate) fn keep(&self, change: Change) {
        give(&self.orders, change);
    }

    /// The same for another thread; drop it before the keeper, which waits for it otherwise.
    pub(crate) fn entrance(&self) -> impl Fn(Change) + Send + use<> {
        let orders = Arc::clone(&self.orders);
        move |change| give(&orders, change)
    }

    /// Has somebody told when what was given until then is written, or refused by the disk. The keeper does not wait for it.
    pub(crate) fn notice(&self) -> impl Fn(oneshot::Sender<()>) + Clone + Send + use<> {
        let (orders, hurry) = (Arc::downgrade(&self.orders), self.clerk.hurry());
        move |whom| {
            if let Some(orders) = orders.upgrade() {
                // Whoever is dropped is told by that.
                _ = orders.send(Order::Tell(whom));
                hurry();
            }
        }
    }
}

fn give(orders: &Sender<Order>, change: Change) {
    if orders.send(Order::Keep(Box::new(change))).is_err() {
        tracing::error!("the thread that writes to the store has ended");
    }
}

fn work<S: BatchStore>(store: &S, queue: &Receiver<Order>) {
    let mut backlog = VecDeque::new();
    let mut waiting = Vec::new();
    let mut closed = false;
    while !closed {
        let next = if backlog.is_empty() {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            queue.recv_timeout(PAUSE)
        };
        match next {
            Ok(first) => {
                for order in gather(first, queue) {
                    match order {
                        Order::Keep(change) => backlog.push_back(*change),
                        Order::Tell(whom) => waiting.push(whom),
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => closed = true,
        }
        flush(store, &mut backlog);
        // Whoever has gone needs no answer.
        waiting.drain(..).for_each(|whom: oneshot::Sender<()>| _ = whom.send(()));
    }
    if !backlog.is_empty() {
        tracing::error!(changes = backlog.len(), "the store refused to the end; this is lost");
    }
}

fn flush<S: BatchStore>(store: &S, backlog: &mut VecDeque<Change>) {
    while !backlog.is_empty() {
        let batch = backlog.len().min(BATCH);
        if let Err(error) = store.write_all(&mut backlog.iter().take(batch)) {
            tracing::error!(%error, waiting = backlog.len(), "not written yet; calls go on");
            while backlog.len() > BACKLOG {
                tracing::error!(change = ?backlog.pop_front(), "lost");
            }
            return;
        }
        backlog.drain(..batch);
    }
}

#[cfg(test)]
mod tests {
    use switchboard_pbx::{CallId, CallKind, Party, RecordHead};
    use switchboard_store::CallRecordStore;

    use super::*;
    use crate::folder::Folder;
    use crate::records;

    fn opened(call: u128) -> Change {
        let party = Party { user: None, number: "+49301234567".to_owned() };
        Change::OpenCall(records::opened(RecordHead {
            id: CallId(call),
            kind: CallKind::Inbound,
            from: party,
            dialled: "101".to_owned(),
            line: None,
            started: 1,
        }))
    }

    #[test]
    fn whoever_is_told_finds_all_that_came_before() {
        let place = tempfile::tempdir().unwrap();
        let store = Folder::open(place.path()).unwrap().store;
        let keeper = Keeper::new(Arc::clone(&store));
        let (notice, entrance) = (keeper.notice(), keeper.entrance());
        for round in 1..=3 {
            keeper.keep(opened(2 * round));
            entrance(opened(2 * round + 1));
            let (sender, told) = oneshot::channel();
            notice(sender);
            told.blocking_recv().unwrap();
            assert_eq!(store.recent_calls(10).unwrap().len() as u128, 2 * round);
        }
        drop(entrance);
        keeper.keep(opened(9));
        drop(keeper);
        assert_eq!(store.recent_calls(10).unwrap().len(), 7, "the last words are written");
        let (sender, told) = oneshot::channel();
        notice(sender);
        assert!(told.blocking_recv().is_err(), "nobody is waited for who is gone");
    }
}
