use std::net::SocketAddr;

use crate::message::Message;
use crate::{Flow, Transport};

/// Where the responses to a request go that came on `source` (RFC 3261 section 18.2.2): over its
/// connection, else to the address it came from, and there to the port it came from if rport asks
/// (RFC 3581), to the port of sent-by if not.
///
/// The maddr parameter is for multicast and not followed: nobody has responses sent to a third
/// party. The transaction layer does this by itself; it is public for stateless elements.
#[must_use]
pub fn response_flow(request: &Message, source: Flow) -> Flow {
    let via = request.top_via();
    if source.transport != Transport::Udp || via.rport().is_some() {
        return source;
    }
    let port = via.port().unwrap_or(source.transport.default_port());
    Flow { remote: SocketAddr::new(source.remote.ip(), port), ..source }
}
