//! URIs: `sip:` and `sips:` (RFC 3261 section 19.1), `tel:` (RFC 3966), and any other scheme as opaque text.

mod compare;
mod escape;

use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;

use crate::message::cursor::{Cursor, text};
use crate::message::{Host, ParseError, ParseErrorKind, chars, port};

pub use escape::{escape_param, escape_user, unescape};

/// The longest URI accepted, in octets.
pub const MAX_URI: usize = 4096;

/// A URI's scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Any other: the rest of the URI is not read.
    Other,
}

/// A URI, read once: its text and where its parts are.
#[derive(Debug, Clone, Copy)]
pub struct Uri<'a> {
    text: &'a str,
    parts: Parts,
}

/// A [`Uri`] that owns its text.
#[derive(Debug, Clone)]
pub struct UriBuf {
    text: Box<str>,
    parts: Parts,
}

#[derive(Debug, Clone, Copy)]
struct Parts {
    scheme: Scheme,
    user: Option<Span>,
    password: Option<Span>,
    host: Span,
    port: Option<u16>,
    params: Span,
    headers: Option<Span>,
}

/// Octets of a text of at most [`MAX_URI`].
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u16,
    end: u16,
}

impl Span {
    fn new(start: usize, end: usize) -> Span {
        Span { start: start as u16, end: end as u16 }
    }

    fn of(self, text: &str) -> &str {
        text.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default()
    }
}

impl<'a> Uri<'a> {
    /// Reads a URI that takes up the whole text.
    ///
    /// ```
    /// use switchboard_sip::{Scheme, Uri};
    ///
    /// let uri = Uri::parse("sip:anna%23@[2001:db8::1]:5070;transport=tcp?Subject=x")?;
    /// assert_eq!(uri.scheme(), Scheme::Sip);
    /// assert_eq!(uri.user_text().as_deref(), Some("anna#"));
    /// assert_eq!((uri.host_str(), uri.port()), ("[2001:db8::1]", Some(5070)));
    /// assert_eq!(uri.param("transport"), Some("tcp"));
    /// # Ok::<(), switchboard_sip::ParseError>(())
    /// ```
    pub fn parse(uri: &'a str) -> Result<Uri<'a>, ParseError> {
        Uri::read(uri.as_bytes())
    }

    /// Reads a URI that takes up all of the octets.
    pub(crate) fn read(octets: &'a [u8]) -> Result<Uri<'a>, ParseError> {
        if octets.len() > MAX_URI {
            return Err(ParseError::new(ParseErrorKind::UriTooLong, MAX_URI));
        }
        let mut cursor = Cursor::new(octets);
        let scheme = read_scheme(&mut cursor)?;
        let parts = match scheme {
            Scheme::Sip | Scheme::Sips => read_sip(&mut cursor, scheme)?,
            Scheme::Tel => read_tel(&mut cursor)?,
            Scheme::Other => read_other(&mut cursor)?,
        };
        Ok(Uri { text: text(octets), parts })
    }

    /// The URI as written.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.parts.scheme
    }

    /// The user as written, escapes and all; a tel URI's number with its separators.
    pub fn user(&self) -> Option<&'a str> {
        Some(self.parts.user?.of(self.text))
    }

