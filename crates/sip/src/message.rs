//! Messages (RFC 3261 section 7): one buffer, and an index of where its parts are.

mod builder;
pub(crate) mod chars;
mod cseq;
pub(crate) mod cursor;
mod edit;
mod error;
mod fields;
mod frame;
mod framing;
mod host;
mod index;
mod method;
mod multipart;
mod name;
mod name_addr;
mod params;
mod refusal;
mod retry_after;
mod scan;
mod start;
mod status;
mod user_to_user;
mod validate;
mod value;
mod via;
mod warning;
mod ws_frame;

use core::fmt;

use bytes::{Buf, Bytes};

use crate::uri::Uri;
use cursor::{Cursor, text};
use frame::Frame;
use index::{Entry, Index};
use name::Repr;
use params::Items;
use start::Start;

pub use builder::{BuildError, Builder};
pub use cseq::CSeq;
pub use edit::Editor;
pub use error::{ParseError, ParseErrorKind};
pub use fields::{Date, Item, MediaType, RAck, Replaces};
pub use framing::{Decoded, Framer, FramingError, MAX_HEAD, PING, PONG};
pub use host::Host;
pub use method::{ExtensionMethod, InvalidMethod, MAX_METHOD, Method};
pub use multipart::{MAX_BOUNDARY, MAX_DEPTH, MAX_PARTS, Multipart, Part};
pub(crate) use name::Rule;
pub use name::{HeaderName, Name};
pub use name_addr::NameAddr;
pub use params::{Param, ParamIter, Params, quote, unquote};
pub use refusal::refusal;
pub use retry_after::RetryAfter;
pub use status::{InvalidStatus, StatusCode};
pub use user_to_user::UserToUser;
pub use value::{HeaderValue, InvalidValue};
pub use via::Via;
pub(crate) use via::port;
pub use warning::Warning;
pub use ws_frame::decode_frame;

/// The longest message accepted, in octets: what a UDP datagram's length can say.
pub const MAX_MESSAGE: usize = 65_535;
/// The most header fields accepted in one message.
pub const MAX_HEADERS: usize = 256;
/// The longest line accepted, in octets: a header field with its folds, or the start line.
pub const MAX_LINE: usize = 8192;
/// The longest name of a header field, in octets.
pub const MAX_NAME: usize = 255;

/// A SIP request or response: the octets as received, and an index of what they hold.
///
/// Parsing checks the frame and what every element needs to route a message: start line, top Via, From, To, Call-ID, CSeq,
/// Max-Forwards and Content-Length. Everything else stays as octets until somebody asks. A message is never changed in
/// place: [`Message::edit`] makes the next one.
#[derive(Clone)]
pub struct Message {
    bytes: Bytes,
    index: Index,
    frame: Frame,
}

/// One header field as it stands in a message.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    name: &'a [u8],
    known: Option<HeaderName>,
    value: &'a [u8],
}

impl Message {
    /// Reads one message. Empty lines before it are skipped (RFC 3261 section 7.5); in a datagram, octets after the body
    /// that Content-Length announces are left out of the body.
    ///
    /// # Errors
    /// See [`ParseErrorKind`]. A request that fails should be answered, if at all, with [`ParseError::status`].
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Message, ParseError> {
        let mut bytes = bytes.into();
        skip_empty_lines(&mut bytes);
        let mut index = Index::default();
        let frame = read(&bytes, &mut index)?;
        Ok(Message { bytes, index, frame })
    }

    /// Reads another message into this one, so that an index that grew on the heap is used again.
    ///
    /// # Errors
    /// As [`Message::parse`]; this message is then left as it was, but for its index, which is read anew.
    pub fn replace(&mut self, bytes: impl Into<Bytes>) -> Result<(), ParseError> {
        let mut bytes = bytes.into();
        skip_empty_lines(&mut bytes);
        let mut index = core::mem::take(&mut self.index);
        match read(&bytes, &mut index) {
            Ok(frame) => {
                *self = Message { bytes, index, frame };
                Ok(())
            }
            Err(error) => {
                // The octets were read before, so this cannot fail.
                if let Ok(frame) = read(&self.bytes, &mut index) {
                    self.frame = frame;
                }
                self.index = index;
                Err(error)
            }
        }
    }

