//! Hold: one side puts the other on hold, and the other hears music.

use std::time::Instant;

use switchboard_media::{Command, Repeat, Token};

use super::{Call, Stage};
use crate::event::CallEvent;
use crate::ids::LegNumber;
use crate::world::World;

/// The music on hold.
const MUSIC: &str = "moh";

impl Call {
    /// A leg holds its call, or takes it back.
    pub(super) fn on_hold(
        &mut self,
        now: Instant,
        world: &mut World,
        number: LegNumber,
        held: bool,
    ) {
        if !matches!(self.stage, Stage::Talking) {
            return;
        }
        let Some(other) = self.other_than(number) else { return };
        if held {
            self.note(now, format!("held by leg {number}"));
            world.tell(self.id, CallEvent::Held { leg: number });
            self.music(world, other);
        } else {
            self.note(now, format!("resumed by leg {number}"));
            world.tell(self.id, CallEvent::Resumed { leg: number });
            self.silence(world, other);
        }
    }

    /// After a new pair was joined: who holds, still holds.
    pub(super) fn resume_hold(&mut self, world: &mut World) {
        for number in [self.subject, self.partner].into_iter().flatten() {
            let holds = self.legs.get(&number).is_some_and(|leg| leg.is_held());
            if let Some(other) = self.other_than(number).filter(|_| holds) {
                self.music(world, other);
            }
        }
    }

    /// Who talks with this leg.
    pub(super) fn other_than(&self, number: LegNumber) -> Option<LegNumber> {
        if Some(number) == self.subject {
            self.partner
        } else if Some(number) == self.partner {
            self.subject
        } else {
            None
        }
    }

    fn music(&mut self, world: &mut World, number: LegNumber) {
        let leg = self.legs.get(&number).and_then(|leg| leg.media());
        if let (Some(leg), Some(audio)) = (leg, world.config.sounds.get(MUSIC)) {
            self.token += 1;
            let token = Token(self.token);
            world.media(Command::Play { leg, audio, repeat: Repeat::Forever, token });
        }
    }

    fn silence(&self, world: &mut World, number: LegNumber) {
        if let Some(leg) = self.legs.get(&number).and_then(|leg| leg.media()) {
            world.media(Command::Stop { leg });
        }
    }
}
