//! A SIP message out of a WebSocket message (RFC 7118 section 5): one in one, text or binary.

use bytes::Bytes;

use super::{Decoded, FramingError, MAX_LINE, MAX_MESSAGE, PING, ParseError, ParseErrorKind};

/// What the payload of one WebSocket message is: a SIP message for [`Message::parse`](super::Message::parse), which may
/// go without Content-Length, or a keep-alive of empty lines. It is never [`Decoded::Partial`].
///
/// ```
/// use bytes::Bytes;
/// use switchboard_sip::{Decoded, decode_frame};
///
/// let message = Bytes::from_static(b"OPTIONS sip:a SIP/2.0\r\n\r\n");
/// assert_eq!(decode_frame(message.clone())?, Decoded::Message(message));
/// assert_eq!(decode_frame(Bytes::from_static(b"\r\n\r\n"))?, Decoded::Ping);
/// assert!(decode_frame(Bytes::from_static(b"{\"jsonrpc\":\"2.0\"}")).is_err());
/// # Ok::<(), switchboard_sip::FramingError>(())
/// ```
///
/// # Errors
/// If it is too large, or its first line is none of SIP's: the peer speaks another protocol. A line that is nearly
/// right passes, so that the request can be answered 400 or 505.
pub fn decode_frame(payload: Bytes) -> Result<Decoded, FramingError> {
    if payload.len() > MAX_MESSAGE {
        return Err(ParseError::new(ParseErrorKind::MessageTooLarge, MAX_MESSAGE).into());
    }
    let mut start = 0;
    while payload[start..].starts_with(b"\r\n") {
        start += 2;
    }
    if start == payload.len() {
        return Ok(if payload == PING { Decoded::Ping } else { Decoded::Pong });
    }
    let text = &payload[start..payload.len().min(start + MAX_LINE)];
    let line = text.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let version = |part: &[u8]| part.get(..4).is_some_and(|p| p.eq_ignore_ascii_case(b"SIP/"));
    let names_sip = memchr::memchr_iter(b' ', line).any(|space| version(&line[space + 1..]));
    if version(line) || names_sip {
        return Ok(Decoded::Message(payload.slice(start..)));
    }
    Err(ParseError::new(ParseErrorKind::StartLine, start).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(payload: &'static [u8]) -> Result<Decoded, FramingError> {
        decode_frame(Bytes::from_static(payload))
    }

    #[test]
    fn requests_and_responses_pass_with_what_is_in_them() {
        for message in [
            &b"REGISTER sip:pbx SIP/2.0\r\n\r\n"[..],
            b"SIP/2.0 200 OK\r\n\r\n",
            b"OPTIONS sip:a SIP/3.0\r\n\r\n",
            b"OPTIONS  sip:a b SIP/2.0\r\n\r\n",
            b"OPTIONS sip:a SIP/2.0",
        ] {
            assert_eq!(decode(message), Ok(Decoded::Message(Bytes::from_static(message))));
        }
        let late = decode(b"\r\n\r\nOPTIONS sip:a SIP/2.0\r\n\r\n");
        assert!(matches!(late, Ok(Decoded::Message(m)) if m.starts_with(b"OPTIONS")));
    }

    #[test]
    fn empty_lines_are_keep_alives() {
        assert_eq!(decode(b"\r\n\r\n"), Ok(Decoded::Ping));
        assert_eq!(decode(b"\r\n"), Ok(Decoded::Pong));
        assert_eq!(decode(b""), Ok(Decoded::Pong));
    }

    #[test]
    fn other_protocols_are_told_apart_at_their_first_line() {
        for payload in [
            &b"{\"jsonrpc\":\"2.0\"}"[..],
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01",
            b"hello\r\nOPTIONS sip:a SIP/2.0\r\n\r\n",
        ] {
            assert!(decode(payload).is_err());
        }
        assert!(decode_frame(vec![b' '; MAX_MESSAGE + 1].into()).is_err());
    }
}
