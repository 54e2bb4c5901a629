//! A leg's dialog once it is confirmed (RFC 3261 sections 12, 14 and 15).

use std::net::SocketAddr;
use std::time::Instant;

use switchboard_dtmf::info::{self, Info};
use switchboard_sip::auth::Client;
use switchboard_sip::dialog::{Dialog, DialogId, Role};
use switchboard_sip::session_timer::TooSmall;
use switchboard_sip::subscription::dialog_info::Direction;
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, HeaderName, Message, Method, StatusCode, Transport};

use super::refer::Subscription;
use super::{ALLOW, Event, Leg, Sip, granted};
use crate::reach::may_name;
use crate::routes::{LegKey, Owner};
use crate::world::World;

/// A confirmed dialog.
#[derive(Debug)]
pub(super) struct Up {
    dialog: Dialog,
    flow: Flow,
    /// In the order of their CSeq numbers.
    unacknowledged: Vec<Answered>,
    account: Option<Client>,
    follows_contact: bool,
    pub(super) subscription: Subscription,
    /// When a peer that holds us is asked whether it is there.
    pub(super) ping: Option<Instant>,
    /// The far end knows UPDATE.
    pub(super) allows_update: bool,
    /// Our refresh of the session, until it is answered.
    pub(super) refresh: Option<TransactionId>,
}

/// An INVITE that we have answered with a 2xx, and of which the ACK has not come yet. There may be
/// several: a re-INVITE can overtake the ACK, or the ACK be lost (RFC 5407 section 3.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answered {
    invite: TransactionId,
    number: u32,
    /// Our 2xx made the offer: its ACK brings the answer.
    offered: bool,
}

/// More re-INVITEs than this that wait for their ACK are a storm.
const UNACKNOWLEDGED: usize = 8;

impl Up {
    pub(super) fn new(dialog: Dialog, flow: Flow, account: Option<Client>) -> Self {
        Self {
            dialog,
            flow,
            unacknowledged: Vec::new(),
            account,
            follows_contact: false,
            subscription: Subscription::default(),
            ping: None,
            allows_update: false,
            refresh: None,
        }
    }

    /// A 2xx of ours to this INVITE is out.
    pub(super) fn await_ack(&mut self, invite: TransactionId, request: &Message, offered: bool) {
        let number = request.cseq().number;
        self.unacknowledged.push(Answered { invite, number, offered });
    }

    /// Whether a 2xx of ours waits for its ACK.
    pub(super) fn is_unacknowledged(&self) -> bool {
        !self.unacknowledged.is_empty()
    }

    /// Forgets the INVITEs up to this one: who answers a later one has had our answers to the
    /// earlier ones. Says whether the last of them had our offer.
    fn forget(&mut self, which: impl Fn(&Answered) -> bool) -> Option<bool> {
        let at = self.unacknowledged.iter().position(which)?;
        self.unacknowledged.drain(..=at).next_back().map(|answered| answered.offered)
    }

    pub(super) fn id(&self) -> &DialogId {
        self.dialog.id()
    }

    /// Who called whom.
    pub(super) fn direction(&self) -> Direction {
        match self.dialog.role() {
            Role::Uas => Direction::Initiator,
            Role::Uac => Direction::Recipient,
        }
    }

    pub(super) fn flow(&self) -> Flow {
        self.flow
    }

    pub(super) fn dialog(&mut self) -> &mut Dialog {
        &mut self.dialog
    }

    pub(super) fn follow_contact(&mut self, follows: bool) {
        self.follows_contact = follows;
    }

    /// Where a request goes: back on the flow, which passes NATs; towards a trunk to where it
    /// asked for, if that is an address. Over TLS it stays with whom we have checked.
    pub(super) fn way(&self) -> Flow {
        if self.follows_contact { way_to(&self.dialog, self.flow) } else { self.flow }
    }

    /// Acknowledges the 2xx to the INVITE with this number.
    pub(super) fn acknowledge(&self, world: &mut World, invite: TransactionId, number: u32) {
        _ = world.layer.send_ack(Some(invite), self.way(), self.dialog.ack(number));
    }

    /// Our refresh by re-INVITE may have heard a provisional response only, after which it would wait
    /// for ever: with the session it is over too (RFC 3261 section 9.1 gives it `64 * T1`).
    fn give_up_refresh(&self, now: Instant, world: &mut World) {
        if let Some(id) = self.refresh {
            _ = world.layer.cancel(now, id);
        }
    }

    /// Sends the BYE; whether it could be sent.
    pub(super) fn bye(&mut self, now: Instant, world: &mut World, key: LegKey) -> bool {
        let request = self.dialog.request(&Method::Bye);
        let request = request.header(HeaderName::UserAgent, &world.config.product);
        world.send(now, key, self.way(), request).is_some()
    }

