//! A caller's INVITE until its final answer (RFC 3261 section 13.3).

use std::time::Instant;

use bytes::Bytes;
use switchboard_sdp::Codec;
use switchboard_sip::dialog::Dialog;
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, HeaderName, Message, Method, StatusCode};

use super::reliable::{Reliable, give};
use super::up::Up;
use super::{ALLOW, Event, Leg, Sip, granted};
use crate::session::Unusable;
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
    /// The answer that went out with a 183: the 200 repeats it (RFC 3261 section 13.2.1).
    early: Option<Bytes>,
}

impl Incoming {
    pub(super) fn new(id: TransactionId, flow: Flow, invite: Message, tag: String) -> Self {
        Self { id, flow, invite, tag, rings: false, early: None }
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
        &self,
        now: Instant,
        world: &mut World,
        reliable: &mut Option<Box<Reliable>>,
        status: StatusCode,
        sdp: Option<Bytes>,
    ) {
        // The first reliable one would have to make the offer (RFC 3262 section 5): the 200 does.
        if reliable.is_some() && self.invite.body().is_empty() {
            return;
        }
        let reply = world
            .config
            .reply(&self.invite, status, Some(&self.tag))
            .header(HeaderName::Contact, world.config.contact(&self.flow));
        let reply = match sdp {
            Some(sdp) => reply.body("application/sdp", sdp),
            None => reply,
        };
        if let Ok(reply) = reply.build() {
            give(reliable, now, world, self.id, &reply);
        }
    }
}

impl Leg {
    /// Tells the caller that the callee's phone rings: 180, once.
    pub(crate) fn ring(&mut self, now: Instant, world: &mut World) {
        if let Sip::Incoming(incoming) = &mut self.sip
            && !std::mem::replace(&mut incoming.rings, true)
        {
            incoming.provisional(now, world, &mut self.reliable, StatusCode::RINGING, None);
        }
    }

    /// Opens the caller's audio before the answer: 183 with our description. Not possible for a
    /// caller who offered nothing.
    pub(crate) fn progress(&mut self, now: Instant, world: &mut World, prefer: Option<Codec>) {
        let Sip::Incoming(incoming) = &mut self.sip else { return };
        let Some(session) = self.port.session_mut() else { return };
        if incoming.early.is_some() || incoming.invite.body().is_empty() {
            return;
        }
        if let Ok((answer, change)) = session.answer(incoming.invite.body(), prefer) {
            incoming.early = Some(answer.clone());
            let status = StatusCode::SESSION_PROGRESS;
            incoming.provisional(now, world, &mut self.reliable, status, Some(answer));
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
        let mut change = None;
        let body = if let Some(early) = incoming.early.take() {
            early
        } else if incoming.invite.body().is_empty() {
            session.offer(prefer)
        } else {
            match session.answer(incoming.invite.body(), prefer) {
                Ok((answer, agreed)) => {
                    change = Some(agreed);
                    answer
                }
                Err(unusable) => {
                    let status = StatusCode::new(unusable.status());
                    self.end(now, world, status.unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE));
                    return Err(unusable);
                }
            }
        };
        // One that is too short got 422 when it arrived.
        let granted = granted(&self.timer, &incoming.invite).ok().flatten();
        let reply = world
            .config
            .reply(&incoming.invite, StatusCode::OK, Some(&incoming.tag))
            .header(HeaderName::Contact, world.config.contact(&incoming.flow))
            .header(HeaderName::Allow, ALLOW)
            .body("application/sdp", body);
        let reply = match &granted {
            Some(granted) => granted.write(reply).build(),
            None => reply.build(),
        };
        let dialog = reply.ok().and_then(|reply| {
            let dialog = Dialog::uas(&incoming.invite, &reply).ok()?;
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
        up.await_ack(id, &incoming.invite, incoming.invite.body().is_empty());
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
