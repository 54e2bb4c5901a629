//! Port numbers for the programs of one run: loopback, apart from each other, free when asked.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// The ports of one phone.
pub(crate) struct Ports {
    /// SIP over UDP and TCP.
    pub(crate) sip: u16,
    /// The control port.
    pub(crate) control: u16,
    /// The first of 20 RTP ports.
    pub(crate) rtp: u16,
}

static NEXT: AtomicU16 = AtomicU16::new(21_000);

/// `count` ports in a row from an even one, all free on loopback.
pub(crate) fn block(count: u16) -> u16 {
    let count = count.next_multiple_of(2);
    loop {
        let first = NEXT.fetch_add(count, Ordering::Relaxed);
        if first > 58_000 {
            NEXT.store(21_000, Ordering::Relaxed);
            continue;
        }
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
