//! The telephone-event payload (RFC 4733, section 2.3): four octets that say which key is down.

use bytes::BufMut;

use crate::{ParseError, ParseErrorKind};

/// One telephone-event payload.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     event     |E|R| volume    |          duration             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// The event code; `0..=15` are the DTMF digits (RFC 4733, table 3), others are not digits.
    pub event: u8,
    /// The E bit: the event is over and `duration` is its whole length.
    pub end: bool,
    /// Power in -dBm0, `0..=63`; meaningful for DTMF only.
    pub volume: u8,
    /// Length so far, in timestamp units, since the packet's timestamp.
    pub duration: u16,
}

impl TelephoneEvent {
    /// Octets of the payload.
    pub const LEN: usize = 4;

    /// Reads a payload's first report. Octets after it are ignored: some senders pad. Where several
    /// events without a pause between them are in one packet (RFC 4733, section 2.5.1.5) each has
    /// four octets, in order.
    ///
    /// # Errors
    /// When there are fewer than four octets.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let Some([event, flags, high, low]) = payload.first_chunk() else {
            return Err(ParseError::new(payload.len(), ParseErrorKind::TelephoneEvent));
        };
        Ok(Self {
            event: *event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([*high, *low]),
        })
    }

    /// Writes the four octets; a volume above 63 is written as 63, the R bit as 0.
    pub fn write(&self, out: &mut impl BufMut) {
        out.put_u8(self.event);
        out.put_u8(u8::from(self.end) << 7 | self.volume.min(63));
        out.put_u16(self.duration);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_where_rfc_4733_puts_them() {
        let event = TelephoneEvent::parse(&[11, 0x8a, 0x03, 0x20]).expect("four octets");
        assert_eq!(event, TelephoneEvent { event: 11, end: true, volume: 10, duration: 800 });
        assert!(TelephoneEvent::parse(&[11, 0x8a, 3]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(event: u8, end: bool, volume in 0_u8..64, duration: u16) {
            let written = TelephoneEvent { event, end, volume, duration };
            let mut octets = Vec::new();
            written.write(&mut octets);
            prop_assert_eq!(TelephoneEvent::parse(&octets), Ok(written));
        }
    }
}
