//! Is a held peer still there? It sends no audio, so its silence says nothing; an OPTIONS within
//! the dialog does (RFC 3261 section 11).

use std::time::Instant;

use switchboard_sip::dialog::Dialog;
use switchboard_sip::{HeaderName, Message, Method, StatusCode};

use super::{Event, Leg, Sip};
use crate::session::Hold;
use crate::world::World;

impl Leg {
    /// When the peer is asked next, which only one that holds us is; and when the session is to be
    /// refreshed, or ends.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let (ping, timer) = match &self.sip {
            Sip::Up(up) => (up.ping, self.timer.poll_timeout()),
            _ => (None, None),
        };
        [ping, timer, self.reliable_timeout()].into_iter().flatten().min()
    }

    /// Asks a peer that holds us whether it is still there.
    pub(crate) fn handle_timeout(&mut self, now: Instant, world: &mut World) {
        self.reliable_due(now, world);
        self.keep_up(now, world);
        let Sip::Up(up) = &mut self.sip else { return };
        if up.ping.is_none_or(|ping| now < ping) {
            return;
        }
        up.ping = Some(now + world.config.timing.ping);
        let way = up.way();
        let request = up.dialog().request(&Method::Options);
        let request = request.header(HeaderName::UserAgent, &world.config.product);
        _ = world.send(now, self.key, way, request);
    }

    /// A hold begins or ends.
    pub(super) fn watch(&mut self, now: Instant, world: &World, hold: Hold) {
        let Sip::Up(up) = &mut self.sip else { return };
        match hold {
            Hold::Held => up.ping = Some(now + world.config.timing.ping),
            Hold::Resumed => up.ping = None,
            Hold::Unchanged => {}
        }
    }

    /// The session begins: the peer may hold us from its early audio on.
    pub(super) fn watch_from_start(&mut self, now: Instant, world: &World) {
        let hold = if self.is_held() { Hold::Held } else { Hold::Resumed };
        self.watch(now, world, hold);
    }

    /// The answer to the question, or none: any answer but that there is no such dialog will do.
    pub(super) fn pinged(&mut self, now: Instant, world: &mut World, response: Option<&Message>) {
        let status = response.and_then(Message::status).unwrap_or(StatusCode::REQUEST_TIMEOUT);
        if Dialog::is_ended_by(status) && matches!(self.sip, Sip::Up(_)) {
            self.end(now, world, status);
            self.events.push_back(Event::Vanished);
        }
    }
}
