//! Locating servers (RFC 3263): from a URI to the addresses to try, one after the other.
//!
//! It asks no name server: it says what to ask, takes the answers, and gives the list. Whoever has
//! a resolver asks it; a test answers from a table.
//!
//! ```
//! use switchboard_sip::Transport;
//! use switchboard_sip::locate::{Answer, LocateConfig, Locator, Output, Question, Srv};
//!
//! let uri: switchboard_sip::UriBuf = "sip:provider.example".parse()?;
//! let mut locator = Locator::new(&uri.as_uri(), LocateConfig::default(), 1);
//! let found = loop {
//!     match locator.poll_output() {
//!         Some(Output::Ask(question)) => {
//!             let answer = match &question {
//!                 Question::Srv(name) if name == "_sip._udp.provider.example" => Answer::Srv(vec![
//!                     Srv { priority: 20, weight: 0, port: 5070, target: "b.provider.example".into() },
//!                     Srv { priority: 10, weight: 0, port: 5060, target: "a.provider.example".into() },
//!                 ]),
//!                 Question::Addresses(name) if name == "a.provider.example" => {
//!                     Answer::Addresses(vec!["192.0.2.1".parse()?])
//!                 }
//!                 Question::Addresses(_) => Answer::Addresses(vec!["192.0.2.2".parse()?]),
//!                 _ => Answer::Nothing,
//!             };
//!             locator.answer(&question, answer);
//!         }
//!         Some(Output::Found(targets)) => break targets,
//!         _ => panic!("nothing was found"),
//!     }
//! };
//! let found: Vec<_> = found.iter().map(|target| target.to_string()).collect();
//! assert_eq!(found, ["UDP 192.0.2.1:5060", "UDP 192.0.2.2:5070"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod order;
mod plan;
mod target;

#[cfg(test)]
mod tests;

pub use target::{Failover, Target};

use std::collections::VecDeque;
use std::net::IpAddr;

use self::plan::{Hop, Plan};
use crate::Transport;
use crate::uri::Uri;

/// The most SRV records of one name that are looked at, after they are put in order.
pub const MAX_SRV: usize = 16;
/// The most addresses of one host that are tried.
pub const MAX_ADDRESSES: usize = 8;

/// A record that says which service to ask for (RFC 3403).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// The lowest first.
    pub order: u16,
    /// Among those of one order, the lowest first.
    pub preference: u16,
    /// Only `s` is followed: the replacement has SRV records.
    pub flags: String,
    /// Such as `SIP+D2U`.
    pub service: String,
    /// The name to ask for next.
    pub replacement: String,
}

/// A record that says where a service is (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// The lowest first.
    pub priority: u16,
    /// How often it comes first among those of one priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; `.` where the service is not offered.
    pub target: String,
}

/// What to ask a name server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// NAPTR records of this name.
    Naptr(String),
    /// SRV records of this name.
    Srv(String),
    /// A and AAAA records of this name, the preferred ones first.
    Addresses(String),
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These records.
    Naptr(Vec<Naptr>),
    /// These records.
    Srv(Vec<Srv>),
    /// These addresses.
    Addresses(Vec<IpAddr>),
    /// There are none of that kind, or no such name.
    Nothing,
    /// It did not answer, or could not.
    Failed,
}

/// What is to be done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Ask this, and give the answer to [`Locator::answer`]. Questions may be asked at once and
    /// answered in any order.
    Ask(Question),
    /// The addresses to try, in this order. The last output.
    Found(Vec<Target>),
    /// There are none. The last output. `temporary`: a name server failed, so that it may be
    /// otherwise another time.
    NotFound {
        /// See above.
        temporary: bool,
    },
}

/// What may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocateConfig {
    /// The transports that we speak, the preferred first: it decides where no NAPTR record does.
    pub transports: Vec<Transport>,
}

impl Default for LocateConfig {
    /// UDP, TCP and TLS.
    fn default() -> Self {
        Self { transports: vec![Transport::Udp, Transport::Tcp, Transport::Tls] }
    }
}

