//! The octets of telephone-event payloads: single reports, several packed into one packet
//! (RFC 4733 section 2.5.1.5), and redundant ones (RFC 2198).

use core::fmt;

use crate::TelephoneEvent;

/// The fields of the RTP header that a report needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Header {
    /// The stream.
    pub ssrc: u32,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp.
    pub timestamp: u32,
    /// The marker bit.
    pub marker: bool,
}

/// Octets of one report (section 2.3).
const REPORT: usize = 4;
/// The most headers of redundant blocks that are looked at.
const MAX_BLOCKS: usize = 16;

/// The reports of one packet, the oldest first; each fits [`Receiver`](crate::Receiver) as it is.
///
/// ```
/// use switchboard_dtmf::payload::{Events, Header};
///
/// let header = Header { ssrc: 1, sequence: 7, timestamp: 8_000, marker: true };
/// let mut events = Events::parse(header, &[5, 0x80 | 10, 0x03, 0x20])?;
/// let event = events.next().expect("one report");
/// assert_eq!((event.event, event.end, event.volume, event.duration), (5, true, 10, 800));
/// assert_eq!(events.next(), None);
/// # Ok::<(), switchboard_dtmf::payload::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Events<'a> {
    header: Header,
    payload_type: u8,
    /// What is left of the redundant blocks' headers, and of all blocks' octets.
    headers: &'a [u8],
    blocks: &'a [u8],
    /// What is left of the block that is being read, and when its next report began.
    block: &'a [u8],
    timestamp: u32,
    marker: bool,
}

impl<'a> Events<'a> {
    /// Reads a telephone-event payload. Of several reports each begins where the one before ended.
    ///
    /// # Errors
    /// [`Error`] for a payload that is empty or no whole number of reports.
    pub fn parse(header: Header, payload: &'a [u8]) -> Result<Self, Error> {
        if payload.is_empty() || !payload.len().is_multiple_of(REPORT) {
            return Err(Error { offset: payload.len(), kind: ErrorKind::Report });
        }
        Ok(Self {
            header,
            payload_type: 0,
            headers: &[],
            blocks: &[],
            block: payload,
            timestamp: header.timestamp,
            marker: header.marker,
        })
    }

    /// Reads a payload of RFC 2198. Blocks of another payload type than the telephone-events' are
    /// skipped.
    ///
    /// # Errors
    /// [`Error`] for headers that do not end, blocks beyond the payload's end, and
    /// telephone-events that are no whole number of reports.
    pub fn parse_redundant(
        header: Header,
        payload_type: u8,
        payload: &'a [u8],
    ) -> Result<Self, Error> {
        let fault = |offset, kind| Err(Error { offset, kind });
        let (mut at, mut length, mut count) = (0, 0, 0);
        let mut is_whole = true;
        loop {
            let Some(first) = payload.get(at) else { return fault(at, ErrorKind::Header) };
            let ours = first & 0x7f == payload_type;
            if first & 0x80 == 0 {
                let begin = at + 1;
                let Some(primary) = payload.len().checked_sub(begin + length) else {
                    return fault(payload.len(), ErrorKind::Block);
                };
                if !is_whole || (ours && !primary.is_multiple_of(REPORT)) {
                    return fault(payload.len(), ErrorKind::Report);
                }
                let (headers, blocks) = payload.split_at(begin);
                let (block, timestamp, marker) = (&[][..], header.timestamp, false);
                return Ok(Self {
                    header,
                    payload_type,
                    headers,
                    blocks,
                    block,
                    timestamp,
                    marker,
                });
            }
            let Some([_, _, third, fourth]) = payload.get(at..at + 4) else {
                return fault(payload.len(), ErrorKind::Header);
            };
            let block = usize::from(u16::from_be_bytes([third & 0x03, *fourth]));
            is_whole &= !ours || block.is_multiple_of(REPORT);
            (at, length, count) = (at + 4, length + block, count + 1);
            if count > MAX_BLOCKS {
                return fault(at, ErrorKind::Header);
            }
        }
    }

