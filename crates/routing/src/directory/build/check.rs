//! Every rule that the data must keep, one kind of entry a function.

use std::collections::HashMap;
use std::time::Duration;

use switchboard_dialstring::{DialString, Extension, Number};

use super::super::numbering::Numbering;
use super::super::{Fault, FaultKind};
use super::names::Names;
use crate::hours::HoursSpec;
use crate::spec::{DirectorySpec, ForwardTo, MenuAction, Overflow, TrunkKind, UserSpec};

/// The most members of a queue or group: what one call can take in turn, and fits a set of bits.
const MAX_MEMBERS: usize = 100;
/// The most callers that a queue may be set to hold.
const MAX_WAITING: u64 = 10_000;
/// The most users, so that positions fit their fields.
const MAX_USERS: usize = 1 << 30;

/// Checks everything but identifiers and cycles. `None` without a country to check by.
pub(super) fn check(
    spec: &DirectorySpec,
    names: &Names,
    faults: &mut Vec<Fault>,
) -> Option<Numbering> {
    let numbering = Numbering::of(&spec.numbering.country);
    let mut check = Check { spec, names, numbering, faults };
    check.numbering();
    check.users();
    check.extensions();
    check.lines();
    check.menus();
    check.queues();
    check.groups();
    check.trunks();
    check.services();
    check.contacts();
    numbering
}

