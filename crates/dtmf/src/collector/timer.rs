//! Lengths of timers in a form that is small enough for a million collectors.

use core::time::Duration;

use crate::Instant;

/// A timer that does not run. It is kept within the collector; who asks gets an `Option`.
pub(super) const NEVER: Instant = Instant::from_micros(u64::MAX);

/// Milliseconds; `u32::MAX` (49 days) is "forever".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Millis(u32);

impl Millis {
    #[inline]
    pub(super) fn new(duration: Option<Duration>) -> Self {
        let millis = duration.map_or(u64::MAX, whole_millis);
        Self(u32::try_from(millis).unwrap_or(u32::MAX))
    }

    #[inline]
    pub(super) fn after(self, now: Instant) -> Instant {
        if self.0 == u32::MAX { NEVER } else { now.plus_millis(self.0) }
    }
}

/// Milliseconds, at most 65,534 of them; `u16::MAX` is "never".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShortMillis(u16);

impl ShortMillis {
    #[inline]
    pub(super) fn new(duration: Option<Duration>) -> Self {
        Self(duration.map_or(u16::MAX, |duration| {
            u16::try_from(whole_millis(duration)).unwrap_or(u16::MAX).min(u16::MAX - 1)
        }))
    }

    #[inline]
    pub(super) fn after(self, now: Instant) -> Instant {
        if self.0 == u16::MAX { NEVER } else { now.plus_millis(self.0.into()) }
    }
}

fn whole_millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000).saturating_add(duration.subsec_millis().into())
}
