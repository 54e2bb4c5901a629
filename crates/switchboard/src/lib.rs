//! Telephony building blocks for Rust.
