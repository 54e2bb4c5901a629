//! What the layers below say, passed on to whom it is for.

use std::time::Instant;

use switchboard_sip::StatusCode;
use switchboard_sip::dialog::DialogId;
use switchboard_sip::transaction::{self, TransactionId};

use crate::event::Event;
use crate::io::Output;
use crate::leg::Leg;
use crate::pbx::Pbx;
use crate::phones::Change;
use crate::routes::{LegKey, Owner};
use crate::world::World;

impl Pbx {
    /// Passes on what the transaction layer and the registrar say, until they are quiet.
    pub(crate) fn pump(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.world.layer.poll_output() {
                match output {
                    transaction::Output::Transmit { flow, payload } => {
                        self.world.outputs.push_back(Output::Transmit { flow, payload });
                    }
                    transaction::Output::Event(event) => self.on_transaction(now, event),
                }
            } else if let Some(change) = self.world.phones.poll_change(now, &self.world.config) {
                self.phone_changed(change);
            } else if !self.lamps.pump(now, &mut self.world, &mut self.calls) {
                break;
            }
        }
    }

    /// Does something with a leg, and what follows from it for its call.
    pub(crate) fn on_leg(
        &mut self,
        now: Instant,
        key: Option<LegKey>,
        job: impl FnOnce(&mut Leg, &mut World),
    ) {
        let Some((call, number)) = key else { return };
        self.on_call(now, call, |call, world| {
            if let Some(leg) = call.leg(number) {
                job(leg, world);
            }
        });
    }

    fn on_transaction(&mut self, now: Instant, event: transaction::Event) {
        use transaction::Event as Happened;
        match event {
            Happened::Request { id, flow, request } => self.on_request(now, id, flow, request),
            Happened::Response { id, flow, response } => match self.owner(id) {
                Some(Owner::Leg(key)) => self.on_leg(now, Some(key), |leg, world| {
                    leg.response(now, world, id, flow, &response);
                }),
                Some(Owner::Account(number)) => {
                    self.accounts.response(now, &mut self.world, number, (id, &response));
                }
                Some(Owner::Lamp(number)) => {
                    if let Some(status) = response.status().filter(|status| status.is_final()) {
                        self.lamps.answered(now, number, status);
                    }
                }
                Some(Owner::Text(number)) => {
                    self.texts.answered(now, &mut self.world, number, response.status());
                }
                None => {}
            },
            Happened::Ack { flow, request, .. } => {
                let dialog = DialogId::of_request(&request);
                let key = dialog.and_then(|id| self.world.routes.dialog(&id));
                self.on_leg(now, key, |leg, world| leg.acknowledged(now, world, flow, &request));
            }
            Happened::Cancel { invite, .. } => {
                let key = self.leg_of(invite);
                self.on_leg(now, key, |leg, world| leg.cancelled(now, world));
            }
            Happened::Unacknowledged { id } => {
                let key = self.leg_of(id);
                self.on_leg(now, key, |leg, world| leg.unacknowledged(now, world, id));
            }
            Happened::Timeout { id } | Happened::TransportError { id } => match self.owner(id) {
                Some(Owner::Leg(key)) => {
                    self.on_leg(now, Some(key), |leg, world| leg.unanswered(now, world, id));
                }
                Some(Owner::Account(number)) => {
                    self.accounts.unanswered(now, &mut self.world, number);
                }
                Some(Owner::Lamp(number)) => {
                    self.lamps.answered(now, number, StatusCode::REQUEST_TIMEOUT);
                }
                Some(Owner::Text(number)) => {
                    self.texts.answered(now, &mut self.world, number, None);
                }
                None => {}
            },
            Happened::Terminated { id } => self.world.routes.end_transaction(id),
            // A 2xx that comes after all transactions are over: its sender gives up by itself.
            Happened::StrayResponse { .. } => {}
        }
    }

    fn owner(&self, id: TransactionId) -> Option<Owner> {
        self.world.routes.transaction(id).copied()
    }

    fn leg_of(&self, id: TransactionId) -> Option<LegKey> {
        match self.world.routes.transaction(id)? {
            Owner::Leg(key) => Some(*key),
            Owner::Account(_) | Owner::Lamp(_) | Owner::Text(_) => None,
        }
    }

    /// A registration came or went: kept, forgotten, told.
    pub(crate) fn phone_changed(&mut self, change: Change) {
        let world = &mut self.world;
        match change {
            Change::Saved(binding) => world.outputs.push_back(Output::SaveBinding(binding)),
            Change::Removed { user, contact, reason } => {
                let removed =
                    Output::RemoveBinding { user: user.clone(), contact: contact.clone() };
                world.outputs.push_back(removed);
                world.event(Event::Unregistered { user, contact, reason });
            }
        }
    }
}
