//! What goes into the [`Plane`](crate::Plane) and what comes out of it.

use core::fmt;
use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use switchboard_dialstring::{DialPlan, Digit, PauseLengths};

use crate::{Audio, Stats, StreamConfig, Tone};

/// Names one leg: one RTP port pair of ours and the peer that talks to it. Chosen by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(pub u64);

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one [`Command::Play`], so that a late [`EventKind::Played`] is not taken for the next one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

/// Names a room in which several legs hear each other. Chosen by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub u64);

/// Names a recording. Chosen by the caller; wide enough for the name of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingId(pub u128);

impl fmt::Display for RecordingId {
    /// 32 hexadecimal digits: fit for the name of a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Which of a leg's two ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Audio and telephone-events.
    Rtp,
    /// Reports.
    Rtcp,
}

/// What the plane is told.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A datagram arrived on one of a leg's ports.
    Packet {
        /// The leg whose port it is.
        leg: LegId,
        /// Which port.
        channel: Channel,
        /// Where the datagram came from.
        source: SocketAddr,
        /// The datagram.
        payload: &'a [u8],
    },
    /// The core wants something.
    Command(Command),
}

/// How often a prompt plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// Once, then [`EventKind::Played`].
    Once,
    /// Until stopped or replaced.
    Forever,
}

/// What the core can ask of the plane.
#[derive(Clone, Debug)]
pub enum Command {
    /// A leg exists: its ports are bound, nothing is known of its peer.
    Open {
        /// The new leg.
        leg: LegId,
    },
    /// What offer and answer agreed on; again after each re-INVITE. The source of RTP is learnt
    /// anew after each.
    Configure {
        /// The leg.
        leg: LegId,
        /// The agreement.
        stream: StreamConfig,
    },
    /// Plays audio in place of whatever the leg heard (a bridge goes on after it). Replaces audio or
    /// a tone that is playing.
    Play {
        /// The leg that hears it.
        leg: LegId,
        /// What to play.
        audio: Arc<Audio>,
        /// How often.
        repeat: Repeat,
        /// Comes back in [`EventKind::Played`].
        token: Token,
    },
    /// Plays a call-progress tone until stopped or replaced.
    Tone {
        /// The leg that hears it.
        leg: LegId,
        /// Which one.
        tone: Tone,
    },
    /// Stops audio, tone or echo; digits being sent go on.
    Stop {
        /// The leg.
        leg: LegId,
    },
    /// Returns to the peer what it sends.
    Echo {
        /// The leg.
        leg: LegId,
    },
    /// Joins two legs: each hears the other. A leg that was bridged elsewhere leaves that bridge.
    Bridge {
        /// One leg.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Takes a leg, and so its partner, out of its bridge, or out of its room.
    Unbridge {
        /// Either leg of the bridge.
        leg: LegId,
    },
    /// Brings a leg into a room, out of its bridge or another room: all who are there hear each
    /// other. Key presses are reported, and not passed on.
    Join {
        /// The leg.
        leg: LegId,
        /// The room; it exists as long as somebody is there.
        room: RoomId,
    },
    /// Begins a recording, or goes on with another pair: blocks of 20 ms come as
    /// [`Output::Recorded`], with silence where a side says nothing, until it is stopped or its legs
    /// are closed.
    Record {
        /// The recording.
        recording: RecordingId,
        /// Whose words are on the left.
        left: LegId,
        /// Whose words are on the right; `None`: nobody's yet.
        right: Option<LegId>,
    },
    /// Ends a recording.
    StopRecording {
        /// The recording.
        recording: RecordingId,
    },
    /// Sends digits to the peer, as telephone-events where it takes them, else as tones in the audio.
    /// A plan that comes while another is being sent waits for it (at most eight wait).
    SendDigits {
        /// The leg that hears them.
        leg: LegId,
        /// Digits and pauses.
        plan: DialPlan,
        /// How long the pauses are.
        pauses: PauseLengths,
    },
    /// The leg is over: says RTCP BYE, reports [`EventKind::Closed`]; the ports can be freed.
    Close {
        /// The leg.
        leg: LegId,
    },
}

/// What the plane wants done, in order.
#[derive(Clone, Debug)]
pub enum Output {
    /// A datagram to send.
    Transmit(Transmit),
    /// Something that the core should know.
    Event(Event),
    /// A block of a recording, to be written.
    Recorded(Recorded),
    /// The last block of a recording was given.
    RecordingOver(RecordingId),
}

/// 20 ms of a recording. The samples share a pooled buffer, as [`Transmit`]'s payload does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The recording.
    pub recording: RecordingId,
    /// Where the block begins, from the recording's beginning. Blocks ascend; where one is left out
    /// the machine was too busy, and silence is to be put.
    pub at: Duration,
    /// 160 pairs of samples, left and right, 16 bits little-endian: what a WAV file holds.
    pub samples: Bytes,
}

/// A datagram to send from one of a leg's ports. The payload shares a pooled buffer: send it and
/// drop it, and nothing is allocated in the steady state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// The leg whose port sends.
    pub leg: LegId,
    /// Which port.
    pub channel: Channel,
    /// Where to.
    pub destination: SocketAddr,
    /// The datagram.
    pub payload: Bytes,
}

/// Something that happened on a leg.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The leg.
    pub leg: LegId,
    /// What happened.
    pub kind: EventKind,
}

/// What happened on a leg.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// The first packet of a key press arrived (barge-in: stop the prompt now).
    DigitStart {
        /// The key.
        digit: Digit,
    },
    /// A key press, once each, whatever was lost or repeated on the way.
    Digit {
        /// The key.
        digit: Digit,
        /// How long it was held, as far as its packets tell.
        duration: Duration,
    },
    /// Audio of [`Command::Play`] is over; exactly one a command, except when its leg is closed.
    Played {
        /// The command's token.
        token: Token,
        /// Why it is over.
        end: PlayEnd,
    },
    /// All digits of a [`Command::SendDigits`] are out.
    DigitsSent,
    /// Nothing was received for the set time although the peer should send; again after each
    /// further such time.
    Silent {
        /// How long nothing has come.
        since: Duration,
    },
    /// The leg is gone; these are its figures.
    Closed {
        /// What was sent, received and lost.
        stats: Stats,
    },
}

/// Why a prompt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlayEnd {
    /// It played to its end.
    Complete,
    /// It was stopped or replaced.
    Interrupted,
}
