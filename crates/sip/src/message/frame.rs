//! What every element needs to route a message: read and checked at once.

use super::cursor::{Cursor, text};
use super::index::{Entry, Fields, Firsts, Index};
use super::name_addr::Shape;
use super::params::Params;
use super::scan::Controls;
use super::start::{self, Start};
use super::{CSeq, HeaderName, ParseError, ParseErrorKind, Via, scan};

/// Octets of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Span {
        Span { start: start as u16, end: end as u16 }
    }

    /// Where `part` lies in `whole`, which holds it; nothing for an empty part.
    fn within(whole: &[u8], part: &[u8]) -> Span {
        if part.is_empty() {
            return Span::default();
        }
        let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        Span::new(start, start + part.len())
    }

    pub(crate) fn start(self) -> usize {
        usize::from(self.start)
    }

    pub(crate) fn end(self) -> usize {
        usize::from(self.end)
    }

    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start()..self.end()).unwrap_or_default()
    }

    /// The octets as text, `None` if there are none.
    pub(crate) fn text(self, bytes: &[u8]) -> Option<&str> {
        if self.start == self.end { None } else { Some(text(self.of(bytes))) }
    }
}

/// Where the pieces of the topmost Via are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TopVia {
    transport: Span,
    host: Span,
    port: Option<u16>,
    params: Span,
}

impl TopVia {
    fn new(bytes: &[u8], via: &Via<'_>) -> TopVia {
        TopVia {
            transport: Span::within(bytes, via.transport),
            host: Span::within(bytes, via.host),
            port: via.port(),
            params: Span::within(bytes, via.params().as_bytes()),
        }
    }

    pub(crate) fn of<'a>(&self, bytes: &'a [u8]) -> Via<'a> {
        let params = Params::checked(self.params.of(bytes));
        Via::checked(self.transport.of(bytes), self.host.of(bytes), self.port, params)
    }
}

/// What was read at once. Numbers of entries are positions in the index.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) start: Start,
    /// The CSeq's method, which in a request is the request's.
    pub(crate) cseq: CSeq,
    pub(crate) via: u16,
    pub(crate) top_via: TopVia,
    pub(crate) branch: Span,
    pub(crate) from: u16,
    pub(crate) from_tag: Span,
    pub(crate) to: u16,
    pub(crate) to_tag: Span,
    pub(crate) call_id: Span,
    pub(crate) contact: Option<u16>,
    pub(crate) max_forwards: Option<u8>,
    pub(crate) content_length: Option<u32>,
    pub(crate) body: Span,
}

impl Frame {
    /// Reads a whole message; a datagram's surplus octets after the body are left out (RFC 3261 section 18.3).
    pub(crate) fn read(bytes: &[u8], index: &mut Index) -> Result<Frame, ParseError> {
        let mut controls = Controls::new(bytes);
        let (start, method, headers) = start::read(bytes, &mut controls)?;
        let (body, firsts) = index.read(Fields::new(bytes, controls, headers))?;
        firsts.check(bytes, index.entries(), start, method, body)
    }
}

impl Firsts {
    fn check(
        self,
        bytes: &[u8],
        entries: &[Entry],
        start: Start,
        method: Span,
        body: usize,
    ) -> Result<Frame, ParseError> {
        let need = |name| {
            self.get(name).ok_or(ParseError::new(ParseErrorKind::Missing, body).within(name))
        };
        let via = need(HeaderName::Via)?;
        let from = need(HeaderName::From)?;
        let to = need(HeaderName::To)?;
        let call_id = need(HeaderName::CallId)?;
        let cseq = need(HeaderName::CSeq)?;

        let (top, branch) = within(bytes, &entries[usize::from(via)], HeaderName::Via, |value| {
            let mut cursor = Cursor::new(value);
            let via = Via::read_with_branch(&mut cursor)?;
            if cursor.eat(b',') { Ok(via) } else { cursor.end().map(|()| via) }
        })?;
        let branch = Span::within(bytes, branch);
        let tag_of = |at: u16, name| {
            within(bytes, &entries[usize::from(at)], name, |value| {
                let mut cursor = Cursor::new(value);
                let shape = Shape::read(&mut cursor)?;
                cursor.end()?;
                Ok(Span::within(bytes, shape.tag))
            })
        };
        let from_tag = tag_of(from, HeaderName::From)?;
        let to_tag = tag_of(to, HeaderName::To)?;
        let call_id = within(bytes, &entries[usize::from(call_id)], HeaderName::CallId, |value| {
            check_call_id(value).map(|()| Span::within(bytes, value))
        })?;
        let cseq_entry = &entries[usize::from(cseq)];
        let cseq = within(bytes, cseq_entry, HeaderName::CSeq, CSeq::parse)?;
        if method != Span::default() && method.of(bytes) != cseq.method.as_str().as_bytes() {
            let at = cseq_entry.value_start();
            return Err(
                ParseError::new(ParseErrorKind::MethodMismatch, at).within(HeaderName::CSeq)
            );
        }
        let number = |name| {
            self.get(name)
                .map(|at| within(bytes, &entries[usize::from(at)], name, number))
                .transpose()
        };
        let value_start =
            |name| self.get(name).map_or(0, |at| entries[usize::from(at)].value_start());
        let max_forwards = number(HeaderName::MaxForwards)?;
        if max_forwards.is_some_and(|hops| hops > 255) {
            let at = value_start(HeaderName::MaxForwards);
            return Err(ParseError::new(ParseErrorKind::Number, at).within(HeaderName::MaxForwards));
        }
        let content_length = number(HeaderName::ContentLength)?;
        let available = bytes.len() - body;
        let length = content_length.map_or(available, |length| length as usize);
        if length > available {
            let at = value_start(HeaderName::ContentLength);
            return Err(ParseError::new(ParseErrorKind::BodyTruncated, at)
                .within(HeaderName::ContentLength));
        }
        Ok(Frame {
            start,
            cseq,
            via,
            top_via: TopVia::new(bytes, &top),
            branch,
            from,
            from_tag,
            to,
            to_tag,
            call_id,
            contact: self.get(HeaderName::Contact),
            max_forwards: max_forwards.map(|hops| hops as u8),
            content_length,
            body: Span::new(body, body + length),
        })
    }
}

/// Reads the value of an entry; errors tell the octet of the message.
fn within<'a, T>(
    bytes: &'a [u8],
    entry: &Entry,
    name: HeaderName,
    read: impl FnOnce(&'a [u8]) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    read(entry.value(bytes)).map_err(|error| error.shifted(entry.value_start()).within(name))
}

fn number(value: &[u8]) -> Result<u32, ParseError> {
    let mut cursor = Cursor::new(value);
    let number = cursor.number()?;
    cursor.end().map(|()| number)
}

/// Any visible ASCII: RFC 3261's `word ["@" word]` and the characters that senders put there besides.
fn check_call_id(value: &[u8]) -> Result<(), ParseError> {
    if value.is_empty() || !scan::is_graphic(value) {
        return Err(ParseError::new(ParseErrorKind::Token, 0));
    }
    Ok(())
}
