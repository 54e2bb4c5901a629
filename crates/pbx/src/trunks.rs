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
        let before = std::mem::take(&mut self.trunks);
        self.trunks = directory.trunks().iter().map(trunk).collect();
        // What a name stood for counts for that name alone: another host is not let in by the old addresses.
        let host = |trunks: &[Trunk], id: &TrunkId| {
            trunks.iter().find(|trunk| trunk.spec.id == *id).map(|trunk| trunk.spec.host.clone())
        };
        self.resolved.retain(|id, _| {
            let now = host(&self.trunks, id);
            now.is_some() && now == host(&before, id)
        });
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

#[cfg(test)]
mod tests {
    use switchboard_routing::DirectorySpec;

    use super::*;

    /// A directory with one trunk of this host and these further addresses.
    fn directory(host: &str, addresses: &[&str]) -> Directory {
        let trunk = TrunkSpec {
            id: "provider".parse().unwrap(),
            name: String::new(),
            kind: switchboard_routing::TrunkKind::Peer,
            host: host.to_owned(),
            port: 5060,
            transport: TrunkTransport::Udp,
            user: None,
            auth_user: None,
            domain: None,
            addresses: addresses.iter().map(|ip| ip.parse().unwrap()).collect(),
        };
        let spec = DirectorySpec { trunks: vec![trunk], ..DirectorySpec::default() };
        Directory::build(&spec).unwrap()
    }

    fn trunks(host: &str, addresses: &[&str]) -> Trunks {
        let mut trunks = Trunks::default();
        trunks.update(&directory(host, addresses), &Secrets::default());
        trunks
    }

    fn knows(trunks: &Trunks, source: &str) -> bool {
        trunks.at(&Flow::udp("192.0.2.1:5060".parse().unwrap(), source.parse().unwrap())).is_some()
    }

    #[test]
    fn h21_an_address_that_no_trunk_names_is_nobody() {
        // Nothing is named: nobody is let in, whatever the list would have to hold to mean all.
        let empty = Trunks::default();
        let unresolved = trunks("sip.example.com", &[]);
        for source in ["198.51.100.7:5060", "0.0.0.0:5060", "[::]:5060", "127.0.0.1:5060"] {
            assert!(!knows(&empty, source), "{source}");
            assert!(!knows(&unresolved, source), "{source}");
        }
        let named = trunks("198.51.100.7", &["203.0.113.9"]);
        assert!(knows(&named, "198.51.100.7:49152"));
        assert!(knows(&named, "203.0.113.9:5060"));
        assert!(!knows(&named, "198.51.100.8:5060"));
        assert!(!knows(&named, "203.0.113.8:5060"));
        assert!(!knows(&named, "[2001:db8::1]:5060"));
    }

    #[test]
    fn h21_an_ipv4_address_mapped_into_ipv6_is_the_ipv4_address() {
        let named = trunks("198.51.100.7", &["::ffff:203.0.113.9"]);
        assert!(knows(&named, "[::ffff:198.51.100.7]:5060"));
        assert!(knows(&named, "203.0.113.9:5060"));
        assert!(!knows(&named, "[::ffff:198.51.100.8]:5060"));
    }

    #[test]
    fn h21_the_addresses_of_a_host_go_with_the_host() {
        let mut moved = trunks("sip.example.com", &[]);
        moved.resolve("provider".parse().unwrap(), vec!["198.51.100.7".parse().unwrap()]);
        assert!(knows(&moved, "198.51.100.7:5060"));
        moved.update(&directory("sip.example.com", &[]), &Secrets::default());
        assert!(knows(&moved, "198.51.100.7:5060"), "the same host");
        moved.update(&directory("sip.example.net", &[]), &Secrets::default());
        assert!(!knows(&moved, "198.51.100.7:5060"), "another host");
    }

    #[test]
    fn on_loopback_the_port_counts_too() {
        let named = trunks("127.0.0.1", &[]);
        assert!(knows(&named, "127.0.0.1:5060"));
        assert!(!knows(&named, "127.0.0.1:5062"));
    }
}
