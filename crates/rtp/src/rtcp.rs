//! RTCP (RFC 3550, section 6): a checked view of compound packets, and a builder.

mod build;
mod report;
#[cfg(test)]
mod tests;

pub use build::CompoundBuilder;
pub use report::{NtpTime, ReceptionReport, SenderInfo};

use crate::{ParseError, ParseErrorKind, Ssrc};

pub(crate) const SENDER_REPORT: u8 = 200;
pub(crate) const RECEIVER_REPORT: u8 = 201;
pub(crate) const SOURCE_DESCRIPTION: u8 = 202;
pub(crate) const GOODBYE: u8 = 203;
pub(crate) const CNAME: u8 = 1;

/// A received compound packet, checked to its end before anything is read from it.
///
/// ```
/// use switchboard_rtp::{Ssrc, rtcp};
///
/// let mut datagram = Vec::new();
/// let mut compound = rtcp::CompoundBuilder::new(&mut datagram);
/// compound.receiver_report(Ssrc(1), &[]);
/// compound.cname(Ssrc(1), "anna@192.0.2.7");
/// compound.goodbye(Ssrc(1));
///
/// let kinds: Vec<_> = rtcp::Compound::parse(&datagram)?.packets().collect();
/// assert!(matches!(kinds[0], rtcp::RtcpPacket::ReceiverReport { ssrc: Ssrc(1), .. }));
/// assert!(matches!(kinds[2], rtcp::RtcpPacket::Goodbye(_)));
/// # Ok::<(), switchboard_rtp::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compound<'a> {
    datagram: &'a [u8],
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RtcpPacket<'a> {
    /// A report of one who sends (section 6.4.1).
    SenderReport {
        /// Who reports.
        ssrc: Ssrc,
        /// What it sent.
        sender: SenderInfo,
        /// What it received.
        reports: Reports<'a>,
    },
    /// A report of one who does not send (section 6.4.2).
    ReceiverReport {
        /// Who reports.
        ssrc: Ssrc,
        /// What it received.
        reports: Reports<'a>,
    },
    /// Who the sources are (section 6.5).
    SourceDescription(SourceDescription<'a>),
    /// Sources that leave (section 6.6).
    Goodbye(Goodbye<'a>),
    /// A packet of another type, such as APP, feedback or an extended report.
    Other {
        /// The packet type.
        packet_type: u8,
        /// What follows the first four octets.
        body: &'a [u8],
    },
}

/// The reception reports of a packet, at most 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reports<'a>(&'a [u8]);

impl<'a> Reports<'a> {
    /// The reports, in order.
    pub fn iter(&self) -> impl Iterator<Item = ReceptionReport> + use<'a> {
        let (blocks, _) = self.0.as_chunks::<{ ReceptionReport::LEN }>();
        blocks.iter().map(ReceptionReport::read)
    }

    /// The report about one source.
    #[must_use]
    pub fn about(&self, ssrc: Ssrc) -> Option<ReceptionReport> {
        self.iter().find(|report| report.ssrc == ssrc)
    }
}

/// The sources that say goodbye, at most 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goodbye<'a>(&'a [u8]);

impl<'a> Goodbye<'a> {
    /// The sources, in order.
    pub fn sources(&self) -> impl Iterator<Item = Ssrc> + use<'a> {
        let (sources, _) = self.0.as_chunks::<4>();
        sources.iter().map(|octets| Ssrc(u32::from_be_bytes(*octets)))
    }
}

/// Chunks of a source description. Reading stops at the first item that is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceDescription<'a>(&'a [u8]);

impl<'a> SourceDescription<'a> {
    /// The canonical name of a source (section 6.5.1), as the octets that were sent.
    #[must_use]
    pub fn cname(&self, ssrc: Ssrc) -> Option<&'a [u8]> {
        let mut rest = self.0;
        while let Some((source, items)) = rest.split_first_chunk::<4>() {
            let mut at = 0;
            while items.get(at).is_some_and(|kind| *kind != 0) {
                let kind = items[at];
                let len = usize::from(*items.get(at + 1)?);
                let text = items.get(at + 2..at + 2 + len)?;
                if kind == CNAME && u32::from_be_bytes(*source) == ssrc.0 {
                    return Some(text);
                }
                at += 2 + len;
            }
            // A null octet ends the chunk, padded to a multiple of four (section 6.5).
            rest = items.get((at / 4 + 1) * 4..)?;
        }
        None
    }
}

