//! Where the PBX listens and what it speaks there: an entry of `sip.listen`, or the value of `--sip`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use switchboard_transport::Network;

/// One listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenAt {
    pub(crate) speaks: Speaks,
    pub(crate) address: SocketAddr,
    /// The address that peers are told instead.
    pub(crate) advertise: Option<SocketAddr>,
    /// The networks that are heard; `None`: everybody.
    pub(crate) allow: Option<Vec<Network>>,
    /// Authorities, one of which has to have signed a client's certificate; none: it is not asked for one.
    pub(crate) clients: Vec<PathBuf>,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    UdpAndTcp,
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
}

const PREFIXES: [(&str, Speaks); 5] = [
    ("udp", Speaks::Udp),
    ("tcp", Speaks::Tcp),
    ("tls", Speaks::Tls),
    ("ws", Speaks::Ws),
    ("wss", Speaks::Wss),
];

const WANTED: &str = "an address with its port is wanted, such as \"127.0.0.1:5060\" for UDP and TCP, \
                      \"tls:127.0.0.1:5061\", \"wss:[::1]:8443\"; before it may stand udp, tcp, tls, ws or wss";

impl Speaks {
    /// Whether it needs a certificate of ours.
    pub(crate) fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// As a person reads it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UdpAndTcp => "UDP and TCP",
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WebSocket",
            Self::Wss => "secure WebSocket",
        }
    }
}

impl ListenAt {
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self::new(Speaks::UdpAndTcp, address)
    }

    fn new(speaks: Speaks, address: SocketAddr) -> Self {
        Self { speaks, address, advertise: None, allow: None, clients: Vec::new() }
    }

    /// Only this machine can reach it.
    pub(crate) fn is_private(&self) -> bool {
        self.address.ip().is_loopback()
    }
}

impl std::fmt::Display for ListenAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match PREFIXES.iter().find(|(_, speaks)| *speaks == self.speaks) {
            Some((prefix, _)) => write!(f, "{prefix}:{}", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// The text is no listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{WANTED}")]
pub(crate) struct NoListener;

impl std::str::FromStr for ListenAt {
    type Err = NoListener;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let prefixed = PREFIXES.iter().find_map(|(prefix, speaks)| {
            Some((*speaks, text.strip_prefix(prefix)?.strip_prefix(':')?))
        });
        let (speaks, address) = prefixed.unwrap_or((Speaks::UdpAndTcp, text));
        Ok(Self::new(speaks, address.parse().map_err(|_| NoListener)?))
    }
}

/// `"tls:192.0.2.1:5061"`, or a table with it under `at` and more.
impl<'de> Deserialize<'de> for ListenAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Entry)
    }
}

struct Entry;

impl<'de> Visitor<'de> for Entry {
    type Value = ListenAt;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a listener, or a table with it under `at`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ListenAt, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ListenAt, A::Error> {
        let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
        let mut listener: ListenAt = table.at.parse().map_err(de::Error::custom)?;
        if !table.clients.is_empty() && !listener.speaks.is_encrypted() {
            return Err(de::Error::custom(
                "`clients` is for tls and wss: nobody else shows a certificate",
            ));
        }
        listener.advertise = table
            .advertise
            .map(|text| advertised(&text, listener.address.port()).map_err(de::Error::custom))
            .transpose()?;
        let networks = |list: Vec<String>| {
            let read = list.iter().map(|text| text.parse::<Network>());
            read.collect::<Result<Vec<_>, _>>().map_err(de::Error::custom)
        };
        listener.allow = table.allow.map(networks).transpose()?;
        listener.clients = table.clients;
        Ok(listener)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    at: String,
    advertise: Option<String>,
    allow: Option<Vec<String>>,
    #[serde(default)]
    clients: Vec<PathBuf>,
}

/// An address, with the listener's port where it has none.
fn advertised(text: &str, port: u16) -> Result<SocketAddr, &'static str> {
    let address = text.parse().or_else(|_| Ok(SocketAddr::new(text.parse::<IpAddr>()?, port)));
    let wanted = "an address is wanted, such as 203.0.113.5 or 203.0.113.5:5061";
    let address: SocketAddr = address.map_err(|_: std::net::AddrParseError| wanted)?;
    if address.ip().is_unspecified() || address.ip().is_multicast() {
        return Err("nobody can send to this address");
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        listen: Vec<ListenAt>,
    }

    fn read(list: &str) -> Result<Vec<ListenAt>, String> {
        let file: Result<File, _> = toml::from_str(&format!("listen = [{list}]"));
        file.map(|file| file.listen).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_listener_is_an_address_with_what_it_speaks() {
        for text in [
            "127.0.0.1:5060",
            "[::1]:5060",
            "tls:127.0.0.1:5061",
            "wss:[::1]:8443",
            "ws:127.0.0.1:0",
        ] {
            assert_eq!(text.parse::<ListenAt>().unwrap().to_string(), text);
        }
        assert_eq!("wss:127.0.0.1:1".parse::<ListenAt>().unwrap().speaks, Speaks::Wss);
        for text in
            ["", "tls", "tls:127.0.0.1", "sctp:127.0.0.1:5060", "localhost:5060", "::1:5060"]
        {
            assert_eq!(text.parse::<ListenAt>(), Err(NoListener), "{text}");
        }
    }

    #[test]
    fn a_table_says_more() {
        let list = read(
            "\"127.0.0.1:5060\", { at = \"tls:192.0.2.1:5061\", advertise = \"203.0.113.5\", \
             allow = [\"192.0.2.0/24\"], clients = [\"ca.pem\"] }, { at = \"udp:192.0.2.1:5070\", \
             advertise = \"203.0.113.5:6000\", allow = [] }",
        )
        .unwrap();
        assert_eq!(list[0], ListenAt::plain("127.0.0.1:5060".parse().unwrap()));
        assert_eq!(list[1].advertise, Some("203.0.113.5:5061".parse().unwrap()));
        assert_eq!(list[1].clients, [PathBuf::from("ca.pem")]);
        assert_eq!(list[2].advertise, Some("203.0.113.5:6000".parse().unwrap()));
        assert_eq!(
            (list[0].allow.as_deref(), list[2].allow.as_deref()),
            (None, Some(&[][..])),
            "h21"
        );
    }

    #[test]
    fn h44_faults_say_what_is_wanted() {
        for (list, said) in [
            ("\"nowhere\"", "an address with its port is wanted"),
            ("{ at = \"127.0.0.1:1\", alow = [] }", "unknown field `alow`"),
            ("{ at = \"127.0.0.1:1\", allow = [\"10.0.0.1/8\"] }", "which of the two is meant"),
            ("{ at = \"127.0.0.1:1\", clients = [\"ca.pem\"] }", "`clients` is for tls and wss"),
            (
                "{ at = \"127.0.0.1:1\", advertise = \"0.0.0.0\" }",
                "nobody can send to this address",
            ),
            ("{ at = \"127.0.0.1:1\", advertise = \"pbx\" }", "an address is wanted"),
            ("7", "a listener"),
        ] {
            let error = read(list).unwrap_err();
            assert!(error.contains(said), "{list}: {error}");
        }
    }
}
