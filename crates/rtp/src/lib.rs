//! RTP and RTCP packets, telephone-event payloads, source learning and jitter buffer, sans-IO.
mod error;
mod number;
mod packet;
mod telephone_event;

pub use error::{ParseError, ParseErrorKind};
pub use number::{ClockRate, PayloadType, RtpTimestamp, SequenceNumber, Ssrc};
pub use packet::{Extension, HEADER_LEN, Header, Packet, is_rtcp};
pub use telephone_event::TelephoneEvent;
