//! Transactions (RFC 3261 section 17, RFC 6026): a request, its repetitions, its responses.
//!
//! The four machines stand alone; each is driven by octets, status codes and time.

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
    CancelError, Event, Input, InvalidSentBy, LayerConfig, Output, RespondError, SendError, SentBy,
    TransactionId, TransactionLayer,
};
pub use machine::{AlreadyAnswered, ClientEvent, Output as MachineOutput, ServerEvent};
pub use response_flow::response_flow;
pub use server_invite::ServerInvite;
pub use server_non_invite::ServerNonInvite;
pub use timers::{Reliability, TimerConfig};
