//! Which of many sockets have something to read, without a task for each.
//!
//! Every socket gets a [`Notice`] as its waker: it puts the socket's token on one list and wakes the one loop that
//! drains it. A thousand RTP sockets cost a thousand small allocations and no task switches.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Names a socket inside the drive loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Token {
    /// A SIP socket, by its place in the list of listeners.
    Sip(usize),
    /// The RTP socket of a leg's port pair.
    Rtp(u64),
    /// The RTCP socket of a leg's port pair.
    Rtcp(u64),
}

/// The tokens whose sockets became readable since they were last looked at.
#[derive(Clone, Default)]
pub(crate) struct ReadyList {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tokens: Vec<Token>,
    driver: Option<Waker>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding the lock; a poisoned one is as good as a clean one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, token: Token) {
        let driver = {
            let mut state = self.lock();
            state.tokens.push(token);
            state.driver.take()
        };
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}

/// A socket's waker: once woken it stays on the list until [`Notice::clear`].
pub(crate) struct Notice {
    token: Token,
    queued: AtomicBool,
    shared: Arc<Shared>,
}

impl Notice {
    /// The token came off the list; the next readiness puts it there again.
    pub(crate) fn clear(&self) {
        self.queued.store(false, Ordering::Release);
    }

    /// Puts the token on the list by hand: the socket was not read to its end.
    pub(crate) fn requeue(&self) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.shared.push(self.token);
        }
    }
}

impl Wake for Notice {
    fn wake(self: Arc<Self>) {
        self.requeue();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.requeue();
    }
}

impl ReadyList {
    /// The waker for a socket.
    pub(crate) fn notice(&self, token: Token) -> Arc<Notice> {
        Arc::new(Notice { token, queued: AtomicBool::new(false), shared: Arc::clone(&self.shared) })
    }

    /// Whether no socket is known to have something to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.shared.lock().tokens.is_empty()
    }

    /// Moves all ready tokens into `into`, or remembers whom to wake.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>, into: &mut Vec<Token>) -> Poll<()> {
        let mut state = self.shared.lock();
        if state.tokens.is_empty() {
            state.driver = Some(cx.waker().clone());
            return Poll::Pending;
        }
        into.append(&mut state.tokens);
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_listed_once_until_cleared() {
        let list = ReadyList::default();
        let notice = list.notice(Token::Rtp(7));
        let waker = Waker::from(Arc::clone(&notice));
        waker.wake_by_ref();
        waker.wake_by_ref();
        let mut taken = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(list.poll_take(&mut cx, &mut taken).is_ready());
        assert_eq!(taken, [Token::Rtp(7)]);
        waker.wake_by_ref();
        assert!(list.poll_take(&mut cx, &mut taken).is_pending(), "still marked as queued");
        notice.clear();
        waker.wake_by_ref();
        assert!(list.poll_take(&mut cx, &mut taken).is_ready());
        assert_eq!(taken.len(), 2);
    }

    #[test]
    fn the_driver_is_woken_by_the_first_notice() {
        struct Count(AtomicBool);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::Release);
            }
        }
        let woken = Arc::new(Count(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&woken));
        let list = ReadyList::default();
        let mut taken = Vec::new();
        assert!(list.poll_take(&mut Context::from_waker(&waker), &mut taken).is_pending());
        list.notice(Token::Sip(0)).requeue();
        assert!(woken.0.load(Ordering::Acquire));
    }
}
