use std::fmt;

use crate::message::Message;

/// What tells dialogs apart (RFC 3261 section 12): Call-ID, our tag, the far end's tag.
///
/// An RFC 2543 peer may have no tag; its tag is then empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId {
    call_id: Box<str>,
    local_tag: Box<str>,
    remote_tag: Box<str>,
}

impl DialogId {
    /// An identifier of its parts.
    #[must_use]
    pub fn new(call_id: &str, local_tag: &str, remote_tag: &str) -> Self {
        Self { call_id: call_id.into(), local_tag: local_tag.into(), remote_tag: remote_tag.into() }
    }

    /// The dialog that a received request is in: our tag is that of To. `None` outside a dialog.
    #[must_use]
    pub fn of_request(request: &Message) -> Option<Self> {
        let remote_tag = request.from_tag().unwrap_or("");
        Some(Self::new(request.call_id(), request.to_tag()?, remote_tag))
    }

    /// The dialog that a received response is in: our tag is that of From. `None` without a To tag.
    #[must_use]
    pub fn of_response(response: &Message) -> Option<Self> {
        let local_tag = response.from_tag().unwrap_or("");
        Some(Self::new(response.call_id(), local_tag, response.to_tag()?))
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Our tag.
    #[must_use]
    pub fn local_tag(&self) -> &str {
        &self.local_tag
    }

    /// The far end's tag.
    #[must_use]
    pub fn remote_tag(&self) -> &str {
        &self.remote_tag
    }
}

impl fmt::Display for DialogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{};{}", self.call_id, self.local_tag, self.remote_tag)
    }
}