    /// Goes to the next block of telephone-events; false after the last.
    fn next_block(&mut self) -> bool {
        loop {
            let (first, length) = match self.headers {
                [] => return false,
                [first @ 0x80..=0xff, second, third, fourth, rest @ ..] => {
                    let offset = u16::from_be_bytes([*second, *third]) >> 2;
                    self.headers = rest;
                    self.timestamp = self.header.timestamp.wrapping_sub(offset.into());
                    self.marker = false;
                    (*first, usize::from(u16::from_be_bytes([third & 0x03, *fourth])))
                }
                [first, ..] => {
                    self.headers = &[];
                    self.timestamp = self.header.timestamp;
                    self.marker = self.header.marker;
                    (*first, self.blocks.len())
                }
            };
            let (block, blocks) = self.blocks.split_at(length.min(self.blocks.len()));
            self.blocks = blocks;
            if first & 0x7f == self.payload_type && !block.is_empty() {
                self.block = block;
                return true;
            }
        }
    }
}

impl Iterator for Events<'_> {
    type Item = TelephoneEvent;

    fn next(&mut self) -> Option<TelephoneEvent> {
        if self.block.len() < REPORT && !self.next_block() {
            return None;
        }
        let [event, flags, high, low, rest @ ..] = self.block else { return None };
        let report = TelephoneEvent {
            ssrc: self.header.ssrc,
            sequence: self.header.sequence,
            timestamp: self.timestamp,
            marker: self.marker,
            event: *event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([*high, *low]),
        };
        self.block = rest;
        self.timestamp = self.timestamp.wrapping_add(report.duration.into());
        self.marker = false;
        Some(report)
    }
}

/// Why a payload is not telephone-events, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at octet {offset}")]
pub struct Error {
    offset: usize,
    kind: ErrorKind,
}

impl Error {
    /// Octets of the payload before the fault.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What was wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// What was wrong with a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Telephone-events that are not a whole number of reports.
    Report,
    /// Headers of redundant blocks that do not end, or too many.
    Header,
    /// A redundant block beyond the end of the payload.
    Block,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Report => "telephone-events that end in the middle: reports have 4 octets each",
            Self::Header => "no last header of the blocks: at most 16 redundant ones go before it",
            Self::Block => "a redundant block beyond the end: lengths and octets must agree",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::Instant;
    use crate::receiver::{Input, Output, Receiver};

    const HEADER: Header = Header { ssrc: 9, sequence: 70, timestamp: 1_000, marker: true };

    fn report(event: u8, end: bool, duration: u16) -> [u8; 4] {
        let [high, low] = duration.to_be_bytes();
        [event, u8::from(end) << 7 | 10, high, low]
    }

    /// RFC 2198 section 3: redundant blocks (payload type, offset, octets), then the primary.
    fn redundant(blocks: &[(u8, u16, &[u8])], primary: (u8, &[u8])) -> Vec<u8> {
        let mut payload = Vec::new();
        for (payload_type, offset, block) in blocks {
            let word = u32::from(*offset) << 10 | block.len() as u32;
            payload.push(0x80 | payload_type);
            payload.extend(&word.to_be_bytes()[1..]);
        }
        payload.push(primary.0);
        blocks.iter().for_each(|(.., block)| payload.extend(*block));
        payload.extend(primary.1);
        payload
    }

    #[test]
    fn packed_events_begin_where_the_one_before_ended() {
        let payload = [report(1, true, 400), report(2, true, 320), report(2, false, 160)].concat();
        let events: Vec<_> = Events::parse(HEADER, &payload).expect("whole reports").collect();
        let told: Vec<_> =
            events.iter().map(|event| (event.event, event.timestamp, event.marker)).collect();
        assert_eq!(told, [(1, 1_000, true), (2, 1_400, false), (2, 1_720, false)]);
    }

    #[test]
    fn redundant_blocks_come_oldest_first_with_timestamps_of_their_own() {
        let (old, newer, audio) = (report(3, true, 800), report(4, true, 640), [0; 160]);
        let primary = report(5, false, 160);
        let payload =
            redundant(&[(101, 2_000, &old), (0, 320, &audio), (101, 900, &newer)], (101, &primary));
        let events: Vec<_> =
            Events::parse_redundant(HEADER, 101, &payload).expect("well formed").collect();
        let told: Vec<_> = events
            .iter()
            .map(|event| (event.event, event.timestamp, event.marker, event.sequence))
            .collect();
        let before = |offset: u32| 1_000_u32.wrapping_sub(offset);
        assert_eq!(
            told,
            [(3, before(2_000), false, 70), (4, before(900), false, 70), (5, 1_000, true, 70)]
        );
        // A packet of audio that carries an old event behind it.
        let payload = redundant(&[(101, 2_000, &old)], (0, &audio));
        assert_eq!(Events::parse_redundant(HEADER, 101, &payload).expect("well formed").count(), 1);
    }

