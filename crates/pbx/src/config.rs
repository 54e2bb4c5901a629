//! What is set when the PBX starts. The directory is not among it: that changes at run time.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use switchboard_sdp::Codec;
use switchboard_sip::session_timer::SessionTimerConfig;
use switchboard_sip::transaction::TimerConfig;
use switchboard_sip::{Builder, Flow, HeaderName, Message, StatusCode, Transport};

use crate::clock::WallClock;
use crate::encryption::AudioEncryption;
use crate::sounds::Sounds;

/// A socket that the shell listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listener {
    /// Its transport.
    pub transport: Transport,
    /// Its address, with the port that was bound.
    pub local: SocketAddr,
    /// The address to tell peers instead.
    pub advertised: Option<SocketAddr>,
}

impl Listener {
    /// A listener whose address is the one that peers reach.
    #[must_use]
    pub const fn new(transport: Transport, local: SocketAddr) -> Self {
        Self { transport, local, advertised: None }
    }
}

/// What becomes of a dismissed user's running calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunningCalls {
    /// They go on until somebody hangs up.
    #[default]
    Continue,
    /// They end at once.
    End,
}

/// Bounds of every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls at once; the next one is answered 503 with Retry-After.
    pub calls: usize,
    /// Calls at once of one user.
    pub calls_per_user: usize,
    /// Calls at once from one trunk.
    pub calls_per_trunk: usize,
    /// SIP transactions at once.
    pub transactions: usize,
    /// Phones of one user.
    pub phones_per_user: usize,
    /// Phones that one call rings at once.
    pub forks: usize,
    /// Subscriptions at once of phones that show who talks or whether messages wait.
    pub lamps: usize,
    /// Of these, the most of one user.
    pub lamps_per_user: usize,
    /// Text messages on their way at once.
    pub texts: usize,
    /// Of these, the most of one user.
    pub texts_per_user: usize,
    /// Steps that one record keeps.
    pub record_steps: usize,
    /// Wrong passwords from one address, or for one name, within [`Timing::lockout`] after which
    /// neither is listened to for that time; 0 never. An address where the user's phones registered
    /// lately is counted by itself for that user, and a phone that is registered where the request
    /// comes from is listened to all the same: nobody elsewhere can lock a user out.
    pub failures: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 10_000,
            calls_per_user: 1_000,
            calls_per_trunk: 1_000,
            transactions: 50_000,
            phones_per_user: 8,
            forks: 32,
            lamps: 50_000,
            lamps_per_user: 200,
            texts: 5_000,
            texts_per_user: 50,
            record_steps: 256,
            failures: 10,
        }
    }
}

/// Timers that are the PBX's own; those of SIP transactions are in [`Config::sip`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long an outside number may ring.
    pub dial: Duration,
    /// How long after a CANCEL the phone may take to end its INVITE.
    pub cancel: Duration,
    /// How long a transferred call waits for the new party.
    pub transfer: Duration,
    /// Registrations: the shortest, the usual and the longest time that is granted.
    pub register_min: Duration,
    /// See [`Timing::register_min`].
    pub register_default: Duration,
    /// See [`Timing::register_min`].
    pub register_max: Duration,
    /// See [`Limits::failures`].
    pub lockout: Duration,
    /// How often a phone that holds its call is asked whether it is still there: it sends no
    /// audio that could be missed.
    pub ping: Duration,
    /// Session timers (RFC 4028): a session that its far end does not refresh ends by itself, where
    /// the far end knows of that.
    pub session: SessionTimerConfig,
    /// A call longer than this ends by itself: the last guard against a lost BYE.
    pub call_max: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            dial: Duration::from_secs(120),
            cancel: Duration::from_secs(32),
            transfer: Duration::from_secs(60),
            register_min: Duration::from_secs(30),
            register_default: Duration::from_secs(300),
            register_max: Duration::from_secs(3_600),
            lockout: Duration::from_secs(600),
            ping: Duration::from_secs(60),
            session: SessionTimerConfig::default(),
            call_max: Duration::from_secs(12 * 3_600),
        }
    }
}

