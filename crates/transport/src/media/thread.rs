//! One media thread: a plane, the sockets of its legs, and the loop between them.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use switchboard_media::{Channel, Command, EventKind, Input, LegId, Output, Plane};
use tokio::sync::mpsc::UnboundedSender;

use super::bell::Bell;
use super::order::{Arrival, News, Order};
use crate::clock;
use crate::pace::Pace;
use crate::rtp_ports::PortPair;

/// Sockets that one look finds ready; the others have their turn in the next.
const READY: usize = 1024;
/// Datagrams read from a socket on which they have heaped up.
const BATCH: usize = 64;
/// Packets of a stream come at least 10 ms apart: what is there again sooner is a heap.
const HEAPED: Duration = Duration::from_millis(5);
/// The largest UDP datagram.
const DATAGRAM: usize = 65_535;
/// Names the bell where sockets are named by their legs.
const BELL: u64 = u64::MAX;

pub(super) struct Thread {
    plane: Plane,
    epoll: OwnedFd,
    bell: Arc<Bell>,
    orders: Receiver<Order>,
    /// Orders that came and are not obeyed yet.
    waiting: VecDeque<Order>,
    /// The leg that has to come before the next order.
    expected: Option<LegId>,
    news: UnboundedSender<News>,
    sockets: HashMap<LegId, Sockets>,
    pace: Pace,
    buffer: Box<[u8]>,
    is_over: bool,
}

struct Sockets {
    rtp: Watched,
    rtcp: Watched,
}

impl Sockets {
    fn on(&self, channel: Channel) -> &Watched {
        match channel {
            Channel::Rtp => &self.rtp,
            Channel::Rtcp => &self.rtcp,
        }
    }

    fn on_mut(&mut self, channel: Channel) -> &mut Watched {
        match channel {
            Channel::Rtp => &mut self.rtp,
            Channel::Rtcp => &mut self.rtcp,
        }
    }
}

struct Watched {
    socket: UdpSocket,
    /// When something was read from it last.
    read: Option<Instant>,
}

impl From<UdpSocket> for Watched {
    fn from(socket: UdpSocket) -> Self {
        Self { socket, read: None }
    }
}

/// A socket in epoll's words.
fn token(leg: LegId, channel: Channel) -> epoll::EventData {
    epoll::EventData::new_u64(leg.0 << 1 | u64::from(channel == Channel::Rtcp))
}

fn named(token: u64) -> (LegId, Channel) {
    (LegId(token >> 1), if token & 1 == 0 { Channel::Rtp } else { Channel::Rtcp })
}

