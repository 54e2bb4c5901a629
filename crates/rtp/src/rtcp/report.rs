//! What senders and receivers report.

use core::time::Duration;

use bytes::BufMut;

use crate::{RtpTimestamp, Ssrc};

/// Reads four octets at `at`; what is missing counts as 0 (the caller has checked the length).
pub(super) fn be_u32(octets: &[u8], at: usize) -> u32 {
    octets.get(at..at + 4).map_or(0, |o| u32::from_be_bytes([o[0], o[1], o[2], o[3]]))
}

/// A time as RTCP carries it (RFC 3550, section 4): seconds in the high 32 bits, fractions in the
/// low. Who has no wall clock counts from the start of the session (section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The time that long after the start of the session.
    #[must_use]
    pub const fn from_elapsed(elapsed: Duration) -> Self {
        Self((elapsed.as_secs() << 32) | (((elapsed.subsec_nanos() as u64) << 32) / 1_000_000_000))
    }

    /// The middle 32 bits, in units of 1/65536 s: what reception reports echo.
    #[must_use]
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// The sender's part of a sender report (RFC 3550, section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// When the report was sent, by the sender's clock.
    pub ntp: NtpTime,
    /// The same instant as an RTP timestamp of its stream.
    pub rtp: RtpTimestamp,
    /// Packets sent so far.
    pub packets: u32,
    /// Octets of payload sent so far.
    pub octets: u32,
}

impl SenderInfo {
    pub(super) const LEN: usize = 20;

    pub(super) fn read(octets: &[u8]) -> Self {
        Self {
            ntp: NtpTime(u64::from(be_u32(octets, 0)) << 32 | u64::from(be_u32(octets, 4))),
            rtp: RtpTimestamp(be_u32(octets, 8)),
            packets: be_u32(octets, 12),
            octets: be_u32(octets, 16),
        }
    }

    pub(super) fn write(&self, out: &mut impl BufMut) {
        out.put_u64(self.ntp.0);
        out.put_u32(self.rtp.0);
        out.put_u32(self.packets);
        out.put_u32(self.octets);
    }
}

/// What a receiver got of one source (RFC 3550, section 6.4.1, the report block).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceptionReport {
    /// The source reported on.
    pub ssrc: Ssrc,
    /// Lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the start; negative when duplicates outnumber losses. Written as 24 bits,
    /// clamped (appendix A.3).
    pub cumulative_lost: i32,
    /// Highest sequence number received, with the count of wraps in the high 16 bits.
    pub highest_sequence: u32,
    /// Interarrival jitter, in timestamp units.
    pub jitter: u32,
    /// [`NtpTime::middle`] of the last sender report from the source; 0 when there was none.
    pub last_sender_report: u32,
    /// Time since that report arrived, in 1/65536 s.
    pub delay_since: u32,
}

impl ReceptionReport {
    pub(super) const LEN: usize = 24;

    pub(super) fn read(octets: &[u8; Self::LEN]) -> Self {
        Self {
            ssrc: Ssrc(be_u32(octets, 0)),
            fraction_lost: octets[4],
            // Sign-extends 24 bits.
            cumulative_lost: (be_u32(octets, 4) << 8) as i32 >> 8,
            highest_sequence: be_u32(octets, 8),
            jitter: be_u32(octets, 12),
            last_sender_report: be_u32(octets, 16),
            delay_since: be_u32(octets, 20),
        }
    }

    pub(super) fn write(&self, out: &mut impl BufMut) {
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
        out.put_u32(self.ssrc.0);
        out.put_u32(u32::from(self.fraction_lost) << 24 | lost);
        out.put_u32(self.highest_sequence);
        out.put_u32(self.jitter);
        out.put_u32(self.last_sender_report);
        out.put_u32(self.delay_since);
    }

    /// The round trip to the reporting receiver, when this report arrives at `now` on the clock of
    /// our own sender reports; `None` when it has seen none of them, or claims the impossible.
    #[must_use]
    pub const fn round_trip(&self, now: NtpTime) -> Option<Duration> {
        if self.last_sender_report == 0 {
            return None;
        }
        let units =
            now.middle().wrapping_sub(self.last_sender_report).wrapping_sub(self.delay_since);
        // Over half the circle: the delay is longer than the time that passed.
        if units as i32 >= 0 {
            Some(Duration::from_nanos(units as u64 * 1_000_000_000 / 65_536))
        } else {
            None
        }
    }
}
