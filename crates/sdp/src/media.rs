use core::fmt;

use crate::error::ErrorKind;
use crate::line::{Line, attributes};
use crate::{Connection, Direction, Text, limits};

/// A medium: its `m=` line and the lines under it (RFC 8866 section 5.14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    pub(crate) medium: Text,
    pub(crate) port: u16,
    /// `/2` of `m=audio 49170/2`, as it stood.
    pub(crate) port_count: Option<Text>,
    pub(crate) protocol: Text,
    pub(crate) formats: Vec<Text>,
    pub(crate) connection: Option<Connection>,
    pub(crate) lines: Vec<Line>,
}

impl Media {
    /// `media-field = %s"m" "=" media SP port ["/" integer] SP proto 1*(SP fmt)`
    pub(crate) fn parse(value: &str) -> Result<Self, ErrorKind> {
        let mut fields = value.split(' ').filter(|field| !field.is_empty());
        let mut next = || fields.next().ok_or(ErrorKind::BadMedia);
        let (medium, port, protocol) = (next()?, next()?, next()?);
        let (port, port_count) = match port.split_once('/') {
            Some((port, count)) => (port, Some(count)),
            None => (port, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|o| o.is_ascii_digit());
        if !digits(port) || !port_count.is_none_or(digits) {
            return Err(ErrorKind::BadPort);
        }
        let port = port.parse().map_err(|_| ErrorKind::BadPort)?;
        let formats: Vec<Text> = fields.take(limits::MAX_FORMATS + 1).map(Text::ours).collect();
        match formats.len() {
            0 => return Err(ErrorKind::BadMedia),
            count if count > limits::MAX_FORMATS => return Err(ErrorKind::TooManyFormats),
            _ => {}
        }
        Ok(Self {
            medium: Text::ours(medium),
            port,
            port_count: port_count.map(Text::ours),
            protocol: Text::ours(protocol),
            formats,
            connection: None,
            lines: Vec::new(),
        })
    }

    /// The kind of medium: `audio`, `video`, `image` ...
    #[must_use]
    pub fn medium(&self) -> &str {
        self.medium.as_str()
    }

    /// The port; 0 for a stream that is refused or ended.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The transport: `RTP/AVP` ...
    #[must_use]
    pub fn protocol(&self) -> &str {
        self.protocol.as_str()
    }

    /// The formats, in order of preference: payload types in decimal where the transport is RTP.
    pub fn formats(&self) -> impl ExactSizeIterator<Item = &str> {
        self.formats.iter().map(Text::as_str)
    }

    /// The medium's own `c=` line.
    #[must_use]
    pub const fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// Every line under the `m=` line, in order, known or not.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The values of an attribute, in order; `""` for one without a value.
    pub fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        attributes(&self.lines, name)
    }

    /// The medium's own direction.
    #[must_use]
    pub fn direction(&self) -> Option<Direction> {
        direction(&self.lines)
    }
}

/// The first direction attribute among the lines.
pub(crate) fn direction(lines: &[Line]) -> Option<Direction> {
    lines.iter().find_map(|line| match line.attribute()? {
        (name, None) => Direction::from_attribute(name),
        _ => None,
    })
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.medium, self.port)?;
        if let Some(count) = &self.port_count {
            write!(f, "/{count}")?;
        }
        write!(f, " {}", self.protocol)?;
        for format in &self.formats {
            write!(f, " {format}")?;
        }
        f.write_str("\r\n")?;
        self.lines.iter().try_for_each(|line| line.fmt(f))
    }
}
