mod model;
mod presets;
mod reference;
mod stages;

/// What [`reference`] is written against: the public interface and nothing else, so that the fuzz
/// target can use it too.
mod api {
    pub(super) use crate::collector::*;
    pub(super) use crate::{DigitSet, Digits};
    pub(super) use core::time::Duration;
    pub(super) use switchboard_dialstring::{Digit, Match};
}
