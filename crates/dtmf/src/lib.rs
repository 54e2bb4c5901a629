//! Sans-IO DTMF: telephone-event receiver and sender, digit collector, tone generator.
#![cfg_attr(not(any(feature = "std", test)), no_std)]

pub mod collector;
mod digits;
pub mod info;
mod instant;
mod queue;
pub mod receiver;
pub mod sender;
mod telephone_event;

pub use collector::Collector;
pub use digits::{DigitSet, Digits, Full};
pub use instant::Instant;
pub use receiver::Receiver;
pub use sender::Sender;
pub use telephone_event::TelephoneEvent;
