//! What the layer reads in a message to match it.

use super::table::{Key, Sequence, Side};
use crate::MAGIC_COOKIE;
use crate::message::{HeaderName, Message};

/// The key of the server transaction that a request belongs to (RFC 3261 section 17.2.3), with
/// `method` in the place of its own: an ACK looks for its INVITE, a CANCEL for what it cancels.
pub(super) fn server_key(request: &Message, method: &str) -> Key {
    let via = request.top_via();
    let text = match request.branch() {
        Some(branch) if has_cookie(branch) => {
            let host = via.host().to_ascii_lowercase();
            format!("{branch} {host}:{} {method}", via.port().unwrap_or(0))
        }
        // An RFC 2543 sender. Its ACK has another To tag than its INVITE, so that is left out: the
        // top Via, the Call-ID and the CSeq tell the rest apart.
        _ => format!(
            "2543 {} {} {} {} {} {method}",
            request.request_uri_str().unwrap_or(""),
            request.from_tag().unwrap_or(""),
            request.call_id(),
            request.cseq().number,
            top_via_text(request),
        ),
    };
    Key { side: Side::Server, text: text.into() }
}

/// The key of the client transaction with this branch (RFC 3261 section 17.1.3).
pub(super) fn client_key(branch: &str, method: &str) -> Key {
    Key { side: Side::Client, text: format!("{branch} {method}").into() }
}

/// See [`Sequence`].
pub(super) fn sequence(message: &Message, method: &str) -> Sequence {
    let from_tag = message.from_tag().unwrap_or("");
    let number = message.cseq().number;
    Sequence(format!("{} {from_tag} {number} {method}", message.call_id()).into())
}

/// The dialog that a 2xx of ours made: Call-ID, the far end's tag, ours. A slash is in no method,
/// so this is no other [`Sequence`].
pub(super) fn dialog(call_id: &str, theirs: Option<&str>, ours: Option<&str>) -> Sequence {
    let (theirs, ours) = (theirs.unwrap_or(""), ours.unwrap_or(""));
    Sequence(format!("{call_id} {theirs} {ours} /").into())
}

/// Whether the branch was made by the rules of RFC 3261. The cookie is compared as the standard
/// writes it, in any case.
fn has_cookie(branch: &str) -> bool {
    branch
        .as_bytes()
        .get(..MAGIC_COOKIE.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(MAGIC_COOKIE.as_bytes()))
}

fn top_via_text(message: &Message) -> String {
    let value = message.values(HeaderName::Via).next().unwrap_or_default();
    String::from_utf8_lossy(value).into_owned()
}