impl Thread {
    pub(super) fn new(
        plane: Plane,
        bell: Arc<Bell>,
        orders: Receiver<Order>,
        news: UnboundedSender<News>,
    ) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &*bell, epoll::EventData::new_u64(BELL), epoll::EventFlags::IN)?;
        Ok(Self {
            plane,
            epoll,
            bell,
            orders,
            waiting: VecDeque::new(),
            expected: None,
            news,
            sockets: HashMap::new(),
            pace: Pace::new(clock::now()),
            buffer: vec![0; DATAGRAM].into_boxed_slice(),
            is_over: false,
        })
    }

    /// Until it is told to stop.
    pub(super) fn run(mut self) {
        let mut ready = Vec::with_capacity(READY);
        while !self.is_over {
            self.gather();
            self.wait(&mut ready);
            let now = clock::now();
            self.pace.begin(now, ready.len() + self.waiting.len());
            let mut news = News::new();
            self.obey(now, &mut news);
            self.read(now, &ready, &mut news);
            if self.plane.poll_timeout().is_some_and(|due| due <= now) {
                self.plane.handle_timeout(now);
                self.settle(&mut news);
            }
            if !news.is_empty() {
                // A loop that has ended wants to know nothing.
                _ = self.news.send(news);
            }
        }
    }

    /// While much comes, leaves it alone for a moment.
    #[allow(clippy::disallowed_methods, reason = "a thread that does nothing else")]
    fn gather(&self) {
        if let Some(pause) = self.pace.pause(clock::now()) {
            std::thread::sleep(pause);
        }
    }

    /// Until a socket can be read, an order has come, or a timer is due.
    fn wait(&mut self, ready: &mut Vec<epoll::Event>) {
        self.bell.lie_down();
        self.waiting.extend(self.orders.try_iter());
        let has_orders = match self.expected {
            // The others wait for it.
            Some(_) => self.waiting.iter().any(|order| matches!(order, Order::Arrived(..))),
            None => !self.waiting.is_empty(),
        };
        let until = if has_orders {
            Some(Duration::ZERO)
        } else {
            let due = self.plane.poll_timeout();
            due.map(|due| due.saturating_duration_since(clock::now()))
        };
        let until = until.and_then(|until| Timespec::try_from(until).ok());
        ready.clear();
        let room = rustix::buffer::spare_capacity(ready);
        // A signal may interrupt it: the next round looks again.
        _ = epoll::wait(&self.epoll, room, until.as_ref());
        self.bell.get_up();
        if ready.iter().any(|event| event.data.u64() == BELL) {
            self.bell.silence();
        }
        self.waiting.extend(self.orders.try_iter());
    }

    fn obey(&mut self, now: Instant, news: &mut News) {
        self.let_in(now);
        // Nothing that is waited for keeps the program from ending.
        self.is_over = self.waiting.iter().any(|order| matches!(order, Order::Stop));
        while self.expected.is_none()
            && let Some(order) = self.waiting.pop_front()
        {
            match order {
                Order::Sockets(leg, sockets) => self.watch(leg, sockets),
                Order::Command(command) => self.command(now, command),
                Order::GiveUp(leg, to) => self.give_up(now, leg, &to),
                Order::Expect(leg) => {
                    self.expected = Some(leg);
                    self.let_in(now);
                }
                Order::Arrived(leg, _) => tracing::error!(%leg, "a leg came that nobody expected"),
                Order::Stop => {}
            }
            self.settle(news);
        }
    }

    /// Takes the leg that is expected, if it has come.
    fn let_in(&mut self, now: Instant) {
        let Some(expected) = self.expected else { return };
        let is_it = |order: &Order| matches!(order, Order::Arrived(leg, _) if *leg == expected);
        let Some(at) = self.waiting.iter().position(is_it) else { return };
        self.expected = None;
        if let Some(Order::Arrived(leg, Some(arrival))) = self.waiting.remove(at) {
            let Arrival { leg: moved, sockets } = *arrival;
            self.watch(leg, sockets);
            if let Err(error) = self.plane.adopt(now, moved) {
                tracing::error!(%leg, %error, "a leg is lost between two threads");
            }
        }
    }

    fn give_up(&mut self, now: Instant, leg: LegId, to: &super::order::Inlet) {
        let sockets = self.sockets.remove(&leg);
        let arrival = sockets.zip(self.plane.release(now, leg)).map(|(sockets, moved)| {
            let Sockets { rtp: Watched { socket: rtp, .. }, rtcp } = sockets;
            for socket in [&rtp, &rtcp.socket] {
                _ = epoll::delete(&self.epoll, socket);
            }
            Box::new(Arrival { leg: moved, sockets: PortPair { rtp, rtcp: rtcp.socket } })
        });
        to.put(Order::Arrived(leg, arrival));
        to.bell.ring();
    }

    fn watch(&mut self, leg: LegId, PortPair { rtp, rtcp }: PortPair) {
        for (socket, channel) in [(&rtp, Channel::Rtp), (&rtcp, Channel::Rtcp)] {
            let flags = epoll::EventFlags::IN;
            if let Err(error) = epoll::add(&self.epoll, socket, token(leg, channel), flags) {
                tracing::warn!(%leg, %error, "a call hears nothing");
            }
        }
        self.sockets.insert(leg, Sockets { rtp: rtp.into(), rtcp: rtcp.into() });
    }

    fn command(&mut self, now: Instant, command: Command) {
        if let Err(error) = self.plane.handle(now, Input::Command(command)) {
            tracing::debug!(%error, "media command refused");
        }
    }

    fn read(&mut self, now: Instant, ready: &[epoll::Event], news: &mut News) {
        for event in ready {
            let token = event.data.u64();
            if token != BELL {
                let (leg, channel) = named(token);
                self.read_socket(now, leg, channel);
                self.settle(news);
            }
        }
    }

    /// Takes one datagram: a second system call would nearly always find nothing, and epoll comes back while there is
    /// more. Where it did so at once, all that has heaped up is taken.
    fn read_socket(&mut self, now: Instant, leg: LegId, channel: Channel) {
        let Self { sockets, plane, buffer, .. } = self;
        // A leg may be over since the look.
        let Some(watched) = sockets.get_mut(&leg).map(|it| it.on_mut(channel)) else { return };
        let last = watched.read.replace(now);
        let is_heap = last.is_some_and(|last| now.saturating_duration_since(last) < HEAPED);
        for _ in 0..if is_heap { BATCH } else { 1 } {
            match watched.socket.recv_from(buffer) {
                Ok((len, source)) => {
                    let input = Input::Packet { leg, channel, source, payload: &buffer[..len] };
                    if let Err(error) = plane.handle(now, input) {
                        tracing::trace!(%leg, %error, "packet dropped");
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // A datagram of ours came back as undeliverable: the next read is another datagram.
                Err(_) => {}
            }
        }
    }

    /// Sends what is to be sent, and puts the rest among the news.
    fn settle(&mut self, news: &mut News) {
        while let Some(output) = self.plane.poll_output() {
            match output {
                Output::Transmit(packet) => {
                    let Some(sockets) = self.sockets.get(&packet.leg) else { continue };
                    let socket = &sockets.on(packet.channel).socket;
                    // When the kernel's buffer is full, the datagram is lost: as it might be on the network.
                    if let Err(error) = socket.send_to(&packet.payload, packet.destination) {
                        tracing::trace!(leg = %packet.leg, %error, "packet not sent");
                    }
                }
                Output::Event(event) => {
                    if let EventKind::Closed { .. } = event.kind {
                        self.sockets.remove(&event.leg);
                    }
                    news.push(Output::Event(event));
                }
                recorded => news.push(recorded),
            }
        }
    }
}
