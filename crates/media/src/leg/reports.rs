//! RTCP of a leg (RFC 3550, section 6): reports of ours in their time, and what the peer's say.

use core::time::Duration;
use std::time::Instant;

use bytes::BytesMut;
use switchboard_rtp::rtcp::{Compound, CompoundBuilder, NtpTime, RtcpPacket, SenderInfo};
use switchboard_rtp::{ReceiverStatistics, Ssrc};

use super::outgoing::Outgoing;
use crate::random::Random;

/// Between two reports: the minimum of section 6.2.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Reports {
    epoch: Instant,
    /// When the next report is due.
    pub(crate) due: Instant,
    /// The canonical name (RFC 7022, section 4.2: short-term, random).
    cname: String,
    /// Packets sent when the last report was made.
    reported: u64,
    pub(crate) remote_lost: Option<u64>,
    pub(crate) round_trip: Option<Duration>,
}

impl Reports {
    pub(crate) fn new(epoch: Instant, random: &mut Random) -> Self {
        Self {
            epoch,
            // The first one after half the time (section 6.2).
            due: epoch + interval(random) / 2,
            cname: format!("{:016x}", random.next_u64()),
            reported: 0,
            remote_lost: None,
            round_trip: None,
        }
    }

    /// A report is made: the next one is due in a random time (section 6.3.1).
    pub(crate) fn reschedule(&mut self, now: Instant, random: &mut Random) {
        self.due = now + interval(random);
    }

    /// Writes a report: of a sender when something was sent since the last one (section 6.4).
    pub(crate) fn write(
        &mut self,
        now: Instant,
        outgoing: &Outgoing,
        statistics: &mut ReceiverStatistics,
        bye: Bye,
        out: &mut BytesMut,
    ) {
        let report = statistics.report(now);
        let reports = report.as_slice();
        let mut compound = CompoundBuilder::new(out);
        if outgoing.packets > self.reported {
            let sender = SenderInfo {
                ntp: self.ntp(now),
                rtp: outgoing.timestamp_at(now),
                packets: outgoing.packets as u32,
                octets: outgoing.octets as u32,
            };
            compound.sender_report(outgoing.ssrc, &sender, reports);
        } else {
            compound.receiver_report(outgoing.ssrc, reports);
        }
        compound.cname(outgoing.ssrc, &self.cname);
        if bye == Bye::Yes {
            compound.goodbye(outgoing.ssrc);
        }
        self.reported = outgoing.packets;
    }

    /// Reads the peer's compound; `ours` is the stream that it may report on.
    pub(crate) fn read(
        &mut self,
        now: Instant,
        compound: &Compound<'_>,
        ours: Ssrc,
        statistics: &mut ReceiverStatistics,
    ) {
        for packet in compound.packets() {
            let reports = match packet {
                RtcpPacket::SenderReport { ssrc, sender, reports } => {
                    if statistics.ssrc() == Some(ssrc) {
                        statistics.on_sender_report(now, sender.ntp);
                    }
                    reports
                }
                RtcpPacket::ReceiverReport { reports, .. } => reports,
                _ => continue,
            };
            if let Some(report) = reports.about(ours) {
                self.remote_lost = u64::try_from(report.cumulative_lost).ok().or(Some(0));
                self.round_trip = report.round_trip(self.ntp(now)).or(self.round_trip);
            }
        }
    }

    /// Without a wall clock: the time since the leg was opened (section 6.4.1), never zero.
    fn ntp(&self, now: Instant) -> NtpTime {
        NtpTime::from_elapsed(now.saturating_duration_since(self.epoch) + Duration::from_secs(1))
    }
}

/// Whether a report is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bye {
    Yes,
    No,
}

fn interval(random: &mut Random) -> Duration {
    random.between(INTERVAL / 2, INTERVAL * 3 / 2)
}
