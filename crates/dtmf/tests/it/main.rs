//! The crate as its users see it: what it costs, and the golden cases.
#![allow(missing_docs, reason = "tests")]

mod cost;
mod extremes;
mod golden;
