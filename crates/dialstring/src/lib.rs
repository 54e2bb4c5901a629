//! Dial strings with extensions, pauses and tones; tel URIs; DTMF digits; digit maps.

#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![forbid(unsafe_code)]

mod dial_string;
mod digit;
mod error;
mod extension;
mod grammar;
mod matching;
mod number;
mod options;
mod plan;
mod print;
#[cfg(feature = "serde")]
mod serde_impls;
mod service_code;

pub use dial_string::{DialString, PostDial, Separator};
pub use digit::Digit;
pub use error::{ErrorKind, ParseError};
pub use extension::Extension;
pub use matching::Match;
pub use number::Number;
pub use options::Options;
pub use plan::{DialPlan, Pause, PauseLengths, Symbol};
pub use service_code::ServiceCode;