struct Check<'a> {
    spec: &'a DirectorySpec,
    names: &'a Names,
    numbering: Option<Numbering>,
    faults: &'a mut Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, path: impl Into<String>, kind: FaultKind) {
        self.faults.push(Fault { path: path.into(), kind });
    }

    fn numbering(&mut self) {
        let spec = self.spec;
        if self.numbering.is_none() {
            let country = spec.numbering.country.clone();
            self.fault("numbering.country", FaultKind::Country { country });
        }
        for (at, number) in spec.numbering.emergency.iter().enumerate() {
            let short = number.bytes().all(|octet| octet.is_ascii_digit());
            if !short || !(2..=15).contains(&number.len()) {
                let reason = "an emergency number is 2 to 15 digits".into();
                let kind = FaultKind::Number { text: number.clone(), reason };
                self.fault(format!("numbering.emergency[{at}]"), kind);
            }
        }
        for (at, prefix) in spec.numbering.barred.iter().enumerate() {
            let digits = prefix.strip_prefix('+').unwrap_or(prefix);
            let good = digits.bytes().all(|octet| octet.is_ascii_digit());
            if !good || digits.is_empty() || digits.len() > 15 {
                let reason = "a barred prefix is 1 to 15 digits, '+' before them or not".into();
                let kind = FaultKind::Number { text: prefix.clone(), reason };
                self.fault(format!("numbering.barred[{at}]"), kind);
            }
        }
    }

    fn users(&mut self) {
        let spec = self.spec;
        if spec.users.len() > MAX_USERS {
            let kind = FaultKind::TooMany { count: spec.users.len(), max: MAX_USERS };
            self.fault("users", kind);
        }
        for (at, user) in spec.users.iter().enumerate() {
            let path = |field: &str| format!("users[{at}].{field}");
            self.text(|| path("name"), &user.name, true);
            if !user.is_active() && user.extension.is_some() {
                self.fault(path("extension"), FaultKind::ExtensionOfDismissed);
            }
            if let Some(line) = &user.default_line
                && self.names.line(spec, line.as_str()).is_none()
            {
                let kind = FaultKind::Unknown { what: "line", id: line.to_string() };
                self.fault(path("default_line"), kind);
            }
            if let Some(mobile) = &user.mobile {
                self.number(|| path("mobile"), mobile, number_alone);
            }
            let rules = &user.forwarding;
            for (rule, to) in [
                ("always", &rules.always),
                ("busy", &rules.busy),
                ("no_answer", &rules.no_answer),
                ("unreachable", &rules.unreachable),
            ] {
                if let Some(to) = to {
                    self.forward_to(|| path(&format!("forwarding.{rule}")), to, Some(user));
                }
            }
            if let Some(ring) = rules.ring {
                self.ring(|| path("forwarding.ring"), ring);
            }
        }
    }

    /// Unique over active users and groups; never an emergency, service or barred number.
    fn extensions(&mut self) {
        let spec = self.spec;
        let users = spec.users.iter().enumerate().filter(|(_, user)| user.is_active()).filter_map(
            |(at, user)| Some(("users", at, user.login.as_str(), "user", user.extension?)),
        );
        let groups = spec.groups.iter().enumerate().filter_map(|(at, group)| {
            Some(("groups", at, group.id.as_str(), "group", group.extension?))
        });
        let mut holders: HashMap<Extension, (&str, &str)> = HashMap::new();
        for (list, at, id, kind, extension) in users.chain(groups) {
            let path = || format!("{list}[{at}].extension");
            if self.numbering.is_some_and(|here| reserved(spec, &here, extension.as_str())) {
                self.fault(path(), FaultKind::ReservedExtension { extension });
            }
            match holders.get(&extension) {
                Some((kind, holder)) => {
                    let holder = format!("{kind} {holder}");
                    self.fault(path(), FaultKind::DuplicateExtension { extension, holder });
                }
                None => {
                    holders.insert(extension, (kind, id));
                }
            }
        }
    }

    fn lines(&mut self) {
        let spec = self.spec;
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for (at, line) in spec.lines.iter().enumerate() {
            let path = |field: &str| format!("lines[{at}].{field}");
            self.text(|| path("name"), &line.name, false);
            match number_alone(&line.number) {
                Ok(number) => {
                    if let Some(here) = self.numbering {
                        let canonical = here.canonical(number.as_str()).as_str().to_owned();
                        if let Some(first) = numbers.get(&canonical) {
                            let first = format!("lines[{first}]");
                            self.fault(path("number"), FaultKind::DuplicateNumber { first });
                        } else {
                            numbers.insert(canonical, at);
                        }
                    }
                }
                Err(reason) => {
                    let text = line.number.clone();
                    self.fault(path("number"), FaultKind::Number { text, reason });
                }
            }
            if let Some(trunk) = &line.trunk
                && self.names.trunk(spec, trunk.as_str()).is_none()
            {
                let kind = FaultKind::Unknown { what: "trunk", id: trunk.to_string() };
                self.fault(path("trunk"), kind);
            }
            if let Some(menu) = &line.menu
                && self.names.menu(spec, menu.as_str()).is_none()
            {
                let kind = FaultKind::Unknown { what: "menu", id: menu.to_string() };
                self.fault(path("menu"), kind);
            }
            if let Some(queue) = &line.queue
                && self.names.queue(spec, queue.as_str()).is_none()
            {
                let kind = FaultKind::Unknown { what: "queue", id: queue.to_string() };
                self.fault(path("queue"), kind);
            }
            self.range(|| path("attempts"), u64::from(line.attempts), 1, 9);
            self.ring(|| path("timers.ring"), line.timers.ring);
            self.ring(|| path("timers.responsible"), line.timers.responsible);
            if let Overflow::Forward(to) = &line.overflow {
                self.forward_to(|| path("overflow"), to, None);
            }
            if let Some(hours) = &line.hours {
                self.hours(&path("hours"), hours);
            }
        }
    }

    fn hours(&mut self, path: &str, hours: &HoursSpec) {
        for (at, span) in hours.open.iter().enumerate() {
            if span.to == span.from {
                self.fault(format!("{path}.open[{at}]"), FaultKind::Span);
            }
        }
        if let Overflow::Forward(to) = &hours.closed {
            self.forward_to(|| format!("{path}.closed"), to, None);
        }
    }

    fn menus(&mut self) {
        let spec = self.spec;
        for (at, menu) in spec.menus.iter().enumerate() {
            let path = |field: &str| format!("menus[{at}].{field}");
            self.text(|| path("name"), &menu.name, false);
            self.range(|| path("invalid"), u64::from(menu.invalid), 1, 9);
            self.range(|| path("silent"), u64::from(menu.silent), 1, 9);
            for (option_at, option) in menu.options.iter().enumerate() {
                let path = |field: &str| path(&format!("options[{option_at}].{field}"));
                if menu.options[..option_at].iter().any(|before| before.key == option.key) {
                    let key = option.key.as_char();
                    self.fault(path("key"), FaultKind::DuplicateKey { key });
                }
                let (what, id, known) = match &option.action {
                    MenuAction::User(id) => {
                        ("user", id.as_str(), self.names.user_at(spec, id.as_str()).is_some())
                    }
                    MenuAction::Group(id) => {
                        ("group", id.as_str(), self.names.group(spec, id.as_str()).is_some())
                    }
                    MenuAction::Queue(id) => {
                        ("queue", id.as_str(), self.names.queue(spec, id.as_str()).is_some())
                    }
                    MenuAction::Menu(id) => {
                        ("menu", id.as_str(), self.names.menu(spec, id.as_str()).is_some())
                    }
                    _ => continue,
                };
                if !known {
                    self.fault(path("action"), FaultKind::Unknown { what, id: id.into() });
                }
            }
        }
    }

    fn queues(&mut self) {
        for (at, queue) in self.spec.queues.iter().enumerate() {
            self.text(|| format!("queues[{at}].name"), &queue.name, false);
            self.ring(|| format!("queues[{at}].ring"), queue.ring);
            self.ring(|| format!("queues[{at}].pause"), queue.pause);
            self.range(|| format!("queues[{at}].wait"), queue.wait.as_secs(), 0, 3600);
            if let Some(most) = queue.max_waiting {
                self.range(|| format!("queues[{at}].max_waiting"), u64::from(most), 1, MAX_WAITING);
            }
            self.members(&format!("queues[{at}].members"), &queue.members);
        }
    }

    fn groups(&mut self) {
        for (at, group) in self.spec.groups.iter().enumerate() {
            self.text(|| format!("groups[{at}].name"), &group.name, false);
            self.members(&format!("groups[{at}].members"), &group.members);
        }
    }

    fn members(&mut self, path: &str, members: &[crate::id::UserId]) {
        if members.len() > MAX_MEMBERS {
            self.fault(path, FaultKind::TooMany { count: members.len(), max: MAX_MEMBERS });
        }
        for (at, member) in members.iter().enumerate() {
            let path = || format!("{path}[{at}]");
            if let Some(first) = members[..at].iter().position(|before| before == member) {
                let first = format!("[{first}]");
                self.fault(path(), FaultKind::DuplicateId { id: member.to_string(), first });
            }
            self.user(path, member.as_str());
        }
    }

    fn trunks(&mut self) {
        for (at, trunk) in self.spec.trunks.iter().enumerate() {
            let path = |field: &str| format!("trunks[{at}].{field}");
            self.text(|| path("name"), &trunk.name, false);
            self.host(|| path("host"), &trunk.host);
            if let Some(domain) = &trunk.domain {
                self.host(|| path("domain"), domain);
            }
            self.range(|| path("port"), u64::from(trunk.port), 1, 65_535);
            for (field, user) in [("user", &trunk.user), ("auth_user", &trunk.auth_user)] {
                if let Some(user) = user {
                    self.text(|| path(field), user, true);
                }
            }
            if trunk.kind == TrunkKind::Account && trunk.user.is_none() {
                self.fault(path("user"), FaultKind::TrunkUser);
            }
        }
    }

    fn services(&mut self) {
        let spec = self.spec;
        for (at, service) in spec.services.iter().enumerate() {
            let path = || format!("services[{at}].code");
            let digits = service.code.strip_prefix(['*', '#']);
            let good = digits.is_some_and(|digits| {
                (1..=6).contains(&digits.len()) && digits.bytes().all(|o| o.is_ascii_digit())
            });
            if !good {
                self.fault(path(), FaultKind::ServiceCode { code: service.code.clone() });
            }
            let before = &spec.services[..at];
            if let Some(first) = before.iter().position(|before| before.code == service.code) {
                let first = format!("services[{first}]");
                self.fault(path(), FaultKind::DuplicateCode { first });
            }
        }
    }

    fn contacts(&mut self) {
        let spec = self.spec;
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for (at, contact) in spec.contacts.iter().enumerate() {
            let path = |field: &str| format!("contacts[{at}].{field}");
            self.text(|| path("name"), &contact.name, false);
            self.number(|| path("number"), &contact.number, number_alone);
            self.user(|| path("responsible"), contact.responsible.as_str());
            let (Ok(number), Some(here)) = (number_alone(&contact.number), self.numbering) else {
                continue;
            };
            let canonical = here.canonical(number.as_str()).as_str().to_owned();
            if let Some(first) = numbers.get(&canonical) {
                let first = format!("contacts[{first}]");
                self.fault(path("number"), FaultKind::DuplicateNumber { first });
            } else {
                numbers.insert(canonical, at);
            }
        }
    }

    /// A destination; `of` is the user whose rule it is.
    fn forward_to(&mut self, path: impl Fn() -> String, to: &ForwardTo, of: Option<&UserSpec>) {
        let spec = self.spec;
        match to {
            ForwardTo::User(id) | ForwardTo::Voicemail(id) => self.user(path, id.as_str()),
            ForwardTo::Group(id) => {
                if self.names.group(spec, id.as_str()).is_none() {
                    self.fault(path(), FaultKind::Unknown { what: "group", id: id.to_string() });
                }
            }
            ForwardTo::Queue(id) => {
                if self.names.queue(spec, id.as_str()).is_none() {
                    self.fault(path(), FaultKind::Unknown { what: "queue", id: id.to_string() });
                }
            }
            ForwardTo::Number(text) => self.number_outside(path, text, of),
            ForwardTo::Mobile => match of.and_then(|user| user.mobile.as_deref()) {
                Some(mobile) => self.number_outside(path, mobile, of),
                None => self.fault(path(), FaultKind::NoMobile),
            },
        }
    }

    /// A number that calls may be forwarded to: not barred, and one that the user whose rule it is may call. What a
    /// line's own rules name is the administrator's to say.
    fn number_outside(&mut self, path: impl Fn() -> String, text: &str, of: Option<&UserSpec>) {
        self.number(&path, text, number);
        let (Ok(number), Some(here)) = (number(text), self.numbering) else { return };
        let number = number.as_str();
        if barred(self.spec, &here, number) {
            self.fault(path(), FaultKind::Barred { number: text.into() });
        }
        let allowed = of.is_none_or(|user| user.outside_calls.allows(&here, number));
        if !allowed && !emergency(self.spec, &here, number) {
            self.fault(path(), FaultKind::ClassOfService { number: text.into() });
        }
    }

    fn user(&mut self, path: impl Fn() -> String, id: &str) {
        if self.names.user_at(self.spec, id).is_none() {
            self.fault(path(), FaultKind::Unknown { what: "user", id: id.into() });
        }
    }

    fn number(
        &mut self,
        path: impl Fn() -> String,
        text: &str,
        read: fn(&str) -> Result<Number, String>,
    ) {
        if let Err(reason) = read(text) {
            self.fault(path(), FaultKind::Number { text: text.into(), reason });
        }
    }

    /// Names are shown, logged and sent to phones: nothing in them may steer any of those.
    fn text(&mut self, path: impl Fn() -> String, text: &str, needed: bool) {
        let reason = if text.chars().any(char::is_control) {
            "holds a control character"
        } else if text.len() > 128 {
            "is longer than 128 octets"
        } else if needed && text.trim().is_empty() {
            "is empty"
        } else {
            return;
        };
        self.fault(path(), FaultKind::Text { reason });
    }

    fn host(&mut self, path: impl Fn() -> String, host: &str) {
        let symbol = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let name = host.chars().all(symbol) && (1..=253).contains(&host.len());
        if !name && host.parse::<std::net::IpAddr>().is_err() {
            let reason = "is neither a host name nor an IP address";
            self.fault(path(), FaultKind::Text { reason });
        }
    }

    fn range(&mut self, path: impl Fn() -> String, value: u64, min: u64, max: u64) {
        if !(min..=max).contains(&value) {
            self.fault(path(), FaultKind::Range { value, min, max });
        }
    }

    fn ring(&mut self, path: impl Fn() -> String, ring: Duration) {
        self.range(path, ring.as_secs(), 1, 3600);
    }
}

/// The main number of a dial string that a rule names.
fn number(text: &str) -> Result<Number, String> {
    match DialString::parse(text) {
        Ok(DialString::Number(number, _)) => Ok(number),
        Ok(DialString::Service(_)) => Err("a service code is not a number".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// A number where nothing would send what stands behind it: a line's, a contact's, a mobile's.
fn number_alone(text: &str) -> Result<Number, String> {
    match DialString::parse(text) {
        Ok(DialString::Number(_, Some(_))) => {
            Err("a number alone stands here, without an extension".into())
        }
        _ => number(text),
    }
}

/// Whether an extension would shadow a number that always goes out.
fn reserved(spec: &DirectorySpec, here: &Numbering, extension: &str) -> bool {
    emergency(spec, here, extension) || here.is_service(extension)
}

fn emergency(spec: &DirectorySpec, here: &Numbering, number: &str) -> bool {
    here.is_emergency(number) || spec.numbering.emergency.iter().any(|known| known == number)
}

fn barred(spec: &DirectorySpec, here: &Numbering, number: &str) -> bool {
    let wanted = here.canonical(number);
    spec.numbering.barred.iter().any(|barred| {
        number.starts_with(barred) || wanted.as_str().starts_with(here.canonical(barred).as_str())
    })
}
