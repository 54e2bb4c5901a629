//! Virtual time.

use core::time::Duration;
use std::time::Instant;

/// A clock that moves only when told to.
///
/// ```
/// use std::time::Duration;
/// use switchboard_testkit::Clock;
///
/// let mut clock = Clock::new();
/// let start = clock.now();
/// clock.advance(Duration::from_secs(86_400));
/// assert_eq!(clock.now() - start, Duration::from_secs(86_400));
/// assert_eq!(clock.elapsed(), Duration::from_secs(86_400));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch: Instant,
    now: Instant,
}

impl Clock {
    /// A clock that stands still at an arbitrary epoch.
    #[must_use]
    #[allow(
        clippy::disallowed_methods,
        reason = "an Instant can be made no other way; only the \
        differences to this one count"
    )]
    pub fn new() -> Self {
        let epoch = Instant::now();
        Self { epoch, now: epoch }
    }

    /// The time now.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The time at which this clock was made.
    #[must_use]
    pub const fn epoch(&self) -> Instant {
        self.epoch
    }

    /// The time since the epoch.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.now - self.epoch
    }

    /// Lets time pass.
    pub fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    /// Moves to `instant`; a time already past leaves the clock where it is.
    pub fn advance_to(&mut self, instant: Instant) {
        self.now = self.now.max(instant);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