    /// Sends the BYE again with our account's credentials, once, where the trunk of the account
    /// asks for them. Whoever else asks gets none.
    fn bye_again(
        &mut self,
        now: Instant,
        world: &mut World,
        key: LegKey,
        (id, response): (TransactionId, &Message),
    ) -> bool {
        let Some(mut account) = self.account.take() else { return false };
        let cnonce = world.layer.identifiers().tag();
        let answer = world.layer.sent(id).map(|bye| account.answer(bye, response, &cnonce));
        let Some(Ok(authorization)) = answer else { return false };
        let request = self.dialog.request(&Method::Bye);
        let request = request.header(authorization.name, authorization.value.as_str());
        world.send(now, key, self.way(), request).is_some()
    }

    /// The session would be too short.
    pub(super) fn refuse_brief(
        &self,
        now: Instant,
        world: &mut World,
        asked: (TransactionId, &Message),
        small: TooSmall,
    ) {
        let min = small.min.as_secs().to_string();
        self.reply(now, world, asked, small.status(), Some((HeaderName::MinSe, &min)));
    }

    pub(super) fn reply(
        &self,
        now: Instant,
        world: &mut World,
        (id, request): (TransactionId, &Message),
        status: StatusCode,
        header: Option<(HeaderName, &str)>,
    ) {
        let mut reply =
            self.dialog.reply(request, status).header(HeaderName::Server, &world.config.product);
        if let Some((name, value)) = header {
            reply = reply.header(name, value);
        }
        if let Ok(reply) = reply.build() {
            world.respond(now, id, &reply);
        }
    }
}

/// The way to where a trunk asked for requests of a dialog, unless that is nowhere for it to ask for.
pub(super) fn way_to(dialog: &Dialog, flow: Flow) -> Flow {
    if flow.transport == Transport::Tls {
        return flow;
    }
    let hop = dialog.next_hop();
    let Some(ip) = hop.host().ip() else { return flow };
    if !may_name(flow.remote.ip(), ip) {
        return flow;
    }
    let port = hop.port().unwrap_or_else(|| flow.transport.default_port());
    let remote = SocketAddr::new(ip, port);
    if remote == flow.remote { flow } else { Flow { remote, connection: None, ..flow } }
}

impl Leg {
    /// A request within the dialog.
    pub(crate) fn request(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        flow: Flow,
        request: &Message,
    ) {
        self.prove(world);
        if *request.method() == Method::Prack {
            return self.prack(now, world, id, request);
        }
        let (up, leaving) = match &mut self.sip {
            Sip::Up(up) => (up, false),
            Sip::Leaving(up) => (up, true),
            _ => return self.early_request(now, world, id, request),
        };
        if let Err(error) = up.dialog.receive_request(request) {
            return up.reply(now, world, (id, request), error.status(), None);
        }
        up.flow = flow;
        match request.method() {
            Method::Bye => {
                up.reply(now, world, (id, request), StatusCode::OK, None);
                up.give_up_refresh(now, world);
                self.over(world);
                if !leaving {
                    self.events.push_back(Event::HungUp);
                }
            }
            _ if leaving => {
                up.reply(now, world, (id, request), StatusCode::CALL_DOES_NOT_EXIST, None);
            }
            Method::Invite => self.reinvite(now, world, id, request),
            Method::Update => self.update(now, world, id, request),
            Method::Info => self.info(now, world, id, request),
            Method::Refer => self.refer(now, world, id, request),
            Method::Options => {
                let allow = Some((HeaderName::Allow, ALLOW));
                up.reply(now, world, (id, request), StatusCode::OK, allow);
            }
            _ => {
                let allow = Some((HeaderName::Allow, ALLOW));
                up.reply(now, world, (id, request), StatusCode::METHOD_NOT_ALLOWED, allow);
            }
        }
    }

    /// The ACK of a 2xx: the audio that it describes, if our 2xx made the offer. From elsewhere
    /// than the dialog it acknowledges all the same, since its tags are right and a proxy may have
    /// left the way; but nobody elsewhere says where our audio goes.
    pub(crate) fn acknowledged(
        &mut self,
        now: Instant,
        world: &mut World,
        flow: Flow,
        ack: &Message,
    ) {
        self.prove(world);
        let leaving = matches!(self.sip, Sip::Leaving(_));
        let (Sip::Up(up) | Sip::Leaving(up)) = &mut self.sip else { return };
        let here = up.flow.remote.ip() == flow.remote.ip();
        let number = ack.cseq().number;
        let Some(offered) = up.forget(|answered| answered.number == number) else { return };
        if leaving {
            return self.hang_up_when_acknowledged(now, world);
        }
        let Some(session) = self.port.session_mut().filter(|_| offered) else { return };
        match session.accept(ack.body()) {
            Ok(change) if here => self.apply(now, world, change),
            // An offer without an answer: there is no session (RFC 3261 section 13.2.1).
            _ => {
                self.end(now, world, StatusCode::NOT_ACCEPTABLE_HERE);
                self.events.push_back(Event::Vanished);
            }
        }
    }

