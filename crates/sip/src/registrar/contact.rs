//! What a REGISTER asks for, read and checked before anything changes.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::binding::user_agent;
use super::{Binding, Refusal, RegistrarConfig};
use crate::message::{HeaderName, Host, Message, NameAddr};
use crate::uri::{Scheme, Uri, UriBuf};
use crate::{Flow, Transport};

/// What a REGISTER wants.
#[derive(Debug)]
pub(super) enum Asked {
    /// No Contact: only to know.
    Query,
    /// `*` with Expires 0.
    RemoveAll,
    /// These contacts.
    Update(Vec<Update>),
}

/// One Contact of a REGISTER.
#[derive(Debug)]
pub(super) struct Update {
    contact: UriBuf,
    /// Zero takes it back.
    pub(super) lasts: Duration,
    q: u16,
    instance: Option<String>,
    reg_id: Option<u32>,
}

impl Update {
    /// Whether it is about this binding.
    pub(super) fn names(&self, binding: &Binding) -> bool {
        match (self.reg_id, binding.reg_id) {
            (Some(ours), Some(theirs)) => ours == theirs && self.instance == binding.instance,
            _ => binding.has_contact(&self.contact.as_uri()),
        }
    }

    pub(super) fn bind(
        self,
        expires: Instant,
        flow: Flow,
        request: &Message,
        path: &[String],
    ) -> Binding {
        Binding {
            contact: self.contact,
            flow,
            call_id: request.call_id().to_owned(),
            cseq: request.cseq().number,
            expires,
            q: self.q,
            instance: self.instance,
            reg_id: self.reg_id,
            path: path.to_vec(),
            user_agent: user_agent(request),
        }
    }
}

/// The rules for the Contacts of one REGISTER.
pub(super) struct ContactRules<'a> {
    pub(super) config: &'a RegistrarConfig,
    pub(super) source: IpAddr,
}

impl ContactRules<'_> {
    /// RFC 3261 section 10.3 items 6 and 7.
    pub(super) fn read(&self, request: &Message) -> Result<Asked, Refusal> {
        let values: Vec<_> = request.values(HeaderName::Contact).collect();
        // A malformed Expires means the default (RFC 3261 section 20.19), but never `*`'s 0.
        let expires = request.number(HeaderName::Expires);
        if values.contains(&&b"*"[..]) {
            return match (values.len(), expires) {
                (1, Some(0)) => Ok(Asked::RemoveAll),
                _ => Err(Refusal::Malformed),
            };
        }
        if values.is_empty() {
            return Ok(Asked::Query);
        }
        if values.len() > self.config.max_bindings {
            return Err(Refusal::TooMany);
        }
        let updates = values.into_iter().map(|value| self.update(value, expires));
        let mut updates = updates.collect::<Result<Vec<_>, _>>()?;
        outbound(request, &mut updates)?;
        Ok(Asked::Update(updates))
    }

    fn update(&self, value: &[u8], expires: Option<u32>) -> Result<Update, Refusal> {
        let contact = NameAddr::parse(value).map_err(|_| Refusal::Malformed)?;
        let asked = contact.expires().or(expires);
        let lasts = match asked.map(|seconds| Duration::from_secs(seconds.into())) {
            None => self.config.default_expires,
            Some(Duration::ZERO) => Duration::ZERO,
            Some(lasts) if lasts < self.config.min_expires => {
                return Err(Refusal::TooBrief { min: self.config.min_expires });
            }
            Some(lasts) => lasts.min(self.config.max_expires),
        };
        let uri = contact.uri();
        if !lasts.is_zero() && !self.is_sane(&uri) {
            return Err(Refusal::ForbiddenContact);
        }
        let reg_id = contact.params().get("reg-id").and_then(|text| text.parse::<u32>().ok());
        let instance = contact.params().unquoted("+sip.instance");
        let instance =
            instance.filter(|text| text.len() <= 256 && !text.contains(char::is_control));
        Ok(Update {
            contact: uri.to_buf(),
            lasts,
            q: contact.q(),
            instance: instance.map(std::borrow::Cow::into_owned),
            reg_id: reg_id.filter(|id| (1..1 << 31).contains(id)),
        })
    }

    /// Whether a Contact can be a phone's: neither many hosts nor ourselves, and an address that
    /// means the host itself only from that host or its link.
    fn is_sane(&self, contact: &Uri<'_>) -> bool {
        if !matches!(contact.scheme(), Scheme::Sip | Scheme::Sips) {
            return false;
        }
        match contact.host() {
            Host::Name(name) => {
                let local = name.eq_ignore_ascii_case("localhost");
                let ours = self.config.hosts.iter().any(|host| host.eq_ignore_ascii_case(name));
                !ours && (!local || self.source.to_canonical().is_loopback())
            }
            Host::Ip(ip) => {
                let ip = ip.to_canonical();
                let port = contact.port().unwrap_or_else(|| default_port(contact));
                let own = |own: &SocketAddr| own.port() == port && own.ip().to_canonical() == ip;
                !is_of_many(ip) && !self.config.own.iter().any(own) && self.is_reachable(ip)
            }
        }
    }

    fn is_reachable(&self, ip: IpAddr) -> bool {
        let source = self.source.to_canonical();
        if ip.is_loopback() {
            return source.is_loopback();
        }
        !is_link_local(ip) || is_link_local(source)
    }
}

/// RFC 5626 section 6: a flow of its own is for a phone that asks for it, one in a request, and
/// reaches us over nobody who would not keep it.
fn outbound(request: &Message, updates: &mut [Update]) -> Result<(), Refusal> {
    let asks = request.lists(HeaderName::Supported, super::OUTBOUND);
    for update in updates.iter_mut() {
        if !asks || update.instance.is_none() {
            update.reg_id = None;
        }
    }
    let flows = updates.iter().filter(|update| update.reg_id.is_some());
    match flows.count() {
        0 => Ok(()),
        1 if updates.len() == 1 => {
            let direct = request.vias().count() == 1;
            // The proxy nearest to the phone is the last.
            let nearest = request.addresses(HeaderName::Path).flatten().last();
            let kept = nearest.is_some_and(|path| path.uri().param("ob").is_some());
            if direct || kept { Ok(()) } else { Err(Refusal::FirstHopLacksOutbound) }
        }
        _ => Err(Refusal::Malformed),
    }
}

/// The Path values of the request, on one line each (RFC 3327 section 5.3).
pub(super) fn path(request: &Message) -> Vec<String> {
    let values = request.values(HeaderName::Path);
    let line = |value: &[u8]| {
        let text = String::from_utf8_lossy(value);
        text.replace('\r', "").replace(|symbol: char| symbol.is_control(), " ")
    };
    values.map(line).collect()
}

fn default_port(uri: &Uri<'_>) -> u16 {
    match (uri.scheme(), uri.param("transport").and_then(Transport::from_name)) {
        (Scheme::Sips, _) => 5061,
        (_, Some(transport)) => transport.default_port(),
        _ => 5060,
    }
}

/// Multicast, broadcast, or no host at all.
fn is_of_many(ip: IpAddr) -> bool {
    let zero_net = matches!(ip, IpAddr::V4(ip) if ip.octets()[0] == 0);
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    ip.is_multicast() || ip.is_unspecified() || broadcast || zero_net
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}