/// Finds the servers of one URI.
///
/// ```text
///   URI --+-- address -----------------------------------------------+
///         +-- port ------------------------------> Addresses ---+    |
///         +-- transport -----------------> Srv ---> Addresses --+    |
///         +-- nothing ---------> Naptr --> Srv ---> Addresses --+--> Found, or NotFound
///                                     \--> Srv of each transport
///                                             none: Addresses of the host itself
/// ```
#[derive(Debug)]
pub struct Locator {
    config: LocateConfig,
    seed: u64,
    domain: String,
    stage: Stage,
    /// A name server failed on the way.
    failed: bool,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum Stage {
    Naptr { secure: bool },
    Srv { asked: Vec<(Transport, Question, Option<Vec<Srv>>)>, otherwise: Transport },
    Addresses { hops: Vec<Hop>, open: usize },
    Over,
}

impl Locator {
    /// Starts with a URI. The seed decides among SRV records of one priority: the same seed, the
    /// same order.
    #[must_use]
    pub fn new(uri: &Uri<'_>, config: LocateConfig, seed: u64) -> Self {
        let plan = Plan::of(uri);
        let mut locator = Self {
            config,
            seed,
            domain: plan.domain,
            stage: Stage::Over,
            failed: false,
            outputs: VecDeque::new(),
        };
        match plan.first {
            plan::First::Known(transport, address) => {
                let found = locator.speaks(transport);
                let target = Target { transport, address, domain: locator.domain.clone() };
                locator.finish(found.then_some(target).into_iter().collect());
            }
            plan::First::Host(transport, port) if locator.speaks(transport) => {
                let host = locator.domain.clone();
                locator.ask_addresses(vec![Hop::new(transport, host, port)]);
            }
            plan::First::Service(transport) if locator.speaks(transport) => {
                locator.ask_services(&[transport], transport);
            }
            plan::First::Anything { secure } => {
                locator.stage = Stage::Naptr { secure };
                let question = Question::Naptr(locator.domain.clone());
                locator.outputs.push_back(Output::Ask(question));
            }
            _ => locator.finish(Vec::new()),
        }
        locator
    }

