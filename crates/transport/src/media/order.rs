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
    GiveUp(LegId, Inlet),
    /// The leg comes from another thread: what follows waits for it.
    Expect(LegId),
    /// It has come, unless it was over already.
    Arrived(LegId, Option<Box<Arrival>>),
    /// The thread ends.
    Stop,
}

/// A leg on its way from one thread to another.
pub(super) struct Arrival {
    pub(super) leg: MovedLeg,
    pub(super) sockets: PortPair,
}

/// What came of a round: no packets.
pub(crate) type News = Vec<Output>;

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
