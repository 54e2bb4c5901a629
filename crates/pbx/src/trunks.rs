//! The trunks: which address is whose, and the way to each.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use switchboard_routing::{Directory, TrunkId, TrunkSpec, TrunkTransport};
use switchboard_sip::auth::{Client, ClientConfig};
use switchboard_sip::{Flow, Transport};

use crate::config::Config;
use crate::secrets::Secrets;

/// The trunks of the directory.
#[derive(Debug, Default)]
pub(crate) struct Trunks {
    trunks: Vec<Trunk>,
    /// What the names of the trunks' hosts stand for, as the shell found out. It counts for the
    /// name alone: a trunk that moves to another host takes no address along.
    resolved: BTreeMap<String, Vec<IpAddr>>,
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
        self.resolved.retain(|host, _| self.trunks.iter().any(|trunk| trunk.host() == *host));
    }

    /// The addresses that a host's name stands for; a host that no trunk names is nobody. Those
    /// known before stay in front, so that a name server which answers in turns moves no trunk
    /// that is well where it is.
    pub(crate) fn resolve(&mut self, host: &str, addresses: Vec<IpAddr>) {
        let host = host.to_ascii_lowercase();
        if !self.trunks.iter().any(|trunk| trunk.host() == host) {
            return;
        }
        let known = self.resolved.entry(host).or_default();
        known.retain(|ip| addresses.contains(ip));
        for ip in addresses {
            if !known.contains(&ip) {
                known.push(ip);
            }
        }
    }

    /// The trunk that a message came from, by its source; nobody's address is nobody.
    ///
    /// A loopback address is everybody's on the machine, so there the port counts too. Who is to speak
    /// TLS or TCP is not known by a datagram, whose source anybody can write, and no trunk is a browser.
    pub(crate) fn at(&self, flow: &Flow) -> Option<&TrunkId> {
        let source = SocketAddr::new(flow.remote.ip().to_canonical(), flow.remote.port());
        let over = |trunk: &&Trunk| match (trunk.spec.transport, flow.transport) {
            (_, Transport::Ws | Transport::Wss) => false,
            (TrunkTransport::Tls, transport) => transport == Transport::Tls,
            (TrunkTransport::Tcp, transport) => transport != Transport::Udp,
            _ => true,
        };
        let exact = |trunk: &&Trunk| {
            source.port() == trunk.spec.port && self.hosts(trunk).any(|ip| ip == source.ip())
        };
        let by_address = |trunk: &&Trunk| {
            let further = trunk.spec.addresses.iter().map(IpAddr::to_canonical);
            let mut known = self.hosts(trunk).filter(|ip| !ip.is_loopback()).chain(further);
            known.any(|ip| ip == source.ip())
        };
        let mut trunks = self.trunks.iter().filter(over);
        let found = trunks.clone().find(exact).or_else(|| trunks.find(by_address));
        found.map(|trunk| &trunk.spec.id)
    }

    pub(crate) fn specs(&self) -> impl Iterator<Item = &TrunkSpec> {
        self.trunks.iter().map(|trunk| &trunk.spec)
    }

    pub(crate) fn spec(&self, id: &TrunkId) -> Option<&TrunkSpec> {
        self.trunks.iter().map(|trunk| &trunk.spec).find(|spec| spec.id == *id)
    }

    /// The addresses that a trunk's settings name: of its host and further ones.
    pub(crate) fn addresses(&self, id: &TrunkId) -> Arc<[IpAddr]> {
        let trunk = self.trunks.iter().find(|trunk| trunk.spec.id == *id);
        let further = |trunk: &Trunk| trunk.spec.addresses.clone();
        let named = trunk.map(|trunk| self.hosts(trunk).chain(further(trunk)));
        named.into_iter().flatten().map(|ip| ip.to_canonical()).collect()
    }

    /// The way to a trunk: `None` while its host is not known, or no listener of ours fits. Over TLS it needs no
    /// listener of that kind: the trunk's requests come back on the connection (RFC 5923).
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
        let mut listeners = config.listeners.iter().filter(|listener| fits(&listener.local));
        let same = listeners.clone().find(|listener| listener.transport == transport);
        let listener = match transport {
            Transport::Tls => same.or_else(|| listeners.next()),
            _ => same,
        }?;
        let remote = SocketAddr::new(ip, trunk.spec.port);
        Some(Flow { transport, local: listener.local, remote, connection: None })
    }

    /// The host of the TLS trunk at the far end of a flow: the name that its certificate has to be for.
    pub(crate) fn host_at(&self, flow: &Flow) -> Option<&str> {
        let remote = SocketAddr::new(flow.remote.ip().to_canonical(), flow.remote.port());
        let here = |trunk: &&Trunk| {
            trunk.spec.transport == TrunkTransport::Tls
                && trunk.spec.port == remote.port()
                && self.hosts(trunk).any(|ip| ip == remote.ip())
        };
        self.trunks.iter().find(here).map(|trunk| trunk.spec.host.as_str())
    }

    /// Our account at a trunk, to answer its challenges with: at its domain, and within a call at
    /// the addresses that are the trunk's own.
    pub(crate) fn account(&self, id: &TrunkId) -> Option<Client> {
        let mut account = Client::new(self.credentials(id)?);
        let trunk = self.trunks.iter().find(|trunk| trunk.spec.id == *id)?;
        account.also_at(trunk.spec.host.as_str());
        for ip in self.hosts(trunk).chain(trunk.spec.addresses.iter().copied()) {
            account.also_at(match ip {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            });
        }
        Some(account)
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
        let resolved = self.resolved.get(&trunk.host()).into_iter().flatten().copied();
        literal.into_iter().chain(resolved).map(|ip: IpAddr| ip.to_canonical())
    }
}

