//! A registrar with digest authentication.
//!
//! `cargo run --example sip_registrar -- 127.0.0.1:5060 anna:secret boris:geheim`, then point a
//! phone at it; the realm and domain are `switchboard.example`, or whatever the phone writes.
//! A phone that reads the first challenge alone, and knows MD5 only, needs `--md5` behind it all:
//! `sipsak -U -s sip:anna@127.0.0.1:5060 -C sip:anna@127.0.0.1:5099 -a secret -x 60`.

#![allow(clippy::print_stdout, reason = "an example that shows what it does")]

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use switchboard_sip::auth::{Algorithm, Authenticator, AuthenticatorConfig, Ha1s, Verdict};
use switchboard_sip::registrar::{self, Registrar, RegistrarConfig};
use switchboard_sip::transaction::{
    Event, Input, LayerConfig, Output, TransactionId, TransactionLayer,
};
use switchboard_sip::{Builder, Flow, HeaderName, Message, Method, StatusCode};

const REALM: &str = "switchboard.example";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:5060".into());
    let arguments: Vec<String> = arguments.collect();
    let md5 = arguments.iter().any(|argument| argument == "--md5");
    let users = arguments.iter().filter_map(|user| {
        let (name, password) = user.split_once(':')?;
        Some((name.to_owned(), password.to_owned()))
    });
    let socket = UdpSocket::bind(&address)?;
    println!("registering phones at {}", socket.local_addr()?);
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let mut server = Server::new(users, seed, now());
    if md5 {
        server.ask_by_md5(seed);
    }
    server.serve(&socket, &AtomicBool::new(false))?;
    Ok(())
}

/// Three machines: who asks, where the phones are, and the transactions below both.
pub(crate) struct Server {
    layer: TransactionLayer,
    authenticator: Authenticator,
    registrar: Registrar,
    passwords: HashMap<String, Ha1s>,
}

impl Server {
    /// A server for these users and passwords.
    pub(crate) fn new(
        users: impl IntoIterator<Item = (String, String)>,
        seed: [u8; 32],
        now: Instant,
    ) -> Self {
        let hashed = |(name, password): (String, String)| {
            let values = Ha1s::new(&name, REALM, &password);
            (name, values)
        };
        Self {
            layer: TransactionLayer::new(LayerConfig::default(), seed),
            authenticator: Authenticator::new(AuthenticatorConfig::new(REALM), seed, now),
            registrar: Registrar::new(RegistrarConfig::default()),
            passwords: users.into_iter().map(hashed).collect(),
        }
    }

    /// Challenges by MD5 alone, not by SHA-256 first (RFC 8760 section 2.3).
    fn ask_by_md5(&mut self, seed: [u8; 32]) {
        let config = AuthenticatorConfig::new(REALM);
        let config = AuthenticatorConfig { algorithms: vec![Algorithm::Md5], ..config };
        self.authenticator = Authenticator::new(config, seed, now());
    }

    /// Serves until told to stop.
    pub(crate) fn serve(&mut self, socket: &UdpSocket, stop: &AtomicBool) -> io::Result<()> {
        let mut buffer = vec![0; 65_535];
        while !stop.load(Ordering::Relaxed) {
            self.fire(now());
            self.transmit(socket)?;
            if let Some((length, source)) = self.wait(socket, &mut buffer)?
                && let Ok(message) = Message::parse(buffer[..length].to_vec())
            {
                let flow = Flow::udp(socket.local_addr()?, source);
                self.layer.handle(now(), Input::Received { flow, message });
                self.transmit(socket)?;
            }
        }
        Ok(())
    }

    fn fire(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
        self.registrar.handle_timeout(now);
    }

    fn wait(
        &self,
        socket: &UdpSocket,
        buffer: &mut [u8],
    ) -> io::Result<Option<(usize, std::net::SocketAddr)>> {
        let timers = [self.layer.poll_timeout(), self.registrar.poll_timeout()];
        let next = timers.into_iter().flatten().min();
        let wait = next.map_or(Duration::MAX, |at| at.saturating_duration_since(now()));
        // Never for ever: the stop flag wants to be seen. Never zero: that means for ever.
        let wait = wait.clamp(Duration::from_millis(1), Duration::from_millis(100));
        socket.set_read_timeout(Some(wait))?;
        match socket.recv_from(buffer) {
            Ok(received) => Ok(Some(received)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn transmit(&mut self, socket: &UdpSocket) -> io::Result<()> {
        while let Some(output) = self.layer.poll_output() {
            match output {
                Output::Transmit { flow, payload } => {
                    socket.send_to(&payload, flow.remote)?;
                }
                Output::Event(Event::Request { id, flow, request }) => {
                    self.answer(now(), id, flow, &request);
                }
                // Nothing here sends requests or answers an INVITE with a 2xx.
                Output::Event(_) => {}
            }
        }
        while let Some(output) = self.registrar.poll_output() {
            match output {
                registrar::Output::BindingSaved { user, binding } => {
                    println!("{user} is at {} by {}", binding.contact, binding.flow);
                }
                registrar::Output::BindingRemoved { user, contact, reason } => {
                    println!("{user} is no longer at {contact}: {reason:?}");
                }
            }
        }
        Ok(())
    }

    fn answer(&mut self, now: Instant, id: TransactionId, flow: Flow, request: &Message) {
        if *request.method() != Method::Register {
            let reply = self.reply(request, StatusCode::METHOD_NOT_ALLOWED);
            return self.refuse(id, reply.header(HeaderName::Allow, "REGISTER"));
        }
        let users = &self.passwords;
        match self.authenticator.check(now, request, |name| users.get(name)) {
            Verdict::Accepted { user } => {
                let tag = self.layer.stateless_tag(request);
                let result = self.registrar.register(now, &user, flow, request, &tag);
                let reply = result.unwrap_or_else(|refusal| refusal.reply(request, &tag));
                if let Ok(response) = reply.build() {
                    // Only a transaction that is over could refuse.
                    let _ = self.layer.respond(now, id, &response);
                }
            }
            Verdict::Challenge(challenge)
            | Verdict::Stale(challenge)
            | Verdict::Rejected { challenge, .. } => {
                let reply = self.reply(request, challenge.status());
                self.refuse(id, challenge.write(reply));
            }
        }
    }

    fn reply(&self, request: &Message, status: StatusCode) -> Builder {
        Builder::reply(request, status, Some(&self.layer.stateless_tag(request)))
    }

    /// Strangers are answered without keeping anything.
    fn refuse(&mut self, id: TransactionId, reply: Builder) {
        if let Ok(response) = reply.build() {
            let _ = self.layer.respond_stateless(id, &response);
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the shell of the example reads the clock")]
fn now() -> Instant {
    Instant::now()
}
