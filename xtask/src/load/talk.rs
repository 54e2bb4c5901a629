//! Calls with audio in one thread: a small user agent of our own, as SIPp's playing of recordings gives out long
//! before a thousand calls.
//!
//! It calls the echo service, sends 20 ms of G.711 on every call 50 times a second, each packet with the number
//! of its call and its place in it, and counts what comes back.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use switchboard_sip::auth::{Client, ClientConfig};
use switchboard_sip::{Builder, HeaderName, Message, Method, StatusCode};

use super::office::{ECHO, Office, USER, password};

/// The realm of the PBX.
const REALM: &str = "switchboard";
/// The time of a packet.
const PACKET: Duration = Duration::from_millis(20);
/// The calls are spread over the packet time in so many slots.
const SLOTS: usize = 20;
/// Octets of an RTP packet with 20 ms of G.711.
const OCTETS: usize = 172;
/// The service first says what it is; then it echoes.
const ANNOUNCEMENT: Duration = Duration::from_secs(8);
/// Calls whose INVITE is not answered yet, at once.
const OPENING: usize = 40;

/// The calls, from one SIP socket.
pub(crate) struct Talk {
    socket: UdpSocket,
    server: SocketAddr,
    calls: Vec<Call>,
    by_call_id: HashMap<String, usize>,
}

struct Call {
    rtp: UdpSocket,
    invite: Message,
    answer: Option<Answer>,
    sequence: u16,
    returned: u64,
}

struct Answer {
    response: Message,
    target: String,
    audio: SocketAddr,
}

/// What was counted while the calls talked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) sent: u64,
    pub(crate) returned: u64,
    /// Slots that began more than a packet time late: the generator had no processor.
    pub(crate) late: u64,
    /// For how long they talked, in seconds.
    pub(crate) time: f64,
}

impl Talk {
    /// Begins `count` calls to the echo service; all are answered when this returns.
    pub(crate) fn begin(office: &Office, count: usize) -> Result<Self, String> {
        let fault = |e: std::io::Error| format!("the calls: {e}");
        let server: SocketAddr = office.address().parse().map_err(|e| format!("{e}"))?;
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(fault)?;
        socket.set_read_timeout(Some(Duration::from_secs(5))).map_err(fault)?;
        let mut talk = Self { socket, server, calls: Vec::new(), by_call_id: HashMap::new() };
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
        self.calls.iter_mut().enumerate().for_each(|(n, call)| call.listen(n));
    }

    fn local(&self) -> Result<SocketAddr, String> {
        self.socket.local_addr().map_err(|e| e.to_string())
    }

    fn send(&self, message: &Message) -> Result<(), String> {
        self.socket.send_to(message.as_bytes(), self.server).map(drop).map_err(|e| e.to_string())
    }

    fn invite(&mut self) -> Result<(), String> {
        let rtp = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        rtp.set_nonblocking(true).map_err(|e| e.to_string())?;
        let (local, n) = (self.local()?, self.calls.len());
        let port = rtp.local_addr().map_err(|e| e.to_string())?.port();
        let call_id = format!("talk-{n}-{port}");
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
        );
        let invite = Builder::request(&Method::Invite, format!("sip:{ECHO}@{}", self.server))
            .header(HeaderName::Via, format_args!("SIP/2.0/UDP {local};branch=z9hG4bKt{n}a;rport"))
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format_args!("<sip:{USER}@{}>;tag=t{n}", self.server))
            .header(HeaderName::To, format_args!("<sip:{ECHO}@{}>", self.server))
            .header(HeaderName::CallId, &call_id)
            .header(HeaderName::CSeq, "1 INVITE")
            .header(HeaderName::Contact, format_args!("<sip:{USER}@{local}>"))
            .body("application/sdp", sdp)
            .build()
            .map_err(|e| format!("INVITE: {e}"))?;
        self.send(&invite)?;
        self.by_call_id.insert(call_id, n);
        self.calls.push(Call { rtp, invite, answer: None, sequence: 0, returned: 0 });
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
            let answer = read(response, self.server)?;
            self.calls[n].answer = Some(answer);
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
        let slot = PACKET / SLOTS as u32;
        let ticks = (time.as_micros() / PACKET.as_micros()) as u32;
        let (begun, mut sent, mut late) = (Instant::now(), 0, 0);
        let before: u64 = self.calls.iter().map(|call| call.returned).sum();
        for tick in 0..ticks {
            for place in 0..SLOTS {
                let due = begun + PACKET * tick + slot * place as u32;
                match due.checked_duration_since(Instant::now()) {
                    Some(wait) => std::thread::sleep(wait),
                    None if due.elapsed() > PACKET => late += 1,
                    None => {}
                }
                for (n, call) in self.calls.iter_mut().enumerate().skip(place).step_by(SLOTS) {
                    call.listen(n);
                    sent += u64::from(call.say(n));
                }
            }
        }
        let time = begun.elapsed().as_secs_f64();
        std::thread::sleep(Duration::from_millis(300));
        self.calls.iter_mut().enumerate().for_each(|(n, call)| call.listen(n));
        let after: u64 = self.calls.iter().map(|call| call.returned).sum();
        Heard { sent, returned: after - before, late, time }
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

impl Call {
    /// Takes all that has come back.
    fn listen(&mut self, n: usize) {
        let mut buffer = [0; 2048];
        loop {
            match self.rtp.recv(&mut buffer) {
                // What the PBX says by itself before it echoes is no packet of ours.
                Ok(OCTETS) if buffer[12..20] == (n as u64).to_be_bytes() => self.returned += 1,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {}
            }
        }
    }

    fn say(&mut self, n: usize) -> bool {
        let Some(answer) = &self.answer else { return false };
        let mut packet = [0xd5; OCTETS];
        packet[0] = 0x80;
        packet[1] = if self.sequence == 0 { 0x88 } else { 8 };
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&(u32::from(self.sequence) * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&(n as u32 + 1).to_be_bytes());
        packet[12..20].copy_from_slice(&(n as u64).to_be_bytes());
        packet[20..22].copy_from_slice(&self.sequence.to_be_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        self.rtp.send_to(&packet, answer.audio).is_ok()
    }
}

fn read(response: Message, server: SocketAddr) -> Result<Answer, String> {
    let target = response
        .contact()
        .ok()
        .flatten()
        .map(|contact| contact.uri().as_str().to_owned())
        .ok_or("a 200 without Contact")?;
    let body = String::from_utf8_lossy(response.body());
    let port = body
        .lines()
        .find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next()?.parse().ok())
        .ok_or("a 200 without audio")?;
    drop(body);
    Ok(Answer { target, audio: SocketAddr::new(server.ip(), port), response })
}
