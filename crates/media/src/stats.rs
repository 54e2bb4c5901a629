//! The figures of a leg, for the call record.

use core::time::Duration;

use crate::Codec;

/// What a leg sent, received and lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The codec last agreed on; `None` when the leg was never configured.
    pub codec: Option<Codec>,
    /// RTP packets accepted from the peer.
    pub packets_received: u64,
    /// RTP packets sent to the peer.
    pub packets_sent: u64,
    /// Packets of the peer that did not arrive (RFC 3550, appendix A.3), never negative.
    pub packets_lost: u64,
    /// Packets that came from a source other than the learnt one; dropped.
    pub foreign: u64,
    /// Datagrams that were no RTP or RTCP, or of a payload type nobody agreed on; dropped.
    pub malformed: u64,
    /// Packets that were not authentic SRTP, or replays; dropped.
    pub unauthentic: u64,
    /// Interarrival jitter (RFC 3550, section 6.4.1) at the end.
    pub jitter: Duration,
    /// How long decoded audio waited in the jitter buffer, at the end; `None` when nothing had to be
    /// decoded: a relay delays nothing.
    pub playout_delay: Option<Duration>,
    /// Packets that came too late to be decoded.
    pub late: u64,
    /// Packets of ours that the peer says it lost, when it reports at all.
    pub remote_lost: Option<u64>,
    /// Round trip by the peer's reports (RFC 3550, section 6.4.1), when it reports at all.
    pub round_trip: Option<Duration>,
}