impl<'a> Compound<'a> {
    /// Reads one datagram as a compound packet.
    ///
    /// # Errors
    /// When a packet's length goes past the datagram, the version is not 2, the first packet is no
    /// report (section 6.1), a packet is too short for what it counts, or padding does not fit.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, ParseError> {
        let mut offset = 0;
        while offset < datagram.len() || offset == 0 {
            offset += check(datagram, offset)?;
        }
        Ok(Self { datagram })
    }

    /// The packets, in order.
    pub fn packets(&self) -> impl Iterator<Item = RtcpPacket<'a>> + use<'a> {
        let mut rest = self.datagram;
        std::iter::from_fn(move || {
            let len = packet_len(rest)?;
            let (packet, after) = rest.split_at_checked(len)?;
            rest = after;
            Some(read(packet))
        })
    }
}

/// The length that a packet's header claims, in octets; `None` when there is no header.
fn packet_len(packet: &[u8]) -> Option<usize> {
    let header = packet.first_chunk::<4>()?;
    Some((usize::from(u16::from_be_bytes([header[2], header[3]])) + 1) * 4)
}

/// How many octets of packet a type with this count needs.
fn needed(packet_type: u8, count: usize) -> usize {
    match packet_type {
        SENDER_REPORT => 8 + SenderInfo::LEN + count * ReceptionReport::LEN,
        RECEIVER_REPORT => 8 + count * ReceptionReport::LEN,
        GOODBYE => 4 + count * 4,
        _ => 4,
    }
}

/// Checks the packet at `offset`; its length.
fn check(datagram: &[u8], offset: usize) -> Result<usize, ParseError> {
    let error = |kind| Err(ParseError::new(offset, kind));
    let rest = &datagram[offset..];
    let Some(len) = packet_len(rest).filter(|len| *len <= rest.len()) else {
        return error(ParseErrorKind::Length);
    };
    let (flags, packet_type) = (rest[0], rest[1]);
    if flags >> 6 != 2 {
        return error(ParseErrorKind::Version);
    }
    if offset == 0 && !matches!(packet_type, SENDER_REPORT | RECEIVER_REPORT) {
        return error(ParseErrorKind::NotAReport);
    }
    let padding = if flags & 0x20 != 0 { usize::from(rest[len - 1]) } else { 0 };
    // Padding is allowed in the last packet only (section 6.4.1) and counts itself.
    if flags & 0x20 != 0 && (padding == 0 || padding > len - 4 || len < rest.len()) {
        return error(ParseErrorKind::Padding);
    }
    if len - padding < needed(packet_type, usize::from(flags & 0x1f)) {
        return error(ParseErrorKind::Count);
    }
    Ok(len)
}

/// Reads a packet that [`check`] has passed.
fn read(packet: &[u8]) -> RtcpPacket<'_> {
    let padding = if packet[0] & 0x20 != 0 { usize::from(packet[packet.len() - 1]) } else { 0 };
    let (packet_type, count) = (packet[1], usize::from(packet[0] & 0x1f));
    let body = &packet[4..packet.len() - padding];
    let reports = |at: usize| Reports(&body[at..at + count * ReceptionReport::LEN]);
    match packet_type {
        SENDER_REPORT => RtcpPacket::SenderReport {
            ssrc: ssrc_of(body),
            sender: SenderInfo::read(&body[4..]),
            reports: reports(4 + SenderInfo::LEN),
        },
        RECEIVER_REPORT => RtcpPacket::ReceiverReport { ssrc: ssrc_of(body), reports: reports(4) },
        SOURCE_DESCRIPTION => RtcpPacket::SourceDescription(SourceDescription(body)),
        GOODBYE => RtcpPacket::Goodbye(Goodbye(&body[..count * 4])),
        _ => RtcpPacket::Other { packet_type, body },
    }
}

fn ssrc_of(body: &[u8]) -> Ssrc {
    Ssrc(report::be_u32(body, 0))
}
