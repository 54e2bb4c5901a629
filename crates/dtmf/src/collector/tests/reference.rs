//! What a collector does, as plainly as can be: it keeps what happened and works out anew, each
//! time, what that means. The tests and the fuzz target run the machine beside it.

use std::vec::Vec;

use super::api::*;

/// What happens. Time passes only by `Wait`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Begin(Policy, Prompt, Earlier),
    Digit(Digit),
    Wait(u64),
    PromptEnded,
    Release,
    Flush,
    Abort,
}

pub(crate) struct Reference {
    dialable: fn(&[Digit]) -> Match,
    type_ahead: TypeAhead,
    /// Milliseconds.
    now: u64,
    /// Of the stage that runs, or of the last one.
    policy: Policy,
    stage: Option<Stage>,
    ahead: Vec<Digit>,
    /// The last stage ended without a terminator, nothing was pressed since, and one belongs to it
    /// until then.
    extra_until: Option<u64>,
    said: Vec<Output>,
}

struct Stage {
    begun: u64,
    prompt_ended: Option<u64>,
    digits: Vec<Digit>,
    /// The last press or release.
    last: u64,
    /// Since when the last digit's key is down, until its long press is told.
    down: Option<u64>,
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

impl Reference {
    pub(crate) fn new(type_ahead: TypeAhead, dialable: fn(&[Digit]) -> Match) -> Self {
        let policy = Policy { terminators: DigitSet::EMPTY, ..Policy::DEFAULT };
        let (stage, ahead, said) = (None, Vec::new(), Vec::new());
        Self { dialable, type_ahead, now: 0, policy, stage, ahead, extra_until: None, said }
    }

    pub(crate) fn is_collecting(&self) -> bool {
        self.stage.is_some()
    }

    pub(crate) fn drain(&mut self) -> Vec<Output> {
        core::mem::take(&mut self.said)
    }

    /// When a timer is due, and that of a long press.
    pub(crate) fn due(&self) -> Option<u64> {
        let long = self.long_press_due();
        [self.stage_due(), long].into_iter().flatten().min()
    }

    pub(crate) fn apply(&mut self, event: &Event) -> Result<(), Error> {
        if let Event::Wait(millis) = event {
            self.now += millis;
        }
        self.fire();
        match event {
            Event::Begin(policy, prompt, earlier) => {
                if self.stage.is_some() || self.outcome().is_some() {
                    return Err(Error::Busy);
                }
                self.begin(*policy, *prompt);
                for digit in core::mem::take(&mut self.ahead) {
                    if *earlier == Earlier::Keep {
                        self.press(digit).expect("it fitted before");
                    }
                }
            }
            Event::Digit(digit) => return self.press(*digit),
            Event::Wait(_) => {}
            Event::PromptEnded => {
                let now = self.now;
                if let Some(stage) = self.stage.as_mut().filter(|stage| stage.digits.is_empty()) {
                    stage.prompt_ended.get_or_insert(now);
                }
            }
            Event::Release => {
                if let Some(stage) = self.stage.as_mut().filter(|stage| !stage.digits.is_empty()) {
                    (stage.last, stage.down) = (self.now, None);
                }
            }
            Event::Flush => self.ahead.clear(),
            Event::Abort => {
                self.stage = None;
                self.said.clear();
                self.extra_until = None;
            }
        }
        Ok(())
    }

    fn begin(&mut self, policy: Policy, prompt: Prompt) {
        let max = policy.max.clamp(1, 32);
        self.policy = Policy { max, min: policy.min.clamp(1, max), ..policy };
        self.stage = Some(Stage {
            begun: self.now,
            prompt_ended: (prompt == Prompt::Silent).then_some(self.now),
            digits: Vec::new(),
            last: self.now,
            down: None,
        });
    }

