use super::event::Outcome;

/// Counts how often a caller has failed at one question, and says whether to ask again. A wrong
/// answer and silence are counted apart: who dials wrong is there and may try again, who says
/// nothing may have no keys at all.
///
/// ```
/// use switchboard_dtmf::Digits;
/// use switchboard_dtmf::collector::{Attempts, Next, Outcome};
///
/// let mut attempts = Attempts::new(3, 1);
/// let wrong = Outcome::Invalid { digits: Digits::new() };
/// assert_eq!(attempts.note(&wrong), Next::Ask);
/// assert_eq!(attempts.note(&wrong), Next::Ask);
/// assert_eq!(attempts.note(&wrong), Next::GiveUp);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    most_wrong: u8,
    most_silent: u8,
    wrong: u8,
    silent: u8,
}

/// What to do after a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Next {
    /// The question is answered.
    Done,
    /// Ask again.
    Ask,
    /// The caller has failed too often, or gave the question up.
    GiveUp,
}

impl Attempts {
    /// So many wrong answers, or so many times nothing, are the end of it; none and one are the
    /// same.
    #[must_use]
    pub const fn new(most_wrong: u8, most_silent: u8) -> Self {
        Self { most_wrong, most_silent, wrong: 0, silent: 0 }
    }

    /// Takes a stage's outcome. An answer starts the counts anew.
    pub fn note(&mut self, outcome: &Outcome) -> Next {
        match outcome {
            Outcome::Complete { .. } => {
                (self.wrong, self.silent) = (0, 0);
                Next::Done
            }
            Outcome::Cancelled { .. } => Next::GiveUp,
            Outcome::Invalid { .. } | Outcome::Timeout { .. } => {
                self.wrong = self.wrong.saturating_add(1);
                if self.wrong < self.most_wrong { Next::Ask } else { Next::GiveUp }
            }
            Outcome::NoInput => {
                self.silent = self.silent.saturating_add(1);
                if self.silent < self.most_silent { Next::Ask } else { Next::GiveUp }
            }
        }
    }

    /// Wrong and unfinished answers since the last right one.
    #[must_use]
    pub const fn wrong(&self) -> u8 {
        self.wrong
    }

    /// Times that nothing was dialled since the last right answer.
    #[must_use]
    pub const fn silent(&self) -> u8 {
        self.silent
    }
}

/// Three of each, as FreeSWITCH's menus.
impl Default for Attempts {
    fn default() -> Self {
        Self::new(3, 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digits;
    use crate::collector::Trigger;

    #[test]
    fn wrong_and_silent_tries_are_counted_apart() {
        let digits = Digits::new();
        let mut attempts = Attempts::new(3, 2);
        assert_eq!(attempts.note(&Outcome::Invalid { digits }), Next::Ask);
        assert_eq!(attempts.note(&Outcome::NoInput), Next::Ask);
        assert_eq!(attempts.note(&Outcome::Timeout { digits }), Next::Ask);
        assert_eq!((attempts.wrong(), attempts.silent()), (2, 1));
        assert_eq!(attempts.note(&Outcome::NoInput), Next::GiveUp);
        assert_eq!(attempts.note(&Outcome::Invalid { digits }), Next::GiveUp);
    }

    #[test]
    fn an_answer_starts_anew_and_a_cancel_is_the_end() {
        let digits = Digits::new();
        let mut attempts = Attempts::default();
        assert_eq!(attempts.note(&Outcome::NoInput), Next::Ask);
        let complete = Outcome::Complete { digits, by: Trigger::Timer };
        assert_eq!(attempts.note(&complete), Next::Done);
        assert_eq!(attempts, Attempts::default());
        assert_eq!(attempts.note(&Outcome::Cancelled { digits }), Next::GiveUp);
        for once in [Attempts::new(0, 0), Attempts::new(1, 1)] {
            assert_eq!({ once }.note(&Outcome::NoInput), Next::GiveUp);
            assert_eq!({ once }.note(&Outcome::Invalid { digits }), Next::GiveUp);
        }
    }
}
