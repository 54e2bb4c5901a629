use std::time::Duration;

use super::Role;
use crate::message::{Method, StatusCode};

/// A side of a dialog, seen from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// We.
    Ours,
    /// The far end.
    Theirs,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Ours => Self::Theirs,
            Self::Theirs => Self::Ours,
        }
    }
}

/// Whether a message carries an offer of a session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// An offer.
    Offer,
    /// None: an INVITE without one asks for an offer in its response.
    Nothing,
}

/// What is open in a dialog between the two sides: one INVITE and one UPDATE at a time, and one
/// offer (RFC 3261 section 14, RFC 3311 section 5, RFC 3264 section 4).
///
/// ```text
///   INVITE, UPDATE   ours: Err while something is in the way      end: with the final response
///                  theirs: 491 or 500                             a refusal takes its offer back
///   offer            in INVITE, its reliable responses and 2xx, PRACK, UPDATE
///   answer           in the reliable response, 2xx, ACK, PRACK, or the 2xx to PRACK and UPDATE
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exchange {
    invite: Option<Side>,
    our_update: bool,
    their_update: bool,
    offer: Option<Offer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Offer {
    by: Side,
    /// What a refusal of takes the offer back.
    within: Within,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Invite,
    Update,
    Prack,
    /// A response to the other side's INVITE.
    Response,
}

/// A request or an offer comes while another is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Ours is open: theirs gets 491, and whoever gets one waits [`retry_delay`].
    #[error("491: a request or an offer of ours is open")]
    Ours,
    /// Theirs before has no answer yet: 500 with a Retry-After of 0 to 10 seconds.
    #[error("500: a request or an offer of theirs is open")]
    Theirs,
}

impl Conflict {
    /// The status code of the answer (RFC 3261 section 14.2, RFC 3311 section 5.2).
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Ours => StatusCode::REQUEST_PENDING,
            Self::Theirs => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }

    /// The Retry-After that the answer has to carry, in whole seconds. `entropy` is any number
    /// from the owner's random source.
    #[must_use]
    pub fn retry_after(self, entropy: u64) -> Option<u64> {
        match self {
            Self::Ours => None,
            Self::Theirs => Some(entropy % 11),
        }
    }
}

/// An answer without an offer before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no offer that this could answer")]
pub struct NoOffer;

impl Exchange {
    /// A request begins: one of ours that we want to send, or one of theirs that has come. Only
    /// INVITE, UPDATE and PRACK are looked at.
    ///
    /// # Errors
    /// [`Conflict`]: answer theirs with its status, wait with ours; what is open stays open.
    pub fn begin(&mut self, by: Side, method: &Method, carries: Carries) -> Result<(), Conflict> {
        let within = match method {
            Method::Invite => {
                self.free(self.invite)?;
                // Its offer, or the one that it asks for, needs the way to be free.
                self.free(self.offer.map(|offer| offer.by))?;
                self.invite = Some(by);
                Within::Invite
            }
            Method::Update => {
                let open = match by {
                    Side::Ours => self.our_update,
                    Side::Theirs => self.their_update,
                };
                self.free(open.then_some(by))?;
                if carries == Carries::Offer {
                    self.free(self.offer.map(|offer| offer.by))?;
                }
                *self.update_of(by) = true;
                Within::Update
            }
            Method::Prack => Within::Prack,
            _ => return Ok(()),
        };
        match carries {
            Carries::Offer => self.offer(by, within),
            Carries::Nothing => Ok(()),
        }
    }

    /// A request has its final response.
    pub fn end(&mut self, by: Side, method: &Method, status: StatusCode) {
        let (was_open, within) = match method {
            Method::Invite => (self.invite.take_if(|open| *open == by).is_some(), Within::Invite),
            Method::Update => (std::mem::take(self.update_of(by)), Within::Update),
            Method::Prack => (true, Within::Prack),
            _ => return,
        };
        if was_open && !status.is_success() {
            let answered = within == Within::Invite;
            self.offer.take_if(|offer| match offer.within {
                Within::Response => answered && offer.by == by.other(),
                of => of == within && offer.by == by,
            });
        }
    }

    /// An offer in a response to an INVITE that had none: a reliable 1xx, or the 2xx.
    ///
    /// # Errors
    /// [`Conflict`]: another one waits for its answer.
    pub fn offer_in_response(&mut self, by: Side) -> Result<(), Conflict> {
        self.offer(by, Within::Response)
    }

