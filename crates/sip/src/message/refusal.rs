//! The answer to a request that cannot be read.

use bytes::Bytes;

use super::builder::unfold;
use super::chars::is_token;
use super::index::Fields;
use super::{HeaderName, MAX_HEADERS, ParseError, Via};

const COPIED: [HeaderName; 5] =
    [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq];

/// The response to a request that [`Message::parse`](super::Message::parse) refused, made of what of it can be read.
///
/// `None` where nothing may or can be answered: a response, an ACK, or a request whose topmost Via cannot be read.
/// It holds nothing but a status line, the Vias and the four fields that identify the request, so it is never longer
/// than the request by more than a reason phrase: no amplifier. Send it to where the request came from.
///
/// ```
/// use switchboard_sip::{Message, refusal};
///
/// let request = "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCSeq: x\r\nl: 0\r\n\r\n";
/// let error = Message::parse(request).unwrap_err();
/// let answer = refusal(request.as_bytes(), &error).unwrap();
/// assert!(answer.starts_with(b"SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"));
/// ```
pub fn refusal(request: &[u8], error: &ParseError) -> Option<Bytes> {
    let line = memchr::memchr(b'\n', request)?;
    let method = request[..line].split(|&octet| octet == b' ').next()?;
    if !is_token(method) || method == b"ACK" {
        return None;
    }
    let status = error.status();
    let mut out = format!("SIP/2.0 {status} {}\r\n", status.reason()).into_bytes();
    let mut fields = Fields::new(request, line + 1);
    let mut seen = [false; COPIED.len()];
    for _ in 0..MAX_HEADERS {
        // A line that cannot be read ends what is known of the request.
        let Ok(Some(entry)) = fields.next() else { break };
        let Some(name) = entry.known() else { continue };
        let Some(slot) = COPIED.iter().position(|&copied| copied == name) else { continue };
        let value = entry.value(request);
        let first = !core::mem::replace(&mut seen[slot], true);
        let is_via = name == HeaderName::Via;
        if is_via && first {
            Via::read(&mut super::cursor::Cursor::new(value)).ok()?;
        }
        if is_via || first {
            out.extend_from_slice(name.as_str().as_bytes());
            out.extend_from_slice(b": ");
            unfold(value, &mut out);
            out.extend_from_slice(b"\r\n");
        }
    }
    if !seen[0] {
        return None;
    }
    out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    Some(out.into())
}
