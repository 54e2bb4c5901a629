//! The queue of outputs and the buffer that their datagrams share.

use core::time::Duration;
use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};

use crate::leg::Secured;
use crate::{Channel, Event, EventKind, LegId, Output, Recorded, RecordingId, Transmit};

/// The largest datagram that is built.
pub(crate) const MAX_DATAGRAM: usize = 1_500;
/// The shared buffer: about 350 packets of 20 ms.
const CHUNK: usize = 64 * 1_024;

/// Datagrams are cut from one buffer. Once all of them are dropped the buffer is used again, so
/// that a shell that sends and drops costs no allocation a packet.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    queue: VecDeque<Output>,
    buffer: BytesMut,
}

impl Outputs {
    /// Queues the datagram that `write` puts into the buffer, at most [`MAX_DATAGRAM`] octets, sealed
    /// where the leg has keys.
    pub(crate) fn transmit(
        &mut self,
        leg: LegId,
        channel: Channel,
        destination: SocketAddr,
        secured: Option<&mut Secured>,
        write: impl FnOnce(&mut BytesMut),
    ) {
        let payload = self.cut(write);
        let payload = match secured {
            None => payload,
            Some(secured) => match secured.seal(&payload) {
                Some(sealed) => sealed,
                None => return,
            },
        };
        self.queue.push_back(Output::Transmit(Transmit { leg, channel, destination, payload }));
    }

    /// Queues a block of a recording.
    pub(crate) fn recorded(
        &mut self,
        recording: RecordingId,
        at: Duration,
        write: impl FnOnce(&mut BytesMut),
    ) {
        let samples = self.cut(write);
        self.queue.push_back(Output::Recorded(Recorded { recording, at, samples }));
    }

    pub(crate) fn recording_over(&mut self, recording: RecordingId) {
        self.queue.push_back(Output::RecordingOver(recording));
    }

    fn cut(&mut self, write: impl FnOnce(&mut BytesMut)) -> Bytes {
        if self.buffer.capacity() < MAX_DATAGRAM {
            self.buffer.reserve(CHUNK);
        }
        write(&mut self.buffer);
        self.buffer.split().freeze()
    }

    pub(crate) fn event(&mut self, leg: LegId, kind: EventKind) {
        self.queue.push_back(Output::Event(Event { leg, kind }));
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        let next = self.queue.pop_front();
        if next.is_none() && self.buffer.capacity() < CHUNK / 2 {
            // Everything is taken; when it is dropped too, the whole buffer is free again.
            let _ = self.buffer.try_reclaim(CHUNK);
        }
        next
    }
}
