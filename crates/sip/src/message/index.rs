//! Where the header fields of a message are.

use super::cursor::is_fold;
use super::scan::Controls;
use super::{HeaderName, MAX_HEADERS, MAX_LINE, ParseError, ParseErrorKind, chars, name, scan};

/// Header fields kept in the message itself; more are on the heap.
const INLINE: usize = 24;

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
#[derive(Debug, Clone)]
pub(crate) struct Index {
    /// All of them, as long as they fit.
    few: [Entry; INLINE],
    count: u16,
    /// All of them, once they do not; kept for the next message that is read into this one.
    many: Vec<Entry>,
}

impl Default for Index {
    fn default() -> Self {
        Index { few: [Entry::default(); INLINE], count: 0, many: Vec::new() }
    }
}

impl Index {
    pub(crate) fn entries(&self) -> &[Entry] {
        let count = usize::from(self.count);
        self.few.get(..count).unwrap_or(&self.many)
    }

    #[inline]
    fn push(&mut self, entry: Entry) {
        match self.few.get_mut(usize::from(self.count)) {
            Some(place) => *place = entry,
            None => self.push_on_the_heap(entry),
        }
        self.count += 1;
    }

    #[cold]
    fn push_on_the_heap(&mut self, entry: Entry) {
        if usize::from(self.count) == INLINE {
            self.many.clear();
            self.many.extend_from_slice(&self.few);
        }
        self.many.push(entry);
    }

    /// Reads the header fields; returns where the body starts, and the first of each field that
    /// routing needs.
    pub(crate) fn read(&mut self, mut fields: Fields<'_>) -> Result<(usize, Firsts), ParseError> {
        self.count = 0;
        let mut firsts = Firsts::default();
        while let Some(entry) = fields.step()? {
            if usize::from(self.count) == MAX_HEADERS {
                let at = entry.line_start();
                return Err(ParseError::new(ParseErrorKind::TooManyHeaders, at));
            }
            firsts.note(&entry, self.count)?;
            self.push(entry);
        }
        Ok((fields.at, firsts))
    }
}

/// What routing needs, those that may stand once first.
const ROUTING: [HeaderName; 8] = [
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
    HeaderName::MaxForwards,
    HeaderName::ContentLength,
    HeaderName::Via,
    HeaderName::Contact,
];

/// How many of [`ROUTING`] may stand once.
const SINGLE: u8 = 6;

/// The place of each known name in [`ROUTING`]; the other names share the place after it.
static RANK: [u8; 256] = {
    let mut table = [ROUTING.len() as u8; 256];
    let mut rank = 0;
    while rank < ROUTING.len() {
        assert!(ROUTING[rank].is_single() == (rank < SINGLE as usize), "singles stand first");
        table[ROUTING[rank] as usize] = rank as u8;
        rank += 1;
    }
    table
};

/// The first entry of each header field that routing needs, by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Firsts([u16; 16]);

impl Default for Firsts {
    fn default() -> Self {
        Firsts([u16::MAX; 16])
    }
}

impl Firsts {
    #[inline]
    fn note(&mut self, entry: &Entry, number: u16) -> Result<(), ParseError> {
        let rank = RANK[usize::from(entry.id)];
        let first = &mut self.0[usize::from(rank & 15)];
        if *first == u16::MAX {
            *first = number;
        } else if rank < SINGLE {
            return Err(repeated(entry, rank));
        }
        Ok(())
    }

    /// The number of the first entry of this name, which is one that routing needs.
    pub(crate) fn get(&self, name: HeaderName) -> Option<u16> {
        let first = self.0[usize::from(RANK[name as usize] & 15)];
        (first != u16::MAX).then_some(first)
    }
}

#[cold]
fn repeated(entry: &Entry, rank: u8) -> ParseError {
    let name = ROUTING[usize::from(rank)];
    ParseError::new(ParseErrorKind::Repeated, entry.line_start()).within(name)
}

/// Goes through header fields, up to the empty line after them.
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    controls: Controls<'a>,
    /// Where the next line starts; after the last field, where the body does.
    at: usize,
}

