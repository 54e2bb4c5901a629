//! Digits at the standards' limits and beyond them, and what is no digit.

mod limits;
mod others;
mod signal;
