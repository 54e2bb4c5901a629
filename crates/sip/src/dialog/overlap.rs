use std::time::Duration;

use super::Role;
use crate::message::StatusCode;

/// Which INVITEs are open in a dialog: there may be one at a time (RFC 3261 section 14).
///
/// ```text
///   ours   begins: Err while either is open        ends: with its final response
///   theirs begins: 491 while ours is open,
///                  500 while another of theirs is  ends: with our final response
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InviteOverlap {
    ours: bool,
    theirs: bool,
}

/// An INVITE in a dialog comes while another is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Overlap {
    /// Both sides sent one: theirs gets 491, and whoever gets one waits [`retry_delay`].
    #[error("491: an INVITE of ours is open")]
    Ours,
    /// Theirs before is not answered yet: 500 with a Retry-After of 0 to 10 seconds.
    #[error("500: an INVITE of theirs is open")]
    Theirs,
}

impl Overlap {
    /// The status code of the answer (RFC 3261 section 14.2).
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Ours => StatusCode::REQUEST_PENDING,
            Self::Theirs => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }
}

impl InviteOverlap {
    /// We want to send one.
    ///
    /// # Errors
    /// [`Overlap`]: wait until what is open has ended.
    pub fn begin_ours(&mut self) -> Result<(), Overlap> {
        self.free()?;
        self.ours = true;
        Ok(())
    }

    /// Ours has its final response.
    pub fn end_ours(&mut self) {
        self.ours = false;
    }

    /// One of theirs has come.
    ///
    /// # Errors
    /// [`Overlap`]: answer with its status; what is open stays open.
    pub fn begin_theirs(&mut self) -> Result<(), Overlap> {
        self.free()?;
        self.theirs = true;
        Ok(())
    }

    /// Theirs has its final response.
    pub fn end_theirs(&mut self) {
        self.theirs = false;
    }

    fn free(self) -> Result<(), Overlap> {
        match self {
            Self { ours: true, .. } => Err(Overlap::Ours),
            Self { theirs: true, .. } => Err(Overlap::Theirs),
            _ => Ok(()),
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
    use super::*;

    /// A storm of INVITEs in a dialog, or one from each side: one at a time, the others refused.
    #[test]
    fn h26_one_invite_at_a_time() {
        let mut overlap = InviteOverlap::default();
        overlap.begin_ours().unwrap();
        let glare = overlap.begin_theirs().unwrap_err();
        assert_eq!((glare, glare.status().code()), (Overlap::Ours, 491));
        assert_eq!(overlap.begin_ours(), Err(Overlap::Ours));
        overlap.end_ours();
        overlap.begin_theirs().unwrap();
        let second = overlap.begin_theirs().unwrap_err();
        assert_eq!((second, second.status().code()), (Overlap::Theirs, 500));
        assert_eq!(overlap.begin_ours(), Err(Overlap::Theirs));
        overlap.end_theirs();
        overlap.begin_ours().unwrap();
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
