//! How a call begins.

use std::time::Instant;

use switchboard_routing::{Entry, LineId, Router, TrunkId, UserId};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, Message};

use super::{Call, Stage};
use crate::ids::CallId;
use crate::leg::{Leg, Peer};
use crate::local_time::local_time;
use crate::record::{CallKind, Party, RecordHead};
use crate::world::World;

/// What the router is asked once the caller's port is there.
#[derive(Debug)]
pub(crate) enum Start {
    /// From a trunk.
    Inbound {
        trunk: TrunkId,
        line: LineId,
        /// As the trunk shows it.
        caller: Option<String>,
        called: String,
        /// Digits behind the line's number, which do nothing.
        carried: Option<String>,
    },
    /// From a user's phone.
    Internal { user: UserId, dialled: String },
}

/// An INVITE that has been let in.
pub(crate) struct Admitted {
    pub(crate) id: TransactionId,
    pub(crate) flow: Flow,
    pub(crate) invite: Message,
}

impl Call {
    /// A call that arrived.
    pub(crate) fn arrived(
        now: Instant,
        world: &mut World,
        id: CallId,
        admitted: Admitted,
        start: Start,
    ) -> Self {
        let (kind, from, dialled, line, peer) = match &start {
            Start::Inbound { trunk, line, caller, called, .. } => {
                let number = caller.clone().unwrap_or_else(|| "anonymous".to_owned());
                let from = Party { user: None, number };
                let peer = Peer::Trunk(trunk.clone());
                (CallKind::Inbound, from, called.clone(), Some(line.clone()), peer)
            }
            Start::Internal { user, dialled } => {
                let from = world.party(user);
                (CallKind::Internal, from, dialled.clone(), None, Peer::Phone(user.clone()))
            }
        };
        let head = RecordHead {
            id,
            kind,
            from: from.clone(),
            dialled,
            line,
            started: world.config.clock.unix_millis(now),
        };
        let max_forwards = admitted.invite.max_forwards().unwrap_or(70);
        let mut call = Self::new(now, world, head, max_forwards);
        let number = call.new_leg();
        let Admitted { id, flow, invite } = admitted;
        let leg = Leg::incoming(world, call.key(number), from, peer, (id, flow, invite));
        world.routes.own_transaction(id, crate::routes::Owner::Leg(call.key(number)));
        call.legs.insert(number, leg);
        call.subject = Some(number);
        call.stage = Stage::Opening(start);
        call
    }

    /// A call that is made for a user: the user's phones ring first.
    pub(crate) fn originated(
        now: Instant,
        world: &mut World,
        id: CallId,
        from: &UserId,
        to: &str,
    ) -> Self {
        let head = RecordHead {
            id,
            kind: CallKind::Internal,
            from: world.party(from),
            dialled: to.to_owned(),
            line: None,
            started: world.config.clock.unix_millis(now),
        };
        let mut call = Self::new(now, world, head, 70);
        let directory = std::sync::Arc::clone(&world.directory);
        call.route(now, world, Router::new(directory, Entry::Originate { from, to }));
        call.settle(now, world);
        call
    }

    /// The caller's port is there: the router begins.
    pub(super) fn begin(&mut self, now: Instant, world: &mut World, start: &Start) {
        let directory = std::sync::Arc::clone(&world.directory);
        let router = match start {
            Start::Inbound { line, caller, carried, .. } => {
                let entry = Entry::Inbound {
                    line,
                    caller: caller.as_deref(),
                    carried: carried.as_deref(),
                    at: local_time(&world.config.clock, now),
                };
                Router::new(directory, entry)
            }
            Start::Internal { user, dialled } => {
                Router::new(directory, Entry::Internal { caller: user, dialled })
            }
        };
        self.route(now, world, router);
    }

    /// A router takes over.
    pub(super) fn route(&mut self, now: Instant, world: &mut World, router: Router) {
        self.router = Some(router);
        self.told = 0;
        self.stage = Stage::Deciding;
        self.advance(now, world);
    }
}
