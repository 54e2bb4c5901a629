//! How many stream connections there may be, in all and from one address.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
    by_network: HashMap<Network, usize>,
}

/// The right to be one of the connections.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    address: IpAddr,
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

impl Places {
    /// A place for a connection with `address`, unless there are `all` or, from there, `per_address` already, or a
    /// quarter of all from its network.
    pub(crate) fn take(&self, address: IpAddr, all: usize, per_address: usize) -> Option<Place> {
        let address = address.to_canonical();
        let network = Network::of(address);
        let mut counts = self.lock();
        let from_here = counts.by_address.get(&address).copied().unwrap_or(0);
        let around = network.and_then(|network| counts.by_network.get(&network)).copied();
        let crowded = around.is_some_and(|around| around >= per_address.max(all / 4));
        if counts.all >= all || from_here >= per_address || crowded {
            return None;
        }
        counts.all += 1;
        counts.by_address.insert(address, from_here + 1);
        if let Some(network) = network {
            *counts.by_network.entry(network).or_default() += 1;
        }
        Some(Place { places: self.clone(), address })
    }

    /// Whether there is no connection.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().all == 0
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.places.lock();
        counts.all -= 1;
        give_back(&mut counts.by_address, &self.address);
        if let Some(network) = Network::of(self.address) {
            give_back(&mut counts.by_network, &network);
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

    #[test]
    fn places_are_bounded_by_address_and_in_all_and_given_back() {
        let places = Places::default();
        let (a, b): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        let first = places.take(a, 3, 2).unwrap();
        let _second = places.take(mapped, 3, 2).unwrap();
        assert!(places.take(a, 3, 2).is_none(), "a mapped address is the same address");
        let _third = places.take(b, 3, 2).unwrap();
        assert!(places.take(b, 3, 2).is_none(), "full");
        drop(first);
        assert!(places.take(b, 3, 2).is_some());
    }

    #[test]
    fn h22_one_host_with_all_addresses_of_its_network_takes_a_quarter_of_all_places() {
        let places = Places::default();
        let take = |n: u32| places.take(format!("2001:db8::{n:x}").parse().unwrap(), 40, 2);
        let held: Vec<_> = (1..100).filter_map(take).collect();
        assert_eq!(held.len(), 10);
        assert!(places.take("2001:db8:0:1::1".parse().unwrap(), 40, 2).is_some());
        assert!(places.take("192.0.2.1".parse().unwrap(), 40, 2).is_some());
        drop(held);
        assert!(places.is_empty() && places.lock().by_network.is_empty() && take(1).is_some());
    }
}
