//! Where the header fields of a message are.

use smallvec::SmallVec;

use super::cursor::is_fold;
use super::{HeaderName, MAX_HEADERS, MAX_LINE, ParseError, ParseErrorKind, chars, scan};

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
    let no_name = || {
        let at = start + chars::span(&bytes[start..], chars::TOKEN);
        ParseError::new(ParseErrorKind::FieldName, at)
    };
    let colon = scan::colon(bytes, start).ok_or_else(no_name)?;
    let mut name = &bytes[start..colon];
    while let [before @ .., b' ' | b'\t'] = name {
        name = before;
    }
    let name_len = u8::try_from(name.len()).map_err(|_| no_name())?;
    let id = match HeaderName::from_bytes(name) {
        Some(known) => known as u8,
        None if chars::is_token(name) => OTHER,
        None => return Err(no_name()),
    };
    let mut value = colon + 1;
    let line_end = find_line_end(bytes, start, value)?;
    let mut end = line_end;
    while value < end && is_space(bytes[value]) {
        value += 1;
    }
    while value < end && is_space(bytes[end - 1]) {
        end -= 1;
    }
    let entry =
        Entry { name_start: start as u16, name_len, id, start: value as u16, end: end as u16 };
    Ok((entry, line_end + 2))
}

fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// The line end, folds included, that ends the field; checks the octets on the way.
fn find_line_end(bytes: &[u8], line: usize, value: usize) -> Result<usize, ParseError> {
    let incomplete = ParseError::new(ParseErrorKind::Incomplete, bytes.len());
    let mut at = value;
    loop {
        at = scan::control(bytes, at).ok_or(incomplete)?;
        if at - line > MAX_LINE {
            return Err(ParseError::new(ParseErrorKind::LineTooLong, at));
        }
        match &bytes[at..] {
            [b'\t', ..] => at += 1,
            fold if is_fold(fold) => at += 3,
            [b'\r', b'\n', ..] => return Ok(at),
            [b'\r'] => return Err(incomplete),
            [b'\r' | b'\n', ..] => return Err(ParseError::new(ParseErrorKind::ControlOctet, at)),
            _ => return find_quoted_line_end(bytes, line, value),
        }
    }
}

/// The same for a line with other control octets, which only quoted pairs may hold.
fn find_quoted_line_end(bytes: &[u8], line: usize, value: usize) -> Result<usize, ParseError> {
    let mut quoted = false;
    let mut at = value;
    while let Some(rest) = bytes.get(at..) {
        if at - line > MAX_LINE {
            return Err(ParseError::new(ParseErrorKind::LineTooLong, at));
        }
        match rest {
            [b'\\', escaped, ..] if quoted && !matches!(escaped, b'\r' | b'\n') => at += 2,
            [b'"', ..] => {
                quoted = !quoted;
                at += 1;
            }
            fold if is_fold(fold) => at += 3,
            [b'\r', b'\n', ..] => return Ok(at),
            [octet, ..] if *octet >= 0x20 && *octet != 0x7f || *octet == b'\t' => at += 1,
            [b'\r'] | [] => break,
            _ => return Err(ParseError::new(ParseErrorKind::ControlOctet, at)),
        }
    }
    Err(ParseError::new(ParseErrorKind::Incomplete, bytes.len()))
}