    /// The answer to the open offer has come, or is sent.
    ///
    /// # Errors
    /// [`NoOffer`]: the other side has made none.
    pub fn answer(&mut self, by: Side) -> Result<(), NoOffer> {
        let open = self.offer.take_if(|offer| offer.by == by.other());
        open.map(|_| ()).ok_or(NoOffer)
    }

    /// Who has made the offer that waits for its answer.
    #[must_use]
    pub fn open_offer(&self) -> Option<Side> {
        self.offer.map(|offer| offer.by)
    }

    /// Whether an offer of ours may go out now.
    #[must_use]
    pub fn may_offer(&self) -> bool {
        self.offer.is_none()
    }

    fn offer(&mut self, by: Side, within: Within) -> Result<(), Conflict> {
        self.free(self.offer.map(|offer| offer.by))?;
        self.offer = Some(Offer { by, within });
        Ok(())
    }

    fn update_of(&mut self, side: Side) -> &mut bool {
        match side {
            Side::Ours => &mut self.our_update,
            Side::Theirs => &mut self.their_update,
        }
    }

    fn free(&self, open: Option<Side>) -> Result<(), Conflict> {
        match open {
            Some(Side::Ours) => Err(Conflict::Ours),
            Some(Side::Theirs) => Err(Conflict::Theirs),
            None => Ok(()),
        }
    }
}

/// How long to wait after a 491 before trying again (RFC 3261 section 14.1), in steps of 10 ms:
/// 2.1 to 4 s for the side that chose the Call-ID, 0 to 2 s for the other. `entropy` is any number
/// from the owner's random source.
#[must_use]
pub fn retry_delay(role: Role, entropy: u64) -> Duration {
    let steps = match role {
        Role::Uac => 210 + entropy % 191,
        Role::Uas => entropy % 201,
    };
    Duration::from_millis(steps * 10)
}

#[cfg(test)]
mod tests {
    use super::Carries::{Nothing, Offer};
    use super::Side::{Ours, Theirs};
    use super::*;

    const OK: StatusCode = StatusCode::OK;
    const BUSY: StatusCode = StatusCode::BUSY_HERE;

    /// A storm of INVITEs in a dialog, or one from each side: one at a time, the others refused.
    #[test]
    fn h26_one_invite_at_a_time() {
        let mut exchange = Exchange::default();
        exchange.begin(Ours, &Method::Invite, Offer).unwrap();
        let glare = exchange.begin(Theirs, &Method::Invite, Offer).unwrap_err();
        assert_eq!((glare.status().code(), glare.retry_after(7)), (491, None));
        assert_eq!(exchange.begin(Ours, &Method::Invite, Offer), Err(Conflict::Ours));
        exchange.answer(Theirs).unwrap();
        exchange.end(Ours, &Method::Invite, OK);
        exchange.begin(Theirs, &Method::Invite, Nothing).unwrap();
        let second = exchange.begin(Theirs, &Method::Invite, Offer).unwrap_err();
        assert_eq!((second.status().code(), second.retry_after(21)), (500, Some(10)));
        assert_eq!(exchange.begin(Ours, &Method::Invite, Offer), Err(Conflict::Theirs));
        exchange.end(Theirs, &Method::Invite, BUSY);
        exchange.begin(Ours, &Method::Invite, Offer).unwrap();
        // A refusal takes its offer back; a response to a request that is not open changes nothing.
        exchange.end(Theirs, &Method::Invite, BUSY);
        assert_eq!(exchange.open_offer(), Some(Ours));
        exchange.end(Ours, &Method::Invite, BUSY);
        assert!(exchange.may_offer());
    }

    /// An offer in the 2xx, and its answer in the ACK.
    #[test]
    fn a_late_offer_is_open_until_the_ack() {
        let mut exchange = Exchange::default();
        exchange.begin(Theirs, &Method::Invite, Nothing).unwrap();
        exchange.offer_in_response(Ours).unwrap();
        exchange.end(Theirs, &Method::Invite, OK);
        let glare = exchange.begin(Theirs, &Method::Update, Offer).unwrap_err();
        assert_eq!(glare.status().code(), 491);
        assert_eq!(exchange.begin(Theirs, &Method::Invite, Offer), Err(Conflict::Ours));
        assert_eq!(exchange.answer(Ours), Err(NoOffer));
        exchange.answer(Theirs).unwrap();
        assert_eq!(exchange.answer(Theirs), Err(NoOffer));
        exchange.begin(Theirs, &Method::Update, Offer).unwrap();
    }

