//! The drive loop's side of the media threads.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use switchboard_media::{Command, EventKind, LegId, Output, Plane, RecordingId, RoomId};
use switchboard_pbx::CallId;
use tokio::sync::mpsc;

use super::bell::Bell;
use super::order::{Inlet, News, Order, Promise, Word};
use super::thread::{Thread, closed};
use crate::rtp_ports::PortPair;

/// The media threads, and which of them has whom. Dropping it ends them, and waits for them.
pub(crate) struct MediaThreads {
    threads: Vec<Remote>,
    legs: HashMap<LegId, Place>,
    calls: HashMap<CallId, At>,
    recordings: HashMap<RecordingId, usize>,
    news: mpsc::UnboundedReceiver<Word>,
}

/// Legs that a thread has before another begins to work: 50,000 packets a second, a quarter of what it could do.
const FULL: usize = 1_000;

struct Remote {
    inlet: Inlet,
    thread: Option<JoinHandle<()>>,
    /// How many legs it has.
    legs: usize,
    /// Orders were queued since the bell was rung.
    has_orders: bool,
    /// It has panicked: nobody goes there any more.
    is_dead: bool,
}

/// Says so when a thread panics.
struct Obituary {
    thread: usize,
    news: mpsc::UnboundedSender<Word>,
}

impl Drop for Obituary {
    fn drop(&mut self) {
        if std::thread::panicking() {
            _ = self.news.send(Word::Died(self.thread));
        }
    }
}

#[derive(Clone, Copy)]
struct Place {
    thread: usize,
    call: CallId,
}

/// Where a call's legs are, and how many began there.
struct At {
    thread: usize,
    legs: usize,
}

impl MediaThreads {
    /// One thread a plane.
    pub(crate) fn start(planes: Vec<Plane>) -> io::Result<Self> {
        let (sender, news) = mpsc::unbounded_channel();
        let start = |(n, plane)| {
            let (orders, queue) = channel();
            let bell = Arc::new(Bell::new()?);
            let thread = Thread::new(plane, Arc::clone(&bell), queue, sender.clone())?;
            let builder = std::thread::Builder::new().name(format!("media-{n}"));
            let obituary = Obituary { thread: n, news: sender.clone() };
            let run = move || {
                let _obituary = obituary;
                thread.run();
            };
            let thread = Some(builder.spawn(run)?);
            let inlet = Inlet { orders, bell };
            Ok(Remote { inlet, thread, legs: 0, has_orders: false, is_dead: false })
        };
        let threads = planes.into_iter().enumerate().map(start).collect::<io::Result<_>>()?;
        let (legs, calls) = (HashMap::new(), HashMap::new());
        Ok(Self { threads, legs, calls, recordings: HashMap::new(), news })
    }

    /// Gives a leg its sockets, on the thread of its call. False: there is no thread.
    pub(crate) fn open(&mut self, leg: LegId, call: CallId, sockets: PortPair) -> bool {
        let home = self.calls.get(&call).map(|at| at.thread).filter(|home| self.lives(*home));
        let Some(thread) = home.or_else(|| self.with_room()) else { return false };
        let at = self.calls.entry(call).or_insert(At { thread, legs: 0 });
        (at.thread, at.legs) = (thread, at.legs + 1);
        self.legs.insert(leg, Place { thread, call });
        self.threads[thread].legs += 1;
        self.put(thread, Order::Sockets(leg, sockets));
        true
    }

    /// Where a new call begins: on the first thread that is not full, so that one wake-up serves many packets; once all are,
    /// where there are fewest.
    fn with_room(&self) -> Option<usize> {
        let legs = |n: &usize| self.threads[*n].legs;
        let all = (0..self.threads.len()).filter(|n| self.lives(*n));
        all.clone().find(|n| legs(n) < FULL).or_else(|| all.min_by_key(legs))
    }

    fn lives(&self, thread: usize) -> bool {
        !self.threads[thread].is_dead
    }

    /// Where all who come into a room meet: each has a thread of its own name, or the next one where that has died.
    fn home(&self, room: RoomId) -> Option<usize> {
        let threads = self.threads.len();
        let first = room.0.checked_rem(threads as u64)? as usize;
        (first..first + threads).map(|n| n % threads).find(|n| self.lives(*n))
    }

    #[cfg(test)]
    pub(super) fn kill(&mut self, thread: usize) {
        self.put(thread, Order::Panic);
        self.ring();
    }

    /// As if this thread had all the legs that it may.
    #[cfg(test)]
    pub(super) fn fill(&mut self, thread: usize) {
        self.threads[thread].legs += FULL;
    }

