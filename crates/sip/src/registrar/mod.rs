//! The registrar (RFC 3261 section 10.3): where the phones of a user are.
//!
//! ```
//! use std::time::Instant;
//! use switchboard_sip::registrar::{Registrar, RegistrarConfig};
//! use switchboard_sip::{Flow, Message};
//!
//! let now = Instant::now();
//! let mut registrar = Registrar::new(RegistrarConfig::default());
//! let flow = Flow::udp("192.0.2.1:5060".parse()?, "192.0.2.7:5062".parse()?);
//! let register = Message::parse(
//!     &b"REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1\r\n\
//!        From: <sip:anna@192.0.2.1>;tag=1\r\nTo: <sip:anna@192.0.2.1>\r\nCall-ID: 1\r\n\
//!        CSeq: 1 REGISTER\r\nContact: <sip:anna@192.0.2.7:5062>\r\nExpires: 600\r\n\r\n"[..],
//! )?;
//! // Whoever calls has checked that it is Anna who asks.
//! let ok = registrar.register(now, "anna", flow, &register, "tag")?.build()?;
//! assert_eq!(ok.text("Contact"), Some("<sip:anna@192.0.2.7:5062>;expires=600"));
//! assert_eq!(registrar.lookup(now, "anna")[0].flow, flow);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod binding;
mod contact;
mod refusal;
mod table;

#[cfg(test)]
mod tests;

pub use binding::Binding;
pub use refusal::Refusal;

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::contact::{Asked, ContactRules};
use self::table::Table;
use crate::message::{Builder, HeaderName, Host, Message, StatusCode};
use crate::uri::UriBuf;
use crate::{Flow, Transport};

/// The option tag in Supported and Require (RFC 5626 section 11.4).
pub const OUTBOUND: &str = "outbound";

/// Settings of a [`Registrar`].
#[derive(Debug, Clone)]
pub struct RegistrarConfig {
    /// The hosts whose addresses-of-record are served here, without regard to case, addresses however they are
    /// written. Empty: any.
    pub hosts: Vec<String>,
    /// Our own listeners: a Contact that names one is refused.
    pub own: Vec<SocketAddr>,
    /// The most bindings of one user; the one that would end first makes room. Default 10.
    pub max_bindings: usize,
    /// The shortest registration granted; a shorter one is answered with 423. Default 60 s.
    pub min_expires: Duration,
    /// The registration granted when none is asked for. Default 3600 s.
    pub default_expires: Duration,
    /// The longest registration granted; a longer one is shortened. Default 3600 s.
    pub max_expires: Duration,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            own: Vec::new(),
            max_bindings: 10,
            min_expires: Duration::from_secs(60),
            default_expires: Duration::from_secs(3600),
            max_expires: Duration::from_secs(3600),
        }
    }
}

/// What changed, for whoever keeps it over a restart and whoever shows who is there.
#[derive(Debug, Clone)]
pub enum Output {
    /// A binding is new or was refreshed.
    BindingSaved {
        /// Whose.
        user: Arc<str>,
        /// The binding as it is now; with the user, its contact is the key.
        binding: Box<Binding>,
    },
    /// A binding is gone.
    BindingRemoved {
        /// Whose.
        user: Arc<str>,
        /// Its contact.
        contact: UriBuf,
        /// Why.
        reason: RemovalReason,
    },
}

/// Why a binding is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemovalReason {
    /// The phone took it back.
    Unregistered,
    /// It was not refreshed in time.
    Expired,
    /// The same phone registered another contact, or more phones than allowed did.
    Replaced,
    /// Its connection is gone.
    FlowClosed,
    /// [`Registrar::remove_all`].
    Dismissed,
}

/// Bindings of addresses-of-record to the flows of their phones.
///
/// ```text
///   REGISTER, authenticated ---> register ---> 200 with all bindings, or a refusal
///                                   |
///                                   v
///   timer: expired -----------> bindings <---- flow closed, dismissed, restored
///                                   |
///                                   v
///                       lookup: the phones to ring
/// ```
///
/// It knows no passwords: whoever calls [`Registrar::register`] has checked who is asking. A request
/// reaches a phone over the flow that its REGISTER came on and nowhere else, so a Contact cannot
/// aim anything at a third party.
#[derive(Debug)]
pub struct Registrar {
    config: RegistrarConfig,
    table: Table,
    outputs: VecDeque<Output>,
}

impl Registrar {
    /// A registrar without bindings.
    #[must_use]
    pub fn new(config: RegistrarConfig) -> Self {
        Self { config, table: Table::default(), outputs: VecDeque::new() }
    }

