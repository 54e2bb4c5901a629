//! Wall-clock time, derived from the monotonic instant that every call carries.

use std::time::{Duration, Instant};

/// One reading of both clocks, taken by the shell at start, and again with
/// [`Input::Clock`](crate::Input::Clock) when wall time jumps: the core turns any [`Instant`] into
/// wall time with it and reads no clock itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    /// The monotonic reading.
    pub at: Instant,
    /// The wall-clock reading, since 1970-01-01T00:00:00Z.
    pub unix: Duration,
    /// How far local time is ahead of UTC, in seconds: working hours are local.
    pub utc_offset: i32,
}

impl WallClock {
    /// Wall time at `now`.
    #[must_use]
    pub fn unix(&self, now: Instant) -> Duration {
        match now.checked_duration_since(self.at) {
            Some(since) => self.unix + since,
            None => self.unix.saturating_sub(self.at.duration_since(now)),
        }
    }

    /// Milliseconds since 1970 at `now`.
    #[must_use]
    pub fn unix_millis(&self, now: Instant) -> u64 {
        u64::try_from(self.unix(now).as_millis()).unwrap_or(u64::MAX)
    }

    /// The instant at which the wall clock shows `unix_millis`; never before the reading.
    #[must_use]
    pub fn instant(&self, unix_millis: u64) -> Instant {
        self.at + Duration::from_millis(unix_millis).saturating_sub(self.unix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the test's epoch")]
    fn both_ways() {
        let at = Instant::now();
        let clock = WallClock { at, unix: Duration::from_secs(1_000), utc_offset: 0 };
        let later = at + Duration::from_millis(1_500);
        assert_eq!(clock.unix_millis(later), 1_001_500);
        assert_eq!(clock.instant(1_001_500), later);
        assert_eq!(clock.instant(5), at);
    }
}
