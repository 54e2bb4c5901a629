//! Via (RFC 3261 section 20.42, with RFC 3581's rport).

use core::fmt;
use core::net::IpAddr;
use core::ops::Range;

use super::cursor::{Cursor, text};
use super::params::Params;
use super::{Host, ParseError, ParseErrorKind, chars};

/// One Via value.
#[derive(Debug, Clone, Copy)]
pub struct Via<'a> {
    transport: &'a [u8],
    host: &'a [u8],
    port: Option<u16>,
    params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one value, such as `SIP/2.0/UDP pc33.example.com:5060;branch=z9hG4bK776`.
    pub fn parse(value: &'a [u8]) -> Result<Via<'a>, ParseError> {
        let mut cursor = Cursor::new(value);
        let via = Via::read(&mut cursor)?;
        cursor.end()?;
        Ok(via)
    }

    /// Reads one value up to its end or to the comma before the next.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Via<'a>, ParseError> {
        let Places { transport, host, port, params, .. } = Places::read(cursor)?;
        let of = |place| cursor.text.get(place).unwrap_or_default();
        let params = Params::checked(of(params));
        Ok(Via { transport: of(transport), host: of(host), port, params })
    }

    /// A value from parts that were read before.
    pub(crate) fn checked(
        transport: &'a [u8],
        host: &'a [u8],
        port: Option<u16>,
        params: Params<'a>,
    ) -> Via<'a> {
        Via { transport, host, port, params }
    }

    /// The transport as written, such as `UDP` or `WSS`.
    pub fn transport(&self) -> &'a str {
        text(self.transport)
    }

    /// The host of sent-by as written, an IPv6 address with its brackets.
    pub fn host(&self) -> &'a str {
        text(self.host)
    }

    /// The port of sent-by, if it is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// All parameters.
    pub fn params(&self) -> Params<'a> {
        self.params
    }

    /// The branch parameter.
    pub fn branch(&self) -> Option<&'a str> {
        self.params.get("branch")
    }

    /// The address in the received parameter; IPv6 is read with and without brackets (RFC 5118 section 4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let value = self.params.get("received")?;
        let value = value.strip_prefix('[').and_then(|v| v.strip_suffix(']')).unwrap_or(value);
        value.parse().ok()
    }

    /// The rport parameter: `Some(None)` where it asks, `Some(Some(port))` where it answers (RFC 3581).
    pub fn rport(&self) -> Option<Option<u16>> {
        match self.params.get("rport")? {
            "" => Some(None),
            port => Some(port.parse().ok()),
        }
    }
}

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport(), self.host())?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.fmt(f)
    }
}

/// Where the pieces of one value are.
pub(super) struct Places {
    pub(super) transport: Range<usize>,
    pub(super) host: Range<usize>,
    pub(super) port: Option<u16>,
    pub(super) params: Range<usize>,
    /// The branch parameter; empty if there is none.
    pub(super) branch: Range<usize>,
}

impl Places {
    /// Reads one value up to its end or to the comma before the next.
    #[inline(always)]
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Places, ParseError> {
        cursor.skip_lws();
        read_protocol(cursor)?;
        let start = cursor.at;
        cursor.token()?;
        let transport = start..cursor.at;
        cursor.skip_space();
        if cursor.at == transport.end {
            return Err(cursor.error(ParseErrorKind::Host));
        }
        let start = cursor.at;
        Host::read(cursor)?;
        let host = start..cursor.at;
        cursor.skip_lws();
        let port = if cursor.eat(b':') {
            cursor.skip_lws();
            Some(port(cursor)?)
        } else {
            cursor.at = host.end;
            None
        };
        let mut branch = 0..0;
        let params = Params::read_each(cursor, |name, value| {
            if branch.is_empty() && chars::is_name(name, b"branch") {
                branch = value;
            }
        })?;
        Ok(Places { transport, host, port, params, branch })
    }
}

/// `"SIP" SLASH "2.0" SLASH`
#[inline(always)]
fn read_protocol(cursor: &mut Cursor<'_>) -> Result<(), ParseError> {
    if cursor.rest().first_chunk() == Some(b"SIP/2.0/") {
        cursor.at += 8;
        return Ok(());
    }
    read_unusual_protocol(cursor)
}

#[cold]
fn read_unusual_protocol(cursor: &mut Cursor<'_>) -> Result<(), ParseError> {
    let at = cursor.at;
    let name = cursor.token()?;
    slash(cursor)?;
    let version = cursor.token()?;
    if !name.eq_ignore_ascii_case(b"SIP") || version != b"2.0" {
        return Err(ParseError::new(ParseErrorKind::Version, at));
    }
    slash(cursor)
}

fn slash(cursor: &mut Cursor<'_>) -> Result<(), ParseError> {
    cursor.skip_lws();
    if !cursor.eat(b'/') {
        return Err(cursor.error(ParseErrorKind::Version));
    }
    cursor.skip_lws();
    Ok(())
}

/// A port from 1 to 65535.
#[inline]
pub(crate) fn port(cursor: &mut Cursor<'_>) -> Result<u16, ParseError> {
    let at = cursor.at;
    let port = cursor.number().ok().and_then(|number| u16::try_from(number).ok());
    match port {
        Some(port) if port != 0 => Ok(port),
        _ => Err(ParseError::new(ParseErrorKind::Port, at)),
    }
}
