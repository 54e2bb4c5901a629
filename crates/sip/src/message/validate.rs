//! A second look at a message: every header field that this crate can read typed, and what RFC 3261 asks of the whole.

use super::cursor::Cursor;
use super::fields::{Date, Item, MediaType, RAck, Replaces};
use super::params::Items;
use super::{
    Header, HeaderName, Message, Method, NameAddr, ParseError, ParseErrorKind, RetryAfter,
    UserToUser, Via, Warning,
};
use crate::uri::Scheme;

impl Message {
    /// Checks what [`Message::parse`] leaves for later: the Request-URI, all values of all header fields that this crate
    /// can read typed, and that none of those that may stand there once does so twice.
    ///
    /// An element that only forwards need not ask for so much; RFC 4475 shows where it pays.
    ///
    /// # Errors
    /// The first fault, in the order of the message. [`ParseError::status`] is the answer to a request.
    pub fn validate(&self) -> Result<(), ParseError> {
        self.validate_uri()?;
        let mut seen: u128 = 0;
        for (header, entry) in self.headers().zip(self.index.entries()) {
            let Some(name) = header.known() else { continue };
            let bit = 1 << name as u8;
            if name.is_single() && seen & bit != 0 {
                let error = ParseError::new(ParseErrorKind::Repeated, entry.line_start());
                return Err(error.within(name));
            }
            seen |= bit;
            check(self, name, &header)
                .map_err(|error| error.shifted(entry.value_start()).within(name))?;
        }
        Ok(())
    }

    fn validate_uri(&self) -> Result<(), ParseError> {
        if !self.is_request() {
            return Ok(());
        }
        let uri = self.request_uri()?;
        // RFC 3261 section 19.1.1: a Request-URI has no headers.
        if matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) && uri.headers_str().is_some() {
            return Err(ParseError::new(
                ParseErrorKind::UriHeaders,
                self.method().as_str().len() + 1,
            ));
        }
        Ok(())
    }
}

/// One header field by its grammar (RFC 3261 section 25.1 and the extensions' RFCs).
fn check(message: &Message, name: HeaderName, header: &Header<'_>) -> Result<(), ParseError> {
    use HeaderName as N;
    let value = header.value();
    match name {
        N::Via => each(value, |item| Via::parse(item).map(drop)),
        N::From | N::To | N::ReplyTo | N::ReferTo | N::ReferredBy => {
            NameAddr::parse(value).map(drop)
        }
        N::Contact if value == b"*" && message.method() == &Method::Register => Ok(()),
        N::Contact
        | N::Route
        | N::RecordRoute
        | N::Path
        | N::ServiceRoute
        | N::PAssertedIdentity
        | N::PPreferredIdentity
        | N::RemotePartyId
        | N::Diversion
        | N::HistoryInfo => each(value, |item| NameAddr::parse(item).map(drop)),
        N::Expires | N::MinExpires | N::RSeq | N::FlowTimer => number(value, |cursor| cursor.end()),
        N::SessionExpires | N::MinSe => {
            number(value, |cursor| super::Params::read(cursor).and_then(|_| cursor.end()))
        }
        N::RetryAfter => RetryAfter::parse(value).map(drop),
        N::Date => Date::parse(value).map(drop),
        N::ContentType => MediaType::parse(value).map(drop),
        N::Accept if value.is_empty() => Ok(()),
        N::Accept => each(value, |item| MediaType::parse(item).map(drop)),
        N::Supported | N::Allow | N::AllowEvents if value.is_empty() => Ok(()),
        N::Supported
        | N::Allow
        | N::AllowEvents
        | N::Require
        | N::ProxyRequire
        | N::Unsupported
        | N::ContentEncoding => each(value, token),
        N::Event | N::SubscriptionState | N::ContentDisposition => Item::parse(value).map(drop),
        N::Reason => each(value, |item| Item::parse(item).map(drop)),
        N::Replaces => Replaces::parse(value).map(drop),
        N::RAck => RAck::parse(value).map(drop),
        N::Warning => each(value, |item| Warning::parse(item).map(drop)),
        N::UserToUser => each(value, |item| UserToUser::parse(item).map(drop)),
        N::Authorization | N::ProxyAuthorization | N::WwwAuthenticate | N::ProxyAuthenticate => {
            Cursor::new(value).token().map(drop)
        }
        _ => Ok(()),
    }
}

/// Each item of a list; offsets count from the start of the field's value.
fn each(value: &[u8], check: impl Fn(&[u8]) -> Result<(), ParseError>) -> Result<(), ParseError> {
    for item in Items::new(value) {
        let at = (item.as_ptr() as usize).wrapping_sub(value.as_ptr() as usize);
        check(item).map_err(|error| error.shifted(at))?;
    }
    Ok(())
}

fn number(
    value: &[u8],
    rest: impl Fn(&mut Cursor<'_>) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let mut cursor = Cursor::new(value);
    cursor.number()?;
    rest(&mut cursor)
}

fn token(value: &[u8]) -> Result<(), ParseError> {
    let mut cursor = Cursor::new(value);
    cursor.token()?;
    cursor.end()
}
