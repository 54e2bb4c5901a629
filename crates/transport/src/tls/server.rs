//! The server's side: which certificate for which name, and new ones without a restart.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;

use super::identity::authorities;
use super::{Identity, TlsError, provider};

/// What a TLS listener reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificates: the first that fits the name that a client asks for (SNI, RFC 6066 section 3), else the first.
    pub identities: Vec<Identity>,
    /// PEM files with authorities. With any, a client has to show a certificate that one of them signed (mutual TLS);
    /// without one it is not asked. It opens the door and no more: phones still prove by digest who they are.
    pub clients: Vec<PathBuf>,
}

/// Certificates for the connections to come. A clone is the same one.
#[derive(Clone, Debug)]
pub struct TlsServer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    files: TlsFiles,
    config: RwLock<Arc<ServerConfig>>,
    /// When the files were changed last, as it was when they were read.
    seen: Mutex<Vec<Option<SystemTime>>>,
}

impl TlsServer {
    /// Reads the files.
    ///
    /// # Errors
    /// The first file that cannot be used, and why.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let seen = Mutex::new(changed(&files));
        let config = RwLock::new(config(&files)?);
        Ok(Self { shared: Arc::new(Shared { files, config, seen }) })
    }

    /// Reads the files again. Connections that are open stay as they are.
    ///
    /// # Errors
    /// What is wrong with a file; the certificates of before stay in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        let seen = changed(&self.shared.files);
        let config = config(&self.shared.files);
        // A fault is told once for each change, not every time somebody looks.
        *self.seen() = seen;
        *self.shared.config.write().unwrap_or_else(PoisonError::into_inner) = config?;
        Ok(())
    }

    /// [`TlsServer::reload`] if a file has been written since; says whether.
    ///
    /// # Errors
    /// As [`TlsServer::reload`].
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        if *self.seen() == changed(&self.shared.files) {
            return Ok(false);
        }
        self.reload().map(|()| true)
    }

    /// What the next connection is served with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.shared.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Option<SystemTime>>> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn changed(files: &TlsFiles) -> Vec<Option<SystemTime>> {
    let ours = files.identities.iter().flat_map(|identity| [&identity.certificate, &identity.key]);
    let time = |path: &PathBuf| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    ours.chain(&files.clients).map(time).collect()
}

fn config(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let certificates = Certificates::load(&files.identities)?;
    let builder =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| TlsError::Authorities(error.to_string()))?;
    let builder = if files.clients.is_empty() {
        builder.with_no_client_auth()
    } else {
        let roots = Arc::new(authorities(&files.clients)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build();
        let verifier = verifier.map_err(|error| TlsError::Authorities(error.to_string()))?;
        builder.with_client_cert_verifier(verifier)
    };
    Ok(Arc::new(builder.with_cert_resolver(Arc::new(certificates))))
}

/// Chooses by the name that the client asks for.
#[derive(Debug)]
struct Certificates {
    first: Arc<CertifiedKey>,
    others: Vec<Arc<CertifiedKey>>,
}

impl Certificates {
    fn load(identities: &[Identity]) -> Result<Self, TlsError> {
        let mut keys = identities.iter().map(Identity::load);
        let first = keys.next().ok_or(TlsError::Empty)??;
        Ok(Self { first, others: keys.collect::<Result<_, _>>()? })
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let fitting = name.and_then(|name| {
            std::iter::once(&self.first).chain(&self.others).find(|key| is_for(key, &name))
        });
        Some(Arc::clone(fitting.unwrap_or(&self.first)))
    }
}

fn is_for(key: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let parsed = key.end_entity_cert().and_then(ParsedCertificate::try_from);
    parsed.is_ok_and(|certificate| verify_server_name(&certificate, name).is_ok())
}
