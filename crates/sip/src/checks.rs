//! What a user agent server looks at before it serves a request, in the order of RFC 3261
//! section 8.2, with a proxy's Max-Forwards and loop checks (section 16.3) for elements that call on.

use crate::message::{HeaderName, Host, Message, Method, StatusCode, Via};
use crate::transaction::SentBy;
use crate::uri::Scheme;

/// What an element serves.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities<'a> {
    /// The methods that it serves, ACK and CANCEL among them.
    pub methods: &'a [Method],
    /// The option tags that it understands in Require.
    pub extensions: &'a [&'a str],
    /// The body types that it reads, such as `application/sdp`, in lower case.
    pub bodies: &'a [&'a str],
    /// The hosts and ports that its own Via names.
    pub own: &'a [SentBy],
}

/// Why a request is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A method that the element knows and does not serve here; Allow lists what it does.
    #[error("405: the method is not served here, only {allow}")]
    MethodNotAllowed {
        /// The value of Allow.
        allow: String,
    },
    /// A method that nothing here knows.
    #[error("501: the method is not known")]
    NotImplemented {
        /// The value of Allow.
        allow: String,
    },
    /// The Request-URI cannot be read, or has headers (RFC 3261 section 19.1.1).
    #[error("400: the Request-URI is malformed or has headers")]
    MalformedUri,
    /// Neither `sip:`, `sips:` nor `tel:`.
    #[error("416: the Request-URI's scheme is not sip, sips or tel")]
    UnsupportedScheme,
    /// Max-Forwards is 0.
    #[error("483: Max-Forwards is used up")]
    TooManyHops,
    /// A Via names us: the request has been here (RFC 5393).
    #[error("482: the request has been here before")]
    LoopDetected,
    /// Require names an extension that is not understood.
    #[error("420: not understood: {unsupported}")]
    BadExtension {
        /// The value of Unsupported.
        unsupported: String,
    },
    /// The body's type, coding or both are not read.
    #[error("415: the body is none of {accept}")]
    UnsupportedMediaType {
        /// The value of Accept.
        accept: String,
    },
}

impl Refusal {
    /// The status code of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotImplemented { .. } => StatusCode::NOT_IMPLEMENTED,
            Self::MalformedUri => StatusCode::BAD_REQUEST,
            Self::UnsupportedScheme => StatusCode::UNSUPPORTED_URI_SCHEME,
            Self::TooManyHops => StatusCode::TOO_MANY_HOPS,
            Self::LoopDetected => StatusCode::LOOP_DETECTED,
            Self::BadExtension { .. } => StatusCode::BAD_EXTENSION,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    /// The header field that the answer has to carry.
    #[must_use]
    pub fn header(&self) -> Option<(HeaderName, &str)> {
        match self {
            Self::MethodNotAllowed { allow } | Self::NotImplemented { allow } => {
                Some((HeaderName::Allow, allow))
            }
            Self::BadExtension { unsupported } => Some((HeaderName::Unsupported, unsupported)),
            Self::UnsupportedMediaType { accept } => Some((HeaderName::Accept, accept)),
            _ => None,
        }
    }
}

/// All checks in order; the first that fails is the answer. An ACK is never answered: a caller
/// drops one that is refused.
///
/// # Errors
/// See [`Refusal`].
pub fn check(request: &Message, capabilities: &Capabilities<'_>) -> Result<(), Refusal> {
    method(request, capabilities)?;
    request_uri(request)?;
    max_forwards(request)?;
    loops(request, capabilities)?;
    require(request, capabilities)?;
    content(request, capabilities)
}

/// RFC 3261 section 8.2.1.
///
/// # Errors
/// [`Refusal::MethodNotAllowed`] or [`Refusal::NotImplemented`].
pub fn method(request: &Message, capabilities: &Capabilities<'_>) -> Result<(), Refusal> {
    let method = request.method();
    if capabilities.methods.contains(method) {
        return Ok(());
    }
    let allow = allow(capabilities);
    Err(match method {
        Method::Extension(_) => Refusal::NotImplemented { allow },
        _ => Refusal::MethodNotAllowed { allow },
    })
}

/// RFC 3261 sections 8.2.2.1 and 19.1.1.
///
/// # Errors
/// [`Refusal::MalformedUri`] or [`Refusal::UnsupportedScheme`].
pub fn request_uri(request: &Message) -> Result<(), Refusal> {
    let uri = request.request_uri().map_err(|_| Refusal::MalformedUri)?;
    match uri.scheme() {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => {}
        _ => return Err(Refusal::UnsupportedScheme),
    }
    match uri.headers_str() {
        Some(_) => Err(Refusal::MalformedUri),
        None => Ok(()),
    }
}

/// RFC 3261 section 16.3 item 3. A request without Max-Forwards passes; OPTIONS and REGISTER that
/// end here may too, with 0 left.
///
/// # Errors
/// [`Refusal::TooManyHops`].
pub fn max_forwards(request: &Message) -> Result<(), Refusal> {
    match (request.max_forwards(), request.method()) {
        (Some(0), Method::Invite | Method::Subscribe | Method::Refer) => Err(Refusal::TooManyHops),
        _ => Ok(()),
    }
}

/// RFC 3261 section 16.3 item 4: the request carries a Via of ours.
///
/// # Errors
/// [`Refusal::LoopDetected`].
pub fn loops(request: &Message, capabilities: &Capabilities<'_>) -> Result<(), Refusal> {
    let ours = |via: &Via<'_>| {
        let host = Host::of(via.host());
        capabilities.own.iter().any(|own| own.names(&host, via.port()))
    };
    let looped = request.vias().flatten().any(|via| ours(&via));
    if looped { Err(Refusal::LoopDetected) } else { Ok(()) }
}

/// RFC 3261 section 8.2.2.3. Not for ACK and CANCEL, in which Require means nothing.
///
/// # Errors
/// [`Refusal::BadExtension`].
pub fn require(request: &Message, capabilities: &Capabilities<'_>) -> Result<(), Refusal> {
    if matches!(request.method(), Method::Ack | Method::Cancel) {
        return Ok(());
    }
    let understood =
        |tag: &str| capabilities.extensions.iter().any(|known| known.eq_ignore_ascii_case(tag));
    let values = request.values(HeaderName::Require);
    let unsupported: Vec<_> =
        values.map(|value| String::from_utf8_lossy(value)).filter(|tag| !understood(tag)).collect();
    if unsupported.is_empty() {
        return Ok(());
    }
    Err(Refusal::BadExtension { unsupported: unsupported.join(", ") })
}

/// RFC 3261 section 8.2.3. A body marked `handling=optional` is never refused.
///
/// # Errors
/// [`Refusal::UnsupportedMediaType`].
pub fn content(request: &Message, capabilities: &Capabilities<'_>) -> Result<(), Refusal> {
    if request.body().is_empty() {
        return Ok(());
    }
    let optional = request.text(HeaderName::ContentDisposition).is_some_and(|text| {
        text.to_ascii_lowercase().replace(' ', "").contains("handling=optional")
    });
    let coded = request
        .text(HeaderName::ContentEncoding)
        .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    let kind = request.text(HeaderName::ContentType).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if optional || (!coded && capabilities.bodies.contains(&kind.as_str())) {
        return Ok(());
    }
    Err(Refusal::UnsupportedMediaType { accept: capabilities.bodies.join(", ") })
}

/// The value of Allow.
#[must_use]
pub fn allow(capabilities: &Capabilities<'_>) -> String {
    let methods: Vec<_> = capabilities.methods.iter().map(Method::as_str).collect();
    methods.join(", ")
}
