//! Where the header fields of a message are.

use super::cursor::is_fold;
use super::scan::Controls;
use super::{HeaderName, MAX_HEADERS, MAX_LINE, ParseError, ParseErrorKind, chars, name, scan};

/// Header fields kept in the message itself; more are on the heap.
const INLINE: usize = 24;

/// One header field: where its name and its value are. A message has at most 65,535 octets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

    pub(crate) fn value_end(&self) -> usize {
        usize::from(self.end)
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

    fn push(&mut self, entry: Entry) -> Result<(), ParseError> {
        match self.few.get_mut(usize::from(self.count)) {
            Some(place) => *place = entry,
            None => self.push_on_the_heap(entry)?,
        }
        self.count += 1;
        Ok(())
    }

    fn push_on_the_heap(&mut self, entry: Entry) -> Result<(), ParseError> {
        if usize::from(self.count) == MAX_HEADERS {
            return Err(ParseError::new(ParseErrorKind::TooManyHeaders, entry.line_start()));
        }
        if usize::from(self.count) == INLINE {
            self.many.clear();
            self.many.extend_from_slice(&self.few);
        }
        self.many.push(entry);
        Ok(())
    }

    /// Reads the header fields that start at `at`, up to which `controls` has come; returns where the body starts. Notes
    /// the first of each field that routing needs.
    #[inline]
    pub(crate) fn read(
        &mut self,
        mut controls: Controls<'_>,
        mut at: usize,
        firsts: &mut Firsts,
    ) -> Result<usize, ParseError> {
        self.count = 0;
        loop {
            // The place after the last that is taken; the field stands there once it is counted.
            let usual = match self.few.get_mut(usize::from(self.count)) {
                Some(place) => match usual_field(&mut controls, at, place) {
                    Some(line_end) => {
                        firsts.note(place, self.count)?;
                        self.count += 1;
                        Some(line_end)
                    }
                    None => None,
                },
                None => None,
            };
            at = match usual {
                Some(line_end) => line_end,
                None => match self.read_any(controls.bytes(), at, firsts)? {
                    Some(line_end) => line_end,
                    None => return Ok(at + 2),
                },
            };
            at += 2;
        }
    }

    #[cold]
    fn read_any(
        &mut self,
        bytes: &[u8],
        at: usize,
        firsts: &mut Firsts,
    ) -> Result<Option<usize>, ParseError> {
        let Some((entry, line_end)) = any_field(bytes, at)? else { return Ok(None) };
        firsts.note(&entry, self.count)?;
        self.push(entry)?;
        Ok(Some(line_end))
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

    /// The number of the first entry of this name, which is one that routing needs; of none, a number that no entry has.
    #[inline(always)]
    pub(crate) fn number(&self, name: HeaderName) -> u16 {
        self.0[usize::from(RANK[name as usize] & 15)]
    }

    /// The same, if there is one.
    pub(crate) fn get(&self, name: HeaderName) -> Option<u16> {
        Some(self.number(name)).filter(|&number| number != u16::MAX)
    }
}

#[cold]
fn repeated(entry: &Entry, rank: u8) -> ParseError {
    let name = ROUTING[usize::from(rank)];
    ParseError::new(ParseErrorKind::Repeated, entry.line_start()).within(name)
}

/// Goes through header fields, up to the empty line after them.
pub(super) struct Fields<'a> {
    controls: Controls<'a>,
    /// Where the next line starts.
    at: usize,
}

impl<'a> Fields<'a> {
    /// Those that start at `at`.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Fields<'a> {
        Fields { controls: Controls::new(bytes), at }
    }

    /// `field-name HCOLON value CRLF`; `None` is the empty line.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, ParseError> {
        let mut entry = Entry::default();
        let field = match usual_field(&mut self.controls, self.at, &mut entry) {
            Some(line_end) => Some((entry, line_end)),
            None => any_field(self.controls.bytes(), self.at)?,
        };
        Ok(field.map(|(entry, line_end)| {
            self.at = line_end + 2;
            entry
        }))
    }
}