impl Trunk {
    /// Its host; names of hosts are the same in either case (RFC 4343).
    fn host(&self) -> String {
        self.spec.host.to_ascii_lowercase()
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
    use crate::config::Listener;

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

    fn resolve(trunks: &mut Trunks, host: &str, addresses: &[&str]) {
        trunks.resolve(host, addresses.iter().map(|ip| ip.parse().unwrap()).collect());
    }

    #[test]
    fn h21_the_addresses_of_a_host_go_with_the_host() {
        let mut moved = trunks("sip.example.com", &[]);
        resolve(&mut moved, "SIP.example.com", &["198.51.100.7"]);
        assert!(knows(&moved, "198.51.100.7:5060"));
        moved.update(&directory("sip.example.com", &[]), &Secrets::default());
        assert!(knows(&moved, "198.51.100.7:5060"), "the same host");
        moved.update(&directory("sip.example.net", &[]), &Secrets::default());
        assert!(!knows(&moved, "198.51.100.7:5060"), "another host");
        moved.update(&directory("sip.example.com", &[]), &Secrets::default());
        assert!(!knows(&moved, "198.51.100.7:5060"), "it is asked for again");
        resolve(&mut moved, "sip.example.com", &["198.51.100.7"]);
        assert!(knows(&moved, "198.51.100.7:5060"));
        resolve(&mut moved, "sip.example.com", &[]);
        assert!(!knows(&moved, "198.51.100.7:5060"), "the name stands for nothing any more");
    }

    #[test]
    fn h21_a_host_that_no_trunk_names_is_nobody() {
        let mut named = trunks("sip.example.com", &[]);
        resolve(&mut named, "sip.example.net", &["198.51.100.7"]);
        named.update(&directory("sip.example.net", &[]), &Secrets::default());
        assert!(!knows(&named, "198.51.100.7:5060"));
    }

    #[test]
    fn a_name_server_that_answers_in_turns_moves_nobody() {
        let mut named = trunks("sip.example.com", &[]);
        let first =
            |trunks: &Trunks| trunks.hosts(&trunks.trunks[0]).next().map(|ip| ip.to_string());
        resolve(&mut named, "sip.example.com", &["198.51.100.7", "198.51.100.8"]);
        resolve(&mut named, "sip.example.com", &["198.51.100.8", "198.51.100.7"]);
        assert_eq!(first(&named).as_deref(), Some("198.51.100.7"));
        resolve(&mut named, "sip.example.com", &["198.51.100.9", "198.51.100.8"]);
        assert_eq!(first(&named).as_deref(), Some("198.51.100.8"));
    }

    /// The trunk of [`directory`], over TLS.
    fn over_tls(host: &str) -> Trunks {
        let mut trunks = trunks(host, &[]);
        trunks.trunks[0].spec.transport = TrunkTransport::Tls;
        trunks
    }

    #[test]
    fn a_trunk_over_tls_is_not_known_by_a_datagram() {
        let trunks = over_tls("198.51.100.7");
        assert!(!knows(&trunks, "198.51.100.7:5060"));
        let remote = "198.51.100.7:49152".parse().unwrap();
        let flow = Flow::udp("192.0.2.1:5061".parse().unwrap(), remote);
        assert!(trunks.at(&Flow { transport: Transport::Tls, ..flow }).is_some());
        assert!(trunks.at(&Flow { transport: Transport::Tcp, ..flow }).is_none());
    }

    #[test]
    fn h23_a_trunk_over_tcp_is_not_known_by_a_datagram_and_none_by_a_websocket() {
        let mut trunks = trunks("198.51.100.7", &[]);
        let remote = "198.51.100.7:49152".parse().unwrap();
        let flow = Flow::udp("192.0.2.1:5060".parse().unwrap(), remote);
        let over = |trunks: &Trunks, transport| trunks.at(&Flow { transport, ..flow }).is_some();
        assert!(over(&trunks, Transport::Udp) && over(&trunks, Transport::Tcp));
        assert!(!over(&trunks, Transport::Wss));
        trunks.trunks[0].spec.transport = TrunkTransport::Tcp;
        assert!(!over(&trunks, Transport::Udp) && !over(&trunks, Transport::Ws));
        assert!(over(&trunks, Transport::Tcp) && over(&trunks, Transport::Tls));
    }

    #[allow(clippy::disallowed_methods, reason = "any instant will do")]
    #[test]
    fn a_trunk_over_tls_has_a_name_to_check_and_needs_no_listener_of_its_kind() {
        let mut trunks = over_tls("sip.example.com");
        resolve(&mut trunks, "sip.example.com", &["198.51.100.7"]);
        let clock = crate::WallClock {
            at: std::time::Instant::now(),
            unix: std::time::Duration::ZERO,
            utc_offset: 0,
        };
        let udp = Listener::new(Transport::Udp, "192.0.2.1:5060".parse().unwrap());
        let config = Config { listeners: vec![udp], ..Config::new("pbx", clock, [0; 32]) };
        let way = trunks.way(&config, &"provider".parse().unwrap()).unwrap();
        assert_eq!(
            (way.transport, way.remote.to_string().as_str()),
            (Transport::Tls, "198.51.100.7:5060")
        );
        assert_eq!(trunks.host_at(&way), Some("sip.example.com"));
        let elsewhere = Flow { remote: "198.51.100.8:5060".parse().unwrap(), ..way };
        assert_eq!(trunks.host_at(&elsewhere), None);
    }

    #[test]
    fn on_loopback_the_port_counts_too() {
        let named = trunks("127.0.0.1", &[]);
        assert!(knows(&named, "127.0.0.1:5060"));
        assert!(!knows(&named, "127.0.0.1:5062"));
    }
}
