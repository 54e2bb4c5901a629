//! Why octets are not the packet they claim to be.

use core::fmt;

/// What was wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The datagram ends before the fixed header does.
    TooShort,
    /// The version is not 2 (RFC 3550, section 5.1).
    Version,
    /// The CSRC count names more sources than the datagram holds.
    Csrc,
    /// The header extension is cut off or longer than the datagram.
    Extension,
    /// The padding count is zero or larger than the payload.
    Padding,
    /// The length of an RTCP packet goes past the datagram's end.
    Length,
    /// The first packet of an RTCP compound is neither a sender nor a receiver report
    /// (RFC 3550, section 6.1).
    NotAReport,
    /// An RTCP packet is too short for what its count field promises.
    Count,
    /// The payload is not a telephone-event of four octets (RFC 4733, section 2.3).
    TelephoneEvent,
}

/// A packet that cannot be read: the peer's fault (or not RTP at all); drop it and count it.
///
/// ```
/// use switchboard_rtp::{Packet, ParseErrorKind};
///
/// let error = Packet::parse(&[0x80, 0]).unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::TooShort);
/// assert_eq!(error.to_string(), "at octet 2: the RTP header needs 12 octets");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    offset: usize,
    kind: ParseErrorKind,
}

impl ParseError {
    pub(crate) const fn new(offset: usize, kind: ParseErrorKind) -> Self {
        Self { offset, kind }
    }

    /// The octet at which reading had to stop.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What was wrong there.
    #[must_use]
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ParseErrorKind::TooShort => "the RTP header needs 12 octets",
            ParseErrorKind::Version => "the version must be 2",
            ParseErrorKind::Csrc => "fewer contributing sources than the header counts",
            ParseErrorKind::Extension => "the header extension ends after the datagram",
            ParseErrorKind::Padding => "padding must be at least 1 and fit into the payload",
            ParseErrorKind::Length => "the RTCP packet ends after the datagram",
            ParseErrorKind::NotAReport => "a compound must start with a sender or receiver report",
            ParseErrorKind::Count => "fewer blocks than the RTCP header counts",
            ParseErrorKind::TelephoneEvent => "a telephone-event needs 4 octets",
        };
        write!(f, "at octet {}: {what}", self.offset)
    }
}