    /// The user without escapes, if that is text without control characters.
    ///
    /// `%00`, `%0d` and the like are legal syntax; a user that holds one exists nowhere and reads as `None`,
    /// so that no name is ever cut short or split by it.
    pub fn user_text(&self) -> Option<Cow<'a, str>> {
        escape::decode(self.user()?)
    }

    /// The password as written. RFC 3261 section 19.1.1 advises against its use.
    pub fn password(&self) -> Option<&'a str> {
        Some(self.parts.password?.of(self.text))
    }

    /// The host; empty in a tel URI and in an unknown scheme.
    pub fn host(&self) -> Host<'a> {
        Host::of(self.host_str())
    }

    /// The host as written, an IPv6 address with its brackets.
    pub fn host_str(&self) -> &'a str {
        self.parts.host.of(self.text)
    }

    /// The port, if it is written.
    pub fn port(&self) -> Option<u16> {
        self.parts.port
    }

    /// The parameters as written, from the first semicolon on.
    pub fn params_str(&self) -> &'a str {
        self.parts.params.of(self.text)
    }

    /// The parameters in order; a flag such as `;lr` has no value.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        split_pairs(self.params_str(), ';')
    }

    /// The value of the first parameter of this name, as written; empty for a flag.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        self.params().find(|pair| pair.0.eq_ignore_ascii_case(name)).map(|p| p.1.unwrap_or(""))
    }

    /// Whether the `lr` parameter makes this a loose router's URI (RFC 3261 section 19.1.1).
    pub fn is_loose_router(&self) -> bool {
        self.param("lr").is_some()
    }

    /// The headers after the question mark, as written. They never become header fields by themselves.
    pub fn headers_str(&self) -> Option<&'a str> {
        Some(self.parts.headers?.of(self.text))
    }

    /// The headers in order, names and values as written, escapes and all.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        split_pairs(self.headers_str().unwrap_or(""), '&').map(|(name, v)| (name, v.unwrap_or("")))
    }

    /// The URI up to its headers, for use as a Request-URI (RFC 3261 section 19.1.5).
    pub fn without_headers(&self) -> Uri<'a> {
        match self.parts.headers {
            None => *self,
            Some(headers) => Uri {
                text: self.text.get(..usize::from(headers.start) - 1).unwrap_or(self.text),
                parts: Parts { headers: None, ..self.parts },
            },
        }
    }

    /// A copy that owns its text.
    pub fn to_buf(&self) -> UriBuf {
        UriBuf { text: self.text.into(), parts: self.parts }
    }
}

