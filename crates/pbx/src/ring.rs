//! A ring: several phones are called at once, and one of them wins. It knows no SIP: a fork is a
//! number.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One called phone or outside number of a [`Ring`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fork(pub(crate) usize);

/// Why a fork failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Busy,
    /// Refused for the whole user (RFC 3261 section 21.6): the user's other phones stop too.
    Declined,
    NoAnswer,
    Unreachable,
}

/// What happens to a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The phone rings.
    Ringing(Fork),
    /// The phone was picked up.
    Answered(Fork),
    /// The fork is over without an answer.
    Failed(Fork, Failure),
    /// This target is not to be called any more.
    Withdraw(usize),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output<P> {
    /// Call this phone.
    Start { fork: Fork, phone: P },
    /// Stop calling it.
    Cancel(Fork),
    /// This fork has the call; the others were cancelled.
    Won(Fork),
    /// Nobody has it.
    Lost(Failure),
}

/// A ring: all phones of all targets at once, for a set time.
///
/// ```text
///   start --> Ringing --answered--> Over (Won, others cancelled)
///                +----- all failed, time over, stopped --> Over (Lost)
/// ```
#[derive(Debug)]
pub(crate) struct Ring<P> {
    forks: Vec<State>,
    deadline: Instant,
    /// What the caller is told when nobody answers: the failure that says most.
    worst: Option<Failure>,
    over: bool,
    outputs: VecDeque<Output<P>>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    target: usize,
    live: bool,
    rings: bool,
}

impl<P> Ring<P> {
    /// Starts to ring. A target is one user's phones; without a phone it is unreachable. No more
    /// than `max_forks` phones are called.
    pub(crate) fn start(
        now: Instant,
        timeout: Duration,
        targets: Vec<Vec<P>>,
        max_forks: usize,
    ) -> Self {
        let mut ring = Self {
            forks: Vec::new(),
            deadline: now + timeout,
            worst: None,
            over: false,
            outputs: VecDeque::new(),
        };
        let phones = targets.into_iter().enumerate();
        let phones =
            phones.flat_map(|(target, phones)| phones.into_iter().map(move |p| (target, p)));
        for (target, phone) in phones.take(max_forks) {
            let fork = Fork(ring.forks.len());
            ring.forks.push(State { target, live: true, rings: false });
            ring.outputs.push_back(Output::Start { fork, phone });
        }
        ring.end_if_nobody_is_left();
        ring
    }

