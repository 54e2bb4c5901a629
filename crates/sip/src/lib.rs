//! SIP (RFC 3261), sans-IO: messages, transactions, dialogs, registrar, digest authentication.

mod flow;
mod identifiers;
pub mod transaction;

pub use flow::{ConnectionId, Flow, Transport};
pub use identifiers::{Identifiers, MAGIC_COOKIE};
