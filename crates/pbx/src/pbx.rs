//! The whole PBX as one machine.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use switchboard_routing::{Directory, UserId};

use crate::config::Config;
use crate::error::Error;
use crate::ids::CallId;
use crate::io::{Input, Output};
use crate::record::{CallKind, Party};

/// The whole PBX as one machine: SIP messages and media events go in, SIP messages, media commands
/// and call records come out.
#[derive(Debug)]
pub struct Pbx {
    config: Config,
    directory: Arc<Directory>,
    outputs: VecDeque<Output>,
}

/// A call that is going on, for a table of them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CallView {
    /// Its name.
    pub id: CallId,
    /// What it is.
    pub kind: CallKind,
    /// Who calls.
    pub from: Party,
    /// What was dialled.
    pub dialled: String,
    /// Who answered.
    pub to: Option<Party>,
    /// Since when it is there.
    pub started: Instant,
}

impl Pbx {
    /// A PBX without phones and calls.
    #[must_use]
    pub fn new(config: Config, directory: Arc<Directory>) -> Self {
        Self { config, directory, outputs: VecDeque::new() }
    }

    /// Takes one input.
    ///
    /// # Errors
    /// What was not taken and whose fault it is; nothing changed then.
    pub fn handle(&mut self, now: Instant, input: Input) -> Result<(), Error> {
        let _ = (now, input, &self.config);
        Ok(())
    }

    /// Fires every timer that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// When [`Pbx::handle_timeout`] wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether no call, no transaction and no open port is left.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        true
    }

    /// The directory in use.
    #[must_use]
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// The calls that are going on.
    pub fn calls(&self) -> impl Iterator<Item = CallView> + '_ {
        std::iter::empty()
    }

    /// How many phones of this user are registered (R12: the state "connected").
    #[must_use]
    pub fn phones(&self, user: &UserId) -> usize {
        let _ = user;
        0
    }
}
