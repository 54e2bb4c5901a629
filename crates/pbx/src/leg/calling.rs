//! An INVITE of ours until its final answer (RFC 3261 section 13.2).

use std::time::Instant;

use bytes::Bytes;
use switchboard_sip::auth::Authorization;
use switchboard_sip::dialog::{Dialog, DialogId, DialogSet};
use switchboard_sip::reliable::{Acknowledger, Reception};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, HeaderName, Message, Method, StatusCode};

use super::plan::Identity;
use super::up::{Up, way_to};
use super::{Event, Leg, Plan, Sip};
use crate::session::Session;
use crate::world::World;

/// An INVITE of ours until its final answer.
#[derive(Debug)]
pub(super) struct Calling {
    plan: Plan,
    identity: Identity,
    id: TransactionId,
    /// Our audio before anybody described theirs: the 2xx may come from another phone than the
    /// one whose early audio we hear.
    fresh: Session,
    early: Option<Bytes>,
    rings: bool,
    /// We have cancelled it.
    cancelled: bool,
    challenged: bool,
    /// Those that answered so far, each fork's own.
    dialogs: DialogSet,
    /// Their reliable provisional responses.
    acknowledger: Acknowledger,
    /// Whose answer to our offer came reliably: what its later responses to the INVITE describe
    /// counts for nothing (RFC 3261 section 13.2.1), and it may make offers of its own.
    settled: Option<DialogId>,
}

impl Calling {
    pub(super) fn flow(&self) -> Flow {
        self.plan.flow
    }

    pub(super) fn rings(&self) -> bool {
        self.rings || self.early.is_some()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// The early dialog that a request is in.
    pub(super) fn dialog_of(&mut self, request: &Message) -> Option<&mut Dialog> {
        self.dialogs.get_mut(&DialogId::of_request(request)?)
    }

    /// Whether the sender of this request has answered our offer for good.
    pub(super) fn is_settled(&self, request: &Message) -> bool {
        self.settled.is_some() && self.settled == DialogId::of_request(request)
    }

    /// Nothing comes of the early dialogs any more.
    pub(super) fn close_dialogs(&self, world: &mut World) {
        for dialog in self.dialogs.iter() {
            world.routes.close_dialog(dialog.id());
        }
    }

    pub(super) fn is_invite(&self, id: TransactionId) -> bool {
        self.id == id
    }
}

impl Leg {
    /// The port is there: the INVITE goes out.
    pub(super) fn start_calling(&mut self, now: Instant, world: &mut World) {
        let Some(session) = self.port.session_mut() else { return };
        let Sip::Planned(plan, prefer) = std::mem::replace(&mut self.sip, Sip::Over) else {
            return;
        };
        let offer = session.offer(prefer);
        let fresh = session.clone();
        let identifiers = world.layer.identifiers();
        let identity = Identity { call_id: identifiers.call_id(), tag: identifiers.tag(), cseq: 1 };
        let invite = plan.invite(&world.config, &identity, offer, None, &self.timer);
        let id = world.send(now, self.key, plan.flow, invite);
        match id.and_then(|id| Some((id, world.layer.sent(id)?.clone()))) {
            Some((id, sent)) => {
                self.sip = Sip::Calling(Box::new(Calling {
                    plan: *plan,
                    identity,
                    id,
                    fresh,
                    early: None,
                    rings: false,
                    cancelled: false,
                    challenged: false,
                    dialogs: DialogSet::new(sent),
                    acknowledger: Acknowledger::default(),
                    settled: None,
                }));
            }
            None => {
                self.over(world);
                self.events.push_back(Event::Refused(StatusCode::SERVICE_UNAVAILABLE));
            }
        }
    }

    /// Gives the INVITE up. The leg stays until its final answer: a 2xx may have crossed.
    pub(super) fn cancel(&mut self, now: Instant, world: &mut World, mut calling: Box<Calling>) {
        calling.cancelled = true;
        _ = world.layer.cancel(now, calling.id);
        self.sip = Sip::Calling(calling);
    }

