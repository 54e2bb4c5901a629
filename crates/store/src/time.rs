//! Wall-clock time as the store keeps it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Absolute, so that it means the same after a restart.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(i64);

impl UnixMillis {
    /// From a count of milliseconds.
    #[must_use]
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// The count of milliseconds.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Later by `duration`; stays at the end of time rather than wrapping.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to `self`; zero when the clock stepped back in between.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<SystemTime> for UnixMillis {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::default().plus(after),
            Err(before) => Self(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_the_epoch() {
        assert_eq!(UnixMillis::from(UNIX_EPOCH + Duration::from_millis(5)).get(), 5);
        assert_eq!(UnixMillis::from(UNIX_EPOCH - Duration::from_millis(5)).get(), -5);
    }

    #[test]
    fn a_clock_that_steps_back_gives_zero() {
        assert_eq!(UnixMillis::new(10).since(UnixMillis::new(20)), Duration::ZERO);
        assert_eq!(UnixMillis::new(i64::MAX).plus(Duration::from_secs(1)).get(), i64::MAX);
    }
}