    /// The message as received or built.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The message as received or built.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// Whether it is a request.
    pub fn is_request(&self) -> bool {
        matches!(self.frame.start, Start::Request { .. })
    }

    /// Whether it is a response.
    pub fn is_response(&self) -> bool {
        !self.is_request()
    }

    /// The method of a request; of a response, the method that its CSeq names.
    pub fn method(&self) -> &Method {
        &self.frame.cseq.method
    }

    /// The Request-URI as written.
    pub fn request_uri_str(&self) -> Option<&str> {
        match self.frame.start {
            Start::Request { uri } => Some(text(uri.of(&self.bytes))),
            Start::Response { .. } => None,
        }
    }

    /// The Request-URI.
    ///
    /// # Errors
    /// If it is malformed: 400 (RFC 3261 section 8.2.2.1), or if this is a response, which has none.
    pub fn request_uri(&self) -> Result<Uri<'_>, ParseError> {
        match self.frame.start {
            Start::Request { uri } => {
                Uri::read(uri.of(&self.bytes)).map_err(|error| error.shifted(uri.start()))
            }
            Start::Response { .. } => Err(ParseError::new(ParseErrorKind::RequestUri, 0)),
        }
    }

    /// The status code of a response.
    pub fn status(&self) -> Option<StatusCode> {
        match self.frame.start {
            Start::Request { .. } => None,
            Start::Response { status, .. } => Some(status),
        }
    }

    /// The reason phrase of a response, as written.
    pub fn reason(&self) -> Option<&[u8]> {
        match self.frame.start {
            Start::Request { .. } => None,
            Start::Response { reason, .. } => Some(reason.of(&self.bytes)),
        }
    }

    /// The topmost Via.
    pub fn top_via(&self) -> Via<'_> {
        self.frame.top_via.of(&self.bytes)
    }

    /// The branch of the topmost Via; `None` from an RFC 2543 sender.
    pub fn branch(&self) -> Option<&str> {
        self.frame.branch.text(&self.bytes)
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &str {
        text(self.frame.call_id.of(&self.bytes))
    }

    /// The CSeq.
    pub fn cseq(&self) -> &CSeq {
        &self.frame.cseq
    }

    /// From.
    ///
    /// # Errors
    /// If its URI is malformed; the rest was checked when the message was read.
    pub fn from(&self) -> Result<NameAddr<'_>, ParseError> {
        self.address(self.frame.from, HeaderName::From)
    }

    /// The tag of From.
    pub fn from_tag(&self) -> Option<&str> {
        self.frame.from_tag.text(&self.bytes)
    }

    /// To.
    ///
    /// # Errors
    /// If its URI is malformed; the rest was checked when the message was read.
    pub fn to(&self) -> Result<NameAddr<'_>, ParseError> {
        self.address(self.frame.to, HeaderName::To)
    }

    /// The tag of To.
    pub fn to_tag(&self) -> Option<&str> {
        self.frame.to_tag.text(&self.bytes)
    }

    /// The first Contact's address; `None` if there is none, or it is `*`.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn contact(&self) -> Result<Option<NameAddr<'_>>, ParseError> {
        let Some(at) = self.frame.contact else { return Ok(None) };
        let mut cursor = Cursor::of(&self.bytes, &self.entry(at));
        if cursor.rest() == b"*" {
            return Ok(None);
        }
        let address = NameAddr::read(&mut cursor).and_then(|address| {
            if !cursor.eat(b',') {
                cursor.end()?;
            }
            Ok(address)
        });
        address.map(Some).map_err(|error| error.within(HeaderName::Contact))
    }

    /// Max-Forwards.
    pub fn max_forwards(&self) -> Option<u8> {
        self.frame.max_forwards
    }

    /// Content-Length, if it is written.
    pub fn content_length(&self) -> Option<usize> {
        self.frame.content_length.map(|length| length as usize)
    }

    /// The body; empty if there is none.
    pub fn body(&self) -> &[u8] {
        self.frame.body.of(&self.bytes)
    }

    /// The body, as a part of the message's buffer.
    pub fn body_bytes(&self) -> Bytes {
        self.bytes.slice(self.frame.body.start()..self.frame.body.end())
    }

    /// All header fields in order, as written.
    pub fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.index.entries().iter().map(|entry| self.header_at(entry))
    }

    /// The first header field of this name, long or compact.
    pub fn header<'n>(&self, name: impl Into<Name<'n>>) -> Option<Header<'_>> {
        let name = name.into();
        self.index
            .entries()
            .iter()
            .find(|e| e.is_named(name, &self.bytes))
            .map(|e| self.header_at(e))
    }

    /// Whether there is a header field of this name.
    pub fn has<'n>(&self, name: impl Into<Name<'n>>) -> bool {
        self.header(name).is_some()
    }

    /// The value of the first header field of this name as text; `None` also if it is not UTF-8.
    pub fn text<'n>(&self, name: impl Into<Name<'n>>) -> Option<&str> {
        self.header(name).and_then(|header| header.text())
    }

    /// All header fields of this name, in order.
    pub fn all<'n>(&self, name: impl Into<Name<'n>>) -> impl Iterator<Item = Header<'_>> {
        let name = name.into();
        let named = move |entry: &&Entry| entry.is_named(name, &self.bytes);
        self.index.entries().iter().filter(named).map(|entry| self.header_at(entry))
    }

    /// The values of all header fields of this name, comma lists taken apart, in order; empty ones are left out.
    pub fn values<'n>(&self, name: impl Into<Name<'n>>) -> impl Iterator<Item = &[u8]> {
        let values = self.all(name).flat_map(|header| Items::new(header.value));
        values.filter(|value| !value.is_empty())
    }

    /// The addresses in all header fields of this name: Contact, Route, Record-Route, Path, P-Asserted-Identity and their like.
    pub fn addresses<'n>(
        &self,
        name: impl Into<Name<'n>>,
    ) -> impl Iterator<Item = Result<NameAddr<'_>, ParseError>> {
        self.values(name).map(NameAddr::parse)
    }

    /// All Via values, the topmost first.
    pub fn vias(&self) -> impl Iterator<Item = Result<Via<'_>, ParseError>> {
        self.values(HeaderName::Via).map(Via::parse)
    }

    /// Whether a list of tokens (Supported, Require, Allow, Allow-Events ...) names this one, without regard to case.
    pub fn lists<'n>(&self, name: impl Into<Name<'n>>, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// A header field that is one number, such as Expires or Min-Expires; parameters after it are not read.
    pub fn number<'n>(&self, name: impl Into<Name<'n>>) -> Option<u32> {
        Cursor::new(self.header(name)?.value).number().ok()
    }

    /// Content-Type.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn content_type(&self) -> Result<Option<MediaType<'_>>, ParseError> {
        self.typed(HeaderName::ContentType, MediaType::parse)
    }

    /// The address of Refer-To (RFC 3515) or Referred-By (RFC 3892).
    ///
    /// # Errors
    /// If it is malformed.
    pub fn address_in(&self, name: HeaderName) -> Result<Option<NameAddr<'_>>, ParseError> {
        self.typed(name, NameAddr::parse)
    }

    /// A field of a token with parameters: Event, Reason, Subscription-State, Content-Disposition and their like.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn item(&self, name: HeaderName) -> Result<Option<Item<'_>>, ParseError> {
        self.typed(name, Item::parse)
    }

    /// Replaces (RFC 3891).
    ///
    /// # Errors
    /// If it is malformed.
    pub fn replaces(&self) -> Result<Option<Replaces<'_>>, ParseError> {
        self.typed(HeaderName::Replaces, Replaces::parse)
    }

    /// RAck (RFC 3262).
    ///
    /// # Errors
    /// If it is malformed.
    pub fn rack(&self) -> Result<Option<RAck>, ParseError> {
        self.typed(HeaderName::RAck, RAck::parse)
    }

    /// Retry-After.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn retry_after(&self) -> Result<Option<RetryAfter>, ParseError> {
        self.typed(HeaderName::RetryAfter, RetryAfter::parse)
    }

    /// All Warnings.
    pub fn warnings(&self) -> impl Iterator<Item = Result<Warning<'_>, ParseError>> {
        self.values(HeaderName::Warning).map(Warning::parse)
    }

    /// All User-to-User data (RFC 7433).
    pub fn user_to_user(&self) -> impl Iterator<Item = Result<UserToUser<'_>, ParseError>> {
        self.values(HeaderName::UserToUser).map(UserToUser::parse)
    }

    /// What Privacy asks for: `id`, `user`, `header`, `session`, `critical`, `none`, `history` (RFC 3323 section 4.2,
    /// 3325 section 9.3, 7044 section 10.1).
    pub fn privacy(&self) -> impl Iterator<Item = &str> {
        let text = self.text(HeaderName::Privacy).unwrap_or("");
        text.split(';').map(str::trim).filter(|value| !value.is_empty())
    }

    /// The first field of a name, read by its grammar; errors tell the octet of the message.
    fn typed<'m, T>(
        &'m self,
        name: HeaderName,
        read: impl FnOnce(&'m [u8]) -> Result<T, ParseError>,
    ) -> Result<Option<T>, ParseError> {
        let Some(entry) = self.index.entries().iter().find(|entry| entry.is(name)) else {
            return Ok(None);
        };
        let value = read(entry.value(&self.bytes));
        value.map(Some).map_err(|error| error.shifted(entry.value_start()).within(name))
    }

    /// Starts the next message: this one, with changes.
    pub fn edit(&self) -> Editor<'_> {
        Editor::new(self)
    }

    fn entry(&self, at: u16) -> Entry {
        self.index.entries().get(usize::from(at)).copied().unwrap_or_default()
    }

    fn header_at(&self, entry: &Entry) -> Header<'_> {
        Header {
            name: entry.name(&self.bytes),
            known: entry.known(),
            value: entry.value(&self.bytes),
        }
    }

    fn address(&self, at: u16, name: HeaderName) -> Result<NameAddr<'_>, ParseError> {
        let entry = self.entry(at);
        NameAddr::parse(entry.value(&self.bytes))
            .map_err(|error| error.shifted(entry.value_start()).within(name))
    }
}

