//! What reading and sending datagrams one a system call costs, beside many a call: 64 sockets at 127.0.0.1, packets of 172 octets,
//! so many of them waiting on each socket when it is looked at.
//!
//! The transport reads one by one, because an RTP socket has one packet when it wakes. `cargo bench --bench udp`.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench measures time and prints what it measured; a socket that cannot be had is a broken bench"
)]

use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};
use switchboard_benches::Bench;

const SOCKETS: usize = 64;
const PACKET: [u8; 172] = [0x80; 172];
const ROUNDS: usize = 100;
/// The most that one call reads, as a server would set it.
const ROOM: usize = 32;

/// How it is done.
#[derive(Clone, Copy)]
enum Way {
    OneByOne,
    Many,
}

struct Lab {
    sender: UdpSocket,
    sockets: Vec<(UdpSocket, SocketAddr)>,
    buffers: Vec<[u8; 2048]>,
    headers: MultiHeaders<SockaddrIn>,
}

impl Lab {
    fn new() -> Self {
        let open = || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_nonblocking(true).unwrap();
            let address = socket.local_addr().unwrap();
            (socket, address)
        };
        Self {
            sender: open().0,
            sockets: (0..SOCKETS).map(|_| open()).collect(),
            buffers: vec![[0; 2048]; ROOM],
            headers: MultiHeaders::preallocate(ROOM, None),
        }
    }

    /// So many packets to each socket; how long that took.
    fn send(&mut self, waiting: usize, way: Way) -> Duration {
        let begun = Instant::now();
        for (_, to) in &self.sockets {
            match way {
                Way::OneByOne => {
                    for _ in 0..waiting {
                        self.sender.send_to(&PACKET, to).unwrap();
                    }
                }
                Way::Many => {
                    let SocketAddr::V4(to) = to else { unreachable!("bound to IPv4") };
                    let to = Some(SockaddrIn::from(SocketAddrV4::new(*to.ip(), to.port())));
                    let slices = [[IoSlice::new(&PACKET)]; ROOM];
                    let to = [to; ROOM];
                    let (fd, flags) = (self.sender.as_raw_fd(), MsgFlags::empty());
                    let slices = &slices[..waiting];
                    let sent = sendmmsg(fd, &mut self.headers, slices, &to[..waiting], [], flags);
                    assert_eq!(sent.unwrap().count(), waiting);
                }
            }
        }
        begun.elapsed()
    }

    /// Reads what waits on each socket, and no more; how long that took.
    fn read(&mut self, waiting: usize, way: Way) -> Duration {
        let begun = Instant::now();
        let mut read = 0;
        for (socket, _) in &self.sockets {
            match way {
                Way::OneByOne => {
                    for _ in 0..waiting {
                        read += usize::from(socket.recv_from(&mut self.buffers[0]).is_ok());
                    }
                }
                Way::Many => {
                    let mut slices: Vec<[IoSliceMut<'_>; 1]> =
                        self.buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
                    let (fd, flags) = (socket.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
                    let got = recvmmsg(fd, &mut self.headers, slices.iter_mut(), flags, None);
                    read += got.unwrap().filter(|one| one.address.is_some()).count();
                }
            }
        }
        let time = begun.elapsed();
        assert_eq!(read, waiting * SOCKETS);
        time
    }

    /// Looks for more where there is none.
    fn look_in_vain(&mut self) -> Duration {
        let begun = Instant::now();
        for (socket, _) in &self.sockets {
            let found = socket.recv_from(&mut self.buffers[0]);
            assert_eq!(found.unwrap_err().kind(), ErrorKind::WouldBlock);
        }
        begun.elapsed()
    }
}

/// Nanoseconds of the middle one, for each of so many.
fn median(times: &mut [Duration], of: usize) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_nanos() as f64 / of as f64
}

fn main() {
    let bench = Bench::new(
        "udp",
        "Datagrams of 172 octets over 64 sockets at 127.0.0.1: one a system call, as the transport does it, and many.",
    );
    let mut lab = Lab::new();
    let mut vain = Vec::new();
    for waiting in [1, 2, 4, 8, 32] {
        let (mut sent, mut read) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for round in 0..2 * ROUNDS {
            // In turn, so that both meet the same machine.
            let way = [Way::OneByOne, Way::Many][round % 2];
            sent[round % 2].push(lab.send(waiting, way));
            read[round % 2].push(lab.read(waiting, way));
            vain.push(lab.look_in_vain());
        }
        let each = SOCKETS * waiting;
        for (what, names, times) in [
            ("read", ["recvfrom", "recvmmsg"], &mut read),
            ("sent", ["sendto", "sendmmsg"], &mut sent),
        ] {
            let [one, many] = [0, 1].map(|way| median(&mut times[way], each));
            for (name, time) in names.into_iter().zip([one, many]) {
                bench.figure(&format!("{what} by {name}, {waiting} at a time"), time, "ns each");
            }
            let title = format!("{} over {}, {waiting} at a time", names[1], names[0]);
            bench.figure(&title, many / one, "times");
        }
    }
    let title = "a recvfrom that finds nothing";
    bench.figure(title, median(&mut vain, SOCKETS), "ns each");
}
