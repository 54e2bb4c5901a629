//! Whole calls in virtual time: the PBX and its media plane, scripted phones, a wire from a seed.
#![allow(unreachable_pub, missing_docs, reason = "one binary: what a module shows, another uses")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod dismissal;
mod early;
mod forged;
mod hostile;
mod inbound;
mod internal;
mod keep;
mod lamps;
mod lossy;
mod outbound;
mod register;
mod rooms;
mod secured;
mod support;
mod tapes;
mod texts;
mod transfer;
mod wideband;
