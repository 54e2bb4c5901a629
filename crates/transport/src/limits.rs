//! How many stream connections there may be, in all and from one address.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::hash::Hash;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::oneshot;

/// Bounds of the stream transports, against peers that open and do not speak, or speak and do not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Connections in all: so many that came, and so many that we opened.
    pub connections: usize,
    /// Connections from one address. Phones behind one NAT share theirs. A network of IPv6 (/64), all of whose
    /// addresses may be one host's, has no more than a quarter of all.
    pub connections_per_address: usize,
    /// Connections in all whose handshake (TLS, WebSocket) is not done.
    pub handshakes: usize,
    /// The same from one address.
    pub handshakes_per_address: usize,
    /// A handshake must be done within this time.
    pub handshake_deadline: Duration,
    /// Whoever connects to us has to send a first message within this time, or gives up the place.
    pub first_message: Duration,
    /// Who has sent a message has to have shown within this time who they are: by credentials, as a trunk, or within a
    /// call. Until then the connection is one of those that make room when there are too many.
    pub unproven: Duration,
    /// A message that has begun must be complete within this time.
    pub message_deadline: Duration,
    /// A connection on which nothing comes for this long is closed; phones send keep-alives (RFC 5626,
    /// section 4.4.1) or refresh their registration before.
    pub idle: Duration,
    /// A peer that takes no octet for this long is gone.
    pub write_deadline: Duration,
    /// How long a connection that we open may take.
    pub connect_deadline: Duration,
    /// Messages that wait for a slow peer; one more, and its connection is closed.
    pub write_queue: usize,
    /// A WebSocket on which nothing came for this long is asked for a pong (RFC 6455, section 5.5.2), and closed when
    /// nothing comes for as long again: a browser cannot ask by itself, and what is between us forgets silent
    /// connections.
    pub ping: Duration,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: 64,
            handshakes: 512,
            handshakes_per_address: 32,
            handshake_deadline: Duration::from_secs(10),
            first_message: Duration::from_secs(30),
            unproven: Duration::from_secs(64),
            message_deadline: Duration::from_secs(10),
            idle: Duration::from_secs(2 * 3600),
            write_deadline: Duration::from_secs(10),
            connect_deadline: Duration::from_secs(5),
            write_queue: 128,
            ping: Duration::from_secs(30),
        }
    }
}

/// Counts connections; a place is given back when its [`Place`] is dropped.
///
/// Who comes has a place, and who has shown who they are keeps it. When places run out, the one of those who have not
/// that was taken first is taken away and given to who comes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
    by_network: HashMap<Network, usize>,
    /// Places of those of whom nothing is known, the oldest first.
    unproven: BTreeMap<u64, Unproven>,
    last: u64,
}

#[derive(Debug)]
struct Unproven {
    address: IpAddr,
    /// Tells the connection.
    evict: oneshot::Sender<()>,
}

/// The right to be one of the connections.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    address: IpAddr,
    number: u64,
    kept: bool,
    evicted: Option<oneshot::Receiver<()>>,
}

/// A network of IPv6, of which a single host may have every address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Network(u64);

impl Network {
    fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => Some(Self((ip.to_bits() >> 64) as u64)),
        }
    }
}

/// What there are too many of.
#[derive(Clone, Copy, Debug)]
enum Crowd {
    Everybody,
    At(IpAddr),
    In(Network),
}

impl Places {
    /// A place for a connection with `address`. There are never more than `all`, nor from there than `per_address`, nor
    /// from its network than a quarter of all. `None`: all of these are taken by who has shown who they are.
    pub(crate) fn take(&self, address: IpAddr, all: usize, per_address: usize) -> Option<Place> {
        let address = address.to_canonical();
        let mut counts = self.lock();
        while let Some(crowd) = counts.crowd(address, all, per_address) {
            counts.evict(crowd)?;
        }
        counts.all += 1;
        *counts.by_address.entry(address).or_default() += 1;
        if let Some(network) = Network::of(address) {
            *counts.by_network.entry(network).or_default() += 1;
        }
        counts.last += 1;
        let number = counts.last;
        let (evict, evicted) = oneshot::channel();
        counts.unproven.insert(number, Unproven { address, evict });
        drop(counts);
        Some(Place { places: self.clone(), address, number, kept: false, evicted: Some(evicted) })
    }

    /// Whether there is no connection.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().all == 0
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn crowd(&self, address: IpAddr, all: usize, per_address: usize) -> Option<Crowd> {
        let from_here = self.by_address.get(&address).copied().unwrap_or(0);
        if from_here >= per_address {
            return Some(Crowd::At(address));
        }
        if let Some(network) = Network::of(address) {
            let around = self.by_network.get(&network).copied().unwrap_or(0);
            if around >= per_address.max(all / 4) {
                return Some(Crowd::In(network));
            }
        }
        (self.all >= all).then_some(Crowd::Everybody)
    }

