//! A caller that requires its provisional responses to be reliable (RFC 3262): each is repeated
//! until its PRACK comes, and a 200 waits for that of a description.

use std::time::Instant;

use switchboard_sip::dialog::{Carries, Exchange, Side};
use switchboard_sip::reliable::{Demand, Event as Happened, Output, Provisionals};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{HeaderName, Message, Method, StatusCode};

use super::early::retry_after;
use super::incoming::Described;
use super::{Event, Leg, Sip};
use crate::session::{Change, Unusable};
use crate::world::World;

pub(super) const SDP: &str = "application/sdp";

/// The responses to a caller's INVITE.
#[derive(Debug)]
pub(super) struct Reliable {
    id: TransactionId,
    /// The INVITE itself, for its refusal.
    invite: Message,
    provisionals: Provisionals,
    /// The offers of the early dialog: in the INVITE, its responses, PRACK and UPDATE.
    pub(super) exchange: Exchange,
}

impl Reliable {
    /// For a caller that requires it.
    pub(super) fn wanted(
        world: &mut World,
        id: TransactionId,
        invite: &Message,
    ) -> Option<Box<Self>> {
        if Demand::of(invite) != Demand::Required {
            return None;
        }
        let [a, b, c, d, ..] = world.layer.identifiers().seed();
        let entropy = u32::from_le_bytes([a, b, c, d]);
        let provisionals = Provisionals::new(world.config.sip, entropy);
        let mut exchange = Exchange::default();
        _ = exchange.begin(Side::Theirs, &Method::Invite, carries(invite));
        Some(Box::new(Self { id, invite: invite.clone(), provisionals, exchange }))
    }

    /// The INVITE made no offer: the first response that was sent reliably did.
    fn offers_early(&self) -> bool {
        self.invite.body().is_empty()
    }

    /// The 200 is given, with a description or without.
    pub(super) fn described_by_final(&mut self, described: bool, offered: bool) {
        if offered {
            _ = self.exchange.offer_in_response(Side::Ours);
        } else if described {
            _ = self.exchange.answer(Side::Ours);
        }
    }
}

/// A body of these requests is a description, and an offer where none is open.
pub(super) fn carries(request: &Message) -> Carries {
    if request.body().is_empty() { Carries::Nothing } else { Carries::Offer }
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
    /// A PRACK: it brings the answer to an offer of ours, or an offer, which is answered (RFC 3262
    /// section 5).
    pub(super) fn prack(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        request: &Message,
    ) {
        let dialog = match &mut self.sip {
            Sip::Incoming(incoming) => incoming.dialog.as_mut(),
            Sip::Up(up) | Sip::Leaving(up) => Some(up.dialog()),
            _ => None,
        };
        let (Some(dialog), Some(reliable)) = (dialog, &mut self.reliable) else {
            return world.reply(now, id, request, StatusCode::CALL_DOES_NOT_EXIST);
        };
        if let Err(error) = dialog.receive_request(request) {
            return world.reply(now, id, request, error.status());
        }
        if let Err(unknown) = reliable.provisionals.acknowledge(now, request) {
            return world.reply(now, id, request, unknown.status());
        }
        if reliable.exchange.open_offer() == Some(Side::Ours) && reliable.offers_early() {
            self.prack_with_answer(now, world, id, request);
        } else if request.body().is_empty() {
            world.reply(now, id, request, StatusCode::OK);
        } else {
            self.prack_with_offer(now, world, id, request);
        }
        self.settle_reliable(now, world);
    }

    /// A caller whose answer is missing or cannot be used is refused: there is no session.
    fn prack_with_answer(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        request: &Message,
    ) {
        let Some(session) = self.port.session_mut() else {
            return world.reply(now, id, request, StatusCode::SERVER_INTERNAL_ERROR);
        };
        match session.accept(request.body()) {
            Ok(change) => {
                if let Some(reliable) = &mut self.reliable {
                    _ = reliable.exchange.answer(Side::Theirs);
                }
                world.reply(now, id, request, StatusCode::OK);
                self.apply(now, world, change);
            }
            Err(unusable) => {
                let status = status_of(&unusable);
                world.reply(now, id, request, status);
                self.settle_reliable(now, world);
                self.end(now, world, status);
                self.events.push_back(Event::Vanished);
            }
        }
    }

    fn prack_with_offer(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        request: &Message,
    ) {
        let Some(reliable) = &mut self.reliable else { return };
        if let Err(conflict) = reliable.exchange.begin(Side::Theirs, &Method::Prack, Carries::Offer)
        {
            let wait = retry_after(world, conflict);
            return refuse(now, world, (id, request), conflict.status(), wait);
        }
        match self.answer_offer(request) {
            Ok((reply, change)) => {
                let reply = world.config.reply(request, StatusCode::OK, None).body(SDP, reply);
                if let Ok(reply) = reply.build() {
                    world.respond(now, id, &reply);
                }
                self.apply(now, world, change);
            }
            Err(status) => {
                if let Some(reliable) = &mut self.reliable {
                    reliable.exchange.end(Side::Theirs, &Method::Prack, status);
                }
                world.reply(now, id, request, status);
            }
        }
    }

    /// Our answer to an offer that came before the call was answered. An offer is never left without
    /// one: before there is a port it is refused.
    pub(super) fn answer_offer(
        &mut self,
        request: &Message,
    ) -> Result<(bytes::Bytes, Change), StatusCode> {
        let session = self.port.session_mut().ok_or(StatusCode::SERVER_INTERNAL_ERROR)?;
        let (answer, change) = session.answer(request.body(), None).map_err(|u| status_of(&u))?;
        if let Some(reliable) = &mut self.reliable {
            _ = reliable.exchange.answer(Side::Ours);
        }
        if let Sip::Incoming(incoming) = &mut self.sip {
            incoming.described = Described::Apart;
        }
        Ok((answer, change))
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
            if let (Some(reliable), Sip::Up(up) | Sip::Leaving(up)) = (&self.reliable, &self.sip) {
                let (id, tag) = (reliable.id, up.id().local_tag());
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

fn status_of(unusable: &Unusable) -> StatusCode {
    StatusCode::new(unusable.status()).unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE)
}

/// Refuses a request of an early dialog.
pub(super) fn refuse(
    now: Instant,
    world: &mut World,
    (id, request): (TransactionId, &Message),
    status: StatusCode,
    wait: Option<u64>,
) {
    let reply = world.config.reply(request, status, None).maybe(HeaderName::RetryAfter, wait);
    if let Ok(reply) = reply.build() {
        world.respond(now, id, &reply);
    }
}
