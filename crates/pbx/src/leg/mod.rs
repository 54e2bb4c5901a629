//! One SIP leg of a call: an INVITE from either side, its dialog, and its audio.

mod calling;
mod early;
mod incoming;
mod keep;
mod ping;
mod plan;
mod port;
mod refer;
mod reliable;
mod up;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use switchboard_dialstring::Digit;
use switchboard_media::{Command, LegId};
use switchboard_routing::{TrunkId, UserId};
use switchboard_sdp::Codec;
use switchboard_sip::session_timer::SessionTimer;
use switchboard_sip::subscription::dialog_info::{CallState, Direction};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, Message, Method, StatusCode, Transport};

pub(crate) use keep::granted;
pub(crate) use plan::{ALLOW, Plan};
pub(crate) use refer::Referral;

use crate::calls::Seen;
use crate::record::Party;
use crate::routes::LegKey;
use crate::session::{Change, Hold, Trust};
use crate::world::World;
use calling::Calling;
use incoming::Incoming;
use port::Port;
use reliable::Reliable;
use up::Up;

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A user's phone.
    Phone(UserId),
    /// A trunk.
    Trunk(TrunkId),
}

/// What a leg tells its call.
#[derive(Debug)]
pub(crate) enum Event {
    /// The port is bound: a caller's leg can be answered, a called one is being called.
    Ready,
    /// There is no port.
    NoPort,
    /// The phone rings.
    Ringing,
    /// The far end sends audio before it answers.
    EarlyMedia,
    /// The far end answered.
    Answered,
    /// The far end did not answer: 408 also when nothing came.
    Refused(StatusCode),
    /// The caller gave up.
    Cancelled,
    /// The far end hung up.
    HungUp,
    /// The far end answers nothing any more.
    Vanished,
    /// The far end put us on hold.
    Held,
    /// The far end took us back.
    Resumed,
    /// A digit in an INFO.
    Key(Digit),
    /// The far end wants to hand its call on.
    Refer(Box<Referral>),
}

/// One SIP leg of a call.
///
/// ```text
///   their INVITE --> Incoming ---- answer ----> Up --- BYE, ours or theirs --> Leaving --> Over
///                       |                       ^                                           ^
///                       +-- reject, CANCEL -----|-------------------------------------------+
///   our INVITE ----> Planned --port--> Calling -+ 2xx                                       |
///                       |                 +-- refused, cancelled, silent -------------------+
///                       +-- no port, cancelled ---------------------------------------------+
/// ```
#[derive(Debug)]
pub(crate) struct Leg {
    key: LegKey,
    party: Party,
    peer: Peer,
    trust: Trust,
    port: Port,
    sip: Sip,
    events: VecDeque<Event>,
    timer: SessionTimer,
    /// The caller requires reliable provisional responses.
    reliable: Option<Box<Reliable>>,
}

#[derive(Debug)]
enum Sip {
    /// Their INVITE has no final answer yet.
    Incoming(Box<Incoming>),
    /// Our INVITE waits for its port.
    Planned(Box<Plan>, Option<Codec>),
    /// Our INVITE has no final answer yet.
    Calling(Box<Calling>),
    /// The session is up.
    Up(Box<Up>),
    /// Our BYE has no answer yet.
    Leaving(Box<Up>),
    Over,
}

impl Leg {
    /// A leg for an INVITE that arrived; its port is asked for.
    pub(crate) fn incoming(
        world: &mut World,
        key: LegKey,
        party: Party,
        peer: Peer,
        (id, flow, invite): (TransactionId, Flow, Message),
    ) -> Self {
        let from = flow.remote.ip();
        let trust = match &peer {
            Peer::Phone(_) => Trust::Signalled(from),
            Peer::Trunk(trunk) if flow.transport == Transport::Udp => {
                Trust::Claimed { from, named: world.trunks.addresses(trunk) }
            }
            Peer::Trunk(_) => Trust::Described(from),
        };
        let port = Port::ask(world, key, flow);
        let tag = world.layer.identifiers().tag();
        let reliable = Reliable::wanted(world, id, &invite);
        let sip = Sip::Incoming(Box::new(Incoming::new(id, flow, invite, tag)));
        let timer = SessionTimer::new(world.config.timing.session);
        Self { key, party, peer, trust, port, sip, events: VecDeque::new(), timer, reliable }
    }

