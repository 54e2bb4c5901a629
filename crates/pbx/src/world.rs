//! What every leg and call stands on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use switchboard_media as media;
use switchboard_routing::{Directory, QueueMemory, WaitingCallers};
use switchboard_sip::auth::Client;
use switchboard_sip::transaction::{TransactionId, TransactionLayer};
use switchboard_sip::{Builder, Flow, Message, StatusCode};

use crate::config::Config;
use crate::event::{CallEvent, Event};
use crate::ids::CallId;
use crate::io::Output;
use crate::leg::Peer;
use crate::phones::Phones;
use crate::routes::{LegKey, Owner, Routes};
use crate::trunks::Trunks;

/// What every leg and call stands on, lent to it for one input: it calls down through this, and
/// what happens comes up to it as events.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) directory: Arc<Directory>,
    pub(crate) phones: Phones,
    pub(crate) trunks: Trunks,
    /// Who began, who took calls: the order in which queues ring.
    pub(crate) queues: QueueMemory,
    /// Who waits in which queue now.
    pub(crate) waiting: WaitingCallers<CallId>,
    pub(crate) layer: TransactionLayer,
    pub(crate) routes: Routes,
    pub(crate) outputs: VecDeque<Output>,
}

impl World {
    /// Starts a client transaction for a leg. `None`: it could not be sent, the table is full.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        leg: LegKey,
        flow: Flow,
        request: Builder,
    ) -> Option<TransactionId> {
        let id = self.layer.send_request(now, flow, request).ok()?;
        self.routes.own_transaction(id, Owner::Leg(leg));
        Some(id)
    }

    /// Answers a request. One that is over already needs no answer any more.
    pub(crate) fn respond(&mut self, now: Instant, id: TransactionId, response: &Message) {
        _ = self.layer.respond(now, id, response);
    }

    /// Answers with a status alone.
    pub(crate) fn reply(
        &mut self,
        now: Instant,
        id: TransactionId,
        request: &Message,
        status: StatusCode,
    ) {
        let tag = self.layer.stateless_tag(request);
        if let Ok(response) = self.config.reply(request, status, Some(&tag)).build() {
            self.respond(now, id, &response);
        }
    }

    /// Our account at a trunk; a phone has none of ours, whatever it asks for.
    pub(crate) fn account(&self, peer: &Peer) -> Option<Client> {
        match peer {
            Peer::Trunk(trunk) => self.trunks.account(trunk),
            Peer::Phone(_) => None,
        }
    }

    pub(crate) fn media(&mut self, command: media::Command) {
        self.outputs.push_back(Output::Media(command));
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(crate) fn tell(&mut self, call: CallId, what: CallEvent) {
        self.event(Event::Call { call, what });
    }
}
