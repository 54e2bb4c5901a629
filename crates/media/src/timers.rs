//! When which leg wants to be called.

use core::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::LegId;

/// A heap of due times. A leg's earlier entries go stale when it is scheduled again; they are known
/// by not being the leg's own idea of when it is scheduled, and are dropped when they surface.
#[derive(Debug, Default)]
pub(crate) struct Timers(BinaryHeap<Reverse<(Instant, LegId)>>);

impl Timers {
    pub(crate) fn push(&mut self, at: Instant, leg: LegId) {
        self.0.push(Reverse((at, leg)));
    }

    /// The earliest entry.
    pub(crate) fn peek(&self) -> Option<(Instant, LegId)> {
        self.0.peek().map(|Reverse(entry)| *entry)
    }

    pub(crate) fn pop(&mut self) -> Option<(Instant, LegId)> {
        self.0.pop().map(|Reverse(entry)| entry)
    }
}
