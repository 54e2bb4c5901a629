//! RTP and RTCP packets, telephone-event payloads, source learning and a jitter buffer: the parts
//! of RFC 3550 and RFC 4733 that a telephone needs, without sockets, clock or allocation.
//!
//! ```
//! use switchboard_rtp::{Packet, SequenceNumber, SourceLatch, SourceVerdict, TelephoneEvent};
//!
//! // A key press as it came over the wire: header, then event 5, E bit set, 800 units long.
//! let datagram = [
//!     0x80, 0x80 | 101, 0xff, 0xff, 0, 0, 0, 160, 0, 0, 0, 9, 5, 0x80 | 10, 0x03, 0x20,
//! ];
//! let packet = Packet::parse(&datagram)?;
//! assert_eq!(packet.header().payload_type.get(), 101);
//! assert_eq!(packet.header().sequence_number.next(), SequenceNumber(0));
//! let event = TelephoneEvent::parse(packet.payload())?;
//! assert_eq!((event.event, event.end, event.duration), (5, true, 800));
//!
//! // It counts only when it comes from where the call was agreed to come from.
//! let phone = "192.0.2.7:4000".parse()?;
//! let mut latch = SourceLatch::new(phone, Some(phone.ip()));
//! assert_eq!(latch.check(phone), SourceVerdict::Learnt);
//! assert_eq!(latch.check("203.0.113.66:4000".parse()?), SourceVerdict::Refused);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - Packets: [`Packet`] reads in place, [`Header`] writes; [`rtcp`] does both for compounds.
//! - Numbers that wrap around compare by serial arithmetic: [`SequenceNumber`], [`RtpTimestamp`].
//! - [`ReceiverStatistics`] counts loss and jitter and makes the report blocks of RTCP.
//! - [`SourceLatch`] decides from whom to take packets, and to whom to send them.
//! - [`JitterBuffer`] puts packets into order for whoever decodes them, and delays them as little as
//!   their jitter allows.
//!
//! # Time
//!
//! [`ReceiverStatistics`] and [`JitterBuffer`] take [`std::time::Instant`]s as arguments. Nothing
//! reads a clock.
//!
//! # Errors
//!
//! [`ParseError`] is the peer's fault, says at which octet and why, and is to be counted and
//! dropped. Nothing else fails, and no input panics.
//!
//! # Features
//!
//! - `srtp`: packets sealed and opened (RFC 3711, RFC 7714), by rtc-srtp. It allocates a buffer a packet.
//!
//! # Limits
//!
//! - No header extensions by id, no extended reports (RFC 3611). Redundant payloads (RFC 2198) are given as they
//!   came; those of telephone-events are read by `switchboard_dtmf::payload`.
//! - A [`JitterBuffer`] holds 64 packets at most; those that come later than its bound are lost.
//! - [`SourceLatch`] knows two hosts: the signalled one and the one that signals. A media gateway
//!   whose SDP names neither is refused.

mod error;
mod jitter_buffer;
mod number;
mod packet;
pub mod rtcp;
mod source_latch;
#[cfg(feature = "srtp")]
mod srtp;
mod statistics;
mod telephone_event;

pub use error::{ParseError, ParseErrorKind};
pub use jitter_buffer::{Inserted, JitterBuffer, JitterConfig, Taken};
pub use number::{ClockRate, PayloadType, RtpTimestamp, SequenceNumber, Ssrc};
pub use packet::{Extension, HEADER_LEN, Header, Packet, is_rtcp};
pub use source_latch::{SourceLatch, SourceVerdict};
#[cfg(feature = "srtp")]
pub use srtp::{SrtpError, SrtpKey, SrtpReceiver, SrtpSender, SrtpSuite};
pub use statistics::ReceiverStatistics;
pub use telephone_event::TelephoneEvent;
