use core::fmt;

use crate::Codec;

/// Why octets are not a session description, and where. To a SIP request: 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    offset: usize,
    line: usize,
    kind: ErrorKind,
}

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The description is longer than [`limits::MAX_OCTETS`](crate::limits::MAX_OCTETS).
    TooLong,
    /// More lines than [`limits::MAX_LINES`](crate::limits::MAX_LINES).
    TooManyLines,
    /// More media than [`limits::MAX_MEDIA`](crate::limits::MAX_MEDIA).
    TooManyMedia,
    /// More formats in one medium than [`limits::MAX_FORMATS`](crate::limits::MAX_FORMATS).
    TooManyFormats,
    /// The text is not UTF-8.
    NotUtf8,
    /// A NUL, or a CR that ends no line.
    ControlCharacter,
    /// A line that is not a letter, `=` and a value.
    BadLine,
    /// The first line is not `v=0`.
    BadVersion,
    /// A line that stands once stands twice.
    DuplicateLine,
    /// There is no `o=` line.
    NoOrigin,
    /// `o=` is not user, id, version, `IN`, address type and address.
    BadOrigin,
    /// `c=` is not `IN`, address type and address.
    BadConnection,
    /// `m=` is not medium, port, protocol and formats.
    BadMedia,
    /// The port is not a number from 0 to 65535.
    BadPort,
}

impl ParseError {
    pub(crate) const fn new(offset: usize, line: usize, kind: ErrorKind) -> Self {
        Self { offset, line, kind }
    }

    /// Octets before the line with the fault.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The line with the fault, counted from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// What was wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The SIP status that tells the sender: 400 (RFC 3261 section 21.4.1).
    #[must_use]
    pub const fn status(&self) -> u16 {
        400
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, right) = self.kind.words();
        write!(f, "{what} in line {} at offset {}: {right}", self.line, self.offset)
    }
}

impl ErrorKind {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::TooLong => ("too many octets", "at most 65535"),
            Self::TooManyLines => ("too many lines", "at most 1000"),
            Self::TooManyMedia => ("too many media", "at most 32"),
            Self::TooManyFormats => ("too many formats", "at most 64 a medium"),
            Self::NotUtf8 => ("octets that are not UTF-8", "write UTF-8"),
            Self::ControlCharacter => ("a NUL or a lone CR", "remove it"),
            Self::BadLine => {
                ("no 'x=value'", "a letter, '=' and a value without blanks around '='")
            }
            Self::BadVersion => ("no version", "the first line is 'v=0'"),
            Self::DuplicateLine => ("a second line of a kind that stands once", "keep one"),
            Self::NoOrigin => ("no origin", "'o=user id version IN IP4 address' is required"),
            Self::BadOrigin => ("a bad origin", "'o=user id version IN IP4 address'"),
            Self::BadConnection => ("a bad connection", "'c=IN IP4 address' or 'c=IN IP6 address'"),
            Self::BadMedia => ("a bad medium", "'m=audio port RTP/AVP format...'"),
            Self::BadPort => ("a bad port", "a number from 0 to 65535"),
        }
    }
}

/// Why two parties cannot agree on audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// No `m=audio` line.
    #[error("no 'm=audio' line: this side takes audio only")]
    NoAudio,
    /// Every audio stream has port 0.
    #[error("audio has port 0: the stream is refused or ended")]
    Refused,
    /// A transport that is not RTP, or that this side does not want: SRTP where it is off.
    #[error(
        "audio in medium {medium} does not use RTP/AVP or RTP/AVPF, or SRTP where it is allowed"
    )]
    Transport {
        /// The index of the `m=` line.
        medium: usize,
    },
    /// SRTP without a key that can be used.
    #[error("medium {medium} has no 'a=crypto' line with a suite that is known here")]
    NoKey {
        /// The index of the `m=` line.
        medium: usize,
    },
    /// SRTP is required, and nothing that fits is there.
    #[error("medium {medium} is not encrypted, and must be: RTP/SAVP with 'a=crypto'")]
    NotEncrypted {
        /// The index of the `m=` line.
        medium: usize,
    },
    /// Neither the medium nor the session has a `c=` line.
    #[error("no 'c=' line for medium {medium}: one is required there or for the session")]
    NoConnection {
        /// The index of the `m=` line.
        medium: usize,
    },
    /// The address is a name, not an IP address.
    #[error("the address of medium {medium} is not an IP address: write one")]
    NotAnAddress {
        /// The index of the `m=` line.
        medium: usize,
    },
    /// The address is a multicast or broadcast one.
    #[error("the address of medium {medium} is not one host's: unicast only")]
    NotUnicast {
        /// The index of the `m=` line.
        medium: usize,
    },
    /// A format that is not a payload type from 0 to 127.
    #[error("a format of medium {medium} is not a payload type from 0 to 127")]
    BadPayloadType {
        /// The index of the `m=` line.
        medium: usize,
    },
    /// `a=rtpmap:` that is not payload type, name and clock rate.
    #[error("'a=rtpmap' of medium {medium} is not 'type name/clock' or 'type name/clock/channels'")]
    BadRtpmap {
        /// The index of the `m=` line.
        medium: usize,
    },
    /// `a=fmtp:` without a payload type, or with events that are not a list of ranges.
    #[error("'a=fmtp' of medium {medium} is not 'type parameters', or its events are not ranges")]
    BadFmtp {
        /// The index of the `m=` line.
        medium: usize,
    },
    /// Nothing that both sides speak.
    #[error("no codec in common: this side has some of {}", Codec::NAMES)]
    NoCommonCodec,
    /// The answer has another number of media, or another medium, than the offer.
    #[error("the answer's media are not the offer's, in the same order")]
    AnswerMismatch,
    /// An answer came where nothing was offered.
    #[error("an answer without an offer")]
    NoOffer,
}

impl AudioError {
    /// The SIP status that tells the sender: 400 for what breaks the grammar, 488 for what is
    /// well said and cannot be had (RFC 3261 sections 21.4.1 and 21.4.26).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NoConnection { .. }
            | Self::BadPayloadType { .. }
            | Self::BadRtpmap { .. }
            | Self::BadFmtp { .. } => 400,
            _ => 488,
        }
    }
}
