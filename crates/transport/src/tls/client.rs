//! The client's side: connections to trunks, whose certificates have to be for the trunk's host.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::identity::authorities;
use super::{Identity, TlsError, provider};

/// Whose signature a trunk's certificate has to bear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// An authority that the operating system trusts.
    #[default]
    System,
    /// An authority in these PEM files, and no other.
    Files(Vec<PathBuf>),
}

/// How we connect to others. A clone is the same one.
#[derive(Clone, Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
}

impl TlsClient {
    /// Reads the authorities, and the certificate that we show to a server that asks for one.
    ///
    /// # Errors
    /// The first file that cannot be used, or that the system has no authorities.
    pub fn load(trust: &Trust, identity: Option<&Identity>) -> Result<Self, TlsError> {
        let roots = match trust {
            Trust::System => system()?,
            Trust::Files(paths) => authorities(paths)?,
        };
        let builder =
            ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| TlsError::Authorities(error.to_string()))?;
        let builder = builder.with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = identity.read()?;
                let config = builder.with_client_auth_cert(chain, key);
                config.map_err(|source| identity.unusable(source))?
            }
        };
        Ok(Self { config: Arc::new(config) })
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

fn system() -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // A system has certificates now and then that nobody can read: the others count.
    let (added, _) = store.add_parsable_certificates(found.certs);
    if added == 0 {
        let why =
            found.errors.first().map_or("the system has none".to_owned(), ToString::to_string);
        return Err(TlsError::Authorities(why));
    }
    Ok(store)
}
