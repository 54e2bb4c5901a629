//! Addresses with a display name and parameters: From, To, Contact, Route and their like (RFC 3261 section 20.10).

use core::fmt;
use core::ops::Range;
use std::borrow::Cow;

use super::cursor::Cursor;
use super::params::{Params, unquote, write_on_a_line};
use super::{ParseError, ParseErrorKind, chars, scan};
use crate::uri::Uri;

/// `name-addr` or `addr-spec`, with the parameters that follow.
#[derive(Debug, Clone, Copy)]
pub struct NameAddr<'a> {
    display: &'a [u8],
    uri: Uri<'a>,
    params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// Reads one value, such as `"Anna" <sip:anna@example.com>;tag=88`.
    pub fn parse(value: &'a [u8]) -> Result<NameAddr<'a>, ParseError> {
        let mut cursor = Cursor::new(value);
        let address = NameAddr::read(&mut cursor)?;
        cursor.end()?;
        Ok(address)
    }

    /// Reads one value up to its end or to the comma before the next.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<NameAddr<'a>, ParseError> {
        let Places { display, uri, params, .. } = Places::read(cursor)?;
        let of = |place| cursor.text.get(place).unwrap_or_default();
        let uri_at = uri.start;
        let uri = Uri::read(of(uri)).map_err(|error| error.shifted(uri_at))?;
        Ok(NameAddr { display: of(display), uri, params: Params::checked(of(params)) })
    }

    /// The display name for people: without quotes and backslashes, control characters as U+FFFD; empty if there is none.
    pub fn display_name(&self) -> Cow<'a, str> {
        let name = match String::from_utf8_lossy(self.display) {
            Cow::Borrowed(name) => unquote(name),
            Cow::Owned(name) => Cow::Owned(unquote(&name).into_owned()),
        };
        if name.chars().any(char::is_control) {
            let mask = |symbol: char| if symbol.is_control() { '\u{fffd}' } else { symbol };
            return Cow::Owned(name.chars().map(mask).collect());
        }
        name
    }

    /// The display name as written, quotes included.
    pub fn display_bytes(&self) -> &'a [u8] {
        self.display
    }

    /// The URI.
    pub fn uri(&self) -> Uri<'a> {
        self.uri
    }

    /// The parameters of the header field, not the URI's.
    pub fn params(&self) -> Params<'a> {
        self.params
    }

    /// The tag parameter (RFC 3261 section 19.3).
    pub fn tag(&self) -> Option<&'a str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The expires parameter of a Contact, in seconds; `None` also if it is not a number.
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires")?.parse().ok()
    }

    /// The q parameter of a Contact in thousandths, 1000 if there is none or it is malformed (RFC 3261 section 20.10).
    pub fn q(&self) -> u16 {
        self.params.get("q").and_then(parse_q).unwrap_or(1000)
    }
}

impl fmt::Display for NameAddr<'_> {
    /// The address on one line, its URI in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.display.is_empty() {
            write_on_a_line(f, self.display)?;
            f.write_str(" ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// `qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`, in thousandths.
fn parse_q(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let thousandths = fraction.parse::<u16>().unwrap_or(0) * [1000, 100, 10, 1][fraction.len()];
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// Where the pieces of an address are, its URI not yet read.
pub(super) struct Places {
    display: Range<usize>,
    uri: Range<usize>,
    params: Range<usize>,
    /// The tag parameter; empty if there is none.
    pub(super) tag: Range<usize>,
}

impl Places {
    /// Reads one value up to its end or to the comma before the next.
    #[inline(always)]
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Places, ParseError> {
        cursor.skip_lws();
        let start = cursor.at;
        let display = match cursor.peek() {
            Some(b'<') => start..start,
            Some(b'"') => {
                cursor.quoted()?;
                let display = start..cursor.at;
                cursor.skip_space();
                if cursor.peek() != Some(b'<') {
                    return Err(cursor.error(ParseErrorKind::Bracket));
                }
                display
            }
            _ => tokens(cursor),
        };
        if !cursor.eat(b'<') {
            return Places::read_bare(cursor, start, display);
        }
        let start = cursor.at;
        let Some(end) = scan::octet(cursor.text, start, b'>') else {
            return Err(ParseError::new(ParseErrorKind::Bracket, start));
        };
        cursor.at = end + 1;
        let (params, tag) = read_params(cursor)?;
        Ok(Places { display, uri: start..end, params, tag })
    }

    /// No brackets: the URI stands alone, and what follows a semicolon belongs to the header field.
    fn read_bare(
        cursor: &mut Cursor<'_>,
        start: usize,
        display: Range<usize>,
    ) -> Result<Places, ParseError> {
        if cursor.peek() != Some(b':')
            && !display.is_empty()
            && scan::octet(cursor.text, cursor.at, b'<').is_some()
        {
            return Err(cursor.error(ParseErrorKind::DisplayName));
        }
        cursor.at = start;
        let ends = |octet: &u8| {
            matches!(octet, b';' | b',' | b'?' | b' ' | b'\t' | b'\r' | b'<' | b'>' | b'"')
        };
        let length = cursor.rest().iter().position(ends).unwrap_or(cursor.rest().len());
        if length == 0 {
            return Err(cursor.error(ParseErrorKind::Bracket));
        }
        cursor.at += length;
        let uri = start..cursor.at;
        if cursor.peek() == Some(b'?') {
            return Err(cursor.error(ParseErrorKind::UriHeaders));
        }
        let (params, tag) = read_params(cursor)?;
        Ok(Places { display: 0..0, uri, params, tag })
    }
}

/// Where the parameters stand, and the value of the tag among them.
#[inline(always)]
fn read_params(cursor: &mut Cursor<'_>) -> Result<(Range<usize>, Range<usize>), ParseError> {
    let mut tag = 0..0;
    let params = Params::read_each(cursor, |name, value| {
        if tag.is_empty() && chars::is_name(name, b"tag") {
            tag = value;
        }
    })?;
    Ok((params, tag))
}

/// `*(token LWS)`, without the white space at its end.
fn tokens(cursor: &mut Cursor<'_>) -> Range<usize> {
    let start = cursor.at;
    let mut end = start;
    while !cursor.span(chars::TOKEN).is_empty() {
        end = cursor.at;
        cursor.skip_lws();
    }
    start..end
}