impl<'a> Fields<'a> {
    /// Those that start at `at`, before which `controls` gave all that there is.
    #[inline]
    pub(super) fn new(bytes: &'a [u8], controls: Controls<'a>, at: usize) -> Fields<'a> {
        Fields { bytes, controls, at }
    }

    /// Those that start at `at`.
    pub(super) fn from(bytes: &'a [u8], at: usize) -> Fields<'a> {
        let mut controls = Controls::new(bytes);
        controls.seek(at);
        Fields { bytes, controls, at }
    }

    /// `field-name HCOLON value CRLF`, or the empty line: then, where the body starts stands in `at`.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, ParseError> {
        self.step()
    }

    #[inline(always)]
    fn step(&mut self) -> Result<Option<Entry>, ParseError> {
        let (bytes, start) = (self.bytes, self.at);
        match bytes.get(start..) {
            Some([b'\r', b'\n', ..]) => {
                self.at = start + 2;
                return Ok(None);
            }
            Some([_, ..]) => {}
            _ => return Err(ParseError::new(ParseErrorKind::Incomplete, start)),
        }
        let Some(colon) = scan::colon(bytes, start) else { return Err(no_name(bytes, start)) };
        let mut length = colon - start;
        let mut id = name::as_usual(bytes, start, length);
        if id == name::NONE {
            (id, length) = look_closer(bytes, start, length)?;
        }
        let line_end = self.line_end(colon + 1)?;
        self.at = line_end + 2;
        // One space, as nearly all senders write it, and no other white space at the ends.
        let mut value = colon + 1;
        let mut end = line_end;
        if bytes.get(value) == Some(&b' ') {
            value += 1;
        }
        if is_space(bytes[value]) || is_space(bytes[end - 1]) {
            (value, end) = trim(bytes, colon + 1, line_end);
        }
        Ok(Some(Entry {
            name_start: start as u16,
            name_len: length as u8,
            id,
            start: value as u16,
            end: end as u16,
        }))
    }

    /// The line end, folds included, that ends the field; checks the octets on the way.
    #[inline(always)]
    fn line_end(&mut self, value: usize) -> Result<usize, ParseError> {
        let Some(at) = self.controls.next() else { return Err(self.incomplete()) };
        match self.bytes.get(at..).and_then(<[u8]>::first_chunk) {
            Some([b'\r', b'\n', next])
                if !matches!(next, b' ' | b'\t') && at - self.at <= MAX_LINE =>
            {
                self.controls.next();
                Ok(at)
            }
            _ => self.far_line_end(at, value),
        }
    }

    /// The same for a line with tabs or folds, or a faulty one; its first control octet stands at `at`.
    #[cold]
    fn far_line_end(&mut self, mut at: usize, value: usize) -> Result<usize, ParseError> {
        loop {
            if at - self.at > MAX_LINE {
                return Err(ParseError::new(ParseErrorKind::LineTooLong, at));
            }
            match &self.bytes[at..] {
                [b'\t', ..] => {}
                fold if is_fold(fold) => {
                    self.controls.next();
                }
                [b'\r', b'\n', ..] => {
                    self.controls.next();
                    return Ok(at);
                }
                [b'\r'] => return Err(self.incomplete()),
                [b'\r' | b'\n', ..] => {
                    return Err(ParseError::new(ParseErrorKind::ControlOctet, at));
                }
                _ => {
                    let end = find_quoted_line_end(self.bytes, self.at, value)?;
                    self.controls.seek(end + 2);
                    return Ok(end);
                }
            }
            at = self.controls.next().ok_or_else(|| self.incomplete())?;
        }
    }

    #[cold]
    fn incomplete(&self) -> ParseError {
        ParseError::new(ParseErrorKind::Incomplete, self.bytes.len())
    }
}

#[cold]
fn no_name(bytes: &[u8], start: usize) -> ParseError {
    let at = start + chars::span(&bytes[start..], chars::TOKEN);
    ParseError::new(ParseErrorKind::FieldName, at)
}

/// A name that is not known, or not written as usual: its number, and its length without the white space after it.
#[cold]
fn look_closer(bytes: &[u8], start: usize, length: usize) -> Result<(u8, usize), ParseError> {
    let mut name = bytes.get(start..start + length).unwrap_or_default();
    while let [before @ .., b' ' | b'\t'] = name {
        name = before;
    }
    match HeaderName::from_bytes(name) {
        Some(known) => Ok((known as u8, name.len())),
        None if name.len() <= usize::from(u8::MAX) && chars::is_token(name) => {
            Ok((name::NONE, name.len()))
        }
        None => Err(no_name(bytes, start)),
    }
}

/// Where the value starts and ends without the white space around it, folds included.
#[cold]
fn trim(bytes: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    while start < end && is_space(bytes[start]) {
        start += 1;
    }
    while start < end && is_space(bytes[end - 1]) {
        end -= 1;
    }
    (start, end)
}

fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// The line end of a field whose value starts at `value` and holds control octets in quoted pairs.
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
