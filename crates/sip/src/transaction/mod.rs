//! Transactions (RFC 3261 section 17, RFC 6026): a request, its repetitions, its responses.
//!
//! [`TransactionLayer`] is all transactions of one element as one machine. It matches what arrives,
//! repeats over UDP what has to be repeated, absorbs what arrives twice, and answers by itself what
//! no user need see: a CANCEL, a merged request (482), a request too many (503). The four machines
//! that it is made of ([`ClientInvite`], [`ClientNonInvite`], [`ServerInvite`], [`ServerNonInvite`])
//! and [`Accepted2xx`] stand alone: octets, status codes and time.
//!
//! ```
//! use std::time::Instant;
//! use switchboard_sip::transaction::{Event, Input, LayerConfig, Output, TransactionLayer};
//! use switchboard_sip::{Builder, Flow, Message, StatusCode};
//!
//! let now = Instant::now();
//! let mut layer = TransactionLayer::new(LayerConfig::default(), [0; 32]);
//! let flow = Flow::udp("192.0.2.1:5060".parse()?, "192.0.2.7:5060".parse()?);
//! let message = Message::parse(
//!     &b"OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
//!        From: <sip:a@192.0.2.7>;tag=1\r\nTo: <sip:192.0.2.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"[..],
//! )?;
//! layer.handle(now, Input::Received { flow, message: message.clone() });
//! let Some(Output::Event(Event::Request { id, request, .. })) = layer.poll_output() else { panic!() };
//! let response = Builder::reply(&request, StatusCode::OK, Some("t")).build()?;
//! layer.respond(now, id, &response)?;
//! assert!(matches!(layer.poll_output(), Some(Output::Transmit { .. })));
//!
//! // The same request again is the layer's business alone.
//! layer.handle(now, Input::Received { flow, message });
//! assert!(matches!(layer.poll_output(), Some(Output::Transmit { .. })));
//! assert!(layer.poll_output().is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Of the standard left out: maddr and multicast (section 18.1.1), which only help to aim responses
//! at others.

mod accepted_2xx;
mod layer;
mod machine;
mod response_flow;
mod timers;

/// The INVITE client transaction.
pub mod client_invite;
/// The client transaction of every other method.
pub mod client_non_invite;
/// The INVITE server transaction.
pub mod server_invite;
/// The server transaction of every other method.
pub mod server_non_invite;

pub use accepted_2xx::{Accepted2xx, Input as Accepted2xxInput, Output as Accepted2xxOutput};
pub use client_invite::ClientInvite;
pub use client_non_invite::ClientNonInvite;
pub use layer::{
    CancelError, Event, Input, InvalidSentBy, LayerConfig, MAX_FORKS, Output, RespondError,
    SendError, SentBy, TransactionId, TransactionLayer,
};
pub use machine::{
    AlreadyAnswered, ClientEvent, Output as MachineOutput, ServerEvent, TransactionState,
};
pub use response_flow::response_flow;
pub use server_invite::ServerInvite;
pub use server_non_invite::ServerNonInvite;
pub use timers::{Reliability, TimerConfig};
