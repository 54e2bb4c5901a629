//! The digits of one leg: telephone-events and INFO, merged, and collected while a stage asks.

use std::time::Instant;

use switchboard_dialstring::Digit;
use switchboard_dtmf::collector::{
    self, Collector, Earlier, Matcher, Mismatch, Outcome, Policy, TypeAhead,
};
use switchboard_dtmf::merge::{self, Merge, Way};
use switchboard_dtmf::{DigitSet, Instant as Micros};
use switchboard_routing::Collect;

/// The digits of one leg, each press once, and the collector that a stage of the router starts.
#[derive(Debug)]
pub(crate) struct Keys {
    epoch: Instant,
    merge: Merge,
    collector: Collector,
}

/// What the caller's keys mean.
#[derive(Debug)]
pub(crate) enum Output {
    /// The first digit of a stage: the prompt stops.
    BargeIn,
    /// The stage is over.
    Done(Outcome),
}

impl Keys {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            merge: Merge::new(merge::Config::default()),
            collector: Collector::new(TypeAhead::On),
        }
    }

    /// A stage begins, with its prompt.
    pub(crate) fn begin(&mut self, now: Instant, collect: &Collect, matcher: &dyn Matcher) {
        let policy = Policy {
            max: collect.max.max(1),
            terminators: collect.terminator.map_or(DigitSet::EMPTY, |digit| DigitSet::of(&[digit])),
            first_digit: Some(collect.first_digit),
            inter_digit: collect.inter_digit,
            // The rest of a wrong number is not mistaken for the answer to the next question.
            mismatch: Mismatch::Swallow,
            ..Policy::DEFAULT
        };
        let earlier = if collect.type_ahead { Earlier::Keep } else { Earlier::Flush };
        let now = self.micros(now);
        let prompt = collector::Prompt::Playing;
        // A stage that still runs gives way to the new one.
        _ = self.collector.handle(now, collector::Input::Abort);
        let begin = collector::Input::Begin { policy: &policy, prompt, earlier, matcher };
        _ = self.collector.handle(now, begin);
    }

    /// The prompt is over: the time for the first digit runs.
    pub(crate) fn prompt_ended(&mut self, now: Instant) {
        let now = self.micros(now);
        _ = self.collector.handle(now, collector::Input::PromptEnded);
    }

    /// A key, heard on one way: the digit, unless another way has told it already.
    pub(crate) fn press(&mut self, now: Instant, way: Way, digit: Digit) -> Option<Digit> {
        let began = self.micros(now);
        // More keys than can be told apart are no caller's: they are dropped.
        self.merge.handle(began, merge::Input { way, digit, began }).ok()?;
        self.merge.poll_output().map(|press| press.digit)
    }

    /// A digit for the collector.
    pub(crate) fn collect(&mut self, now: Instant, digit: Digit, matcher: &dyn Matcher) {
        let now = self.micros(now);
        _ = self.collector.handle(now, collector::Input::Press { digit, matcher });
    }

    /// The key is up again.
    pub(crate) fn release(&mut self, now: Instant) {
        let now = self.micros(now);
        _ = self.collector.handle(now, collector::Input::Release);
    }

    /// No stage asks any more.
    pub(crate) fn stop(&mut self, now: Instant) {
        let now = self.micros(now);
        _ = self.collector.handle(now, collector::Input::Abort);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let now = self.micros(now);
        self.merge.handle_timeout(now);
        self.collector.handle_timeout(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.collector.poll_timeout()?.to_std(self.epoch)
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        loop {
            match self.collector.poll_output()? {
                collector::Output::BargeIn(_) => return Some(Output::BargeIn),
                // No stage asks for it.
                collector::Output::LongPress(_) => {}
                collector::Output::Done(outcome) => return Some(Output::Done(outcome)),
            }
        }
    }

    fn micros(&self, now: Instant) -> Micros {
        Micros::from_std(self.epoch, now)
    }
}
