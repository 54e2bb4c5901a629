//! Telephone media: G.711, WAV prompts, call-progress tones, playout, echo and relay of RTP streams, sans-IO.
mod audio;
mod codec;
pub mod g711;
mod leg;
mod message;
mod outputs;
mod plane;
mod random;
mod stats;
mod timers;
mod tone;

pub use audio::{Audio, AudioError, AudioErrorKind};
pub use codec::{Codec, Direction, PayloadTypes, SAMPLE_RATE, StreamConfig, TelephoneEventFormat};
pub use message::{
    Channel, Command, Event, EventKind, Input, LegId, Output, PlayEnd, Repeat, Token, Transmit,
};
pub use plane::{Plane, PlaneConfig, PlaneError};
pub use stats::Stats;
pub use tone::{Burst, Tone, ToneSet};
