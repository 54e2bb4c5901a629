//! Session descriptions (RFC 8866) and the offer/answer model (RFC 3264).

mod audio;
mod codec;
mod connection;
mod direction;
mod error;
mod format;
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
pub use direction::Direction;
pub use error::{AudioError, ErrorKind, ParseError};
pub use format::{Format, TelephoneEvent};
pub use line::Line;
pub use media::Media;
pub use negotiation::{Agreed, AgreedEvents, LocalAudio, Negotiation};
pub use origin::Origin;
pub use session::Session;
pub use text::{Text, TextError};
