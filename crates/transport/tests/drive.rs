//! The drive loop on real sockets at 127.0.0.1: SIP in and out, an RTP port for a call, an orderly end.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use switchboard_media::{Audio, Plane, PlaneConfig};
use switchboard_pbx::{
    CallId, CallRecord, Cause, Config, Event, Input, OriginateError, Pbx, RecordHead, SavedBinding,
    Secrets, Sounds,
};
use switchboard_routing::{
    Directory, DirectorySpec, LineId, LineSpec, TrunkKind, TrunkSpec, TrunkTransport, UserId,
    UserSpec,
};
use switchboard_transport::{
    Driver, DriverConfig, Handle, Host, Listen, SipSockets, Stopped, StreamLimits, wall_clock,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(5);

/// Remembers what it is told.
#[derive(Default)]
struct Notes {
    opened: Vec<RecordHead>,
    closed: Vec<CallRecord>,
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
    fn event(&mut self, _: &Event) {}
}

/// A company with one employee, and a trunk whose calls come from `outside`.
fn directory(outside: SocketAddr) -> Directory {
    let trunk = TrunkSpec {
        id: "outside".parse().unwrap(),
        name: String::new(),
        kind: TrunkKind::Peer,
        host: outside.ip().to_string(),
        port: outside.port(),
        transport: TrunkTransport::Udp,
        user: None,
        auth_user: None,
        domain: None,
        addresses: Vec::new(),
    };
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

/// A driver that listens on a port of its own, and its address.
fn driver(outside: SocketAddr) -> (Driver, Handle, SocketAddr) {
    let sockets = SipSockets::bind(&[Listen::plain("127.0.0.1:0".parse().unwrap())]).unwrap();
    let address = sockets.listeners()[0].local;
    let mut sounds = Sounds::new();
    sounds.insert("welcome", Arc::new(Audio::from_samples(vec![1000; 40_000])));
    let config = Config {
        sounds: Arc::new(sounds),
        listeners: sockets.listeners().to_vec(),
        ..Config::new("switchboard", wall_clock(0), [7; 32])
    };
    let pbx = Pbx::new(config, Arc::new(directory(outside)));
    let plane = Plane::new(PlaneConfig::default());
    let settings = DriverConfig {
        media: address.ip(),
        rtp: "24000-24999".parse().unwrap(),
        streams: StreamLimits::default(),
        tls: None,
        shutdown: Duration::from_secs(3),
    };
    let (driver, handle) = Driver::new(settings, sockets, pbx, plane);
    let secrets = Secrets::new().with_user("anna".parse().unwrap(), "secret");
    handle.send(Input::Secrets(Arc::new(secrets)));
    (driver, handle, address)
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

async fn udp() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

/// RFC 3581: the answer goes to where the request came from, whatever its Via says.
#[tokio::test]
async fn requests_are_answered_over_udp_and_tcp_to_their_source() {
    let phone = udp().await;
    let (mut driver, handle, address) = driver("127.0.0.1:9".parse().unwrap());
    let mut notes = Notes::default();
    let talk = async {
        // A keep-alive is no message.
        phone.send_to(b"\r\n\r\n", address).await.unwrap();
        phone.send_to(register("UDP").as_bytes(), address).await.unwrap();
        let answer = datagram(&phone).await;
        assert!(answer.starts_with("SIP/2.0 401 "), "{answer}");
        let port = phone.local_addr().unwrap().port();
        assert!(answer.contains(&format!("received=127.0.0.1;rport={port}")), "{answer}");

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
    let (caller, rtp) = (udp().await, udp().await);
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
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
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
    let (caller, rtp) = (udp().await, udp().await);
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
