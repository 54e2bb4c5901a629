#![doc = include_str!("../README.md")]
#![cfg_attr(not(any(feature = "std", test)), no_std)]

pub mod collector;
pub mod detector;
mod digits;
pub mod generator;
pub mod info;
mod instant;
pub mod merge;
pub mod payload;
mod queue;
pub mod receiver;
pub mod sender;
mod telephone_event;

pub use collector::Collector;
pub use digits::{DigitSet, Digits, Full};
pub use generator::Generator;
pub use instant::Instant;
pub use merge::Merge;
pub use receiver::Receiver;
pub use sender::Sender;
// What the machines take and give: nothing else need be added for them.
pub use switchboard_dialstring::{DialPlan, Digit, DigitMap, Match, Pattern, PauseLengths};
pub use telephone_event::TelephoneEvent;
