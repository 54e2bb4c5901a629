//! Our registrations with trunks that want to be registered with.

use std::collections::BTreeMap;
use std::time::Instant;

use switchboard_routing::{TrunkId, TrunkKind};
use switchboard_sip::registration::{self, Input, Registration, RegistrationConfig};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, Message, UriBuf, escape_user};

use crate::event::Event;
use crate::routes::Owner;
use crate::trunks;
use crate::world::World;

/// Our registrations with trunks. One that is not wanted any more is taken back first.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    accounts: BTreeMap<TrunkId, Account>,
}

#[derive(Debug)]
struct Account {
    registration: Registration,
    way: Flow,
    stopping: bool,
}

impl Accounts {
    /// Registers where the directory says so and the way is known; takes back the others.
    pub(crate) fn update(&mut self, now: Instant, world: &mut World) {
        let wanted: Vec<TrunkId> = world
            .trunks
            .specs()
            .filter(|spec| spec.kind == TrunkKind::Account)
            .map(|spec| spec.id.clone())
            .collect();
        for (trunk, account) in &mut self.accounts {
            if !wanted.contains(trunk) {
                account.stop(now);
            }
        }
        for trunk in wanted {
            let known = self.accounts.get(&trunk).is_some_and(|account| !account.stopping);
            if !known && let Some(account) = Account::new(world, &trunk) {
                let account = self.accounts.entry(trunk).insert_entry(account).into_mut();
                account.registration.handle(now, Input::Start);
            }
        }
        self.pump(now, world);
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
        trunk: &TrunkId,
        (id, response): (TransactionId, &Message),
    ) {
        let request = world.layer.sent(id).cloned();
        if let (Some(account), Some(request)) = (self.accounts.get_mut(trunk), request) {
            let input = Input::Response { request: &request, response };
            account.registration.handle(now, input);
        }
        self.pump(now, world);
    }

    /// The trunk did not answer.
    pub(crate) fn unanswered(&mut self, now: Instant, world: &mut World, trunk: &TrunkId) {
        if let Some(account) = self.accounts.get_mut(trunk) {
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
        for (trunk, account) in &mut self.accounts {
            while let Some(output) = account.registration.poll_output() {
                match output {
                    registration::Output::Send(request) => {
                        match world.layer.send_request(now, account.way, *request) {
                            Ok(id) => {
                                let owner = Owner::Trunk(trunk.clone());
                                world.routes.own_transaction(id, owner);
                            }
                            Err(_) => account.registration.handle(now, Input::Failed),
                        }
                    }
                    registration::Output::Event(event) => {
                        if event == registration::Event::Unregistered {
                            over.push(trunk.clone());
                        }
                        world.event(told(trunk, event));
                    }
                }
            }
        }
        for trunk in over {
            self.accounts.remove(&trunk);
        }
    }
}

impl Account {
    fn new(world: &mut World, trunk: &TrunkId) -> Option<Self> {
        let spec = world.trunks.spec(trunk)?;
        let way = world.trunks.way(&world.config, trunk)?;
        let user = escape_user(spec.user.as_deref()?).into_owned();
        let domain = trunks::domain(spec);
        let here = world.config.public(way.local);
        let uri = |text: String| text.parse::<UriBuf>().ok();
        let contact = uri(format!("sip:{user}@{here}"))?;
        let registrar = uri(format!("sip:{domain}"))?;
        let address = uri(format!("sip:{user}@{domain}"))?;
        let config = RegistrationConfig {
            credentials: world.trunks.credentials(trunk),
            ..RegistrationConfig::new(registrar, address, contact)
        };
        let seed = world.layer.identifiers().seed();
        let registration = Registration::new(config, seed);
        Some(Self { registration, way, stopping: false })
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
