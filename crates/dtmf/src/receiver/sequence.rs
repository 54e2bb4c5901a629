//! Which packets of a stream have come: whether something earlier may still be on its way.

use crate::Instant;

/// How far behind the newest packet a missing one is still waited for.
const WINDOW: u16 = 128;

/// Serial-number distance from `b` to `a` (RFC 1982 arithmetic, as RFC 3550 numbers packets).
pub(super) const fn distance(a: u16, b: u16) -> i16 {
    a.wrapping_sub(b) as i16
}

/// The sequence numbers of one stream.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    ssrc: u32,
    /// Up to here nothing is waited for any more.
    settled: u16,
    /// Bit `i`: packet `settled + 1 + i` has come.
    seen: u128,
    /// Packets missing up to `mark` have been missing since `marked` at least.
    mark: u16,
    marked: Instant,
}

impl Arrivals {
    /// The stream begins in the middle: anything before this packet may still come.
    pub(super) fn new(now: Instant, ssrc: u32, sequence: u16) -> Self {
        let settled = sequence.wrapping_sub(WINDOW);
        Self { ssrc, settled, seen: 1 << (WINDOW - 1), mark: settled, marked: now }
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Notes a packet. What has been missing for `patience` microseconds is given up.
    pub(super) fn note(&mut self, now: Instant, sequence: u16, patience: u64) {
        if now.micros_since(self.marked) >= patience {
            self.settle(self.mark);
            self.mark = self.newest();
            self.marked = now;
        }
        let ahead = i32::from(distance(sequence, self.settled));
        if ahead < -i32::from(WINDOW) || ahead > 2 * i32::from(WINDOW) {
            *self = Self::new(now, self.ssrc, sequence);
        } else if ahead > 0 {
            if ahead > i32::from(WINDOW) {
                self.settle(sequence.wrapping_sub(WINDOW));
            }
            let bit = distance(sequence, self.settled) - 1;
            self.seen |= 1 << bit;
            self.close_up();
        }
    }

    /// True if every packet before this one has come or is given up.
    pub(super) fn is_settled(&self, sequence: u16) -> bool {
        distance(sequence, self.settled) <= 0
    }

    fn newest(&self) -> u16 {
        self.settled.wrapping_add(128 - self.seen.leading_zeros() as u16)
    }

    /// Waits for nothing up to `sequence` any more.
    fn settle(&mut self, sequence: u16) {
        let steps = distance(sequence, self.settled);
        if steps > 0 {
            self.seen = self.seen.checked_shr(steps.unsigned_abs().into()).unwrap_or(0);
            self.settled = sequence;
            self.close_up();
        }
    }

    fn close_up(&mut self) {
        let run = self.seen.trailing_ones();
        self.seen = self.seen.checked_shr(run).unwrap_or(0);
        self.settled = self.settled.wrapping_add(run as u16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: u64 = 200_000;

    fn arrivals(first: u16, then: &[u16]) -> Arrivals {
        let mut arrivals = Arrivals::new(Instant::EPOCH, 1, first);
        for sequence in then {
            arrivals.note(Instant::EPOCH, *sequence, PATIENCE);
        }
        arrivals
    }

    #[test]
    fn the_first_packet_may_not_be_the_first() {
        assert!(!arrivals(10, &[]).is_settled(10));
    }

    #[test]
    fn a_gap_unsettles_what_follows_until_it_is_filled_or_given_up() {
        for start in [100, u16::MAX - 2] {
            let mut arrivals = arrivals(start, &[]);
            // Age the unknown past.
            arrivals.note(Instant::from_millis(200), start, PATIENCE);
            arrivals.note(Instant::from_millis(400), start.wrapping_add(1), PATIENCE);
            assert!(arrivals.is_settled(start.wrapping_add(1)));
            arrivals.note(Instant::from_millis(401), start.wrapping_add(4), PATIENCE);
            assert!(!arrivals.is_settled(start.wrapping_add(4)));
            arrivals.note(Instant::from_millis(402), start.wrapping_add(2), PATIENCE);
            assert!(!arrivals.is_settled(start.wrapping_add(4)));
            arrivals.note(Instant::from_millis(403), start.wrapping_add(3), PATIENCE);
            assert!(arrivals.is_settled(start.wrapping_add(4)));

            arrivals.note(Instant::from_millis(404), start.wrapping_add(9), PATIENCE);
            arrivals.note(Instant::from_millis(610), start.wrapping_add(10), PATIENCE);
            arrivals.note(Instant::from_millis(820), start.wrapping_add(11), PATIENCE);
            assert!(arrivals.is_settled(start.wrapping_add(11)));
        }
    }

    #[test]
    fn a_jump_is_a_new_beginning() {
        let jumped = arrivals(10, &[5_000]);
        assert!(!jumped.is_settled(5_000));
        assert!(!arrivals(10, &[11, 12, 60_000]).is_settled(60_000));
    }
}
