//! Calls with audio in one thread: a small user agent of our own, as SIPp's playing of recordings gives out long
//! before a thousand calls.
//!
//! It calls the echo service, talks on every call, and counts what comes back.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use switchboard_sip::auth::{Client, ClientConfig};
use switchboard_sip::{Builder, HeaderName, Message, Method, StatusCode};

use super::office::{ECHO, Office, USER, password};
use super::party::{self, Heard, Party};

/// The realm of the PBX.
const REALM: &str = "switchboard";
/// The service first says what it is; then it echoes.
const ANNOUNCEMENT: Duration = Duration::from_secs(8);
/// Calls whose INVITE is not answered yet, at once.
const OPENING: usize = 40;

/// The calls, from one SIP socket.
pub(crate) struct Talk {
    socket: UdpSocket,
    server: SocketAddr,
    calls: Vec<Call>,
    /// One a call.
    parties: Vec<Party>,
    by_call_id: HashMap<String, usize>,
}

struct Call {
    invite: Message,
    answer: Option<Answer>,
}

struct Answer {
    response: Message,
    target: String,
}

impl Talk {
    /// Begins `count` calls to the echo service; all are answered when this returns.
    pub(crate) fn begin(office: &Office, count: usize) -> Result<Self, String> {
        let fault = |e: std::io::Error| format!("the calls: {e}");
        let server: SocketAddr = office.address().parse().map_err(|e| format!("{e}"))?;
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(fault)?;
        socket.set_read_timeout(Some(Duration::from_secs(5))).map_err(fault)?;
        let (calls, parties) = (Vec::new(), Vec::new());
        let mut talk = Self { socket, server, calls, parties, by_call_id: HashMap::new() };
        let mut answered = 0;
        while answered < count {
            while talk.calls.len() < count && talk.calls.len() < answered + OPENING {
                talk.invite()?;
            }
            answered += usize::from(talk.step()?);
        }
        Ok(talk)
    }

    /// Waits until the service has said what it is.
    pub(crate) fn hear_announcement(&mut self) {
        std::thread::sleep(ANNOUNCEMENT);
        self.parties.iter_mut().for_each(Party::listen);
    }

    fn local(&self) -> Result<SocketAddr, String> {
        self.socket.local_addr().map_err(|e| e.to_string())
    }

    fn send(&self, message: &Message) -> Result<(), String> {
        self.socket.send_to(message.as_bytes(), self.server).map(drop).map_err(|e| e.to_string())
    }

