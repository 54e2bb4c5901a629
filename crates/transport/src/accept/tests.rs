//! WebSockets behind a reverse proxy, over real sockets: here the proxy is at 127.0.0.1.

use std::future::poll_fn;

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::*;
use crate::bind;
use crate::streams::Streams;

type Client = WebSocketStream<TcpStream>;

fn listening(limits: StreamLimits, proxies: &[&str], access: AccessList) -> (Streams, SocketAddr) {
    let listener = bind::sip_stream(Transport::Ws, "127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut streams = Streams::new(limits, None);
    let proxies = proxies.iter().map(|text| text.parse().unwrap()).collect();
    streams.listen(listener, Door { proxies, access, ..Door::open(Kind::Ws(Origins::default())) });
    (streams, address)
}

/// Comes with these headers: the connection, or the status of the refusal.
async fn come(at: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
    let mut request = format!("ws://{at}/").into_client_request().unwrap();
    let sip = [("sec-websocket-protocol", "sip")];
    for (name, value) in headers.iter().chain(&sip) {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers_mut().append(HeaderName::from_static(name), value);
    }
    match client_async(request, TcpStream::connect(at).await.unwrap()).await {
        Ok((client, _)) => Ok(client),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn opened(streams: &mut Streams) -> Flow {
    loop {
        if let StreamEvent::Opened(flow, _) = poll_fn(|cx| streams.poll_event(cx)).await {
            return flow;
        }
    }
}

#[tokio::test]
async fn who_comes_through_a_trusted_proxy_is_the_client_that_it_names() {
    let open = AccessList::everybody();
    let (mut streams, at) = listening(StreamLimits::default(), &["127.0.0.1"], open);
    for (headers, client) in [
        (vec![("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
        (vec![("x-forwarded-for", "203.0.113.5, 198.51.100.8")], "198.51.100.8"),
        (vec![("forwarded", "for=\"[2001:db8::1]:80\"")], "2001:db8::1"),
        (vec![], "127.0.0.1"),
    ] {
        let _client = come(at, &headers).await.unwrap();
        assert_eq!(opened(&mut streams).await.remote.ip().to_string(), client);
    }
    let both = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=203.0.113.5")];
    assert_eq!(come(at, &both).await.unwrap_err(), 400);
}

#[tokio::test]
async fn h20_nobody_else_says_who_they_are() {
    for proxies in [&[][..], &["10.0.0.0/8"]] {
        let open = AccessList::everybody();
        let (mut streams, at) = listening(StreamLimits::default(), proxies, open);
        let spoof = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=203.0.113.5")];
        let _client = come(at, &spoof).await.unwrap();
        assert_eq!(opened(&mut streams).await.remote.ip().to_string(), "127.0.0.1");
    }
}

#[tokio::test]
async fn h09_bounds_by_address_are_the_clients_and_not_the_proxys() {
    let limits = StreamLimits {
        connections_per_address: 1,
        handshakes_per_address: 1,
        ..StreamLimits::default()
    };
    let (mut streams, at) = listening(limits, &["127.0.0.1"], AccessList::everybody());
    let mut clients = Vec::new();
    for client in ["198.51.100.7", "198.51.100.8", "198.51.100.9"] {
        clients.push(come(at, &[("x-forwarded-for", client)]).await.unwrap());
        let flow = opened(&mut streams).await;
        streams.keep(flow);
    }
    assert_eq!(come(at, &[("x-forwarded-for", "198.51.100.7")]).await.unwrap_err(), 503);
}

#[tokio::test]
async fn h21_an_access_list_is_about_the_client() {
    let office = AccessList::only(vec!["198.51.100.0/24".parse().unwrap()]);
    let (mut streams, at) = listening(StreamLimits::default(), &["127.0.0.1"], office);
    let _client = come(at, &[("x-forwarded-for", "198.51.100.7")]).await.unwrap();
    opened(&mut streams).await;
    assert_eq!(come(at, &[("x-forwarded-for", "203.0.113.5")]).await.unwrap_err(), 403);
    assert_eq!(come(at, &[]).await.unwrap_err(), 403, "the proxy itself is not on it");
    // Where it is, nobody becomes it: by octets that are no text, or by a quote that is not closed.
    let inside = AccessList::only(vec!["127.0.0.0/8".parse().unwrap()]);
    let (_streams, at) = listening(StreamLimits::default(), &["127.0.0.1"], inside);
    for (header, status) in [
        (("x-forwarded-for", "\u{ff}, 203.0.113.5"), 403),
        (("forwarded", "for=127.0.0.1;x=\", for=203.0.113.5"), 400),
    ] {
        assert_eq!(come(at, &[header]).await.unwrap_err(), status, "{header:?}");
    }
}
