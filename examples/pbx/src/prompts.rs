//! The prompts, part of the program: nothing is read from disk while calls run.

use switchboard_media::{Audio, AudioError};
use switchboard_pbx::Sounds;

use crate::cli::Language;

macro_rules! prompts {
    ($language:literal: $($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../prompts/", $language, "/", $name, ".wav")))),*]
    };
}

type Files = &'static [(&'static str, &'static [u8])];

const EN: Files = prompts!("en": "busy" "closed" "dial_extension" "echo_test" "goodbye" "menu" "menu_more" "moh"
    "nobody_available" "not_allowed" "offline" "please_wait" "unknown_extension" "unknown_option" "welcome");
const DE: Files = prompts!("de": "busy" "closed" "dial_extension" "echo_test" "goodbye" "menu" "menu_more" "moh"
    "nobody_available" "not_allowed" "offline" "please_wait" "unknown_extension" "unknown_option" "welcome");

/// All prompts of a language.
pub(crate) fn load(language: Language) -> Result<Sounds, AudioError> {
    let files = match language {
        Language::En => EN,
        Language::De => DE,
    };
    let mut sounds = Sounds::new();
    for (name, bytes) in files {
        sounds.insert(*name, Audio::read_wav(*bytes)?.into());
    }
    Ok(sounds)
}