    /// RFC 3311 section 5.2.
    #[test]
    fn updates_with_offers_meet() {
        let mut exchange = Exchange::default();
        exchange.begin(Ours, &Method::Update, Offer).unwrap();
        assert_eq!(exchange.begin(Theirs, &Method::Update, Offer), Err(Conflict::Ours));
        // One without an offer, such as a refresh of the session, is in nobody's way.
        exchange.begin(Theirs, &Method::Update, Nothing).unwrap();
        exchange.end(Theirs, &Method::Update, OK);
        assert_eq!(exchange.begin(Ours, &Method::Update, Nothing), Err(Conflict::Ours));
        exchange.end(Ours, &Method::Update, BUSY);
        assert!(exchange.may_offer(), "a refusal takes the offer back");
        exchange.begin(Theirs, &Method::Update, Offer).unwrap();
        assert_eq!(exchange.begin(Theirs, &Method::Update, Nothing), Err(Conflict::Theirs));
        assert_eq!(exchange.begin(Ours, &Method::Invite, Offer), Err(Conflict::Theirs));
        exchange.answer(Ours).unwrap();
        exchange.end(Theirs, &Method::Update, OK);
    }

    /// RFC 3262 section 5: offer in the INVITE, answer in the reliable response, and once more in
    /// PRACK and UPDATE, all before the INVITE is answered.
    #[test]
    fn several_rounds_before_the_call_is_answered() {
        let mut exchange = Exchange::default();
        exchange.begin(Theirs, &Method::Invite, Offer).unwrap();
        assert_eq!(exchange.begin(Theirs, &Method::Update, Offer), Err(Conflict::Theirs));
        exchange.answer(Ours).unwrap();
        exchange.begin(Theirs, &Method::Prack, Offer).unwrap();
        assert_eq!(exchange.begin(Ours, &Method::Update, Offer), Err(Conflict::Theirs));
        exchange.answer(Ours).unwrap();
        exchange.begin(Ours, &Method::Update, Offer).unwrap();
        exchange.answer(Theirs).unwrap();
        exchange.end(Ours, &Method::Update, OK);
        exchange.end(Theirs, &Method::Invite, OK);
        assert_eq!(exchange, Exchange::default());
        exchange.begin(Ours, &Method::Bye, Nothing).unwrap();
        exchange.end(Ours, &Method::Bye, OK);
        assert_eq!(exchange, Exchange::default());
    }

    /// RFC 3262 section 5: the offer in the first reliable response, its answer in the PRACK; the
    /// 2xx then has none.
    #[test]
    fn an_offer_in_a_reliable_response_is_answered_by_its_prack() {
        let mut exchange = Exchange::default();
        exchange.begin(Theirs, &Method::Invite, Nothing).unwrap();
        exchange.offer_in_response(Ours).unwrap();
        assert_eq!(exchange.offer_in_response(Ours), Err(Conflict::Ours));
        assert_eq!(exchange.begin(Theirs, &Method::Update, Offer), Err(Conflict::Ours));
        exchange.begin(Theirs, &Method::Prack, Nothing).unwrap();
        exchange.answer(Theirs).unwrap();
        exchange.begin(Theirs, &Method::Update, Offer).unwrap();
        exchange.answer(Ours).unwrap();
        exchange.end(Theirs, &Method::Update, OK);
        exchange.end(Theirs, &Method::Invite, OK);
        assert_eq!(exchange, Exchange::default());
    }

    /// Whatever a refusal is of, its offer goes with it, and no other.
    #[test]
    fn a_refusal_takes_its_offer_back() {
        let mut exchange = Exchange::default();
        exchange.begin(Theirs, &Method::Invite, Nothing).unwrap();
        exchange.offer_in_response(Ours).unwrap();
        exchange.end(Theirs, &Method::Prack, BUSY);
        assert_eq!(exchange.open_offer(), Some(Ours));
        exchange.end(Theirs, &Method::Invite, BUSY);
        assert_eq!(exchange, Exchange::default());
        exchange.begin(Theirs, &Method::Prack, Offer).unwrap();
        exchange.end(Theirs, &Method::Prack, OK);
        assert_eq!(exchange.open_offer(), Some(Theirs));
        exchange.end(Theirs, &Method::Prack, BUSY);
        assert!(exchange.may_offer());
    }

    #[test]
    fn the_sides_wait_in_ranges_that_do_not_meet() {
        for entropy in [0, 1, 190, 191, 200, 201, u64::MAX] {
            let caller = retry_delay(Role::Uac, entropy).as_millis();
            assert!((2_100..=4_000).contains(&caller), "{caller}");
            let called = retry_delay(Role::Uas, entropy).as_millis();
            assert!(called <= 2_000, "{called}");
        }
    }
}
