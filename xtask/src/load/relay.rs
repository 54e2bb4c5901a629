//! Calls from one trunk to another through the PBX, in which both sides talk: both user agents in one thread.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use switchboard_sip::{Builder, HeaderName, Message, Method, StatusCode};

use super::office::{Office, RELAYED};
use super::party::{self, Heard, Party};
use super::talk::audio;

/// Calls that are not answered yet, at once.
const OPENING: usize = 40;
/// How long nothing may come while something is expected.
const PATIENCE: Duration = Duration::from_secs(5);

/// The calls.
pub(crate) struct Relay {
    near: UdpSocket,
    far: UdpSocket,
    server: SocketAddr,
    calls: Vec<Call>,
    by_call_id: HashMap<String, usize>,
    /// First those of the trunk that calls, and those of the other among them as they are called.
    parties: Vec<Party>,
    /// The Call-IDs that the far side has answered.
    taken: HashMap<String, Message>,
}

struct Call {
    invite: Message,
    party: usize,
    answer: Option<(Message, String)>,
}

impl Relay {
    /// Begins `count` calls; all are answered when this returns.
    pub(crate) fn begin(office: &Office, count: usize) -> Result<Self, String> {
        let bind = |port: u16| -> Result<UdpSocket, String> {
            let fault = |e: std::io::Error| format!("trunk at port {port}: {e}");
            let socket = UdpSocket::bind(("127.0.0.1", port)).map_err(fault)?;
            socket.set_nonblocking(true).map_err(fault)?;
            Ok(socket)
        };
        let mut relay = Self {
            near: bind(office.near)?,
            far: bind(office.far)?,
            server: office.address().parse().map_err(|e| format!("{e}"))?,
            calls: Vec::new(),
            by_call_id: HashMap::new(),
            parties: Vec::new(),
            taken: HashMap::new(),
        };
        let (mut answered, mut last) = (0, Instant::now());
        while answered < count {
            while relay.calls.len() < count && relay.calls.len() < answered + OPENING {
                relay.invite()?;
            }
            match relay.step()? {
                Step::Nothing if last.elapsed() > PATIENCE => {
                    return Err(format!("{answered} of {count} calls answered, and no more"));
                }
                Step::Nothing => std::thread::sleep(Duration::from_millis(1)),
                step => {
                    answered += usize::from(step == Step::Answered);
                    last = Instant::now();
                }
            }
        }
        Ok(relay)
    }

    /// Both sides of all calls talk for so long.
    pub(crate) fn talk(&mut self, time: Duration) -> Heard {
        party::talk(&mut self.parties, time)
    }

    /// Hangs up all calls, and answers what the PBX says to the far side.
    pub(crate) fn end(mut self) -> Result<(), String> {
        for n in 0..self.calls.len() {
            self.request(n, &Method::Bye, 2)?;
            self.step()?;
        }
        let mut last = Instant::now();
        while last.elapsed() < Duration::from_millis(300) {
            match self.step()? {
                Step::Nothing => std::thread::sleep(Duration::from_millis(1)),
                _ => last = Instant::now(),
            }
        }
        Ok(())
    }

