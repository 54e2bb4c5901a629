//! What arrives from outside: who sent it, and whether it is served.
//!
//! Nobody is served by default. A request is a known trunk's by its address, a phone's by its
//! credentials, part of a dialog by its tags and its source, or it is refused without a trace.

use std::time::Instant;

use switchboard_dialstring::{DialString, Separator, SipUser};
use switchboard_routing::{LineId, TrunkId, UserId};
use switchboard_sdp::{Codec, Encryption};
use switchboard_sip::auth::Challenge;
use switchboard_sip::checks::{self, Capabilities};
use switchboard_sip::dialog::DialogId;
use switchboard_sip::reliable;
use switchboard_sip::session_timer::{self, SessionTimer};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Flow, HeaderName, Message, Method, Scheme, StatusCode, Uri};

use crate::call::{Admitted, Call, Merge, Start};
use crate::calls::Account;
use crate::event::Event;
use crate::guard::From;
use crate::ids::CallId;
use crate::io::Output;
use crate::leg::{ALLOW, Peer, granted};
use crate::pbx::Pbx;
use crate::phones::{Change, Identified};
use crate::session;
use crate::texts;

const METHODS: &[Method] = &[
    Method::Invite,
    Method::Ack,
    Method::Cancel,
    Method::Bye,
    Method::Options,
    Method::Info,
    Method::Refer,
    Method::Register,
    Method::Subscribe,
    Method::Update,
    Method::Prack,
    Method::Message,
];

/// What Require may name.
const EXTENSIONS: &[&str] = &[session_timer::OPTION_TAG, reliable::OPTION_TAG];

const BODIES: &[&str] =
    &["application/sdp", "application/dtmf-relay", "application/dtmf", "message/sipfrag"];

/// A request and its transaction.
#[derive(Debug)]
pub(crate) struct Request {
    id: TransactionId,
    flow: Flow,
    message: Message,
}

/// Who sent a request.
enum Sender {
    Trunk(TrunkId),
    User(UserId),
    /// Nobody whom we know; the challenge has been sent.
    Nobody,
}

impl Pbx {
    pub(crate) fn on_request(
        &mut self,
        now: Instant,
        id: TransactionId,
        flow: Flow,
        message: Message,
    ) {
        let request = Request { id, flow, message };
        if let Err(refusal) = self.check(&request.message) {
            return self.refuse(&request, refusal.status(), refusal.header());
        }
        if request.message.to_tag().is_some() {
            return self.within_dialog(now, &request);
        }
        match request.message.method() {
            Method::Register => self.register(now, &request),
            Method::Invite => self.invite(now, request),
            Method::Options => self.options(now, &request),
            Method::Subscribe => self.subscribe(now, &request),
            Method::Message => self.text(now, &request),
            // In no dialog of ours: refused to whoever is known, and nobody else learns even that.
            _ => match self.sender(now, &request) {
                Sender::Nobody => {}
                _ => self.refuse(&request, StatusCode::CALL_DOES_NOT_EXIST, None),
            },
        }
    }

    fn check(&self, message: &Message) -> Result<(), checks::Refusal> {
        let own = &self.own;
        let bodies = if *message.method() == Method::Message { texts::BODIES } else { BODIES };
        let capabilities = Capabilities { methods: METHODS, extensions: EXTENSIONS, bodies, own };
        checks::check(message, &capabilities)
    }

