//! Reliable provisional responses (RFC 3262): a 183 that is repeated until its PRACK comes.
//!
//! ```
//! use std::time::Instant;
//! use switchboard_sip::dialog::Dialog;
//! use switchboard_sip::reliable::{Acknowledger, Demand, Output, Provisionals, Reception};
//! use switchboard_sip::transaction::TimerConfig;
//! use switchboard_sip::{Builder, HeaderName, Message, StatusCode};
//!
//! let invite = Message::parse(
//!     &b"INVITE sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
//!        From: <sip:anna@192.0.2.1>;tag=hers\r\nTo: <sip:102@192.0.2.1>\r\nCall-ID: 1\r\n\
//!        CSeq: 1 INVITE\r\nContact: <sip:anna@192.0.2.7>\r\nSupported: 100rel\r\n\r\n"[..],
//! )?;
//! assert_eq!(Demand::of(&invite), Demand::Possible);
//!
//! // The called side: the 183 goes out with an RSeq, and would be repeated after T1.
//! let now = Instant::now();
//! let mut called = Provisionals::new(TimerConfig::default(), 7);
//! let ringing = Builder::reply(&invite, StatusCode::SESSION_PROGRESS, Some("ours"))
//!     .header(HeaderName::Contact, "<sip:102@192.0.2.1>")
//!     .build()?;
//! called.respond(now, ringing)?;
//! let Some(Output::Respond(progress)) = called.poll_output() else { panic!() };
//!
//! // The caller: a response that is new, and the PRACK for it.
//! let mut caller = Acknowledger::default();
//! let Reception::New(rack) = caller.receive(&progress) else { panic!() };
//! let mut dialog = Dialog::uac(&invite, &progress)?;
//! let prack = dialog.prack(&rack).first(HeaderName::Via, "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK2");
//! called.acknowledge(now, &prack.build()?)?;
//! assert_eq!(called.poll_timeout(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod acknowledger;
mod provisionals;

#[cfg(test)]
mod tests;

pub use acknowledger::{Acknowledger, MAX_RESPONSES, Reception};
pub use provisionals::{Event, MAX_WAITING, NoMatch, Output, Provisionals, RefusedResponse};

use crate::message::{HeaderName, Message};

/// The option tag in Supported and Require (RFC 3262 section 8.1).
pub const OPTION_TAG: &str = "100rel";

/// What an INVITE says about reliable provisional responses (RFC 3262 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Not supported: none may be sent.
    Impossible,
    /// Supported: they may be sent.
    Possible,
    /// Required: every provisional response but a 100 has to be one.
    Required,
}

impl Demand {
    /// Reads Require and Supported.
    #[must_use]
    pub fn of(invite: &Message) -> Self {
        if invite.lists(HeaderName::Require, OPTION_TAG) {
            Self::Required
        } else if invite.lists(HeaderName::Supported, OPTION_TAG) {
            Self::Possible
        } else {
            Self::Impossible
        }
    }
}
