//! Registrations as they are kept: where an employee's phone can be reached, and until when.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use switchboard_routing::UserId;

use crate::time::UnixMillis;

/// One contact of one employee (RFC 3261, section 10.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Whose phone.
    pub user: UserId,
    /// The contact URI as the phone gave it: with the user, the key.
    pub contact: String,
    /// The Call-ID of the registration (RFC 3261, section 10.3, step 7).
    pub call_id: String,
    /// Its last CSeq number.
    pub cseq: u32,
    /// When it ends unless it is refreshed: wall-clock, so that it holds over a restart.
    pub expires: UnixMillis,
    /// `udp`, `tcp` ...: how the phone came.
    pub transport: String,
    /// The PBX's address that the phone came to.
    pub local: SocketAddr,
    /// The address that the phone's packets came from (RFC 3581): where calls are sent to.
    pub remote: SocketAddr,
    /// The phone's instance (RFC 5626, section 4.1), where it has one.
    pub instance: Option<String>,
    /// The proxies on the way to it (RFC 3327).
    pub path: Vec<String>,
    /// Preference, in thousandths (RFC 3261, section 20.10).
    pub q: u16,
    /// What the phone calls itself.
    pub user_agent: Option<String>,
}
