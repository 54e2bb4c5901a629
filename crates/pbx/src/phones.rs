//! The users' phones: who may register, who has, and where they are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Instant;

use switchboard_routing::{Directory, UserId};
use switchboard_sip::auth::{
    Algorithm, Authenticator, AuthenticatorConfig, Challenge, Ha1s, Verdict,
};
use switchboard_sip::registrar::{self, Binding, Refusal, Registrar, RegistrarConfig};
use switchboard_sip::{Builder, Flow, HeaderName, Message};

use crate::binding::SavedBinding;
use crate::config::Config;
use crate::event::UnregisterReason;
use crate::secrets::Secrets;

/// The users' phones. Whoever is not active, or has no password, is not in it: a dismissed user, an
/// unknown one and one with a wrong password are answered alike.
#[derive(Debug)]
pub(crate) struct Phones {
    registrar: Registrar,
    authenticator: Authenticator,
    /// Of active users only.
    ha1s: BTreeMap<UserId, Ha1s>,
    /// Where each one's phones registered from lately, the last in front.
    homes: BTreeMap<UserId, VecDeque<IpAddr>>,
}

/// So many addresses of one user are remembered as the user's own.
const HOMES: usize = 4;

/// What a request of a phone turns out to be.
#[derive(Debug)]
pub(crate) enum Identified {
    /// It is this user's.
    User(UserId),
    /// Ask.
    Ask(Challenge),
    /// Ask again: the credentials were wrong.
    Wrong(Challenge),
}

/// A registration came or went.
#[derive(Debug)]
pub(crate) enum Change {
    Saved(Box<SavedBinding>),
    Removed { user: UserId, contact: String, reason: UnregisterReason },
}

impl Phones {
    pub(crate) fn new(config: &Config, seed: [u8; 32]) -> Self {
        let mut hosts: Vec<String> = vec![config.realm.clone()];
        hosts.extend(config.hosts.iter().cloned());
        let own: Vec<_> = config.listeners.iter().map(|listener| listener.local).collect();
        hosts.extend(own.iter().map(|local| local.ip().to_string()));
        let told = config.listeners.iter().filter_map(|listener| listener.advertised);
        hosts.extend(
            config.advertised.into_iter().chain(told.map(|at| at.ip())).map(|ip| ip.to_string()),
        );
        // Reached at any address of the machine: then any name of it may be addressed.
        if own.iter().any(|local| local.ip().is_unspecified()) {
            hosts.clear();
        }
        let registrar = Registrar::new(RegistrarConfig {
            hosts,
            own,
            max_bindings: config.limits.phones_per_user,
            min_expires: config.timing.register_min,
            default_expires: config.timing.register_default,
            max_expires: config.timing.register_max,
        });
        // MD5 first: of two challenges, phones from before RFC 8760 look at the first.
        let authenticator = AuthenticatorConfig {
            algorithms: vec![Algorithm::Md5, Algorithm::Sha256],
            ..AuthenticatorConfig::new(config.realm.clone())
        };
        Self {
            registrar,
            authenticator: Authenticator::new(authenticator, seed, config.clock.at),
            ha1s: BTreeMap::new(),
            homes: BTreeMap::new(),
        }
    }

    /// Takes a new directory or new passwords: who may not register any more is unregistered at
    /// once, and so are the phones that know an old password only. Whose password counts no more.
    pub(crate) fn update(&mut self, directory: &Directory, secrets: &Secrets) -> BTreeSet<UserId> {
        let realm = self.authenticator.realm();
        let ha1s = directory.users().filter_map(|user| {
            let login = user.login();
            let password = secrets.user(login)?;
            Some((login.clone(), Ha1s::new(login.as_str(), realm, password)))
        });
        let before = std::mem::replace(&mut self.ha1s, ha1s.collect());
        let unchanged = |user: &str| {
            let now = self.ha1s.get(user);
            // Before the first passwords came, nobody had one.
            now.is_some() && (before.is_empty() || before.get(user) == now)
        };
        self.homes.retain(|user, _| unchanged(user.as_str()));
        let users = self.registrar.users();
        let gone: Vec<String> = users.filter(|user| !unchanged(user)).map(str::to_owned).collect();
        let void = before.keys().filter(|user| !unchanged(user.as_str())).cloned().collect();
        for user in gone {
            self.registrar.remove_all(&user);
        }
        void
    }

    /// Who sent this request (RFC 3261 section 22).
    pub(crate) fn identify(&mut self, now: Instant, request: &Message) -> Identified {
        let ha1s = &self.ha1s;
        match self.authenticator.check(now, request, |name| ha1s.get(name)) {
            Verdict::Accepted { user } => match self.ha1s.get_key_value(user.as_str()) {
                Some((user, _)) => Identified::User(user.clone()),
                None => Identified::Ask(self.authenticator.challenge(now)),
            },
            Verdict::Challenge(challenge) | Verdict::Stale(challenge) => {
                Identified::Ask(for_agent(challenge, request))
            }
            Verdict::Rejected { challenge, .. } => Identified::Wrong(for_agent(challenge, request)),
        }
    }

