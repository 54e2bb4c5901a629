//! A caller's INVITE until its final answer (RFC 3261 section 13.3).

use std::time::Instant;

use bytes::Bytes;
use switchboard_sdp::Codec;
use switchboard_sip::dialog::{Dialog, Side};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, HeaderName, Message, Method, StatusCode};

use super::reliable::{Reliable, give};
use super::up::Up;
use super::{ALLOW, Event, Leg, Sip, granted};
use crate::routes::LegKey;
use crate::session::{Session, Unusable};
use crate::world::World;

/// A caller's INVITE until its final answer.
#[derive(Debug)]
pub(super) struct Incoming {
    id: TransactionId,
    flow: Flow,
    invite: Message,
    tag: String,
    /// 180 was sent.
    rings: bool,
    /// The early dialog, made by our first response (RFC 3261 section 12.1.1).
    pub(super) dialog: Option<Dialog>,
    pub(super) described: Described,
}

/// How far both sides have described their audio before the final answer.
#[derive(Debug)]
pub(super) enum Described {
    /// Not at all: the 200 does.
    Nothing,
    /// Our answer went out with a 183: the 200 repeats it (RFC 3261 section 13.2.1).
    Early(Bytes),
    /// The 200 has nothing to say: our offer went out with a reliable response, or a later offer
    /// has changed what was described (RFC 3262 section 5, RFC 3311 section 5).
    Apart,
}

impl Incoming {
    pub(super) fn new(id: TransactionId, flow: Flow, invite: Message, tag: String) -> Self {
        let described = Described::Nothing;
        Self { id, flow, invite, tag, rings: false, dialog: None, described }
    }

    pub(super) fn id(&self) -> TransactionId {
        self.id
    }

    pub(super) fn flow(&self) -> Flow {
        self.flow
    }

    pub(super) fn offer(&self) -> &[u8] {
        self.invite.body()
    }

    pub(super) fn refuse(
        &self,
        now: Instant,
        world: &mut World,
        reliable: &mut Option<Box<Reliable>>,
        status: StatusCode,
    ) {
        let mut reply = world.config.reply(&self.invite, status, Some(&self.tag));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            reply = reply.header(HeaderName::RetryAfter, 5);
        }
        if let Ok(reply) = reply.build() {
            give(reliable, now, world, self.id, &reply);
        }
    }

    fn provisional(
        &mut self,
        now: Instant,
        world: &mut World,
        key: LegKey,
        reliable: &mut Option<Box<Reliable>>,
        (status, sdp): (StatusCode, Option<Bytes>),
    ) {
        let reply = world
            .config
            .reply(&self.invite, status, Some(&self.tag))
            .header(HeaderName::Contact, world.config.contact(&self.flow));
        let reply = match sdp {
            Some(sdp) => reply.body("application/sdp", sdp),
            None => reply,
        };
        let Ok(reply) = reply.build() else { return };
        if self.dialog.is_none()
            && let Ok(dialog) = Dialog::uas(&self.invite, &reply)
        {
            world.routes.open_dialog(dialog.id().clone(), key);
            self.dialog = Some(dialog);
        }
        give(reliable, now, world, self.id, &reply);
    }

    /// The offer that the first reliable response to an INVITE without one has to make (RFC 3262
    /// section 5); its PRACK brings the answer. `Err`: there is nothing to offer yet.
    fn first_offer(
        &mut self,
        reliable: &mut Option<Box<Reliable>>,
        session: Option<&mut Session>,
    ) -> Result<Option<Bytes>, ()> {
        let Some(reliable) = reliable.as_mut().filter(|_| self.invite.body().is_empty()) else {
            return Ok(None);
        };
        if !matches!(self.described, Described::Nothing) {
            return Ok(None);
        }
        reliable.exchange.offer_in_response(Side::Ours).map_err(|_| ())?;
        self.described = Described::Apart;
        session.map(|session| Some(session.offer(None))).ok_or(())
    }
}

impl Leg {
    /// Tells the caller that the callee's phone rings: 180, once.
    pub(crate) fn ring(&mut self, now: Instant, world: &mut World) {
        if let Sip::Incoming(incoming) = &mut self.sip
            && !std::mem::replace(&mut incoming.rings, true)
        {
            let session = self.port.session_mut();
            let Ok(offer) = incoming.first_offer(&mut self.reliable, session) else { return };
            let ringing = (StatusCode::RINGING, offer);
            incoming.provisional(now, world, self.key, &mut self.reliable, ringing);
        }
    }

