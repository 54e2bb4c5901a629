//! Our registrations with trunks that want to be registered with.

use std::collections::BTreeMap;
use std::time::Instant;

use switchboard_routing::{TrunkId, TrunkKind, TrunkSpec};
use switchboard_sip::auth::ClientConfig;
use switchboard_sip::registration::{self, Input, Registration, RegistrationConfig};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, Message, UriBuf, escape_user};

use crate::event::Event;
use crate::routes::Owner;
use crate::trunks;
use crate::world::World;

/// Our registrations with trunks. One that is not wanted any more is taken back; one whose trunk
/// is reached in another way, or with other credentials, makes room for a new one.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    accounts: BTreeMap<AccountNumber, Account>,
    last: u64,
}

/// One registration of ours. A number is never used again, so that what an old one still hears is
/// not taken for an answer to its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AccountNumber(u64);

#[derive(Debug)]
struct Account {
    trunk: TrunkId,
    registration: Registration,
    wanted: Wanted,
    stopping: bool,
    /// Another one speaks for the trunk.
    replaced: bool,
}

/// What a registration is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    registrar: String,
    address: String,
    contact: String,
    credentials: Option<ClientConfig>,
    way: Flow,
}

impl Accounts {
    /// Registers where the directory says so and the way is known; takes back the others.
    pub(crate) fn update(&mut self, now: Instant, world: &mut World) {
        let specs = world.trunks.specs().filter(|spec| spec.kind == TrunkKind::Account);
        let wanted: BTreeMap<TrunkId, Option<Wanted>> =
            specs.map(|spec| (spec.id.clone(), Wanted::new(world, spec))).collect();
        let mut missing: BTreeMap<TrunkId, Wanted> = BTreeMap::new();
        for (trunk, wanted) in &wanted {
            let current = self.current(trunk).map(|account| &account.wanted);
            if let Some(wanted) = wanted.as_ref().filter(|wanted| current != Some(*wanted)) {
                missing.insert(trunk.clone(), wanted.clone());
            }
        }
        self.accounts.retain(|_, account| {
            let Some(successor) = missing.get(&account.trunk) else {
                if !wanted.contains_key(&account.trunk) {
                    account.stop(now);
                }
                return true;
            };
            account.replaced = true;
            // The same binding at the same registrar: registering anew replaces it there, and
            // taking the old one back would take back the new one.
            if account.wanted.is_same_binding(successor) {
                return false;
            }
            account.stop(now);
            true
        });
        for (trunk, wanted) in missing {
            let Some(mut account) = Account::new(world, trunk, wanted) else { continue };
            self.last += 1;
            account.registration.handle(now, Input::Start);
            self.accounts.insert(AccountNumber(self.last), account);
        }
        self.pump(now, world);
    }

    /// The registration that stands for a trunk now.
    fn current(&self, trunk: &TrunkId) -> Option<&Account> {
        let mut accounts = self.accounts.values();
        accounts.find(|account| account.trunk == *trunk && !account.stopping)
    }

    /// Whether none is left, not even one that is being taken back.
    pub(crate) fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Takes all registrations back.
    pub(crate) fn stop(&mut self, now: Instant, world: &mut World) {
        self.accounts.values_mut().for_each(|account| account.stop(now));
        self.pump(now, world);
    }

    pub(crate) fn response(
        &mut self,
        now: Instant,
        world: &mut World,
        number: AccountNumber,
        (id, response): (TransactionId, &Message),
    ) {
        let request = world.layer.sent(id).cloned();
        if let (Some(account), Some(request)) = (self.accounts.get_mut(&number), request) {
            let input = Input::Response { request: &request, response };
            account.registration.handle(now, input);
        }
        self.pump(now, world);
    }

    /// The trunk did not answer.
    pub(crate) fn unanswered(&mut self, now: Instant, world: &mut World, number: AccountNumber) {
        if let Some(account) = self.accounts.get_mut(&number) {
            account.registration.handle(now, Input::Failed);
        }
        self.pump(now, world);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, world: &mut World) {
        for account in self.accounts.values_mut() {
            account.registration.handle_timeout(now);
        }
        self.pump(now, world);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.accounts.values().filter_map(|account| account.registration.poll_timeout()).min()
    }

    fn pump(&mut self, now: Instant, world: &mut World) {
        let mut over = Vec::new();
        for (number, account) in &mut self.accounts {
            while let Some(output) = account.registration.poll_output() {
                match output {
                    registration::Output::Send(request) => {
                        match world.layer.send_request(now, account.wanted.way, *request) {
                            Ok(id) => {
                                world.routes.own_transaction(id, Owner::Account(*number));
                            }
                            Err(_) => account.registration.handle(now, Input::Failed),
                        }
                    }
                    registration::Output::Event(event) => {
                        if event == registration::Event::Unregistered {
                            over.push(*number);
                        }
                        if !account.replaced {
                            world.event(told(&account.trunk, event));
                        }
                    }
                }
            }
        }
        for number in over {
            self.accounts.remove(&number);
        }
    }
}

impl Wanted {
    fn new(world: &World, spec: &TrunkSpec) -> Option<Self> {
        let way = world.trunks.way(&world.config, &spec.id)?;
        let user = escape_user(spec.user.as_deref()?).into_owned();
        let domain = trunks::domain(spec);
        let here = world.config.public(way.transport, way.local);
        Some(Self {
            registrar: format!("sip:{domain}"),
            address: format!("sip:{user}@{domain}"),
            contact: format!("sip:{user}@{here}"),
            credentials: world.trunks.credentials(&spec.id),
            way,
        })
    }

    /// Whether a registrar would keep one binding for both (RFC 3261 section 10.3).
    fn is_same_binding(&self, other: &Self) -> bool {
        self.registrar == other.registrar
            && self.address == other.address
            && self.contact == other.contact
    }
}

impl Account {
    /// `None` if the directory's host or user make no URI.
    fn new(world: &mut World, trunk: TrunkId, wanted: Wanted) -> Option<Self> {
        let uri = |text: &str| text.parse::<UriBuf>().ok();
        let registrar = uri(&wanted.registrar)?;
        let (address, contact) = (uri(&wanted.address)?, uri(&wanted.contact)?);
        let config = RegistrationConfig {
            credentials: wanted.credentials.clone(),
            ..RegistrationConfig::new(registrar, address, contact)
        };
        let registration = Registration::new(config, world.layer.identifiers().seed());
        Some(Self { trunk, registration, wanted, stopping: false, replaced: false })
    }

    fn stop(&mut self, now: Instant) {
        if !std::mem::replace(&mut self.stopping, true) {
            self.registration.handle(now, Input::Stop);
        }
    }
}

fn told(trunk: &TrunkId, event: registration::Event) -> Event {
    let trunk = trunk.clone();
    match event {
        registration::Event::Registered { .. } => Event::TrunkRegistered { trunk },
        registration::Event::Refused { status, .. } => {
            Event::TrunkUnregistered { trunk, status: Some(status.code()) }
        }
        _ => Event::TrunkUnregistered { trunk, status: None },
    }
}
