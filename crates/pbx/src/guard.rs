//! Guessing passwords: after some wrong answers an address, or a name, is not listened to for a
//! while.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Who gave too many wrong answers. Strangers are counted by address, for one that tries many
/// names, and by name, for many addresses that try one; whether a name exists does not matter. An
/// address where the user of the name is at home is counted for that name alone: whatever goes on
/// elsewhere, or is tried there for others, does not lock the user's own phones out, and even from
/// there nobody may guess on and on.
#[derive(Debug)]
pub(crate) struct Guard {
    /// So many wrong answers are too many; 0 never are.
    failures: u32,
    /// Within this time, and for so long.
    window: Duration,
    strikes: BTreeMap<Key, Strikes>,
    /// Those that are listened to, in the order in which they are forgotten.
    heard: BTreeSet<(Instant, Key)>,
    /// Those that are not.
    out: BTreeSet<(Instant, Key)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Address(IpAddr),
    Name(String),
    Home(IpAddr, String),
}

/// Where a request comes from, as the user it claims to be from sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// An address where the user's phones are, or were lately.
    Home(IpAddr),
    /// Any other.
    Elsewhere(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Strikes {
    count: u32,
    /// Counted anew after this.
    until: Instant,
}

/// The most addresses and names that are remembered: the one that is forgotten first makes room.
const MEMORY: usize = 4_096;
/// So many that are not listened to are forgotten only when their time is over, whatever else comes: whoever writes many
/// addresses on datagrams brings nobody back before some ten times that many wrong answers. The rest is for those who are
/// still counted.
const OUT: usize = MEMORY / 4 * 3;
/// The longest name that is told from others; no login is longer.
const MAX_NAME: usize = 32;

impl Guard {
    pub(crate) fn new(failures: u32, window: Duration) -> Self {
        Self {
            failures,
            window,
            strikes: BTreeMap::new(),
            heard: BTreeSet::new(),
            out: BTreeSet::new(),
        }
    }

    /// A wrong answer; true when it was the last one that is listened to.
    pub(crate) fn failed(&mut self, now: Instant, from: From, name: &str) -> bool {
        let mut last = false;
        for key in keys(from, name) {
            let before = self.strikes.get(&key).filter(|strikes| strikes.until > now).copied();
            let mut strikes = before.unwrap_or(Strikes { count: 0, until: now + self.window });
            strikes.count = strikes.count.saturating_add(1);
            if strikes.count == self.failures {
                strikes.until = now + self.window;
                last = true;
            }
            self.keep(now, key, strikes);
        }
        last
    }

    /// Whether nothing from there for this name is listened to now.
    pub(crate) fn is_out(&self, now: Instant, from: From, name: &str) -> bool {
        self.failures > 0
            && keys(from, name).any(|key| {
                let strikes = self.strikes.get(&key);
                strikes.is_some_and(|s| s.until > now && s.count >= self.failures)
            })
    }

    fn keep(&mut self, now: Instant, key: Key, strikes: Strikes) {
        if let Some(before) = self.strikes.insert(key.clone(), strikes) {
            let before = (before.until, key.clone());
            _ = self.heard.remove(&before) || self.out.remove(&before);
        }
        let is_out = self.failures > 0 && strikes.count >= self.failures;
        if is_out { &mut self.out } else { &mut self.heard }.insert((strikes.until, key));
        if self.strikes.len() <= MEMORY {
            return;
        }
        let over = self.out.first().is_some_and(|(until, _)| *until <= now);
        let from = if over || self.out.len() > OUT { &mut self.out } else { &mut self.heard };
        if let Some((_, first)) = from.pop_first() {
            self.strikes.remove(&first);
        }
    }
}

fn keys(from: From, name: &str) -> impl Iterator<Item = Key> {
    let name: String = name.chars().take(MAX_NAME).collect();
    let (first, second) = match from {
        From::Home(ip) => (Key::Home(ip.to_canonical(), name), None),
        From::Elsewhere(ip) => (Key::Address(holder(ip)), Some(Key::Name(name))),
    };
    std::iter::once(first).chain(second)
}

/// Whose address it is, as far as it can be told: a single host may have every address of a network of IPv6 (/64).
fn holder(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(600);

    #[allow(clippy::disallowed_methods, reason = "the test's epoch")]
    fn guard() -> (Guard, Instant) {
        (Guard::new(3, WINDOW), Instant::now())
    }

    fn ip(last: u8) -> From {
        From::Elsewhere(IpAddr::from([192, 0, 2, last]))
    }

    fn home(last: u8) -> From {
        From::Home(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn one_address_that_tries_many_names() {
        let (mut guard, now) = guard();
        assert!(!guard.failed(now, ip(1), "anna"));
        assert!(!guard.failed(now, ip(1), "berta"));
        assert!(!guard.is_out(now, ip(1), "carl"));
        assert!(guard.failed(now, ip(1), "carl"));
        assert!(guard.is_out(now, ip(1), "dora"));
        assert!(!guard.is_out(now, ip(2), "anna"));
        assert!(!guard.is_out(now + WINDOW, ip(1), "dora"));
    }

    #[test]
    fn h20_one_host_with_all_addresses_of_its_network() {
        let (mut guard, now) = guard();
        let at = |text: &str| From::Elsewhere(text.parse().unwrap());
        guard.failed(now, at("2001:db8::1"), "anna");
        guard.failed(now, at("2001:db8::2"), "berta");
        guard.failed(now, at("2001:db8::ffff:0:0:3"), "carl");
        assert!(guard.is_out(now, at("2001:db8::4"), "dora"));
        assert!(!guard.is_out(now, at("2001:db8:0:1::1"), "dora"));
    }

    #[test]
    fn many_addresses_that_try_one_name() {
        let (mut guard, now) = guard();
        for last in 1..=3 {
            guard.failed(now, ip(last), "anna");
        }
        assert!(guard.is_out(now, ip(9), "anna"));
        assert!(!guard.is_out(now, ip(9), "berta"));
    }

    #[test]
    fn what_strangers_do_reaches_nobody_at_home_and_the_other_way_round() {
        let (mut guard, now) = guard();
        for last in 1..=3 {
            guard.failed(now, ip(last), "anna");
            guard.failed(now, ip(7), "berta");
        }
        assert!(!guard.is_out(now, home(7), "anna"), "neither by the name nor by the address");
        for _ in 0..3 {
            assert!(!guard.is_out(now, home(8), "anna"));
            guard.failed(now, home(8), "anna");
        }
        assert!(guard.is_out(now, home(8), "anna"), "but not on and on");
        assert!(!guard.is_out(now, home(8), "carl"));
        assert!(!guard.is_out(now, home(9), "anna"));
    }

    #[test]
    fn slow_mistakes_are_forgiven() {
        let (mut guard, now) = guard();
        for round in 0..20 {
            guard.failed(now + WINDOW * round, ip(1), "anna");
        }
        assert!(!guard.is_out(now + WINDOW * 20, ip(1), "anna"));
    }

    /// Wrong answers by datagrams with all kinds of sources push nobody out of the memory who is not listened to.
    #[test]
    fn h20_forged_failures_bring_nobody_back() {
        let (mut guard, now) = guard();
        for _ in 0..3 {
            guard.failed(now, ip(1), "anna");
        }
        for number in 0..20_000_u32 {
            let later = now + Duration::from_millis(number.into());
            let address = IpAddr::from((number + 1_000_000).to_be_bytes());
            guard.failed(later, From::Elsewhere(address), &number.to_string());
        }
        let later = now + Duration::from_secs(21);
        assert!(guard.is_out(later, ip(1), "dora") && guard.is_out(later, ip(2), "anna"));
        assert_eq!(guard.strikes.len(), MEMORY);
        // Nor does a memory full of those make it blind for the next one, at once or after their time.
        for number in 0..20_000_u32 {
            for _ in 0..3 {
                guard.failed(later, From::Elsewhere(IpAddr::from(number.to_be_bytes())), "x");
            }
        }
        for at in [later, later + WINDOW, later + WINDOW * 2] {
            for last in 20..23 {
                guard.failed(at, ip(last), "erna");
            }
            assert!(guard.is_out(at, ip(99), "erna"));
            assert_eq!(guard.heard.len() + guard.out.len(), guard.strikes.len());
        }
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut guard, now) = guard();
        for number in 0..20_000_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            guard.failed(now, From::Elsewhere(address), &number.to_string());
        }
        assert_eq!((guard.strikes.len(), guard.heard.len()), (MEMORY, MEMORY));
    }
}
