//! How much later than the earliest packets come.

use crate::ClockRate;

/// Packets that are remembered: 2.5 s of 20 ms each.
const REMEMBERED: usize = 128;
/// How many of those may come late: 3 %.
const TOO_LATE: usize = REMEMBERED * 3 / 100;
/// Before so many are known nothing is said.
const FEW: usize = 16;

/// Transit times of the last packets, in timestamp units. They are known up to a constant only, and
/// wrap around.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    transits: [i32; REMEMBERED],
    seen: usize,
    earliest: i32,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self { transits: [0; REMEMBERED], seen: 0, earliest: 0 }
    }
}

impl Arrivals {
    pub(super) fn note(&mut self, transit: i32) {
        let slot = self.seen % REMEMBERED;
        let forgotten = self.transits[slot];
        self.transits[slot] = transit;
        self.seen += 1;
        if self.seen == 1 || transit.wrapping_sub(self.earliest) < 0 {
            self.earliest = transit;
        } else if self.seen > REMEMBERED && forgotten == self.earliest {
            let offsets = self.known().iter().map(|t| t.wrapping_sub(transit)).min();
            self.earliest = transit.wrapping_add(offsets.unwrap_or(0));
        }
    }

    /// The least transit time remembered.
    pub(super) const fn earliest(&self) -> i32 {
        self.earliest
    }

    /// Whether a packet's transit time is more than two seconds off the others': its timestamps
    /// began anew.
    pub(super) fn is_elsewhere(&self, transit: i32, clock: ClockRate) -> bool {
        let off = transit.wrapping_sub(self.earliest).unsigned_abs();
        self.seen > 0 && off > 2 * clock.get()
    }

    /// The delay within which nearly all came; looked at once in eight packets. `None`: no news.
    pub(super) fn spread(&self) -> Option<i32> {
        if self.seen < FEW || !self.seen.is_multiple_of(8) {
            return None;
        }
        let mut late = self.transits;
        let late = &mut late[..self.seen.min(REMEMBERED)];
        late.iter_mut().for_each(|transit| *transit = transit.wrapping_sub(self.earliest));
        let nearly_last = late.len() - 1 - TOO_LATE.min(late.len() / 16);
        Some(*late.select_nth_unstable(nearly_last).1)
    }

    fn known(&self) -> &[i32] {
        &self.transits[..self.seen.min(REMEMBERED)]
    }
}
