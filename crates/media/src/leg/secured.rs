//! SRTP as a stage of a leg: what comes in is opened before anything looks at it, what goes out is
//! sealed after everything.

use bytes::Bytes;
use switchboard_rtp::{SrtpError, SrtpReceiver, SrtpSender, is_rtcp};

use crate::{Channel, SrtpKeys};

#[derive(Debug)]
pub(crate) struct Secured {
    keys: SrtpKeys,
    sender: SrtpSender,
    receiver: SrtpReceiver,
    /// With the key before a re-INVITE, until the first packet with the new one: some are under way.
    previous: Option<SrtpReceiver>,
}

impl Secured {
    pub(super) fn new(keys: SrtpKeys) -> Self {
        Self {
            keys,
            sender: SrtpSender::new(keys.send),
            receiver: SrtpReceiver::new(keys.receive),
            previous: None,
        }
    }

    /// The keys of a new agreement; the same ones change nothing.
    pub(super) fn rekey(&mut self, keys: SrtpKeys) {
        if keys.send != self.keys.send {
            self.sender = SrtpSender::new(keys.send);
        }
        if keys.receive != self.keys.receive {
            let receiver = SrtpReceiver::new(keys.receive);
            self.previous = Some(core::mem::replace(&mut self.receiver, receiver));
        }
        self.keys = keys;
    }

    pub(super) fn open(&mut self, channel: Channel, datagram: &[u8]) -> Result<Bytes, SrtpError> {
        let open = |receiver: &mut SrtpReceiver| match channel {
            Channel::Rtp if !is_rtcp(datagram) => receiver.open_rtp(datagram),
            Channel::Rtp | Channel::Rtcp => receiver.open_rtcp(datagram),
        };
        let opened = open(&mut self.receiver);
        match (&opened, &mut self.previous) {
            (Ok(_), previous) => *previous = None,
            (Err(_), Some(previous)) => return open(previous),
            (Err(_), None) => {}
        }
        opened
    }

    /// Seals a packet; `None` when its key is used up: nothing is ever sent in the clear instead.
    pub(crate) fn seal(&mut self, packet: &[u8]) -> Option<Bytes> {
        if is_rtcp(packet) {
            self.sender.seal_rtcp(packet).ok()
        } else {
            self.sender.seal_rtp(packet).ok()
        }
    }
}