    /// A request within a dialog: by its tags, and from where the dialog is known to be. From
    /// elsewhere, the sender has to prove who they are.
    fn within_dialog(&mut self, now: Instant, request: &Request) {
        let message = &request.message;
        if *message.method() == Method::Subscribe {
            return self.resubscribe(now, request);
        }
        let key = DialogId::of_request(message).and_then(|id| self.world.routes.dialog(&id));
        let Some((call, number)) = key else {
            return self.refuse(request, StatusCode::CALL_DOES_NOT_EXIST, None);
        };
        let leg = self.calls.get(call).and_then(|call| call.peer_of(number));
        let Some((peer, known)) = leg else {
            return self.refuse(request, StatusCode::CALL_DOES_NOT_EXIST, None);
        };
        if known.remote.ip() != request.flow.remote.ip() {
            let proven = match (self.sender(now, request), peer) {
                (Sender::Nobody, _) => return,
                (Sender::User(user), Peer::Phone(of)) => user == of,
                (Sender::Trunk(trunk), Peer::Trunk(of)) => trunk == of,
                _ => false,
            };
            if !proven {
                return self.refuse(request, StatusCode::CALL_DOES_NOT_EXIST, None);
            }
        }
        self.proven(&request.flow);
        self.on_call(now, call, |call, world| {
            if let Some(leg) = call.leg(number) {
                leg.request(now, world, request.id, request.flow, message);
            }
        });
        let merge = self.calls.with(call, Call::take_merge).flatten();
        if let Some(merge) = merge {
            self.merge(now, call, &merge);
        }
    }

    /// RFC 6665: only users may know of each other.
    fn subscribe(&mut self, now: Instant, request: &Request) {
        match self.sender(now, request) {
            Sender::Nobody => {}
            Sender::Trunk(_) => self.refuse(request, StatusCode::FORBIDDEN, None),
            Sender::User(_) if self.stopping => {
                self.refuse(request, StatusCode::SERVICE_UNAVAILABLE, None);
            }
            Sender::User(user) => {
                let asked = (request.id, request.flow, &request.message);
                self.lamps.subscribe(now, &mut self.world, &user, asked);
            }
        }
    }

    /// A refresh: from where the subscription is known to be, or with its user's credentials.
    fn resubscribe(&mut self, now: Instant, request: &Request) {
        let lamp = DialogId::of_request(&request.message).and_then(|id| self.lamps.of_dialog(&id));
        let Some((number, watcher, known)) = lamp else {
            return self.refuse(request, StatusCode::CALL_DOES_NOT_EXIST, None);
        };
        if known.remote.ip() != request.flow.remote.ip() {
            match self.sender(now, request) {
                Sender::Nobody => return,
                Sender::User(user) if user == watcher => {}
                _ => return self.refuse(request, StatusCode::CALL_DOES_NOT_EXIST, None),
            }
        }
        let asked = (request.id, request.flow, &request.message);
        self.lamps.refresh(now, &mut self.world, number, asked);
    }

    /// A user hands a call on to the party of another call of theirs. Where there is no such
    /// party yet, it is called as for any other.
    fn merge(&mut self, now: Instant, into: CallId, merge: &Merge) {
        let dialog = merge.replaces().and_then(|id| self.world.routes.dialog(id));
        let party = dialog.filter(|(from, _)| *from != into).and_then(|(from, consulting)| {
            let call = self.calls.get(from)?;
            let party = call.consulted(consulting, merge.user())?;
            // Neither by nor to somebody who has left meanwhile: the router says what it is then.
            let left = |user: &UserId| self.world.directory.user(user.as_str()).is_none();
            let dismissed = left(merge.user()) || call.user_of(party).is_some_and(left);
            (!dismissed).then_some((from, party))
        });
        let world = &mut self.world;
        let taken = party.and_then(|(from, party)| {
            let leg = self.calls.with(from, |call| call.release(now, world, party)).flatten()?;
            Some(((from, party), leg))
        });
        let Some((was, leg)) = taken else {
            self.on_call(now, into, |call, world| call.hand_on(now, world, merge));
            return;
        };
        let Some(number) = self.calls.with(into, Call::make_room) else { return };
        self.world.routes.move_leg(was, (into, number));
        self.on_call(now, into, |call, world| call.adopt(now, world, merge, number, leg));
    }

    /// RFC 3261 section 10.3.
    fn register(&mut self, now: Instant, request: &Request) {
        let Sender::User(user) = self.phone(now, request) else { return };
        let world = &mut self.world;
        let before: Vec<String> = world
            .phones
            .of(now, &user)
            .into_iter()
            .map(|binding| binding.contact.as_str().to_owned())
            .collect();
        let tag = world.layer.stateless_tag(&request.message);
        let registered = world.phones.register(now, &user, request.flow, &request.message, &tag);
        let reply = match registered {
            Ok(reply) => reply.header(HeaderName::Server, &world.config.product),
            Err(refusal) => refusal.reply(&request.message, &tag),
        };
        if let Ok(reply) = reply.build() {
            world.respond(now, request.id, &reply);
        }
        while let Some(change) = self.world.phones.poll_change(now, &self.world.config) {
            if let Change::Saved(binding) = &change
                && !before.contains(&binding.contact)
            {
                let phones = self.world.phones.of(now, &user).len();
                let address = binding.remote;
                let user = user.clone();
                self.world.event(Event::Registered { user, address, phones });
            }
            self.phone_changed(change);
        }
    }