impl UriBuf {
    /// The URI as a view.
    pub fn as_uri(&self) -> Uri<'_> {
        Uri { text: &self.text, parts: self.parts }
    }

    /// The URI as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for UriBuf {
    type Err = ParseError;

    fn from_str(uri: &str) -> Result<Self, Self::Err> {
        Uri::parse(uri).map(|uri| uri.to_buf())
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl fmt::Display for UriBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `scheme ":"`, the scheme `ALPHA *(ALPHA / DIGIT / "+" / "-" / ".")`
fn read_scheme(cursor: &mut Cursor<'_>) -> Result<Scheme, ParseError> {
    let inside = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
    let length = cursor.text.iter().position(|octet| !inside(octet));
    match length {
        Some(length) if cursor.text[0].is_ascii_alphabetic() && cursor.text[length] == b':' => {
            cursor.at = length + 1;
            let name = &cursor.text[..length];
            Ok(if name.eq_ignore_ascii_case(b"sip") {
                Scheme::Sip
            } else if name.eq_ignore_ascii_case(b"sips") {
                Scheme::Sips
            } else if name.eq_ignore_ascii_case(b"tel") {
                Scheme::Tel
            } else {
                Scheme::Other
            })
        }
        _ => Err(ParseError::new(ParseErrorKind::Scheme, 0)),
    }
}

/// `[userinfo "@"] hostport *(";" uri-parameter) ["?" headers]`
fn read_sip(cursor: &mut Cursor<'_>, scheme: Scheme) -> Result<Parts, ParseError> {
    let mut user = None;
    let mut password = None;
    if let Some(length) = memchr::memchr(b'@', cursor.rest()) {
        let start = cursor.at;
        let at_sign = start + length;
        let user_end = start + chars::span(cursor.rest(), chars::USER);
        if user_end == start {
            return Err(cursor.error(ParseErrorKind::User));
        }
        user = Some(Span::new(start, user_end));
        cursor.at = user_end;
        if cursor.eat(b':') {
            let from = cursor.at;
            cursor.span(chars::PASSWORD);
            password = Some(Span::new(from, cursor.at));
        }
        if cursor.at != at_sign {
            return Err(cursor.error(ParseErrorKind::User));
        }
        check_escapes(cursor.text, start, at_sign)?;
        cursor.at = at_sign + 1;
    }
    let from = cursor.at;
    Host::read(cursor)?;
    let host = Span::new(from, cursor.at);
    let port = if cursor.eat(b':') { Some(port(cursor)?) } else { None };
    let params = read_params(cursor)?;
    let headers = if cursor.eat(b'?') { Some(read_headers(cursor)?) } else { None };
    if !cursor.is_at_end() {
        return Err(cursor.error(ParseErrorKind::Trailing));
    }
    Ok(Parts { scheme, user, password, host, port, params, headers })
}

/// `*(";" pname ["=" pvalue])`
fn read_params(cursor: &mut Cursor<'_>) -> Result<Span, ParseError> {
    let start = cursor.at;
    while cursor.eat(b';') {
        if cursor.span(chars::PARAM).is_empty() {
            return Err(cursor.error(ParseErrorKind::Parameter));
        }
        if cursor.eat(b'=') && cursor.span(chars::PARAM).is_empty() {
            return Err(cursor.error(ParseErrorKind::Parameter));
        }
    }
    check_escapes(cursor.text, start, cursor.at)?;
    Ok(Span::new(start, cursor.at))
}

/// `hname "=" hvalue *("&" hname "=" hvalue)`
fn read_headers(cursor: &mut Cursor<'_>) -> Result<Span, ParseError> {
    let start = cursor.at;
    loop {
        let name = cursor.span(chars::HEADER);
        if name.is_empty() || !cursor.eat(b'=') {
            return Err(cursor.error(ParseErrorKind::UriHeaders));
        }
        cursor.span(chars::HEADER);
        if !cursor.eat(b'&') {
            break;
        }
    }
    check_escapes(cursor.text, start, cursor.at)?;
    Ok(Span::new(start, cursor.at))
}

/// RFC 3966 section 3: `global-number` or `local-number`, then parameters.
fn read_tel(cursor: &mut Cursor<'_>) -> Result<Parts, ParseError> {
    let start = cursor.at;
    let global = cursor.eat(b'+');
    let digits = cursor.at;
    while let Some(octet) = cursor.peek() {
        match octet {
            b'0'..=b'9' | b'-' | b'.' | b'(' | b')' => {}
            b'a'..=b'f' | b'A'..=b'F' | b'*' | b'#' if !global => {}
            _ => break,
        }
        cursor.at += 1;
    }
    let number = &cursor.text[digits..cursor.at];
    if !number.iter().any(|octet| !matches!(octet, b'-' | b'.' | b'(' | b')')) {
        return Err(cursor.error(ParseErrorKind::User));
    }
    let user = Some(Span::new(start, cursor.at));
    let params = read_params(cursor)?;
    if !cursor.is_at_end() {
        return Err(cursor.error(ParseErrorKind::Trailing));
    }
    let host = Span::default();
    Ok(Parts { scheme: Scheme::Tel, user, password: None, host, port: None, params, headers: None })
}

/// `absoluteURI` of RFC 2396: any of its characters.
fn read_other(cursor: &mut Cursor<'_>) -> Result<Parts, ParseError> {
    let rest = cursor.rest();
    if rest.is_empty() {
        return Err(cursor.error(ParseErrorKind::Scheme));
    }
    let outside = |octet: &u8| !octet.is_ascii_graphic() || matches!(octet, b'<' | b'>' | b'"');
    if let Some(at) = rest.iter().position(outside) {
        return Err(ParseError::new(ParseErrorKind::Trailing, cursor.at + at));
    }
    cursor.at = cursor.text.len();
    Ok(Parts {
        scheme: Scheme::Other,
        user: None,
        password: None,
        host: Span::default(),
        port: None,
        params: Span::default(),
        headers: None,
    })
}

fn check_escapes(octets: &[u8], start: usize, end: usize) -> Result<(), ParseError> {
    if chars::escapes_are_whole(&octets[start..end]) {
        Ok(())
    } else {
        Err(ParseError::new(ParseErrorKind::Escape, start))
    }
}

fn split_pairs(list: &str, separator: char) -> impl Iterator<Item = (&str, Option<&str>)> {
    list.split(separator).filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (pair, None),
    })
}
