//! The thread that writes to the store: audio never waits for a disk.
//!
//! What a disk refuses is kept in memory, in order, and tried again: a full disk costs no call and no record.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use switchboard_routing::UserId;
use switchboard_store::{CallRecord, CallRecordStore, Registration, RegistrationStore, StoreError};

/// What is to be written.
#[derive(Debug)]
pub(crate) enum Job {
    SaveRegistration(Registration),
    RemoveRegistration(UserId, String),
    OpenCall(CallRecord),
    CloseCall(CallRecord),
}

/// Where jobs go. Dropping it writes what is left, and waits for it.
pub(crate) struct Keeper {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// How long a store that refuses is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// Jobs kept for a store that refuses; beyond them the oldest is lost, and said to be.
const BACKLOG: usize = 100_000;

impl Keeper {
    pub(crate) fn new<S>(store: Arc<S>) -> Self
    where
        S: CallRecordStore + RegistrationStore + 'static,
    {
        let (jobs, queue) = channel();
        let thread = std::thread::spawn(move || work(&*store, &queue));
        Self { jobs: Some(jobs), thread: Some(thread) }
    }

    pub(crate) fn keep(&self, job: Job) {
        give(self.jobs.as_ref(), job);
    }

    /// The same for another thread; drop it before the keeper, which waits for it otherwise.
    pub(crate) fn entrance(&self) -> impl Fn(Job) + Send + use<> {
        let jobs = self.jobs.clone();
        move |job| give(jobs.as_ref(), job)
    }
}

fn give(jobs: Option<&Sender<Job>>, job: Job) {
    if jobs.is_some_and(|jobs| jobs.send(job).is_err()) {
        tracing::error!("the thread that writes to the store has ended");
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

fn work<S: CallRecordStore + RegistrationStore>(store: &S, queue: &Receiver<Job>) {
    let mut backlog = VecDeque::new();
    let mut closed = false;
    while !closed {
        let next = if backlog.is_empty() {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            queue.recv_timeout(PAUSE)
        };
        match next {
            Ok(job) => backlog.push_back(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => closed = true,
        }
        backlog.extend(queue.try_iter());
        flush(store, &mut backlog);
    }
    if !backlog.is_empty() {
        tracing::error!(jobs = backlog.len(), "the store refused to the end; this is lost");
    }
}

fn flush<S: CallRecordStore + RegistrationStore>(store: &S, backlog: &mut VecDeque<Job>) {
    while let Some(job) = backlog.front() {
        if let Err(error) = write(store, job) {
            tracing::error!(%error, waiting = backlog.len(), "not written yet; calls go on");
            while backlog.len() > BACKLOG {
                tracing::error!(job = ?backlog.pop_front(), "lost");
            }
            return;
        }
        backlog.pop_front();
    }
}

fn write<S: CallRecordStore + RegistrationStore>(store: &S, job: &Job) -> Result<(), StoreError> {
    match job {
        Job::SaveRegistration(registration) => store.save_registration(registration),
        Job::RemoveRegistration(user, contact) => {
            store.remove_registration(user, contact).map(|_| ())
        }
        Job::OpenCall(record) => store.open_call(record),
        Job::CloseCall(record) => store.close_call(record),
    }
}
