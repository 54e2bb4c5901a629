//! A session is kept up or ends by itself (RFC 4028), and changes without an ACK (RFC 3311).

use std::time::{Duration, Instant};

use switchboard_sip::dialog::{Dialog, retry_delay};
use switchboard_sip::session_timer::{Granted, Output, SessionTimer, TooSmall};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{HeaderName, Message, Method, StatusCode};

use super::{ALLOW, Event, Leg, Sip};
use crate::world::World;

/// How long after a refusal a session is refreshed again.
const AGAIN: Duration = Duration::from_secs(10);

/// What a 2xx to this request says of the session timer; `None`: its sender knows of none.
pub(crate) fn granted(
    timer: &SessionTimer,
    request: &Message,
) -> Result<Option<Granted>, TooSmall> {
    let knows = request.has(HeaderName::SessionExpires)
        || request.lists(HeaderName::Supported, switchboard_sip::session_timer::OPTION_TAG);
    if knows { timer.receive_request(request).map(Some) } else { Ok(None) }
}

impl Leg {
    /// A 2xx of ours went out with this.
    pub(super) fn keep(&mut self, now: Instant, granted: Option<Granted>) {
        match granted {
            Some(granted) => self.timer.answered(now, granted),
            None => self.timer.stop(),
        }
    }

    /// An UPDATE (RFC 3311 section 5.2): a refresh, or a change of the audio that needs no ACK.
    pub(super) fn update(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        request: &Message,
    ) {
        let Sip::Up(up) = &mut self.sip else { return };
        let granted = match granted(&self.timer, request) {
            Ok(granted) => granted,
            Err(small) => return up.refuse_brief(now, world, (id, request), small),
        };
        let mut reply = up
            .dialog()
            .reply(request, StatusCode::OK)
            .header(HeaderName::Server, &world.config.product)
            .header(HeaderName::Allow, ALLOW);
        let mut change = None;
        if !request.body().is_empty() {
            let session = self.port.session_mut();
            let answer = match session {
                None => Err(StatusCode::SERVER_INTERNAL_ERROR),
                Some(session) if session.is_offered() => Err(StatusCode::REQUEST_PENDING),
                Some(session) => session.answer(request.body(), None).map_err(|unusable| {
                    StatusCode::new(unusable.status()).unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE)
                }),
            };
            match answer {
                Ok((answer, changed)) => {
                    reply = reply.body("application/sdp", answer);
                    change = Some(changed);
                }
                Err(status) => return up.reply(now, world, (id, request), status, None),
            }
        }
        if let Some(granted) = granted {
            reply = granted.write(reply);
        }
        if let Ok(reply) = reply.build() {
            world.respond(now, id, &reply);
        }
        self.keep(now, granted);
        if let Some(change) = change {
            self.apply(now, world, change);
        }
    }

    /// The session timer's own times.
    pub(super) fn keep_up(&mut self, now: Instant, world: &mut World) {
        self.timer.handle_timeout(now);
        while let Some(output) = self.timer.poll_output() {
            match output {
                Output::Refresh => self.refresh(now, world),
                Output::Expired if self.is_up() => {
                    self.end(now, world, StatusCode::REQUEST_TIMEOUT);
                    self.events.push_back(Event::Vanished);
                }
                Output::Expired => {}
            }
        }
    }

    /// Refreshes the session: by UPDATE, or where the far end does not know that by a re-INVITE
    /// with our description as it is.
    fn refresh(&mut self, now: Instant, world: &mut World) {
        let Sip::Up(up) = &mut self.sip else { return };
        let busy = up.is_unacknowledged() || up.refresh.is_some();
        let Some(session) = self.port.session_mut().filter(|s| !busy && !s.is_offered()) else {
            return self.timer.refresh_failed(now, AGAIN);
        };
        let request = if up.allows_update {
            up.dialog().request(&Method::Update)
        } else {
            let codec = session.codec();
            let offer = session.offer(codec);
            up.dialog().request(&Method::Invite).body("application/sdp", offer)
        };
        let request = self
            .timer
            .write_request(request)
            .header(HeaderName::Allow, ALLOW)
            .header(HeaderName::UserAgent, &world.config.product);
        let way = up.way();
        up.refresh = world.send(now, self.key, way, request);
        if up.refresh.is_none() {
            session.withdraw();
            self.timer.refresh_failed(now, AGAIN);
        }
    }

    /// Whether this is our refresh.
    pub(super) fn is_refresh(&self, id: TransactionId) -> bool {
        matches!(&self.sip, Sip::Up(up) | Sip::Leaving(up) if up.refresh == Some(id))
    }

    /// The response to our refresh.
    pub(super) fn refreshed(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        response: &Message,
    ) {
        let Some(status) = response.status().filter(|status| status.is_final()) else { return };
        let (Sip::Up(up) | Sip::Leaving(up)) = &mut self.sip else { return };
        up.refresh = None;
        let invite = *response.method() == Method::Invite;
        if status.is_success() {
            up.dialog().receive_response(response);
            if invite {
                up.acknowledge(world, id, response.cseq().number);
            }
        }
        let role = up.dialog().role();
        if !self.is_up() {
            return;
        }
        let changed = match self.port.session_mut().filter(|_| invite) {
            Some(session) if status.is_success() => session.accept(response.body()).map(Some),
            Some(session) => {
                session.withdraw();
                Ok(None)
            }
            None => Ok(None),
        };
        match changed {
            Ok(Some(change)) => self.apply(now, world, change),
            Ok(None) => {}
            Err(_) => {
                self.end(now, world, StatusCode::NOT_ACCEPTABLE_HERE);
                self.events.push_back(Event::Vanished);
                return;
            }
        }
        if Dialog::is_ended_by(status) {
            return self.refresh_lost(now, world, status);
        }
        let longer = self.timer.receive_response(now, response);
        if longer {
            self.refresh(now, world);
        } else if status == StatusCode::REQUEST_PENDING {
            let entropy = u64::from_le_bytes(first_eight(world.layer.identifiers().seed()));
            self.timer.refresh_failed(now, retry_delay(role, entropy));
        } else if !status.is_success() {
            self.timer.refresh_failed(now, AGAIN);
        }
    }

    /// Our refresh got no answer, or one that there is no such dialog.
    pub(super) fn refresh_lost(&mut self, now: Instant, world: &mut World, status: StatusCode) {
        if self.is_up() {
            self.end(now, world, status);
            self.events.push_back(Event::Vanished);
        }
    }
}

fn first_eight(seed: [u8; 32]) -> [u8; 8] {
    let mut eight = [0; 8];
    eight.copy_from_slice(&seed[..8]);
    eight
}
