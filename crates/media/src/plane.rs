//! The table of legs.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use crate::{Input, LegId, Output};

/// Settings of a [`Plane`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaneConfig {
    /// Legs at once; more are refused.
    pub max_legs: usize,
    /// Silence of a peer that should send after which [`EventKind::Silent`](crate::EventKind::Silent)
    /// is reported; `None`: never.
    pub rtp_timeout: Option<Duration>,
    /// Seed of SSRCs, first sequence numbers and timestamps, and of RTCP intervals.
    pub seed: u64,
}

impl Default for PlaneConfig {
    fn default() -> Self {
        Self { max_legs: 20_000, rtp_timeout: Some(Duration::from_secs(30)), seed: 0 }
    }
}

/// An input that makes no sense now: the caller's fault; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaneError {
    /// No such leg; a datagram for a leg just closed is one too.
    #[error("leg {0} is not open")]
    UnknownLeg(LegId),
    /// The leg exists already.
    #[error("leg {0} is open already")]
    AlreadyOpen(LegId),
    /// The table is full.
    #[error("the limit of {0} legs is reached")]
    TooManyLegs(usize),
    /// A leg cannot be bridged with itself; echo does that.
    #[error("leg {0} cannot be bridged with itself")]
    SelfBridge(LegId),
}

/// The media of all calls: a bounded table of legs, their timers and their bridges.
#[derive(Debug)]
pub struct Plane {
    config: PlaneConfig,
    outputs: VecDeque<Output>,
}

impl Plane {
    /// An empty plane.
    #[must_use]
    pub fn new(config: PlaneConfig) -> Self {
        Self { config, outputs: VecDeque::new() }
    }

    /// Takes a datagram or a command.
    ///
    /// # Errors
    /// When the input names a leg that does not exist, or cannot be done.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), PlaneError> {
        let _ = (now, input, self.config);
        Ok(())
    }

    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
}
