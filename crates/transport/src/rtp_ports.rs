//! RTP port pairs out of a configured range.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;

use crate::bind::rtp_udp;

/// A range of UDP ports for media: an even one for RTP and the odd one above it for RTCP (RFC 3550, section 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

/// A range that holds no pair of an even port and the odd one above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{first}-{last} holds no pair of an even port and the odd one above it; 16384-17407 would be a range for 512 calls"
)]
pub struct PortRangeError {
    first: u16,
    last: u16,
}

impl PortRange {
    /// The pairs inside `range`; both ends count.
    ///
    /// # Errors
    /// When there is none, or the range begins at port 0.
    pub fn new(range: RangeInclusive<u16>) -> Result<Self, PortRangeError> {
        let (first, last) = (*range.start(), *range.end());
        let even = u32::from(first).next_multiple_of(2);
        if first == 0 || even + 1 > u32::from(last) {
            return Err(PortRangeError { first, last });
        }
        Ok(Self { first: even as u16, last })
    }

    /// How many pairs the range holds: legs that can have media at once.
    #[must_use]
    pub fn pairs(&self) -> usize {
        (usize::from(self.last) + 1 - usize::from(self.first)) / 2
    }

    /// The lowest port used.
    #[must_use]
    pub fn first(&self) -> u16 {
        self.first
    }

    /// The end of the range as it was given.
    #[must_use]
    pub fn last(&self) -> u16 {
        self.last
    }

    fn pair(&self, index: usize) -> u16 {
        self.first + (index as u16) * 2
    }
}

impl std::fmt::Display for PortRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// `FROM-TO` could not be read as a range of ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePortRangeError {
    /// It is not two port numbers with a `-` between them.
    #[error("`FROM-TO` is wanted, two ports from 1 to 65535, such as 16384-17407")]
    Syntax,
    /// It is, and holds no pair.
    #[error(transparent)]
    Range(#[from] PortRangeError),
}

impl std::str::FromStr for PortRange {
    type Err = ParsePortRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').ok_or(ParsePortRangeError::Syntax)?;
        let port = |part: &str| part.trim().parse().map_err(|_| ParsePortRangeError::Syntax);
        Ok(Self::new(port(first)?..=port(last)?)?)
    }
}

/// Two bound sockets on neighbouring ports.
pub(crate) struct PortPair {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
}

/// No port pair could be bound.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPort {
    /// The whole range is in use, by us or by others.
    #[error("every RTP port of {0} is in use")]
    InUse(PortRange),
    /// The system gives no more sockets.
    #[error("the system gives no more sockets: {0}")]
    System(io::Error),
}

/// EMFILE, ENFILE, ENOBUFS and ENOMEM: not this port's fault.
fn is_exhaustion(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(12 | 23 | 24 | 105))
}

/// Hands out port pairs, going round the range so that a port rests before it is used again: late packets of
/// an ended call find nobody.
pub(crate) struct RtpPorts {
    range: PortRange,
    next: usize,
}

impl RtpPorts {
    pub(crate) fn new(range: PortRange) -> Self {
        Self { range, next: 0 }
    }

    /// Binds the next free pair at this address, and gives the address of its RTP.
    pub(crate) fn open(&mut self, ip: IpAddr) -> Result<(PortPair, SocketAddr), NoPort> {
        for _ in 0..self.range.pairs() {
            let port = self.range.pair(self.next);
            self.next = (self.next + 1) % self.range.pairs();
            let address = SocketAddr::new(ip, port);
            match bind(address) {
                Ok(pair) => return Ok((pair, address)),
                // The next port would end alike.
                Err(error) if is_exhaustion(&error) => return Err(NoPort::System(error)),
                Err(_) => {}
            }
        }
        Err(NoPort::InUse(self.range))
    }
}

fn bind(address: SocketAddr) -> io::Result<PortPair> {
    let rtp = rtp_udp(address)?;
    let rtcp = rtp_udp(SocketAddr::new(address.ip(), address.port() + 1))?;
    Ok(PortPair { rtp, rtcp })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_rounded_to_pairs() {
        let range: PortRange = "16385-16390".parse().unwrap();
        assert_eq!((range.first(), range.pairs()), (16386, 2));
        assert_eq!(PortRange::new(65534..=65535).unwrap().pairs(), 1);
        assert!(PortRange::new(65535..=65535).is_err());
        assert!(PortRange::new(0..=100).is_err());
        assert!(PortRange::new(20001..=20002).is_err());
        assert_eq!("20000".parse::<PortRange>(), Err(ParsePortRangeError::Syntax));
        assert_eq!("1-70000".parse::<PortRange>(), Err(ParsePortRangeError::Syntax));
    }

    #[test]
    fn pairs_are_even_and_odd_rotate_and_run_out() {
        // Ports that somebody has just had from the kernel are likely to be free around.
        let probe = rtp_udp("127.0.0.1:0".parse().unwrap()).unwrap();
        let base = probe.local_addr().unwrap().port().clamp(2000, 60000) & !1;
        drop(probe);
        let ip = "127.0.0.1".parse().unwrap();
        let mut ports = RtpPorts::new(PortRange::new(base..=base + 7).unwrap());
        let mut held = Vec::new();
        while let Ok((pair, address)) = ports.open(ip) {
            assert_eq!(address.port() % 2, 0);
            assert_eq!(pair.rtp.local_addr().unwrap(), address);
            assert_eq!(pair.rtcp.local_addr().unwrap().port(), address.port() + 1);
            held.push((pair, address));
            assert!(held.len() <= 4);
        }
        assert!(!held.is_empty());
        // The freed pair is found again, wherever the round stands.
        let (_, freed) = held.remove(0);
        assert_eq!(ports.open(ip).unwrap().1, freed);
    }
}