    /// RFC 3261 section 11: for trunks, registered phones, and whoever has credentials. Nothing changes, so the answer
    /// to a repeated request is made anew (section 8.2.7), and a monitor that asks often fills no table.
    fn options(&mut self, now: Instant, request: &Request) {
        let known = self.world.phones.is_at(&request.flow);
        if !known && matches!(self.sender(now, request), Sender::Nobody) {
            return;
        }
        let world = &mut self.world;
        let tag = world.layer.stateless_tag(&request.message);
        let reply = world
            .config
            .reply(&request.message, StatusCode::OK, Some(&tag))
            .header(HeaderName::Allow, format_args!("{ALLOW}, MESSAGE"))
            .header(HeaderName::Accept, "application/sdp");
        // A datagram that seems to come from a phone or trunk is no proof: it takes no place among the transactions.
        if let Ok(reply) = reply.build() {
            _ = world.layer.respond_stateless(request.id, &reply);
        }
    }

    /// RFC 3428: users write to each other, by extension or by name.
    fn text(&mut self, now: Instant, request: &Request) {
        let user = match self.sender(now, request) {
            Sender::Nobody => return,
            Sender::Trunk(_) => return self.refuse(request, StatusCode::FORBIDDEN, None),
            Sender::User(user) => user,
        };
        if self.stopping {
            return self.refuse(request, StatusCode::SERVICE_UNAVAILABLE, None);
        }
        if let Err(status) = self.speaks_as(&user, &request.message) {
            return self.refuse(request, status, None);
        }
        match self.world.addressed(&request.message) {
            Ok((_, to)) => {
                let asked = (request.id, request.flow, &request.message);
                self.texts.pass_on(now, &mut self.world, (&user, &to), asked);
            }
            Err(status) => self.refuse(request, status, None),
        }
    }

    fn invite(&mut self, now: Instant, request: Request) {
        let sender = self.sender(now, &request);
        let (start, account, limit) = match sender {
            Sender::Nobody => return,
            Sender::Trunk(trunk) => match self.inbound(&trunk, &request.message) {
                Some(start) => {
                    (start, Account::Trunk(trunk), self.world.config.limits.calls_per_trunk)
                }
                None => return self.refuse(&request, StatusCode::NOT_FOUND, None),
            },
            Sender::User(user) => match self.internal(&user, &request.message) {
                Ok(start) => (start, Account::User(user), self.world.config.limits.calls_per_user),
                Err(status) => return self.refuse(&request, status, None),
            },
        };
        let timer = SessionTimer::new(self.world.config.timing.session);
        if let Err(small) = granted(&timer, &request.message) {
            let min = small.min.as_secs().to_string();
            return self.refuse(&request, small.status(), Some((HeaderName::MinSe, &min)));
        }
        let (audio, transport) = (self.world.config.audio, request.flow.transport);
        let codecs = &self.world.config.codecs;
        if let Err(status) = offer(&request.message, audio.of(transport, || [0; 32]), codecs) {
            return self.refuse(&request, status, None);
        }
        let full =
            self.calls.len() >= self.world.config.limits.calls || self.calls.of(&account) >= limit;
        if self.stopping || full {
            let wait = Some((HeaderName::RetryAfter, "5"));
            return self.refuse(&request, StatusCode::SERVICE_UNAVAILABLE, wait);
        }
        let id = self.new_call_id();
        let Request { id: transaction, flow, message } = request;
        let admitted = Admitted { id: transaction, flow, invite: message };
        let call = Call::arrived(now, &mut self.world, id, admitted, start);
        self.calls.insert(call, account);
    }

