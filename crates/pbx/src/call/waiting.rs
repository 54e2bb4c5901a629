//! The caller waits in a queue, with its music.

use std::time::{Duration, Instant};

use switchboard_media::{Command, Repeat, Token};
use switchboard_routing::{Input, Prompt};

use super::{Call, Stage};
use crate::event::CallEvent;
use crate::world::World;

impl Call {
    /// Lets the caller wait; the queue goes on after `timeout`.
    pub(super) fn wait(
        &mut self,
        now: Instant,
        world: &mut World,
        music: &Prompt,
        timeout: Duration,
    ) {
        // As for a prompt: a caller from outside is answered to hear it.
        if self.is_inbound() && !self.answer_subject(now, world, None) {
            return;
        }
        self.keys.stop(now);
        self.stop_ringing(now, world);
        self.stage = Stage::Waiting { until: now + timeout };
        let leg = self.subject().filter(|leg| leg.is_up()).and_then(|leg| leg.media());
        if let (Some(leg), Some(audio)) = (leg, world.config.sounds.get(music.as_str())) {
            self.token += 1;
            let token = Token(self.token);
            world.tell(self.id, CallEvent::Prompt { prompt: music.to_string() });
            world.media(Command::Play { leg, audio, repeat: Repeat::Forever, token });
        }
    }

    /// The caller's turn.
    pub(super) fn waited(&mut self, now: Instant, world: &mut World) {
        self.quiet_subject(world);
        self.stage = Stage::Deciding;
        self.inform(now, world, Input::Turn);
    }
}