    /// A leg that calls somebody, once its port is there.
    pub(crate) fn outgoing(
        world: &mut World,
        key: LegKey,
        party: Party,
        peer: Peer,
        plan: Plan,
        prefer: Option<Codec>,
    ) -> Self {
        let trust = plan.trust.clone();
        let port = Port::ask(world, key, plan.flow);
        let sip = Sip::Planned(Box::new(plan), prefer);
        let timer = SessionTimer::new(world.config.timing.session);
        Self { key, party, peer, trust, port, sip, events: VecDeque::new(), timer, reliable: None }
    }

    /// The leg belongs to another call now.
    pub(crate) fn moved(&mut self, key: LegKey) {
        self.key = key;
    }

    /// Who is at the other end, for the record.
    pub(crate) fn party(&self) -> &Party {
        &self.party
    }

    /// Who is at the other end.
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The far end's user.
    pub(crate) fn user(&self) -> Option<&UserId> {
        match &self.peer {
            Peer::Phone(user) => Some(user),
            Peer::Trunk(_) => None,
        }
    }

    /// The way to the far end.
    pub(crate) fn flow(&self) -> Option<Flow> {
        match &self.sip {
            Sip::Incoming(incoming) => Some(incoming.flow()),
            Sip::Planned(plan, _) => Some(plan.flow),
            Sip::Calling(calling) => Some(calling.flow()),
            Sip::Up(up) | Sip::Leaving(up) => Some(up.flow()),
            Sip::Over => None,
        }
    }

    /// The leg's name in the media plane, while its port is open.
    pub(crate) fn media(&self) -> Option<LegId> {
        self.port.session().map(|session| session.media())
    }

    /// The codec in use, or the one that the far end likes best.
    pub(crate) fn codec(&self) -> Option<Codec> {
        let session = self.port.session()?;
        match &self.sip {
            Sip::Incoming(incoming) => {
                session.codec().or_else(|| session.offered_codec(incoming.offer()))
            }
            _ => session.codec(),
        }
    }

    /// Both sides have described their audio.
    pub(crate) fn has_audio(&self) -> bool {
        self.port.session().is_some_and(|session| session.is_agreed())
    }

    /// The far end has us on hold.
    pub(crate) fn is_held(&self) -> bool {
        self.port.session().is_some_and(|session| session.is_held())
    }

    /// How far it is, for a lamp (RFC 4235 section 3.7.1); `None` once it is over.
    pub(crate) fn seen(&self) -> Option<Seen> {
        Some(match &self.sip {
            Sip::Incoming(_) => (CallState::Early, Direction::Initiator),
            Sip::Planned(..) => (CallState::Trying, Direction::Recipient),
            Sip::Calling(calling) if calling.is_cancelled() => return None,
            Sip::Calling(calling) if calling.rings() => (CallState::Early, Direction::Recipient),
            Sip::Calling(_) => (CallState::Trying, Direction::Recipient),
            Sip::Up(up) => (CallState::Confirmed, up.direction()),
            Sip::Leaving(_) | Sip::Over => return None,
        })
    }

