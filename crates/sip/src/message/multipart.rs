//! Bodies of several parts (RFC 2046 section 5.1, RFC 5621), found without recursion and within bounds.

use super::index::{Firsts, Index};
use super::params::unquote;
use super::scan::Controls;
use super::{HeaderName, MediaType, Message, ParseError, ParseErrorKind};

/// The most parts looked at in one message, those of nested multiparts counted too.
pub const MAX_PARTS: usize = 32;
/// How deep multiparts may be nested.
pub const MAX_DEPTH: usize = 4;
/// The longest boundary, in octets (RFC 2046 section 5.1.1).
pub const MAX_BOUNDARY: usize = 70;

/// Goes through the parts of one multipart body.
#[derive(Debug, Clone)]
pub struct Multipart<'a> {
    delimiter: Vec<u8>,
    body: &'a [u8],
    at: Option<usize>,
}

/// One part.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    octets: &'a [u8],
    index: Index,
    content: &'a [u8],
}

impl<'a> Multipart<'a> {
    /// Starts to read a body of this type.
    ///
    /// # Errors
    /// If there is no boundary, it is longer than 70 octets, or it does not occur.
    pub fn new(kind: &MediaType<'_>, body: &'a [u8]) -> Result<Multipart<'a>, ParseError> {
        let boundary = kind.params().get("boundary").map(unquote).unwrap_or_default();
        if boundary.is_empty() || boundary.len() > MAX_BOUNDARY {
            return Err(
                ParseError::new(ParseErrorKind::Parameter, 0).within(HeaderName::ContentType)
            );
        }
        let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
        let mut parts = Multipart { delimiter, body, at: None };
        // The first delimiter may stand at the very start.
        let start = if body.starts_with(&parts.delimiter[2..]) {
            Some(parts.delimiter.len() - 2)
        } else {
            parts.delimiter_from(0).map(|at| at + parts.delimiter.len())
        };
        parts.at = Some(start.ok_or(ParseError::new(ParseErrorKind::Incomplete, body.len()))?);
        Ok(parts)
    }

    fn delimiter_from(&self, from: usize) -> Option<usize> {
        memchr::memmem::find(&self.body[from..], &self.delimiter).map(|at| from + at)
    }

    /// The part after the delimiter that ends at `at`; `None` after the closing one.
    fn part(&mut self, at: usize) -> Result<Option<Part<'a>>, ParseError> {
        let rest = &self.body[at..];
        if rest.starts_with(b"--") {
            return Ok(None);
        }
        let padding = rest.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
        if !rest[padding..].starts_with(b"\r\n") {
            return Err(ParseError::new(ParseErrorKind::Trailing, at));
        }
        let start = at + padding + 2;
        // An empty part's own line end is that of the next delimiter.
        let Some(end) = self.delimiter_from(start - 2) else {
            return Err(ParseError::new(ParseErrorKind::Incomplete, self.body.len()));
        };
        self.at = Some(end + self.delimiter.len());
        // Its header fields may end with the delimiter's own line end.
        let octets = &self.body[start..end + 2];
        Part::read(octets).map(Some).map_err(|error| error.shifted(start))
    }
}

impl<'a> Iterator for Multipart<'a> {
    type Item = Result<Part<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at.take()?;
        self.part(at).transpose()
    }
}

impl<'a> Part<'a> {
    fn read(octets: &'a [u8]) -> Result<Part<'a>, ParseError> {
        let mut index = Index::default();
        // A part may have no header fields: it then starts with an empty line.
        let body = index.read(Controls::new(octets), 0, &mut Firsts::default())?;
        let content = octets.get(body..octets.len() - 2).unwrap_or_default();
        Ok(Part { octets, index, content })
    }

    /// Its content.
    pub fn content(&self) -> &'a [u8] {
        self.content
    }

    /// The value of a header field of the part, such as Content-ID.
    pub fn header(&self, name: HeaderName) -> Option<&'a [u8]> {
        let entry = self.index.entries().iter().find(|entry| entry.is(name))?;
        Some(entry.value(self.octets))
    }

    /// Its media type; without one it is text (RFC 2046 section 5.2), which is `None` here.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn content_type(&self) -> Result<Option<MediaType<'a>>, ParseError> {
        self.header(HeaderName::ContentType).map(MediaType::parse).transpose()
    }
}

impl Message {
    /// The body of this type: the message's own, or the first such part of a multipart body, nested ones too.
    ///
    /// # Errors
    /// If a Content-Type or a multipart body on the way is malformed, or there is more than [`MAX_PARTS`] or
    /// [`MAX_DEPTH`] allow. The answer is 400, or 415 where no such part is found and one is needed.
    pub fn find_body(&self, kind: &str, subtype: &str) -> Result<Option<&[u8]>, ParseError> {
        let Some(own) = self.content_type()? else { return Ok(None) };
        if own.is(kind, subtype) {
            return Ok(Some(self.body()));
        }
        if !own.kind().eq_ignore_ascii_case("multipart") {
            return Ok(None);
        }
        let mut open = vec![Multipart::new(&own, self.body())?];
        let mut parts = 0;
        while let Some(innermost) = open.last_mut() {
            let Some(part) = innermost.next().transpose()? else {
                open.pop();
                continue;
            };
            parts += 1;
            let Some(own) = part.content_type()? else { continue };
            if own.is(kind, subtype) {
                return Ok(Some(part.content()));
            }
            if own.kind().eq_ignore_ascii_case("multipart") {
                if open.len() == MAX_DEPTH {
                    return Err(ParseError::new(ParseErrorKind::TooMany, 0));
                }
                open.push(Multipart::new(&own, part.content())?);
            }
            if parts == MAX_PARTS {
                return Err(ParseError::new(ParseErrorKind::TooMany, 0));
            }
        }
        Ok(None)
    }
}
