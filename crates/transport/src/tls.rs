//! TLS (RFC 3261, section 26.2.1; RFC 5922): our certificates, whose we accept, and how both change while we run.

mod client;
mod error;
mod identity;
mod self_signed;
mod server;

pub use client::{TlsClient, Trust};
pub use error::TlsError;
pub use identity::Identity;
pub use self_signed::make_self_signed;
pub use server::{TlsFiles, TlsServer};

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// The one set of algorithms, named wherever it is needed: no process-wide default is set or read.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[cfg(test)]
mod tests;
