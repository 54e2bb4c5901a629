#![cfg_attr(all(feature = "dialstring", feature = "dtmf"), doc = include_str!("../README.md"))]
#![cfg_attr(
    not(all(feature = "dialstring", feature = "dtmf")),
    doc = "Telephony building blocks for Rust, sans-IO, one crate to add."
)]
//!
//! # Time
//! Time is an argument everywhere: no module reads a clock, sleeps, or starts a thread. A machine
//! takes inputs by `handle`, tells by `poll_timeout` when it wants to be woken by `handle_timeout`,
//! and gives what is to be done by `poll_output`. [`std::time::Instant`] is the time of `sip`,
//! `rtp`, `media` and `pbx`; `dtmf` has its own, for machines without `std`.
//!
//! # Errors
//! Each operation has its own narrow error. A parse error tells offset and kind, and its message
//! what would be right. Input never panics.
//!
//! # Features
//! One a module, in the table above; a feature adds API and changes no behaviour. A module brings
//! the modules that it stands on.
//!
//! # Limits
//! The front page of each module states its own. Sockets, threads and databases are not here:
//! they are in `switchboard-transport` and `switchboard-store`.

#[cfg(feature = "dialstring")]
pub use switchboard_dialstring as dialstring;
#[cfg(feature = "dtmf")]
pub use switchboard_dtmf as dtmf;
#[cfg(feature = "media")]
pub use switchboard_media as media;
#[cfg(feature = "pbx")]
pub use switchboard_pbx as pbx;
#[cfg(feature = "routing")]
pub use switchboard_routing as routing;
#[cfg(feature = "rtp")]
pub use switchboard_rtp as rtp;
#[cfg(feature = "sdp")]
pub use switchboard_sdp as sdp;
#[cfg(feature = "sip")]
pub use switchboard_sip as sip;
