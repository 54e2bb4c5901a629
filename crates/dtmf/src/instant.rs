use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// A point in time: microseconds since an epoch that the caller picks.
///
/// The crate never reads a clock and knows no calendar: any monotonic source will do, a hardware
/// timer or a test's own counter. Arithmetic saturates, so that no input can make it panic.
///
/// ```
/// use core::time::Duration;
/// use switchboard_dtmf::Instant;
///
/// let start = Instant::from_millis(20);
/// assert_eq!(start + Duration::from_millis(5), Instant::from_micros(25_000));
/// assert_eq!(Instant::from_millis(30) - start, Duration::from_millis(10));
/// assert_eq!(start - Instant::from_millis(30), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The epoch itself.
    pub const EPOCH: Self = Self(0);

    /// The instant that lies so many microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The instant that lies so many milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// So many milliseconds later.
    pub(crate) const fn plus_millis(self, millis: u32) -> Self {
        Self(self.0.saturating_add(millis as u64 * 1_000))
    }

    /// So many microseconds later.
    pub(crate) const fn plus_micros(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds since an earlier instant.
    pub(crate) const fn micros_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The standard library's instant, counted from an epoch of the caller's choice. An instant
    /// before the epoch becomes the epoch.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn from_std(epoch: std::time::Instant, now: std::time::Instant) -> Self {
        Self(micros(now.saturating_duration_since(epoch)))
    }

    /// This instant on the standard library's clock, given the epoch that [`from_std`](Self::from_std)
    /// was given. `None` where that clock cannot express it.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn to_std(self, epoch: std::time::Instant) -> Option<std::time::Instant> {
        epoch.checked_add(Duration::from_micros(self.0))
    }
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        let end = Instant::from_micros(u64::MAX);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(Instant::from_millis(u64::MAX), end);
        assert_eq!(Instant::EPOCH - end, Duration::ZERO);
    }

    #[cfg(feature = "std")]
    #[test]
    #[allow(clippy::disallowed_methods, reason = "a test takes one reading as its epoch")]
    fn the_standard_clock_converts_both_ways() {
        let epoch = std::time::Instant::now();
        let later = epoch + Duration::from_millis(1_234);
        let instant = Instant::from_std(epoch, later);
        assert_eq!(instant, Instant::from_millis(1_234));
        assert_eq!(instant.to_std(epoch), Some(later));
        assert_eq!(Instant::from_std(later, epoch), Instant::EPOCH);
    }
}
