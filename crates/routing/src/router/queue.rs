//! Steps that wait to be taken.

use std::collections::VecDeque;

use super::Step;

/// A queue whose first two places are inline: a decision asks for one step, an answer for two.
/// More wait only when several inputs come before a drain.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps {
    first: Option<Step>,
    second: Option<Step>,
    rest: VecDeque<Step>,
}

impl Steps {
    pub(super) fn push_back(&mut self, step: Step) {
        if self.first.is_none() {
            self.first = Some(step);
        } else if self.second.is_none() {
            self.second = Some(step);
        } else {
            self.rest.push_back(step);
        }
    }

    pub(super) fn pop_front(&mut self) -> Option<Step> {
        let step = self.first.take()?;
        self.first = self.second.take();
        self.second = self.rest.pop_front();
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cause;

    #[test]
    fn first_in_first_out_at_any_length() {
        let causes = [Cause::Busy, Cause::NoAnswer, Cause::Closed, Cause::Barred, Cause::NotFound];
        let step = |at: usize| Step::End { cause: causes[at % causes.len()] };
        for ahead in 0..6 {
            let mut steps = Steps::default();
            let mut taken = 0;
            for at in 0..40 {
                steps.push_back(step(at));
                while at + 1 - taken > ahead {
                    assert_eq!(steps.pop_front(), Some(step(taken)));
                    taken += 1;
                }
            }
            while let Some(found) = steps.pop_front() {
                assert_eq!(found, step(taken));
                taken += 1;
            }
            assert_eq!(taken, 40);
        }
    }
}
