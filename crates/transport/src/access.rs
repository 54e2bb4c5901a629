//! Who may speak to a listener at all, by network.

use std::net::IpAddr;

/// A network: an address and how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text could not be read as a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNetworkError {
    /// It is no address, with or without `/BITS`.
    #[error("an address or a network is wanted, such as 192.168.1.7, 192.168.0.0/16 or fd00::/8")]
    Syntax,
    /// The number of bits is greater than the address has.
    #[error("/{bits} is more than the {most} bits of the address")]
    TooManyBits {
        /// As written.
        bits: u8,
        /// What the address has.
        most: u8,
    },
    /// Bits of the address are set that do not count: one of the two is a mistake.
    #[error(
        "{wanted} is the network with /{bits} that this address is in; which of the two is meant?"
    )]
    HostBits {
        /// The network.
        wanted: IpAddr,
        /// As written.
        bits: u8,
    },
}

impl Network {
    /// Whether an address is in it. An IPv4 address mapped into IPv6 is the IPv4 address.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                prefix(net.to_bits().into(), 32, self.bits)
                    == prefix(ip.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                prefix(net.to_bits(), 128, self.bits) == prefix(ip.to_bits(), 128, self.bits)
            }
            _ => false,
        }
    }
}

/// The leading `bits` of an address that is `width` bits wide; none of them for 0.
fn prefix(address: u128, width: u8, bits: u8) -> u128 {
    address.checked_shr(u32::from(width - bits)).unwrap_or(0)
}

impl std::str::FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| ParseNetworkError::Syntax)?;
        let address = written.to_canonical();
        let most: u8 = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            // ::ffff:192.0.2.0/120 would count the bits of another address than the one compared with.
            Some(_) if address != written => return Err(ParseNetworkError::Syntax),
            Some(bits) if bits.bytes().all(|b| b.is_ascii_digit()) => {
                bits.parse().map_err(|_| ParseNetworkError::Syntax)?
            }
            Some(_) => return Err(ParseNetworkError::Syntax),
        };
        if bits > most {
            return Err(ParseNetworkError::TooManyBits { bits, most });
        }
        let keep = |octets: u128, width: u8| {
            let shift = u32::from(width - bits);
            octets.checked_shr(shift).unwrap_or(0).checked_shl(shift).unwrap_or(0)
        };
        let wanted: IpAddr = match address {
            IpAddr::V4(ip) => {
                std::net::Ipv4Addr::from_bits(keep(ip.to_bits().into(), 32) as u32).into()
            }
            IpAddr::V6(ip) => std::net::Ipv6Addr::from_bits(keep(ip.to_bits(), 128)).into(),
        };
        if wanted != address {
            return Err(ParseNetworkError::HostBits { wanted, bits });
        }
        Ok(Self { address, bits })
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// The networks that a listener hears. What is in none of them is refused: a list without a network refuses everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessList {
    /// `None`: there is no list, and the address decides nothing.
    networks: Option<Vec<Network>>,
}

impl AccessList {
    /// No list: whoever can reach the listener is heard, and has to prove who they are.
    #[must_use]
    pub const fn everybody() -> Self {
        Self { networks: None }
    }

    /// These networks and nobody else.
    #[must_use]
    pub const fn only(networks: Vec<Network>) -> Self {
        Self { networks: Some(networks) }
    }

    /// Whether this address is heard.
    #[must_use]
    pub fn allows(&self, ip: IpAddr) -> bool {
        self.networks.as_ref().is_none_or(|list| list.iter().any(|network| network.contains(ip)))
    }
}

impl Default for AccessList {
    fn default() -> Self {
        Self::everybody()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(networks: &[&str]) -> AccessList {
        AccessList::only(networks.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn allows(list: &AccessList, ip: &str) -> bool {
        list.allows(ip.parse().unwrap())
    }

    #[test]
    fn h21_no_match_is_no() {
        let office = list(&["192.168.0.0/16", "203.0.113.9", "fd00::/8"]);
        for ip in ["192.168.0.1", "192.168.255.255", "203.0.113.9", "fd12::1"] {
            assert!(allows(&office, ip), "{ip}");
        }
        for ip in ["192.169.0.0", "203.0.113.8", "fe80::1", "127.0.0.1", "::1"] {
            assert!(!allows(&office, ip), "{ip}");
        }
    }

    #[test]
    fn h21_an_empty_list_is_nobody_and_no_list_is_everybody() {
        assert!(!allows(&list(&[]), "127.0.0.1"));
        assert!(allows(&AccessList::everybody(), "198.51.100.7"));
    }

    #[test]
    fn h21_all_of_ipv4_is_not_all_of_ipv6() {
        let all = list(&["0.0.0.0/0"]);
        assert!(allows(&all, "198.51.100.7"));
        assert!(!allows(&all, "2001:db8::1"));
        let all = list(&["::/0"]);
        assert!(!allows(&all, "198.51.100.7"));
        assert!(!allows(&all, "::ffff:198.51.100.7"), "it is an IPv4 address");
        assert!(allows(&all, "2001:db8::1"));
    }

    #[test]
    fn h21_an_ipv4_address_mapped_into_ipv6_is_the_ipv4_address() {
        let office = list(&["192.168.0.0/16"]);
        assert!(allows(&office, "::ffff:192.168.1.1"));
        assert!(!allows(&office, "::ffff:192.169.1.1"));
        assert!(allows(&list(&["::ffff:203.0.113.9"]), "203.0.113.9"));
    }

    #[test]
    fn networks_are_read_with_care() {
        let error = |text: &str| text.parse::<Network>().unwrap_err();
        for text in
            ["", "office", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/+8", "::ffff:10.0.0.0/104", "10/8"]
        {
            assert_eq!(error(text), ParseNetworkError::Syntax, "{text}");
        }
        assert_eq!(error("10.0.0.0/33"), ParseNetworkError::TooManyBits { bits: 33, most: 32 });
        assert_eq!(
            error("192.168.1.0/16").to_string(),
            "192.168.0.0 is the network with /16 that this address is in; which of the two is meant?"
        );
        assert_eq!("fd00::/8".parse::<Network>().unwrap().to_string(), "fd00::/8");
    }
}