    /// Serves a REGISTER (RFC 3261 section 10.3) of `user`, who has been authenticated: the 200 with
    /// all bindings of the user, complete. All of the request counts, or none.
    ///
    /// # Errors
    /// A [`Refusal`], which makes its own answer; the bindings are as they were.
    pub fn register(
        &mut self,
        now: Instant,
        user: &str,
        flow: Flow,
        request: &Message,
        to_tag: &str,
    ) -> Result<Builder, Refusal> {
        self.check_address(user, request)?;
        let rules = ContactRules { config: &self.config, source: flow.remote.ip() };
        let asked = rules.read(request)?;
        let user = self.table.name(user);
        let current = self.table.of(&user);
        for binding in current.iter().filter(|binding| binding.call_id == request.call_id()) {
            let touched = match &asked {
                Asked::Query => false,
                Asked::RemoveAll => true,
                Asked::Update(updates) => updates.iter().any(|update| update.names(binding)),
            };
            if touched && request.cseq().number <= binding.cseq {
                return Err(Refusal::OutOfOrder);
            }
        }
        match asked {
            Asked::Query => {}
            Asked::RemoveAll => self.drop_all(&user, RemovalReason::Unregistered),
            Asked::Update(updates) => {
                let path = contact::path(request);
                for update in updates {
                    let same = |binding: &Binding| update.names(binding);
                    match update.lasts {
                        Duration::ZERO => self.drop_where(&user, RemovalReason::Unregistered, same),
                        lasts => {
                            let binding = update.bind(now + lasts, flow, request, &path);
                            self.save(&user, binding);
                        }
                    }
                }
            }
        }
        Ok(self.answer(now, &user, request, to_tag))
    }

    /// The bindings of a user that count now, the most preferred first, then the latest to expire.
    /// Of several flows of one phone only the latest is among them: when that is closed, the next
    /// one takes its place (RFC 5626 section 7).
    #[must_use]
    pub fn lookup(&self, now: Instant, user: &str) -> Vec<&Binding> {
        let bindings = self.table.of(user).iter();
        let mut bindings: Vec<_> = bindings.filter(|binding| binding.expires > now).collect();
        bindings.sort_by_key(|binding| Reverse((binding.q, binding.expires)));
        let mut instances = Vec::new();
        bindings.retain(|binding| match (binding.reg_id, &binding.instance) {
            (Some(_), Some(instance)) => {
                let first = !instances.contains(&instance);
                instances.push(instance);
                first
            }
            _ => true,
        });
        bindings
    }

    /// All bindings of a user that count now, every flow of a phone for itself.
    pub fn flows(&self, now: Instant, user: &str) -> impl Iterator<Item = &Binding> {
        self.table.of(user).iter().filter(move |binding| binding.expires > now)
    }

    /// Whether a phone is registered on this flow.
    #[must_use]
    pub fn is_bound(&self, flow: Flow) -> bool {
        self.table.has_flow(flow)
    }

