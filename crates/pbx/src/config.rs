//! What is set when the PBX starts. The directory is not among it: that changes at run time.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use switchboard_sip::transaction::TimerConfig;
use switchboard_sip::{Builder, Flow, HeaderName, Message, StatusCode, Transport};

use crate::clock::WallClock;
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
    /// The address to write into SIP and SDP instead of an unspecified or private local one.
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
    /// What becomes of a dismissed user's running calls.
    pub on_dismissal: RunningCalls,
    /// The source of tags, branches, nonces and names of calls: secret, and different at each start.
    pub seed: [u8; 32],
}

impl Config {
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

    /// The address to write where the peer shall send to: the local one of the flow, or the
    /// advertised one in its place.
    pub(crate) fn public(&self, local: SocketAddr) -> SocketAddr {
        match self.advertised {
            Some(ip) if local.ip().is_unspecified() || !local.ip().is_loopback() => {
                SocketAddr::new(ip, local.port())
            }
            _ => local,
        }
    }

    /// Our Contact on a flow (RFC 3261 section 8.1.1.8).
    pub(crate) fn contact(&self, flow: &Flow) -> String {
        let address = self.public(flow.local);
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
                    || self.listeners.iter().any(|l| l.local.ip().is_unspecified())
            })
    }
}
