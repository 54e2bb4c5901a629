//! A leg goes from one plane to another: where there is a plane a thread, two calls that become one may be on two.

use std::time::Instant;

use super::{Plane, PlaneError};
use crate::LegId;
use crate::leg::Leg;

/// A leg between two planes, with all that it knows of its peer: source, sequence, keys, digits, figures.
#[derive(Debug)]
pub struct MovedLeg {
    id: LegId,
    leg: Box<Leg>,
}

impl MovedLeg {
    /// Which leg it is.
    #[must_use]
    pub fn id(&self) -> LegId {
        self.id
    }
}

impl Plane {
    /// Gives a leg away: out of its bridge, its room and its recordings, which end with their last leg. `None`: there is no such leg.
    pub fn release(&mut self, now: Instant, id: LegId) -> Option<MovedLeg> {
        self.unbridge(now, id);
        self.hall.forget(id, &mut self.out);
        self.review(now, id);
        let mut leg = self.legs.remove(&id)?;
        leg.scheduled = None;
        self.drop_stale();
        Some(MovedLeg { id, leg: Box::new(leg) })
    }

    /// Takes a leg that another plane has given away.
    ///
    /// # Errors
    /// When there is a leg of this name, or no room. The leg is lost then.
    pub fn adopt(&mut self, now: Instant, moved: MovedLeg) -> Result<(), PlaneError> {
        let MovedLeg { id, leg } = moved;
        self.admit(id)?;
        self.legs.insert(id, *leg);
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.handle_timeout(now, &mut self.random, &mut self.out);
        }
        self.settle(now, id);
        Ok(())
    }
}
