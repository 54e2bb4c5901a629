//! A leg's dialog once it is confirmed (RFC 3261 sections 12, 14 and 15).

use std::net::SocketAddr;
use std::time::Instant;

use switchboard_dtmf::info::{self, Info};
use switchboard_sip::auth::Client;
use switchboard_sip::dialog::{Dialog, DialogId};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, HeaderName, Message, Method, StatusCode};

use super::refer::Subscription;
use super::{ALLOW, Event, Leg, Sip};
use crate::routes::{LegKey, Owner};
use crate::world::World;

/// A confirmed dialog.
#[derive(Debug)]
pub(super) struct Up {
    dialog: Dialog,
    flow: Flow,
    ack: Ack,
    account: Option<Client>,
    follows_contact: bool,
    pub(super) subscription: Subscription,
    /// When a peer that holds us is asked whether it is there.
    pub(super) ping: Option<Instant>,
}

/// The ACK of a 2xx of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ack {
    /// It has not come yet; `hang_up`: a BYE goes out when it does, which is not allowed before
    /// (RFC 3261 section 15).
    Awaited { invite: TransactionId, hang_up: bool },
    /// It has come, or none is due.
    Done,
}

impl Up {
    pub(super) fn new(dialog: Dialog, flow: Flow, ack: Ack, account: Option<Client>) -> Self {
        let subscription = Subscription::default();
        Self { dialog, flow, ack, account, follows_contact: false, subscription, ping: None }
    }

    pub(super) fn id(&self) -> &DialogId {
        self.dialog.id()
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
    /// asked for, if that is an address.
    pub(super) fn way(&self) -> Flow {
        if !self.follows_contact {
            return self.flow;
        }
        let hop = self.dialog.next_hop();
        let Some(ip) = hop.host().ip() else { return self.flow };
        let port = hop.port().unwrap_or_else(|| self.flow.transport.default_port());
        let remote = SocketAddr::new(ip, port);
        if remote == self.flow.remote {
            self.flow
        } else {
            Flow { remote, connection: None, ..self.flow }
        }
    }

    /// Acknowledges the 2xx to the INVITE with this number.
    pub(super) fn acknowledge(&self, world: &mut World, invite: TransactionId, number: u32) {
        _ = world.layer.send_ack(Some(invite), self.way(), self.dialog.ack(number));
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

    fn reply(
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
        let (up, leaving) = match &mut self.sip {
            Sip::Up(up) => (up, false),
            Sip::Leaving(up) => (up, true),
            _ => return world.reply(now, id, request, StatusCode::CALL_DOES_NOT_EXIST),
        };
        if let Err(error) = up.dialog.receive_request(request) {
            return up.reply(now, world, (id, request), error.status(), None);
        }
        up.flow = flow;
        match request.method() {
            Method::Bye => {
                up.reply(now, world, (id, request), StatusCode::OK, None);
                self.over(world);
                if !leaving {
                    self.events.push_back(Event::HungUp);
                }
            }
            _ if leaving => {
                up.reply(now, world, (id, request), StatusCode::CALL_DOES_NOT_EXIST, None);
            }
            Method::Invite => self.reinvite(now, world, id, request),
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
        let (Sip::Up(up) | Sip::Leaving(up)) = &mut self.sip else { return };
        let hang_up = matches!(up.ack, Ack::Awaited { hang_up: true, .. });
        let here = up.flow.remote.ip() == flow.remote.ip();
        up.ack = Ack::Done;
        if hang_up {
            if !up.bye(now, world, self.key) {
                self.over(world);
            }
            return;
        }
        let Some(session) = self.port.session_mut().filter(|session| session.is_offered()) else {
            return;
        };
        match session.accept(ack.body()) {
            Ok(change) if here => self.apply(now, world, change),
            // An offer without an answer: there is no session (RFC 3261 section 13.2.1).
            _ => {
                self.end(now, world, StatusCode::NOT_ACCEPTABLE_HERE);
                self.events.push_back(Event::Vanished);
            }
        }
    }

    /// Our 2xx was never acknowledged: the session ends with a BYE (RFC 3261 section 13.3.1.4).
    pub(crate) fn unacknowledged(&mut self, now: Instant, world: &mut World) {
        let (Sip::Up(up) | Sip::Leaving(up)) = &mut self.sip else { return };
        let told = matches!(up.ack, Ack::Awaited { hang_up: true, .. });
        up.ack = Ack::Done;
        if told {
            if !up.bye(now, world, self.key) {
                self.over(world);
            }
        } else {
            self.end(now, world, StatusCode::REQUEST_TIMEOUT);
            self.events.push_back(Event::Vanished);
        }
    }

    /// Ends the session: a BYE now, or when the ACK that is due has come.
    pub(super) fn hang_up(&mut self, now: Instant, world: &mut World, mut up: Box<Up>) {
        if let Ack::Awaited { hang_up, .. } = &mut up.ack {
            *hang_up = true;
            self.sip = Sip::Leaving(up);
        } else {
            let sent = up.bye(now, world, self.key);
            self.sip = Sip::Leaving(up);
            if !sent {
                self.over(world);
            }
        }
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
        if session.is_offered() {
            return up.reply(now, world, (id, request), StatusCode::REQUEST_PENDING, None);
        }
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
        if let Ok(reply) = reply.build() {
            world.respond(now, id, &reply);
            world.routes.own_transaction(id, Owner::Leg(self.key));
            up.ack = Ack::Awaited { invite: id, hang_up: false };
        }
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
