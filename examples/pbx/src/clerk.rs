//! A thread that works off what it is given, many things at a time.

use std::sync::mpsc::Receiver;
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

/// How long things are let come before they are done together.
const MOMENT: Duration = Duration::from_millis(20);

/// The thread. Dropping it hurries it and waits for its end: whatever it takes its work from must be closed before.
pub(crate) struct Clerk(Option<JoinHandle<()>>);

impl Clerk {
    pub(crate) fn new(work: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(std::thread::spawn(work)))
    }

    /// Has it wait no longer for more to come.
    pub(crate) fn hurry(&self) -> impl Fn() + Clone + Send + use<> {
        let thread = self.0.as_ref().map(|thread| thread.thread().clone());
        move || thread.iter().for_each(Thread::unpark)
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            thread.thread().unpark();
            _ = thread.join();
        }
    }
}

/// Lets more come for a moment, unless the clerk is hurried, and gives all of it: what is done in one go costs little more
/// than one thing.
pub(crate) fn gather<T>(first: T, queue: &Receiver<T>) -> impl Iterator<Item = T> {
    std::thread::park_timeout(MOMENT);
    std::iter::once(first).chain(queue.try_iter())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn whoever_drops_a_clerk_finds_all_done() {
        let (sender, queue) = channel();
        let (report, done) = channel();
        let clerk = Clerk::new(move || {
            while let Ok(first) = queue.recv() {
                gather(first, &queue).for_each(|number: u8| report.send(number).unwrap());
            }
        });
        let hurry = clerk.hurry();
        sender.send(0).unwrap();
        hurry();
        assert_eq!(done.recv(), Ok(0));
        for number in 1..4 {
            sender.send(number).unwrap();
        }
        drop(sender);
        drop(clerk);
        assert_eq!(done.iter().collect::<Vec<_>>(), [1, 2, 3]);
    }
}