    /// Opens the caller's audio before the answer: 183 with our description. Not possible for a
    /// caller who offered nothing.
    pub(crate) fn progress(&mut self, now: Instant, world: &mut World, prefer: Option<Codec>) {
        let Sip::Incoming(incoming) = &mut self.sip else { return };
        let Some(session) = self.port.session_mut() else { return };
        let described = !matches!(incoming.described, Described::Nothing);
        if described || incoming.invite.body().is_empty() {
            return;
        }
        if let Ok((answer, change)) = session.answer(incoming.invite.body(), prefer) {
            incoming.described = Described::Early(answer.clone());
            if let Some(reliable) = &mut self.reliable {
                _ = reliable.exchange.answer(Side::Ours);
            }
            let progress = (StatusCode::SESSION_PROGRESS, Some(answer));
            incoming.provisional(now, world, self.key, &mut self.reliable, progress);
            self.apply(now, world, change);
        }
    }

    /// Answers the caller: 200 with our description, or with our offer to a caller who made none.
    /// Does nothing for a leg that is answered already.
    ///
    /// # Errors
    /// The caller's description cannot be used; the INVITE was refused for it.
    pub(crate) fn answer(
        &mut self,
        now: Instant,
        world: &mut World,
        prefer: Option<Codec>,
    ) -> Result<(), Unusable> {
        let Sip::Incoming(incoming) = &mut self.sip else { return Ok(()) };
        let Some(session) = self.port.session_mut() else { return Ok(()) };
        let (mut change, mut offered) = (None, false);
        let body = match std::mem::replace(&mut incoming.described, Described::Apart) {
            Described::Early(answer) => Some(answer),
            Described::Apart => None,
            Described::Nothing if incoming.invite.body().is_empty() => {
                offered = true;
                Some(session.offer(prefer))
            }
            Described::Nothing => match session.answer(incoming.invite.body(), prefer) {
                Ok((answer, agreed)) => {
                    change = Some(agreed);
                    Some(answer)
                }
                Err(unusable) => {
                    let status = StatusCode::new(unusable.status());
                    self.end(now, world, status.unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE));
                    return Err(unusable);
                }
            },
        };
        if let Some(reliable) = &mut self.reliable {
            reliable.described_by_final(body.is_some(), offered);
        }
        // One that is too short got 422 when it arrived.
        let granted = granted(&self.timer, &incoming.invite).ok().flatten();
        let reply = world
            .config
            .reply(&incoming.invite, StatusCode::OK, Some(&incoming.tag))
            .header(HeaderName::Contact, world.config.contact(&incoming.flow))
            .header(HeaderName::Allow, ALLOW);
        let reply = match body {
            Some(body) => reply.body("application/sdp", body),
            None => reply,
        };
        let reply = match &granted {
            Some(granted) => granted.write(reply).build(),
            None => reply.build(),
        };
        let dialog = reply.ok().and_then(|reply| {
            let dialog = match incoming.dialog.take() {
                Some(mut early) => {
                    early.confirm();
                    early
                }
                None => Dialog::uas(&incoming.invite, &reply).ok()?,
            };
            give(&mut self.reliable, now, world, incoming.id, &reply);
            Some(dialog)
        });
        let (id, flow) = (incoming.id, incoming.flow);
        let Some(dialog) = dialog else {
            // Checked when it arrived: a request without a usable Contact got 400 then.
            self.end(now, world, StatusCode::BAD_REQUEST);
            self.events.push_back(Event::Vanished);
            return Ok(());
        };
        let mut up = Up::new(dialog, flow, world.account(&self.peer));
        up.await_ack(id, &incoming.invite, offered);
        up.allows_update = incoming.invite.lists(HeaderName::Allow, Method::Update.as_str());
        self.up(world, up);
        self.keep(now, granted);
        if let Some(change) = change {
            self.apply(now, world, change);
        }
        self.watch_from_start(now, world);
        Ok(())
    }

    /// The caller's CANCEL (RFC 3261 section 9.2); it has been answered.
    pub(crate) fn cancelled(&mut self, now: Instant, world: &mut World) {
        if let Sip::Incoming(_) = self.sip {
            self.end(now, world, StatusCode::REQUEST_TERMINATED);
            self.events.push_back(Event::Cancelled);
        }
    }
}
