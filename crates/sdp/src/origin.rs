use core::fmt;
use std::net::IpAddr;

use crate::Text;
use crate::connection::Connection;

/// The `o=` line: who made the description, and which version of it this is (RFC 8866 section 5.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// User name, `-` where there is none.
    pub username: Text,
    /// Session identifier: digits, of any length.
    pub session_id: Text,
    /// Session version: digits, of any length; one more in each changed description.
    pub version: Text,
    /// Address of the machine.
    pub address: Connection,
}

impl Origin {
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut fields = value.splitn(4, ' ');
        let (username, id, version) = (fields.next()?, fields.next()?, fields.next()?);
        let address = Connection::parse(fields.next()?)?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|o| o.is_ascii_digit());
        if username.is_empty() || !digits(id) || !digits(version) {
            return None;
        }
        let text = Text::ours;
        Some(Self {
            username: text(username),
            session_id: text(id),
            version: text(version),
            address,
        })
    }

    pub(crate) fn ours(session_id: u64, version: u64, address: IpAddr) -> Self {
        Self {
            username: Text::ours("-"),
            session_id: Text::ours(&session_id.to_string()),
            version: Text::ours(&version.to_string()),
            address: Connection::Ip(address),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.username, self.session_id, self.version, self.address)
    }
}
