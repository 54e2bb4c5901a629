//! Golden cases, hostile input and properties, through the public API alone.

mod abnf;
mod golden;
mod hostile;
mod no_allocation;
mod round_trip;
