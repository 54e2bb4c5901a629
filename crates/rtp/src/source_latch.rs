//! Which address a stream comes from, and where ours goes: learnt once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Packets in a row from one source, other than the signalled one, before it is learnt.
const PROBATION: u8 = 3;

/// Decides from which address RTP is taken, and to which it is sent.
///
/// An SDP body can name any address; whoever believes it can be aimed at a third party, and whoever
/// follows every packet can be robbed of the call by one (the "RTP bleed", CVE-2017-14099 and
/// CVE-2025-53399). Therefore:
///
/// - The signalled address itself is always taken, and learnt by its first packet.
/// - Other ports of the signalled host, and any port of the host that the signalling really comes
///   from (a phone behind NAT whose SDP names its private address), are learnt after a few packets
///   in a row with none from elsewhere between them.
/// - All others are refused, from the start.
/// - What is learnt stays, until [`renew`](Self::renew) (a new offer or answer). Only the signalled
///   address of the host that the signalling comes from may still take over: it is the authority.
/// - Before anything is learnt, packets go to the signalled address only when the signalling comes
///   from that same host; otherwise nowhere. Multicast, broadcast and unspecified addresses and port
///   0 are never sent to, loopback only when the signalling is local too.
///
/// ```text
///            renew                 3 in a row, right host
///   ──────► Learning ───────────────────────────────────► Learnt(other port)
///               │        first packet                          │ packet from the
///               └────────────────────► Learnt(signalled) ◄─────┘ signalled address
///                 from the signalled address
/// ```
///
/// ```
/// use switchboard_rtp::{SourceLatch, SourceVerdict};
///
/// let signalled = "192.0.2.7:4000".parse()?;
/// let mut latch = SourceLatch::new(signalled, Some(signalled.ip()));
/// assert_eq!(latch.destination(), Some(signalled));
/// assert_eq!(latch.check(signalled), SourceVerdict::Learnt);
/// assert_eq!(latch.check("203.0.113.66:4000".parse()?), SourceVerdict::Refused);
/// assert_eq!(latch.destination(), Some(signalled));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SourceLatch {
    signalled: SocketAddr,
    signalling: Option<IpAddr>,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Learning { previous: Option<SocketAddr>, candidate: Option<(SocketAddr, u8)> },
    Learnt(SocketAddr),
}

/// What to do with a packet from some address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceVerdict {
    /// It comes from the learnt source.
    Accepted,
    /// It comes from the right place, which was learnt just now: the destination may have changed.
    Learnt,
    /// It may be the right source and is on probation; drop it.
    Probation,
    /// It comes from somewhere else: drop it.
    Refused,
}

impl SourceVerdict {
    /// Whether the packet may be used.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::Learnt)
    }
}

impl SourceLatch {
    /// A latch for a stream signalled at `signalled`, by messages that come from `signalling`
    /// (`None`: trust nothing before a packet arrived).
    #[must_use]
    pub fn new(signalled: SocketAddr, signalling: Option<IpAddr>) -> Self {
        Self {
            signalled: canonical(signalled),
            signalling: signalling.map(|ip| ip.to_canonical()),
            state: State::Learning { previous: None, candidate: None },
        }
    }

    /// A new offer or answer: learning starts again. When it signals the same addresses, packets
    /// still go to what was learnt before, and may come from there, until something else is learnt.
    pub fn renew(&mut self, signalled: SocketAddr, signalling: Option<IpAddr>) {
        let fresh = Self::new(signalled, signalling);
        let same = (self.signalled, self.signalling) == (fresh.signalled, fresh.signalling);
        let previous = self.learnt().filter(|_| same);
        *self = Self { state: State::Learning { previous, candidate: None }, ..fresh };
    }

    /// Judges the source of a packet that is RTP, and learns from it.
    pub fn check(&mut self, source: SocketAddr) -> SourceVerdict {
        let source = canonical(source);
        let vouched = self.is_vouched();
        match &mut self.state {
            State::Learnt(learnt) if *learnt == source => return SourceVerdict::Accepted,
            State::Learnt(_) if source == self.signalled && vouched => {}
            State::Learnt(_) => return SourceVerdict::Refused,
            State::Learning { previous, .. }
                if *previous == Some(source)
                    || (source == self.signalled && is_sendable(source, self.signalling)) => {}
            State::Learning { candidate, .. } => {
                let host = source.ip();
                let right_host = host == self.signalled.ip() || self.signalling == Some(host);
                if !right_host || !is_sendable(source, self.signalling) {
                    return SourceVerdict::Refused;
                }
                let seen = candidate.filter(|(other, _)| *other == source).map_or(0, |(_, n)| n);
                if seen + 1 < PROBATION {
                    *candidate = Some((source, seen + 1));
                    return SourceVerdict::Probation;
                }
            }
        }
        self.state = State::Learnt(source);
        SourceVerdict::Learnt
    }

    /// Where to send; `None`: nowhere yet.
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        self.learnt().or_else(|| self.is_vouched().then_some(self.signalled))
    }

    /// The source learnt, by this offer or the one before.
    #[must_use]
    pub const fn learnt(&self) -> Option<SocketAddr> {
        match self.state {
            State::Learnt(source) => Some(source),
            State::Learning { previous, .. } => previous,
        }
    }

    /// Whether the signalled address belongs to the host that signals, and can be sent to.
    fn is_vouched(&self) -> bool {
        self.signalling == Some(self.signalled.ip()) && is_sendable(self.signalled, self.signalling)
    }
}

/// An IPv4 address mapped into IPv6, as a dual-stack socket reports it, is the IPv4 address.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Whether a packet may ever be sent there.
fn is_sendable(address: SocketAddr, signalling: Option<IpAddr>) -> bool {
    let ip = address.ip();
    let local = signalling.is_some_and(|ip| ip.is_loopback());
    address.port() != 0
        && !ip.is_unspecified()
        && !ip.is_multicast()
        && ip != IpAddr::V4(Ipv4Addr::BROADCAST)
        && (!ip.is_loopback() || local)
}

#[cfg(test)]
#[path = "source_latch/tests.rs"]
mod tests;
