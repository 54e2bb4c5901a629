//! Where audio is decoded: rooms of three and more, recordings, and bridges between codecs that no
//! table translates. All of it at 8000 Hz. One clock for all of them; without any of them it stands still.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use bytes::BufMut as _;

use crate::ear::BLOCK;
use crate::leg::Leg;
use crate::outputs::Outputs;
use crate::{LegId, Mixer, RecordingId, RoomId};

/// The time of a block.
const PERIOD: Duration = Duration::from_millis(20);
/// After a longer stall what was missed is left out.
const MAX_CATCH_UP: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub(super) struct Hall {
    /// When the next block is due; `None` while nobody needs one.
    due: Option<Instant>,
    /// The legs that have an ear.
    ears: BTreeSet<LegId>,
    rooms: BTreeMap<RoomId, BTreeSet<LegId>>,
    recordings: BTreeMap<RecordingId, Recording>,
}

/// Who is on which side of a recording.
#[derive(Debug)]
struct Recording {
    left: Option<LegId>,
    right: Option<LegId>,
    begun: Instant,
}

impl Hall {
    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Brings a leg into a room.
    pub(super) fn join(&mut self, room: RoomId, leg: LegId) {
        self.leave(leg);
        self.rooms.entry(room).or_default().insert(leg);
    }

    /// Takes a leg out of its room; an empty one is gone.
    pub(super) fn leave(&mut self, leg: LegId) {
        self.rooms.retain(|_, legs| {
            legs.remove(&leg);
            !legs.is_empty()
        });
    }

    /// Begins a recording, or goes on with another pair.
    pub(super) fn record(
        &mut self,
        now: Instant,
        id: RecordingId,
        left: Option<LegId>,
        right: Option<LegId>,
    ) {
        let begun = self.recordings.get(&id).map_or(now, |recording| recording.begun);
        self.recordings.insert(id, Recording { left, right, begun });
    }

    /// Ends a recording.
    pub(super) fn stop_recording(&mut self, id: RecordingId, out: &mut Outputs) {
        if self.recordings.remove(&id).is_some() {
            out.recording_over(id);
        }
    }

    /// How many recordings go on.
    pub(super) fn recordings(&self) -> usize {
        self.recordings.len()
    }

    /// The legs on both sides of a recording.
    pub(super) fn recorded(&self, id: RecordingId) -> impl Iterator<Item = LegId> + use<> {
        let recording = self.recordings.get(&id);
        recording.map(|r| [r.left, r.right]).unwrap_or_default().into_iter().flatten()
    }

    /// A leg is gone: from its room and its recordings, which end with their last leg.
    pub(super) fn forget(&mut self, leg: LegId, out: &mut Outputs) {
        self.leave(leg);
        self.ears.remove(&leg);
        self.recordings.retain(|id, recording| {
            for side in [&mut recording.left, &mut recording.right] {
                side.take_if(|id| *id == leg);
            }
            let goes_on = recording.left.is_some() || recording.right.is_some();
            if !goes_on {
                out.recording_over(*id);
            }
            goes_on
        });
    }

    /// Gives a leg an ear when somebody needs what it says, and takes it away when nobody does.
    pub(super) fn review(&mut self, now: Instant, id: LegId, leg: &mut Leg) {
        let is_in_room = self.rooms.values().any(|legs| legs.contains(&id));
        let is_recorded = self
            .recordings
            .values()
            .any(|recording| [recording.left, recording.right].contains(&Some(id)));
        if leg.is_translated || is_in_room || is_recorded {
            leg.open_ear();
            self.ears.insert(id);
            self.due.get_or_insert(now + PERIOD);
        } else {
            leg.close_ear();
            self.ears.remove(&id);
        }
        leg.hear_others(is_in_room || leg.is_translated);
    }

    /// Makes the blocks that are due.
    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        legs: &mut BTreeMap<LegId, Leg>,
        out: &mut Outputs,
    ) {
        while let Some(due) = self.due.filter(|due| *due <= now) {
            if self.ears.is_empty() && self.recordings.is_empty() {
                self.due = None;
                return;
            }
            let behind = now - due;
            let due = if behind > MAX_CATCH_UP {
                due + PERIOD * (behind.as_nanos() / PERIOD.as_nanos()) as u32
            } else {
                due
            };
            self.due = Some(due + PERIOD);
            self.tick(due, legs, out);
        }
    }

    fn tick(&self, now: Instant, legs: &mut BTreeMap<LegId, Leg>, out: &mut Outputs) {
        for id in &self.ears {
            let Some(leg) = legs.get_mut(id) else { continue };
            let Some(block) = leg.listen(now) else { continue };
            let listener = if leg.is_translated { leg.partner } else { None };
            if let Some(listener) = listener.and_then(|id| legs.get_mut(&id)) {
                listener.hear(&block);
            }
        }
        for room in self.rooms.values() {
            let mut mixer = Mixer::new();
            for block in room.iter().filter_map(|id| legs.get(id)?.said()) {
                mixer.add(block);
            }
            for id in room {
                let Some(leg) = legs.get_mut(id) else { continue };
                let mut heard = [0; BLOCK];
                mixer.all_but(leg.said().unwrap_or(&[0; BLOCK]), &mut heard);
                leg.hear(&heard);
            }
        }
        for (id, recording) in &self.recordings {
            let side = |leg: Option<LegId>| legs.get(&leg?)?.said();
            let (left, right) = (side(recording.left), side(recording.right));
            let at = now.saturating_duration_since(recording.begun);
            out.recorded(*id, at, |buffer| {
                for n in 0..BLOCK {
                    buffer.put_i16_le(left.map_or(0, |block| block[n]));
                    buffer.put_i16_le(right.map_or(0, |block| block[n]));
                }
            });
        }
    }
}
