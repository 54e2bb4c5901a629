#![doc = include_str!("../README.md")]
//!
//! # Time
//! None passes here. Pauses have lengths, in [`PauseLengths`]; whoever sends the tones waits.
//!
//! # Errors
//! [`ParseError`]: the offset of the first fault in the text that was given, its [`ErrorKind`], and
//! a message that says what would be right and can be shown anywhere. Patterns have a
//! [`PatternError`] of the same shape.
//!
//! # Features
//! - `std` (default): changes nothing yet; without it the crate is `no_std` with `alloc`, which
//!   only [`DigitMap`] and [`Pattern`] use.
//! - `serde`: values as strings.

#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod country;
mod country_table;
mod dial_string;
mod digit;
mod digit_map;
mod error;
mod extension;
mod grammar;
mod matching;
mod number;
mod options;
mod pattern;
mod plan;
mod prepared;
mod print;
#[cfg(feature = "serde")]
mod serde_impls;
mod service_code;
mod sip_user;
mod tel;

pub use country::Country;
pub use dial_string::{DialString, PostDial, Separator};
pub use digit::Digit;
pub use digit_map::{DigitMap, Found, PatternId, Position, TooManyStates};
pub use error::{ErrorKind, ParseError};
pub use extension::Extension;
pub use matching::Match;
pub use number::Number;
pub use options::{ForeignDigits, Letters, Options};
pub use pattern::{Pattern, PatternError, PatternErrorKind, Wait};
pub use plan::{DialPlan, Pause, PauseLengths, Symbol};
pub use service_code::ServiceCode;
pub use sip_user::SipUser;
pub use tel::{PhoneContext, TelUri};
