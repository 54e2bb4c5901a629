//! What a receiver knows of a stream (RFC 3550, appendices A.1, A.3 and A.8).

use core::time::Duration;
use std::time::Instant;

use crate::rtcp::{NtpTime, ReceptionReport};
use crate::{ClockRate, Header, RtpTimestamp, SequenceNumber, Ssrc};

/// A jump forward of up to this many numbers is loss (appendix A.1: MAX_DROPOUT).
const MAX_DROPOUT: u16 = 3_000;
/// A jump back of up to this many numbers is reordering (appendix A.1: MAX_MISORDER).
const MAX_MISORDER: u16 = 100;

/// Counts one stream: packets received and lost, and interarrival jitter. A new SSRC, or a jump that
/// two packets in a row confirm, starts a new stream; the totals go on.
///
/// ```
/// use std::time::{Duration, Instant};
/// use switchboard_rtp::{
///     ClockRate, Header, PayloadType, ReceiverStatistics, RtpTimestamp, SequenceNumber, Ssrc,
/// };
///
/// # #[allow(clippy::disallowed_methods)]
/// let start = Instant::now();
/// let mut statistics = ReceiverStatistics::new(ClockRate::HZ_8000);
/// for n in [0, 1, 2, 4] {
///     let header = Header {
///         marker: false,
///         payload_type: PayloadType::PCMA,
///         sequence_number: SequenceNumber(65_534).add(n),
///         timestamp: RtpTimestamp(160 * u32::from(n)),
///         ssrc: Ssrc(9),
///     };
///     statistics.on_packet(start + Duration::from_millis(20) * u32::from(n), &header);
/// }
/// assert_eq!((statistics.received(), statistics.lost()), (4, 1));
/// assert_eq!(statistics.jitter(), Duration::ZERO);
/// ```
#[derive(Clone, Debug)]
pub struct ReceiverStatistics {
    clock: ClockRate,
    stream: Option<Stream>,
    /// Received and expected in streams that are over.
    past_received: u64,
    past_expected: u64,
    /// In 1/16 of a timestamp unit.
    jitter: u32,
    last_sender_report: Option<(NtpTime, Instant)>,
    /// At the last report of ours.
    reported_received: u64,
    reported_expected: u64,
}

#[derive(Clone, Debug)]
struct Stream {
    ssrc: Ssrc,
    base: SequenceNumber,
    highest: SequenceNumber,
    wraps: u32,
    received: u64,
    /// The number that would confirm a jump.
    after_jump: Option<SequenceNumber>,
    last_timing: Option<(Instant, RtpTimestamp)>,
}

impl Stream {
    fn new(header: &Header) -> Self {
        Self {
            ssrc: header.ssrc,
            base: header.sequence_number,
            highest: header.sequence_number,
            wraps: 0,
            received: 0,
            after_jump: None,
            last_timing: None,
        }
    }

    fn expected(&self) -> u64 {
        (u64::from(self.wraps) << 16) + u64::from(self.highest.0) + 1 - u64::from(self.base.0)
    }
}

impl ReceiverStatistics {
    /// Nothing received yet, on a stream with this clock.
    #[must_use]
    pub const fn new(clock: ClockRate) -> Self {
        Self {
            clock,
            stream: None,
            past_received: 0,
            past_expected: 0,
            jitter: 0,
            last_sender_report: None,
            reported_received: 0,
            reported_expected: 0,
        }
    }

    /// Timestamps count in another clock from now on, after another agreement: what was counted stays, the
    /// jitter is measured anew.
    pub fn set_clock(&mut self, clock: ClockRate) {
        if clock != self.clock {
            (self.clock, self.jitter) = (clock, 0);
            if let Some(stream) = &mut self.stream {
                stream.last_timing = None;
            }
        }
    }

