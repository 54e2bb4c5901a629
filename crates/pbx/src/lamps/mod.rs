//! Lamps: phones that want to see who of the colleagues talks, and whether messages wait
//! (RFC 6665, 4235, 3842).

mod lamp;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use switchboard_routing::{Directory, UserId};
use switchboard_sip::dialog::DialogId;
use switchboard_sip::subscription::{
    NotifierConfig, Package, Packages, Reason, dialog_info, message_summary,
};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, HeaderName, Message, StatusCode};

use self::lamp::Lamp;
use crate::calls::Calls;
use crate::destination;
use crate::tally::Tally;
use crate::world::World;

/// The packages that are served.
pub(crate) const PACKAGES: Packages<'static> = Packages(&[
    Package { name: dialog_info::PACKAGE, body: dialog_info::BODY },
    Package { name: message_summary::PACKAGE, body: message_summary::BODY },
]);

/// One subscription. A number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LampNumber(u64);

/// All subscriptions: bounded in all and for each user, with the timer of each. Only whoever has
/// proven to be a user has one, and only of users who are active: neither a dismissed watcher nor
/// a dismissed colleague stays in it.
#[derive(Debug, Default)]
pub(crate) struct Lamps {
    lamps: BTreeMap<LampNumber, Lamp>,
    dialogs: HashMap<DialogId, LampNumber>,
    /// The lamps that show a user's calls.
    showing: BTreeMap<UserId, BTreeSet<LampNumber>>,
    by_time: BTreeSet<(Instant, LampNumber)>,
    /// Anybody opens and closes connections: that costs no look at every lamp.
    by_flow: BTreeSet<(Flow, LampNumber)>,
    /// How many each user has.
    of: Tally<UserId>,
    /// Lamps that may have something to say.
    awake: BTreeSet<LampNumber>,
    last: u64,
}

impl Lamps {
    /// Serves a SUBSCRIBE outside a dialog of a user who has been authenticated.
    pub(crate) fn subscribe(
        &mut self,
        now: Instant,
        world: &mut World,
        user: &UserId,
        (id, flow, request): (TransactionId, Flow, &Message),
    ) {
        match self.admit(now, world, user, flow, request) {
            Ok((lamp, response)) => {
                world.respond(now, id, &response);
                self.last += 1;
                let number = LampNumber(self.last);
                self.dialogs.insert(lamp.notifier.id().clone(), number);
                self.by_flow.insert((lamp.flow, number));
                self.showing.entry(lamp.shows.clone()).or_default().insert(number);
                self.of.add(&lamp.watcher);
                self.lamps.insert(number, lamp);
                self.awake.insert(number);
            }
            Err(Refused(status, write)) => {
                let tag = world.layer.stateless_tag(request);
                let reply = write(world.config.reply(request, status, Some(&tag)));
                if let Ok(reply) = reply.build() {
                    world.respond(now, id, &reply);
                }
            }
        }
    }

    fn admit(
        &mut self,
        now: Instant,
        world: &mut World,
        user: &UserId,
        flow: Flow,
        request: &Message,
    ) -> Result<(Lamp, Message), Refused> {
        let config = NotifierConfig {
            min_expires: world.config.timing.register_min,
            ..NotifierConfig::default()
        };
        let asked = PACKAGES.admit(request, &config).map_err(|refusal| {
            Refused(refusal.status(), Box::new(move |reply| refusal.write(reply)))
        })?;
        let (name, shows) = world.addressed(request)?;
        let own = asked.event.package() == message_summary::PACKAGE;
        if own && shows != *user {
            return Err(StatusCode::FORBIDDEN.into());
        }
        let limits = &world.config.limits;
        let theirs = self.of.of(user);
        if self.lamps.len() >= limits.lamps || theirs >= limits.lamps_per_user {
            let wait = |reply: switchboard_sip::Builder| reply.header(HeaderName::RetryAfter, 60);
            return Err(Refused(StatusCode::SERVICE_UNAVAILABLE, Box::new(wait)));
        }
        Lamp::light(now, world, asked, (user.clone(), shows, name), flow, request)
            .map_err(|_| StatusCode::BAD_REQUEST.into())
    }

    /// The lamp whose dialog a request is in, who watches it, and from where.
    pub(crate) fn of_dialog(&self, id: &DialogId) -> Option<(LampNumber, UserId, Flow)> {
        let number = *self.dialogs.get(id)?;
        let lamp = self.lamps.get(&number)?;
        Some((number, lamp.watcher.clone(), lamp.flow))
    }