    /// The line that a trunk calls: by the Request-URI, or by To where that names our account.
    fn inbound(&self, trunk: &TrunkId, invite: &Message) -> Option<Start> {
        let requested = invite.request_uri().ok().and_then(|uri| user_of(&uri));
        let to = invite.to().ok().and_then(|to| user_of(&to.uri()));
        let start = |called: &str, line: &LineId, carried: Option<&str>| Start::Inbound {
            trunk: trunk.clone(),
            line: line.clone(),
            caller: caller_of(invite),
            carried: carried.map(str::to_owned),
            called: called.to_owned(),
        };
        for called in requested.iter().chain(&to) {
            if let Some(found) = self.world.directory.called(called) {
                return Some(start(called, found.line.id(), found.carried));
            }
        }
        // A provider that calls the account by its name, not by a number.
        let account = self.world.trunks.spec(trunk)?.user.as_ref();
        let called = requested.filter(|called| Some(called) == account)?;
        let lines = self.world.directory.lines();
        let line = lines.iter().find(|line| line.trunk() == Some(trunk))?;
        Some(start(&called, line.id(), None))
    }

    /// What a user dials. From names the user: nobody calls in another's name.
    fn internal(&self, user: &UserId, invite: &Message) -> Result<Start, StatusCode> {
        self.speaks_as(user, invite)?;
        let uri = invite.request_uri().map_err(|_| StatusCode::BAD_REQUEST)?;
        let here = matches!(uri.scheme(), Scheme::Tel) || self.world.config.is_here(uri.host_str());
        let dialled = dialled(&uri).filter(|_| here).ok_or(StatusCode::NOT_FOUND)?;
        Ok(Start::Internal { user: user.clone(), dialled })
    }

    /// From has to name the user who has been authenticated: by name or by extension.
    fn speaks_as(&self, user: &UserId, request: &Message) -> Result<(), StatusCode> {
        let from = request.from().map_err(|_| StatusCode::BAD_REQUEST)?;
        let named = from.uri().user_text().ok_or(StatusCode::FORBIDDEN)?;
        let extension = self.world.directory.user(user.as_str()).and_then(|user| user.extension());
        let own = *named == *user.as_str() || extension.is_some_and(|own| own.as_str() == named);
        if own { Ok(()) } else { Err(StatusCode::FORBIDDEN) }
    }

    /// A trunk by its address, or a phone by its credentials. Anybody else has been challenged.
    fn sender(&mut self, now: Instant, request: &Request) -> Sender {
        if !self.world.phones.claims(&request.message)
            && let Some(trunk) = self.world.trunks.at(&request.flow)
        {
            let trunk = trunk.clone();
            self.proven(&request.flow);
            return Sender::Trunk(trunk);
        }
        self.phone(now, request)
    }

    /// Tells the shell which connections are worth keeping.
    fn proven(&mut self, flow: &Flow) {
        if flow.connection.is_some() {
            self.world.outputs.push_back(Output::FlowProven(*flow));
        }
    }

    fn phone(&mut self, now: Instant, request: &Request) -> Sender {
        let address = request.flow.remote;
        let claimed = self.world.phones.claimed(&request.message).unwrap_or_default();
        // A phone that is registered cannot be locked out by others, and guesses nobody else's password.
        let here = self.world.phones.is_theirs(now, &claimed, &request.flow);
        let from = if self.world.phones.is_home(&claimed, address.ip()) {
            From::Home(address.ip())
        } else {
            From::Elsewhere(address.ip())
        };
        if !claimed.is_empty() && !here && self.guard.is_out(now, from, &claimed) {
            let challenge = self.world.phones.challenge(now, &request.message);
            self.challenge(request, &challenge);
            return Sender::Nobody;
        }
        match self.world.phones.identify(now, &request.message) {
            Identified::User(user) => {
                self.proven(&request.flow);
                Sender::User(user)
            }
            Identified::Ask(challenge) => {
                self.challenge(request, &challenge);
                Sender::Nobody
            }
            Identified::Wrong(challenge) => {
                if !here && self.guard.failed(now, from, &claimed) {
                    let name = masked(&claimed);
                    self.world.event(Event::LockedOut { address, name });
                }
                self.world.event(Event::Refused {
                    address,
                    method: request.message.method().to_string(),
                    status: challenge.status().code(),
                });
                self.challenge(request, &challenge);
                Sender::Nobody
            }
        }
    }

