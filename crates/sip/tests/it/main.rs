//! The crate from outside.

// A helper of a test is a test: it fails by panicking.
#![allow(clippy::unwrap_used)]

mod agent;
mod build;
mod checks;
mod forks;
mod framing;
mod hostile;
mod layer;
mod limits;
mod machines;
mod properties;
mod rfc5118;
mod simulation;
mod torture;
mod transitions;
mod typed;
mod uri;
