//! Trunks. A trunk's secret is not here: it belongs to the store.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::TrunkId;

/// A trunk: the way to and from the outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkSpec {
    /// The trunk's identifier.
    pub id: TrunkId,
    /// For people to read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Known by its address, or registered with.
    #[serde(default)]
    pub kind: TrunkKind,
    /// Host name or IP address.
    pub host: String,
    /// Port; 5060 unless set.
    #[serde(default = "port")]
    pub port: u16,
    /// Transport.
    #[serde(default)]
    pub transport: TrunkTransport,
    /// Account user name; needed by a registering trunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// User name for digest authentication where it differs from `user`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_user: Option<String>,
    /// SIP domain where it differs from `host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Further addresses from which the trunk's calls come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
}

/// How a trunk is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrunkKind {
    /// By its address.
    #[default]
    Peer,
    /// By an account that we register.
    Account,
}

/// Transport to a trunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TrunkTransport {
    /// UDP.
    #[default]
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

fn port() -> u16 {
    5060
}
