//! RTP and RTCP packets, telephone-event payloads, source learning and jitter buffer, sans-IO.
mod error;
mod jitter_buffer;
mod number;
mod packet;
pub mod rtcp;
mod source_latch;
mod statistics;
mod telephone_event;

pub use error::{ParseError, ParseErrorKind};
pub use jitter_buffer::{Inserted, JitterBuffer, Taken};
pub use number::{ClockRate, PayloadType, RtpTimestamp, SequenceNumber, Ssrc};
pub use packet::{Extension, HEADER_LEN, Header, Packet, is_rtcp};
pub use source_latch::{SourceLatch, SourceVerdict};
pub use statistics::ReceiverStatistics;
pub use telephone_event::TelephoneEvent;