    /// Our 2xx was never acknowledged: the session ends with a BYE (RFC 3261 section 13.3.1.4),
    /// unless a later one still may be.
    pub(crate) fn unacknowledged(&mut self, now: Instant, world: &mut World, id: TransactionId) {
        let leaving = matches!(self.sip, Sip::Leaving(_));
        let (Sip::Up(up) | Sip::Leaving(up)) = &mut self.sip else { return };
        if up.forget(|answered| answered.invite == id).is_none() {
            return;
        }
        if leaving {
            self.hang_up_when_acknowledged(now, world);
        } else if up.unacknowledged.is_empty() {
            self.end(now, world, StatusCode::REQUEST_TIMEOUT);
            self.events.push_back(Event::Vanished);
        }
    }

    /// The BYE that waited for the last ACK, which is not allowed before (RFC 3261 section 15).
    fn hang_up_when_acknowledged(&mut self, now: Instant, world: &mut World) {
        let Sip::Leaving(up) = &mut self.sip else { return };
        if up.unacknowledged.is_empty() && !up.bye(now, world, self.key) {
            self.over(world);
        }
    }

    /// Ends the session: a BYE now, or when the ACK that is due has come.
    pub(super) fn hang_up(&mut self, now: Instant, world: &mut World, up: Box<Up>) {
        up.give_up_refresh(now, world);
        self.sip = Sip::Leaving(up);
        self.hang_up_when_acknowledged(now, world);
    }

    /// A response to a BYE or NOTIFY of ours.
    pub(super) fn dialog_response(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        response: &Message,
    ) {
        let Some(status) = response.status().filter(|status| status.is_final()) else { return };
        match (response.method(), &mut self.sip) {
            (Method::Bye, Sip::Leaving(up)) => {
                let asked = matches!(status.code(), 401 | 407);
                if !asked || !up.bye_again(now, world, self.key, (id, response)) {
                    self.over(world);
                }
            }
            (Method::Options, Sip::Up(_)) => self.pinged(now, world, Some(response)),
            (Method::Notify, Sip::Up(up)) if !status.is_success() => up.subscription.end(),
            _ => {}
        }
    }

    /// RFC 3261 section 14.2: answered by the PBX itself. The other leg's audio does not change;
    /// the plane translates.
    fn reinvite(&mut self, now: Instant, world: &mut World, id: TransactionId, request: &Message) {
        let Sip::Up(up) = &mut self.sip else { return };
        let Some(session) = self.port.session_mut() else {
            return up.reply(now, world, (id, request), StatusCode::SERVER_INTERNAL_ERROR, None);
        };
        // An offer of ours is open: the ACK that has not come yet answers it (RFC 5407 section 3.1.4).
        if session.is_offered() {
            return up.reply(now, world, (id, request), StatusCode::REQUEST_PENDING, None);
        }
        if up.unacknowledged.len() >= UNACKNOWLEDGED {
            let status = StatusCode::SERVER_INTERNAL_ERROR;
            let wait = Some((HeaderName::RetryAfter, "5"));
            return up.reply(now, world, (id, request), status, wait);
        }
        let granted = match granted(&self.timer, request) {
            Ok(granted) => granted,
            Err(small) => return up.refuse_brief(now, world, (id, request), small),
        };
        let codec = session.codec();
        let (body, change) = if request.body().is_empty() {
            (session.offer(codec), None)
        } else {
            match session.answer(request.body(), None) {
                Ok((answer, change)) => (answer, Some(change)),
                Err(unusable) => {
                    let status = StatusCode::new(unusable.status());
                    let status = status.unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE);
                    return up.reply(now, world, (id, request), status, None);
                }
            }
        };
        let reply = up
            .dialog
            .reply(request, StatusCode::OK)
            .header(HeaderName::Server, &world.config.product)
            .header(HeaderName::Allow, ALLOW)
            .body("application/sdp", body);
        let reply = match &granted {
            Some(granted) => granted.write(reply),
            None => reply,
        };
        if let Ok(reply) = reply.build() {
            world.respond(now, id, &reply);
            world.routes.own_transaction(id, Owner::Leg(self.key));
            up.await_ack(id, request, change.is_none());
        }
        self.keep(now, granted);
        if let Some(change) = change {
            self.apply(now, world, change);
        }
    }

    /// Digits by INFO. What is no digit is refused, never answered 200 and thrown away.
    fn info(&mut self, now: Instant, world: &mut World, id: TransactionId, request: &Message) {
        let Sip::Up(up) = &mut self.sip else { return };
        let content_type = request.text(HeaderName::ContentType).unwrap_or_default();
        if request.body().is_empty() && content_type.is_empty() {
            return up.reply(now, world, (id, request), StatusCode::OK, None);
        }
        match Info::parse(content_type, request.body()) {
            Ok(info) => {
                up.reply(now, world, (id, request), StatusCode::OK, None);
                self.events.push_back(Event::Key(info.digit));
            }
            Err(error) if error.kind() == info::ErrorKind::MediaType => {
                let accept = Some((HeaderName::Accept, "application/dtmf-relay, application/dtmf"));
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                up.reply(now, world, (id, request), status, accept);
            }
            Err(_) => up.reply(now, world, (id, request), StatusCode::BAD_REQUEST, None),
        }
    }
}
