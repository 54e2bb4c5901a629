//! A phone's registration, as it is kept over a restart.

use std::net::SocketAddr;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use switchboard_routing::UserId;
use switchboard_sip::registrar::Binding;
use switchboard_sip::{Flow, Transport};

use crate::clock::WallClock;

/// A phone's registration (RFC 3261 section 10.3), as it is kept over a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedBinding {
    /// Whose phone.
    pub user: UserId,
    /// The Contact URI as the phone gave it: with the user, the key.
    pub contact: String,
    /// The Call-ID of the registration.
    pub call_id: String,
    /// Its last CSeq number.
    pub cseq: u32,
    /// When it ends, in milliseconds since 1970-01-01T00:00:00Z.
    pub expires: u64,
    /// The transport as a Via writes it, such as `UDP`.
    pub transport: String,
    /// Our address that the phone came to.
    pub local: SocketAddr,
    /// The phone's address as its packets show it.
    pub remote: SocketAddr,
    /// The phone's instance (RFC 5626 section 4.1), where it has one.
    pub instance: Option<String>,
    /// The proxies on the way to it (RFC 3327).
    pub path: Vec<String>,
    /// Preference in thousandths (RFC 3261 section 20.10).
    pub q: u16,
    /// What the phone calls itself.
    pub user_agent: Option<String>,
}

impl SavedBinding {
    pub(crate) fn new(now: Instant, clock: &WallClock, user: UserId, binding: &Binding) -> Self {
        Self {
            user,
            contact: binding.contact.as_str().to_owned(),
            call_id: binding.call_id.clone(),
            cseq: binding.cseq,
            expires: clock.unix_millis(now + binding.left(now)),
            transport: binding.flow.transport.as_str().to_owned(),
            local: binding.flow.local,
            remote: binding.flow.remote,
            instance: binding.instance.clone(),
            path: binding.path.clone(),
            q: binding.q,
            user_agent: binding.user_agent.clone(),
        }
    }

    /// `None` if what was saved is not what was saved.
    pub(crate) fn into_binding(self, clock: &WallClock) -> Option<Binding> {
        Some(Binding {
            contact: self.contact.parse().ok()?,
            flow: Flow {
                transport: Transport::from_name(&self.transport)?,
                local: self.local,
                remote: self.remote,
                connection: None,
            },
            call_id: self.call_id,
            cseq: self.cseq,
            expires: clock.instant(self.expires),
            q: self.q,
            instance: self.instance,
            // A phone with several flows says so again when it refreshes.
            reg_id: None,
            path: self.path,
            user_agent: self.user_agent,
        })
    }
}