    fn press(&mut self, digit: Digit) -> Result<(), Error> {
        let stands_alone = self.stage.as_ref().is_none_or(|stage| stage.digits.is_empty());
        if stands_alone
            && self.extra_until.take().is_some_and(|until| self.now < until)
            && self.policy.terminators.contains(digit)
        {
            return Ok(());
        }
        let Some(stage) = &mut self.stage else { return self.press_ahead(digit) };
        if stands_alone {
            self.said.push(Output::BargeIn(digit));
        }
        let before = stage.digits.clone();
        if self.policy.cancel.contains(digit) {
            self.end(Outcome::Cancelled { digits: held(&before) }, false);
            return Ok(());
        }
        let is_option = stands_alone && (self.dialable)(&[digit]) != Match::None;
        if self.policy.terminators.contains(digit) && !is_option {
            let (digits, by) = (held(&before), Trigger::Terminator(digit));
            let complete = self.is_complete(&before);
            self.end(
                if complete {
                    Outcome::Complete { digits, by }
                } else {
                    Outcome::Invalid { digits }
                },
                false,
            );
            return Ok(());
        }
        stage.digits.push(digit);
        (stage.last, stage.down) = (self.now, Some(self.now));
        let all = stage.digits.clone();
        let (digits, longest) = (held(&all), all.len() >= self.policy.max.into());
        let enough = all.len() >= self.policy.min.into();
        let outcome = match self.answer(&all) {
            Match::Full if enough => Outcome::Complete { digits, by: Trigger::Unambiguous },
            Match::FullAndMore if longest => Outcome::Complete { digits, by: Trigger::Length },
            Match::None if self.policy.mismatch == Mismatch::AtOnce => Outcome::Invalid { digits },
            _ if longest => Outcome::Invalid { digits },
            _ => return Ok(()),
        };
        self.end(outcome, true);
        Ok(())
    }

    fn press_ahead(&mut self, digit: Digit) -> Result<(), Error> {
        if self.type_ahead == TypeAhead::Off {
            return Ok(());
        }
        let held = self.outcome().map_or(0, |outcome| outcome.digits().len());
        if held + self.ahead.len() >= Digits::CAPACITY {
            return Err(Error::TypedTooFarAhead);
        }
        self.ahead.push(digit);
        Ok(())
    }

    /// The outcome that has not been taken.
    fn outcome(&self) -> Option<Outcome> {
        match self.said.last() {
            Some(Output::Done(outcome)) => Some(*outcome),
            _ => None,
        }
    }

    /// Once wrong, always wrong.
    fn answer(&self, digits: &[Digit]) -> Match {
        let dead = (1..=digits.len()).any(|len| (self.dialable)(&digits[..len]) == Match::None);
        if dead { Match::None } else { (self.dialable)(digits) }
    }

    fn is_complete(&self, digits: &[Digit]) -> bool {
        !digits.is_empty()
            && self.answer(digits).is_match()
            && digits.len() >= self.policy.min.into()
    }

    fn stage_due(&self) -> Option<u64> {
        let stage = self.stage.as_ref()?;
        let policy = &self.policy;
        let next = if stage.digits.is_empty() {
            stage.prompt_ended.zip(policy.first_digit).map(|(at, first)| at + millis(first))
        } else if self.answer(&stage.digits).is_match() {
            Some(stage.last + millis(policy.critical.unwrap_or(policy.inter_digit)))
        } else {
            Some(stage.last + millis(policy.inter_digit))
        };
        let overall = policy.overall.map(|overall| stage.begun + millis(overall));
        [next, overall].into_iter().flatten().min()
    }

    fn long_press_due(&self) -> Option<u64> {
        let down = self.stage.as_ref()?.down?;
        self.policy.long_press.map(|long| down + millis(long))
    }

    fn fire(&mut self) {
        let due = self.stage_due();
        if let Some(long) = self.long_press_due()
            && long <= self.now
            && due.is_none_or(|due| long <= due)
            && let Some(stage) = &mut self.stage
            && let Some(digit) = stage.digits.last()
        {
            self.said.push(Output::LongPress(*digit));
            stage.down = None;
        }
        if due.is_none_or(|due| due > self.now) {
            return;
        }
        let all = self.stage.as_ref().map_or_else(Vec::new, |stage| stage.digits.clone());
        let digits = held(&all);
        let outcome = match self.answer(&all) {
            _ if all.is_empty() => Outcome::NoInput,
            Match::None => Outcome::Invalid { digits },
            _ if self.is_complete(&all) => Outcome::Complete { digits, by: Trigger::Timer },
            _ => Outcome::Timeout { digits },
        };
        self.end(outcome, outcome != Outcome::NoInput);
    }

    fn end(&mut self, outcome: Outcome, without_terminator: bool) {
        self.stage = None;
        self.said.push(Output::Done(outcome));
        let until = self.now + millis(self.policy.extra_digit);
        self.extra_until = without_terminator.then_some(until);
    }
}

fn held(digits: &[Digit]) -> Digits {
    digits.iter().copied().collect()
}
