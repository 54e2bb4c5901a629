//! A whole PBX without a socket: a phone registers and calls the echo test, in memory.
//!
//! `cargo run --example pbx_in_memory` prints each message as it passes, and the call's record.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use switchboard_media::{Command, Event, EventKind, Stats};
use switchboard_pbx::{Config, Input, Listener, Output, Pbx, Secrets, WallClock};
use switchboard_routing::{Directory, DirectorySpec};
use switchboard_sip::auth::{Authorization, Client, ClientConfig};
use switchboard_sip::dialog::Dialog;
use switchboard_sip::{Builder, Flow, HeaderName, Message, Method, Transport};

const COMPANY: &str = r#"
users = [{ login = "anna", name = "Anna Ahrens", extension = "101" }]
services = [{ code = "*43", service = "echo" }]
"#;
const DESCRIPTION: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\n\
                           t=0 0\r\nm=audio 6000 RTP/AVP 8\r\n";

/// The PBX and the only phone there is.
struct Desk {
    pbx: Pbx,
    now: Instant,
    flow: Flow,
    account: Client,
    sent: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    #[allow(clippy::disallowed_methods, reason = "the epoch of a virtual clock")]
    let now = Instant::now();
    let local: SocketAddr = "192.0.2.1:5060".parse()?;
    let clock = WallClock { at: now, unix: Duration::from_secs(1_800_000_000), utc_offset: 0 };
    let mut config = Config::new("192.0.2.1", clock, [7; 32]);
    config.listeners = vec![Listener::new(Transport::Udp, local)];
    let spec: DirectorySpec = toml::from_str(COMPANY)?;
    let mut pbx = Pbx::new(config, Arc::new(Directory::build(&spec)?));
    let secrets = Secrets::new().with_user("anna".parse()?, "correct horse");
    pbx.handle(now, Input::Secrets(Arc::new(secrets)))?;
    let flow = Flow::udp(local, "192.0.2.7:5060".parse()?);
    let account = Client::new(ClientConfig::new("192.0.2.1", "anna", "correct horse"));
    let mut desk = Desk { pbx, now, flow, account, sent: 0 };

    desk.ask(&Method::Register, "sip:192.0.2.1", "r1", &[])?;
    let (invite, answer) =
        desk.ask(&Method::Invite, "sip:*43@192.0.2.1", "c1", DESCRIPTION.as_bytes())?;
    let mut dialog = Dialog::uac(&invite, &answer)?;
    let via = |branch: &str| format!("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK{branch}");
    desk.send(&dialog.ack(answer.cseq().number).first(HeaderName::Via, via("ack")).build()?)?;
    desk.now += Duration::from_secs(5);
    desk.send(&dialog.request(&Method::Bye).first(HeaderName::Via, via("bye")).build()?)?;
    Ok(())
}

impl Desk {
    /// Sends a request, with credentials when it is asked for them; gives it and the final answer.
    fn ask(
        &mut self,
        method: &Method,
        uri: &str,
        call_id: &str,
        body: &[u8],
    ) -> Result<(Message, Message), Box<dyn Error>> {
        let request = self.request(method, uri, call_id, body, None)?;
        let answer = self.send(&request)?.ok_or("no answer")?;
        if answer.status().is_none_or(|status| status.code() != 401) {
            return Ok((request, answer));
        }
        let credentials = self.account.answer(&request, &answer, "not so random")?;
        let request = self.request(method, uri, call_id, body, Some(&credentials))?;
        let answer = self.send(&request)?.ok_or("no answer")?;
        Ok((request, answer))
    }

    fn request(
        &mut self,
        method: &Method,
        uri: &str,
        call_id: &str,
        body: &[u8],
        credentials: Option<&Authorization>,
    ) -> Result<Message, Box<dyn Error>> {
        self.sent += 1;
        let number = self.sent;
        let to = if *method == Method::Register { "sip:anna@192.0.2.1" } else { uri };
        let mut request = Builder::request(method, uri)
            .header(HeaderName::Via, format!("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK{number};rport"))
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, "<sip:anna@192.0.2.1>;tag=a")
            .header(HeaderName::To, format!("<{to}>"))
            .header(HeaderName::CallId, call_id)
            .header(HeaderName::CSeq, format!("{number} {method}"))
            .header(HeaderName::Contact, "<sip:anna@192.0.2.7>");
        if let Some(Authorization { name, value }) = credentials {
            request = request.header(*name, value.as_str());
        }
        if !body.is_empty() {
            request = request.body("application/sdp", Bytes::copy_from_slice(body));
        }
        Ok(request.build()?)
    }

    /// Hands a message in, and does what the PBX wants; gives its last answer.
    fn send(&mut self, message: &Message) -> Result<Option<Message>, Box<dyn Error>> {
        println!("anna > {}", first_line(message.as_bytes()));
        let payload = message.as_bytes().clone();
        self.pbx.handle(self.now, Input::Sip { flow: self.flow, payload })?;
        let mut answer = None;
        while let Some(output) = self.pbx.poll_output() {
            match output {
                Output::Transmit { payload, .. } => {
                    println!("pbx  > {}", first_line(&payload));
                    answer = Some(Message::parse(payload)?);
                }
                // A program would bind a port; this one only says that it did.
                Output::OpenMedia { leg, .. } => {
                    let local = "192.0.2.1:40000".parse()?;
                    self.pbx.handle(self.now, Input::MediaOpened { leg, local })?;
                }
                Output::Media(Command::Close { leg }) => {
                    let kind = EventKind::Closed { stats: Stats::default() };
                    self.pbx.handle(self.now, Input::Media(Event { leg, kind }))?;
                }
                Output::RecordClosed(record) => {
                    println!(
                        "record: {} dialled {}, {} ms, {}",
                        record.head.from.number, record.head.dialled, record.talk, record.cause
                    );
                }
                Output::Media(_) | Output::Event(_) => {}
                other => println!("       {other:?}"),
            }
        }
        Ok(answer)
    }
}

fn first_line(message: &[u8]) -> String {
    String::from_utf8_lossy(message).lines().next().unwrap_or_default().to_owned()
}