    /// Serves a SUBSCRIBE within a dialog: a refresh, or the end.
    pub(crate) fn refresh(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LampNumber,
        (id, flow, request): (TransactionId, Flow, &Message),
    ) {
        let Some(lamp) = self.lamps.get_mut(&number) else { return };
        let reply = match lamp.notifier.refresh(now, request) {
            Ok(reply) => {
                self.by_flow.remove(&(lamp.flow, number));
                self.by_flow.insert((flow, number));
                lamp.flow = flow;
                reply
            }
            Err(error) => error.reply(request),
        };
        if let Ok(reply) = reply.header(HeaderName::Server, &world.config.product).build() {
            world.respond(now, id, &reply);
        }
        self.awake.insert(number);
    }

    /// A NOTIFY has its final response, or will have none.
    pub(crate) fn answered(&mut self, now: Instant, number: LampNumber, status: StatusCode) {
        if let Some(lamp) = self.lamps.get_mut(&number) {
            lamp.notifier.answered(now, status);
            self.awake.insert(number);
        }
    }

    /// A connection is gone, and what was told over it.
    pub(crate) fn flow_closed(&mut self, flow: Flow) {
        let all = (flow, LampNumber(0))..=(flow, LampNumber(u64::MAX));
        for (_, number) in self.by_flow.range(all) {
            if let Some(lamp) = self.lamps.get_mut(number) {
                lamp.notifier.drop_silently(Reason::Timeout);
                self.awake.insert(*number);
            }
        }
    }

    /// Users came and went: no lamp stays that is theirs, or shows them; neither does one of a phone that knows a void
    /// password only, nor one that shows somebody whose extension is another's now.
    pub(crate) fn people_changed(
        &mut self,
        now: Instant,
        directory: &Directory,
        void: &BTreeSet<UserId>,
    ) {
        let left = |user: &UserId| directory.user(user.as_str()).is_none();
        for (number, lamp) in &mut self.lamps {
            let reason = if left(&lamp.watcher) {
                Reason::Rejected
            } else if left(&lamp.shows) {
                Reason::NoResource
            } else if void.contains(&lamp.watcher) {
                Reason::Probation
            } else if destination::named(directory, &lamp.name) != Some(&lamp.shows) {
                Reason::Deactivated
            } else {
                continue;
            };
            lamp.silent = true;
            lamp.notifier.terminate(now, reason);
            self.awake.insert(*number);
        }
    }

    /// The PBX stops: phones may ask again when it is back.
    pub(crate) fn stop(&mut self, now: Instant) {
        for (number, lamp) in &mut self.lamps {
            lamp.notifier.terminate(now, Reason::Probation);
            self.awake.insert(*number);
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lamps.len()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, number)) = self.by_time.first().copied().filter(|(at, _)| *at <= now) {
            self.by_time.remove(&(at, number));
            if let Some(lamp) = self.lamps.get_mut(&number) {
                lamp.scheduled = None;
                lamp.notifier.handle_timeout(now);
                self.awake.insert(number);
            }
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Tells what is to be told; whether anything was.
    pub(crate) fn pump(&mut self, now: Instant, world: &mut World, calls: &mut Calls) -> bool {
        for user in calls.take_changed() {
            for number in self.showing.get(&user).into_iter().flatten() {
                if let Some(lamp) = self.lamps.get_mut(number).filter(|lamp| lamp.shows_calls()) {
                    lamp.notifier.changed(now);
                    self.awake.insert(*number);
                }
            }
        }
        let awake = std::mem::take(&mut self.awake);
        let any = !awake.is_empty();
        // Before the first lamp, nobody keeps an account of who talks.
        calls.watch(!self.lamps.is_empty());
        for number in awake {
            let Some(lamp) = self.lamps.get_mut(&number) else { continue };
            lamp.tell(now, world, number, calls);
            if lamp.notifier.is_over() {
                self.forget(number);
            } else {
                let next = lamp.notifier.poll_timeout();
                if let Some(at) = std::mem::replace(&mut lamp.scheduled, next) {
                    self.by_time.remove(&(at, number));
                }
                self.by_time.extend(next.map(|at| (at, number)));
            }
        }
        any
    }

    fn forget(&mut self, number: LampNumber) {
        let Some(lamp) = self.lamps.remove(&number) else { return };
        self.dialogs.remove(lamp.notifier.id());
        self.by_flow.remove(&(lamp.flow, number));
        if let Some(at) = lamp.scheduled {
            self.by_time.remove(&(at, number));
        }
        self.of.take(&lamp.watcher);
        if let Some(showing) = self.showing.get_mut(&lamp.shows) {
            showing.remove(&number);
            if showing.is_empty() {
                self.showing.remove(&lamp.shows);
            }
        }
    }
}

/// A SUBSCRIBE is refused with this, and with what its answer has to carry.
struct Refused(StatusCode, Box<dyn FnOnce(switchboard_sip::Builder) -> switchboard_sip::Builder>);

impl From<StatusCode> for Refused {
    fn from(status: StatusCode) -> Self {
        Self(status, Box::new(|reply| reply))
    }
}
