//! The prompts by name.

use std::collections::HashMap;
use std::sync::Arc;

use switchboard_media::Audio;

/// The prompts by name, ready to play.
///
/// A prompt that is not here is silence: the call goes on as if it had been played.
#[derive(Clone, Debug, Default)]
pub struct Sounds {
    by_name: HashMap<String, Arc<Audio>>,
}

impl Sounds {
    /// No prompts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a prompt, or replaces the one of that name.
    pub fn insert(&mut self, name: impl Into<String>, audio: Arc<Audio>) {
        self.by_name.insert(name.into(), audio);
    }

    /// The prompt of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Audio>> {
        self.by_name.get(name).map(Arc::clone)
    }

    /// The names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}