    #[test]
    fn every_fault_has_its_place_and_kind() {
        let fault = |payload: &[u8]| {
            let error = Events::parse_redundant(HEADER, 101, payload).expect_err("a fault");
            (error.offset(), error.kind())
        };
        assert_eq!(fault(&[]), (0, ErrorKind::Header));
        assert_eq!(fault(&[0x80 | 101, 0, 0]), (3, ErrorKind::Header));
        assert_eq!(fault(&[0x80 | 101, 0, 0, 0]), (4, ErrorKind::Header));
        assert_eq!(fault(&[0x80 | 101, 0, 0, 4, 101, 1, 2, 3]), (8, ErrorKind::Block));
        assert_eq!(fault(&[101, 1, 2, 3]), (4, ErrorKind::Report));
        assert_eq!(fault(&[0x80 | 101, 0, 0, 3, 0, 1, 2, 3]), (8, ErrorKind::Report));
        assert_eq!(fault(&[0x80; 200]), (68, ErrorKind::Header));
        for payload in [&[][..], &[1, 2, 3], &[1, 2, 3, 4, 5]] {
            let error = Events::parse(HEADER, payload).expect_err("a fault");
            assert_eq!((error.offset(), error.kind()), (payload.len(), ErrorKind::Report));
        }
        let error = Events::parse(HEADER, &[1]).expect_err("a fault");
        assert_eq!(
            std::format!("{error}"),
            "telephone-events that end in the middle: reports have 4 octets each at octet 1"
        );
    }

    /// A press whose own packets are all lost is heard from the blocks that ride on later ones.
    #[test]
    fn a_lost_press_is_heard_from_redundant_blocks() {
        let mut receiver = Receiver::default();
        let mut heard = String::new();
        let ends = [report(1, true, 800), report(2, true, 800)];
        for at in 0..6_u16 {
            let primary = report(3, at >= 3, 160 * (at + 1));
            let payload =
                redundant(&[(101, 3_200, &ends[0]), (101, 1_600, &ends[1])], (101, &primary));
            let header = Header { ssrc: 1, sequence: 20 + at, timestamp: 8_000, marker: at == 0 };
            let now = Instant::from_millis(u64::from(at) * 20);
            for event in Events::parse_redundant(header, 101, &payload).expect("well formed") {
                receiver.handle(now, Input::Event(&event)).expect("no flood");
            }
        }
        receiver.handle_timeout(Instant::from_millis(10_000));
        while let Some(output) = receiver.poll_output() {
            if let Output::Start { digit } = output {
                heard.push(digit.as_char());
            }
        }
        assert_eq!(heard, "123");
    }

    proptest! {
        #[test]
        fn any_octets_end_and_no_report_is_made_up(payload: Vec<u8>, payload_type in 0_u8..128) {
            for events in [
                Events::parse(HEADER, &payload),
                Events::parse_redundant(HEADER, payload_type, &payload),
            ].into_iter().flatten() {
                prop_assert!(events.count() * REPORT <= payload.len());
            }
        }

        #[test]
        fn what_is_packed_is_read(
            blocks in proptest::collection::vec((any::<bool>(), 0_u16..16_384, 0_usize..4), 0..8),
            primary in 0_usize..4,
        ) {
            let octets = report(7, true, 80).repeat(4);
            let parts: Vec<(u8, u16, &[u8])> = blocks
                .iter()
                .map(|(ours, offset, count)| (u8::from(*ours) + 100, *offset, &octets[..4 * count]))
                .collect();
            let payload = redundant(&parts, (101, &octets[..4 * primary]));
            let events = Events::parse_redundant(HEADER, 101, &payload).expect("well formed");
            let ours: usize = blocks.iter().filter(|(ours, ..)| *ours).map(|(.., count)| count).sum();
            prop_assert_eq!(events.count(), ours + primary);
        }
    }
}
