use core::time::Duration;

use switchboard_dialstring::{DialPlan, Digit, PauseLengths, Symbol};

/// What to send: digits and pauses, in order, at most [`Plan::CAPACITY`].
///
/// ```
/// use switchboard_dtmf::{DialPlan, PauseLengths};
/// use switchboard_dtmf::sender::Plan;
///
/// let dial_plan: DialPlan = "42,1".parse()?;
/// let plan = Plan::of(&dial_plan, &PauseLengths::default());
/// assert_eq!(plan.steps().len(), 4);
/// # Ok::<(), switchboard_dialstring::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    steps: [Step; Self::CAPACITY],
    len: usize,
}

/// One step of a [`Plan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A tone, followed by the usual gap.
    Digit(Digit),
    /// Silence beyond the usual gap.
    Pause(Duration),
}

impl Plan {
    /// The most steps: as many as a dial plan has symbols.
    pub const CAPACITY: usize = DialPlan::MAX_SYMBOLS;

    /// The plan of a dial string's tones, each pause symbol as long as the settings say.
    #[must_use]
    pub fn of(dial_plan: &DialPlan, pauses: &PauseLengths) -> Self {
        dial_plan
            .symbols()
            .map(|symbol| match symbol {
                Symbol::Digit(digit) => Step::Digit(digit),
                Symbol::Pause(pause) => Step::Pause(pauses.of(pause)),
            })
            .collect()
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps[..self.len]
    }
}

/// Keeps the first [`Plan::CAPACITY`] steps.
impl FromIterator<Step> for Plan {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        let mut plan = Self { steps: [Step::Pause(Duration::ZERO); Self::CAPACITY], len: 0 };
        for (slot, step) in plan.steps.iter_mut().zip(steps) {
            *slot = step;
            plan.len += 1;
        }
        plan
    }
}

/// Keeps the first [`Plan::CAPACITY`] digits.
impl FromIterator<Digit> for Plan {
    fn from_iter<I: IntoIterator<Item = Digit>>(digits: I) -> Self {
        digits.into_iter().map(Step::Digit).collect()
    }
}