    fn invite(&mut self) -> Result<(), String> {
        let (local, n) = (address(&self.near)?, self.calls.len());
        let party = Party::new(self.parties.len())?;
        let call_id = format!("relay-{n}-{}", party.port()?);
        let invite = Builder::request(&Method::Invite, format!("sip:{RELAYED}@{}", self.server))
            .header(HeaderName::Via, format_args!("SIP/2.0/UDP {local};branch=z9hG4bKr{n}a;rport"))
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format_args!("<sip:+4930999@{local}>;tag=r{n}"))
            .header(HeaderName::To, format_args!("<sip:{RELAYED}@{}>", self.server))
            .header(HeaderName::CallId, &call_id)
            .header(HeaderName::CSeq, "1 INVITE")
            .header(HeaderName::Contact, format_args!("<sip:near@{local}>"))
            .body("application/sdp", party.description()?)
            .build()
            .map_err(|e| format!("INVITE: {e}"))?;
        send(&self.near, self.server, &invite)?;
        self.by_call_id.insert(call_id, n);
        self.calls.push(Call { invite, party: self.parties.len(), answer: None });
        self.parties.push(party);
        Ok(())
    }

    /// Takes a message on either side.
    fn step(&mut self) -> Result<Step, String> {
        if let Some(message) = receive(&self.far)? {
            self.far(&message)?;
            return Ok(Step::Something);
        }
        match receive(&self.near)? {
            Some(message) => self.near(message),
            None => Ok(Step::Nothing),
        }
    }

    /// The side that is called: it answers at once.
    fn far(&mut self, request: &Message) -> Result<(), String> {
        let reply = |tag: &str| Builder::reply(request, StatusCode::OK, Some(tag));
        let local = address(&self.far)?;
        let reply = match *request.method() {
            Method::Invite if request.status().is_none() => {
                if let Some(said) = self.taken.get(request.call_id()) {
                    return send(&self.far, self.server, said);
                }
                let mut party = Party::new(self.parties.len())?;
                party.to = Some(audio(request, self.server).ok_or("an INVITE without audio")?);
                let reply = reply(&format!("f{}", self.parties.len()))
                    .header(HeaderName::Contact, format_args!("<sip:far@{local}>"))
                    .body("application/sdp", party.description()?)
                    .build();
                self.parties.push(party);
                let reply = reply.map_err(|e| format!("200: {e}"))?;
                self.taken.insert(request.call_id().to_owned(), reply.clone());
                reply
            }
            Method::Bye if request.status().is_none() => {
                let reply = Builder::reply(request, StatusCode::OK, None).build();
                reply.map_err(|e| format!("200: {e}"))?
            }
            _ => return Ok(()),
        };
        send(&self.far, self.server, &reply)
    }

    /// The side that calls.
    fn near(&mut self, response: Message) -> Result<Step, String> {
        let status = response.status().filter(|status| status.is_final());
        let Some(&n) = self.by_call_id.get(response.call_id()) else { return Ok(Step::Something) };
        let (Some(status), Method::Invite) = (status, response.method()) else {
            return Ok(Step::Something);
        };
        if status != StatusCode::OK {
            return Err(format!("a call is refused: {status:?}"));
        }
        let is_new = self.calls[n].answer.is_none();
        if is_new {
            let to = audio(&response, self.server).ok_or("a 200 without audio")?;
            self.parties[self.calls[n].party].to = Some(to);
            let contact = response.contact().ok().flatten();
            let target = contact.map(|contact| contact.uri().as_str().to_owned());
            self.calls[n].answer = Some((response, target.ok_or("a 200 without Contact")?));
        }
        self.request(n, &Method::Ack, 1)?;
        Ok(if is_new { Step::Answered } else { Step::Something })
    }

    /// A request within a call, from the side that calls.
    fn request(&self, n: usize, method: &Method, number: u32) -> Result<(), String> {
        let Call { invite, answer, .. } = &self.calls[n];
        let Some((response, target)) = answer else { return Ok(()) };
        let local = address(&self.near)?;
        let via = format!("SIP/2.0/UDP {local};branch=z9hG4bKr{n}{method};rport");
        let message = Builder::request(method, target)
            .header(HeaderName::Via, via)
            .header(HeaderName::MaxForwards, 70)
            .copy(invite, HeaderName::From)
            .copy(response, HeaderName::To)
            .copy(invite, HeaderName::CallId)
            .header(HeaderName::CSeq, format_args!("{number} {method}"))
            .build()
            .map_err(|e| format!("{method}: {e}"))?;
        send(&self.near, self.server, &message)
    }
}

/// What a step found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    Something,
    /// A call was answered.
    Answered,
}

fn address(socket: &UdpSocket) -> Result<SocketAddr, String> {
    socket.local_addr().map_err(|e| e.to_string())
}

fn send(socket: &UdpSocket, to: SocketAddr, message: &Message) -> Result<(), String> {
    socket.send_to(message.as_bytes(), to).map(drop).map_err(|e| e.to_string())
}

fn receive(socket: &UdpSocket) -> Result<Option<Message>, String> {
    let mut buffer = [0; 4096];
    match socket.recv(&mut buffer) {
        Ok(len) => Ok(Message::parse(buffer[..len].to_vec()).ok()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
