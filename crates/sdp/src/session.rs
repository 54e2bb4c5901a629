use core::{fmt, str::FromStr};

use crate::error::{ErrorKind, ParseError};
use crate::line::{Line, attributes};
use crate::media::{Media, direction};
use crate::{Connection, Direction, Origin, Text, limits};

/// A session description (RFC 8866). Every line is kept, in its place, and printed again.
///
/// ```
/// use switchboard_sdp::Session;
///
/// let body = "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
///             m=audio 4000 RTP/AVP 8 0\r\na=x-lift:2\r\n";
/// let session = Session::parse(body.as_bytes())?;
/// assert_eq!(session.media()[0].port(), 4000);
/// assert_eq!(session.to_string(), body);
/// # Ok::<(), switchboard_sdp::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub(crate) origin: Origin,
    pub(crate) connection: Option<Connection>,
    /// The session's lines after `v=`.
    pub(crate) lines: Vec<Line>,
    pub(crate) media: Vec<Media>,
}

impl Session {
    /// Reads a description. Lines end with CRLF or LF (RFC 8866 section 5), the last one may end
    /// with nothing, and empty ones may follow; lines may stand in any order behind `v=0`, and
    /// unknown ones are kept.
    ///
    /// # Errors
    /// [`ParseError`] with line, offset and kind of the first fault.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        if body.len() > limits::MAX_OCTETS {
            return Err(ParseError::new(limits::MAX_OCTETS, 0, ErrorKind::TooLong));
        }
        let text = core::str::from_utf8(body).map_err(|error| {
            let before = &body[..error.valid_up_to()];
            let line = before.iter().filter(|&&octet| octet == b'\n').count() + 1;
            ParseError::new(error.valid_up_to(), line, ErrorKind::NotUtf8)
        })?;
        let mut parser = Parser::default();
        let mut offset = 0;
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let fault = |kind| ParseError::new(offset, at + 1, kind);
            if at >= limits::MAX_LINES {
                return Err(fault(ErrorKind::TooManyLines));
            }
            parser.line(at, strip_ending(line)).map_err(fault)?;
            offset += line.len();
        }
        parser.end().map_err(|kind| ParseError::new(offset, text.lines().count(), kind))
    }

    /// The `o=` line.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The session's `c=` line, for media that have none.
    #[must_use]
    pub const fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// The session's lines behind `v=0`, in order, known or not.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The values of a session attribute, in order; `""` for one without a value.
    pub fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        attributes(&self.lines, name)
    }

    /// The media, in order.
    #[must_use]
    pub fn media(&self) -> &[Media] {
        &self.media
    }

    /// A medium's direction: its own, or the session's, or `sendrecv`.
    #[must_use]
    pub fn direction_of(&self, medium: &Media) -> Direction {
        medium.direction().or_else(|| direction(&self.lines)).unwrap_or_default()
    }
}

/// Takes the line's end off: CRLF or LF.
fn strip_ending(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

#[derive(Default)]
struct Parser {
    origin: Option<Origin>,
    connection: Option<Connection>,
    named: bool,
    begun: bool,
    /// An empty line came: only empty ones can follow.
    ended: bool,
    lines: Vec<Line>,
    media: Vec<Media>,
}

impl Parser {
    fn line(&mut self, at: usize, line: &str) -> Result<(), ErrorKind> {
        if self.ended || line.is_empty() {
            self.ended = true;
            return if line.is_empty() { Ok(()) } else { Err(ErrorKind::BadLine) };
        }
        let (kind, value) = match line.as_bytes() {
            [kind, b'=', ..] if kind.is_ascii_alphabetic() => (*kind, &line[2..]),
            _ if at == 0 => return Err(ErrorKind::BadVersion),
            _ => return Err(ErrorKind::BadLine),
        };
        let text = Text::new(value).map_err(|_| ErrorKind::ControlCharacter)?;
        if at == 0 {
            self.begun = line == "v=0";
            return if self.begun { Ok(()) } else { Err(ErrorKind::BadVersion) };
        }
        match kind {
            b'v' => return Err(ErrorKind::DuplicateLine),
            b'm' => {
                if self.media.len() >= limits::MAX_MEDIA {
                    return Err(ErrorKind::TooManyMedia);
                }
                self.media.push(Media::parse(value)?);
                return Ok(());
            }
            b'c' => {
                let connection = Connection::parse(value).ok_or(ErrorKind::BadConnection)?;
                match self.media.last_mut() {
                    // A medium may list several multicast addresses: the first counts.
                    Some(medium) => _ = medium.connection.get_or_insert(connection),
                    None if self.connection.is_some() => return Err(ErrorKind::DuplicateLine),
                    None => self.connection = Some(connection),
                }
            }
            b'o' if self.media.is_empty() => {
                if self.origin.is_some() {
                    return Err(ErrorKind::DuplicateLine);
                }
                self.origin = Some(Origin::parse(value).ok_or(ErrorKind::BadOrigin)?);
            }
            b's' if self.media.is_empty() => {
                self.named = if self.named { return Err(ErrorKind::DuplicateLine) } else { true };
            }
            _ => {}
        }
        let lines = self.media.last_mut().map_or(&mut self.lines, |medium| &mut medium.lines);
        lines.push(Line::new(kind, text));
        Ok(())
    }

    fn end(self) -> Result<Session, ErrorKind> {
        if !self.begun {
            return Err(ErrorKind::BadVersion);
        }
        Ok(Session {
            origin: self.origin.ok_or(ErrorKind::NoOrigin)?,
            connection: self.connection,
            lines: self.lines,
            media: self.media,
        })
    }
}

impl FromStr for Session {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=0\r\n")?;
        self.lines.iter().try_for_each(|line| line.fmt(f))?;
        self.media.iter().try_for_each(|medium| medium.fmt(f))
    }
}
