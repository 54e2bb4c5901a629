//! The whole PBX as one machine.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use switchboard_media as media;
use switchboard_routing::{Directory, QueueMemory, UserId, WaitingCallers};
use switchboard_sip::transaction::{self, LayerConfig, SentBy, TransactionLayer};
use switchboard_sip::{Flow, Identifiers, Message, refusal};

use crate::accounts::Accounts;
use crate::call::Call;
use crate::calls::{Account, Calls};
use crate::cause::Cause;
use crate::config::{Config, Listener};
use crate::error::{Error, OriginateError};
use crate::guard::Guard;
use crate::ids::CallId;
use crate::io::{Command, Input, Output};
use crate::lamps::Lamps;
use crate::phones::Phones;
use crate::record::{CallKind, Party};
use crate::routes::Routes;
use crate::secrets::Secrets;
use crate::texts::Texts;
use crate::trunks::Trunks;
use crate::world::World;

/// The whole PBX as one machine: SIP messages and media events go in, SIP messages, media commands
/// and call records come out.
///
/// ```text
///   SIP message --> transaction layer --> endpoint --+--> registrar
///                                            |       +--> trunks
///   media event --------------------------+  |       +--> stateless refusal
///                                         v  v
///   commands -------------------------> calls (legs, router, ring)
/// ```
#[derive(Debug)]
pub struct Pbx {
    pub(crate) world: World,
    pub(crate) calls: Calls,
    pub(crate) accounts: Accounts,
    pub(crate) lamps: Lamps,
    pub(crate) texts: Texts,
    pub(crate) guard: Guard,
    secrets: Arc<Secrets>,
    pub(crate) stopping: bool,
    /// What our own Vias say, to tell a loop.
    pub(crate) own: Vec<SentBy>,
}

/// A call that is going on, for a table of them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CallView {
    /// Its name.
    pub id: CallId,
    /// What it is.
    pub kind: CallKind,
    /// Who calls.
    pub from: Party,
    /// What was dialled.
    pub dialled: String,
    /// Who answered.
    pub to: Option<Party>,
    /// When it began, in milliseconds since 1970-01-01T00:00:00Z.
    pub started: u64,
}

impl Pbx {
    /// A PBX without phones and calls.
    #[must_use]
    pub fn new(config: Config, directory: Arc<Directory>) -> Self {
        let guard = Guard::new(config.limits.failures, config.timing.lockout);
        let mut seeds = Identifiers::new(config.seed);
        let public =
            |listener: &Listener| SentBy::from(config.public(listener.transport, listener.local));
        let own: Vec<SentBy> = config.listeners.iter().map(public).collect();
        let layer = LayerConfig {
            timers: config.sip,
            sent_by: config.advertised.and(own.first().cloned()),
            max_servers: config.limits.transactions,
            max_clients: config.limits.transactions,
            ..LayerConfig::default()
        };
        // Which member of a queue is drawn is no secret.
        let queues =
            QueueMemory::new(config.seed.first_chunk().map_or(0, |seed| u64::from_le_bytes(*seed)));
        let layer = TransactionLayer::new(layer, seeds.seed());
        let phones = Phones::new(&config, seeds.seed());
        let mut world = World {
            config,
            directory,
            phones,
            trunks: Trunks::default(),
            queues,
            waiting: WaitingCallers::new(),
            layer,
            routes: Routes::default(),
            outputs: VecDeque::new(),
        };
        let secrets = Arc::new(Secrets::new());
        world.phones.update(&world.directory, &secrets);
        world.trunks.update(&world.directory, &secrets);
        Self {
            world,
            calls: Calls::default(),
            accounts: Accounts::default(),
            lamps: Lamps::default(),
            texts: Texts::default(),
            guard,
            secrets,
            stopping: false,
            own,
        }
    }

