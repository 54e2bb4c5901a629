//! Golden cases, hostile input and properties, through the public API alone.

mod golden;
mod hostile;
mod round_trip;
