//! The start line (RFC 3261 sections 7.1 and 7.2).

use super::frame::Span;
use super::scan::Controls;
use super::{MAX_LINE, MAX_METHOD, ParseError, ParseErrorKind, StatusCode, chars, scan};

/// The start line, but for a request's method.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start {
    Request { uri: Span },
    Response { status: StatusCode, reason: Span },
}

/// Reads the start line: what it is, the method, which is empty in a response, and where the next line starts.
#[inline]
pub(super) fn read(
    bytes: &[u8],
    controls: &mut Controls<'_>,
) -> Result<(Start, Span, usize), ParseError> {
    let line = line(bytes, controls)?;
    let next = line.len() + 2;
    if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/")) {
        return Ok((read_status_line(line)?, Span::default(), next));
    }
    let (start, method) = read_request_line(line)?;
    Ok((start, method, next))
}

/// The first line, without its end; control octets but tabs end it badly.
fn line<'a>(bytes: &'a [u8], controls: &mut Controls<'_>) -> Result<&'a [u8], ParseError> {
    let incomplete = ParseError::new(ParseErrorKind::Incomplete, bytes.len());
    let mut at = 0;
    loop {
        at = controls.first(at).ok_or(incomplete)?;
        if at > MAX_LINE {
            return Err(ParseError::new(ParseErrorKind::LineTooLong, at));
        }
        match bytes[at..] {
            [b'\t', ..] => at += 1,
            [b'\r', b'\n', ..] => return Ok(&bytes[..at]),
            [b'\r'] => return Err(incomplete),
            [b'\n', ..] => return Err(ParseError::new(ParseErrorKind::StartLine, at)),
            _ => return Err(ParseError::new(ParseErrorKind::ControlOctet, at)),
        }
    }
}

/// `SIP-Version SP Status-Code SP Reason-Phrase`
fn read_status_line(line: &[u8]) -> Result<Start, ParseError> {
    if !line.get(..8).is_some_and(|version| version.eq_ignore_ascii_case(b"SIP/2.0 ")) {
        return Err(ParseError::new(ParseErrorKind::Version, 0));
    }
    let code = match line.get(8..11) {
        Some([a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9']) => {
            u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')
        }
        _ => return Err(ParseError::new(ParseErrorKind::StatusCode, 8)),
    };
    // The reason phrase may be empty; some senders then leave out the space before it.
    let reason = match line.get(11) {
        None => Span::default(),
        Some(b' ') => Span::new(12, line.len()),
        Some(_) => return Err(ParseError::new(ParseErrorKind::StatusCode, 8)),
    };
    let status = StatusCode::new(code).ok_or(ParseError::new(ParseErrorKind::StatusCode, 8))?;
    Ok(Start::Response { status, reason })
}

/// `Method SP Request-URI SP SIP-Version`; the URI is looked into when somebody asks for it.
fn read_request_line(line: &[u8]) -> Result<(Start, Span), ParseError> {
    let method = chars::span(line, chars::TOKEN);
    if method == 0 || method > MAX_METHOD || line.get(method) != Some(&b' ') {
        return Err(ParseError::new(ParseErrorKind::Method, 0));
    }
    let uri_at = method + 1;
    // A URI is all visible, so it ends at the first space.
    let space = scan::hidden(line, uri_at).unwrap_or(line.len());
    let is_uri = line.get(uri_at).is_some_and(u8::is_ascii_alphabetic);
    if !is_uri || line.get(space..) != Some(b" SIP/2.0") {
        check_request_line(line, uri_at)?;
    }
    Ok((Start::Request { uri: Span::new(uri_at, space) }, Span::new(0, method)))
}

/// A request line that is wrong after its method, or has its version in other letters.
#[cold]
fn check_request_line(line: &[u8], uri_at: usize) -> Result<(), ParseError> {
    let Some(space) = scan::octet(line, uri_at, b' ') else {
        return Err(ParseError::new(ParseErrorKind::StartLine, line.len()));
    };
    let (uri, version) = (&line[uri_at..space], &line[space + 1..]);
    if !uri.first().is_some_and(u8::is_ascii_alphabetic) || scan::hidden(uri, 0).is_some() {
        return Err(ParseError::new(ParseErrorKind::RequestUri, uri_at));
    }
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Err(ParseError::new(wrong_version(version), space + 1));
    }
    Ok(())
}

/// What is wrong where `SIP/2.0` should stand.
fn wrong_version(version: &[u8]) -> ParseErrorKind {
    let starts = |text: &[u8]| text.get(..4).is_some_and(|s| s.eq_ignore_ascii_case(b"SIP/"));
    if starts(version) && !version.contains(&b' ') {
        ParseErrorKind::Version
    } else if starts(version.trim_ascii()) {
        ParseErrorKind::StartLine
    } else {
        ParseErrorKind::RequestUri
    }
}