    /// Asks for credentials and forgets it: an unproven sender costs nothing.
    fn challenge(&mut self, request: &Request, challenge: &Challenge) {
        let world = &mut self.world;
        let tag = world.layer.stateless_tag(&request.message);
        let reply = world.config.reply(&request.message, challenge.status(), Some(&tag));
        if let Ok(reply) = challenge.write(reply).build() {
            _ = world.layer.respond_stateless(request.id, &reply);
        }
    }

    /// Refuses a request and forgets it.
    fn refuse(
        &mut self,
        request: &Request,
        status: StatusCode,
        header: Option<(HeaderName, &str)>,
    ) {
        let world = &mut self.world;
        let tag = world.layer.stateless_tag(&request.message);
        let mut reply = world.config.reply(&request.message, status, Some(&tag));
        if let Some((name, value)) = header {
            reply = reply.header(name, value);
        }
        if let Ok(reply) = reply.build() {
            _ = world.layer.respond_stateless(request.id, &reply);
        }
    }
}

/// An INVITE has to say where the caller is, and if it offers audio, audio that we speak.
fn offer(invite: &Message, encryption: Encryption, codecs: &[Codec]) -> Result<(), StatusCode> {
    let contact = invite.contact().map_err(|_| StatusCode::BAD_REQUEST)?;
    let scheme = contact.ok_or(StatusCode::BAD_REQUEST)?.uri().scheme();
    if !matches!(scheme, Scheme::Sip | Scheme::Sips) {
        return Err(StatusCode::BAD_REQUEST);
    }
    if invite.body().is_empty() {
        return Ok(());
    }
    let kind = invite.text(HeaderName::ContentType).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/sdp") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    session::check_offer(invite.body(), encryption, codecs)
        .map_err(|fault| StatusCode::new(fault.status()).unwrap_or(StatusCode::BAD_REQUEST))
}

/// The number or name that a URI calls.
fn user_of(uri: &Uri<'_>) -> Option<String> {
    let user = uri.user_text()?;
    Some(user.split(';').next().unwrap_or_default().to_owned()).filter(|user| !user.is_empty())
}

/// What a phone dialled: the user part of its Request-URI, read by the grammar that the URI says
/// (RFC 3261 section 19.1.6, RFC 4967), printed in one way.
fn dialled(uri: &Uri<'_>) -> Option<String> {
    let kind = uri.param("user").unwrap_or_default();
    let telephone = ["phone", "dialstring"].iter().any(|known| kind.eq_ignore_ascii_case(known));
    let read = match uri.scheme() {
        Scheme::Tel => DialString::parse(uri.as_str()),
        _ if telephone => DialString::from_sip_user(uri.user()?, SipUser::Telephone),
        _ => DialString::from_sip_user(uri.user()?, SipUser::Dialled),
    };
    match read {
        Ok(DialString::Number(number, Some(post))) if post.separator() == Separator::Ext => {
            Some(format!("{number};{}", post.plan()))
        }
        Ok(dialled) => Some(dialled.to_string()),
        // Not a number: the router says so, in its own words.
        Err(_) => uri.user_text().map(|user| user.into_owned()),
    }
}

/// The caller's number as the trunk shows it (RFC 3325, then From); `None` if it is withheld.
fn caller_of(invite: &Message) -> Option<String> {
    let private = invite.lists(HeaderName::Privacy, "id");
    let asserted = invite.addresses(HeaderName::PAssertedIdentity).flatten().next();
    let from = invite.from().ok();
    let shown = asserted.or(from).and_then(|address| user_of(&address.uri()));
    shown.filter(|number| !private && !number.eq_ignore_ascii_case("anonymous"))
}

/// A stranger's text for a log: short, and without control characters.
fn masked(text: &str) -> String {
    let mask = |symbol: char| if symbol.is_control() { '\u{fffd}' } else { symbol };
    text.chars().take(64).map(mask).collect()
}
