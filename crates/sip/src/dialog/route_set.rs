use super::one_line;
use crate::message::{HeaderName, Message, NameAddr};
use crate::uri::{Uri, UriBuf};

/// The proxies between us and the far end, the nearest first (RFC 3261 section 12.1).
#[derive(Debug, Clone, Default)]
pub struct RouteSet {
    routes: Vec<Route>,
}

#[derive(Debug, Clone)]
struct Route {
    /// The whole value, parameters included, as Record-Route had it.
    value: String,
    uri: UriBuf,
}

impl RouteSet {
    /// Of a request that we received: in its order.
    pub(super) fn of_request(request: &Message) -> Option<Self> {
        Self::read(request)
    }

    /// Of a response that we received: in reverse.
    pub(super) fn of_response(response: &Message) -> Option<Self> {
        let mut set = Self::read(response)?;
        set.routes.reverse();
        Some(set)
    }

    fn read(message: &Message) -> Option<Self> {
        let routes = message.values(HeaderName::RecordRoute).map(|value| {
            let uri = NameAddr::parse(value).ok()?.uri().to_buf();
            Some(Route { value: one_line(value), uri })
        });
        Some(Self { routes: routes.collect::<Option<_>>()? })
    }

    /// Whether there is no proxy in the way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// The URI of the nearest proxy.
    #[must_use]
    pub fn first(&self) -> Option<Uri<'_>> {
        self.routes.first().map(|route| route.uri.as_uri())
    }

    /// The values as Route headers write them, the nearest first.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|route| &*route.value)
    }

    /// The Request-URI and the Route values of a request to this target (RFC 3261 section 12.2.1.1).
    ///
    /// A loose router first: the target is the Request-URI. A strict one: it is itself the
    /// Request-URI, and the target goes to the end of the routes.
    pub(super) fn apply<'a>(&'a self, target: Uri<'a>) -> (Uri<'a>, Vec<String>) {
        match self.routes.first() {
            Some(first) if !first.uri.as_uri().is_loose_router() => {
                let mut routes: Vec<_> = self.values().skip(1).map(str::to_owned).collect();
                routes.push(format!("<{target}>"));
                (first.uri.as_uri().without_headers(), routes)
            }
            _ => (target, self.values().map(str::to_owned).collect()),
        }
    }
}
