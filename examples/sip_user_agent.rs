//! A user agent without sound: registers, answers every call, and calls somebody if told to.
//!
//! `cargo run --example sip_user_agent -- 127.0.0.1:5080 sip:anna@127.0.0.1:5060 secret`, and in
//! another terminal `... -- 127.0.0.1:5082 sip:boris@127.0.0.1:5060 geheim sip:anna@127.0.0.1:5080`.

#![allow(clippy::print_stdout, reason = "an example that shows what it does")]

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use switchboard_sip::auth::ClientConfig;
use switchboard_sip::dialog::{Dialog, DialogId};
use switchboard_sip::registration::{self, Registration, RegistrationConfig};
use switchboard_sip::transaction::{
    Event, Input, LayerConfig, Output, TransactionId, TransactionLayer,
};
use switchboard_sip::{Builder, Flow, HeaderName, Message, Method, StatusCode, Uri, UriBuf};

/// The realm of the `sip_registrar` example.
const REALM: &str = "switchboard.example";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, account, password, rest @ ..] = &arguments[..] else {
        return Err("expected ADDRESS ACCOUNT PASSWORD [SIP-URI-TO-CALL]".into());
    };
    let mut agent = Agent::new(UdpSocket::bind(address)?, &account.parse()?, password)?;
    agent.register();
    if let Some(callee) = rest.first() {
        agent.call(&callee.parse()?)?;
    }
    loop {
        for line in agent.step()? {
            println!("{line}");
        }
    }
}

/// A socket, and the machines behind it.
pub(crate) struct Agent {
    socket: UdpSocket,
    local: SocketAddr,
    server: SocketAddr,
    account: UriBuf,
    layer: TransactionLayer,
    registration: Registration,
    registering: Option<(TransactionId, Message)>,
    dialogs: HashMap<DialogId, Dialog>,
    /// The calls of ours that hang up at a time.
    hang_up: Vec<(Instant, DialogId)>,
    /// What happened, for people.
    lines: Vec<String>,
}

impl Agent {
    /// An agent for this account; its host is where the registrar is.
    pub(crate) fn new(
        socket: UdpSocket,
        account: &UriBuf,
        password: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let local = socket.local_addr()?;
        let uri = account.as_uri();
        let server = address_of(&uri).ok_or("the account's host must be an IP address")?;
        let user = uri.user().ok_or("the account needs a user")?;
        let registrar = format!("sip:{server}").parse()?;
        let contact = format!("sip:{user}@{local}").parse()?;
        let mut config = RegistrationConfig::new(registrar, account.clone(), contact);
        let mut credentials = ClientConfig::new(uri.host_str(), user, password);
        credentials.realm = REALM.into();
        config.credentials = Some(credentials);
        Ok(Self {
            socket,
            local,
            server,
            account: account.clone(),
            layer: TransactionLayer::new(LayerConfig::default(), seed),
            registration: Registration::new(config, seed.map(|octet| !octet)),
            registering: None,
            dialogs: HashMap::new(),
            hang_up: Vec::new(),
            lines: Vec::new(),
        })
    }

    /// Registers, and stays registered.
    pub(crate) fn register(&mut self) {
        self.registration.handle(now(), registration::Input::Start);
    }

