//! The record of a call that is still going on.

use std::time::Instant;

use switchboard_routing::LineId;

use crate::cause::Cause;
use crate::record::{CallKind, CallRecord, LegQuality, Party, RecordHead, RecordStep, millis};

/// The record of a call that is still going on. It is consumed by closing it, so a call cannot
/// write two.
#[derive(Debug)]
pub(crate) struct Ledger {
    head: RecordHead,
    start: Instant,
    to: Option<Party>,
    answered: Option<Instant>,
    recordable: bool,
    digits: Vec<String>,
    steps: Vec<RecordStep>,
    max_steps: usize,
    legs: Vec<LegQuality>,
}

impl Ledger {
    pub(crate) fn open(now: Instant, head: RecordHead, max_steps: usize) -> Self {
        Self {
            head,
            start: now,
            to: None,
            answered: None,
            recordable: false,
            digits: Vec::new(),
            steps: Vec::new(),
            max_steps,
            legs: Vec::new(),
        }
    }

    pub(crate) fn head(&self) -> &RecordHead {
        &self.head
    }

    /// Writes a step; beyond the bound only the last place is overwritten, so the end is kept.
    pub(crate) fn step(&mut self, now: Instant, what: impl Into<String>) {
        let at = millis(now.saturating_duration_since(self.start));
        let step = RecordStep { at, what: what.into() };
        if self.steps.len() < self.max_steps {
            self.steps.push(step);
        } else if let Some(last) = self.steps.last_mut() {
            *last = step;
        }
    }

    /// The digits of one stage; bounded like the steps.
    pub(crate) fn digits(&mut self, digits: impl Into<String>) {
        if self.digits.len() < self.max_steps {
            self.digits.push(digits.into());
        }
    }

    /// The first answer starts the talk time; a later one, by transfer, changes who has the call.
    pub(crate) fn answered(&mut self, now: Instant, by: Party) {
        self.answered.get_or_insert(now);
        self.to = Some(by);
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.answered.is_some()
    }

    /// Who has the call.
    pub(crate) fn to(&self) -> Option<&Party> {
        self.to.as_ref()
    }

    pub(crate) fn set_kind(&mut self, kind: CallKind) {
        self.head.kind = kind;
    }

    /// A call between colleagues goes on as the external call that it took its party from. Who
    /// called from outside is the caller still; who called outside is a colleague either way.
    pub(crate) fn continue_as(&mut self, was: RecordHead) {
        if was.kind == CallKind::Inbound {
            self.head.from = was.from;
        }
        self.head.kind = was.kind;
        self.head.dialled = was.dialled;
        self.head.line = was.line;
    }

    /// A user calls outside on this line; a call from outside stays what it is.
    pub(crate) fn set_outbound(&mut self, line: Option<&LineId>) {
        if self.head.kind == CallKind::Internal {
            self.head.kind = CallKind::Outbound;
            self.head.line = line.cloned();
        }
    }

    pub(crate) fn set_line(&mut self, line: Option<LineId>) {
        if line.is_some() {
            self.head.line = line;
        }
    }

    pub(crate) fn set_recordable(&mut self, recordable: bool) {
        self.recordable = recordable;
    }

    pub(crate) fn media(&mut self, quality: LegQuality) {
        self.legs.push(quality);
    }

    pub(crate) fn close(mut self, now: Instant, cause: Cause) -> CallRecord {
        self.step(now, format!("ended: {cause}"));
        CallRecord {
            head: self.head,
            to: self.to,
            answered: self.answered.map(|at| millis(at.saturating_duration_since(self.start))),
            duration: millis(now.saturating_duration_since(self.start)),
            talk: self.answered.map_or(0, |at| millis(now.saturating_duration_since(at))),
            cause,
            recordable: self.recordable,
            digits: self.digits,
            steps: self.steps,
            legs: self.legs,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ids::CallId;

    fn party(number: &str) -> Party {
        Party { user: None, number: number.to_owned() }
    }

    fn open(now: Instant, max_steps: usize) -> Ledger {
        let head = RecordHead {
            id: CallId(1),
            kind: CallKind::Internal,
            from: party("101"),
            dialled: "102".to_owned(),
            line: None,
            started: 0,
        };
        Ledger::open(now, head, max_steps)
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the test's epoch")]
    fn talk_time_runs_from_the_first_answer() {
        let now = Instant::now();
        let mut ledger = open(now, 8);
        ledger.answered(now + Duration::from_secs(3), party("102"));
        ledger.answered(now + Duration::from_secs(5), party("103"));
        let record = ledger.close(now + Duration::from_secs(10), Cause::Normal);
        assert_eq!((record.answered, record.talk, record.duration), (Some(3_000), 7_000, 10_000));
        assert_eq!(record.to, Some(party("103")));
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the test's epoch")]
    fn the_steps_are_bounded_and_the_end_is_kept() {
        let now = Instant::now();
        let mut ledger = open(now, 3);
        for n in 0..10 {
            ledger.step(now, format!("digit {n}"));
        }
        let record = ledger.close(now, Cause::Busy);
        let steps: Vec<_> = record.steps.iter().map(|step| step.what.as_str()).collect();
        assert_eq!(steps, ["digit 0", "digit 1", "ended: busy"]);
    }
}