    /// Takes a place away from one of the crowd.
    fn evict(&mut self, crowd: Crowd) -> Option<()> {
        let belongs = |place: &Unproven| match crowd {
            Crowd::Everybody => true,
            Crowd::At(address) => place.address == address,
            Crowd::In(network) => Network::of(place.address) == Some(network),
        };
        let (number, _) = self.unproven.iter().find(|(_, place)| belongs(place))?;
        let number = *number;
        let place = self.unproven.remove(&number)?;
        self.leave(place.address);
        _ = place.evict.send(());
        Some(())
    }

    fn leave(&mut self, address: IpAddr) {
        self.all -= 1;
        give_back(&mut self.by_address, &address);
        if let Some(network) = Network::of(address) {
            give_back(&mut self.by_network, &network);
        }
    }
}

impl Place {
    /// Nobody takes it away any more. Too late where that has happened.
    pub(crate) fn keep(&mut self) {
        self.kept |= self.places.lock().unproven.remove(&self.number).is_some();
    }

    /// Waits until it is taken away.
    pub(crate) async fn evicted(&mut self) {
        poll_fn(|cx| self.poll_evicted(cx)).await;
    }

    /// Whether it was taken away.
    pub(crate) fn poll_evicted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(evicted) = &mut self.evicted else { return Poll::Pending };
        let told = ready!(Pin::new(evicted).poll(cx));
        self.evicted = None;
        // Otherwise it is kept.
        if told.is_ok() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.places.lock();
        if counts.unproven.remove(&self.number).is_some() || self.kept {
            counts.leave(self.address);
        }
    }
}

fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(place: Option<Place>) -> Option<Place> {
        place.map(|mut place| {
            place.keep();
            place
        })
    }

    fn is_evicted(place: &mut Place) -> bool {
        place.poll_evicted(&mut Context::from_waker(std::task::Waker::noop())).is_ready()
    }

    #[test]
    fn places_are_bounded_by_address_and_in_all_and_given_back() {
        let places = Places::default();
        let (a, b): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        let first = kept(places.take(a, 3, 2)).unwrap();
        let _second = kept(places.take(mapped, 3, 2)).unwrap();
        assert!(places.take(a, 3, 2).is_none(), "a mapped address is the same address");
        let _third = kept(places.take(b, 3, 2)).unwrap();
        assert!(places.take(b, 3, 2).is_none(), "full");
        drop(first);
        assert!(places.take(b, 3, 2).is_some());
    }

    #[test]
    fn h09_the_oldest_of_whom_nothing_is_known_makes_room() {
        let places = Places::default();
        let (a, b): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mut elsewhere = places.take(b, 4, 2).unwrap();
        let mut proven = kept(places.take(a, 4, 2)).unwrap();
        let mut first = places.take(a, 4, 2).unwrap();
        // Too many from one address: one from there goes, and not who is known.
        let mut second = places.take(a, 4, 2).unwrap();
        assert!(is_evicted(&mut first) && !is_evicted(&mut proven) && !is_evicted(&mut elsewhere));
        first.keep();
        drop(first);
        assert_eq!(places.lock().all, 3, "it was given away already");
        // Too many in all: the oldest from anywhere.
        let c: IpAddr = "192.0.2.3".parse().unwrap();
        let _third = kept(places.take(c, 3, 2)).unwrap();
        assert!(is_evicted(&mut elsewhere) && !is_evicted(&mut second));
        second.keep();
        assert!(places.take(c, 3, 2).is_none(), "everybody is known");
        assert!(!is_evicted(&mut second) && !is_evicted(&mut proven));
        drop((second, proven, _third, elsewhere));
        assert!(places.is_empty() && places.lock().unproven.is_empty());
    }

    #[test]
    fn h22_one_host_with_all_addresses_of_its_network_takes_a_quarter_of_all_places() {
        let places = Places::default();
        let take = |n: u32| kept(places.take(format!("2001:db8::{n:x}").parse().unwrap(), 40, 2));
        let held: Vec<_> = (1..100).filter_map(take).collect();
        assert_eq!(held.len(), 10);
        assert!(places.take("2001:db8:0:1::1".parse().unwrap(), 40, 2).is_some());
        assert!(places.take("192.0.2.1".parse().unwrap(), 40, 2).is_some());
        drop(held);
        assert!(places.is_empty() && places.lock().by_network.is_empty() && take(1).is_some());
    }
}