    /// Takes one input.
    ///
    /// # Errors
    /// What was not taken and whose fault it is; nothing changed then.
    pub fn handle(&mut self, now: Instant, input: Input) -> Result<(), Error> {
        let result = match input {
            Input::Sip { flow, payload } => self.received(now, flow, payload),
            Input::FlowClosed(flow) => {
                self.world.layer.handle(now, transaction::Input::FlowClosed { flow });
                self.world.phones.flow_closed(flow);
                self.lamps.flow_closed(flow);
                Ok(())
            }
            Input::MediaOpened { leg, local } => {
                let key = self.world.routes.port(leg);
                self.on_leg(now, key, |of, world| of.port_opened(now, world, leg, local));
                Ok(())
            }
            Input::MediaOpenFailed { leg } => {
                let key = self.world.routes.port(leg);
                self.on_leg(now, key, |of, world| of.port_failed(world, leg));
                Ok(())
            }
            Input::Media(event) => {
                self.on_media(now, &event);
                Ok(())
            }
            Input::Directory(directory) => {
                self.world.queues.retain(&directory);
                self.world.directory = directory;
                self.people_changed(now);
                Ok(())
            }
            Input::Secrets(secrets) => {
                self.secrets = secrets;
                self.people_changed(now);
                Ok(())
            }
            Input::HostAddresses { host, addresses } => {
                self.world.trunks.resolve(&host, addresses);
                if !self.stopping {
                    self.accounts.update(now, &mut self.world);
                }
                Ok(())
            }
            Input::Clock(clock) => {
                self.world.config.clock = clock;
                Ok(())
            }
            Input::Restore(saved) => {
                let world = &mut self.world;
                world.phones.restore(now, &world.config, *saved);
                Ok(())
            }
            Input::Command(command) => self.command(now, command),
        };
        self.pump(now);
        result
    }

