use core::fmt;

/// A voice codec that this crate negotiates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// G.711 mu-law, payload type 0 (RFC 3551 section 4.5.14).
    Pcmu,
    /// G.711 A-law, payload type 8 (RFC 3551 section 4.5.14).
    Pcma,
}

impl Codec {
    /// Every codec that is negotiated here, in the order in which it is offered by default.
    pub const ALL: [Self; 2] = [Self::Pcma, Self::Pcmu];

    pub(crate) const NAMES: &'static str = "PCMA and PCMU";

    /// The encoding name (RFC 3551).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// The static payload type (RFC 3551 table 4).
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The RTP clock rate in Hz.
    #[must_use]
    pub const fn clock_rate(self) -> u32 {
        8000
    }

    /// The codec of a format: encoding names compare without case (RFC 4855 section 3).
    #[must_use]
    pub fn of(name: &str, clock_rate: u32, channels: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| {
            codec.name().eq_ignore_ascii_case(name)
                && codec.clock_rate() == clock_rate
                && channels == 1
        })
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
