use std::fmt;
use std::time::Duration;

use super::OPTION_TAG;
use crate::message::{Builder, HeaderName, Item, Message, StatusCode};

/// Who refreshes the session: the sender of the request that says so, or its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// The sender of the request.
    Uac,
    /// Whoever answers it.
    Uas,
}

/// The value of Session-Expires (RFC 4028 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// The session interval, in whole seconds.
    pub interval: Duration,
    /// Who refreshes.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Of a message; `None` also if it is malformed.
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        Self::parse(message.header(HeaderName::SessionExpires)?.value())
    }

    /// Reads a value such as `1800;refresher=uac`; `None` if it is malformed.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let item = Item::parse(value).ok()?;
        let seconds: u32 = item.value().parse().ok()?;
        let refresher = match item.params().get("refresher") {
            Some(text) if text.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(text) if text.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => return None,
            None => None,
        };
        Some(Self { interval: Duration::from_secs(seconds.into()), refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.interval.as_secs())?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

/// What a 2xx says about the session timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// The session interval.
    pub interval: Duration,
    /// Who refreshes.
    pub refresher: Refresher,
    /// The far end knows the extension.
    pub(super) supported: bool,
}

impl Granted {
    /// Writes it into the 2xx (RFC 4028 section 9): Session-Expires, and Require if the far end is
    /// to do something about it.
    pub fn write(&self, response: Builder) -> Builder {
        let refresher = Some(self.refresher);
        let value = SessionExpires { interval: self.interval, refresher };
        let require = self.supported.then_some(OPTION_TAG);
        response.header(HeaderName::SessionExpires, value).maybe(HeaderName::Require, require)
    }
}

/// The interval asked for is shorter than what is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("422: a session lasts at least {} s", .min.as_secs())]
pub struct TooSmall {
    /// The shortest.
    pub min: Duration,
}

impl TooSmall {
    /// The status code of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::SESSION_INTERVAL_TOO_SMALL
    }

    /// Writes Min-SE into the 422.
    pub fn write(&self, response: Builder) -> Builder {
        response.header(HeaderName::MinSe, self.min.as_secs())
    }
}