    pub(crate) fn handle(&mut self, input: Input) {
        match input {
            Input::Ringing(fork) => {
                if let Some(state) = self.live(fork) {
                    state.rings = true;
                }
            }
            Input::Answered(fork) => {
                let won = !self.over && self.live(fork).is_some();
                if won {
                    self.forks[fork.0].live = false;
                    self.finish(Output::Won(fork));
                } else {
                    // It answered while our CANCEL was on its way: whoever holds the leg hangs up.
                    self.outputs.push_back(Output::Cancel(fork));
                }
            }
            Input::Failed(fork, failure) => self.failed(fork, failure),
            Input::Withdraw(target) => {
                self.cancel_where(|state| state.target == target);
                self.end_if_nobody_is_left();
            }
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if !self.over && self.deadline <= now {
            let rang = self.forks.iter().any(|state| state.rings);
            self.note(if rang { Failure::NoAnswer } else { Failure::Unreachable });
            self.finish_lost();
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        (!self.over).then_some(self.deadline)
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output<P>> {
        self.outputs.pop_front()
    }

    fn live(&mut self, fork: Fork) -> Option<&mut State> {
        self.forks.get_mut(fork.0).filter(|state| state.live)
    }

    fn failed(&mut self, fork: Fork, failure: Failure) {
        let Some(state) = self.live(fork) else { return };
        state.live = false;
        let (target, rang) = (state.target, state.rings);
        // A phone that rang and then said "temporarily unavailable" was not picked up.
        self.note(match failure {
            Failure::Unreachable if rang => Failure::NoAnswer,
            other => other,
        });
        if failure == Failure::Declined {
            self.cancel_where(|state| state.target == target);
        }
        self.end_if_nobody_is_left();
    }

    fn end_if_nobody_is_left(&mut self) {
        if !self.forks.iter().any(|state| state.live) {
            self.finish_lost();
        }
    }

    /// Keeps the failure that tells the caller most.
    fn note(&mut self, failure: Failure) {
        const fn weight(failure: Failure) -> u8 {
            match failure {
                Failure::Unreachable => 0,
                Failure::NoAnswer => 1,
                Failure::Busy => 2,
                Failure::Declined => 3,
            }
        }
        if self.worst.is_none_or(|worst| weight(worst) < weight(failure)) {
            self.worst = Some(failure);
        }
    }

    fn cancel_where(&mut self, which: impl Fn(&State) -> bool) {
        for (index, state) in self.forks.iter_mut().enumerate() {
            if state.live && which(state) {
                state.live = false;
                self.outputs.push_back(Output::Cancel(Fork(index)));
            }
        }
    }

    fn finish(&mut self, end: Output<P>) {
        self.over = true;
        self.cancel_where(|_| true);
        self.outputs.push_back(end);
    }

    fn finish_lost(&mut self) {
        if !self.over {
            self.finish(Output::Lost(self.worst.unwrap_or(Failure::Unreachable)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[allow(clippy::disallowed_methods, reason = "the test's epoch")]
    fn epoch() -> Instant {
        Instant::now()
    }

    fn drain(ring: &mut Ring<&'static str>) -> Vec<Output<&'static str>> {
        std::iter::from_fn(|| ring.poll_output()).collect()
    }

    fn started(fork: usize, phone: &'static str) -> Output<&'static str> {
        Output::Start { fork: Fork(fork), phone }
    }

    fn together(now: Instant, targets: Vec<Vec<&'static str>>) -> Ring<&'static str> {
        Ring::start(now, 20 * SECOND, targets, 32)
    }

    #[test]
    fn the_first_answer_wins_and_the_others_are_cancelled() {
        let now = epoch();
        let mut ring = together(now, vec![vec!["a1", "a2"], vec!["b"]]);
        assert_eq!(drain(&mut ring), [started(0, "a1"), started(1, "a2"), started(2, "b")]);
        ring.handle(Input::Ringing(Fork(1)));
        ring.handle(Input::Answered(Fork(1)));
        ring.handle(Input::Failed(Fork(0), Failure::Unreachable));
        // Crossing: the third picks up before the cancel arrives.
        ring.handle(Input::Answered(Fork(2)));
        assert_eq!(
            drain(&mut ring),
            [
                Output::Cancel(Fork(0)),
                Output::Cancel(Fork(2)),
                Output::Won(Fork(1)),
                Output::Cancel(Fork(2))
            ]
        );
        assert_eq!(ring.poll_timeout(), None);
    }

    #[test]
    fn busy_tells_more_than_unreachable() {
        let now = epoch();
        let mut ring = together(now, vec![vec!["a1", "a2"]]);
        drain(&mut ring);
        ring.handle(Input::Failed(Fork(0), Failure::Busy));
        assert_eq!(drain(&mut ring), []);
        ring.handle(Input::Failed(Fork(1), Failure::Unreachable));
        assert_eq!(drain(&mut ring), [Output::Lost(Failure::Busy)]);
    }

    #[test]
    fn a_refusal_stops_the_users_other_phones_but_not_other_users() {
        let now = epoch();
        let mut ring = together(now, vec![vec!["a1", "a2"], vec!["b"]]);
        drain(&mut ring);
        ring.handle(Input::Failed(Fork(0), Failure::Declined));
        assert_eq!(drain(&mut ring), [Output::Cancel(Fork(1))]);
        ring.handle(Input::Failed(Fork(2), Failure::Busy));
        assert_eq!(drain(&mut ring), [Output::Lost(Failure::Declined)]);
    }

    #[test]
    fn a_withdrawn_user_rings_no_more_and_the_others_go_on() {
        let mut ring = together(epoch(), vec![vec!["a1", "a2"], vec!["b"]]);
        drain(&mut ring);
        ring.handle(Input::Withdraw(0));
        assert_eq!(drain(&mut ring), [Output::Cancel(Fork(0)), Output::Cancel(Fork(1))]);
        ring.handle(Input::Withdraw(1));
        assert_eq!(drain(&mut ring), [Output::Cancel(Fork(2)), Output::Lost(Failure::Unreachable)]);
    }

    #[test]
    fn nobody_picks_up_in_time() {
        let now = epoch();
        let mut ring = together(now, vec![vec!["a"]]);
        ring.handle(Input::Ringing(Fork(0)));
        ring.handle_timeout(now + 20 * SECOND);
        assert_eq!(
            drain(&mut ring),
            [started(0, "a"), Output::Cancel(Fork(0)), Output::Lost(Failure::NoAnswer)]
        );
    }

    #[test]
    fn nobody_has_a_phone() {
        let mut ring = together(epoch(), vec![vec![], vec![]]);
        assert_eq!(drain(&mut ring), [Output::Lost(Failure::Unreachable)]);
        assert_eq!(ring.poll_timeout(), None);
    }

    #[test]
    fn the_forks_are_bounded() {
        let targets = vec![vec!["a1", "a2"], vec!["b1", "b2"], vec!["c"]];
        let mut ring = Ring::start(epoch(), SECOND, targets, 3);
        assert_eq!(drain(&mut ring), [started(0, "a1"), started(1, "a2"), started(2, "b1")]);
    }
}
