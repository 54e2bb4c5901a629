//! RTP data packets (RFC 3550, section 5): a checked view and a writer.

use bytes::BufMut;

use crate::{ParseError, ParseErrorKind, PayloadType, RtpTimestamp, SequenceNumber, Ssrc};

/// Octets of the fixed header.
pub const HEADER_LEN: usize = 12;

/// The fields of the fixed RTP header that a sender chooses (RFC 3550, section 5.1).
///
/// ```
/// use switchboard_rtp::{Header, Packet, PayloadType, RtpTimestamp, SequenceNumber, Ssrc};
///
/// let header = Header {
///     marker: true,
///     payload_type: PayloadType::PCMA,
///     sequence_number: SequenceNumber(7),
///     timestamp: RtpTimestamp(160),
///     ssrc: Ssrc(0xfeed),
/// };
/// let mut datagram = Vec::new();
/// header.write(&mut datagram);
/// datagram.extend_from_slice(&[0xd5; 160]);
///
/// let packet = Packet::parse(&datagram)?;
/// assert_eq!(packet.header(), header);
/// assert_eq!(packet.payload().len(), 160);
/// # Ok::<(), switchboard_rtp::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// For audio: the first packet after silence, or of a telephone-event (RFC 3551, section 4.1).
    pub marker: bool,
    /// Which format the payload has.
    pub payload_type: PayloadType,
    /// One more for each packet sent.
    pub sequence_number: SequenceNumber,
    /// The sampling instant of the payload's first octet.
    pub timestamp: RtpTimestamp,
    /// The stream that the packet belongs to.
    pub ssrc: Ssrc,
}

impl Header {
    /// Writes the fixed header, [`HEADER_LEN`] octets, without CSRC, extension or padding.
    /// The payload is whatever the caller writes after it.
    pub fn write(&self, out: &mut impl BufMut) {
        out.put_u8(0x80);
        out.put_u8(u8::from(self.marker) << 7 | self.payload_type.get());
        out.put_u16(self.sequence_number.0);
        out.put_u32(self.timestamp.0);
        out.put_u32(self.ssrc.0);
    }
}

/// A header extension (RFC 3550, section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The 16 bits defined by the profile.
    pub profile: u16,
    /// The extension's data, a multiple of 4 octets.
    pub data: &'a [u8],
}

/// A received RTP packet, looked at in place.
///
/// Parsing checks everything that the accessors rely on: version, CSRC count, extension length
/// and padding. Nothing is copied or allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header,
    csrcs: &'a [u8],
    extension: Option<Extension<'a>>,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads one datagram as an RTP packet.
    ///
    /// # Errors
    /// When the datagram is shorter than its header says, the version is not 2, or the padding is
    /// larger than the payload.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, ParseError> {
        let Some((fixed, mut rest)) = datagram.split_first_chunk::<HEADER_LEN>() else {
            return Err(ParseError::new(datagram.len(), ParseErrorKind::TooShort));
        };
        if fixed[0] >> 6 != 2 {
            return Err(ParseError::new(0, ParseErrorKind::Version));
        }
        let csrc_len = usize::from(fixed[0] & 0x0f) * 4;
        let (csrcs, after_csrcs) = rest
            .split_at_checked(csrc_len)
            .ok_or(ParseError::new(HEADER_LEN, ParseErrorKind::Csrc))?;
        rest = after_csrcs;

        let mut extension = None;
        if fixed[0] & 0x10 != 0 {
            let cut = ParseError::new(HEADER_LEN + csrc_len, ParseErrorKind::Extension);
            let (head, body) = rest.split_first_chunk::<4>().ok_or(cut)?;
            let len = usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
            let (data, after_extension) = body.split_at_checked(len).ok_or(cut)?;
            extension = Some(Extension { profile: u16::from_be_bytes([head[0], head[1]]), data });
            rest = after_extension;
        }
        if fixed[0] & 0x20 != 0 {
            let bad = ParseError::new(datagram.len() - 1, ParseErrorKind::Padding);
            let padding = usize::from(*rest.last().ok_or(bad)?);
            if padding == 0 || padding > rest.len() {
                return Err(bad);
            }
            rest = &rest[..rest.len() - padding];
        }
        let header = Header {
            marker: fixed[1] & 0x80 != 0,
            payload_type: PayloadType::from_octet(fixed[1]),
            sequence_number: SequenceNumber(u16::from_be_bytes([fixed[2], fixed[3]])),
            timestamp: RtpTimestamp(u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]])),
            ssrc: Ssrc(u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]])),
        };
        Ok(Self { header, csrcs, extension, payload: rest })
    }

    /// The fields of the fixed header.
    #[must_use]
    pub const fn header(&self) -> Header {
        self.header
    }

    /// The contributing sources, at most 15, as a mixer listed them.
    pub fn csrcs(&self) -> impl Iterator<Item = Ssrc> + 'a {
        self.csrcs.chunks_exact(4).map(|c| Ssrc(u32::from_be_bytes([c[0], c[1], c[2], c[3]])))
    }

    /// The header extension, when there is one.
    #[must_use]
    pub const fn extension(&self) -> Option<Extension<'a>> {
        self.extension
    }

    /// The payload without padding.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// Whether a datagram on a port that carries both is RTCP (RFC 5761, section 4): the packet type
/// lies in 192..=223, which no payload type of RTP may use there.
#[must_use]
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, kind, ..] if first >> 6 == 2 && (192..=223).contains(kind))
}

#[cfg(test)]
#[path = "packet/tests.rs"]
mod tests;
