//! Floods, of which each is survived with a flat memory while a call is served (h9, h22, h33).

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::company::{ANNA, BRUNO, CARLA, Line, NUMBER};
use super::ports;
use super::stage::{Stage, ensure, ms, s, talk, tone};

/// Messages a flood.
const MESSAGES: u32 = 100_000;

/// A thousand calls of the trunk, and what phones need besides.
const RTP_PORTS: u16 = 2_400;

/// What a flood may add to the memory once its tables are full, in KiB: buffers of what is held, and less than 100 octets a
/// message.
const FLAT: u64 = 8 * 1024;

/// So many datagrams may be without an answer before the flood waits: what the socket drops is no load.
const AHEAD: u32 = 256;

/// The memory of the program, in KiB.
fn memory(stage: &Stage) -> Result<u64, String> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", stage.pbx.id()?))
        .map_err(|e| format!("/proc: {e}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .ok_or_else(|| format!("no VmRSS in {status}"))
}

/// A stranger's socket; each has an address of its own, since some of them are locked out.
struct Stranger {
    socket: UdpSocket,
    here: SocketAddr,
    server: SocketAddr,
}

impl Stranger {
    fn at(last: u8, port: u16, server: &str) -> Result<Self, String> {
        let fault = |e: std::io::Error| format!("socket: {e}");
        let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), port)).map_err(fault)?;
        socket.set_read_timeout(Some(ms(5))).map_err(fault)?;
        let here = socket.local_addr().map_err(fault)?;
        let server = server.parse().map_err(|e| format!("{server}: {e}"))?;
        Ok(Self { socket, here, server })
    }

    /// A request of this method for `user`, the `n`th of its kind, with these further lines.
    fn request(&self, method: &str, user: &str, n: u32, more: &str, body: &str) -> String {
        let Self { here, server, .. } = self;
        format!(
            "{method} sip:{user}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{method}{n};rport\r\n\
             From: <sip:u{n}@{server}>;tag={n}\r\nTo: <sip:u{n}@{server}>\r\nCall-ID: {method}{n}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:u{n}@{here}>\r\nMax-Forwards: 70\r\n{more}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Sends these requests and counts the datagrams that come back, by their first digit.
    fn pour(
        &self,
        numbers: std::ops::Range<u32>,
        request: impl Fn(u32) -> String,
    ) -> Result<[u32; 10], String> {
        let mut answers = [0; 10];
        let mut ahead = 0;
        let mut buffer = [0; 2048];
        for n in numbers {
            self.socket
                .send_to(request(n).as_bytes(), self.server)
                .map_err(|e| format!("send: {e}"))?;
            ahead += 1;
            while ahead >= AHEAD {
                match self.socket.recv(&mut buffer) {
                    Ok(length) => {
                        ahead -= 1;
                        let digit = buffer[..length].strip_prefix(b"SIP/2.0 ");
                        let digit = digit.and_then(|rest| rest.first()?.checked_sub(b'0'));
                        answers[usize::from(digit.unwrap_or(0).min(9))] += 1;
                    }
                    // Not every one is answered.
                    Err(_) => ahead = 0,
                }
            }
        }
        Ok(answers)
    }
}

/// Calls the echo service with SIPp as Bruno's phone again and again until the flood is over, and counts.
fn calls_meanwhile(
    stage: &Stage,
    flood: impl FnOnce() -> Result<String, String> + Send,
) -> Result<(u32, String), String> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let told = flood();
            over.store(true, Ordering::Release);
            told
        });
        let mut served = 0;
        while served == 0 || !over.load(Ordering::Acquire) {
            let vars = [("dialled", "*43"), ("hold_ms", "300")];
            let call =
                stage.sipp("call_user", BRUNO.login, BRUNO.password, ports::block(2), &vars, &[]);
            call.map_err(|why| format!("call {} during the flood: {why}", served + 1))?;
            served += 1;
        }
        let told = flood.join().map_err(|_| "the flood fell over")??;
        Ok((served, told))
    })
}

