//! The thread that writes to the store: audio never waits for a disk.
//!
//! What comes within a moment is written in one transaction: the end of a transaction is what costs. What a disk
//! refuses is kept in memory, in order, and tried again: a full disk costs no call and no record.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use switchboard_store::{BatchStore, Change};

/// Where changes go. Dropping it writes what is left, and waits for it.
pub(crate) struct Keeper {
    changes: Option<Sender<Change>>,
    thread: Option<JoinHandle<()>>,
}

/// How long changes are gathered: so little that whoever asks after a call finds its record. Whoever kills the program
/// takes what it was told within this time.
const GATHER: Duration = Duration::from_millis(5);
/// How long a store that refuses is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// Changes in one transaction: others may write in between.
const BATCH: usize = 512;
/// Changes kept for a store that refuses; beyond them the oldest is lost, and said to be.
const BACKLOG: usize = 100_000;

impl Keeper {
    pub(crate) fn new<S: BatchStore + 'static>(store: Arc<S>) -> Self {
        let (changes, queue) = channel();
        let thread = std::thread::spawn(move || work(&*store, &queue));
        Self { changes: Some(changes), thread: Some(thread) }
    }

    pub(crate) fn keep(&self, change: Change) {
        give(self.changes.as_ref(), change);
    }

    /// The same for another thread; drop it before the keeper, which waits for it otherwise.
    pub(crate) fn entrance(&self) -> impl Fn(Change) + Send + use<> {
        let changes = self.changes.clone();
        move |change| give(changes.as_ref(), change)
    }
}

fn give(changes: Option<&Sender<Change>>, change: Change) {
    if changes.is_some_and(|changes| changes.send(change).is_err()) {
        tracing::error!("the thread that writes to the store has ended");
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.changes = None;
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            _ = thread.join();
        }
    }
}

fn work<S: BatchStore>(store: &S, queue: &Receiver<Change>) {
    let mut backlog = VecDeque::new();
    let mut closed = false;
    while !closed {
        let next = if backlog.is_empty() {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            queue.recv_timeout(PAUSE)
        };
        match next {
            Ok(change) => {
                backlog.push_back(change);
                std::thread::park_timeout(GATHER);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => closed = true,
        }
        backlog.extend(queue.try_iter());
        flush(store, &mut backlog);
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
