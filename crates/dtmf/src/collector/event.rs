//! What a collector is told, and what it says.

use core::fmt;

use switchboard_dialstring::Digit;

use super::policy::{Matcher, Policy};
use crate::Digits;

/// What happens to a collector.
pub enum Input<'a> {
    /// A stage begins.
    Begin {
        /// What it accepts and how long it waits.
        policy: &'a Policy,
        /// Whether a prompt is being played.
        prompt: Prompt,
        /// What becomes of digits that came before.
        earlier: Earlier,
        /// Judges the digits that came before, if they are kept.
        matcher: &'a dyn Matcher,
    },
    /// The prompt is over: the caller's time for the first digit starts.
    PromptEnded,
    /// A key went down.
    Press {
        /// Which.
        digit: Digit,
        /// Judges the digits with this one.
        matcher: &'a dyn Matcher,
    },
    /// A key went up: the time for the next digit starts anew. Not every way of hearing digits
    /// can tell; without it the time runs from the press.
    Release,
    /// Forgets digits typed ahead. Digits of a stage that runs stay.
    Flush,
    /// Ends the stage without an outcome (the call went elsewhere).
    Abort,
}

/// Whether a prompt plays while a stage begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// It plays: digits count, the first-digit timer waits for [`Input::PromptEnded`].
    Playing,
    /// There is none: the first-digit timer runs at once.
    Silent,
}

/// What becomes of digits typed before a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Earlier {
    /// They are forgotten.
    #[default]
    Flush,
    /// They count as the stage's first digits, if [`TypeAhead::On`](super::TypeAhead::On) kept them.
    Keep,
}

/// What a collector says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The stage's first key went down, whichever it was: stop the prompt.
    BargeIn(Digit),
    /// A digit's key has been down for [`Policy::long_press`]. The stage goes on; of a key that
    /// ends it nothing is told.
    LongPress(Digit),
    /// The stage is over.
    Done(Outcome),
}

/// How a stage ended. Each carries the digits as they were dialled, without the terminator: a right
/// answer, a partial one (`Timeout`), a wrong one, one that was given up, and none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The digits match.
    Complete {
        /// What was dialled.
        digits: Digits,
        /// What ended the wait.
        by: Trigger,
    },
    /// The caller stopped in the middle of something that could have matched.
    Timeout {
        /// What was dialled.
        digits: Digits,
    },
    /// The digits match nothing: a wrong one, too few before the terminator, or too many.
    Invalid {
        /// What was dialled, the wrong one included.
        digits: Digits,
    },
    /// A cancel key.
    Cancelled {
        /// What was dialled before.
        digits: Digits,
    },
    /// Nothing was dialled in time.
    NoInput,
}

impl Outcome {
    /// What was dialled, whatever came of it.
    #[must_use]
    pub fn digits(&self) -> Digits {
        match self {
            Self::Complete { digits, .. }
            | Self::Timeout { digits }
            | Self::Invalid { digits }
            | Self::Cancelled { digits } => *digits,
            Self::NoInput => Digits::new(),
        }
    }
}

/// What made matching digits the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Nothing longer could match.
    Unambiguous,
    /// There were as many digits as the policy allows.
    Length,
    /// The caller said so.
    Terminator(Digit),
    /// The caller stopped.
    Timer,
}

/// Why an input was refused. The collector is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A stage runs, or its outcome has not been taken yet.
    #[error("a stage runs already: take its outcome, or abort it, before the next begins")]
    Busy,
    /// More digits were typed ahead than fit.
    #[error("no room for another digit typed ahead: {} are the most", Digits::CAPACITY)]
    TypedTooFarAhead,
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin { policy, prompt, earlier, .. } => f
                .debug_struct("Begin")
                .field("policy", policy)
                .field("prompt", prompt)
                .field("earlier", earlier)
                .finish_non_exhaustive(),
            Self::PromptEnded => f.write_str("PromptEnded"),
            Self::Press { digit, .. } => {
                f.debug_struct("Press").field("digit", digit).finish_non_exhaustive()
            }
            Self::Release => f.write_str("Release"),
            Self::Flush => f.write_str("Flush"),
            Self::Abort => f.write_str("Abort"),
        }
    }
}
