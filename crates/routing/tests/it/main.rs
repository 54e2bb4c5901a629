//! The crate from outside: every requirement by name, faults of the data, administration, toll
//! fraud and emergencies, an exhaustive walk of small directories, properties of large ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod admin;
mod allocations;
mod call;
mod dialling;
mod directory;
mod dismissal;
mod faults;
mod golden;
mod inbound;
mod internal;
mod menus;
mod model;
mod oracle;
mod properties;
mod queues;
mod spec_data;
mod trace;
mod transitions;
mod voicemail;
