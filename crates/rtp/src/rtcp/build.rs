//! Building compound packets.

use bytes::BufMut;

use super::{
    CNAME, GOODBYE, RECEIVER_REPORT, ReceptionReport, SENDER_REPORT, SOURCE_DESCRIPTION, SenderInfo,
};
use crate::Ssrc;

/// The most that a count field of 5 bits can say.
const MAX_COUNT: usize = 31;

/// Writes the packets of a compound one after the other. A compound starts with a report and holds
/// a CNAME (RFC 3550, section 6.1): write them in that order.
#[derive(Debug)]
pub struct CompoundBuilder<'a, B> {
    out: &'a mut B,
}

impl<'a, B: BufMut> CompoundBuilder<'a, B> {
    /// Writes to the end of `out`.
    pub fn new(out: &'a mut B) -> Self {
        Self { out }
    }

    /// A sender report with up to 31 reception reports; more are left out.
    pub fn sender_report(&mut self, ssrc: Ssrc, sender: &SenderInfo, reports: &[ReceptionReport]) {
        let reports = &reports[..reports.len().min(MAX_COUNT)];
        let len = 4 + SenderInfo::LEN + reports.len() * ReceptionReport::LEN;
        self.head(reports.len(), SENDER_REPORT, len);
        self.out.put_u32(ssrc.0);
        sender.write(self.out);
        reports.iter().for_each(|report| report.write(self.out));
    }

    /// A receiver report with up to 31 reception reports; more are left out.
    pub fn receiver_report(&mut self, ssrc: Ssrc, reports: &[ReceptionReport]) {
        let reports = &reports[..reports.len().min(MAX_COUNT)];
        self.head(reports.len(), RECEIVER_REPORT, 4 + reports.len() * ReceptionReport::LEN);
        self.out.put_u32(ssrc.0);
        reports.iter().for_each(|report| report.write(self.out));
    }

    /// A source description with a canonical name of up to 255 octets; the rest is cut off.
    pub fn cname(&mut self, ssrc: Ssrc, cname: &str) {
        let text = &cname.as_bytes()[..cname.len().min(255)];
        // SSRC, type, length, text, and 1 to 4 nulls up to a multiple of four (section 6.5).
        let len = (4 + 2 + text.len()) / 4 * 4 + 4;
        self.head(1, SOURCE_DESCRIPTION, len);
        self.out.put_u32(ssrc.0);
        self.out.put_u8(CNAME);
        self.out.put_u8(text.len() as u8);
        self.out.put_slice(text);
        self.out.put_bytes(0, len - 6 - text.len());
    }

    /// A goodbye of one source.
    pub fn goodbye(&mut self, ssrc: Ssrc) {
        self.head(1, GOODBYE, 4);
        self.out.put_u32(ssrc.0);
    }

    /// The common header; `len` is what follows, a multiple of four.
    fn head(&mut self, count: usize, packet_type: u8, len: usize) {
        self.out.put_u8(0x80 | count as u8);
        self.out.put_u8(packet_type);
        self.out.put_u16((len / 4) as u16);
    }
}
