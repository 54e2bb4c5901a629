//! Which addresses somebody may name to us.

use std::net::{IpAddr, Ipv4Addr};

/// Whether a peer at `from` may have us send to `ip`: never to many hosts or none, and to an address that means the
/// host itself, or its link, only from there. What a stranger's machine calls itself is something else here.
pub(crate) fn may_name(from: IpAddr, ip: IpAddr) -> bool {
    let (from, ip) = (from.to_canonical(), ip.to_canonical());
    let of_many = ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    let nobody = match ip {
        IpAddr::V4(ip) => ip.octets()[0] == 0,
        IpAddr::V6(ip) => ip.is_unspecified(),
    };
    !of_many
        && !nobody
        && (!ip.is_loopback() || from.is_loopback())
        && (!is_link_local(ip) || is_link_local(from))
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h27_nobody_elsewhere_names_this_host_its_link_or_many() {
        let may = |from: &str, ip: &str| may_name(from.parse().unwrap(), ip.parse().unwrap());
        for ip in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "169.254.169.254",
            "fe80::1",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "0.0.0.0",
            "::",
        ] {
            assert!(!may("203.0.113.5", ip), "{ip}");
        }
        assert!(may("203.0.113.5", "203.0.113.6") && may("203.0.113.5", "10.0.0.7"));
        assert!(may("127.0.0.1", "127.0.0.1") && may("fe80::2", "fe80::1"));
    }
}