/// What is set when the PBX starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The realm of digest authentication (RFC 7616 section 3.3), and the PBX's name in its URIs
    /// where no listener's address is right.
    pub realm: String,
    /// Host names, besides the listeners' addresses, under which phones may address the PBX.
    pub hosts: Vec<String>,
    /// The sockets; the first that fits a trunk's transport and family calls it.
    pub listeners: Vec<Listener>,
    /// The address to write into SIP and SDP instead of a local one, where the listener advertises
    /// none of its own; never towards loopback, nor towards the other version of IP.
    pub advertised: Option<IpAddr>,
    /// Both clocks at start.
    pub clock: WallClock,
    /// The value of User-Agent and Server.
    pub product: String,
    /// The prompts.
    pub sounds: Arc<Sounds>,
    /// Bounds.
    pub limits: Limits,
    /// Timers.
    pub timing: Timing,
    /// The lettered timers of SIP.
    pub sip: TimerConfig,
    /// Whether audio is encrypted.
    pub audio: AudioEncryption,
    /// The codecs that are spoken, best first; one that the media plane was built without is left out. An offer of
    /// a peer is answered with what the peer likes best among them, or what the other leg of the call speaks.
    pub codecs: Arc<[Codec]>,
    /// What becomes of a dismissed user's running calls.
    pub on_dismissal: RunningCalls,
    /// The source of tags, branches, nonces and names of calls: secret, and different at each start.
    pub seed: [u8; 32],
}

impl Config {
    /// The codecs that are spoken unless others are set.
    pub const CODECS: [Codec; 3] = [Codec::Pcma, Codec::Pcmu, Codec::G722];

    /// Defaults for everything but what has none: no listeners and no prompts yet.
    #[must_use]
    pub fn new(realm: impl Into<String>, clock: WallClock, seed: [u8; 32]) -> Self {
        Self {
            realm: realm.into(),
            hosts: Vec::new(),
            listeners: Vec::new(),
            advertised: None,
            clock,
            product: concat!("Switchboard/", env!("CARGO_PKG_VERSION")).to_owned(),
            sounds: Arc::default(),
            limits: Limits::default(),
            timing: Timing::default(),
            sip: TimerConfig::default(),
            audio: AudioEncryption::default(),
            codecs: Self::CODECS.into(),
            on_dismissal: RunningCalls::default(),
            seed,
        }
    }

    /// Starts an answer of ours.
    pub(crate) fn reply(
        &self,
        request: &Message,
        status: StatusCode,
        tag: Option<&str>,
    ) -> Builder {
        Builder::reply(request, status, tag).header(HeaderName::Server, &self.product)
    }

    /// The address to write where the peer of a flow shall send SIP to: the one that its listener
    /// advertises, or that we all do, or the local one.
    pub(crate) fn public(&self, transport: Transport, local: SocketAddr) -> SocketAddr {
        self.told(transport, local).unwrap_or_else(|| {
            SocketAddr::new(self.general(local.ip()).unwrap_or(local.ip()), local.port())
        })
    }

    /// The address to write where the peer of a flow shall send audio to, that is bound at `media`.
    pub(crate) fn public_media(&self, flow: &Flow, media: SocketAddr) -> SocketAddr {
        let told = self.told(flow.transport, flow.local).map(|told| told.ip());
        let ip = told.filter(|ip| ip.is_ipv4() == media.is_ipv4());
        let ip = ip.or_else(|| self.general(media.ip())).unwrap_or(media.ip());
        SocketAddr::new(ip, media.port())
    }

    /// What the listener that a flow came to advertises.
    fn told(&self, transport: Transport, local: SocketAddr) -> Option<SocketAddr> {
        let is_its = |listener: &&Listener| {
            let own = listener.local;
            let any = own.ip().is_unspecified() && own.is_ipv4() == local.is_ipv4();
            listener.transport == transport
                && own.port() == local.port()
                && (any || own.ip() == local.ip())
        };
        self.listeners.iter().find(is_its)?.advertised
    }

    /// The address that is advertised everywhere, if it can stand in the place of this one: nobody who came over
    /// loopback, or over the other version of IP, is sent there.
    fn general(&self, local: IpAddr) -> Option<IpAddr> {
        let ip = self.advertised?;
        (ip.is_ipv4() == local.is_ipv4() && !local.is_loopback()).then_some(ip)
    }