impl<'a> Header<'a> {
    /// The name as written, which may be the compact form.
    pub fn name(&self) -> &'a str {
        text(self.name)
    }

    /// The name, if this crate knows it.
    pub fn known(&self) -> Option<HeaderName> {
        self.known
    }

    /// The value as written, without white space at its ends; folds are in it.
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The value as text, if it is UTF-8.
    pub fn text(&self) -> Option<&'a str> {
        core::str::from_utf8(self.value).ok()
    }

    /// The comma-separated items of the value.
    pub fn items(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Items::new(self.value).filter(|item| !item.is_empty())
    }
}

impl Entry {
    fn is_named(&self, name: Name<'_>, bytes: &[u8]) -> bool {
        match name.0 {
            Repr::Known(name) => self.is(name),
            Repr::Other(name) => self.name(bytes).eq_ignore_ascii_case(name.as_bytes()),
        }
    }
}

impl fmt::Debug for Message {
    /// The start line's facts and the identifiers only: headers may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Message");
        match self.frame.start {
            Start::Request { .. } => out.field("uri", &self.request_uri_str().unwrap_or("")),
            Start::Response { status, .. } => out.field("status", &status.code()),
        };
        out.field("cseq", &format_args!("{}", self.frame.cseq))
            .field("call_id", &self.call_id())
            .field("length", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Whoever calls has the octets already: nothing is moved.
#[inline(always)]
fn skip_empty_lines(bytes: &mut Bytes) {
    while let [b'\r', b'\n', ..] = bytes[..] {
        bytes.advance(2);
    }
}

fn read(bytes: &Bytes, index: &mut Index) -> Result<Frame, ParseError> {
    if bytes.len() > MAX_MESSAGE {
        return Err(ParseError::new(ParseErrorKind::MessageTooLarge, MAX_MESSAGE));
    }
    Frame::read(bytes, index)
}
