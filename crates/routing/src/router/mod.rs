//! The router: says what to do next with a call, and takes what happened.

mod cause;
mod entry;
mod facts;
mod input;
mod step;
pub mod trace;

use std::collections::VecDeque;
use std::sync::Arc;

use switchboard_dialstring::{Digit, Match};

pub use cause::Cause;
pub use entry::Entry;
pub use facts::Facts;
pub use input::{Input, InputError, Side};
pub use step::{Collect, Dial, Step, Targets};
pub use trace::Trace;

use crate::directory::Directory;

/// One call's way through the directory.
#[derive(Debug)]
pub struct Router {
    plan: Arc<Directory>,
    facts: Facts,
    trace: Trace,
    steps: VecDeque<Step>,
}

/// What digits are at the stage where the router waits for them.
#[derive(Debug, Clone, Copy)]
pub struct Matcher<'a> {
    directory: &'a Directory,
}

impl Matcher<'_> {
    /// What these digits are.
    pub fn matches(&self, digits: &[Digit]) -> Match {
        self.directory.extension_match(digits)
    }
}

impl Router {
    /// Starts a call; its first step is ready.
    pub fn new(directory: Arc<Directory>, entry: Entry<'_>) -> Self {
        let _ = entry;
        Self {
            plan: directory,
            facts: Facts::External { line: None, recorded: false },
            trace: Trace::default(),
            steps: VecDeque::new(),
        }
    }

    /// Takes what happened.
    ///
    /// # Errors
    /// The input has no meaning now; nothing changed.
    pub fn handle(&mut self, input: Input<'_>) -> Result<(), InputError> {
        Err(InputError { input: input.name(), state: "ended" })
    }

    /// The next step, in order.
    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// What digits are at this stage, for the collector.
    pub fn matcher(&self) -> Matcher<'_> {
        Matcher { directory: &self.plan }
    }

    /// What the call is, for its record. Final when the call has ended; an internal call that is
    /// forwarded outside becomes external on the way.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Why it went as it did, so far.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}
