//! Virtual clock, seeded lossy wire, scripted phones and audio assertions for the tests of the Switchboard crates.
pub mod audio;
mod clock;
mod rng;
mod wire;

pub use clock::Clock;
pub use rng::Rng;
pub use wire::{Datagram, Link, Wire, WireCounts};
