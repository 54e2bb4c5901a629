//! What the drive loop and the media threads say to each other.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use switchboard_media::{Command, LegId, MovedLeg, Output};

use super::bell::Bell;
use crate::rtp_ports::PortPair;

/// What a media thread is to do, in the order in which it comes.
pub(super) enum Order {
    /// These are the sockets of a leg to be.
    Sockets(LegId, PortPair),
    /// For the plane.
    Command(Command),
    /// The leg goes to another thread, with its sockets.
    GiveUp(Promise),
    /// The leg comes from another thread: what follows waits for it.
    Expect(LegId),
    /// What has become of it.
    Arrived(LegId, Arriving),
    /// The thread ends.
    Stop,
    /// The thread panics.
    #[cfg(test)]
    Panic,
}

/// What comes of a leg that another thread waits for.
pub(super) enum Arriving {
    Here(Box<Arrival>),
    /// It was over already, and who had it has said so.
    Over,
    /// Who had it has ended.
    Lost,
}

/// Another thread waits for this leg. It is told that it is lost when the promise is forgotten: by a thread that has ended, or that
/// panics.
pub(super) struct Promise {
    leg: LegId,
    to: Option<Inlet>,
}

impl Promise {
    pub(super) fn new(leg: LegId, to: Inlet) -> Self {
        Self { leg, to: Some(to) }
    }

    pub(super) fn leg(&self) -> LegId {
        self.leg
    }

    pub(super) fn keep(mut self, arriving: Arriving) {
        self.tell(arriving);
    }

    fn tell(&mut self, arriving: Arriving) {
        if let Some(to) = self.to.take() {
            to.put(Order::Arrived(self.leg, arriving));
            to.bell.ring();
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.tell(Arriving::Lost);
    }
}

/// A leg on its way from one thread to another.
pub(super) struct Arrival {
    pub(super) leg: MovedLeg,
    pub(super) sockets: PortPair,
}

/// What came of a round: no packets.
pub(crate) type News = Vec<Output>;

/// What a thread has to say.
pub(super) enum Word {
    News(News),
    /// The thread of this number has panicked.
    Died(usize),
}

/// The way into a media thread.
#[derive(Clone)]
pub(super) struct Inlet {
    pub(super) orders: Sender<Order>,
    pub(super) bell: Arc<Bell>,
}

impl Inlet {
    /// Queues an order; the bell is for the caller to ring.
    pub(super) fn put(&self, order: Order) {
        // A thread that has ended needs nothing any more.
        _ = self.orders.send(order);
    }
}
