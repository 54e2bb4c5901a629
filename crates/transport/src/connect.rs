//! Connections that we open: to trunks.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use switchboard_sip::Flow;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::accept::Gate;
use crate::limits::Place;
use crate::stream::{self, CloseReason, Order, Side, StreamEvent};
use crate::tls::TlsClient;

/// What is spoken on the connection.
pub(crate) enum Way {
    /// TCP.
    Plain,
    /// TLS, with a peer whose certificate has to be for this name.
    Tls(Arc<ClientConfig>, ServerName<'static>),
}

impl Way {
    /// TLS to a host: its name or its address, in brackets or not. `None` if it is neither.
    pub(crate) fn tls(client: &TlsClient, host: &str) -> Option<Self> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).ok()?;
        Some(Self::Tls(client.config(), name))
    }
}

/// Connects within the deadline and runs the connection to its end.
pub(crate) async fn run(
    way: Way,
    flow: Flow,
    queue: mpsc::Receiver<Order>,
    gate: Gate,
    place: Place,
) {
    let limits = gate.limits;
    let connected = timeout(limits.connect_deadline, TcpStream::connect(flow.remote)).await;
    let stream = connected.ok().and_then(Result::ok);
    let greeted = match (stream, way) {
        (None, _) => None,
        (Some(stream), Way::Plain) => {
            _ = stream.set_nodelay(true);
            stream::run(stream, flow, queue, gate.events, limits, (Side::Opened, place)).await;
            return;
        }
        (Some(stream), Way::Tls(config, name)) => {
            _ = stream.set_nodelay(true);
            let handshake = TlsConnector::from(config).connect(name.clone(), stream);
            match timeout(limits.handshake_deadline, handshake).await {
                Ok(Ok(stream)) => Some(stream),
                Ok(Err(error)) => {
                    tracing::warn!(%flow, name = %name.to_str(), %error, "no TLS with the peer");
                    None
                }
                Err(_) => None,
            }
        }
    };
    match greeted {
        Some(stream) => {
            stream::run(stream, flow, queue, gate.events, limits, (Side::Opened, place)).await;
        }
        None => {
            drop(place);
            _ = gate.events.send(StreamEvent::Closed(flow, CloseReason::Connect)).await;
        }
    }
}
