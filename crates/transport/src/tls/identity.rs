//! A certificate chain and its key, as two PEM files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{TlsError, provider};

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A PEM file: the certificate, then those between it and the authority.
    pub certificate: PathBuf,
    /// A PEM file: its private key, PKCS #8, PKCS #1 or SEC1.
    pub key: PathBuf,
}

impl Identity {
    pub(super) fn load(&self) -> Result<Arc<CertifiedKey>, TlsError> {
        let (chain, key) = self.read()?;
        CertifiedKey::from_der(chain, key, &provider())
            .map(Arc::new)
            .map_err(|source| self.unusable(source))
    }

    /// The chain and the key, not yet looked at.
    pub(super) fn read(&self) -> Result<(Chain, PrivateKeyDer<'static>), TlsError> {
        let chain = certificates(&self.certificate)?;
        let text = read(&self.key)?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
            pem::Error::NoItemsFound => TlsError::NoKey { path: self.key.clone() },
            error => unreadable(&self.key, &error),
        })?;
        Ok((chain, key))
    }

    /// The two do not belong together, or are of a kind that we do not know.
    pub(super) fn unusable(&self, source: rustls::Error) -> TlsError {
        TlsError::Unusable { path: self.certificate.clone(), source }
    }
}

/// A certificate, and those between it and the authority.
pub(super) type Chain = Vec<CertificateDer<'static>>;

/// The certificates of a PEM file; at least one.
fn certificates(path: &Path) -> Result<Chain, TlsError> {
    let text = read(path)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = read.map_err(|error| unreadable(path, &error))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path: path.to_owned() });
    }
    Ok(chain)
}

/// The authorities of PEM files.
pub(super) fn authorities(paths: &[PathBuf]) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for path in paths {
        for certificate in certificates(path)? {
            store
                .add(certificate)
                .map_err(|source| TlsError::Unusable { path: path.clone(), source })?;
        }
    }
    Ok(store)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source })
}

fn unreadable(path: &Path, error: &pem::Error) -> TlsError {
    let source = io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    TlsError::File { path: path.to_owned(), source }
}
