//! Services of the PBX: answered without ringing anybody.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Instant;

use switchboard_media::{Command, Repeat, RoomId, Token};
use switchboard_routing::{Room, ServiceKind};

use super::{Call, Stage};
use crate::event::CallEvent;
use crate::record::{CallKind, Party};
use crate::world::World;

/// The prompt that the echo test begins with.
const ECHO_PROMPT: &str = "echo_test";
/// The prompt that whoever comes into a room hears, if there is one.
const ROOM_PROMPT: &str = "room";

impl Call {
    /// Answers with a service.
    pub(super) fn serve(&mut self, now: Instant, world: &mut World, service: &ServiceKind) {
        if !self.answer_subject(now, world, None) {
            return;
        }
        self.stage = match service {
            ServiceKind::Room(_) => Stage::InRoom,
            _ => Stage::Serving,
        };
        let Some(leg) = self.subject_media() else { return };
        let (prompt, repeat, name) = match service {
            ServiceKind::PromptLoop(prompt) => (prompt.as_str(), Repeat::Forever, prompt.as_str()),
            ServiceKind::Room(room) => (ROOM_PROMPT, Repeat::Once, room.as_str()),
            _ => (ECHO_PROMPT, Repeat::Once, "echo"),
        };
        let room = match service {
            ServiceKind::Room(room) => Some(room_id(room)),
            _ => None,
        };
        let party = Party { user: None, number: name.to_owned() };
        if let Some(ledger) = &mut self.ledger {
            // A call that was handed on is what it was.
            if self.hand_on.is_none() {
                ledger.set_kind(CallKind::Service);
            }
            ledger.answered(now, party.clone());
        }
        self.note(now, format!("answered by {name}"));
        world.tell(self.id, CallEvent::Answered { party: party.clone() });
        // The ring-back of a call that was handed on.
        world.media(Command::Stop { leg });
        self.hand_on_done(now, world, party);
        if let Some(room) = room {
            world.media(Command::Join { leg, room });
        }
        self.token += 1;
        let token = Token(self.token);
        match world.config.sounds.get(prompt) {
            Some(audio) => {
                world.tell(self.id, CallEvent::Prompt { prompt: prompt.to_owned() });
                world.media(Command::Play { leg, audio, repeat, token });
            }
            None if repeat == Repeat::Once && room.is_none() => world.media(Command::Echo { leg }),
            None => {}
        }
    }

    /// The echo test has said so: now it echoes.
    pub(super) fn service_announced(&mut self, world: &mut World) {
        if let Some(leg) = self.subject_media() {
            world.media(Command::Echo { leg });
        }
    }
}

/// The media plane's name of a room: one for each of ours.
fn room_id(room: &Room) -> RoomId {
    let mut hasher = DefaultHasher::new();
    room.hash(&mut hasher);
    RoomId(hasher.finish())
}
