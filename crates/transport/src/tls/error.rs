use std::io;
use std::path::PathBuf;

/// Certificates or keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A PEM file holds no certificate.
    #[error(
        "{}: no certificate in it; `-----BEGIN CERTIFICATE-----` is wanted, ours first, then those that signed it",
        path.display()
    )]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// A PEM file holds no private key.
    #[error(
        "{}: no private key in it; `-----BEGIN PRIVATE KEY-----` without a pass phrase is wanted",
        path.display()
    )]
    NoKey {
        /// Which file.
        path: PathBuf,
    },
    /// What a file holds is no certificate or key that can be used, or the two do not belong together.
    #[error("{}: {source}", path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// There is no certificate to show.
    #[error("a TLS listener needs a certificate")]
    Empty,
    /// The certificates of authorities cannot be used.
    #[error("the authorities' certificates cannot be used: {0}")]
    Authorities(String),
    /// A certificate could not be made.
    #[error("no certificate could be made for {names}: {source}")]
    SelfSigned {
        /// For these names.
        names: String,
        /// Why.
        source: rcgen::Error,
    },
}
