//! Messages out of a stream (RFC 3261 section 18.3): Content-Length says where one ends; RFC 5626 keep-alives between them.

use bytes::{Buf, Bytes, BytesMut};

use super::cursor::Cursor;
use super::index::Fields;
use super::{HeaderName, MAX_HEADERS, MAX_MESSAGE, ParseError, ParseErrorKind};

/// The longest start line and header section accepted in a stream, in octets.
pub const MAX_HEAD: usize = 32_768;

/// Cuts a stream into messages. Each octet is looked at once, however the stream is cut into segments.
///
/// ```
/// use bytes::BytesMut;
/// use switchboard_sip::{Decoded, Framer};
///
/// let mut framer = Framer::new();
/// let mut buffer = BytesMut::from(&b"\r\n\r\nOPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nab"[..]);
/// assert_eq!(framer.decode(&mut buffer)?, Decoded::Ping);
/// assert!(matches!(framer.decode(&mut buffer)?, Decoded::Message(bytes) if bytes.ends_with(b"ab")));
/// assert_eq!(framer.decode(&mut buffer)?, Decoded::Partial);
/// # Ok::<(), switchboard_sip::FramingError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Framer {
    /// Octets of the buffer that hold no end of the header section.
    scanned: usize,
    /// The length of the message at the start of the buffer, once it is known.
    length: Option<usize>,
    /// A single CRLF was reported as a pong; one more at once makes it a ping.
    half_ping: bool,
}

/// What [`Framer::decode`] took from the buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// One message, for [`Message::parse`](super::Message::parse).
    Message(Bytes),
    /// A double CRLF: answer with [`PONG`] (RFC 5626 section 4.4.1).
    Ping,
    /// A single CRLF: the answer to a ping, or white space before a message.
    Pong,
    /// Nothing: more octets are needed.
    Partial,
}

/// The answer to [`Decoded::Ping`].
pub const PONG: &[u8] = b"\r\n";
/// The keep-alive that a client sends (RFC 5626 section 3.5.1).
pub const PING: &[u8] = b"\r\n\r\n";

/// The framing is lost: answer the request if that can be done, then close the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream cannot be read on: {0}")]
pub struct FramingError(#[from] pub ParseError);

impl Framer {
    /// A framer for a new connection.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Takes the next message or keep-alive from the start of the buffer.
    ///
    /// # Errors
    /// If it cannot be told where the message ends. The buffer is left as it is.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Decoded, FramingError> {
        if self.scanned == 0
            && self.length.is_none()
            && let Some(keep_alive) = self.keep_alive(buffer)
        {
            return Ok(keep_alive);
        }
        let length = match self.length {
            Some(length) => length,
            None => match self.head(buffer)? {
                Some(length) => length,
                None => return Ok(Decoded::Partial),
            },
        };
        if buffer.len() < length {
            self.length = Some(length);
            return Ok(Decoded::Partial);
        }
        *self = Framer::default();
        Ok(Decoded::Message(buffer.split_to(length).freeze()))
    }

    fn keep_alive(&mut self, buffer: &mut BytesMut) -> Option<Decoded> {
        match &buffer[..] {
            [] | [b'\r'] => return Some(Decoded::Partial),
            [b'\r', b'\n', b'\r', b'\n', ..] if !self.half_ping => {
                buffer.advance(4);
                return Some(Decoded::Ping);
            }
            [b'\r', b'\n', ..] => {}
            _ => {
                self.half_ping = false;
                return None;
            }
        }
        buffer.advance(2);
        self.half_ping = !self.half_ping;
        Some(if self.half_ping { Decoded::Pong } else { Decoded::Ping })
    }

    /// The length of the whole message, once its header section is there.
    fn head(&mut self, buffer: &BytesMut) -> Result<Option<usize>, ParseError> {
        // The end may lie across what was scanned and what is new.
        let from = self.scanned.saturating_sub(3);
        let Some(found) = memchr::memmem::find(&buffer[from..], b"\r\n\r\n") else {
            self.scanned = buffer.len();
            if self.scanned > MAX_HEAD {
                return Err(ParseError::new(ParseErrorKind::MessageTooLarge, MAX_HEAD));
            }
            return Ok(None);
        };
        let body = from + found + 4;
        if body > MAX_HEAD {
            return Err(ParseError::new(ParseErrorKind::MessageTooLarge, MAX_HEAD));
        }
        let length = content_length(&buffer[..body])?;
        if body + length > MAX_MESSAGE {
            return Err(ParseError::new(ParseErrorKind::MessageTooLarge, body)
                .within(HeaderName::ContentLength));
        }
        Ok(Some(body + length))
    }
}

/// The one Content-Length of a header section, which a stream cannot do without.
fn content_length(head: &[u8]) -> Result<usize, ParseError> {
    let missing =
        ParseError::new(ParseErrorKind::Missing, head.len()).within(HeaderName::ContentLength);
    let line = memchr::memchr(b'\n', head).ok_or(missing)?;
    let mut fields = Fields::new(head, line + 1);
    let mut length = None;
    for _ in 0..=MAX_HEADERS {
        let Some(entry) = fields.next()? else { return length.ok_or(missing) };
        if entry.is(HeaderName::ContentLength) {
            let fail = |error: ParseError| {
                error.shifted(entry.value_start()).within(HeaderName::ContentLength)
            };
            let mut cursor = Cursor::new(entry.value(head));
            let value = cursor.number().and_then(|n| cursor.end().map(|()| n)).map_err(fail)?;
            if length.replace(value as usize).is_some() {
                return Err(fail(ParseError::new(ParseErrorKind::Repeated, 0)));
            }
        }
    }
    Err(ParseError::new(ParseErrorKind::TooManyHeaders, head.len()))
}
