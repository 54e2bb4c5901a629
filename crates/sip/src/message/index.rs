//! Where the header fields of a message are.

use smallvec::SmallVec;

use super::cursor::is_fold;
use super::{HeaderName, MAX_HEADERS, MAX_LINE, ParseError, ParseErrorKind, chars};

/// Header fields kept in the message itself; more are on the heap.
const INLINE: usize = 24;

/// The name is none that this crate knows.
const OTHER: u8 = u8::MAX;

/// One header field: where its name and its value are. A message has at most 65,535 octets.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry {
    name_start: u16,
    name_len: u8,
    id: u8,
    start: u16,
    end: u16,
}

impl Entry {
    pub(crate) fn is(&self, name: HeaderName) -> bool {
        self.id == name as u8
    }

    pub(crate) fn known(&self) -> Option<HeaderName> {
        HeaderName::from_id(self.id)
    }

    pub(crate) fn name<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let start = usize::from(self.name_start);
        bytes.get(start..start + usize::from(self.name_len)).unwrap_or_default()
    }

    pub(crate) fn value<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.value_start()..usize::from(self.end)).unwrap_or_default()
    }

    pub(crate) fn value_start(&self) -> usize {
        usize::from(self.start)
    }

    /// Where the field's line starts.
    pub(crate) fn line_start(&self) -> usize {
        usize::from(self.name_start)
    }

    /// Where the next line starts: the value may be followed by white space, folds included, then the line end.
    pub(crate) fn line_end(&self, bytes: &[u8]) -> usize {
        let mut at = usize::from(self.end);
        while let Some(rest) = bytes.get(at..) {
            match rest {
                [b'\r', b'\n', b' ' | b'\t', ..] => at += 3,
                [b'\r', b'\n', ..] => return at + 2,
                [_, ..] => at += 1,
                [] => break,
            }
        }
        bytes.len()
    }
}

/// The header fields in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    pub(crate) entries: SmallVec<[Entry; INLINE]>,
}

impl Index {
    /// Reads the header fields that start at `at`; returns where the body starts.
    pub(crate) fn read(&mut self, bytes: &[u8], mut at: usize) -> Result<usize, ParseError> {
        self.entries.clear();
        loop {
            match bytes.get(at..) {
                Some([b'\r', b'\n', ..]) => return Ok(at + 2),
                Some([_, ..]) => {}
                _ => return Err(ParseError::new(ParseErrorKind::Incomplete, at)),
            }
            if self.entries.len() == MAX_HEADERS {
                return Err(ParseError::new(ParseErrorKind::TooManyHeaders, at));
            }
            let (entry, next) = read_field(bytes, at)?;
            self.entries.push(entry);
            at = next;
        }
    }
}

/// `field-name HCOLON value CRLF`: the entry, and where the next line starts.
pub(super) fn read_field(bytes: &[u8], start: usize) -> Result<(Entry, usize), ParseError> {
    let name_len = chars::span(&bytes[start..], chars::TOKEN);
    let mut at = start + name_len;
    while let Some(b' ' | b'\t') = bytes.get(at) {
        at += 1;
    }
    if name_len == 0 || name_len > usize::from(u8::MAX) || bytes.get(at) != Some(&b':') {
        let at = at.min(bytes.len());
        return Err(ParseError::new(ParseErrorKind::FieldName, at));
    }
    let name = &bytes[start..start + name_len];
    let id = HeaderName::from_bytes(name).map_or(OTHER, |known| known as u8);
    let line_end = find_line_end(bytes, start, at + 1)?;
    let value = super::cursor::trimmed(&bytes[at + 1..line_end]);
    let lead = bytes[at + 1..line_end]
        .iter()
        .position(|octet| !matches!(octet, b' ' | b'\t' | b'\r' | b'\n'))
        .unwrap_or(line_end - at - 1);
    let value_start = at + 1 + lead;
    let entry = Entry {
        name_start: start as u16,
        name_len: name_len as u8,
        id,
        start: value_start as u16,
        end: (value_start + value.len()) as u16,
    };
    Ok((entry, line_end + 2))
}

/// The line end, folds included, that ends the field; checks the octets on the way.
fn find_line_end(bytes: &[u8], line: usize, value: usize) -> Result<usize, ParseError> {
    let mut at = value;
    loop {
        let Some(found) =
            bytes[at..].iter().position(|&octet| (octet < 0x20 && octet != b'\t') || octet == 0x7f)
        else {
            return Err(ParseError::new(ParseErrorKind::Incomplete, bytes.len()));
        };
        at += found;
        if at - line > MAX_LINE {
            return Err(ParseError::new(ParseErrorKind::LineTooLong, at));
        }
        match &bytes[at..] {
            fold if is_fold(fold) => at += 3,
            [b'\r', b'\n', ..] => return Ok(at),
            [b'\r'] => return Err(ParseError::new(ParseErrorKind::Incomplete, bytes.len())),
            [b'\r' | b'\n', ..] => return Err(ParseError::new(ParseErrorKind::ControlOctet, at)),
            _ if is_quoted_pair(&bytes[value..=at]) => at += 1,
            _ => return Err(ParseError::new(ParseErrorKind::ControlOctet, at)),
        }
    }
}

/// Whether the last octet follows a backslash within an open quoted string.
fn is_quoted_pair(value: &[u8]) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for &octet in &value[..value.len() - 1] {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
    }
    quoted && escaped
}
