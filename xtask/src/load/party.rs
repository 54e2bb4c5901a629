//! Whoever talks and listens in a call: an RTP socket that sends 20 ms of G.711 50 times a second, each packet with the number of
//! its sender and its place, and counts what comes from others of its kind.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// The time of a packet.
const PACKET: Duration = Duration::from_millis(20);
/// The parties are spread over the packet time in so many slots.
const SLOTS: usize = 20;
/// Octets of an RTP packet with 20 ms of G.711.
const OCTETS: usize = 172;
/// What marks a packet of ours among tones and silence of the PBX's.
const MARK: [u8; 4] = *b"load";

/// One side of a call.
pub(super) struct Party {
    rtp: UdpSocket,
    number: u32,
    /// Where it sends, once that is agreed on.
    pub(super) to: Option<SocketAddr>,
    sequence: u16,
    returned: u64,
}

/// What was counted while all talked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) sent: u64,
    pub(crate) returned: u64,
    /// Slots that began more than a packet time late: the generator had no processor.
    pub(crate) late: u64,
    /// For how long they talked, in seconds.
    pub(crate) time: f64,
}

impl Party {
    pub(super) fn new(number: usize) -> Result<Self, String> {
        let rtp = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        rtp.set_nonblocking(true).map_err(|e| e.to_string())?;
        Ok(Self { rtp, number: number as u32, to: None, sequence: 0, returned: 0 })
    }

    pub(super) fn port(&self) -> Result<u16, String> {
        self.rtp.local_addr().map(|local| local.port()).map_err(|e| e.to_string())
    }

    /// What it offers, or answers.
    pub(super) fn description(&self) -> Result<String, String> {
        let port = self.port()?;
        Ok(format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
        ))
    }

    /// Takes all that has come.
    pub(super) fn listen(&mut self) {
        while self.take() {}
    }

    /// Takes a packet; whether there was one.
    fn take(&mut self) -> bool {
        let mut buffer = [0; 2048];
        match self.rtp.recv(&mut buffer) {
            // What the PBX says by itself is no packet of ours.
            Ok(OCTETS) if buffer[12..16] == MARK => self.returned += 1,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
        true
    }

    fn say(&mut self) -> bool {
        let Some(to) = self.to else { return false };
        let mut packet = [0xd5; OCTETS];
        packet[0] = 0x80;
        packet[1] = if self.sequence == 0 { 0x88 } else { 8 };
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&(u32::from(self.sequence) * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&(self.number + 1).to_be_bytes());
        packet[12..16].copy_from_slice(&MARK);
        packet[16..20].copy_from_slice(&self.number.to_be_bytes());
        packet[20..22].copy_from_slice(&self.sequence.to_be_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        self.rtp.send_to(&packet, to).is_ok()
    }
}

/// Takes what is still on its way, until none has come for a second; how many have come in all.
fn hear_out(parties: &mut [Party]) -> u64 {
    let (mut all, mut last) = (0, Instant::now());
    while last.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(50));
        parties.iter_mut().for_each(Party::listen);
        let now: u64 = parties.iter().map(|party| party.returned).sum();
        if now > all {
            (all, last) = (now, Instant::now());
        }
    }
    all
}

/// All talk for so long.
pub(super) fn talk(parties: &mut [Party], time: Duration) -> Heard {
    let slot = PACKET / SLOTS as u32;
    let ticks = (time.as_micros() / PACKET.as_micros()) as u32;
    let (begun, mut sent, mut late) = (Instant::now(), 0, 0);
    let before: u64 = parties.iter().map(|party| party.returned).sum();
    for tick in 0..ticks {
        for place in 0..SLOTS {
            let due = begun + PACKET * tick + slot * place as u32;
            match due.checked_duration_since(Instant::now()) {
                Some(wait) => std::thread::sleep(wait),
                None if due.elapsed() > PACKET => late += 1,
                None => {}
            }
            for party in parties.iter_mut().skip(place).step_by(SLOTS) {
                // One comes for one that goes; where it lags behind there is more to take.
                while party.take() && party.returned + 2 < u64::from(party.sequence) {}
                sent += u64::from(party.say());
            }
        }
    }
    let time = begun.elapsed().as_secs_f64();
    Heard { sent, returned: hear_out(parties) - before, late, time }
}
