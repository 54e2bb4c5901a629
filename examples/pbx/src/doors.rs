//! The listeners with their certificates, and the certificates we ask trunks for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use switchboard_transport::{
    AccessList, Carrier, Identity, Listen, Listener, Origins, TlsClient, TlsError, TlsFiles,
    TlsServer, Trust, make_self_signed,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::listen::{ListenAt, Speaks};
use crate::settings::Settings;

/// How often certificate files are looked at.
const PERIOD: Duration = Duration::from_secs(60);

/// What to bind, and how trunks are reached over TLS.
pub(crate) struct Doors {
    pub(crate) listen: Vec<Listen>,
    /// `None`: there is no authority to trust, so no trunk is reached over TLS.
    pub(crate) trunks: Option<TlsClient>,
    pub(crate) certificates: Certificates,
}

impl Doors {
    /// Reads what the settings name; makes a certificate in the data folder where one is wanted and none is named.
    pub(crate) fn open(settings: &Settings, data: &Path) -> Result<Self, TlsError> {
        let identities = identities(settings, data)?;
        let mut certificates = Certificates::default();
        let mut listen = Vec::new();
        for at in &settings.sip {
            let carrier = match at.speaks {
                Speaks::UdpAndTcp => Carrier::UdpAndTcp,
                Speaks::Udp => Carrier::Udp,
                Speaks::Tcp => Carrier::Tcp,
                Speaks::Tls => Carrier::Tls(certificates.server(&identities, at)?),
                Speaks::Ws => Carrier::Ws(origins(settings)),
                Speaks::Wss => {
                    Carrier::Wss(certificates.server(&identities, at)?, origins(settings))
                }
            };
            listen.push(Listen {
                access: at.allow.clone().map_or_else(AccessList::everybody, AccessList::only),
                advertised: at.advertise,
                proxies: settings.file.websocket.trusted_proxies.clone(),
                ..Listen::new(at.address, carrier)
            });
        }
        Ok(Self { listen, trunks: client(settings)?, certificates })
    }

    /// Reads every file that the settings name, and makes none.
    pub(crate) fn check(settings: &Settings) -> Result<(), TlsError> {
        let identities: Vec<Identity> =
            settings.file.tls.certificates.iter().map(Into::into).collect();
        let clients = settings.sip.iter().flat_map(|at| at.clients.clone()).collect();
        if !identities.is_empty() {
            TlsServer::load(TlsFiles { identities, clients })?;
        }
        client(settings).map(drop)
    }
}

/// The listeners as they are, with the ports that were bound.
pub(crate) fn bound(wanted: &[ListenAt], listeners: &[Listener]) -> Vec<ListenAt> {
    let mut listeners = listeners.iter();
    let bound = wanted.iter().filter_map(|at| {
        let address = listeners.next()?.local;
        if at.speaks == Speaks::UdpAndTcp {
            // Listed for each.
            listeners.next();
        }
        Some(ListenAt { address, ..at.clone() })
    });
    bound.collect()
}

/// The certificates of the settings; without any, the one in the data folder, which is made at the first start.
fn identities(settings: &Settings, data: &Path) -> Result<Vec<Identity>, TlsError> {
    let named = &settings.file.tls.certificates;
    if !named.is_empty() || !settings.sip.iter().any(|at| at.speaks.is_encrypted()) {
        return Ok(named.iter().map(Into::into).collect());
    }
    let own = self_signed(data);
    if !own.certificate.exists() && !own.key.exists() {
        make_self_signed(&own, &names(settings))?;
    }
    Ok(vec![own])
}

/// Where the certificate of our own making is.
pub(crate) fn self_signed(data: &Path) -> Identity {
    Identity { certificate: data.join("tls-certificate.pem"), key: data.join("tls-key.pem") }
}

/// What phones may call this PBX.
fn names(settings: &Settings) -> Vec<String> {
    let mut names: BTreeSet<String> = settings.file.sip.hosts.iter().cloned().collect();
    for at in settings.sip.iter().filter(|at| at.speaks.is_encrypted()) {
        if at.is_private() {
            names.insert("localhost".to_owned());
        }
        let ip = at.advertise.map(|address| address.ip()).or_else(|| settings.advertised());
        let ip = ip.filter(|_| !at.is_private()).unwrap_or(at.address.ip());
        names.insert(ip.to_string());
    }
    names.into_iter().collect()
}

fn origins(settings: &Settings) -> Origins {
    let origins = &settings.file.websocket.origins;
    if origins.iter().any(|origin| origin == "*") {
        Origins::any()
    } else {
        Origins::only(origins.iter().cloned()).hosts(settings.file.sip.hosts.iter().cloned())
    }
}

fn client(settings: &Settings) -> Result<Option<TlsClient>, TlsError> {
    let tls = &settings.file.tls;
    let identity = tls.certificates.first().map(Identity::from);
    if !tls.trust.is_empty() {
        let trust = Trust::Files(tls.trust.clone());
        return TlsClient::load(&trust, identity.as_ref()).map(Some);
    }
    match TlsClient::load(&Trust::System, identity.as_ref()) {
        Ok(client) => Ok(Some(client)),
        Err(TlsError::Authorities(error)) => {
            // A PBX without TLS trunks does not miss them.
            tracing::info!(%error, "no trunk can be reached over TLS");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The certificates in use, read again when their files change.
#[derive(Default)]
pub(crate) struct Certificates {
    servers: Vec<TlsServer>,
}

impl Certificates {
    fn server(&mut self, identities: &[Identity], at: &ListenAt) -> Result<TlsServer, TlsError> {
        let files = TlsFiles { identities: identities.to_vec(), clients: at.clients.clone() };
        let server = TlsServer::load(files)?;
        self.servers.push(server.clone());
        Ok(server)
    }

    /// Looks at the files every minute, and reads them at a SIGHUP; ends only when signals cannot be had.
    pub(crate) async fn keep(self) -> std::io::Error {
        let mut hang_up = match signal(SignalKind::hangup()) {
            Ok(signal) => signal,
            Err(error) => return error,
        };
        loop {
            let told = tokio::select! {
                () = sleep(PERIOD) => false,
                _ = hang_up.recv() => true,
            };
            for server in &self.servers {
                let read =
                    if told { server.reload().map(|()| true) } else { server.reload_if_changed() };
                match read {
                    Ok(true) => tracing::info!("certificates were read again"),
                    Ok(false) => {}
                    Err(error) => tracing::error!(%error, "the certificates of before stay in use"),
                }
            }
        }
    }
}

/// A certificate and its key, as the settings name them.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl From<&CertificateFiles> for Identity {
    fn from(files: &CertificateFiles) -> Self {
        Self { certificate: files.certificate.clone(), key: files.key.clone() }
    }
}
