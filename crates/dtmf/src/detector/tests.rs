//! Digits at the standards' limits and beyond them, and what is no digit.

mod audio;
mod limits;
mod muted;
mod others;
mod signal;
mod trackers;

use crate::generator::frequencies;