/// All floods one after the other.
pub(crate) fn flood(dir: &Path) -> Result<(), String> {
    let stage = Stage::roomy(dir, Line::default(), RTP_PORTS)?;
    let server = stage.pbx.server();
    let mut anna = stage.phone(ANNA)?;
    let carla = stage.phone(CARLA)?;
    stage.sipp_registers(BRUNO, ports::block(2), 300)?;
    talk(s(1));
    let start = memory(&stage)?;
    let tell = |what: &str, before: u64, (served, told): (u32, String)| {
        let after = memory(&stage)?;
        println!(
            "  {what}: {told}; {before} KiB before, {after} KiB after; {served} calls served meanwhile"
        );
        ensure(after < before + FLAT, || {
            format!("{what}: memory grew from {before} to {after} KiB")
        })?;
        Ok::<u64, String>(after)
    };

    // INVITEs without credentials, of which no 401 is ever acknowledged.
    let stranger = Stranger::at(2, 0, &server)?;
    let done = calls_meanwhile(&stage, || {
        let answers =
            stranger.pour(0..MESSAGES, |n| stranger.request("INVITE", "102", n, "", ""))?;
        ensure(answers[4] > MESSAGES / 2, || format!("few were answered 4xx: {answers:?}"))?;
        Ok(format!("{MESSAGES} sent, {} answered 4xx", answers[4]))
    })?;
    let before = tell("INVITEs of strangers", start, done)?;

    // REGISTERs with wrong passwords.
    let stranger = Stranger::at(3, 0, &server)?;
    let digest = format!(
        "Authorization: Digest username=\"anna\", realm=\"switchboard\", nonce=\"0\", uri=\"sip:{server}\", \
         response=\"{:032}\", algorithm=MD5\r\n",
        0
    );
    let done = calls_meanwhile(&stage, || {
        let answers =
            stranger.pour(0..MESSAGES, |n| stranger.request("REGISTER", "anna", n, &digest, ""))?;
        ensure(answers[4] > MESSAGES / 2, || format!("few were answered 4xx: {answers:?}"))?;
        Ok(format!("{MESSAGES} sent, {} answered 4xx", answers[4]))
    })?;
    let before = tell("REGISTERs with wrong credentials", before, done)?;

    // Connections that never finish what they began.
    let done = calls_meanwhile(&stage, || half_open(&server))?;
    let before = tell("half-open connections", before, done)?;

    // Audio that nobody sends, at every port of the range: those of Anna, who talks with Carla, among them.
    anna.dial(&stage.at(CARLA.extension))?;
    anna.wait_for("CALL_ESTABLISHED", s(5))?;
    talk(s(2));
    let junk = Stranger::at(5, 0, &server)?;
    let first = stage.pbx.rtp_ports().start;
    let done = calls_meanwhile(&stage, || {
        for n in 0..MESSAGES {
            let mut packet = vec![0x80, 8];
            packet.extend((n as u16).to_be_bytes());
            packet.extend((n * 160).to_be_bytes());
            packet.extend([0, 0, 0, 77]);
            packet.resize(12 + (n % 200) as usize, 0x55);
            packet.truncate(if n % 5 == 0 { (n % 12) as usize } else { packet.len() });
            let port = first + (n % u32::from(RTP_PORTS)) as u16;
            // A port that nobody has open tells so.
            let _ = junk.socket.send_to(&packet, ("127.0.0.1", port));
            if n % 200 == 0 {
                talk(ms(5));
            }
        }
        Ok(format!("{MESSAGES} datagrams sent"))
    })?;
    tell("junk for RTP ports", before, done)?;

    talk(s(1));
    ensure(!anna.has_seen("CALL_CLOSED")?, || "Anna's call ended".into())?;
    anna.hang_up()?;
    anna.wait_for("CALL_CLOSED", s(5))?;
    drop(carla);
    anna.heard()?.expect_tone("anna", tone(CARLA), s(4))?;

    // A trunk is let in: its calls are answered, and none of the answers is ever acknowledged. The
    // tables fill, and then they are full.
    let trunk = Stranger::at(1, stage.outside, &server)?;
    let body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                m=audio 9 RTP/AVP 8\r\n";
    let invite = |n| trunk.request("INVITE", NUMBER, n, "Content-Type: application/sdp\r\n", body);
    let filled = trunk.pour(0..MESSAGES / 5, invite)?;
    ensure(filled[2] > 0, || format!("no call was answered: {filled:?}"))?;
    let full = memory(&stage)?;
    let done = calls_meanwhile(&stage, || {
        let answers = trunk.pour(MESSAGES / 5..MESSAGES, invite)?;
        ensure(answers[5] > MESSAGES / 4, || format!("few were answered 503: {answers:?}"))?;
        let [_, _, ok, _, _, busy, ..] = answers;
        Ok(format!("{MESSAGES} sent, of the last 80 % {ok} answers 2xx and {busy} 5xx"))
    })?;
    println!(
        "  a trunk's INVITEs never acknowledged: {start} KiB at first, {full} KiB with full tables"
    );
    tell("a trunk's INVITEs never acknowledged", full, done)?;
    Ok(())
}

/// A thousand connections at once that send half a message, from one address.
fn half_open(server: &str) -> Result<String, String> {
    let fault = |e: std::io::Error| format!("connect: {e}");
    let server: SocketAddr = server.parse().map_err(|e| format!("{server}: {e}"))?;
    let mut held = Vec::new();
    let mut refused = 0;
    for n in 0..1_000 {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).map_err(fault)?;
        let here = SocketAddr::new(IpAddr::from([127, 0, 0, 4]), 0);
        socket.bind(&here.into()).map_err(fault)?;
        let opened = socket.connect_timeout(&server.into(), ms(500));
        let mut stream = TcpStream::from(socket);
        let half = format!(
            "INVITE sip:102@{server} SIP/2.0\r\nVia: SIP/2.0/TCP {here};branch=z9hG4bK{n}\r\nFrom: "
        );
        if opened.is_err() || stream.write_all(half.as_bytes()).is_err() {
            refused += 1;
            continue;
        }
        held.push(stream);
    }
    talk(Duration::from_secs(2));
    // Those beyond the bound have been closed by now.
    let mut open = 0;
    for stream in &held {
        stream.set_nonblocking(true).map_err(fault)?;
        let mut one = [0];
        match stream.peek(&mut one) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => open += 1,
            _ => {}
        }
    }
    ensure(open <= 64, || format!("{open} half-open connections of one address are held"))?;
    Ok(format!("1000 opened, {refused} refused at once, {open} held"))
}