    /// Takes the answer to a question that was asked. Others are ignored.
    pub fn answer(&mut self, question: &Question, answer: Answer) {
        let failed = answer == Answer::Failed;
        match (std::mem::replace(&mut self.stage, Stage::Over), question) {
            (Stage::Naptr { secure }, Question::Naptr(_)) => {
                let records =
                    if let Answer::Naptr(records) = answer { records } else { Vec::new() };
                self.failed |= failed;
                self.on_naptr(secure, records);
            }
            (Stage::Srv { mut asked, otherwise }, Question::Srv(_)) => {
                let records = if let Answer::Srv(records) = answer { records } else { Vec::new() };
                let open = asked.iter_mut().find(|(_, q, a)| q == question && a.is_none());
                if let Some((.., open)) = open {
                    *open = Some(records);
                    self.failed |= failed;
                }
                if asked.iter().all(|(.., answer)| answer.is_some()) {
                    self.on_services(asked, otherwise);
                } else {
                    self.stage = Stage::Srv { asked, otherwise };
                }
            }
            (Stage::Addresses { mut hops, mut open }, Question::Addresses(name)) => {
                let addresses = match answer {
                    Answer::Addresses(addresses) => addresses,
                    _ => Vec::new(),
                };
                let waiting = hops.iter().any(|hop| hop.host == *name && hop.addresses.is_none());
                if waiting {
                    open -= 1;
                    self.failed |= failed;
                    for hop in hops.iter_mut().filter(|hop| hop.host == *name) {
                        hop.addresses = Some(addresses.clone());
                    }
                }
                if open == 0 {
                    let targets = hops.iter().flat_map(|hop| hop.targets(&self.domain));
                    let targets = targets.collect();
                    self.finish(targets);
                } else {
                    self.stage = Stage::Addresses { hops, open };
                }
            }
            (stage, _) => self.stage = stage,
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn speaks(&self, transport: Transport) -> bool {
        self.config.transports.contains(&transport)
    }

    /// RFC 3263 section 4.1.
    fn on_naptr(&mut self, secure: bool, mut records: Vec<Naptr>) {
        records.sort_by_key(|record| (record.order, record.preference));
        let services = records.iter().filter_map(|record| {
            let transport = plan::transport_of(&record.service)?;
            let usable = record.flags.eq_ignore_ascii_case("s")
                && self.speaks(transport)
                && (!secure || plan::is_secure(transport));
            usable.then(|| (transport, Question::Srv(plan::name(&record.replacement)), None))
        });
        let mut asked: Vec<_> = services.take(MAX_SRV).collect();
        let otherwise = if secure { Transport::Tls } else { Transport::Udp };
        if asked.is_empty() {
            let own = self.config.transports.iter().copied();
            let own: Vec<_> = own.filter(|t| !secure || plan::is_secure(*t)).collect();
            return self.ask_services(&own, otherwise);
        }
        asked.dedup_by(|a, b| a.1 == b.1);
        self.ask_srv(asked, otherwise);
    }

    fn ask_services(&mut self, transports: &[Transport], otherwise: Transport) {
        let domain = &self.domain;
        let asked = transports.iter().filter_map(|transport| {
            let service = plan::service_of(*transport)?;
            Some((*transport, Question::Srv(format!("{service}.{domain}")), None))
        });
        let asked: Vec<_> = asked.collect();
        self.ask_srv(asked, otherwise);
    }

    fn ask_srv(
        &mut self,
        asked: Vec<(Transport, Question, Option<Vec<Srv>>)>,
        otherwise: Transport,
    ) {
        if asked.is_empty() {
            return self.on_services(asked, otherwise);
        }
        let questions = asked.iter().map(|(_, question, _)| Output::Ask(question.clone()));
        self.outputs.extend(questions);
        self.stage = Stage::Srv { asked, otherwise };
    }

    /// RFC 3263 section 4.2.
    fn on_services(
        &mut self,
        answered: Vec<(Transport, Question, Option<Vec<Srv>>)>,
        otherwise: Transport,
    ) {
        let mut hops = Vec::new();
        let mut offered = true;
        for (transport, _, records) in answered {
            let records = records.unwrap_or_default();
            // A single `.`: the service is decidedly not offered there (RFC 2782).
            if records.iter().any(|record| plan::name(&record.target).is_empty()) {
                offered = false;
                continue;
            }
            for record in order::ordered(records, &mut self.seed).into_iter().take(MAX_SRV) {
                hops.push(Hop::new(transport, plan::name(&record.target), record.port));
            }
        }
        if hops.is_empty() && offered && self.speaks(otherwise) {
            hops.push(Hop::new(otherwise, self.domain.clone(), otherwise.default_port()));
        }
        self.ask_addresses(hops);
    }

    fn ask_addresses(&mut self, mut hops: Vec<Hop>) {
        let mut open = 0;
        let mut asked = std::collections::BTreeSet::new();
        for hop in &mut hops {
            if let Ok(address) = hop.host.parse::<IpAddr>() {
                hop.addresses = Some(vec![address]);
            } else if asked.insert(hop.host.clone()) {
                open += 1;
                self.outputs.push_back(Output::Ask(Question::Addresses(hop.host.clone())));
            }
        }
        if open == 0 {
            let targets = hops.iter().flat_map(|hop| hop.targets(&self.domain)).collect();
            return self.finish(targets);
        }
        self.stage = Stage::Addresses { hops, open };
    }

    fn finish(&mut self, mut targets: Vec<Target>) {
        self.stage = Stage::Over;
        let mut seen = std::collections::BTreeSet::new();
        targets.retain(|target| seen.insert((target.transport, target.address)));
        self.outputs.push_back(if targets.is_empty() {
            Output::NotFound { temporary: self.failed }
        } else {
            Output::Found(targets)
        });
    }
}
