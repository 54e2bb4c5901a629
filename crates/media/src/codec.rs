//! The codecs that a leg can speak, and how a stream carries them.

use core::fmt;
use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

use switchboard_rtp::{ClockRate, PayloadType, SrtpKey};

use crate::g711::Law;

/// Samples per second of everything in this crate that is not inside a codec.
pub const SAMPLE_RATE: u32 = 8_000;

/// An audio codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// G.711 mu-law, 8000 Hz, payload type 0 (RFC 3551, section 4.5.14).
    Pcmu,
    /// G.711 A-law, 8000 Hz, payload type 8 (RFC 3551, section 4.5.14).
    Pcma,
    /// G.722 at 64 kbit/s, payload type 9: 16,000 Hz under a clock of 8000 (RFC 3551, section 4.5.2).
    G722,
}

impl Codec {
    /// The encoding name as SDP writes it (`PCMU`, `PCMA`, `G722`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
        }
    }

    /// The static payload type (RFC 3551, table 4).
    #[must_use]
    pub const fn payload_type(self) -> PayloadType {
        match self {
            Self::Pcmu => PayloadType::PCMU,
            Self::Pcma => PayloadType::PCMA,
            Self::G722 => PayloadType::G722,
        }
    }

    /// The RTP clock rate.
    #[must_use]
    pub const fn clock_rate(self) -> ClockRate {
        ClockRate::HZ_8000
    }

    /// The law of G.711, whose codes stand for a sample each.
    #[must_use]
    pub const fn law(self) -> Option<Law> {
        match self {
            Self::Pcmu => Some(Law::Mu),
            Self::Pcma => Some(Law::A),
            Self::G722 => None,
        }
    }

    /// How long a payload is, in units of the RTP clock.
    #[must_use]
    pub const fn units(self, payload: &[u8]) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => payload.len() as u32,
        }
    }

    /// How many samples at [`SAMPLE_RATE`] a payload is.
    pub(crate) const fn samples(self, payload: &[u8]) -> usize {
        (self.units(payload) as u64 * SAMPLE_RATE as u64 / self.clock_rate().get() as u64) as usize
    }

    /// Whether packets of this codec become packets of the other one without being decoded.
    pub(crate) fn relays_to(self, other: Self) -> bool {
        self == other || (self.law().is_some() && other.law().is_some())
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The payload types under which one format travels: each side names its own in its SDP
/// (RFC 3264, section 5.1), usually the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadTypes {
    /// What we put into packets that we send: named in the peer's SDP.
    pub send: PayloadType,
    /// What the peer puts into packets that we receive: named in our SDP.
    pub receive: PayloadType,
}

impl PayloadTypes {
    /// The same number in both directions.
    #[must_use]
    pub const fn both(payload_type: PayloadType) -> Self {
        Self { send: payload_type, receive: payload_type }
    }
}

/// A negotiated telephone-event format (RFC 4733).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEventFormat {
    /// The payload types of the two directions; never assumed to be 101.
    pub payload_types: PayloadTypes,
    /// The clock of timestamps and durations; never assumed to be 8000.
    pub clock: ClockRate,
}

/// The keys of an encrypted stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrtpKeys {
    /// What we seal with: named in our SDP.
    pub send: SrtpKey,
    /// What the peer seals with: named in its SDP.
    pub receive: SrtpKey,
}

/// Which way audio flows, seen from this side (RFC 4566 and RFC 3264).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// We send, the peer does not: it is held by us.
    SendOnly,
    /// The peer sends, we do not: we are held by it.
    RecvOnly,
    /// Nobody sends.
    Inactive,
}

impl Direction {
    /// Whether this side may send audio.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the peer is expected to send audio.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// What offer and answer agreed on for one leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamConfig {
    /// Where the peer's SDP says that it receives RTP.
    pub remote: SocketAddr,
    /// Where it receives RTCP (RFC 3605); `None`: the RTP port plus one.
    pub remote_rtcp: Option<SocketAddr>,
    /// The address that the peer's SIP messages really come from. RTP goes to `remote` at once only
    /// when its address is this one; anywhere else, nothing is sent before a packet has arrived from
    /// there (so that nobody can aim us at a third party). A trusted trunk whose media comes from
    /// other machines: give `remote`'s own address. `None`: always wait for the first packet.
    pub signalling: Option<IpAddr>,
    /// The codec that both sides speak.
    pub codec: Codec,
    /// The codec's payload types.
    pub payload_types: PayloadTypes,
    /// The telephone-event format, when the peer has one.
    pub telephone_event: Option<TelephoneEventFormat>,
    /// Which way audio flows.
    pub direction: Direction,
    /// RTCP goes to the port of RTP and comes from there (RFC 5761).
    pub rtcp_mux: bool,
    /// The keys of SRTP: with them nothing but SRTP is taken and sent. New ones in a later agreement
    /// are used from then on; packets under way with the old one are still taken.
    pub srtp: Option<SrtpKeys>,
    /// Audio per packet that we send: a multiple of 10 ms up to 60 ms, otherwise 20 ms is used.
    pub ptime: Duration,
}

impl StreamConfig {
    /// A plain stream: `codec` under its static payload type, both ways, 20 ms a packet, no
    /// telephone-event, signalled from the address it is sent to.
    #[must_use]
    pub const fn new(remote: SocketAddr, codec: Codec) -> Self {
        Self {
            remote,
            remote_rtcp: None,
            signalling: Some(remote.ip()),
            codec,
            payload_types: PayloadTypes::both(codec.payload_type()),
            telephone_event: None,
            direction: Direction::SendRecv,
            rtcp_mux: false,
            srtp: None,
            ptime: Duration::from_millis(20),
        }
    }
}
