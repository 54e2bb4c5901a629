//! The opening handshake: the subprotocol `sip` (RFC 7118, section 4), and whose pages may come.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
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
    /// Our own names.
    hosts: Arc<BTreeSet<String>>,
}

impl Origins {
    /// Pages from these origins, such as `https://phone.example.com`, and those that were loaded from the host and
    /// port that they connect to, where that host is an address, `localhost`, or one of [`Origins::hosts`]: any other name may
    /// be a stranger's that leads here for a moment (DNS rebinding).
    #[must_use]
    pub fn only(origins: impl IntoIterator<Item = String>) -> Self {
        let lower = origins.into_iter().map(|origin| origin.to_ascii_lowercase());
        Self { allowed: Some(Arc::new(lower.collect())), hosts: Arc::default() }
    }

    /// The names of this host, from which pages may come too.
    #[must_use]
    pub fn hosts(self, names: impl IntoIterator<Item = String>) -> Self {
        let lower = names.into_iter().map(|name| name.to_ascii_lowercase());
        Self { hosts: Arc::new(lower.collect()), ..self }
    }

    /// Pages from everywhere.
    #[must_use]
    pub fn any() -> Self {
        Self { allowed: None, hosts: Arc::default() }
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
            || page
                .zip(host)
                .is_some_and(|(page, host)| page.eq_ignore_ascii_case(host) && self.is_own(host))
    }

    /// Whether nobody else can have this name lead here.
    fn is_own(&self, authority: &str) -> bool {
        let is_address = authority.parse::<SocketAddr>().is_ok() || {
            let bare = authority.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            bare.unwrap_or(authority).parse::<IpAddr>().is_ok()
        };
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let host = host.to_ascii_lowercase();
        is_address || host == "localhost" || self.hosts.contains(&host)
    }
}

impl Default for Origins {
    fn default() -> Self {
        Self::only([])
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) StatusCode, pub(crate) &'static str);

/// Answers the opening handshake. `enter` has the last word: it is asked once all else is right.
pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    origins: &Origins,
    enter: impl FnOnce(&HeaderMap) -> Result<(), Refused> + Unpin,
) -> Result<Socket<S>, Error> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_MESSAGE + READ)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let doorman = Doorman { origins, enter };
    accept_hdr_async_with_config(Counted::new(stream), doorman, Some(config)).await
}

/// Octets read at once.
const READ: usize = 8 << 10;

struct Doorman<'a, F> {
    origins: &'a Origins,
    enter: F,
}

impl<F: FnOnce(&HeaderMap) -> Result<(), Refused>> Callback for Doorman<'_, F> {
    fn on_request(
        self,
        request: &Request,
        mut response: Response,
    ) -> Result<Response, ErrorResponse> {
        if !self.origins.allow(request.headers()) {
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
        (self.enter)(request.headers()).map_err(|Refused(status, text)| refusal(status, text))?;
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
        let ours = Origins::default().hosts(["PBX.example.com".to_owned()]);
        assert!(allows(&ours, &own) && !allows(&ours, &foreign));
        assert!(allows(&Origins::default(), &[("host", "pbx")]), "no browser");
        assert!(!allows(&Origins::default(), &foreign));
        assert!(!allows(&Origins::default(), &[("host", "pbx"), ("origin", "null")]));
        assert!(!allows(&Origins::default(), &[own[0], own[1], foreign[1]]), "two origins");
        let named = Origins::only(["https://EVIL.example".to_owned()]);
        assert!(allows(&named, &foreign));
        assert!(allows(&Origins::any(), &foreign));
    }

    /// A page of `evil.example` whose name leads here for a moment says that it came from where it goes.
    #[test]
    fn h43_a_name_that_is_not_ours_is_no_page_of_ours() {
        let from = |host: &str| {
            let origin = format!("https://{host}");
            allows(&Origins::default(), &[("host", host), ("origin", &origin)])
        };
        assert!(
            !from("evil.example") && !from("evil.example:8443") && !from("127.0.0.1.evil.example")
        );
        for own in ["192.0.2.1", "192.0.2.1:8443", "[::1]", "[::1]:8443", "localhost:8443"] {
            assert!(from(own), "{own}");
        }
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