    /// Passes a command on to who has its leg.
    pub(crate) fn command(&mut self, command: Command) {
        let thread = match &command {
            Command::Bridge { a, b } => {
                self.thread_of(*a).inspect(|thread| self.bring(*thread, *b))
            }
            // Where it has begun it goes on.
            Command::Record { recording, left, right } => {
                let begun = self.recordings.get(recording).copied();
                begun.or_else(|| self.thread_of(*left)).inspect(|thread| {
                    self.recordings.insert(*recording, *thread);
                    self.bring(*thread, *left);
                    right.iter().for_each(|right| self.bring(*thread, *right));
                })
            }
            Command::Join { leg, room } => {
                self.home(*room).inspect(|thread| self.bring(*thread, *leg))
            }
            Command::StopRecording { recording } => self.recordings.get(recording).copied(),
            Command::Open { leg }
            | Command::Configure { leg, .. }
            | Command::Play { leg, .. }
            | Command::Tone { leg, .. }
            | Command::Stop { leg }
            | Command::Echo { leg }
            | Command::Unbridge { leg }
            | Command::SendDigits { leg, .. }
            | Command::Close { leg } => self.thread_of(*leg),
        };
        match thread {
            Some(thread) => self.put(thread, Order::Command(command)),
            None => tracing::debug!(?command, "media command for nobody"),
        }
    }

    /// Wakes the threads that have something to do.
    pub(crate) fn ring(&mut self) {
        for remote in &mut self.threads {
            if std::mem::take(&mut remote.has_orders) {
                remote.inlet.bell.ring();
            }
        }
    }

    /// What the threads have to say.
    pub(crate) fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<News> {
        match self.news.poll_recv(cx) {
            Poll::Ready(Some(word)) => {
                let news = match word {
                    Word::News(news) => news,
                    Word::Died(thread) => self.bury(thread),
                };
                news.iter().for_each(|output| self.note(output));
                Poll::Ready(news)
            }
            // All threads have ended: there is none, or the loop is ending.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// A thread has died: its legs are over, and their ports are free. The others go on.
    fn bury(&mut self, thread: usize) -> News {
        tracing::error!(thread, "a media thread has died, and its calls with it");
        self.threads[thread].is_dead = true;
        let legs = self.legs.iter().filter(|(_, place)| place.thread == thread);
        let recordings = self.recordings.iter().filter(|(_, at)| **at == thread);
        let over = recordings.map(|(recording, _)| Output::RecordingOver(*recording));
        over.chain(legs.map(|(leg, _)| closed(*leg))).collect()
    }

    /// Forgets who is gone.
    fn note(&mut self, output: &Output) {
        match output {
            Output::Event(event) if matches!(event.kind, EventKind::Closed { .. }) => {
                let Some(place) = self.legs.remove(&event.leg) else { return };
                self.threads[place.thread].legs -= 1;
                if let Some(at) = self.calls.get_mut(&place.call) {
                    at.legs -= 1;
                    if at.legs == 0 {
                        self.calls.remove(&place.call);
                    }
                }
            }
            Output::RecordingOver(recording) => _ = self.recordings.remove(recording),
            _ => {}
        }
    }

    fn put(&mut self, thread: usize, order: Order) {
        let remote = &mut self.threads[thread];
        remote.inlet.put(order);
        remote.has_orders = true;
    }

    pub(super) fn thread_of(&self, leg: LegId) -> Option<usize> {
        self.legs.get(&leg).map(|place| place.thread)
    }

    /// The leg moves to this thread, if it is on another: two calls have become one.
    fn bring(&mut self, to: usize, leg: LegId) {
        if !self.lives(to) {
            return;
        }
        let Some(place) = self.legs.get_mut(&leg) else { return };
        let from = std::mem::replace(&mut place.thread, to);
        if to == from {
            return;
        }
        self.threads[from].legs -= 1;
        self.threads[to].legs += 1;
        let inlet = self.threads[to].inlet.clone();
        // Orders of both kinds are given by this one alone, in one order for all threads: none waits for a leg that another
        // keeps because it waits itself.
        self.put(to, Order::Expect(leg));
        self.put(from, Order::GiveUp(Promise::new(leg, inlet)));
    }
}

impl Drop for MediaThreads {
    fn drop(&mut self) {
        for remote in &self.threads {
            remote.inlet.put(Order::Stop);
            remote.inlet.bell.ring();
        }
        for remote in &mut self.threads {
            if let Some(thread) = remote.thread.take() {
                _ = thread.join();
            }
        }
    }
}
