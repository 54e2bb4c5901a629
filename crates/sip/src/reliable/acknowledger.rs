use crate::dialog::{DialogId, MAX_FORKS};
use crate::message::{HeaderName, Message, RAck};

/// What a provisional response to an INVITE of ours is to its sender's reliability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reception {
    /// Not a reliable one: nothing but the response itself.
    Unreliable,
    /// A reliable one, in order: use it, and send the PRACK with this ([`Dialog::prack`]).
    ///
    /// [`Dialog::prack`]: crate::dialog::Dialog::prack
    New(RAck),
    /// It has been here: drop it. Its PRACK is on its way, repeated by its own transaction.
    Repeated,
    /// One before it is missing: drop it; its sender repeats both (RFC 3262 section 4).
    OutOfOrder,
    /// Reliable, but without a tag or an RSeq, of more forks than are kept, or one of too many: drop
    /// it.
    Unusable,
}

/// The most responses to one INVITE that get a PRACK. A called side that rings for an hour and says so
/// each minute (RFC 3261 section 13.3.1.1) stays below; one that sends them on and on would take a
/// transaction of ours for each.
pub const MAX_RESPONSES: u32 = 128;

/// The caller's side (RFC 3262 section 4) of one INVITE: which reliable provisional responses are
/// new and in order, each early dialog counted for itself.
///
/// It has no timers: a PRACK is a request like any other and repeated by its transaction.
#[derive(Debug, Clone, Default)]
pub struct Acknowledger {
    /// The last RSeq in order, by dialog.
    last: Vec<(DialogId, u32)>,
    /// How many there were.
    taken: u32,
}

impl Acknowledger {
    /// Takes a provisional response to the INVITE.
    pub fn receive(&mut self, response: &Message) -> Reception {
        let reliable = response.status().is_some_and(|s| (101..200).contains(&s.code()))
            && response.lists(HeaderName::Require, super::OPTION_TAG);
        if !reliable {
            return Reception::Unreliable;
        }
        let rseq = response.number(HeaderName::RSeq).filter(|&rseq| rseq > 0);
        let (Some(rseq), Some(dialog)) = (rseq, DialogId::of_response(response)) else {
            return Reception::Unusable;
        };
        let full = self.last.len() >= MAX_FORKS;
        let enough = self.taken >= MAX_RESPONSES;
        match self.last.iter_mut().find(|(known, _)| *known == dialog) {
            Some((_, last)) if rseq <= *last => return Reception::Repeated,
            Some((_, last)) if rseq - 1 > *last => return Reception::OutOfOrder,
            _ if enough => return Reception::Unusable,
            Some((_, last)) => *last = rseq,
            None if full => return Reception::Unusable,
            // Section 4: the first response sets the number, whatever it is.
            None => self.last.push((dialog, rseq)),
        }
        self.taken += 1;
        let cseq = response.cseq();
        Reception::New(RAck { rseq, cseq: cseq.number, method: cseq.method.clone() })
    }
}
