//! A network that loses, repeats, reorders and delays, from a seed.

use core::cmp::Ordering;
use core::time::Duration;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use crate::Rng;

/// How badly a [`Wire`] treats its datagrams. The default is perfect: nothing lost, no delay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Link {
    /// Probability that a datagram is lost, `0.0..=1.0`.
    pub loss: f64,
    /// Probability that a datagram arrives twice.
    pub duplicate: f64,
    /// Probability that a datagram is held back by [`reorder_by`](Self::reorder_by), so that later
    /// ones overtake it.
    pub reorder: f64,
    /// How long a reordered datagram is held back.
    pub reorder_by: Duration,
    /// The delay that every datagram has.
    pub delay: Duration,
    /// A random delay on top, up to this; datagrams may overtake each other by it.
    pub jitter: Duration,
}

/// A datagram on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub source: SocketAddr,
    /// Who gets it.
    pub destination: SocketAddr,
    /// What it carries.
    pub payload: Bytes,
}

#[derive(Debug)]
struct InFlight {
    arrival: Instant,
    /// Datagrams of the same instant arrive in the order of sending.
    serial: u64,
    datagram: Datagram,
}

impl PartialEq for InFlight {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for InFlight {}

impl PartialOrd for InFlight {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for InFlight {
    /// Reversed: the heap gives the earliest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.arrival, other.serial).cmp(&(self.arrival, self.serial))
    }
}

/// What a wire did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireCounts {
    /// Datagrams put on the wire.
    pub sent: u64,
    /// Of these, lost.
    pub lost: u64,
    /// Of these, delivered twice.
    pub duplicated: u64,
}

/// A seeded lossy wire between any number of addresses.
///
/// ```
/// use std::time::Duration;
/// use switchboard_testkit::{Clock, Link, Wire};
///
/// let mut clock = Clock::new();
/// let mut wire = Wire::new(7, Link { delay: Duration::from_millis(10), ..Link::default() });
/// let (a, b) = ("10.0.0.1:5060".parse()?, "10.0.0.2:5060".parse()?);
/// wire.send(clock.now(), a, b, &b"hello"[..]);
///
/// assert!(wire.receive(clock.now()).is_none());
/// clock.advance_to(wire.poll_arrival().expect("one in flight"));
/// let datagram = wire.receive(clock.now()).expect("arrived");
/// assert_eq!((datagram.source, &datagram.payload[..]), (a, &b"hello"[..]));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug)]
pub struct Wire {
    rng: Rng,
    link: Link,
    in_flight: BinaryHeap<InFlight>,
    serial: u64,
    counts: WireCounts,
}

impl Wire {
    /// A wire of this quality; the same seed and the same sends give the same arrivals.
    #[must_use]
    pub fn new(seed: u64, link: Link) -> Self {
        let in_flight = BinaryHeap::new();
        Self { rng: Rng::new(seed), link, in_flight, serial: 0, counts: WireCounts::default() }
    }

    /// A wire that does no harm.
    #[must_use]
    pub fn perfect() -> Self {
        Self::new(0, Link::default())
    }

    /// The quality from now on; what is in flight is not touched.
    pub fn set_link(&mut self, link: Link) {
        self.link = link;
    }

    /// What happened so far.
    #[must_use]
    pub const fn counts(&self) -> WireCounts {
        self.counts
    }

    /// Puts a datagram on the wire.
    pub fn send(
        &mut self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        payload: impl Into<Bytes>,
    ) {
        let datagram = Datagram { source, destination, payload: payload.into() };
        self.counts.sent += 1;
        if self.rng.chance(self.link.loss) {
            self.counts.lost += 1;
            return;
        }
        if self.rng.chance(self.link.duplicate) {
            self.counts.duplicated += 1;
            self.launch(now, datagram.clone());
        }
        self.launch(now, datagram);
    }

    /// When the next datagram arrives; `None` when the wire is empty.
    #[must_use]
    pub fn poll_arrival(&self) -> Option<Instant> {
        self.in_flight.peek().map(|next| next.arrival)
    }

    /// The next datagram that has arrived by `now`.
    pub fn receive(&mut self, now: Instant) -> Option<Datagram> {
        if self.poll_arrival()? > now {
            return None;
        }
        self.in_flight.pop().map(|next| next.datagram)
    }

    fn launch(&mut self, now: Instant, datagram: Datagram) {
        let mut arrival = now + self.link.delay + self.rng.duration(self.link.jitter);
        if self.rng.chance(self.link.reorder) {
            arrival += self.link.reorder_by;
        }
        self.serial += 1;
        self.in_flight.push(InFlight { arrival, serial: self.serial, datagram });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    fn arrivals(seed: u64, link: Link, clock: &Clock) -> (Vec<u8>, WireCounts) {
        let mut wire = Wire::new(seed, link);
        let (a, b) = (([10, 0, 0, 1], 1).into(), ([10, 0, 0, 2], 2).into());
        for n in 0..200_u8 {
            wire.send(clock.now() + Duration::from_millis(20) * u32::from(n), a, b, vec![n]);
        }
        let end = clock.now() + Duration::from_secs(60);
        let order = std::iter::from_fn(|| wire.receive(end)).map(|d| d.payload[0]).collect();
        (order, wire.counts())
    }

    #[test]
    fn a_perfect_wire_keeps_everything_in_order() {
        let (order, counts) = arrivals(1, Link::default(), &Clock::new());
        assert_eq!(order, (0..200).collect::<Vec<u8>>());
        assert_eq!(counts, WireCounts { sent: 200, lost: 0, duplicated: 0 });
    }

    #[test]
    fn a_seed_replays_and_harm_is_about_as_set() {
        let link = Link {
            loss: 0.2,
            duplicate: 0.1,
            reorder: 0.1,
            reorder_by: Duration::from_millis(50),
            ..Link::default()
        };
        let clock = Clock::new();
        let (order, counts) = arrivals(3, link, &clock);
        assert_eq!((order.clone(), counts), arrivals(3, link, &clock));
        assert_ne!(order, arrivals(4, link, &clock).0);
        assert!((20..=60).contains(&counts.lost), "{counts:?}");
        assert!((5..=35).contains(&counts.duplicated), "{counts:?}");
        assert!(order.windows(2).any(|pair| pair[0] > pair[1]), "nothing was reordered");
    }
}
