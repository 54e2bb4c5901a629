//! What every element needs to route a message: read and checked at once.

use core::ops::Range;

use super::cursor::{Cursor, text};
use super::index::{Entry, Firsts, Index};
use super::params::Params;
use super::scan::Controls;
use super::start::{self, Start};
use super::{CSeq, HeaderName, ParseError, ParseErrorKind, Via, name_addr, scan, via};

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

    fn from(place: &Range<usize>) -> Span {
        Span::new(place.start, place.end)
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
    #[inline(always)]
    pub(crate) fn read(bytes: &[u8], index: &mut Index) -> Result<Frame, ParseError> {
        let mut controls = Controls::new(bytes);
        let (start, method, headers) = start::read(bytes, &mut controls)?;
        let mut firsts = Firsts::default();
        let body = index.read(controls, headers, &mut firsts)?;
        let found = Found { bytes, entries: index.entries(), firsts, body };

        let (via, entry) = found.need(HeaderName::Via)?;
        let (top_via, branch) = within(HeaderName::Via, read_via(Cursor::of(bytes, entry)))?;
        let (from, entry) = found.need(HeaderName::From)?;
        let from_tag = within(HeaderName::From, read_tag(Cursor::of(bytes, entry)))?;
        let (to, entry) = found.need(HeaderName::To)?;
        let to_tag = within(HeaderName::To, read_tag(Cursor::of(bytes, entry)))?;
        let (_, entry) = found.need(HeaderName::CallId)?;
        let call_id = within(HeaderName::CallId, read_call_id(Cursor::of(bytes, entry)))?;
        let (_, entry) = found.need(HeaderName::CSeq)?;
        let cseq = within(HeaderName::CSeq, CSeq::read(&mut Cursor::of(bytes, entry)))?;
        if method != Span::default() && method.of(bytes) != cseq.method.as_str().as_bytes() {
            let at = entry.value_start();
            return Err(
                ParseError::new(ParseErrorKind::MethodMismatch, at).within(HeaderName::CSeq)
            );
        }
        let max_forwards = found.number(HeaderName::MaxForwards, 255, ParseErrorKind::Number)?;
        let available = bytes.len() - body;
        let content_length = found.number(
            HeaderName::ContentLength,
            available as u32,
            ParseErrorKind::BodyTruncated,
        )?;
        let length = content_length.map_or(available, |length| length as usize);
        Ok(Frame {
            start,
            cseq,
            via,
            top_via,
            branch,
            from,
            from_tag,
            to,
            to_tag,
            call_id,
            contact: firsts.get(HeaderName::Contact),
            max_forwards: max_forwards.map(|hops| hops as u8),
            content_length,
            body: Span::new(body, body + length),
        })
    }
}

/// The header fields of a message that is being read.
struct Found<'a> {
    bytes: &'a [u8],
    entries: &'a [Entry],
    firsts: Firsts,
    /// Where the body starts.
    body: usize,
}

impl<'a> Found<'a> {
    #[inline(always)]
    fn get(&self, name: HeaderName) -> Option<(u16, &'a Entry)> {
        let number = self.firsts.number(name);
        self.entries.get(usize::from(number)).map(|entry| (number, entry))
    }

    #[inline(always)]
    fn need(&self, name: HeaderName) -> Result<(u16, &'a Entry), ParseError> {
        match self.get(name) {
            Some(found) => Ok(found),
            None => Err(ParseError::new(ParseErrorKind::Missing, self.body).within(name)),
        }
    }

    /// A field that is a number of at most `most`, if there is one.
    #[inline(always)]
    fn number(
        &self,
        name: HeaderName,
        most: u32,
        beyond: ParseErrorKind,
    ) -> Result<Option<u32>, ParseError> {
        let Some((_, entry)) = self.get(name) else { return Ok(None) };
        let number = within(name, read_number(Cursor::of(self.bytes, entry)))?;
        if number > most {
            return Err(ParseError::new(beyond, entry.value_start()).within(name));
        }
        Ok(Some(number))
    }
}

/// Tells in which field an error is.
#[inline(always)]
fn within<T>(name: HeaderName, read: Result<T, ParseError>) -> Result<T, ParseError> {
    match read {
        Ok(value) => Ok(value),
        Err(error) => Err(cold_within(error, name)),
    }
}

#[cold]
#[inline(never)]
fn cold_within(error: ParseError, name: HeaderName) -> ParseError {
    error.within(name)
}

/// The topmost Via and its branch.
#[inline]
fn read_via(mut cursor: Cursor<'_>) -> Result<(TopVia, Span), ParseError> {
    let places = via::Places::read(&mut cursor)?;
    if !cursor.eat(b',') {
        cursor.end()?;
    }
    let top = TopVia {
        transport: Span::from(&places.transport),
        host: Span::from(&places.host),
        port: places.port,
        params: Span::from(&places.params),
    };
    Ok((top, Span::from(&places.branch)))
}

/// The tag of From or To.
fn read_tag(mut cursor: Cursor<'_>) -> Result<Span, ParseError> {
    let places = name_addr::Places::read(&mut cursor)?;
    cursor.end()?;
    Ok(Span::from(&places.tag))
}

/// Any visible ASCII: RFC 3261's `word ["@" word]` and the characters that senders put there besides.
#[inline]
fn read_call_id(cursor: Cursor<'_>) -> Result<Span, ParseError> {
    if cursor.is_at_end() || scan::hidden(cursor.text, cursor.at).is_some() {
        return Err(cursor.error(ParseErrorKind::Token));
    }
    Ok(Span::new(cursor.at, cursor.text.len()))
}

#[inline]
fn read_number(mut cursor: Cursor<'_>) -> Result<u32, ParseError> {
    let number = cursor.number()?;
    cursor.end().map(|()| number)
}