/// Reads a field as nearly all are written, and returns where its line ends: a name that is known, a colon, one space or
/// none, and a value on one line without white space at its ends. Whatever else stands there is for [`any_field`].
#[inline(always)]
fn usual_field(controls: &mut Controls<'_>, start: usize, entry: &mut Entry) -> Option<usize> {
    let rest = controls.bytes().get(start..)?;
    let colon = scan::near_colon(rest)?;
    let end = controls.first(start)?;
    let line = rest.get(..end + 3 - start)?;
    // The next line starts with a name, or is the empty one: no fold.
    let &[.., last, b'\r', b'\n', after] = line else { return None };
    if matches!(after, b' ' | b'\t') || line.len() > MAX_LINE {
        return None;
    }
    let value = colon + 1 + usize::from(*line.get(colon + 1)? == b' ');
    if *line.get(value)? <= b' ' || last <= b' ' {
        return None;
    }
    let id = name::as_usual(rest, colon);
    if id == name::NONE {
        return None;
    }
    // One after the other: as a whole it would be put together in a register first.
    entry.name_start = start as u16;
    entry.name_len = colon as u8;
    entry.id = id;
    entry.start = (start + value) as u16;
    entry.end = end as u16;
    Some(end)
}

/// Any field, and where its line ends; `None` for the empty line.
#[cold]
fn any_field(bytes: &[u8], start: usize) -> Result<Option<(Entry, usize)>, ParseError> {
    match bytes.get(start..) {
        Some([b'\r', b'\n', ..]) => return Ok(None),
        Some([_, ..]) => {}
        _ => return Err(ParseError::new(ParseErrorKind::Incomplete, start)),
    }
    let no_name = || {
        let at = start + chars::span(&bytes[start..], chars::TOKEN);
        ParseError::new(ParseErrorKind::FieldName, at)
    };
    let colon = scan::octet(bytes, start, b':').ok_or_else(no_name)?;
    let mut name = &bytes[start..colon];
    while let [before @ .., b' ' | b'\t'] = name {
        name = before;
    }
    let length = u8::try_from(name.len()).map_err(|_| no_name())?;
    let id = match HeaderName::from_bytes(name) {
        Some(known) => known as u8,
        None if chars::is_token(name) => name::NONE,
        None => return Err(no_name()),
    };
    let line_end = find_line_end(bytes, start, colon + 1)?;
    let is_space = |octet: u8| matches!(octet, b' ' | b'\t' | b'\r' | b'\n');
    let (mut value, mut end) = (colon + 1, line_end);
    while value < end && is_space(bytes[value]) {
        value += 1;
    }
    while value < end && is_space(bytes[end - 1]) {
        end -= 1;
    }
    let entry = Entry {
        name_start: start as u16,
        name_len: length,
        id,
        start: value as u16,
        end: end as u16,
    };
    Ok(Some((entry, line_end)))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever stands before it in the block of octets, a field reads the same by both ways, or by the second only.
    #[test]
    fn the_usual_way_reads_what_any_way_reads() {
        let fields = [
            "To: <sip:a@example.com>",
            "t:b",
            "Content-Disposition: session",
            "P-Asserted-Identity: <tel:+1>",
            "Subject: ",
            "Subject:",
            "subject : x",
            "CSeq: 1\r\n INVITE",
            "From:\t<sip:a@b>;tag=1 ",
            "Date: a\tb",
            "X-Unknown: y",
            "Organization: \u{e9}:\u{fc}",
            "Server: \"\\\u{7f}\"",
            "Call-ID",
            "Via: \r",
            "",
        ];
        for field in fields {
            for before in 0..140 {
                let text = format!("{}{field}\r\nl: 0\r\n\r\n", "x".repeat(before));
                let bytes = text.as_bytes();
                let mut entry = Entry::default();
                let usual = usual_field(&mut Controls::new(bytes), before, &mut entry);
                let any = any_field(bytes, before);
                if let Some(line_end) = usual {
                    assert_eq!(any, Ok(Some((entry, line_end))), "{field:?} at {before}");
                }
                let mut fields = Fields::new(bytes, before);
                assert_eq!(fields.next(), any.map(|found| found.map(|(entry, _)| entry)));
            }
        }
    }
}
