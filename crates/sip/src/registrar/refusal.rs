use std::time::Duration;

use crate::message::{Builder, HeaderName, Message, StatusCode};

/// Why a REGISTER is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A Contact, Expires or To that cannot be read, or a `*` that stands with another Contact or
    /// with another Expires than 0 (RFC 3261 section 10.3 item 6).
    #[error("400: a Contact, Expires or To is malformed")]
    Malformed,
    /// The address-of-record is another user's.
    #[error("403: the address is not the authenticated user's")]
    ThirdParty,
    /// A Contact names nobody's phone: a group of hosts, this host seen from another, or ourselves.
    #[error("403: a Contact is multicast, broadcast, local to its host, or ourselves")]
    ForbiddenContact,
    /// More Contacts than a user may have.
    #[error("403: too many Contacts")]
    TooMany,
    /// The address-of-record is not served here.
    #[error("404: the address is not served here")]
    UnknownAddress,
    /// It asks for a flow of its own (RFC 5626) through a proxy that cannot keep one.
    #[error("439: the first proxy does not keep flows")]
    FirstHopLacksOutbound,
    /// The registration would be too short.
    #[error("423: a registration lasts at least {} s", .min.as_secs())]
    TooBrief {
        /// The shortest that is granted.
        min: Duration,
    },
    /// The request is older than what it would change: same Call-ID, CSeq not higher.
    #[error("500: an older request than the last of this registration")]
    OutOfOrder,
}

impl Refusal {
    /// The status code of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::ThirdParty | Self::ForbiddenContact | Self::TooMany => StatusCode::FORBIDDEN,
            Self::UnknownAddress => StatusCode::NOT_FOUND,
            Self::FirstHopLacksOutbound => StatusCode::FIRST_HOP_LACKS_OUTBOUND,
            Self::TooBrief { .. } => StatusCode::INTERVAL_TOO_BRIEF,
            Self::OutOfOrder => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }

    /// The answer, complete.
    pub fn reply(&self, request: &Message, to_tag: &str) -> Builder {
        let reply = Builder::reply(request, self.status(), Some(to_tag));
        match self {
            Self::TooBrief { min } => reply.header(HeaderName::MinExpires, min.as_secs()),
            _ => reply,
        }
    }
}
