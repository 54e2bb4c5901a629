#![doc = include_str!("../README.md")]
//!
//! # Time
//! None passes here: nothing waits and nothing expires.
//!
//! # Errors
//! [`ParseError`] for octets that are no description, with line, offset and [`ErrorKind`];
//! [`AudioError`] for a description with which no audio can be had. Both tell the status that
//! answers the SIP request: 400 or 488. Values that would leave their line cannot be made:
//! [`TextError`].
//!
//! # Features
//! There are none.

mod audio;
mod codec;
mod connection;
mod crypto;
mod direction;
mod dtls;
mod error;
mod format;
mod ice;
pub mod limits;
mod line;
mod media;
mod negotiation;
mod origin;
mod session;
mod text;

pub use audio::RemoteAudio;
pub use codec::Codec;
pub use connection::Connection;
pub use crypto::{Crypto, CryptoSuite};
pub use direction::Direction;
pub use dtls::{Dtls, Fingerprint, Setup};
pub use error::{AudioError, ErrorKind, ParseError};
pub use format::{Format, TelephoneEvent};
pub use ice::{Candidate, CandidateKind, Ice};
pub use line::Line;
pub use media::Media;
pub use negotiation::{Agreed, AgreedEvents, AgreedKeys, Encryption, LocalAudio, Negotiation};
pub use origin::Origin;
pub use session::Session;
pub use text::{Text, TextError};

/// The `Content-Type` of a description.
pub const CONTENT_TYPE: &str = "application/sdp";