    /// Calls somebody; hangs up a second after the answer.
    pub(crate) fn call(&mut self, callee: &UriBuf) -> Result<(), Box<dyn Error>> {
        let remote =
            address_of(&callee.as_uri()).ok_or("the callee's host must be an IP address")?;
        let (tag, call_id) = {
            let identifiers = self.layer.identifiers();
            (identifiers.tag(), identifiers.call_id())
        };
        let invite = Builder::request(&Method::Invite, callee)
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format_args!("<{}>;tag={tag}", self.account))
            .header(HeaderName::To, format_args!("<{callee}>"))
            .header(HeaderName::CallId, call_id)
            .header(HeaderName::CSeq, "1 INVITE")
            .header(HeaderName::Contact, self.contact());
        self.layer.send_request(now(), Flow::udp(self.local, remote), invite)?;
        Ok(())
    }

    /// One round of the loop: timers, what is to be sent, what has come. Gives what happened.
    pub(crate) fn step(&mut self) -> Result<Vec<String>, Box<dyn Error>> {
        self.fire(now())?;
        self.work()?;
        if let Some((datagram, source)) = self.wait()?
            && let Ok(message) = Message::parse(datagram)
        {
            let flow = Flow::udp(self.local, source);
            self.layer.handle(now(), Input::Received { flow, message });
            self.work()?;
        }
        Ok(std::mem::take(&mut self.lines))
    }

    fn fire(&mut self, now: Instant) -> Result<(), Box<dyn Error>> {
        self.layer.handle_timeout(now);
        self.registration.handle_timeout(now);
        let due: Vec<_> = self.hang_up.extract_if(.., |(at, _)| *at <= now).collect();
        for (_, id) in due {
            if let Some(mut dialog) = self.dialogs.remove(&id) {
                let flow = self.flow_to(&dialog).ok_or("the callee's Contact is no address")?;
                self.layer.send_request(now, flow, dialog.request(&Method::Bye))?;
                self.lines.push("hanging up".into());
            }
        }
        Ok(())
    }

    fn wait(&self) -> io::Result<Option<(Vec<u8>, SocketAddr)>> {
        let timers = [self.layer.poll_timeout(), self.registration.poll_timeout()];
        let calls = self.hang_up.iter().map(|(at, _)| *at);
        let next = timers.into_iter().flatten().chain(calls).min();
        let wait = next.map_or(Duration::MAX, |at| at.saturating_duration_since(now()));
        let wait = wait.clamp(Duration::from_millis(1), Duration::from_millis(100));
        self.socket.set_read_timeout(Some(wait))?;
        let mut buffer = vec![0; 65_535];
        match self.socket.recv_from(&mut buffer) {
            Ok((length, source)) => Ok(Some((buffer[..length].to_vec(), source))),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Passes on what the machines want until they want nothing more.
    fn work(&mut self) -> Result<(), Box<dyn Error>> {
        loop {
            if let Some(output) = self.registration.poll_output() {
                match output {
                    registration::Output::Send(request) => {
                        let flow = Flow::udp(self.local, self.server);
                        let id = self.layer.send_request(now(), flow, *request)?;
                        self.registering = self.layer.sent(id).cloned().map(|sent| (id, sent));
                    }
                    registration::Output::Event(event) => self.lines.push(format!("{event:?}")),
                }
            } else if let Some(output) = self.layer.poll_output() {
                match output {
                    Output::Transmit { flow, payload } => {
                        self.socket.send_to(&payload, flow.remote)?;
                    }
                    Output::Event(event) => self.on_event(event)?,
                }
            } else {
                return Ok(());
            }
        }
    }

    fn on_event(&mut self, event: Event) -> Result<(), Box<dyn Error>> {
        match event {
            Event::Request { id, request, .. } => self.on_request(id, &request)?,
            Event::Response { id, response, .. } => self.on_response(id, &response)?,
            Event::Ack { request, .. } => {
                if DialogId::of_request(&request).is_some_and(|id| self.dialogs.contains_key(&id)) {
                    self.lines.push("the call stands".into());
                }
            }
            Event::Timeout { id } | Event::TransportError { id } => {
                if self.registering.as_ref().is_some_and(|(other, _)| *other == id) {
                    self.registration.handle(now(), registration::Input::Failed);
                }
            }
            // Every INVITE is answered at once, so a CANCEL comes too late.
            Event::Cancel { .. } | Event::Terminated { .. } => {}
            Event::Unacknowledged { .. } => self.lines.push("the caller is gone".into()),
            Event::StrayResponse { .. } => {}
        }
        Ok(())
    }

    fn on_request(&mut self, id: TransactionId, request: &Message) -> Result<(), Box<dyn Error>> {
        let status = match (request.method(), DialogId::of_request(request)) {
            (Method::Invite, None) => {
                let tag = self.layer.identifiers().tag();
                let reply = Builder::reply(request, StatusCode::OK, Some(&tag));
                let response = reply.header(HeaderName::Contact, self.contact()).build()?;
                let dialog = Dialog::uas(request, &response)?;
                self.dialogs.insert(dialog.id().clone(), dialog);
                self.lines.push(format!("answering {}", request.from()?.uri()));
                self.layer.respond(now(), id, &response)?;
                return Ok(());
            }
            (Method::Bye, Some(dialog)) if self.dialogs.remove(&dialog).is_some() => {
                self.lines.push("the other side hung up".into());
                StatusCode::OK
            }
            (Method::Options, None) => StatusCode::OK,
            (_, Some(_)) => StatusCode::CALL_DOES_NOT_EXIST,
            _ => StatusCode::METHOD_NOT_ALLOWED,
        };
        let tag = self.layer.stateless_tag(request);
        let reply = Builder::reply(request, status, Some(&tag));
        let response =
            reply.header(HeaderName::Allow, "INVITE, ACK, CANCEL, BYE, OPTIONS").build()?;
        self.layer.respond(now(), id, &response)?;
        Ok(())
    }

    fn on_response(&mut self, id: TransactionId, response: &Message) -> Result<(), Box<dyn Error>> {
        let status = response.status().ok_or("a response has a status")?;
        if let Some((_, request)) = self.registering.as_ref().filter(|(other, _)| *other == id) {
            let request = request.clone();
            let input = registration::Input::Response { request: &request, response };
            self.registration.handle(now(), input);
        } else if *response.method() == Method::Invite && status.is_success() {
            let invite = self.layer.sent(id).ok_or("the INVITE is still there")?;
            let dialog = Dialog::uac(invite, response)?;
            let flow = self.flow_to(&dialog).ok_or("the callee's Contact is no address")?;
            self.layer.send_ack(Some(id), flow, dialog.ack(response.cseq().number))?;
            self.lines.push("answered".into());
            self.hang_up.push((now() + Duration::from_secs(1), dialog.id().clone()));
            self.dialogs.insert(dialog.id().clone(), dialog);
        } else {
            self.lines.push(format!("{status} to our {}", response.method()));
        }
        Ok(())
    }

    fn flow_to(&self, dialog: &Dialog) -> Option<Flow> {
        Some(Flow::udp(self.local, address_of(&dialog.next_hop())?))
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.account.as_uri().user().unwrap_or_default(), self.local)
    }
}

fn address_of(uri: &Uri<'_>) -> Option<SocketAddr> {
    Some(SocketAddr::new(uri.host().ip()?, uri.port().unwrap_or(5060)))
}

#[allow(clippy::disallowed_methods, reason = "the shell of the example reads the clock")]
fn now() -> Instant {
    Instant::now()
}
