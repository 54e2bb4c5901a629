//! The audio of telephone calls: G.711, G.722, WAV prompts, call-progress tones, playout, echo and relay of
//! RTP streams, in one sans-IO machine.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use switchboard_media::{
//!     Codec, Command, Input, LegId, Output, Plane, PlaneConfig, StreamConfig, Tone,
//! };
//!
//! # #[allow(clippy::disallowed_methods)]
//! let start = Instant::now();
//! let (leg, phone) = (LegId(1), "192.0.2.7:4000".parse()?);
//! let mut plane = Plane::new(PlaneConfig::default());
//! for command in [
//!     Command::Open { leg },
//!     Command::Configure { leg, stream: StreamConfig::new(phone, Codec::Pcma) },
//!     Command::Tone { leg, tone: Tone::RingBack },
//! ] {
//!     plane.handle(start, Input::Command(command))?;
//! }
//! plane.handle_timeout(start + Duration::from_millis(20));
//! let Some(Output::Transmit(packet)) = plane.poll_output() else { panic!("nothing to send") };
//! assert_eq!((packet.destination, packet.payload.len()), (phone, 12 + 160));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A *leg* is one RTP port of ours and the peer that talks to it. Alone, it hears silence, a
//! prompt, a tone, or itself; bridged, it hears its partner. Each leg is sent one stream of its own:
//! one SSRC, one run of sequence numbers, one time line, whatever the audio comes from. The key
//! presses of its peer are reported once each (by `switchboard-dtmf`), and passed on through a
//! bridge under the other side's payload type and clock, or as tones where it takes no events.
//!
//! Two bridged legs of one codec relay packets without decoding them: the header is rewritten, the
//! payload copied once. A-law and mu-law are translated by table; of any other pair of codecs each side
//! is decoded for the other, at 8000 Hz. Where packets come from and go to
//! is decided by [`switchboard_rtp::SourceLatch`]: the rules that keep strangers out of a call, and
//! us from being aimed at others, are written there. A leg with keys takes and sends SRTP only; what
//! is not authentic is dropped and counted, and ends no call.
//!
//! # Time
//!
//! Every call takes `now`; the playout clock of a leg ticks at `start + n * ptime`, so it does not
//! drift; after a stall of more than 200 ms it leaves out what it missed.
//!
//! # Errors
//!
//! [`PlaneError`] is the caller's fault: a leg that is not there, or a full table. Peers' junk is no
//! error: it is dropped and counted in [`Stats`]. [`AudioError`] says what is wrong with a WAV file
//! and how to convert it.
//!
//! # Features
//!
//! None.
//!
//! # Limits
//!
//! - What is decoded is 8000 Hz: a wideband codec is heard as such where it is relayed to another leg of
//!   its own. A room of three or more passes no key presses on.
//! - Several telephone-events in a packet are read (RFC 4733 section 2.5.1.5), redundant payloads (RFC 2198) are
//!   not: a description that agrees on them is not for this plane.
//! - A relay delays nothing and conceals nothing: the phone behind it does. Where audio is decoded (a
//!   room, a recording, two codecs) it waits in a jitter buffer, and losses are concealed by [`Concealer`].
//! - A relay keeps the packet time of the sender, whatever the listener's `ptime`.
//! - [`PlaneConfig::max_legs`] legs, eight waiting plans of digits a leg, datagrams of up to 1,400
//!   octets of payload. Outputs queue until they are taken.
//! - In the steady state nothing is allocated a packet, as long as [`Transmit`]s are dropped once
//!   sent; SRTP takes a buffer for each.

mod audio;
mod codec;
mod comfort_noise;
mod concealer;
mod ear;
pub mod g711;
pub mod g722;
mod leg;
mod message;
mod mixer;
mod outputs;
mod pitch;
mod plane;
mod random;
mod recording;
mod resampler;
mod stats;
mod timers;
mod tone;
mod voice;

pub use audio::{Audio, AudioError, AudioErrorKind};
pub use codec::{
    Codec, Direction, PayloadTypes, SAMPLE_RATE, SrtpKeys, StreamConfig, TelephoneEventFormat,
};
pub use comfort_noise::ComfortNoise;
pub use concealer::Concealer;
pub use message::{
    Channel, Command, Event, EventKind, Input, LegId, Output, PlayEnd, Recorded, RecordingId,
    Repeat, RoomId, Token, Transmit,
};
pub use mixer::Mixer;
pub use plane::{MovedLeg, Plane, PlaneConfig, PlaneError};
pub use recording::{RecordingError, RecordingFile};
pub use resampler::{Resampler, SampleRate};
pub use stats::Stats;
pub use tone::{Burst, Sound, Tone, ToneSet};
pub use voice::{Decoder, Encoder};
