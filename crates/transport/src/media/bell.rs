//! Wakes a media thread that sleeps, and costs nothing while it does not.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering, fence};

use rustix::event::{EventfdFlags, eventfd};

/// Rung by whoever put something into the thread's queue.
pub(super) struct Bell {
    wire: OwnedFd,
    is_asleep: AtomicBool,
}

impl Bell {
    pub(super) fn new() -> io::Result<Self> {
        let wire = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { wire, is_asleep: AtomicBool::new(false) })
    }

    /// Wakes the thread, if it sleeps or is about to.
    pub(super) fn ring(&self) {
        // Either the thread sees what was queued before this, or this sees that the thread sleeps.
        fence(Ordering::SeqCst);
        if self.is_asleep.swap(false, Ordering::SeqCst) {
            // It fails only when it is ringing already.
            _ = rustix::io::write(&self.wire, &1_u64.to_ne_bytes());
        }
    }

    /// The thread will sleep; it looks into its queue once more after this.
    pub(super) fn lie_down(&self) {
        self.is_asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// The thread is awake.
    pub(super) fn get_up(&self) {
        self.is_asleep.store(false, Ordering::SeqCst);
    }

    /// Stops the ringing.
    pub(super) fn silence(&self) {
        let mut count = [0; 8];
        _ = rustix::io::read(&self.wire, &mut count);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wire.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn rings(bell: &Bell) -> bool {
        let mut wires = [PollFd::new(bell, PollFlags::IN)];
        poll(&mut wires, Some(&Timespec::default())).unwrap() > 0
    }

    #[test]
    fn it_rings_for_a_sleeper_alone_and_once() {
        let bell = Bell::new().unwrap();
        bell.ring();
        assert!(!rings(&bell), "whoever is awake looks by itself");
        bell.lie_down();
        bell.ring();
        bell.ring();
        assert!(rings(&bell));
        bell.get_up();
        bell.silence();
        assert!(!rings(&bell));
    }
}
