//! The trunks: which address is whose, and the way to each.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use switchboard_routing::{Directory, TrunkId, TrunkSpec, TrunkTransport};
use switchboard_sip::auth::{Client, ClientConfig};
use switchboard_sip::{Flow, Transport};

use crate::config::Config;
use crate::secrets::Secrets;

/// The trunks of the directory.
#[derive(Debug, Default)]
pub(crate) struct Trunks {
    trunks: Vec<Trunk>,
    /// What the names of hosts stand for, as the shell found out.
    resolved: BTreeMap<TrunkId, Vec<IpAddr>>,
}

#[derive(Debug)]
struct Trunk {
    spec: TrunkSpec,
    password: Option<String>,
}

impl Trunks {
    pub(crate) fn update(&mut self, directory: &Directory, secrets: &Secrets) {
        let trunk = |spec: &TrunkSpec| Trunk {
            spec: spec.clone(),
            password: secrets.trunk(&spec.id).map(str::to_owned),
        };
        self.trunks = directory.trunks().iter().map(trunk).collect();
        self.resolved.retain(|id, _| self.trunks.iter().any(|trunk| trunk.spec.id == *id));
    }

    /// The addresses that a trunk's host name stands for.
    pub(crate) fn resolve(&mut self, trunk: TrunkId, addresses: Vec<IpAddr>) {
        self.resolved.insert(trunk, addresses);
    }

    /// The trunk that a message came from, by its source; nobody's address is nobody.
    ///
    /// A loopback address is everybody's on the machine, so there the port counts too.
    pub(crate) fn at(&self, flow: &Flow) -> Option<&TrunkId> {
        let source = SocketAddr::new(flow.remote.ip().to_canonical(), flow.remote.port());
        let exact = |trunk: &&Trunk| {
            source.port() == trunk.spec.port && self.hosts(trunk).any(|ip| ip == source.ip())
        };
        let by_address = |trunk: &&Trunk| {
            let further = trunk.spec.addresses.iter().map(IpAddr::to_canonical);
            let mut known = self.hosts(trunk).filter(|ip| !ip.is_loopback()).chain(further);
            known.any(|ip| ip == source.ip())
        };
        let found = self.trunks.iter().find(exact).or_else(|| self.trunks.iter().find(by_address));
        found.map(|trunk| &trunk.spec.id)
    }

    pub(crate) fn specs(&self) -> impl Iterator<Item = &TrunkSpec> {
        self.trunks.iter().map(|trunk| &trunk.spec)
    }

    pub(crate) fn spec(&self, id: &TrunkId) -> Option<&TrunkSpec> {
        self.trunks.iter().map(|trunk| &trunk.spec).find(|spec| spec.id == *id)
    }

    /// The way to a trunk: `None` while its host is not known, or no listener of ours fits.
    pub(crate) fn way(&self, config: &Config, id: &TrunkId) -> Option<Flow> {
        let trunk = self.trunks.iter().find(|trunk| trunk.spec.id == *id)?;
        let transport = match trunk.spec.transport {
            TrunkTransport::Tcp => Transport::Tcp,
            TrunkTransport::Tls => Transport::Tls,
            _ => Transport::Udp,
        };
        let ip = self.hosts(trunk).next()?;
        let fits = |local: &SocketAddr| {
            local.is_ipv4() == ip.is_ipv4()
                && (local.ip().is_loopback() == ip.is_loopback() || local.ip().is_unspecified())
        };
        let listener = config
            .listeners
            .iter()
            .find(|listener| listener.transport == transport && fits(&listener.local))?;
        let remote = SocketAddr::new(ip, trunk.spec.port);
        Some(Flow { transport, local: listener.local, remote, connection: None })
    }

    /// Our account at a trunk, to answer its challenges with.
    pub(crate) fn account(&self, id: &TrunkId) -> Option<Client> {
        self.credentials(id).map(Client::new)
    }

    /// User, password, and the one host and realm that they are for.
    pub(crate) fn credentials(&self, id: &TrunkId) -> Option<ClientConfig> {
        let trunk = self.trunks.iter().find(|trunk| trunk.spec.id == *id)?;
        let spec = &trunk.spec;
        let user = spec.auth_user.as_ref().or(spec.user.as_ref())?;
        let domain = domain(spec);
        Some(ClientConfig::new(domain, user, trunk.password.as_ref()?))
    }

    fn hosts<'a>(&'a self, trunk: &'a Trunk) -> impl Iterator<Item = IpAddr> + 'a {
        let literal = trunk.spec.host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let resolved = self.resolved.get(&trunk.spec.id).into_iter().flatten().copied();
        literal.into_iter().chain(resolved).map(|ip: IpAddr| ip.to_canonical())
    }
}

/// The SIP domain of a trunk: what stands in the Request-URI and in To.
pub(crate) fn domain(spec: &TrunkSpec) -> &str {
    spec.domain.as_deref().unwrap_or(&spec.host)
}
