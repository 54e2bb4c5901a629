//! Writing messages: no value can hold CR, LF or NUL, and no header field that may occur once occurs twice.

use core::fmt;
use std::io::Write as _;

use bytes::Bytes;

use super::chars::is_token;
use super::value::{InvalidValue, any, check};
use super::{HeaderName, MAX_NAME, Message, Method, Name, ParseError, StatusCode};

/// Octets that a message begins with: most fit, and those kept for retransmission waste little.
const ROOM: usize = 512;

/// Writes a request or a response, header fields in the order of the calls; Content-Length is written by itself.
///
/// The first mistake is kept and told by [`Builder::build`].
///
/// ```
/// use switchboard_sip::{Builder, HeaderName, Method};
///
/// let request = Builder::request(&Method::Options, "sip:192.0.2.4")
///     .header(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKk1;rport")
///     .header(HeaderName::MaxForwards, 70)
///     .header(HeaderName::From, "<sip:ping@192.0.2.9>;tag=8")
///     .header(HeaderName::To, "<sip:192.0.2.4>")
///     .header(HeaderName::CallId, "a84b4c76e66710")
///     .header(HeaderName::CSeq, "1 OPTIONS")
///     .build()?;
/// assert_eq!(request.branch(), Some("z9hG4bKk1"));
///
/// let split = Builder::reply(&request, 200u16.try_into()?, Some("t1")).header("X-Note", "a\r\nb");
/// assert!(split.build().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    head: Vec<u8>,
    seen: u128,
    error: Option<BuildError>,
    body: Bytes,
}

/// Why a message could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A value holds a control octet.
    #[error("the value of {name} holds a control octet at {}", .source.offset)]
    ControlOctet {
        /// The header field.
        name: String,
        /// Where in the value.
        source: InvalidValue,
    },
    /// A header field that may occur once was given twice.
    #[error("{0} may occur once only")]
    Duplicate(HeaderName),
    /// The header field is written by the builder itself.
    #[error("{0} is written by the builder")]
    Reserved(HeaderName),
    /// The name is not a token of at most 255 octets.
    #[error("a header field name is a token of 1 to 255 octets")]
    Name,
    /// A tag is not a token.
    #[error("a tag is a token")]
    Tag,
    /// What was written is not a message: something is missing or malformed.
    #[error("not a message: {0}")]
    Message(#[from] ParseError),
}

impl Builder {
    /// Starts a request.
    pub fn request(method: &Method, uri: impl fmt::Display) -> Builder {
        Builder::start(ROOM, format_args!("{method} {uri} SIP/2.0"))
    }

    /// Starts a response with the usual reason phrase.
    pub fn response(status: StatusCode) -> Builder {
        Builder::response_with_reason(status, status.reason())
    }

    /// Starts a response with another reason phrase.
    pub fn response_with_reason(status: StatusCode, reason: impl fmt::Display) -> Builder {
        Builder::start(ROOM, format_args!("SIP/2.0 {status} {reason}"))
    }

    /// Starts the response to a request: Via, From, To, Call-ID, CSeq, and Timestamp and Record-Route where they
    /// belong, are copied (RFC 3261 sections 8.2.6 and 12.1.1). The tag is added to To if the request's has none;
    /// a 100 needs none.
    pub fn reply(request: &Message, status: StatusCode, to_tag: Option<&str>) -> Builder {
        Builder::reply_with_reason(request, status, status.reason(), to_tag)
    }

    /// As [`Builder::reply`], with another reason phrase.
    pub fn reply_with_reason(
        request: &Message,
        status: StatusCode,
        reason: impl fmt::Display,
        to_tag: Option<&str>,
    ) -> Builder {
        // Most of the request's head comes back, and its answer is about as long.
        let room = request.as_bytes().len().clamp(ROOM, 4 * ROOM);
        let mut builder = Builder::start(room, format_args!("SIP/2.0 {status} {reason}"))
            .copy(request, HeaderName::Via)
            .copy(request, HeaderName::From);
        builder = match to_tag {
            Some(tag) if request.to_tag().is_none() => builder.tagged_to(request, tag),
            _ => builder.copy(request, HeaderName::To),
        };
        builder = builder.copy(request, HeaderName::CallId).copy(request, HeaderName::CSeq);
        if status == StatusCode::TRYING {
            builder = builder.copy(request, HeaderName::Timestamp);
        } else if status.code() < 300 {
            builder = builder.copy(request, HeaderName::RecordRoute);
        }
        builder
    }

