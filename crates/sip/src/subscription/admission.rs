use std::time::Duration;

use super::EventName;
use crate::message::{Builder, HeaderName, MediaType, Message, StatusCode};

/// A package that is served.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// Its name, such as `dialog`.
    pub name: &'a str,
    /// The type of its bodies, such as `application/dialog-info+xml`.
    pub body: &'a str,
}

/// The packages that are served.
#[derive(Debug, Clone, Copy)]
pub struct Packages<'a>(pub &'a [Package<'a>]);

/// How long subscriptions last, and how often they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotifierConfig {
    /// The shortest granted; a shorter one is answered with 423. Default 60 s.
    pub min_expires: Duration,
    /// What is granted when nothing is asked for. Default 3600 s, as RFC 4235 and 3842 say.
    pub default_expires: Duration,
    /// The longest granted. Default 3600 s.
    pub max_expires: Duration,
    /// The least time between two NOTIFYs; what changes meanwhile is told in one. Default 1 s
    /// (RFC 4235 section 3.10).
    pub interval: Duration,
}

impl Default for NotifierConfig {
    fn default() -> Self {
        Self {
            min_expires: Duration::from_secs(60),
            default_expires: Duration::from_secs(3600),
            max_expires: Duration::from_secs(3600),
            interval: Duration::from_secs(1),
        }
    }
}

/// What a SUBSCRIBE that may be served asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// About what.
    pub event: EventName,
    /// For how long; zero only to hear it once.
    pub expires: Duration,
    pub(super) config: NotifierConfig,
}

/// Why a SUBSCRIBE is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No Event, or a package that is not served; Allow-Events lists what is.
    #[error("489: only {allow} can be subscribed to")]
    BadEvent {
        /// The value of Allow-Events.
        allow: String,
    },
    /// The subscription would be too short.
    #[error("423: a subscription lasts at least {} s", .min.as_secs())]
    TooBrief {
        /// The shortest that is granted.
        min: Duration,
    },
    /// Accept does not name the package's body.
    #[error("406: the state is told as {body} only")]
    NotAcceptable {
        /// The type of its bodies.
        body: String,
    },
    /// Event or Expires cannot be read.
    #[error("400: Event or Expires is malformed")]
    Malformed,
}

impl Refusal {
    /// The status code of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadEvent { .. } => StatusCode::BAD_EVENT,
            Self::TooBrief { .. } => StatusCode::INTERVAL_TOO_BRIEF,
            Self::NotAcceptable { .. } => StatusCode::NOT_ACCEPTABLE,
            Self::Malformed => StatusCode::BAD_REQUEST,
        }
    }

    /// Writes what the answer has to carry beside its status.
    pub fn write(&self, response: Builder) -> Builder {
        match self {
            Self::BadEvent { allow } => response.header(HeaderName::AllowEvents, allow),
            Self::TooBrief { min } => response.header(HeaderName::MinExpires, min.as_secs()),
            Self::NotAcceptable { body } => response.header(HeaderName::Accept, body),
            Self::Malformed => response,
        }
    }
}

impl Packages<'_> {
    /// Reads a SUBSCRIBE outside a dialog (RFC 6665 section 4.2.1.1). Whether its sender may know
    /// is another question.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn admit(&self, request: &Message, config: &NotifierConfig) -> Result<Asked, Refusal> {
        let event = match (request.has(HeaderName::Event), EventName::of(request)) {
            (true, None) => return Err(Refusal::Malformed),
            (_, event) => event,
        };
        let package = event
            .as_ref()
            .and_then(|event| self.0.iter().find(|package| package.name == event.package()));
        let (Some(event), Some(package)) = (event, package) else {
            return Err(Refusal::BadEvent { allow: self.allow() });
        };
        if !accepts(request, package.body) {
            return Err(Refusal::NotAcceptable { body: package.body.to_owned() });
        }
        let expires = expires(request, config)?;
        Ok(Asked { event, expires, config: *config })
    }

    /// The value of Allow-Events.
    #[must_use]
    pub fn allow(&self) -> String {
        let names: Vec<_> = self.0.iter().map(|package| package.name).collect();
        names.join(", ")
    }
}

/// RFC 6665 section 4.2.1.1: at most what is asked for, or 423.
pub(super) fn expires(request: &Message, config: &NotifierConfig) -> Result<Duration, Refusal> {
    if !request.has(HeaderName::Expires) {
        return Ok(config.default_expires);
    }
    let seconds = request.number(HeaderName::Expires).ok_or(Refusal::Malformed)?;
    match Duration::from_secs(seconds.into()) {
        Duration::ZERO => Ok(Duration::ZERO),
        asked if asked < config.min_expires => Err(Refusal::TooBrief { min: config.min_expires }),
        asked => Ok(asked.min(config.max_expires)),
    }
}

/// Without Accept, the package's own type is taken (RFC 6665 section 3.1.3).
fn accepts(request: &Message, body: &str) -> bool {
    let mut ranges = request.values(HeaderName::Accept).peekable();
    let (kind, subtype) = body.split_once('/').unwrap_or((body, ""));
    ranges.peek().is_none()
        || ranges.any(|range| MediaType::parse(range).is_ok_and(|r| r.accepts(kind, subtype)))
}
