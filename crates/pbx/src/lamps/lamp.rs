use std::collections::BTreeSet;
use std::time::Instant;

use switchboard_routing::UserId;
use switchboard_sip::subscription::dialog_info::{self, CallState, DialogInfo, DialogOf};
use switchboard_sip::subscription::message_summary::{self, Count, MessageSummary};
use switchboard_sip::subscription::{AcceptError, Asked, Notifier, Output};
use switchboard_sip::{Flow, HeaderName, Message, StatusCode};

use super::LampNumber;
use crate::calls::Calls;
use crate::ids::CallId;
use crate::routes::Owner;
use crate::world::World;

/// One subscription of a phone.
#[derive(Debug)]
pub(super) struct Lamp {
    pub(super) notifier: Notifier,
    /// Whose phone it is.
    pub(super) watcher: UserId,
    /// Whom it shows.
    pub(super) shows: UserId,
    /// The extension or name by which the phone asked for them.
    pub(super) name: String,
    /// The way to the phone.
    pub(super) flow: Flow,
    /// The timer under which the table has it.
    pub(super) scheduled: Option<Instant>,
    /// Nothing is told any more, only that it is over.
    pub(super) silent: bool,
    kind: Kind,
    /// Whom it shows, as the phone writes it.
    entity: String,
}

#[derive(Debug)]
enum Kind {
    /// Calls, with those that were told and not yet told to be over.
    Calls(BTreeSet<CallId>),
    /// Messages that wait.
    Messages,
}

impl Lamp {
    /// Accepts a SUBSCRIBE.
    pub(super) fn light(
        now: Instant,
        world: &mut World,
        asked: Asked,
        (watcher, shows, name): (UserId, UserId, String),
        flow: Flow,
        request: &Message,
    ) -> Result<(Self, Message), AcceptError> {
        let kind = match asked.event.package() {
            message_summary::PACKAGE => Kind::Messages,
            _ => Kind::Calls(BTreeSet::new()),
        };
        let uri = request.request_uri().map(|uri| uri.without_headers().to_string());
        let tag = world.layer.identifiers().tag();
        let reply = world
            .config
            .reply(request, StatusCode::OK, Some(&tag))
            .header(HeaderName::Contact, world.config.contact(&flow));
        let (notifier, response) = Notifier::accept(now, request, asked, reply)?;
        let entity = uri.unwrap_or_default();
        let lamp = Self {
            notifier,
            watcher,
            shows,
            name,
            flow,
            scheduled: None,
            silent: false,
            kind,
            entity,
        };
        Ok((lamp, response))
    }

    pub(super) fn shows_calls(&self) -> bool {
        matches!(self.kind, Kind::Calls(_))
    }

    /// Sends the NOTIFY that is due, with the state as it is now.
    pub(super) fn tell(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LampNumber,
        calls: &Calls,
    ) {
        while let Some(output) = self.notifier.poll_output() {
            if output != Output::Notify {
                continue;
            }
            let (kind, body) = match &mut self.kind {
                Kind::Calls(told) => {
                    let version = self.notifier.told();
                    (dialog_info::BODY, state(&self.entity, version, &self.shows, told, calls))
                }
                // There is no mailbox that could hold any.
                Kind::Messages => {
                    let none = MessageSummary::of_voice(&self.entity, Count::default());
                    (message_summary::BODY, none.to_string())
                }
            };
            let body = (!self.silent).then(|| (kind, body.into()));
            let notify = self
                .notifier
                .notify(now, body)
                .header(HeaderName::UserAgent, &world.config.product);
            match world.layer.send_request(now, self.flow, notify) {
                Ok(id) => world.routes.own_transaction(id, Owner::Lamp(number)),
                // No room: told with the next change, or not at all.
                Err(_) => self.notifier.answered(now, StatusCode::SERVICE_UNAVAILABLE),
            }
        }
    }
}

/// All calls of a user, and those that were told before and are over. With whom they talk is
/// nobody's business.
fn state(
    entity: &str,
    version: u32,
    shows: &UserId,
    told: &mut BTreeSet<CallId>,
    calls: &Calls,
) -> String {
    let mut info = DialogInfo::new(entity, version);
    let mut now = BTreeSet::new();
    for (call, (state, direction)) in calls.seen_of(shows) {
        info = info.with(DialogOf::new(call.to_string(), state).direction(direction));
        now.insert(call);
    }
    for over in told.difference(&now) {
        info = info.with(DialogOf::new(over.to_string(), CallState::Terminated));
    }
    *told = now;
    info.to_string()
}
