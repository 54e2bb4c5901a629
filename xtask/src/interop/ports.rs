//! Port numbers for the programs of one run: loopback, apart from each other, free when asked.

use std::net::{TcpListener, UdpSocket};
use std::sync::Mutex;

/// The ports of one phone.
pub(crate) struct Ports {
    /// SIP over UDP and TCP.
    pub(crate) sip: u16,
    /// The control port.
    pub(crate) control: u16,
    /// The first of 20 RTP ports.
    pub(crate) rtp: u16,
}

/// The ports of all runs; each process begins elsewhere in it, so that two runs do not meet.
const FIRST: u16 = 21_000;
const LAST: u16 = 58_000;

static NEXT: Mutex<Option<u16>> = Mutex::new(None);

/// The next `count` ports that nobody else of this process is given, free or not.
fn reserve(count: u16) -> u16 {
    let mut next = NEXT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let start = || FIRST + (std::process::id() % 18) as u16 * 2_000;
    let first = next.filter(|first| first + count <= LAST);
    let first = first.unwrap_or_else(|| if next.is_some() { FIRST } else { start() });
    *next = Some(first + count);
    first
}

/// `count` ports in a row from an even one, all free on loopback.
pub(crate) fn block(count: u16) -> u16 {
    let count = count.next_multiple_of(2);
    loop {
        let first = reserve(count);
        let free = (first..first + count).all(|port| {
            UdpSocket::bind(("127.0.0.1", port)).is_ok()
                && TcpListener::bind(("127.0.0.1", port)).is_ok()
        });
        if free {
            return first;
        }
    }
}

/// The ports of one phone, in the block that begins at `first` or in a new one.
pub(crate) fn phone(first: Option<u16>) -> Ports {
    let first = first.unwrap_or_else(|| block(28));
    Ports { sip: first, control: first + 4, rtp: first + 6 }
}