    /// The name that the request's credentials for us are for, whether or not they are right.
    pub(crate) fn claimed(&self, request: &Message) -> Option<String> {
        self.authenticator.claimed_user(request).map(|name| name.into_owned())
    }

    /// A challenge for a request that was not looked at.
    pub(crate) fn challenge(&mut self, now: Instant, request: &Message) -> Challenge {
        for_agent(self.authenticator.challenge(now), request)
    }

    /// Whether the request bears credentials for us, right or wrong.
    pub(crate) fn claims(&self, request: &Message) -> bool {
        self.authenticator.claimed_user(request).is_some()
    }

    pub(crate) fn register(
        &mut self,
        now: Instant,
        user: &UserId,
        flow: Flow,
        request: &Message,
        tag: &str,
    ) -> Result<Builder, Refusal> {
        let registered = self.registrar.register(now, user.as_str(), flow, request, tag)?;
        self.at_home(user, flow.remote.ip());
        Ok(registered)
    }

    /// The user's phones, the preferred ones first.
    pub(crate) fn of(&self, now: Instant, user: &UserId) -> Vec<&Binding> {
        self.registrar.lookup(now, user.as_str())
    }

    /// Whether a registered phone is at this address.
    pub(crate) fn is_at(&self, flow: &Flow) -> bool {
        self.registrar.is_bound(*flow)
    }

    /// Whether a registered phone of the user of this name is at this address.
    pub(crate) fn is_theirs(&self, now: Instant, name: &str, flow: &Flow) -> bool {
        self.registrar.lookup(now, name).iter().any(|binding| binding.flow == *flow)
    }

    /// Whether phones of the user of this name are at this address, at whatever port, or were
    /// lately: a phone that restarts comes from another port.
    pub(crate) fn is_home(&self, name: &str, ip: IpAddr) -> bool {
        self.homes.get(name).is_some_and(|homes| homes.contains(&ip.to_canonical()))
    }

    fn at_home(&mut self, user: &UserId, ip: IpAddr) {
        let ip = ip.to_canonical();
        let homes = self.homes.entry(user.clone()).or_default();
        homes.retain(|known| *known != ip);
        homes.push_front(ip);
        homes.truncate(HOMES);
    }

    pub(crate) fn restore(&mut self, now: Instant, config: &Config, saved: SavedBinding) -> bool {
        let user = saved.user.clone();
        if !self.ha1s.contains_key(&user) {
            return false;
        }
        self.at_home(&user, saved.remote.ip());
        match saved.into_binding(&config.clock) {
            Some(binding) => self.registrar.restore(now, user.as_str(), binding),
            None => false,
        }
    }

    pub(crate) fn flow_closed(&mut self, flow: Flow) {
        self.registrar.flow_closed(flow);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.registrar.handle_timeout(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.registrar.poll_timeout()
    }

    pub(crate) fn poll_change(&mut self, now: Instant, config: &Config) -> Option<Change> {
        loop {
            let (user, change) = match self.registrar.poll_output()? {
                registrar::Output::BindingSaved { user, binding } => (user, Ok(binding)),
                registrar::Output::BindingRemoved { user, contact, reason } => {
                    (user, Err((contact, reason)))
                }
            };
            // Names come from the directory, where every login is an identifier.
            let Ok(user) = user.parse::<UserId>() else { continue };
            return Some(match change {
                Ok(binding) => {
                    Change::Saved(Box::new(SavedBinding::new(now, &config.clock, user, &binding)))
                }
                Err((contact, reason)) => Change::Removed {
                    user,
                    contact: contact.as_str().to_owned(),
                    reason: match reason {
                        registrar::RemovalReason::Expired => UnregisterReason::Expired,
                        registrar::RemovalReason::FlowClosed => UnregisterReason::ConnectionClosed,
                        registrar::RemovalReason::Dismissed => UnregisterReason::Dismissed,
                        registrar::RemovalReason::Replaced => UnregisterReason::Replaced,
                        registrar::RemovalReason::Unregistered => UnregisterReason::Asked,
                    },
                },
            });
        }
    }
}

/// Phones built on libre before 2.0, which give up when any challenge is by an algorithm that they
/// do not know, in whatever order the challenges stand.
const MD5_ONLY: [&str; 2] = ["baresip v0.", "baresip v1."];

/// The challenge as this phone can take it. It depends on what the phone says of itself alone,
/// never on who it claims to be.
fn for_agent(challenge: Challenge, request: &Message) -> Challenge {
    let agent = request.text(HeaderName::UserAgent).unwrap_or_default();
    // The libraries of browsers know MD5 alone, and JsSIP reads the last challenge alone.
    let via = request.top_via();
    let browser = ["WS", "WSS"].iter().any(|name| via.transport().eq_ignore_ascii_case(name));
    if browser || MD5_ONLY.iter().any(|old| agent.starts_with(old)) {
        challenge.only(Algorithm::Md5)
    } else {
        challenge
    }
}
