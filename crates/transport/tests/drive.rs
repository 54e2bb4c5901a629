//! The drive loop on real sockets at 127.0.0.1: SIP in and out, an RTP port for a call, an orderly end.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use switchboard_media::{Audio, Plane, PlaneConfig};
use switchboard_pbx::{
    CallId, CallRecord, Cause, Command, Config, Event, Input, OriginateError, Pbx, RecordHead,
    SavedBinding, Secrets, Sounds,
};
use switchboard_routing::{
    Directory, DirectorySpec, LineId, LineSpec, TrunkKind, TrunkSpec, TrunkTransport, UserId,
    UserSpec,
};
use switchboard_sip::Message;
use switchboard_sip::auth::{Client, ClientConfig};
use switchboard_transport::{
    Carrier, Driver, DriverConfig, Handle, Host, Identity, Listen, Origins, SipSockets, Stopped,
    StreamLimits, TlsClient, TlsFiles, TlsServer, Trust, make_self_signed, wall_clock,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(5);

/// Remembers what it is told.
#[derive(Default)]
struct Notes {
    opened: Vec<RecordHead>,
    closed: Vec<CallRecord>,
    registered: bool,
    stop_when_registered: Option<Handle>,
}

impl Host for Notes {
    fn save_binding(&mut self, _: SavedBinding) {}
    fn remove_binding(&mut self, _: &UserId, _: &str) {}
    fn record_opened(&mut self, head: RecordHead) {
        self.opened.push(head);
    }
    fn record_closed(&mut self, record: CallRecord) {
        self.closed.push(record);
    }
    fn originated(&mut self, _: u64, _: Result<CallId, OriginateError>) {}
    fn event(&mut self, event: &Event) {
        if matches!(event, Event::TrunkRegistered { .. })
            && let Some(handle) = &self.stop_when_registered
        {
            self.registered = true;
            handle.shut_down();
        }
    }
}

/// A company with one employee, and a trunk whose calls come from `outside`.
fn directory(outside: SocketAddr) -> Directory {
    let trunk = trunk(outside);
    let line = LineSpec {
        trunk: Some(trunk.id.clone()),
        welcome: true,
        ..LineSpec::new(LineId::new("main").unwrap(), "+49301234567")
    };
    let spec = DirectorySpec {
        users: vec![UserSpec::new(UserId::new("anna").unwrap(), "Anna")],
        lines: vec![line],
        trunks: vec![trunk],
        ..DirectorySpec::default()
    };
    Directory::build(&spec).unwrap()
}

fn trunk(at: SocketAddr) -> TrunkSpec {
    TrunkSpec {
        id: "outside".parse().unwrap(),
        name: String::new(),
        kind: TrunkKind::Peer,
        host: at.ip().to_string(),
        port: at.port(),
        transport: TrunkTransport::Udp,
        user: None,
        auth_user: None,
        domain: None,
        addresses: Vec::new(),
    }
}

fn settings() -> DriverConfig {
    DriverConfig {
        rtp: "24000-24999".parse().unwrap(),
        streams: StreamLimits::default(),
        tls: None,
        shutdown: Duration::from_secs(3),
    }
}

/// A driver that listens on a port of its own, for both at the trunk's kind of address, and its address.
fn driver(outside: SocketAddr) -> (Driver, Handle, SocketAddr) {
    let here = if outside.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
    driver_at(Listen::plain(here.parse().unwrap()), outside)
}

fn driver_at(listen: Listen, outside: SocketAddr) -> (Driver, Handle, SocketAddr) {
    let sockets = SipSockets::bind(&[listen]).unwrap();
    let address = sockets.listeners()[0].local;
    let mut sounds = Sounds::new();
    sounds.insert("welcome", Arc::new(Audio::from_samples(vec![1000; 40_000])));
    let config = Config {
        sounds: Arc::new(sounds),
        listeners: sockets.listeners().to_vec(),
        ..Config::new("switchboard", wall_clock(0), [7; 32])
    };
    let pbx = Pbx::new(config, Arc::new(directory(outside)));
    let (driver, handle) = Driver::new(settings(), sockets, pbx, planes()).unwrap();
    let secrets = Secrets::new().with_user("anna".parse().unwrap(), "secret");
    handle.send(Input::Secrets(Arc::new(secrets)));
    (driver, handle, address)
}

/// Two media threads.
fn planes() -> Vec<Plane> {
    (0..2).map(|seed| Plane::new(PlaneConfig { seed, ..PlaneConfig::default() })).collect()
}

fn register(transport: &str) -> String {
    format!(
        "REGISTER sip:127.0.0.1 SIP/2.0\r\n\
         Via: SIP/2.0/{transport} 192.0.2.1:1;branch=z9hG4bKa;rport\r\n\
         From: <sip:anna@127.0.0.1>;tag=1\r\nTo: <sip:anna@127.0.0.1>\r\nCall-ID: {transport}\r\n\
         CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:anna@192.0.2.1>\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

async fn datagram(socket: &UdpSocket) -> String {
    let mut buffer = [0; 4096];
    let (len, _) = timeout(PATIENCE, socket.recv_from(&mut buffer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&buffer[..len]).into_owned()
}

async fn udp(ip: &str) -> UdpSocket {
    UdpSocket::bind((ip, 0)).await.unwrap()
}

/// RFC 3581: the answer goes to where the request came from, whatever its Via says.
#[tokio::test]
async fn requests_are_answered_over_udp_and_tcp_to_their_source() {
    answered_to_their_source("127.0.0.1").await;
}

/// RFC 5118, section 4.5: `received` without brackets.
#[tokio::test]
async fn requests_are_answered_over_ipv6() {
    answered_to_their_source("::1").await;
}

async fn answered_to_their_source(ip: &str) {
    let phone = udp(ip).await;
    let (mut driver, handle, address) = driver(SocketAddr::new(ip.parse().unwrap(), 9));
    let mut notes = Notes::default();
    let talk = async {
        // A keep-alive is no message.
        phone.send_to(b"\r\n\r\n", address).await.unwrap();
        phone.send_to(register("UDP").as_bytes(), address).await.unwrap();
        let answer = datagram(&phone).await;
        assert!(answer.starts_with("SIP/2.0 401 "), "{answer}");
        let port = phone.local_addr().unwrap().port();
        assert!(answer.contains(&format!("received={ip};rport={port}")), "{answer}");

        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(register("TCP").as_bytes()).await.unwrap();
        let mut buffer = [0; 4096];
        let len = timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(buffer[..len].starts_with(b"SIP/2.0 401 "));
        handle.shut_down();
    };
    let (stopped, ()) = tokio::join!(driver.run(&mut notes), talk);
    assert_eq!(stopped, Stopped::Clean);
    assert!(notes.opened.is_empty());
}

/// A caller from outside is answered with audio; the end of the program ends the call with BYE.
#[tokio::test]
async fn a_call_has_audio_and_ends_with_the_program() {
    has_audio("127.0.0.1").await;
}

#[tokio::test]
async fn a_call_over_ipv6_has_audio_over_ipv6() {
    has_audio("::1").await;
}

async fn has_audio(ip: &str) {
    let (caller, rtp) = (udp(ip).await, udp(ip).await);
    let (mut driver, handle, address) = driver(caller.local_addr().unwrap());
    let mut notes = Notes::default();
    let here = caller.local_addr().unwrap();
    let head = |method: &str, to: &str, cseq: u32| {
        format!(
            "{method} sip:+49301234567@{address} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {here};branch=z9hG4bK{method}{cseq};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:+49891@{here}>;tag=c\r\nTo: <sip:+49301234567@{address}>{to}\r\n\
             Call-ID: call\r\nCSeq: {cseq} {method}\r\nContact: <sip:+49891@{here}>\r\n"
        )
    };
    let talk = async {
        let port = rtp.local_addr().unwrap().port();
        let net = if here.is_ipv4() { "IN IP4" } else { "IN IP6" };
        let sdp = format!(
            "v=0\r\no=- 1 1 {net} {ip}\r\ns=-\r\nc={net} {ip}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        );
        let invite = format!(
            "{}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            head("INVITE", "", 1),
            sdp.len()
        );
        caller.send_to(invite.as_bytes(), address).await.unwrap();
        let answer = loop {
            let answer = datagram(&caller).await;
            if !answer.starts_with("SIP/2.0 1") {
                break answer;
            }
        };
        assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
        assert!(answer.contains(&format!("c={net} {ip}\r\n")), "{answer}");
        assert!(answer.contains(&format!("Contact: <sip:{address}>\r\n")), "{answer}");
        let tag = answer.lines().find(|line| line.starts_with("To:")).unwrap();
        let tag = format!(";tag={}", tag.split(";tag=").nth(1).unwrap());
        let ack = format!("{}Content-Length: 0\r\n\r\n", head("ACK", &tag, 1));
        caller.send_to(ack.as_bytes(), address).await.unwrap();
        // The welcome message comes as RTP from an even port of the range.
        let mut packet = [0; 2048];
        let (len, source) = timeout(PATIENCE, rtp.recv_from(&mut packet)).await.unwrap().unwrap();
        assert!(len > 12 && packet[0] >> 6 == 2);
        assert!(source.port() % 2 == 0 && (24000..=24999).contains(&source.port()), "{source}");

        handle.shut_down();
        let bye = datagram(&caller).await;
        assert!(bye.starts_with("BYE "), "{bye}");
        let field = |name: &str| bye.lines().find(|line| line.starts_with(name)).unwrap();
        let answer = format!(
            "SIP/2.0 200 OK\r\n{}\r\n{}\r\n{}\r\n{}\r\n{}\r\nContent-Length: 0\r\n\r\n",
            field("Via:"),
            field("From:"),
            field("To:"),
            field("Call-ID:"),
            field("CSeq:"),
        );
        caller.send_to(answer.as_bytes(), address).await.unwrap();
    };
    let (stopped, ()) = tokio::join!(driver.run(&mut notes), talk);
    assert_eq!(stopped, Stopped::Clean);
    assert_eq!(notes.opened.len(), 1);
    assert_eq!(notes.closed.len(), 1);
    assert_eq!(notes.closed[0].cause, Cause::Shutdown);
}

/// A peer that does not answer the BYE does not keep the program.
#[tokio::test]
async fn the_end_is_bounded() {
    let (caller, rtp) = (udp("127.0.0.1").await, udp("127.0.0.1").await);
    let (mut driver, handle, address) = driver(caller.local_addr().unwrap());
    let mut notes = Notes::default();
    let here = caller.local_addr().unwrap();
    let port = rtp.local_addr().unwrap().port();
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
    );
    let invite = format!(
        "INVITE sip:+49301234567@{address} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKx;rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:x@{here}>;tag=c\r\nTo: <sip:+49301234567@{address}>\r\nCall-ID: mute\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:x@{here}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    let talk = async {
        caller.send_to(invite.as_bytes(), address).await.unwrap();
        assert!(datagram(&caller).await.starts_with("SIP/2.0 "));
        handle.shut_down();
    };
    let (stopped, ()) = tokio::join!(timeout(PATIENCE, driver.run(&mut notes)), talk);
    assert_eq!(stopped, Ok(Stopped::TimedOut));
    assert_eq!(notes.closed.len(), 1, "the record is written nevertheless");
}

/// A trunk's account over TLS: the certificate has to be for the trunk's host, then the digest is sent.
#[tokio::test]
async fn a_trunk_is_registered_with_over_tls() {
    let folder = tempfile::TempDir::new().unwrap();
    let identity = Identity {
        certificate: folder.path().join("provider.pem"),
        key: folder.path().join("provider.key"),
    };
    make_self_signed(&identity, &["127.0.0.1".to_owned()]).unwrap();
    let files = TlsFiles { identities: vec![identity.clone()], clients: Vec::new() };
    let carrier = Carrier::Tls(TlsServer::load(files).unwrap());
    let nobody = "127.0.0.1:9".parse().unwrap();
    let (mut provider, provider_handle, address) =
        driver_at(Listen::new("127.0.0.1:0".parse().unwrap(), carrier), nobody);

    let trunk = TrunkSpec {
        kind: TrunkKind::Account,
        transport: TrunkTransport::Tls,
        user: Some("anna".to_owned()),
        domain: Some("switchboard".to_owned()),
        ..trunk(address)
    };
    let spec = DirectorySpec { trunks: vec![trunk], ..DirectorySpec::default() };
    let sockets = SipSockets::bind(&[Listen::plain("127.0.0.1:0".parse().unwrap())]).unwrap();
    let config = Config {
        listeners: sockets.listeners().to_vec(),
        ..Config::new("here", wall_clock(0), [8; 32])
    };
    let pbx = Pbx::new(config, Arc::new(Directory::build(&spec).unwrap()));
    let trust = Trust::Files(vec![identity.certificate]);
    let settings = DriverConfig { tls: Some(TlsClient::load(&trust, None).unwrap()), ..settings() };
    let (mut here, handle) = Driver::new(settings, sockets, pbx, planes()).unwrap();
    let secrets = Secrets::new().with_trunk("outside".parse().unwrap(), "secret");
    handle.send(Input::Secrets(Arc::new(secrets)));

    let mut notes = Notes { stop_when_registered: Some(handle), ..Notes::default() };
    let mut other = Notes::default();
    let calls = async {
        let stopped = timeout(PATIENCE, here.run(&mut notes)).await.unwrap();
        provider_handle.shut_down();
        stopped
    };
    let (stopped, _) = tokio::join!(calls, provider.run(&mut other));
    assert!(notes.registered);
    assert_eq!(stopped, Stopped::Clean, "the registration was taken back");
}

/// A browser's library: it registers from a host that nobody can look up, and is called on its connection.
#[tokio::test]
async fn a_phone_registers_over_a_websocket_and_is_called_there() {
    let carrier = Carrier::Ws(Origins::default());
    let nobody = "127.0.0.1:9".parse().unwrap();
    let (mut driver, handle, address) =
        driver_at(Listen::new("127.0.0.1:0".parse().unwrap(), carrier), nobody);
    let mut notes = Notes::default();
    let talk = async {
        let mut phone = Browser::connect(address).await;
        let answer = phone.ask("OPTIONS", "", false).await;
        assert!(answer.starts_with("SIP/2.0 "), "{answer}");
        let contact = "Contact: <sip:x7@k3.invalid;transport=ws>\r\nExpires: 300\r\n";
        let challenge = phone.ask("REGISTER", contact, false).await;
        assert_eq!(
            challenge.matches("WWW-Authenticate").count(),
            1,
            "browsers read one: {challenge}"
        );
        assert!(challenge.contains("algorithm=MD5,"), "and know one: {challenge}");
        let answer = phone.ask("REGISTER", contact, true).await;
        assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
        assert!(answer.contains("<sip:x7@k3.invalid;transport=ws>;expires=300"), "{answer}");

        // What browsers offer needs encryption of media, which is not there yet (RFC 8827).
        let sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
                   m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\n\
                   a=rtpmap:111 opus/48000/2\r\na=setup:actpass\r\n";
        let invite = format!(
            "Contact: <sip:x7@k3.invalid;transport=ws>\r\nContent-Type: application/sdp\r\n\r\n{sdp}"
        );
        let answer = phone.ask("INVITE", &invite, true).await;
        assert!(answer.starts_with("SIP/2.0 488 "), "{answer}");

        let (from, to) = ("anna".parse().unwrap(), "+49301111".to_owned());
        handle.send(Input::Command(Command::Call { token: 1, from, to }));
        let invite = loop {
            let message = phone.hear().await;
            if message.starts_with("INVITE ") {
                break message;
            }
        };
        assert!(
            invite.starts_with("INVITE sip:x7@k3.invalid;transport=ws SIP/2.0\r\n"),
            "{invite}"
        );
        assert!(invite.contains("Via: SIP/2.0/WS "), "{invite}");
        let field = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap();
        let busy = format!(
            "SIP/2.0 486 Busy Here\r\n{}\r\n{}\r\n{};tag=b\r\n{}\r\n{}\r\n\r\n",
            field("Via:"),
            field("From:"),
            field("To:"),
            field("Call-ID:"),
            field("CSeq:"),
        );
        phone.say(busy).await;
        assert!(phone.hear().await.starts_with("ACK "));
        handle.shut_down();
    };
    let (stopped, ()) = tokio::join!(driver.run(&mut notes), talk);
    assert_eq!(stopped, Stopped::Clean);
}

/// Enough of a browser's library.
struct Browser {
    socket: WebSocketStream<TcpStream>,
    cseq: u32,
}

impl Browser {
    async fn connect(address: SocketAddr) -> Self {
        let mut request = format!("ws://{address}/").into_client_request().unwrap();
        request.headers_mut().append("sec-websocket-protocol", "sip".parse().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = client_async(request, stream).await.unwrap();
        Self { socket, cseq: 0 }
    }

    async fn say(&mut self, text: String) {
        self.socket.send(text.into()).await.unwrap();
    }

    async fn hear(&mut self) -> String {
        loop {
            let frame = timeout(PATIENCE, self.socket.next()).await.unwrap().unwrap().unwrap();
            if frame.is_text() {
                return frame.into_text().unwrap().to_string();
            }
        }
    }

    /// The final answer to a request with these headers and body; the challenge before it is answered if asked to.
    async fn ask(&mut self, method: &str, rest: &str, mut answers: bool) -> String {
        let mut account = Client::new(ClientConfig::new("switchboard", "anna", "secret"));
        let mut authorization = String::new();
        let user = if method == "INVITE" { "+49301111@" } else { "" };
        loop {
            self.cseq += 1;
            let rest =
                if rest.contains("\r\n\r\n") { rest.to_owned() } else { format!("{rest}\r\n") };
            let request = format!(
                "{method} sip:{user}switchboard SIP/2.0\r\nVia: SIP/2.0/WS k3.invalid;branch=z9hG4bK{method}{n}\r\n\
                 From: <sip:anna@switchboard>;tag=1\r\nTo: <sip:anna@switchboard>\r\nCall-ID: {method}\r\n\
                 CSeq: {n} {method}\r\nMax-Forwards: 70\r\n{authorization}{rest}",
                n = self.cseq,
            );
            self.say(request.clone()).await;
            let answer = loop {
                let answer = self.hear().await;
                if !answer.starts_with("SIP/2.0 1") {
                    break answer;
                }
            };
            if !std::mem::take(&mut answers) {
                return answer;
            }
            let (asked, challenge) = (message(&request), message(&answer));
            let credentials = account.answer(&asked, &challenge, "cnonce").unwrap();
            authorization = format!("{}: {}\r\n", credentials.name, credentials.value);
        }
    }
}

fn message(text: &str) -> Message {
    Message::parse(text.to_owned()).unwrap()
}
