//! The clock: read here and nowhere below.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use switchboard_pbx::WallClock;

/// The monotonic clock.
#[allow(clippy::disallowed_methods, reason = "the shell is where time comes from")]
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

/// One reading of both clocks, from which the PBX derives wall-clock time. `utc_offset` is how far local time is
/// ahead of UTC, in seconds.
#[allow(clippy::disallowed_methods, reason = "the shell is where time comes from")]
#[must_use]
pub fn wall_clock(utc_offset: i32) -> WallClock {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallClock { at: Instant::now(), unix, utc_offset }
}
