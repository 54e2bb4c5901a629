//! Digest authentication (RFC 3261 section 22, RFC 7616, RFC 8760): the server's side and a trunk's.
//!
//! [`Authenticator`] challenges and checks requests; it keeps no state for a challenge, only a bounded table of the
//! nonces that somebody used rightly. [`Client`] answers challenges, of one peer in one realm only.
//!
//! Keys, passwords and HA1 values never appear in a `Debug` output or an error.

mod algorithm;
mod challenge;
mod client;
mod credentials;
mod fields;
mod ha1;
mod nonce;
mod server;
#[cfg(test)]
mod tests;

pub use algorithm::Algorithm;
pub use challenge::Challenge;
pub use client::{AnswerError, Authorization, Client, ClientConfig};
pub use credentials::Credentials;
pub use fields::FieldError;
pub use ha1::{Ha1, Ha1s, InvalidHa1};
pub use server::{Authenticator, AuthenticatorConfig, Rejection, Role, Verdict};
