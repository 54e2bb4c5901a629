//! Golden cases, hostile descriptions and properties, through the public API alone.

mod browser;
mod golden;
mod hostile;
mod round_trip;