    fn invite(&mut self) -> Result<(), String> {
        let (local, n) = (self.local()?, self.calls.len());
        let party = Party::new(n)?;
        let call_id = format!("talk-{n}-{}", party.port()?);
        let invite = Builder::request(&Method::Invite, format!("sip:{ECHO}@{}", self.server))
            .header(HeaderName::Via, format_args!("SIP/2.0/UDP {local};branch=z9hG4bKt{n}a;rport"))
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format_args!("<sip:{USER}@{}>;tag=t{n}", self.server))
            .header(HeaderName::To, format_args!("<sip:{ECHO}@{}>", self.server))
            .header(HeaderName::CallId, &call_id)
            .header(HeaderName::CSeq, "1 INVITE")
            .header(HeaderName::Contact, format_args!("<sip:{USER}@{local}>"))
            .body("application/sdp", party.description()?)
            .build()
            .map_err(|e| format!("INVITE: {e}"))?;
        self.send(&invite)?;
        self.by_call_id.insert(call_id, n);
        self.calls.push(Call { invite, answer: None });
        self.parties.push(party);
        Ok(())
    }

    /// Takes one response; whether it answered a call.
    fn step(&mut self) -> Result<bool, String> {
        let mut buffer = [0; 4096];
        let len = self.socket.recv(&mut buffer).map_err(|e| {
            let answered = self.calls.iter().filter(|call| call.answer.is_some()).count();
            format!("no response ({answered} of {} calls answered): {e}", self.calls.len())
        })?;
        let Ok(response) = Message::parse(buffer[..len].to_vec()) else { return Ok(false) };
        let Some(&n) = self.by_call_id.get(response.call_id()) else { return Ok(false) };
        let Some(status) = response.status().filter(|status| status.is_final()) else {
            return Ok(false);
        };
        if *response.method() != Method::Invite {
            return Ok(false);
        }
        if status == StatusCode::UNAUTHORIZED {
            self.prove(n, &response)?;
            return Ok(false);
        }
        if status != StatusCode::OK {
            return Err(format!("a call is refused: {status:?}"));
        }
        if self.calls[n].answer.is_none() {
            let to = audio(&response, self.server).ok_or("a 200 without audio")?;
            self.parties[n].to = Some(to);
            self.calls[n].answer = Some(read(response)?);
            self.request(n, &Method::Ack, 2)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// The INVITE again, with credentials.
    fn prove(&mut self, n: usize, response: &Message) -> Result<(), String> {
        let invite = &self.calls[n].invite;
        let ack = Builder::request(&Method::Ack, invite.request_uri_str().unwrap_or_default())
            .copy(invite, HeaderName::Via)
            .header(HeaderName::MaxForwards, 70)
            .copy(invite, HeaderName::From)
            .copy(response, HeaderName::To)
            .copy(invite, HeaderName::CallId)
            .header(HeaderName::CSeq, "1 ACK")
            .build()
            .map_err(|e| format!("ACK: {e}"))?;
        let mut config = ClientConfig::new(self.server.ip().to_string(), USER, password(USER));
        config.realm = REALM.to_owned();
        let authorization = Client::new(config)
            .answer(invite, response, "load")
            .map_err(|e| format!("the challenge: {e}"))?;
        let local = self.local()?;
        let again = Builder::request(&Method::Invite, invite.request_uri_str().unwrap_or_default())
            .header(HeaderName::Via, format_args!("SIP/2.0/UDP {local};branch=z9hG4bKt{n}b;rport"))
            .header(HeaderName::MaxForwards, 70)
            .copy(invite, HeaderName::From)
            .copy(invite, HeaderName::To)
            .copy(invite, HeaderName::CallId)
            .header(HeaderName::CSeq, "2 INVITE")
            .copy(invite, HeaderName::Contact)
            .header(authorization.name, authorization.value)
            .body("application/sdp", invite.body().to_vec())
            .build()
            .map_err(|e| format!("INVITE: {e}"))?;
        self.send(&ack)?;
        self.send(&again)?;
        self.calls[n].invite = again;
        Ok(())
    }

    /// A request within a call.
    fn request(&self, n: usize, method: &Method, number: u32) -> Result<(), String> {
        let call = &self.calls[n];
        let Some(answer) = &call.answer else { return Ok(()) };
        let local = self.local()?;
        let via = format!("SIP/2.0/UDP {local};branch=z9hG4bKt{n}{method};rport");
        let message = Builder::request(method, &answer.target)
            .header(HeaderName::Via, via)
            .header(HeaderName::MaxForwards, 70)
            .copy(&call.invite, HeaderName::From)
            .copy(&answer.response, HeaderName::To)
            .copy(&call.invite, HeaderName::CallId)
            .header(HeaderName::CSeq, format_args!("{number} {method}"))
            .build()
            .map_err(|e| format!("{method}: {e}"))?;
        self.send(&message)
    }

    /// All calls talk for so long.
    pub(crate) fn talk(&mut self, time: Duration) -> Heard {
        party::talk(&mut self.parties, time)
    }

    /// Hangs up all calls and waits for the answers.
    pub(crate) fn end(self) -> Result<(), String> {
        let mut buffer = [0; 4096];
        for n in 0..self.calls.len() {
            self.request(n, &Method::Bye, 3)?;
            self.socket.recv(&mut buffer).map_err(|e| format!("BYE: {e}"))?;
        }
        Ok(())
    }
}

fn read(response: Message) -> Result<Answer, String> {
    let contact = response.contact().ok().flatten();
    let target = contact.map(|contact| contact.uri().as_str().to_owned());
    Ok(Answer { target: target.ok_or("a 200 without Contact")?, response })
}

/// Where the sender of a description on this machine wants its audio.
pub(super) fn audio(message: &Message, server: SocketAddr) -> Option<SocketAddr> {
    let body = String::from_utf8_lossy(message.body());
    let media = body.lines().find_map(|line| line.strip_prefix("m=audio "))?;
    let port = media.split(' ').next()?.parse().ok()?;
    Some(SocketAddr::new(server.ip(), port))
}
