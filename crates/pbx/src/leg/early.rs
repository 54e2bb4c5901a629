//! A leg's requests before its INVITE is answered: UPDATE (RFC 3311 sections 5.1 and 5.2), and what else
//! an early dialog may bring.

use std::time::Instant;

use switchboard_sip::dialog::{Carries, Conflict, Dialog, Side};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{HeaderName, Message, Method, StatusCode};

use super::reliable::{SDP, carries, refuse};
use super::{ALLOW, Event, Leg, Sip};
use crate::world::World;

impl Leg {
    /// A request within an early dialog, of a caller or of somebody who is called.
    pub(super) fn early_request(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        request: &Message,
    ) {
        let Some(dialog) = self.early_dialog(request) else {
            return world.reply(now, id, request, StatusCode::CALL_DOES_NOT_EXIST);
        };
        if let Err(error) = dialog.receive_request(request) {
            return world.reply(now, id, request, error.status());
        }
        let called = matches!(self.sip, Sip::Calling(_));
        match request.method() {
            Method::Update => self.early_update(now, world, id, request),
            Method::Options => {
                let reply = world.config.reply(request, StatusCode::OK, None);
                if let Ok(reply) = reply.header(HeaderName::Allow, ALLOW).build() {
                    world.respond(now, id, &reply);
                }
            }
            // RFC 3261 section 15: whoever called may hang up before the answer, too.
            Method::Bye if !called => {
                world.reply(now, id, request, StatusCode::OK);
                self.end(now, world, StatusCode::REQUEST_TERMINATED);
                self.events.push_back(Event::Cancelled);
            }
            // RFC 3261 section 14.2: the one before has no final answer yet.
            Method::Invite if !called => {
                let wait = retry_after(world, Conflict::Theirs);
                refuse(now, world, (id, request), Conflict::Theirs.status(), wait);
            }
            Method::Invite => {
                let status = Conflict::Ours.status();
                refuse(now, world, (id, request), status, None);
            }
            _ => world.reply(now, id, request, StatusCode::CALL_DOES_NOT_EXIST),
        }
    }

    /// The early dialog that a request is in: of several that an INVITE of ours has, its own.
    fn early_dialog(&mut self, request: &Message) -> Option<&mut Dialog> {
        match &mut self.sip {
            Sip::Incoming(incoming) => incoming.dialog.as_mut(),
            Sip::Calling(calling) => calling.dialog_of(request),
            _ => None,
        }
    }

    fn early_update(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        request: &Message,
    ) {
        if let Err(conflict) = self.begin_update(request) {
            let wait = retry_after(world, conflict);
            return refuse(now, world, (id, request), conflict.status(), wait);
        }
        let answer = match carries(request) {
            Carries::Nothing => Ok(None),
            Carries::Offer => self.answer_offer(request).map(Some),
        };
        let status = answer.as_ref().err().copied().unwrap_or(StatusCode::OK);
        if let Some(reliable) = &mut self.reliable {
            reliable.exchange.end(Side::Theirs, &Method::Update, status);
        }
        let Some(dialog) = self.early_dialog(request) else { return };
        let reply = dialog
            .reply(request, status)
            .header(HeaderName::Server, &world.config.product)
            .header(HeaderName::Allow, ALLOW);
        let (reply, change) = match answer {
            Ok(Some((answer, change))) => (reply.body(SDP, answer), Some(change)),
            Ok(None) | Err(_) => (reply, None),
        };
        if let Ok(reply) = reply.build() {
            world.respond(now, id, &reply);
        }
        if let Some(change) = change {
            self.apply(now, world, change);
        }
    }

    /// An offer may come when the one in the INVITE has been answered reliably, and no other is open.
    fn begin_update(&mut self, request: &Message) -> Result<(), Conflict> {
        match (&mut self.sip, &mut self.reliable, carries(request)) {
            (_, Some(reliable), carries) => {
                reliable.exchange.begin(Side::Theirs, &Method::Update, carries)
            }
            (_, None, Carries::Nothing) => Ok(()),
            (Sip::Calling(calling), None, Carries::Offer) if calling.is_settled(request) => Ok(()),
            (Sip::Calling(_), None, Carries::Offer) => Err(Conflict::Ours),
            (_, None, Carries::Offer) => Err(Conflict::Theirs),
        }
    }
}

/// The Retry-After of a refusal.
pub(super) fn retry_after(world: &mut World, conflict: Conflict) -> Option<u64> {
    let [entropy, ..] = world.layer.identifiers().seed();
    conflict.retry_after(entropy.into())
}
