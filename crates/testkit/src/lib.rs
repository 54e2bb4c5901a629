//! Virtual clock, seeded lossy wire, scripted phones and audio assertions for the tests of the Switchboard crates.
pub mod audio;
mod clock;
mod g711;
mod recording;
mod rng;
mod rtp_peer;
mod wire;

pub use clock::Clock;
pub use g711::Law;
pub use recording::{HeardEvent, HeardHeader, Recording};
pub use rng::Rng;
pub use rtp_peer::{RtpPeer, Say};
pub use wire::{Datagram, Link, Wire, WireCounts};
