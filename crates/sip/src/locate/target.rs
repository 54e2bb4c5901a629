use std::fmt;
use std::net::SocketAddr;

use crate::Transport;
use crate::message::StatusCode;

/// One address to try.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The transport.
    pub transport: Transport,
    /// The address.
    pub address: SocketAddr,
    /// The name that a TLS certificate there has to be for: that of the URI, not of the host that
    /// DNS leads to (RFC 5922 section 4).
    pub domain: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.transport, self.address)
    }
}

/// The addresses of one server, tried one after the other (RFC 3263 section 4.3).
#[derive(Debug, Clone, Default)]
pub struct Failover {
    targets: Vec<Target>,
    at: usize,
}

impl Failover {
    /// Begins with the first.
    #[must_use]
    pub fn new(targets: Vec<Target>) -> Self {
        Self { targets, at: 0 }
    }

    /// The one to try now; `None` if all have failed.
    #[must_use]
    pub fn current(&self) -> Option<&Target> {
        self.targets.get(self.at)
    }

    /// The current one failed; the next, as a new request in a new transaction.
    pub fn advance(&mut self) -> Option<&Target> {
        self.at = (self.at + 1).min(self.targets.len());
        self.current()
    }

    /// Begins again with the first, after a wait.
    pub fn restart(&mut self) {
        self.at = 0;
    }

    /// New addresses. The current one stays the current one if it is still among them, so that
    /// a name server that answers in turns moves nobody.
    pub fn update(&mut self, targets: Vec<Target>) {
        let current = self.current().cloned();
        let at = current.and_then(|current| targets.iter().position(|new| *new == current));
        *self = Self { targets, at: at.unwrap_or(0) };
    }

    /// Whether this answer means that the server failed, and the next one is to be tried. No
    /// answer at all, and an error of the transport, mean it too.
    #[must_use]
    pub fn is_failure(status: StatusCode) -> bool {
        status == StatusCode::SERVICE_UNAVAILABLE
    }
}