    /// Answered, and not hung up.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.sip, Sip::Up(_))
    }

    /// Nothing is left of it.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.sip, Sip::Over) && self.port.is_gone()
    }

    /// Its port is freed.
    pub(crate) fn is_silent(&self) -> bool {
        self.port.is_gone()
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The port is bound.
    pub(crate) fn port_opened(
        &mut self,
        now: Instant,
        world: &mut World,
        id: LegId,
        local: SocketAddr,
    ) {
        if !self.port.opened(world, id, local, &self.trust) {
            return;
        }
        if let Sip::Planned(..) = self.sip {
            self.start_calling(now, world);
        }
        self.events.push_back(Event::Ready);
    }

    /// There is no port.
    pub(crate) fn port_failed(&mut self, world: &mut World, id: LegId) {
        self.port.failed(world, id);
        if let Sip::Planned(..) = self.sip {
            self.sip = Sip::Over;
        }
        self.events.push_back(Event::NoPort);
    }

    /// The plane has closed the port; whether the leg had one still.
    pub(crate) fn port_closed(&mut self) -> bool {
        self.port.closed()
    }

    /// Ends the leg from any state: an INVITE of theirs is answered with `status`, one of ours is
    /// cancelled, a session gets a BYE.
    pub(crate) fn end(&mut self, now: Instant, world: &mut World, status: StatusCode) {
        match std::mem::replace(&mut self.sip, Sip::Over) {
            Sip::Incoming(incoming) => {
                incoming.refuse(now, world, &mut self.reliable, status);
                if let Some(dialog) = &incoming.dialog {
                    world.routes.close_dialog(dialog.id());
                }
                // No PRACK is expected any more.
                self.reliable = None;
            }
            Sip::Planned(..) | Sip::Over => {}
            Sip::Calling(calling) => self.cancel(now, world, calling),
            Sip::Up(up) => self.hang_up(now, world, up),
            leaving @ Sip::Leaving(_) => self.sip = leaving,
        }
        self.port.close(world);
    }

    /// A response to a request of this leg.
    pub(crate) fn response(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        flow: Flow,
        response: &Message,
    ) {
        match &self.sip {
            Sip::Calling(_) => self.invite_response(now, world, id, response),
            _ if self.is_refresh(id) => self.refreshed(now, world, id, response),
            _ if *response.method() == Method::Invite => {
                self.late_answer(now, world, id, flow, response);
            }
            Sip::Up(_) | Sip::Leaving(_) => self.dialog_response(now, world, id, response),
            Sip::Incoming(_) | Sip::Planned(..) | Sip::Over => {}
        }
    }

    /// A transaction of this leg ended without an answer: in time, or because its way is gone.
    pub(crate) fn unanswered(&mut self, now: Instant, world: &mut World, id: TransactionId) {
        match &self.sip {
            Sip::Calling(calling) if calling.is_invite(id) => {
                self.over(world);
                self.events.push_back(Event::Refused(StatusCode::REQUEST_TIMEOUT));
            }
            Sip::Incoming(incoming) if incoming.id() == id => {
                // Nobody hears it any more, but the transaction ends by its final response alone.
                self.end(now, world, StatusCode::REQUEST_TERMINATED);
                self.events.push_back(Event::Vanished);
            }
            Sip::Up(_) if self.is_refresh(id) => {
                self.refresh_lost(now, world, StatusCode::REQUEST_TIMEOUT);
            }
            Sip::Up(_) => {
                let method = world.layer.sent(id).map(|request| request.method().clone());
                if method == Some(Method::Options) {
                    self.pinged(now, world, None);
                }
            }
            Sip::Leaving(_) => self.over(world),
            _ => {}
        }
    }

    /// A request with the tag that only our answer told: its sender is where our answer went, and may
    /// have audio sent to its gateways.
    fn prove(&mut self, world: &mut World) {
        if !self.trust.prove() {
            return;
        }
        if let Some(session) = self.port.session_mut()
            && let Some(stream) = session.prove()
        {
            let leg = session.media();
            world.media(Command::Configure { leg, stream });
        }
    }

    /// Makes known what a description changed.
    fn apply(&mut self, now: Instant, world: &mut World, change: Change) {
        self.watch(now, world, change.hold);
        if let Some(session) = self.port.session() {
            world.media(Command::Configure { leg: session.media(), stream: change.stream });
        }
        match change.hold {
            Hold::Held => self.events.push_back(Event::Held),
            Hold::Resumed => self.events.push_back(Event::Resumed),
            Hold::Unchanged => {}
        }
    }

    /// The session begins: requests within its dialog are this leg's from now on.
    fn up(&mut self, world: &mut World, up: Up) {
        world.routes.open_dialog(up.id().clone(), self.key);
        self.sip = Sip::Up(Box::new(up));
    }

    /// The leg is over, whatever it was.
    fn over(&mut self, world: &mut World) {
        match &self.sip {
            Sip::Up(up) | Sip::Leaving(up) => {
                world.routes.close_dialog(up.id());
                if let Peer::Phone(user) = &self.peer {
                    world.queues.ended(user);
                }
            }
            Sip::Incoming(incoming) => {
                if let Some(dialog) = &incoming.dialog {
                    world.routes.close_dialog(dialog.id());
                }
            }
            Sip::Calling(calling) => calling.close_dialogs(world),
            Sip::Planned(..) | Sip::Over => {}
        }
        self.reliable = None;
        self.sip = Sip::Over;
        self.port.close(world);
    }
}
