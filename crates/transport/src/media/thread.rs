//! One media thread: a plane, the sockets of its legs, and the loop between them.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use switchboard_media::{Channel, Command, Event, EventKind, Input, LegId, Output, Plane, Stats};
use tokio::sync::mpsc::UnboundedSender;

use super::bell::Bell;
use super::order::{Arrival, Arriving, News, Order, Promise, Word};
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
    news: UnboundedSender<Word>,
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
        news: UnboundedSender<Word>,
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
                _ = self.news.send(Word::News(news));
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
            // The others wait for it, but for the end: whom it is expected of may have ended already.
            Some(_) => {
                let urgent = |order: &Order| matches!(order, Order::Arrived(..) | Order::Stop);
                self.waiting.iter().any(urgent)
            }
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
        self.let_in(now, news);
        // Nothing that is waited for keeps the program from ending.
        self.is_over = self.waiting.iter().any(|order| matches!(order, Order::Stop));
        while self.expected.is_none()
            && let Some(order) = self.waiting.pop_front()
        {
            match order {
                Order::Sockets(leg, sockets) => self.watch(leg, sockets),
                Order::Command(command) => self.command(now, command, news),
                Order::GiveUp(promise) => self.give_up(now, promise),
                Order::Expect(leg) => {
                    self.expected = Some(leg);
                    self.let_in(now, news);
                }
                Order::Arrived(leg, _) => tracing::error!(%leg, "a leg came that nobody expected"),
                Order::Stop => {}
                #[cfg(test)]
                Order::Panic => panic!("as a test wants it"),
            }
            self.settle(news);
        }
    }

    /// Takes the leg that is expected, if it has come.
    fn let_in(&mut self, now: Instant, news: &mut News) {
        let Some(expected) = self.expected else { return };
        let is_it = |order: &Order| matches!(order, Order::Arrived(leg, _) if *leg == expected);
        let Some(at) = self.waiting.iter().position(is_it) else { return };
        self.expected = None;
        let Some(Order::Arrived(leg, arriving)) = self.waiting.remove(at) else { return };
        let Arrival { leg: moved, sockets } = match arriving {
            Arriving::Here(arrival) => *arrival,
            Arriving::Over => return,
            Arriving::Lost => return news.push(closed(leg)),
        };
        match self.plane.adopt(now, moved) {
            Ok(()) => self.watch(leg, sockets),
            Err(error) => {
                tracing::error!(%leg, %error, "a leg is lost between two threads");
                news.push(closed(leg));
            }
        }
    }

    fn give_up(&mut self, now: Instant, promise: Promise) {
        let leg = promise.leg();
        let sockets = self.sockets.remove(&leg);
        let arrival = sockets.zip(self.plane.release(now, leg)).map(|(sockets, moved)| {
            let Sockets { rtp: Watched { socket: rtp, .. }, rtcp } = sockets;
            for socket in [&rtp, &rtcp.socket] {
                _ = epoll::delete(&self.epoll, socket);
            }
            let sockets = PortPair { rtp, rtcp: rtcp.socket };
            Arriving::Here(Box::new(Arrival { leg: moved, sockets }))
        });
        promise.keep(arrival.unwrap_or(Arriving::Over));
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

    fn command(&mut self, now: Instant, command: Command, news: &mut News) {
        let opened = if let Command::Open { leg } = command { Some(leg) } else { None };
        let Err(error) = self.plane.handle(now, Input::Command(command)) else { return };
        tracing::debug!(%error, "media command refused");
        // Nobody would ever free its ports.
        if let Some(leg) = opened
            && self.sockets.remove(&leg).is_some()
        {
            news.push(closed(leg));
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

/// A leg of which the plane knows nothing is over.
pub(super) fn closed(leg: LegId) -> Output {
    Output::Event(Event { leg, kind: EventKind::Closed { stats: Stats::default() } })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use switchboard_media::PlaneConfig;

    use super::*;

    /// The end came while the thread was awake, so that nobody rings, and the leg that it waits for never comes: who has it has
    /// ended already.
    #[test]
    fn a_thread_that_waits_for_a_leg_ends_all_the_same() {
        let (orders, queue) = channel();
        let (news, _news) = tokio::sync::mpsc::unbounded_channel();
        let (plane, bell) = (Plane::new(PlaneConfig::default()), Arc::new(Bell::new().unwrap()));
        let mut thread = Thread::new(plane, bell, queue, news).unwrap();
        thread.expected = Some(LegId(1));
        orders.send(Order::Stop).unwrap();
        let (done, over) = channel();
        std::thread::spawn(move || {
            thread.run();
            done.send(())
        });
        over.recv_timeout(Duration::from_secs(10)).unwrap();
    }
}
