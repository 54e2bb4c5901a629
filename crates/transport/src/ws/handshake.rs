//! The opening handshake: the subprotocol `sip` (RFC 7118, section 4), and whose pages may come.

use std::collections::BTreeSet;
use std::sync::Arc;

use switchboard_sip::MAX_MESSAGE;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request, Response,
};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::Socket;
use super::counted::Counted;

/// The pages that may open a WebSocket here. A browser says in Origin which page it acts for (RFC 6455, section 10.2);
/// programs that are no browser say nothing, and are let on to the digest like any phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// `None`: pages of every site.
    allowed: Option<Arc<BTreeSet<String>>>,
}

impl Origins {
    /// Pages from these origins, such as `https://phone.example.com`, and those that were loaded from the host and
    /// port that they connect to.
    #[must_use]
    pub fn only(origins: impl IntoIterator<Item = String>) -> Self {
        let lower = origins.into_iter().map(|origin| origin.to_ascii_lowercase());
        Self { allowed: Some(Arc::new(lower.collect())) }
    }

    /// Pages from everywhere.
    #[must_use]
    pub fn any() -> Self {
        Self { allowed: None }
    }

    fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(allowed) = &self.allowed else { return true };
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (None, _) => return true,
            (Some(origin), None) => origin.to_str().unwrap_or_default().to_ascii_lowercase(),
            _ => return false,
        };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let page = origin.split_once("://").map(|(_, host)| host);
        allowed.contains(&origin)
            || page.zip(host).is_some_and(|(page, host)| page.eq_ignore_ascii_case(host))
    }
}

impl Default for Origins {
    fn default() -> Self {
        Self::only([])
    }
}

/// Answers the opening handshake.
pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    origins: &Origins,
) -> Result<Socket<S>, Error> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_MESSAGE + READ)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    accept_hdr_async_with_config(Counted::new(stream), Doorman(origins.clone()), Some(config)).await
}

/// Octets read at once.
const READ: usize = 8 << 10;

struct Doorman(Origins);

impl Callback for Doorman {
    fn on_request(
        self,
        request: &Request,
        mut response: Response,
    ) -> Result<Response, ErrorResponse> {
        if !self.0.allow(request.headers()) {
            return Err(refusal(
                StatusCode::FORBIDDEN,
                "pages of this origin are not let in here\n",
            ));
        }
        if !asks_for_sip(request.headers()) {
            return Err(refusal(
                StatusCode::BAD_REQUEST,
                "the WebSocket subprotocol `sip` is wanted (RFC 7118)\n",
            ));
        }
        response
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("sip"));
        Ok(response)
    }
}

fn asks_for_sip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut names = values.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    names.any(|name| name.trim().eq_ignore_ascii_case("sip"))
}

fn refusal(status: StatusCode, text: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(text.to_owned()));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origins: &Origins, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        origins.allow(&map)
    }

    #[test]
    fn pages_of_other_sites_are_refused_unless_named() {
        let foreign = [("host", "pbx.example.com:8443"), ("origin", "https://evil.example")];
        let own = [("host", "pbx.example.com:8443"), ("origin", "https://PBX.example.com:8443")];
        assert!(allows(&Origins::default(), &own));
        assert!(allows(&Origins::default(), &[("host", "pbx")]), "no browser");
        assert!(!allows(&Origins::default(), &foreign));
        assert!(!allows(&Origins::default(), &[("host", "pbx"), ("origin", "null")]));
        assert!(!allows(&Origins::default(), &[own[0], own[1], foreign[1]]), "two origins");
        let named = Origins::only(["https://EVIL.example".to_owned()]);
        assert!(allows(&named, &foreign) && allows(&named, &own));
        assert!(allows(&Origins::any(), &foreign));
    }

    #[test]
    fn the_subprotocol_is_found_in_lists() {
        let asks = |values: &[&str]| {
            let mut map = HeaderMap::new();
            for value in values {
                map.append(header::SEC_WEBSOCKET_PROTOCOL, value.parse().unwrap());
            }
            asks_for_sip(&map)
        };
        assert!(asks(&["sip"]) && asks(&["xmpp, SIP"]) && asks(&["xmpp", "sip"]));
        assert!(!asks(&[]) && !asks(&["sipx"]) && !asks(&["xmpp"]));
    }
}
