//! A bounded buffer that puts packets back into order for whoever decodes them.

use crate::SequenceNumber;

/// Reorders the packets of one stream, for recording or in-band detection; relayed audio never
/// passes through it. It knows no time: the playout clock calls [`take`](Self::take) once a packet
/// time. It holds back `depth` packets and never more than its capacity.
///
/// ```
/// use switchboard_rtp::{JitterBuffer, SequenceNumber, Taken};
///
/// let mut buffer = JitterBuffer::new(2);
/// assert_eq!(buffer.take(), Taken::Nothing);
/// buffer.insert(SequenceNumber(1), "one");
/// buffer.insert(SequenceNumber(3), "three");
/// assert_eq!(buffer.take(), Taken::Item("one"));
/// assert_eq!(buffer.take(), Taken::Missing);
/// assert_eq!(buffer.take(), Taken::Item("three"));
/// assert_eq!(buffer.take(), Taken::Nothing);
/// ```
#[derive(Clone, Debug)]
pub struct JitterBuffer<T> {
    depth: usize,
    /// A packet's slot is its number modulo the capacity.
    slots: Box<[Option<(SequenceNumber, T)>]>,
    held: usize,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing came yet.
    Idle,
    /// Filling up to `depth` from `first` on: the oldest number seen, or, after the buffer ran dry,
    /// the first that was not played.
    Filling { first: SequenceNumber, ran_dry: bool },
    /// `next` is played next.
    Playing { next: SequenceNumber },
}

/// What became of an inserted packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inserted {
    /// It waits for its turn.
    Held,
    /// It came after its turn; dropped.
    Late,
    /// It is there already; dropped.
    Duplicate,
    /// It is so far from the others that the stream must have restarted: everything held was
    /// dropped and it is the first of the new stream.
    Restarted,
}

/// What to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Taken<T> {
    /// The next packet.
    Item(T),
    /// The next packet did not come and later ones did: conceal it.
    Missing,
    /// Nothing to play: the stream has not begun, or everything was played.
    Nothing,
}

impl<T> JitterBuffer<T> {
    /// A buffer that waits until `depth` packets (at least 1, at most 50) are there before it gives
    /// the first, and holds at most eight times as many.
    #[must_use]
    pub fn new(depth: usize) -> Self {
        let depth = depth.clamp(1, 50);
        // A power of two divides 65,536: numbers keep their distance across the wrap.
        let slots = (0..(depth * 4).next_power_of_two()).map(|_| None).collect();
        Self { depth, slots, held: 0, state: State::Idle }
    }

    /// Packets held.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.held
    }

    /// Whether no packet is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Puts a packet in.
    pub fn insert(&mut self, number: SequenceNumber, item: T) -> Inserted {
        let capacity = self.slots.len() as i16;
        match self.state {
            State::Idle => self.state = State::Filling { first: number, ran_dry: false },
            State::Filling { first, ran_dry } => {
                let distance = number.distance_from(first);
                if distance.unsigned_abs() >= capacity as u16 {
                    return self.restart(number, item);
                }
                if distance < 0 {
                    // All held must still fit behind the new first one.
                    if ran_dry || self.span(number) > capacity as usize {
                        return Inserted::Late;
                    }
                    self.state = State::Filling { first: number, ran_dry };
                }
            }
            State::Playing { next } => {
                let distance = number.distance_from(next);
                if distance >= capacity || distance < -capacity {
                    return self.restart(number, item);
                }
                if distance < 0 {
                    return Inserted::Late;
                }
            }
        }
        let slot = self.slot(number);
        if self.slots[slot].is_some() {
            return Inserted::Duplicate;
        }
        self.slots[slot] = Some((number, item));
        self.held += 1;
        Inserted::Held
    }

    /// Takes what is to be played now.
    pub fn take(&mut self) -> Taken<T> {
        let next = match self.state {
            State::Filling { first, .. } if self.held >= self.depth => first,
            State::Playing { next } if self.held > 0 => next,
            State::Playing { next } => {
                self.state = State::Filling { first: next, ran_dry: true };
                return Taken::Nothing;
            }
            State::Idle | State::Filling { .. } => return Taken::Nothing,
        };
        self.state = State::Playing { next: next.next() };
        let slot = self.slot(next);
        match self.slots[slot].take() {
            Some((_, item)) => {
                self.held -= 1;
                Taken::Item(item)
            }
            None => Taken::Missing,
        }
    }

    fn slot(&self, number: SequenceNumber) -> usize {
        usize::from(number.0) % self.slots.len()
    }

    /// How many numbers lie from `first` to the newest held.
    fn span(&self, first: SequenceNumber) -> usize {
        let newest = self.slots.iter().flatten().map(|(n, _)| n.distance_from(first)).max();
        newest.map_or(1, |n| n.max(0) as usize + 1)
    }

    fn restart(&mut self, number: SequenceNumber, item: T) -> Inserted {
        self.slots.iter_mut().for_each(|slot| *slot = None);
        self.held = 0;
        self.state = State::Idle;
        self.insert(number, item);
        Inserted::Restarted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reordered_packets_come_out_in_order_across_the_wrap() {
        let mut buffer = JitterBuffer::new(3);
        for n in [65_534, 0, 65_535, 65_535, 2] {
            buffer.insert(SequenceNumber(n), n);
        }
        let mut played = Vec::new();
        loop {
            match buffer.take() {
                Taken::Item(n) => played.push(Some(n)),
                Taken::Missing => played.push(None),
                Taken::Nothing => break,
            }
        }
        assert_eq!(played, [Some(65_534), Some(65_535), Some(0), None, Some(2)]);
        assert_eq!(buffer.insert(SequenceNumber(1), 1), Inserted::Late);
        assert!(buffer.is_empty());
    }

    #[test]
    fn it_fills_again_after_it_ran_dry() {
        let mut buffer = JitterBuffer::new(2);
        buffer.insert(SequenceNumber(1), 1);
        buffer.insert(SequenceNumber(2), 2);
        assert_eq!((buffer.take(), buffer.take()), (Taken::Item(1), Taken::Item(2)));
        assert_eq!(buffer.take(), Taken::Nothing);
        buffer.insert(SequenceNumber(3), 3);
        assert_eq!(buffer.take(), Taken::Nothing);
        buffer.insert(SequenceNumber(4), 4);
        assert_eq!((buffer.take(), buffer.take()), (Taken::Item(3), Taken::Item(4)));
    }

    #[test]
    fn a_restarted_stream_starts_over() {
        let mut buffer = JitterBuffer::new(1);
        buffer.insert(SequenceNumber(1), 1);
        assert_eq!(buffer.insert(SequenceNumber(30_000), 2), Inserted::Restarted);
        assert_eq!(buffer.take(), Taken::Item(2));
    }

    proptest! {
        /// It stays inside its bound, and what comes out ascends.
        #[test]
        fn bounded_and_ascending(
            depth in 1_usize..8,
            steps in proptest::collection::vec((0_u16..20, any::<bool>()), 0..200),
        ) {
            let mut buffer = JitterBuffer::new(depth);
            let mut last: Option<SequenceNumber> = None;
            for (n, (offset, take)) in steps.into_iter().enumerate() {
                let number = SequenceNumber(65_500).add(n as u16).add(offset % (depth as u16 + 1));
                if buffer.insert(number, number) == Inserted::Restarted {
                    last = None;
                }
                prop_assert!(buffer.len() <= depth * 8);
                if take && let Taken::Item(number) = buffer.take() {
                    prop_assert!(last.is_none_or(|last| number.is_after(last)));
                    last = Some(number);
                }
            }
        }
    }
}