    /// Counts an audio packet.
    pub fn on_packet(&mut self, now: Instant, header: &Header) {
        if !self.count(header) {
            return;
        }
        let Some(stream) = &mut self.stream else { return };
        if let Some((before, timestamp)) = stream.last_timing.replace((now, header.timestamp)) {
            // Appendix A.8: the difference of the differences, smoothed by 1/16.
            let passed = self.clock.units(now.saturating_duration_since(before));
            let transit = RtpTimestamp(passed)
                .distance_from(RtpTimestamp(header.timestamp.0.wrapping_sub(timestamp.0)))
                .unsigned_abs()
                .min(u32::MAX / 32);
            self.jitter = self.jitter.saturating_add(transit) - ((self.jitter + 8) >> 4);
        }
    }

    /// Counts a packet whose timestamp tells nothing of its timing, such as a telephone-event's.
    pub fn on_untimed_packet(&mut self, header: &Header) {
        self.count(header);
    }

    /// Notes a sender report from the source, so that ours echo it.
    pub fn on_sender_report(&mut self, now: Instant, ntp: NtpTime) {
        self.last_sender_report = Some((ntp, now));
    }

    /// The source received last.
    #[must_use]
    pub fn ssrc(&self) -> Option<Ssrc> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    /// Packets received, duplicates included.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.past_received + self.stream.as_ref().map_or(0, |stream| stream.received)
    }

    /// Packets expected by their sequence numbers and not received.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received())
    }

    /// Interarrival jitter (RFC 3550, section 6.4.1).
    #[must_use]
    pub fn jitter(&self) -> Duration {
        self.clock.duration(self.jitter >> 4)
    }

    /// The report block to send now; `None` when nothing was received. The fraction lost counts from
    /// the previous call.
    pub fn report(&mut self, now: Instant) -> Option<ReceptionReport> {
        let (expected, received) = (self.expected(), self.received());
        let stream = self.stream.as_ref()?;
        let expected_since = expected.saturating_sub(self.reported_expected);
        let lost_since = expected_since.saturating_sub(received - self.reported_received);
        let (last_sender_report, delay_since) =
            self.last_sender_report.map_or((0, 0), |(ntp, at)| {
                let delay = NtpTime::from_elapsed(now.saturating_duration_since(at));
                (ntp.middle(), delay.middle())
            });
        let report = ReceptionReport {
            ssrc: stream.ssrc,
            fraction_lost: (lost_since * 256).checked_div(expected_since).unwrap_or(0).min(255)
                as u8,
            cumulative_lost: (expected as i64 - received as i64)
                .clamp(i32::MIN.into(), i32::MAX.into()) as i32,
            highest_sequence: (stream.wraps << 16) | u32::from(stream.highest.0),
            jitter: self.jitter >> 4,
            last_sender_report,
            delay_since,
        };
        self.reported_expected = expected;
        self.reported_received = received;
        Some(report)
    }

    fn expected(&self) -> u64 {
        self.past_expected + self.stream.as_ref().map_or(0, Stream::expected)
    }

    /// Counts a packet by its number; false when a jump waits to be confirmed.
    fn count(&mut self, header: &Header) -> bool {
        let number = header.sequence_number;
        match &mut self.stream {
            Some(stream) if stream.ssrc == header.ssrc => {
                let step = number.0.wrapping_sub(stream.highest.0);
                if step < MAX_DROPOUT {
                    if number.0 < stream.highest.0 {
                        stream.wraps = stream.wraps.wrapping_add(1);
                    }
                    stream.highest = number;
                } else if step <= u16::MAX - MAX_MISORDER {
                    if stream.after_jump != Some(number) {
                        stream.after_jump = Some(number.next());
                        return false;
                    }
                    self.restart(header);
                }
            }
            _ => self.restart(header),
        }
        if let Some(stream) = &mut self.stream {
            stream.received += 1;
            stream.after_jump = None;
        }
        true
    }

    fn restart(&mut self, header: &Header) {
        if let Some(old) = self.stream.replace(Stream::new(header)) {
            self.past_received += old.received;
            self.past_expected += old.expected();
            self.last_sender_report = None;
        }
    }
}

#[cfg(test)]
#[path = "statistics/tests.rs"]
mod tests;