    /// Fires every timer that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.world.layer.handle_timeout(now);
        self.pump(now);
        self.world.phones.handle_timeout(now);
        self.accounts.handle_timeout(now, &mut self.world);
        self.lamps.handle_timeout(now);
        for id in self.calls.due(now) {
            let world = &mut self.world;
            self.calls.with(id, |call| call.handle_timeout(now, world));
        }
        self.pump(now);
    }

    /// When [`Pbx::handle_timeout`] wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let world = &self.world;
        let timers = [
            world.layer.poll_timeout(),
            world.phones.poll_timeout(),
            self.accounts.poll_timeout(),
            self.lamps.poll_timeout(),
            self.calls.poll_timeout(),
        ];
        timers.into_iter().flatten().min()
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.world.outputs.pop_front()
    }

    /// Whether no call, no message on its way, no transaction and no open port is left.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.texts.len() == 0 && self.leftovers() == [0; 6]
    }

    /// How much there is of what should be gone when nothing happens any more: calls; transactions,
    /// dialogs and ports that lead to them; client and server transactions.
    #[must_use]
    pub fn leftovers(&self) -> [usize; 6] {
        let [transactions, dialogs, ports] = self.world.routes.len();
        let (clients, servers) = self.world.layer.transactions();
        [self.calls.len(), transactions, dialogs, ports, clients, servers]
    }

    /// Whether no call is left; some of their last transactions may be.
    #[must_use]
    pub fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Whether a [`Command::Shutdown`] is done: every call is over and acknowledged, and the trunks know that we
    /// are gone. What is left waits for late repetitions only.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.stopping && self.calls.is_empty() && self.accounts.is_empty()
    }

    /// The directory in use.
    #[must_use]
    pub fn directory(&self) -> &Arc<Directory> {
        &self.world.directory
    }

    /// The calls that are going on.
    pub fn calls(&self) -> impl Iterator<Item = CallView> + '_ {
        self.calls.iter().filter_map(Call::view)
    }

    /// How many phones of this user are registered now (R12: the state "connected").
    #[must_use]
    pub fn phones(&self, now: Instant, user: &UserId) -> usize {
        self.world.phones.of(now, user).len()
    }

    /// Whom a TLS connection on this flow has to lead to: the host of the trunk there (RFC 5922 section 7). `None`: nobody
    /// whom we would call.
    #[must_use]
    pub fn host_at(&self, flow: &Flow) -> Option<&str> {
        self.world.trunks.host_at(flow)
    }

    /// How many subscriptions there are: phones that show who talks, or whether messages wait.
    #[must_use]
    pub fn lamps(&self) -> usize {
        self.lamps.len()
    }

    /// One SIP message. What cannot be read is answered where that is possible.
    fn received(&mut self, now: Instant, flow: Flow, payload: Bytes) -> Result<(), Error> {
        // Keep-alives (RFC 5626 section 3.5.1) are no messages.
        if payload.iter().all(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            return Ok(());
        }
        match Message::parse(payload.clone()) {
            Ok(message) => {
                self.world.layer.handle(now, transaction::Input::Received { flow, message });
                Ok(())
            }
            Err(error) => {
                if let Some(payload) = refusal(&payload, &error) {
                    self.world.outputs.push_back(Output::Transmit { flow, payload });
                }
                Err(Error::Malformed(error))
            }
        }
    }

    fn on_media(&mut self, now: Instant, event: &media::Event) {
        let key = if matches!(event.kind, media::EventKind::Closed { .. }) {
            self.world.routes.end_port(event.leg)
        } else {
            self.world.routes.port(event.leg)
        };
        if let Some((call, number)) = key {
            let world = &mut self.world;
            self.calls.with(call, |call| call.on_media(now, world, number, &event.kind));
        }
    }

    /// Users or passwords changed: whoever may not register any more is unregistered at once.
    fn people_changed(&mut self, now: Instant) {
        let world = &mut self.world;
        let void = world.phones.update(&world.directory, &self.secrets);
        world.trunks.update(&world.directory, &self.secrets);
        if !self.stopping {
            self.accounts.update(now, world);
        }
        self.lamps.people_changed(now, &world.directory, &void);
        for id in self.calls.ids() {
            self.calls.with(id, |call| call.on_directory(now, world));
        }
    }

    fn command(&mut self, now: Instant, command: Command) -> Result<(), Error> {
        match command {
            Command::Call { token, from, to } => {
                let result = self.originate(now, &from, &to);
                self.world.outputs.push_back(Output::Originated { token, result });
                Ok(())
            }
            Command::HangUp { call } => {
                let end = |call: &mut Call, world: &mut World| {
                    call.end(now, world, Cause::Administrator);
                };
                if self.on_call(now, call, end) { Ok(()) } else { Err(Error::NoSuchCall) }
            }
            Command::Shutdown => {
                self.stopping = true;
                self.accounts.stop(now, &mut self.world);
                self.lamps.stop(now);
                for id in self.calls.ids() {
                    self.on_call(now, id, |call, world| call.end(now, world, Cause::Shutdown));
                }
                Ok(())
            }
        }
    }

    fn originate(
        &mut self,
        now: Instant,
        from: &UserId,
        to: &str,
    ) -> Result<CallId, OriginateError> {
        let bad = to.is_empty() || to.len() > 255 || to.chars().any(char::is_control);
        if bad {
            return Err(OriginateError::BadTarget);
        }
        if self.world.directory.user(from.as_str()).is_none() {
            return Err(OriginateError::NoSuchUser(from.clone()));
        }
        if self.world.phones.of(now, from).is_empty() {
            return Err(OriginateError::NoPhone(from.clone()));
        }
        if self.stopping || self.calls.len() >= self.world.config.limits.calls {
            return Err(OriginateError::Full);
        }
        let account = Account::User(from.clone());
        if self.calls.of(&account) >= self.world.config.limits.calls_per_user {
            return Err(OriginateError::TooMany(from.clone()));
        }
        let id = self.new_call_id();
        let call = Call::originated(now, &mut self.world, id, from, to);
        self.calls.insert(call, account);
        Ok(id)
    }

    pub(crate) fn new_call_id(&mut self) -> CallId {
        let text = self.world.layer.identifiers().call_id();
        CallId(u128::from_str_radix(&text, 16).unwrap_or_default())
    }

    /// Does something with a call, and what follows from it; false if it is not there.
    pub(crate) fn on_call(
        &mut self,
        now: Instant,
        id: CallId,
        job: impl FnOnce(&mut Call, &mut World),
    ) -> bool {
        let world = &mut self.world;
        let done = self.calls.with(id, |call| {
            job(call, world);
            call.settle(now, world);
        });
        done.is_some()
    }
}