    /// Every user with a binding.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.table.users()
    }

    /// How many bindings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts back a binding that was saved before a restart, without an output. `false` if it is over
    /// or was bound to a connection that cannot be had again.
    ///
    /// A phone on TCP whose Contact is where it came from, and so is behind no NAT, listens there: a new
    /// connection goes to the Contact (RFC 3261 section 18.1.1). One behind a NAT, or on TLS or a WebSocket, comes
    /// back by itself.
    pub fn restore(&mut self, now: Instant, user: &str, mut binding: Binding) -> bool {
        if binding.expires <= now {
            return false;
        }
        match binding.flow.transport {
            Transport::Udp => {}
            Transport::Tcp => match listening_at(&binding) {
                Some(remote) => binding.flow = Flow { remote, connection: None, ..binding.flow },
                None => return false,
            },
            _ => return false,
        }
        let user = self.table.name(user);
        self.table.insert(&user, binding);
        true
    }

    /// Removes all bindings of a user, at once: a dismissal.
    pub fn remove_all(&mut self, user: &str) {
        let user = self.table.name(user);
        self.drop_all(&user, RemovalReason::Dismissed);
    }

    /// The connection of this flow is gone, and what was bound to it.
    pub fn flow_closed(&mut self, flow: Flow) {
        for (user, binding) in self.table.take_flow(flow) {
            self.removed(user, binding, RemovalReason::FlowClosed);
        }
    }

    /// Removes what has expired.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((user, binding)) = self.table.take_expired(now) {
            self.removed(user, binding, RemovalReason::Expired);
        }
    }

    /// When [`Registrar::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.table.next_expiry()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// RFC 3261 section 10.3 items 1, 4 and 5: ours, and the user's own.
    fn check_address(&self, user: &str, request: &Message) -> Result<(), Refusal> {
        let to = request.to().map_err(|_| Refusal::Malformed)?;
        let uri = to.uri();
        let served = |host: &String| match uri.host() {
            Host::Name(name) => host.eq_ignore_ascii_case(name),
            // An IPv6 address is in brackets there, and has many spellings (RFC 5118 section 4).
            Host::Ip(ip) => host.trim_matches(['[', ']']).parse() == Ok(ip),
        };
        if !self.config.hosts.is_empty() && !self.config.hosts.iter().any(served) {
            return Err(Refusal::UnknownAddress);
        }
        match uri.user_text() {
            Some(name) if name == user => Ok(()),
            _ => Err(Refusal::ThirdParty),
        }
    }

    fn save(&mut self, user: &Arc<str>, binding: Binding) {
        let replaced = |other: &Binding| {
            if other.is_same(&binding) {
                // A flow that is registered anew may have another Contact now.
                !other.has_contact(&binding.contact.as_uri())
            } else {
                // One phone, one binding, whatever port it has come back on.
                other.instance.is_some()
                    && other.instance == binding.instance
                    && (other.reg_id.is_none() || binding.reg_id.is_none())
            }
        };
        self.drop_where(user, RemovalReason::Replaced, replaced);
        self.table.remove_where(user, |other| other.is_same(&binding));
        while self.table.of(user).len() >= self.config.max_bindings.max(1) {
            let Some(oldest) = self.table.take_first_to_expire(user) else { break };
            self.removed(user.clone(), oldest, RemovalReason::Replaced);
        }
        self.table.insert(user, binding.clone());
        let binding = Box::new(binding);
        self.outputs.push_back(Output::BindingSaved { user: user.clone(), binding });
    }

    fn drop_all(&mut self, user: &Arc<str>, reason: RemovalReason) {
        self.drop_where(user, reason, |_| true);
    }

    fn drop_where(
        &mut self,
        user: &Arc<str>,
        reason: RemovalReason,
        chosen: impl Fn(&Binding) -> bool,
    ) {
        let removed = self.table.remove_where(user, chosen);
        for (at, binding) in removed.iter().enumerate() {
            // Several flows of a phone have one Contact, and it goes once.
            if !removed[..at].iter().any(|told| told.has_contact(&binding.contact.as_uri())) {
                self.removed(user.clone(), binding.clone(), reason);
            }
        }
    }

    fn removed(&mut self, user: Arc<str>, binding: Binding, reason: RemovalReason) {
        let contact = binding.contact;
        // Another flow of the phone has the same Contact, which is what it is kept under.
        let uri = contact.as_uri();
        let left = self.table.of(&user).iter().find(|other| other.has_contact(&uri)).cloned();
        let saved =
            left.map(|left| Output::BindingSaved { user: user.clone(), binding: Box::new(left) });
        self.outputs.push_back(Output::BindingRemoved { user, contact, reason });
        self.outputs.extend(saved);
    }

    fn answer(&self, now: Instant, user: &str, request: &Message, to_tag: &str) -> Builder {
        let mut reply = Builder::reply(request, StatusCode::OK, Some(to_tag));
        let mut outbound = false;
        for binding in self.flows(now, user) {
            reply = reply.header(HeaderName::Contact, binding.contact_value(now));
            outbound |= binding.reg_id.is_some() && binding.call_id == request.call_id();
        }
        let asked = request.lists(HeaderName::Supported, OUTBOUND);
        reply = reply.maybe(HeaderName::Require, (outbound && asked).then_some(OUTBOUND));
        reply.copy(request, HeaderName::Path)
    }
}

/// Where a phone on TCP can be connected to: its Contact, if that is the address that it came from and asks for
/// no other transport.
fn listening_at(binding: &Binding) -> Option<SocketAddr> {
    let contact = binding.request_uri();
    let tcp = contact.param("transport").is_some_and(|name| name.eq_ignore_ascii_case("tcp"));
    let ip = contact.host().ip()?;
    if !tcp
        || ip.to_canonical() != binding.flow.remote.ip().to_canonical()
        || !binding.path.is_empty()
    {
        return None;
    }
    let port = contact.port().unwrap_or(Transport::Tcp.default_port());
    Some(SocketAddr::new(binding.flow.remote.ip(), port))
}
