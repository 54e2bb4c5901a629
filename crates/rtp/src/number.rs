//! The numbers of an RTP header as types, so that nothing is compared or added by accident.

use core::fmt;
use core::num::NonZeroU32;
use core::time::Duration;

/// An RTP sequence number (RFC 3550, section 5.1): 16 bits that wrap around.
///
/// It has no `Ord`: order exists only between numbers less than half the circle apart (RFC 1982).
///
/// ```
/// use switchboard_rtp::SequenceNumber;
///
/// let last = SequenceNumber(65_535);
/// assert_eq!(last.next(), SequenceNumber(0));
/// assert!(last.next().is_after(last));
/// assert_eq!(SequenceNumber(2).distance_from(last), 3);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SequenceNumber(pub u16);

impl SequenceNumber {
    /// The number that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        self.add(1)
    }

    /// The number `steps` later.
    #[must_use]
    pub const fn add(self, steps: u16) -> Self {
        Self(self.0.wrapping_add(steps))
    }

    /// Steps from `other` to this number, negative when this one is older; in `-32768..=32767`.
    #[must_use]
    pub const fn distance_from(self, other: Self) -> i16 {
        self.0.wrapping_sub(other.0) as i16
    }

    /// Whether this number is newer than `other` by serial arithmetic.
    #[must_use]
    pub const fn is_after(self, other: Self) -> bool {
        self.distance_from(other) > 0
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An RTP timestamp (RFC 3550, section 5.1): 32 bits in units of the payload's [`ClockRate`],
/// wrapping around. It has no `Ord`, as [`SequenceNumber`] has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RtpTimestamp(pub u32);

impl RtpTimestamp {
    /// The timestamp `units` later.
    #[must_use]
    pub const fn add(self, units: u32) -> Self {
        Self(self.0.wrapping_add(units))
    }

    /// Units from `other` to this timestamp, negative when this one is older.
    #[must_use]
    pub const fn distance_from(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0) as i32
    }

    /// Whether this timestamp is newer than `other` by serial arithmetic.
    #[must_use]
    pub const fn is_after(self, other: Self) -> bool {
        self.distance_from(other) > 0
    }
}

impl fmt::Display for RtpTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A synchronisation source identifier (RFC 3550, section 3): names one stream of one sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ssrc(pub u32);

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A payload type (RFC 3550, section 5.1): 7 bits, `0..=127`.
///
/// ```
/// use switchboard_rtp::PayloadType;
///
/// assert_eq!(PayloadType::new(101).map(PayloadType::get), Some(101));
/// assert_eq!(PayloadType::new(128), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PayloadType(u8);

impl PayloadType {
    /// G.711 mu-law at 8000 Hz (RFC 3551, table 4).
    pub const PCMU: Self = Self(0);
    /// G.711 A-law at 8000 Hz (RFC 3551, table 4).
    pub const PCMA: Self = Self(8);
    /// G.722 under a clock of 8000 Hz (RFC 3551, section 4.5.2).
    pub const G722: Self = Self(9);
    /// Comfort noise at 8000 Hz (RFC 3389).
    pub const COMFORT_NOISE: Self = Self(13);

    /// A payload type, or `None` when `value` does not fit into 7 bits.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        if value < 128 { Some(Self(value)) } else { None }
    }

    /// The number, `0..=127`.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The payload type in the low 7 bits of a header octet.
    pub(crate) const fn from_octet(octet: u8) -> Self {
        Self(octet & 0x7f)
    }
}

impl fmt::Display for PayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Timestamp units per second; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClockRate(NonZeroU32);

impl ClockRate {
    /// 8000 Hz, the clock of G.711 and of most telephone-events.
    pub const HZ_8000: Self = Self(NonZeroU32::new(8_000).expect("not zero"));

    /// A clock rate in Hz, or `None` for zero.
    #[must_use]
    pub const fn new(hertz: u32) -> Option<Self> {
        match NonZeroU32::new(hertz) {
            Some(hertz) => Some(Self(hertz)),
            None => None,
        }
    }

    /// The rate in Hz.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// How many units pass in `duration`, rounded down and wrapped to 32 bits as timestamps are.
    #[must_use]
    pub const fn units(self, duration: Duration) -> u32 {
        (duration.as_nanos() * self.0.get() as u128 / 1_000_000_000) as u32
    }

    /// How long `units` take.
    #[must_use]
    pub const fn duration(self, units: u32) -> Duration {
        Duration::from_nanos(units as u64 * 1_000_000_000 / self.0.get() as u64)
    }
}

impl fmt::Display for ClockRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_survives_the_wrap() {
        assert!(SequenceNumber(3).is_after(SequenceNumber(65_534)));
        assert!(!SequenceNumber(65_534).is_after(SequenceNumber(3)));
        assert!(RtpTimestamp(100).is_after(RtpTimestamp(u32::MAX - 100)));
        assert_eq!(RtpTimestamp(100).distance_from(RtpTimestamp(u32::MAX)), 101);
    }

    #[test]
    fn clock_converts_both_ways() {
        assert_eq!(ClockRate::HZ_8000.units(Duration::from_millis(20)), 160);
        assert_eq!(ClockRate::HZ_8000.duration(160), Duration::from_millis(20));
        assert_eq!(ClockRate::new(48_000).map(|c| c.units(Duration::from_secs(1))), Some(48_000));
        assert_eq!(ClockRate::new(0), None);
    }

    proptest! {
        #[test]
        fn distance_undoes_addition(start: u16, steps in 0_u16..32_768) {
            let start = SequenceNumber(start);
            prop_assert_eq!(start.add(steps).distance_from(start), steps as i16);
        }
    }
}
