//! What the drive loop hands to the program around it.

use switchboard_media::{Recorded, RecordingId};
use switchboard_pbx::{CallId, CallRecord, Event, OriginateError, RecordHead, SavedBinding};
use switchboard_routing::UserId;

/// The program around the drive loop: keeps what must last, and shows what happens.
///
/// Every method returns at once; a disk or a network behind it is somebody else's task, for audio waits meanwhile.
pub trait Host {
    /// Keep a registration over a restart; it replaces one of the same user and contact.
    fn save_binding(&mut self, binding: SavedBinding);
    /// Forget a registration.
    fn remove_binding(&mut self, user: &UserId, contact: &str);
    /// A call begins: write it down.
    fn record_opened(&mut self, head: RecordHead);
    /// A call is over: complete its record.
    fn record_closed(&mut self, record: CallRecord);
    /// The answer to a [`Command::Call`](switchboard_pbx::Command::Call) with this token.
    fn originated(&mut self, token: u64, result: Result<CallId, OriginateError>);
    /// Something to show.
    fn event(&mut self, event: &Event);
    /// 20 ms of a recording, 50 times a second: write it elsewhere. A program that keeps no recordings
    /// drops it, and its buffer is used again.
    fn recorded(&mut self, block: Recorded) {
        drop(block);
    }
    /// The last block of a recording was given.
    fn recording_over(&mut self, recording: RecordingId) {
        let _ = recording;
    }
}
