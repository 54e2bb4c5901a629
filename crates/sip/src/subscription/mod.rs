//! Subscriptions (RFC 6665): who wants to hear of something, and hears of it by NOTIFY.
//!
//! A [`Notifier`] is one subscription on the side that knows; [`Packages`] says which are taken. A
//! [`Subscriber`] is one on the side that wants to know. [`dialog_info`] (RFC 4235) is what the
//! lamp of a colleague shows, [`message_summary`] (RFC 3842) the lamp for new messages.
//!
//! ```
//! use std::time::Instant;
//! use switchboard_sip::subscription::{Notifier, Output, Package, Packages, Reason};
//! use switchboard_sip::{Builder, HeaderName, Message, StatusCode};
//!
//! const SERVED: Packages = Packages(&[Package { name: "dialog", body: "application/dialog-info+xml" }]);
//!
//! let now = Instant::now();
//! let subscribe = Message::parse(
//!     &b"SUBSCRIBE sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
//!        From: <sip:anna@192.0.2.1>;tag=hers\r\nTo: <sip:102@192.0.2.1>\r\nCall-ID: 1\r\n\
//!        CSeq: 1 SUBSCRIBE\r\nContact: <sip:anna@192.0.2.7>\r\nEvent: dialog\r\nExpires: 600\r\n\r\n"[..],
//! )?;
//! let asked = SERVED.admit(&subscribe, &Default::default())?;
//! let reply = Builder::reply(&subscribe, StatusCode::OK, Some("ours"))
//!     .header(HeaderName::Contact, "<sip:192.0.2.1>");
//! let (mut notifier, ok) = Notifier::accept(now, &subscribe, asked, reply)?;
//! assert_eq!(ok.text("Expires"), Some("600"));
//!
//! // The first NOTIFY is due at once.
//! assert_eq!(notifier.poll_output(), Some(Output::Notify));
//! let notify = notifier.notify(now, Some(("application/dialog-info+xml", "<dialog-info/>".into())));
//! let notify = notify.first(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2").build()?;
//! assert_eq!(notify.text("Subscription-State"), Some("active;expires=600"));
//! notifier.answered(now, StatusCode::OK);
//!
//! notifier.terminate(now, Reason::NoResource);
//! assert_eq!(notifier.poll_output(), Some(Output::Notify));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod admission;
mod event_name;
mod notifier;
mod state;
mod subscriber;

/// Dialogs of somebody, for a lamp (RFC 4235).
pub mod dialog_info;
/// Messages that wait, for a lamp (RFC 3842).
pub mod message_summary;

#[cfg(test)]
mod tests;

pub use admission::{Asked, NotifierConfig, Package, Packages, Refusal};
pub use event_name::EventName;
pub use notifier::{AcceptError, Notifier, Output, RefreshError};
pub use state::{Reason, SubscriptionState};
pub use subscriber::{
    Event as SubscriberEvent, Output as SubscriberOutput, Subscriber, SubscriberConfig,
};
