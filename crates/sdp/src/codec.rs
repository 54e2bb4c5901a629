use core::fmt;

/// A voice codec that this crate negotiates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// G.711 mu-law, payload type 0 (RFC 3551 section 4.5.14).
    Pcmu,
    /// G.711 A-law, payload type 8 (RFC 3551 section 4.5.14).
    Pcma,
    /// G.722 at 64 kbit/s, payload type 9: 16,000 Hz under a clock of 8000 (RFC 3551 section 4.5.2).
    G722,
    /// Opus, under a dynamic payload type: 48,000 Hz, and two channels in the description whatever is sent
    /// (RFC 7587).
    Opus,
}

impl Codec {
    /// Every codec that can be negotiated here.
    pub const ALL: [Self; 4] = [Self::Pcma, Self::Pcmu, Self::G722, Self::Opus];
    /// What is offered and taken unless a [`LocalAudio`](crate::LocalAudio) says otherwise, best first: both laws of
    /// G.711, which need no codec with a memory.
    pub const DEFAULT: [Self; 2] = [Self::Pcma, Self::Pcmu];

    pub(crate) const NAMES: &'static str = "PCMA, PCMU, G722 and opus";

    /// The encoding name (RFC 3551, RFC 7587).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The codec of a name, which compares without case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    /// The static payload type (RFC 3551 table 4), or the dynamic one under which it is offered.
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    /// The RTP clock rate in Hz.
    #[must_use]
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// The channels that its `rtpmap` names.
    #[must_use]
    pub const fn channels(self) -> u8 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 1,
            Self::Opus => 2,
        }
    }

    /// The parameters of an `fmtp` line with which it is offered and answered.
    #[must_use]
    pub const fn parameters(self) -> Option<&'static str> {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => None,
            // A telephone is mono; lost packets can be mended from the next one (RFC 7587 section 6.1).
            Self::Opus => Some("useinbandfec=1"),
        }
    }

    /// The codec of a format: encoding names compare without case (RFC 4855 section 3).
    #[must_use]
    pub fn of(name: &str, clock_rate: u32, channels: u8) -> Option<Self> {
        Self::named(name)
            .filter(|codec| (codec.clock_rate(), codec.channels()) == (clock_rate, channels))
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The encoding that RFC 3551 tables 4 and 5 give a payload type for when no `rtpmap` does.
pub(crate) const fn static_payload_type(payload_type: u8) -> Option<(&'static str, u32, u8)> {
    Some(match payload_type {
        0 => ("PCMU", 8000, 1),
        3 => ("GSM", 8000, 1),
        4 => ("G723", 8000, 1),
        5 => ("DVI4", 8000, 1),
        6 => ("DVI4", 16_000, 1),
        7 => ("LPC", 8000, 1),
        8 => ("PCMA", 8000, 1),
        9 => ("G722", 8000, 1),
        10 => ("L16", 44_100, 2),
        11 => ("L16", 44_100, 1),
        12 => ("QCELP", 8000, 1),
        13 => ("CN", 8000, 1),
        14 => ("MPA", 90_000, 1),
        15 => ("G728", 8000, 1),
        16 => ("DVI4", 11_025, 1),
        17 => ("DVI4", 22_050, 1),
        18 => ("G729", 8000, 1),
        _ => return None,
    })
}