    fn start(room: usize, line: fmt::Arguments<'_>) -> Builder {
        let mut builder =
            Builder { head: Vec::with_capacity(room), seen: 0, error: None, body: Bytes::new() };
        let _ = builder.head.write_fmt(line);
        builder.check_from(0, "the start line");
        builder.head.extend_from_slice(b"\r\n");
        builder
    }

    /// Adds a header field.
    pub fn header<'n>(mut self, name: impl Into<Name<'n>>, value: impl fmt::Display) -> Builder {
        let name = name.into();
        if self.begin(name) {
            let from = self.head.len();
            let _ = write!(self.head, "{value}");
            self.check_from(from, name.as_str());
            self.head.extend_from_slice(b"\r\n");
        }
        self
    }

    /// Adds a header field before all that were added so far, as a Via wants to stand.
    pub fn first<'n>(mut self, name: impl Into<Name<'n>>, value: impl fmt::Display) -> Builder {
        let start_line = memchr::memchr(b'\n', &self.head).map_or(self.head.len(), |at| at + 1);
        let rest = self.head.split_off(start_line);
        let mut builder = self.header(name, value);
        builder.head.extend_from_slice(&rest);
        builder
    }

    /// Adds a header field if there is a value.
    pub fn maybe<'n>(self, name: impl Into<Name<'n>>, value: Option<impl fmt::Display>) -> Builder {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Copies all header fields of this name from another message, in order. Folds become spaces, and so do
    /// control octets in quotes.
    pub fn copy<'n>(mut self, message: &Message, name: impl Into<Name<'n>>) -> Builder {
        let name = name.into();
        for header in message.all(name) {
            if self.begin(name) {
                unfold(header.value(), &mut self.head);
                self.head.extend_from_slice(b"\r\n");
            }
        }
        self
    }

    /// Gives the body and its Content-Type.
    pub fn body(self, content_type: impl fmt::Display, body: impl Into<Bytes>) -> Builder {
        let mut builder = self.header(HeaderName::ContentType, content_type);
        builder.body = body.into();
        builder
    }

    /// The message.
    ///
    /// # Errors
    /// The first mistake made, or what [`Message::parse`] finds missing.
    pub fn build(mut self) -> Result<Message, BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let _ = write!(self.head, "Content-Length: {}\r\n\r\n", self.body.len());
        self.head.extend_from_slice(&self.body);
        Ok(Message::parse(self.head)?)
    }

    fn tagged_to(mut self, request: &Message, tag: &str) -> Builder {
        if !is_token(tag.as_bytes()) {
            self.fail(BuildError::Tag);
            return self;
        }
        if let (Some(to), true) =
            (request.header(HeaderName::To), self.begin(HeaderName::To.into()))
        {
            unfold(to.value(), &mut self.head);
            let _ = write!(self.head, ";tag={tag}\r\n");
        }
        self
    }

    /// Writes `Name: ` if the field may be written.
    fn begin(&mut self, name: Name<'_>) -> bool {
        match name.known() {
            Some(known @ HeaderName::ContentLength) => {
                self.fail(BuildError::Reserved(known));
                return false;
            }
            Some(known) if known.is_single() => {
                let bit = 1 << known as u8;
                if self.seen & bit != 0 {
                    self.fail(BuildError::Duplicate(known));
                    return false;
                }
                self.seen |= bit;
            }
            Some(_) => {}
            None if is_token(name.as_str().as_bytes()) && name.as_str().len() <= MAX_NAME => {}
            None => {
                self.fail(BuildError::Name);
                return false;
            }
        }
        self.head.extend_from_slice(name.as_str().as_bytes());
        self.head.extend_from_slice(b": ");
        true
    }

    fn check_from(&mut self, from: usize, name: &str) {
        if let Err(source) = check(&self.head[from..]) {
            self.fail(BuildError::ControlOctet { name: name.to_owned(), source });
        }
    }

    fn fail(&mut self, error: BuildError) {
        self.error.get_or_insert(error);
    }
}

/// Writes a received value on one line (RFC 3261 section 7.3.1): white space around and in a fold becomes one space.
pub(super) fn unfold(value: &[u8], out: &mut Vec<u8>) {
    if !any(value, |octet| (octet < 0x20) | (octet == 0x7f)) {
        out.extend_from_slice(value);
        return;
    }
    for &octet in value {
        match octet {
            b'\r' => {}
            octet if octet < 0x20 || octet == 0x7f => out.push(b' '),
            octet => out.push(octet),
        }
    }
}
