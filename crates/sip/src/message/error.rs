//! What can be wrong with a message.

use core::fmt;

use super::{HeaderName, StatusCode};

/// Why a message, or a value in one, could not be read: what, and at which octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    kind: ParseErrorKind,
    offset: u32,
    header: Option<HeaderName>,
}

/// The kinds of [`ParseError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The header section has no end (an empty line), or there is nothing at all.
    Incomplete,
    /// The message is longer than [`MAX_MESSAGE`](super::MAX_MESSAGE).
    MessageTooLarge,
    /// A line, folds included, is longer than [`MAX_LINE`](super::MAX_LINE).
    LineTooLong,
    /// There are more header fields than [`MAX_HEADERS`](super::MAX_HEADERS).
    TooManyHeaders,
    /// The first line is neither a request line nor a status line.
    StartLine,
    /// The method is not a token, or longer than [`MAX_METHOD`](super::MAX_METHOD).
    Method,
    /// The Request-URI holds white space, or angle brackets, or is empty.
    RequestUri,
    /// The version is not `SIP/2.0`.
    Version,
    /// The status code is not three digits from 100 to 699.
    StatusCode,
    /// A header line has no colon, or its name is not a token of at most 255 octets.
    FieldName,
    /// A control octet stands where none may (RFC 3261 section 25.1 allows them after a backslash in quotes only).
    ControlOctet,
    /// A header field that every message must have is missing.
    Missing,
    /// A header field that may occur once occurs twice, or holds two values.
    Repeated,
    /// Not a decimal number, or one that is out of its range.
    Number,
    /// The Content-Length is greater than what follows the header section.
    BodyTruncated,
    /// The CSeq's method is not the request's (RFC 3261 section 8.1.1.5).
    MethodMismatch,
    /// A token was expected.
    Token,
    /// A quoted string does not end.
    Quote,
    /// A display name that is not in quotes holds something else than tokens.
    DisplayName,
    /// An angle bracket is missing, or does not close.
    Bracket,
    /// A URI is longer than [`MAX_URI`](crate::MAX_URI).
    UriTooLong,
    /// A URI's scheme is missing or malformed.
    Scheme,
    /// A user or password holds an octet that must be escaped.
    User,
    /// A host is missing or malformed.
    Host,
    /// A port is not a number from 1 to 65535.
    Port,
    /// A percent sign without two hexadecimal digits.
    Escape,
    /// A parameter is malformed.
    Parameter,
    /// The header part of a URI (after the question mark) is malformed, or stands where none may.
    UriHeaders,
    /// Something follows where the value should have ended.
    Trailing,
    /// A date is not an RFC 1123 date in GMT (RFC 3261 section 20.17).
    Date,
    /// More values than this crate reads: see the limits on the front page.
    TooMany,
}

impl ParseError {
    pub(crate) const fn new(kind: ParseErrorKind, offset: usize) -> Self {
        ParseError { kind, offset: offset as u32, header: None }
    }

    /// The same error, seen from `base` octets earlier.
    pub(crate) const fn shifted(mut self, base: usize) -> Self {
        self.offset += base as u32;
        self
    }

    pub(crate) const fn within(mut self, header: HeaderName) -> Self {
        self.header = Some(header);
        self
    }

    /// The kind of the error.
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// The octet at which it was noticed, from the start of what was parsed.
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }

    /// The header field in which it is, or which is missing.
    pub const fn header(&self) -> Option<HeaderName> {
        self.header
    }

    /// The status code with which an element would refuse a request that has this error
    /// (RFC 3261 sections 21.4 and 21.5). A response with an error is dropped, never answered.
    pub const fn status(&self) -> StatusCode {
        match self.kind {
            ParseErrorKind::MessageTooLarge | ParseErrorKind::TooManyHeaders => {
                StatusCode::MESSAGE_TOO_LARGE
            }
            ParseErrorKind::Version => StatusCode::VERSION_NOT_SUPPORTED,
            ParseErrorKind::UriTooLong => StatusCode::REQUEST_URI_TOO_LONG,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl ParseErrorKind {
    const fn text(self) -> &'static str {
        match self {
            ParseErrorKind::Incomplete => "the header section does not end with an empty line",
            ParseErrorKind::MessageTooLarge => "the message is longer than 65,535 octets",
            ParseErrorKind::LineTooLong => "the line is longer than 8,192 octets",
            ParseErrorKind::TooManyHeaders => "there are more than 256 header fields",
            ParseErrorKind::StartLine => "expected `METHOD URI SIP/2.0` or `SIP/2.0 CODE REASON`",
            ParseErrorKind::Method => "expected a method: a token of 1 to 64 octets",
            ParseErrorKind::RequestUri => "expected a URI without white space or angle brackets",
            ParseErrorKind::Version => "expected `SIP/2.0`",
            ParseErrorKind::StatusCode => "expected a status code from 100 to 699",
            ParseErrorKind::FieldName => "expected a header field name and a colon",
            ParseErrorKind::ControlOctet => "a control octet stands where none may",
            ParseErrorKind::Missing => "the header field is missing",
            ParseErrorKind::Repeated => "the header field may hold one value only",
            ParseErrorKind::Number => "expected a decimal number in range",
            ParseErrorKind::BodyTruncated => "the body is shorter than Content-Length says",
            ParseErrorKind::MethodMismatch => "the method is not the request line's",
            ParseErrorKind::Token => "expected a token",
            ParseErrorKind::Quote => "the quoted string does not end",
            ParseErrorKind::DisplayName => "this display name must be in quotes",
            ParseErrorKind::Bracket => "expected a URI, in angle brackets unless it stands alone",
            ParseErrorKind::UriTooLong => "the URI is longer than 4,096 octets",
            ParseErrorKind::Scheme => "expected a scheme and a colon",
            ParseErrorKind::User => "the octet must be escaped in a user or password",
            ParseErrorKind::Host => "expected a host name, an IPv4 address or [IPv6]",
            ParseErrorKind::Port => "expected a port from 1 to 65535",
            ParseErrorKind::Escape => "expected two hexadecimal digits after `%`",
            ParseErrorKind::Parameter => "expected `;name` or `;name=value`",
            ParseErrorKind::UriHeaders => "URI headers are malformed, or may not stand here",
            ParseErrorKind::Trailing => "the value should end here",
            ParseErrorKind::Date => "expected a date such as `Sat, 13 Nov 2010 23:29:00 GMT`",
            ParseErrorKind::TooMany => "there are too many values",
        }
    }
}

impl fmt::Display for ParseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.header {
            Some(header) => write!(f, "octet {}, {header}: {}", self.offset, self.kind),
            None => write!(f, "octet {}: {}", self.offset, self.kind),
        }
    }
}

impl core::error::Error for ParseError {}
