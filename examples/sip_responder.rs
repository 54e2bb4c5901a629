//! A stateless responder: answers OPTIONS, refuses everything else as the standard asks.
//!
//! `cargo run --example sip_responder -- 127.0.0.1:5060`, then from another terminal
//! `sipsak -s sip:ping@127.0.0.1:5060`.

#![allow(clippy::print_stdout, reason = "an example that shows what it does")]

use std::error::Error;
use std::io;
use std::net::UdpSocket;

use switchboard_sip::checks::{self, Capabilities};
use switchboard_sip::transaction::{SentBy, response_flow};
use switchboard_sip::{Builder, Flow, HeaderName, Identifiers, Message, Method, StatusCode};

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:5060".into());
    let socket = UdpSocket::bind(&address)?;
    println!("answering OPTIONS at {}", socket.local_addr()?);
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    serve(&socket, &Identifiers::new(seed), None)?;
    Ok(())
}

/// Serves so many datagrams, or for ever.
pub(crate) fn serve(socket: &UdpSocket, tags: &Identifiers, most: Option<usize>) -> io::Result<()> {
    let mut buffer = vec![0; 65_535];
    let own = [SentBy::from(socket.local_addr()?)];
    let mut served = 0;
    while most.is_none_or(|most| served < most) {
        let (length, source) = socket.recv_from(&mut buffer)?;
        let flow = Flow::udp(socket.local_addr()?, source);
        // What is no message cannot be answered: it does not say to whom.
        if let Ok(message) = Message::parse(buffer[..length].to_vec())
            && let Some((flow, response)) = answer(&message, flow, tags, &own)
        {
            println!("{source} {} {}", message.method(), response.status().map_or(0, |s| s.code()));
            socket.send_to(response.as_bytes(), flow.remote)?;
        }
        served += 1;
    }
    Ok(())
}

/// The response, and the way it goes. It depends on the request alone: a repetition gets the same.
fn answer(
    message: &Message,
    flow: Flow,
    tags: &Identifiers,
    own: &[SentBy],
) -> Option<(Flow, Message)> {
    if message.is_response() || *message.method() == Method::Ack {
        return None;
    }
    let request = message.edit().stamp_source(flow.remote).finish().ok()?;
    let capabilities =
        Capabilities { methods: &[Method::Options], extensions: &[], bodies: &[], own };
    let (status, header) = match checks::check(&request, &capabilities) {
        Ok(()) => (StatusCode::OK, Some((HeaderName::Allow, checks::allow(&capabilities)))),
        Err(refusal) => {
            let header = refusal.header().map(|(name, value)| (name, value.to_owned()));
            (refusal.status(), header)
        }
    };
    let branch = request.branch().unwrap_or_default();
    let from_tag = request.from_tag().unwrap_or_default();
    let parts = [request.call_id().as_bytes(), from_tag.as_bytes(), branch.as_bytes()];
    let mut reply = Builder::reply(&request, status, Some(&tags.stateless_tag(&parts)));
    if let Some((name, value)) = header {
        reply = reply.header(name, value);
    }
    Some((response_flow(&request, flow), reply.build().ok()?))
}
