//! What the tests of the Switchboard crates share: virtual time, a network that loses, phones that
//! talk, and ears.
//!
//! Everything here is written without the code under test: its own G.711, its own RTP.
//!
//! ```
//! use std::time::Duration;
//! use switchboard_testkit::{Clock, Law, Link, RtpPeer, Say, Wire, audio};
//!
//! let mut clock = Clock::new();
//! let mut wire = Wire::new(7, Link { loss: 0.02, ..Link::default() });
//! let (a, b) = ("10.0.0.1:4000".parse()?, "10.0.0.2:4000".parse()?);
//! let mut anna = RtpPeer::new(clock.now(), 1, a, b, Law::A);
//! let mut ben = RtpPeer::new(clock.now(), 2, b, a, Law::A);
//! anna.say(Say::Tone(440.0, -10.0));
//! while clock.elapsed() < Duration::from_secs(2) {
//!     clock.advance(Duration::from_millis(20));
//!     anna.handle_timeout(clock.now());
//!     while let Some(sent) = anna.poll_transmit() {
//!         wire.send(clock.now(), sent.source, sent.destination, sent.payload);
//!     }
//!     while let Some(datagram) = wire.receive(clock.now()) {
//!         ben.handle(&datagram.payload);
//!     }
//! }
//! assert!(audio::level_dbm0(ben.heard().samples(), 440.0) > -12.0);
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! # Time
//!
//! [`Clock`] stands still until it is moved; a day passes in the time its events take.
//!
//! # Errors
//!
//! None: a test that misuses a helper panics.
//!
//! # Features
//!
//! None.
//!
//! # Limits
//!
//! Audio is mono, 16 bits, 8000 Hz. A [`Wire`] has no bandwidth: it delays, but never queues.

pub mod audio;
mod clock;
mod event_trace;
mod g711;
mod notation;
mod recording;
mod rng;
mod rtp_peer;
mod voice;
mod wire;

pub use clock::Clock;
pub use event_trace::{EventTrace, TracePacket};
pub use g711::Law;
pub use notation::expand;
pub use recording::{HeardEvent, HeardHeader, Recording};
pub use rng::Rng;
pub use rtp_peer::{RtpPeer, Say};
pub use voice::Voice;
pub use wire::{Datagram, Link, Wire, WireCounts};
