use std::time::{Duration, Instant};

use crate::Flow;
use crate::message::Message;
use crate::uri::{Uri, UriBuf};

/// One phone of a user (RFC 3261 section 10.3): its Contact, and the way to it.
///
/// The fields are public so that a store can keep and restore them; as an `Instant` means nothing
/// after a restart, [`Binding::left`] gives what to keep of it.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The Contact URI as the phone gave it, headers included.
    pub contact: UriBuf,
    /// The way that its REGISTER came: requests to the phone go back on it.
    pub flow: Flow,
    /// The Call-ID of the registration.
    pub call_id: String,
    /// Its last CSeq number.
    pub cseq: u32,
    /// When it ends.
    pub expires: Instant,
    /// Preference in thousandths; 1000 if the phone gave none.
    pub q: u16,
    /// The phone's instance (`+sip.instance`, RFC 5626 section 4.1), without its quotes.
    pub instance: Option<String>,
    /// Which of the instance's flows this is (`reg-id`, RFC 5626 section 4.2), where it has several.
    pub reg_id: Option<u32>,
    /// The Path values (RFC 3327) that a request to the phone carries as Route, nearest first.
    pub path: Vec<String>,
    /// What the phone calls itself.
    pub user_agent: Option<String>,
}

impl Binding {
    /// The Request-URI of a request to the phone: the Contact without its headers.
    #[must_use]
    pub fn request_uri(&self) -> Uri<'_> {
        self.contact.as_uri().without_headers()
    }

    /// How long it still counts.
    #[must_use]
    pub fn left(&self, now: Instant) -> Duration {
        self.expires.saturating_duration_since(now)
    }

    /// Whether both are one registration: of the same flow of an instance (RFC 5626 section 6), or
    /// of the same Contact.
    pub(super) fn is_same(&self, other: &Binding) -> bool {
        match (self.reg_id, other.reg_id) {
            (Some(one), Some(two)) => one == two && self.instance == other.instance,
            _ => self.has_contact(&other.contact.as_uri()),
        }
    }

    /// Whether the Contact is the same by the rules of RFC 3261 section 19.1.4.
    pub(super) fn has_contact(&self, contact: &Uri<'_>) -> bool {
        self.contact.as_uri().equivalent(contact)
    }

    /// As a Contact value of the answer to a REGISTER, with the seconds left, rounded up.
    pub(super) fn contact_value(&self, now: Instant) -> String {
        let left = self.left(now);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        let mut value = format!("<{}>;expires={seconds}", self.contact);
        if self.q < 1000 {
            value.push_str(&format!(";q=0.{:03}", self.q));
        }
        if let Some(instance) = &self.instance {
            value.push_str(&format!(";+sip.instance={}", crate::message::quote(instance)));
        }
        if let Some(reg_id) = self.reg_id {
            value.push_str(&format!(";reg-id={reg_id}"));
        }
        value
    }
}

/// What the phone calls itself, short enough to keep.
pub(super) fn user_agent(request: &Message) -> Option<String> {
    let text = request.text(crate::message::HeaderName::UserAgent)?;
    Some(text.chars().filter(|symbol| !symbol.is_control()).take(128).collect())
}