    pub(super) fn invite_response(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        response: &Message,
    ) {
        let Sip::Calling(calling) = &mut self.sip else { return };
        let Some(status) = response.status().filter(|_| calling.id == id) else { return };
        match status.code() {
            100 => {}
            // One that waits for its PRACK would hold up the final response.
            101..=199 if calling.cancelled => {
                self.acknowledge_provisional(now, world, response);
            }
            101..=199 => self.provisional(now, world, response),
            200..=299 => self.answered(now, world, id, response),
            _ => {
                let cancelled = calling.cancelled;
                // RFC 4028 section 7.3: again, with an interval that is long enough.
                if !cancelled
                    && self.timer.receive_response(now, response)
                    && self.call_again(now, world, None)
                {
                    return;
                }
                if matches!(status.code(), 401 | 407) && self.authorise(now, world, response) {
                    return;
                }
                if matches!(status.code(), 488 | 606) && self.encrypt(now, world) {
                    return;
                }
                self.over(world);
                if !cancelled {
                    self.events.push_back(Event::Refused(status));
                }
            }
        }
    }

    /// The early dialog of a provisional response, and the PRACK of a reliable one (RFC 3262
    /// section 4); `None` for one that has been here, or that comes too early.
    fn acknowledge_provisional(
        &mut self,
        now: Instant,
        world: &mut World,
        response: &Message,
    ) -> Option<Reception> {
        let Sip::Calling(calling) = &mut self.sip else { return None };
        let received = calling.acknowledger.receive(response);
        let new = matches!(received, Reception::New(_) | Reception::Unreliable);
        let dialog = calling.dialogs.receive(response).ok().flatten().filter(|_| new);
        let Some(dialog) = dialog else {
            // One without a tag makes no dialog (RFC 2543); of a 17th fork none is kept.
            return Some(received).filter(|received| *received == Reception::Unreliable);
        };
        world.routes.open_dialog(dialog.id().clone(), self.key);
        let Reception::New(rack) = &received else { return Some(received) };
        let prack = dialog.prack(rack).header(HeaderName::UserAgent, &world.config.product);
        let flow = calling.plan.flow;
        let way = if calling.plan.follows_contact { way_to(dialog, flow) } else { flow };
        _ = world.send(now, self.key, way, prack);
        Some(received)
    }

    fn provisional(&mut self, now: Instant, world: &mut World, response: &Message) {
        let Some(received) = self.acknowledge_provisional(now, world, response) else { return };
        let Sip::Calling(calling) = &mut self.sip else { return };
        let body = response.body();
        let id = DialogId::of_response(response);
        let settled = calling.settled.is_some() && calling.settled == id;
        if !body.is_empty() && !settled && calling.early.as_deref() != Some(body) {
            let mut session = calling.fresh.clone();
            if let Ok(change) = session.accept(body) {
                calling.early = Some(response.body_bytes());
                calling.settled = id.filter(|_| received != Reception::Unreliable);
                if let Some(ours) = self.port.session_mut() {
                    *ours = session;
                }
                self.apply(now, world, change);
                self.events.push_back(Event::EarlyMedia);
                return;
            }
        }
        if !std::mem::replace(&mut calling.rings, true) {
            self.events.push_back(Event::Ringing);
        }
    }

