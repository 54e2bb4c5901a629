//! How often the drive loop or a media thread looks, when there is much to look at.
//!
//! Waking up costs more than reading a datagram. While many come, a loop lets them gather for a millisecond and
//! takes them together, as network cards do with their interrupts; while few come, each is taken at once.

use std::time::{Duration, Instant};

/// What comes is counted over this time.
const WINDOW: Duration = Duration::from_millis(20);
/// So much within it is much: 2,000 a second.
const MUCH: usize = 40;
/// Rounds begin no closer than this while much comes. Audio is that much later at most, a twentieth of a packet.
const APART: Duration = Duration::from_millis(1);

/// Decides how long to gather before a round.
#[derive(Debug)]
pub(crate) struct Pace {
    window: Instant,
    /// Since when the window began.
    count: usize,
    is_busy: bool,
    /// When the last round began.
    round: Instant,
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self { window: now, count: 0, is_busy: false, round: now }
    }

    /// A round begins, with so much to do.
    pub(crate) fn begin(&mut self, now: Instant, things: usize) {
        self.round = now;
        if now.saturating_duration_since(self.window) >= WINDOW {
            self.is_busy = self.count >= MUCH;
            self.window = now;
            self.count = 0;
        }
        self.count += things;
    }

    /// How long to leave alone what comes next.
    pub(crate) fn pause(&self, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.round);
        APART.checked_sub(since).filter(|pause| self.is_busy && !pause.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Rounds a millisecond apart, each with so much to do.
    fn rounds(pace: &mut Pace, now: &mut Instant, count: u32, things: usize) {
        for _ in 0..count {
            *now += MS;
            pace.begin(*now, things);
        }
    }

    #[test]
    fn few_are_taken_at_once_and_many_together() {
        let mut now = crate::clock::now();
        let mut pace = Pace::new(now);
        rounds(&mut pace, &mut now, 50, 1);
        assert_eq!(pace.pause(now), None, "1,000 a second");
        rounds(&mut pace, &mut now, 50, 10);
        assert_eq!(pace.pause(now), Some(MS));
        assert_eq!(pace.pause(now + MS / 4), Some(MS * 3 / 4), "what the round took counts");
        assert_eq!(pace.pause(now + MS), None, "a long round is followed by the next at once");
    }

    #[test]
    fn it_ends_with_the_rush() {
        let mut now = crate::clock::now();
        let mut pace = Pace::new(now);
        rounds(&mut pace, &mut now, 50, 10);
        now += Duration::from_secs(1);
        pace.begin(now, 1);
        now += WINDOW;
        pace.begin(now, 1);
        assert_eq!(pace.pause(now), None);
    }
}
