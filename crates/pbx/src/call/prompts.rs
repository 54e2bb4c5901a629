//! Prompts to the subject, and the digits that may answer them.

use std::collections::VecDeque;
use std::time::Instant;

use switchboard_dtmf::collector::Outcome;
use switchboard_media::{Command, LegId, Repeat, Token};
use switchboard_routing::{Collect, Input, Prompt};

use super::{Call, Stage};
use crate::event::CallEvent;
use crate::keys;
use crate::world::World;

/// Prompts that play one after the other.
#[derive(Debug)]
pub(super) struct Prompts {
    left: VecDeque<Prompt>,
    /// The one that plays.
    token: Option<u64>,
    /// Digits are collected; without, the router is told when all have played.
    collects: bool,
}

impl Call {
    /// Plays prompts to the subject; with `collect`, digits count from now on.
    pub(super) fn play(
        &mut self,
        now: Instant,
        world: &mut World,
        prompts: [Option<Prompt>; 2],
        collect: Option<Collect>,
    ) {
        // A caller from outside is answered to hear it; a colleague's phone makes its own tones.
        if self.is_inbound() && !self.answer_subject(now, world, None) {
            return;
        }
        if let (Some(collect), Some(router)) = (&collect, &self.router) {
            self.keys.begin(now, collect, &|digits: &[_]| router.matcher().matches(digits));
        } else {
            self.keys.stop(now);
        }
        self.stage = Stage::Prompt(Prompts {
            left: prompts.into_iter().flatten().collect(),
            token: None,
            collects: collect.is_some(),
        });
        self.play_next(now, world);
    }

    /// The next prompt; a prompt without a sound is silence and over at once.
    fn play_next(&mut self, now: Instant, world: &mut World) {
        let leg = self.subject().filter(|leg| leg.is_up()).and_then(|leg| leg.media());
        loop {
            let Stage::Prompt(prompts) = &mut self.stage else { return };
            prompts.token = None;
            let Some(prompt) = prompts.left.pop_front() else { break };
            let audio = world.config.sounds.get(prompt.as_str());
            self.note(now, format!("prompt {prompt}"));
            world.tell(self.id, CallEvent::Prompt { prompt: prompt.to_string() });
            if let (Some(leg), Some(audio)) = (leg, audio) {
                self.token += 1;
                let token = self.token;
                if let Stage::Prompt(prompts) = &mut self.stage {
                    prompts.token = Some(token);
                }
                let token = Token(token);
                world.media(Command::Play { leg, audio, repeat: Repeat::Once, token });
                return;
            }
        }
        match &self.stage {
            Stage::Prompt(prompts) if prompts.collects => self.keys.prompt_ended(now),
            _ => {
                self.stage = Stage::Deciding;
                self.inform(now, world, Input::Played);
            }
        }
    }

    /// The plane has played something.
    pub(super) fn on_played(&mut self, now: Instant, world: &mut World, token: u64) {
        match &self.stage {
            Stage::Prompt(prompts) if prompts.token == Some(token) => self.play_next(now, world),
            Stage::Serving if self.token == token => self.service_announced(world),
            _ => {}
        }
    }

    /// The caller's keys mean something.
    pub(super) fn on_collected(&mut self, now: Instant, world: &mut World, output: keys::Output) {
        let Stage::Prompt(prompts) = &mut self.stage else { return };
        match output {
            keys::Output::BargeIn => {
                prompts.left.clear();
                let playing = prompts.token.take().is_some();
                if let Some(leg) = self.subject_media().filter(|_| playing) {
                    world.media(Command::Stop { leg });
                }
            }
            keys::Output::Done(outcome) => {
                let digits = outcome.digits();
                let text: String = digits.as_slice().iter().map(|digit| digit.as_char()).collect();
                self.stage = Stage::Deciding;
                if let (Some(ledger), false) = (&mut self.ledger, text.is_empty()) {
                    ledger.digits(text.clone());
                }
                world.tell(self.id, CallEvent::Collected { digits: text });
                match outcome {
                    Outcome::NoInput => self.inform(now, world, Input::NoDigits),
                    _ => self.inform(now, world, Input::Digits(digits.as_slice())),
                }
            }
        }
    }

    pub(super) fn subject_media(&mut self) -> Option<LegId> {
        self.subject()?.media()
    }
}