    fn answered(&mut self, now: Instant, world: &mut World, id: TransactionId, response: &Message) {
        let Sip::Calling(calling) = &mut self.sip else { return };
        let dialog = calling.dialogs.receive(response).ok().flatten();
        let dialog = dialog.map(|dialog| dialog.id().clone());
        let Some(dialog) = dialog.and_then(|id| calling.dialogs.take(&id)) else {
            self.over(world);
            self.events.push_back(Event::Refused(StatusCode::BAD_GATEWAY));
            return;
        };
        calling.close_dialogs(world);
        let Sip::Calling(calling) = std::mem::replace(&mut self.sip, Sip::Over) else { return };
        let Calling { plan, fresh, early, cancelled, settled, .. } = *calling;
        let settled = settled.as_ref() == Some(dialog.id());
        let mut up = Up::new(dialog, plan.flow, plan.account);
        up.follow_contact(plan.follows_contact);
        up.allows_update = response.lists(HeaderName::Allow, Method::Update.as_str());
        up.acknowledge(world, id, response.cseq().number);
        self.up(world, up);
        self.timer.receive_response(now, response);
        // The audio of a 183 stands unless the 2xx says something else.
        let same = settled
            || early
                .as_deref()
                .is_some_and(|early| response.body().is_empty() || response.body() == early);
        let change = if same {
            Ok(None)
        } else {
            let mut session = fresh;
            let change = session.accept(response.body()).map(Some);
            if let Some(ours) = self.port.session_mut() {
                *ours = session;
            }
            change
        };
        match change {
            // Our CANCEL and their 2xx crossed: acknowledged, and hung up.
            _ if cancelled => self.end(now, world, StatusCode::REQUEST_TERMINATED),
            Ok(change) => {
                if let Some(change) = change {
                    self.apply(now, world, change);
                }
                self.watch_from_start(now, world);
                self.events.push_back(Event::Answered);
            }
            Err(_) => {
                self.end(now, world, StatusCode::NOT_ACCEPTABLE_HERE);
                self.events.push_back(Event::Refused(StatusCode::NOT_ACCEPTABLE_HERE));
            }
        }
    }

    /// Sends the INVITE again with our account's credentials, once, and only where we have one
    /// (a phone never gets credentials of ours).
    fn authorise(&mut self, now: Instant, world: &mut World, response: &Message) -> bool {
        let Sip::Calling(calling) = &mut self.sip else { return false };
        if calling.cancelled || std::mem::replace(&mut calling.challenged, true) {
            return false;
        }
        let cnonce = world.layer.identifiers().tag();
        let answer = match (world.layer.sent(calling.id), &mut calling.plan.account) {
            (Some(invite), Some(account)) => account.answer(invite, response, &cnonce).ok(),
            _ => None,
        };
        let Some(authorization) = answer else { return false };
        self.call_again(now, world, Some(&authorization))
    }

    /// Sends the INVITE again, once, with encrypted audio alone: who insists on it may not know it
    /// when it is offered in plain RTP's profile (RFC 8643).
    fn encrypt(&mut self, now: Instant, world: &mut World) -> bool {
        let Sip::Calling(calling) = &mut self.sip else { return false };
        if calling.cancelled || !calling.fresh.insist_on_encryption() {
            return false;
        }
        calling.challenged = false;
        self.call_again(now, world, None)
    }

    /// Sends the INVITE again, as another one of the same call.
    fn call_again(
        &mut self,
        now: Instant,
        world: &mut World,
        authorization: Option<&Authorization>,
    ) -> bool {
        let Sip::Calling(calling) = &mut self.sip else { return false };
        let mut session = calling.fresh.clone();
        session.withdraw();
        let offer = session.offer(None);
        calling.identity.cseq += 1;
        let invite = calling.plan.invite(
            &world.config,
            &calling.identity,
            offer,
            authorization,
            &self.timer,
        );
        let Some(id) = world.send(now, self.key, calling.plan.flow, invite) else { return false };
        let Some(sent) = world.layer.sent(id).cloned() else { return false };
        calling.close_dialogs(world);
        calling.settled = None;
        calling.id = id;
        calling.dialogs = DialogSet::new(sent);
        calling.acknowledger = Acknowledger::default();
        calling.fresh = session.clone();
        if let Some(ours) = self.port.session_mut() {
            *ours = session;
        }
        true
    }

    /// A 2xx of another fork, or one after the leg was over: acknowledged, and hung up at once
    /// (RFC 3261 section 13.2.2.4).
    pub(super) fn late_answer(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        flow: Flow,
        response: &Message,
    ) {
        let is_2xx = response.status().is_some_and(StatusCode::is_success);
        if !is_2xx {
            return;
        }
        let dialog = world.layer.sent(id).and_then(|invite| Dialog::uac(invite, response).ok());
        let Some(dialog) = dialog else { return };
        let mut up = Up::new(dialog, flow, world.account(&self.peer));
        up.acknowledge(world, id, response.cseq().number);
        up.bye(now, world, self.key);
    }
}
