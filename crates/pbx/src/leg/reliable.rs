//! A caller that requires its provisional responses to be reliable (RFC 3262): each is repeated
//! until its PRACK comes, and a 200 waits for that of a description.

use std::time::Instant;

use switchboard_sip::dialog::DialogId;
use switchboard_sip::reliable::{Demand, Event as Happened, Output, Provisionals};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Message, StatusCode};

use super::{Event, Leg, Sip};
use crate::routes::LegKey;
use crate::world::World;

/// The responses to a caller's INVITE.
#[derive(Debug)]
pub(super) struct Reliable {
    id: TransactionId,
    /// The INVITE itself, for its refusal.
    invite: Message,
    provisionals: Provisionals,
    /// The dialog in which the PRACKs come.
    pub(super) dialog: DialogId,
}

impl Reliable {
    /// For a caller that requires it; its early dialog is the leg's from now on.
    pub(super) fn wanted(
        world: &mut World,
        key: LegKey,
        id: TransactionId,
        invite: &Message,
        tag: &str,
    ) -> Option<Box<Self>> {
        if Demand::of(invite) != Demand::Required {
            return None;
        }
        let [a, b, c, d, ..] = world.layer.identifiers().seed();
        let entropy = u32::from_le_bytes([a, b, c, d]);
        let provisionals = Provisionals::new(world.config.sip, entropy);
        let dialog = DialogId::new(invite.call_id(), tag, invite.from_tag().unwrap_or(""));
        world.routes.open_dialog(dialog.clone(), key);
        Some(Box::new(Self { id, invite: invite.clone(), provisionals, dialog }))
    }
}

/// Gives a response to a caller's INVITE, reliably where the caller requires it.
pub(super) fn give(
    reliable: &mut Option<Box<Reliable>>,
    now: Instant,
    world: &mut World,
    id: TransactionId,
    response: &Message,
) {
    match reliable {
        // What is not taken comes after a final response, or is one ringing too many.
        Some(reliable) => {
            _ = reliable.provisionals.respond(now, response.clone());
            while let Some(output) = reliable.provisionals.poll_output() {
                if let Output::Respond(response) = output {
                    world.respond(now, id, &response);
                }
            }
        }
        None => world.respond(now, id, response),
    }
}

impl Leg {
    /// A PRACK: an offer in it is answered (RFC 3262 section 5).
    pub(super) fn prack(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        request: &Message,
    ) {
        let acknowledged = match &mut self.reliable {
            Some(reliable) => reliable.provisionals.acknowledge(now, request),
            None => return world.reply(now, id, request, StatusCode::CALL_DOES_NOT_EXIST),
        };
        if let Err(unknown) = acknowledged {
            return world.reply(now, id, request, unknown.status());
        }
        let session = self.port.session_mut().filter(|_| !request.body().is_empty());
        let answer = session.map(|session| session.answer(request.body(), None));
        match answer {
            None => world.reply(now, id, request, StatusCode::OK),
            Some(Err(unusable)) => {
                let status = StatusCode::new(unusable.status());
                world.reply(now, id, request, status.unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE));
            }
            Some(Ok((answer, change))) => {
                let reply = world.config.reply(request, StatusCode::OK, None);
                if let Ok(reply) = reply.body("application/sdp", answer).build() {
                    world.respond(now, id, &reply);
                }
                self.apply(now, world, change);
            }
        }
        self.settle_reliable(now, world);
    }

    /// When a response is repeated, or given up.
    pub(super) fn reliable_timeout(&self) -> Option<Instant> {
        self.reliable.as_ref().and_then(|reliable| reliable.provisionals.poll_timeout())
    }

    pub(super) fn reliable_due(&mut self, now: Instant, world: &mut World) {
        if let Some(reliable) = &mut self.reliable {
            reliable.provisionals.handle_timeout(now);
            self.settle_reliable(now, world);
        }
    }

    fn settle_reliable(&mut self, now: Instant, world: &mut World) {
        while let Some(reliable) = &mut self.reliable
            && let Some(output) = reliable.provisionals.poll_output()
        {
            match output {
                Output::Respond(response) => world.respond(now, reliable.id, &response),
                Output::Event(Happened::Acknowledged(_)) => {}
                Output::Event(Happened::Unacknowledged) => self.never_acknowledged(now, world),
            }
        }
    }

    /// RFC 3262 section 3: the INVITE is refused, also where a 200 waited for the PRACK.
    fn never_acknowledged(&mut self, now: Instant, world: &mut World) {
        if let Sip::Incoming(_) = self.sip {
            self.end(now, world, StatusCode::SERVER_TIMEOUT);
        } else {
            if let Some(reliable) = &self.reliable {
                let (id, tag) = (reliable.id, reliable.dialog.local_tag());
                let status = StatusCode::SERVER_TIMEOUT;
                let refusal = world.config.reply(&reliable.invite, status, Some(tag)).build();
                if let Ok(refusal) = refusal {
                    give(&mut self.reliable, now, world, id, &refusal);
                }
            }
            self.over(world);
        }
        self.events.push_back(Event::Vanished);
    }
}