    /// Our Contact on a flow (RFC 3261 section 8.1.1.8).
    pub(crate) fn contact(&self, flow: &Flow) -> String {
        let address = self.public(flow.transport, flow.local);
        match flow.transport {
            Transport::Udp => format!("<sip:{address}>"),
            transport => {
                let name = transport.as_str().to_ascii_lowercase();
                format!("<sip:{address};transport={name}>")
            }
        }
    }

    /// Whether a host, as a URI writes it, is this PBX.
    pub(crate) fn is_here(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let ip: Option<IpAddr> = host.parse().ok();
        self.realm.eq_ignore_ascii_case(host)
            || self.hosts.iter().any(|name| name.eq_ignore_ascii_case(host))
            || ip.is_some_and(|ip| {
                self.advertised == Some(ip)
                    || self.listeners.iter().any(|l| l.local.ip() == ip)
                    || self.listeners.iter().any(|l| l.advertised.is_some_and(|a| a.ip() == ip))
                    || self.listeners.iter().any(|l| l.local.ip().is_unspecified())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[allow(clippy::disallowed_methods, reason = "the test's epoch")]
    fn config(advertised: Option<&str>, listeners: &[(Transport, &str, Option<&str>)]) -> Config {
        let clock =
            WallClock { at: std::time::Instant::now(), unix: Duration::ZERO, utc_offset: 0 };
        let listener = |(transport, local, told): &(Transport, &str, Option<&str>)| Listener {
            advertised: told.map(at),
            ..Listener::new(*transport, at(local))
        };
        Config {
            advertised: advertised.map(|ip| ip.parse().unwrap()),
            listeners: listeners.iter().map(listener).collect(),
            ..Config::new("pbx", clock, [0; 32])
        }
    }

    fn flow(transport: Transport, local: &str) -> Flow {
        Flow { transport, local: at(local), remote: at("192.0.2.9:5060"), connection: None }
    }

    #[test]
    fn each_listener_tells_its_own_address() {
        let config = config(
            Some("203.0.113.1"),
            &[
                (Transport::Udp, "0.0.0.0:5060", None),
                (Transport::Tls, "0.0.0.0:5061", Some("203.0.113.2:6061")),
                (Transport::Udp, "10.0.0.1:5070", Some("10.9.9.9:5070")),
            ],
        );
        let contact = |transport, local| config.contact(&flow(transport, local));
        assert_eq!(contact(Transport::Udp, "0.0.0.0:5060"), "<sip:203.0.113.1:5060>");
        assert_eq!(
            contact(Transport::Tls, "192.0.2.1:5061"),
            "<sip:203.0.113.2:6061;transport=tls>"
        );
        assert_eq!(contact(Transport::Udp, "10.0.0.1:5070"), "<sip:10.9.9.9:5070>");
        // Audio goes where the signalling goes, to the port that was bound.
        let media = |transport, local, bound| {
            config.public_media(&flow(transport, local), at(bound)).to_string()
        };
        assert_eq!(media(Transport::Udp, "0.0.0.0:5060", "0.0.0.0:9000"), "203.0.113.1:9000");
        assert_eq!(media(Transport::Tls, "192.0.2.1:5061", "192.0.2.1:9000"), "203.0.113.2:9000");
        assert!(config.is_here("203.0.113.2") && config.is_here("10.9.9.9"));
    }

    #[test]
    fn neither_loopback_nor_the_other_version_of_ip_is_told_the_general_address() {
        let config = config(
            Some("203.0.113.1"),
            &[
                (Transport::Udp, "127.0.0.1:5060", None),
                (Transport::Udp, "[::]:5060", None),
                (Transport::Tcp, "192.0.2.1:5060", None),
            ],
        );
        let contact = |transport, local| config.contact(&flow(transport, local));
        assert_eq!(contact(Transport::Udp, "127.0.0.1:5060"), "<sip:127.0.0.1:5060>");
        assert_eq!(contact(Transport::Udp, "[2001:db8::1]:5060"), "<sip:[2001:db8::1]:5060>");
        assert_eq!(
            contact(Transport::Tcp, "192.0.2.1:5060"),
            "<sip:203.0.113.1:5060;transport=tcp>"
        );
    }
}
