//! Parameters: `;name` and `;name=value` (RFC 3261 section 25.1, `generic-param`).

use core::fmt::{self, Write as _};
use core::ops::Range;
use std::borrow::Cow;

use super::cursor::{Cursor, text, trimmed};
use super::{ParseError, ParseErrorKind, chars};

/// The parameters of a header value, in the order in which they stand; names compare without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Params<'a> {
    /// Checked: empty, or starts with a semicolon.
    text: &'a [u8],
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    /// Its name, as written.
    pub name: &'a str,
    /// Its value as written, with its quotes if it is quoted; `None` for a flag such as `;lr`.
    pub value: Option<&'a str>,
}

impl<'a> Params<'a> {
    /// Reads `;name=value` pairs up to the end of the value or to a comma.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let place = Params::read_each(cursor, |_, _| {})?;
        Ok(Params { text: cursor.text.get(place).unwrap_or_default() })
    }

    /// The same, and shows each name and where its value stands, on the way. Returns where all of them stand.
    #[inline(always)]
    pub(crate) fn read_each(
        cursor: &mut Cursor<'a>,
        mut each: impl FnMut(&'a [u8], Range<usize>),
    ) -> Result<Range<usize>, ParseError> {
        cursor.skip_lws();
        let start = cursor.at;
        let mut end = start;
        while cursor.eat(b';') {
            cursor.skip_lws();
            let (name, value) = read_param(cursor)?;
            each(name, value.unwrap_or_default());
            end = cursor.at;
            cursor.skip_lws();
        }
        Ok(start..end)
    }

    /// Parameters that were read before.
    pub(crate) fn checked(text: &'a [u8]) -> Self {
        Params { text }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The parameters as written, from the first semicolon on.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.text
    }

    /// The value of the first parameter of this name; empty if it has none. Quotes are kept.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.iter()
            .find(|param| param.name.eq_ignore_ascii_case(name))
            .map(|p| p.value.unwrap_or(""))
    }

    /// The value of the first parameter of this name, without quotes and backslashes.
    pub fn unquoted(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(unquote)
    }

    /// Whether there is a parameter of this name.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All of them.
    pub fn iter(&self) -> ParamIter<'a> {
        ParamIter { cursor: Cursor::new(self.text) }
    }
}

impl fmt::Display for Params<'_> {
    /// As written, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_on_a_line(f, self.text)
    }
}

/// Octets of a header value as text on one line: a line end that folds is left out before its space, and other control
/// octets become spaces.
pub(super) fn write_on_a_line(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    for symbol in String::from_utf8_lossy(octets).chars() {
        match symbol {
            '\r' | '\n' => {}
            symbol if symbol.is_control() => f.write_char(' ')?,
            symbol => f.write_char(symbol)?,
        }
    }
    Ok(())
}

impl<'a> IntoIterator for Params<'a> {
    type Item = Param<'a>;
    type IntoIter = ParamIter<'a>;

    fn into_iter(self) -> ParamIter<'a> {
        self.iter()
    }
}

/// Goes through [`Params`].
#[derive(Debug, Clone)]
pub struct ParamIter<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Iterator for ParamIter<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        self.cursor.skip_lws();
        if !self.cursor.eat(b';') {
            return None;
        }
        self.cursor.skip_lws();
        let (name, value) = read_param(&mut self.cursor).ok()?;
        let of = |place| text(self.cursor.text.get(place).unwrap_or_default());
        Some(Param { name: text(name), value: value.map(of) })
    }
}

/// `token [EQUAL (token / host / quoted-string)]`
#[inline(always)]
fn read_param<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a [u8], Option<Range<usize>>), ParseError> {
    let name = cursor.span(chars::TOKEN);
    if name.is_empty() {
        return Err(cursor.error(ParseErrorKind::Parameter));
    }
    let end = cursor.at;
    cursor.skip_lws();
    if !cursor.eat(b'=') {
        cursor.at = end;
        return Ok((name, None));
    }
    cursor.skip_lws();
    let start = cursor.at;
    match cursor.peek() {
        Some(b'"') => cursor.quoted()?,
        _ => cursor.long_span(chars::TOKEN | chars::PARAM),
    };
    if cursor.at == start {
        return Err(cursor.error(ParseErrorKind::Parameter));
    }
    Ok((name, Some(start..cursor.at)))
}

/// The text of a `quoted-string`, without its quotes and backslashes; other text as it is.
pub fn unquote(value: &str) -> Cow<'_, str> {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(value);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut escaped = false;
    for symbol in inner.chars() {
        if symbol == '\\' && !escaped {
            escaped = true;
        } else {
            out.push(symbol);
            escaped = false;
        }
    }
    Cow::Owned(out)
}

/// `text` as a `quoted-string`: control characters become spaces, quotes and backslashes are escaped.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for symbol in text.chars() {
        match symbol {
            '"' | '\\' => {
                out.push('\\');
                out.push(symbol);
            }
            symbol if symbol.is_control() => out.push(' '),
            symbol => out.push(symbol),
        }
    }
    out.push('"');
    out
}

/// The items of a comma-separated list, without white space at their ends; commas in quotes and in angle brackets do not count.
#[derive(Debug, Clone)]
pub(crate) struct Items<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Items<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Items { rest: Some(value) }
    }

    /// What follows the comma after the last item taken; `None` if none does.
    pub(crate) fn rest(&self) -> Option<&'a [u8]> {
        self.rest.map(trimmed)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let mut at = 0;
        let mut in_brackets = false;
        while let Some(&octet) = rest.get(at) {
            match octet {
                b'"' => {
                    let mut cursor = Cursor { text: rest, at };
                    match cursor.quoted() {
                        Ok(_) => at = cursor.at,
                        Err(_) => at = rest.len(),
                    }
                    continue;
                }
                b'<' => in_brackets = true,
                b'>' => in_brackets = false,
                b',' if !in_brackets => {
                    self.rest = Some(&rest[at + 1..]);
                    return Some(trimmed(&rest[..at]));
                }
                _ => {}
            }
            at += 1;
        }
        self.rest = None;
        Some(trimmed(rest))
    }
}
