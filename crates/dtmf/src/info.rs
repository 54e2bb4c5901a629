//! Digits in SIP INFO bodies: `application/dtmf-relay` and `application/dtmf`.
//!
//! Neither type was ever standardised. `application/dtmf-relay` is Cisco's; its lines are
//!
//! ```text
//! body     = 1*(line eol)
//! line     = name *WSP "=" *WSP value *WSP      ; "Signal=5", "Duration=160"
//! name     = "Signal" / "Duration" / token      ; case-insensitive, unknown ones are skipped
//! value    = key / code / milliseconds
//! key      = DIGIT / "*" / "#" / %x41-44 / %x61-64
//! code     = "10" / "11" / "12" / "13" / "14" / "15"   ; RFC 4733 event codes
//! eol      = CRLF / LF / CR
//! ```
//!
//! and `application/dtmf` is the bare `key` or `code`. Phones differ in white space, line ends and
//! the name of `*` and `#`; all of those are read. A hook flash is not a digit.

use core::fmt;
use core::time::Duration;

use switchboard_dialstring::Digit;

/// The media type with lines `Signal=` and `Duration=`.
pub const DTMF_RELAY: &str = "application/dtmf-relay";
/// The media type whose body is the digit alone.
pub const DTMF: &str = "application/dtmf";

/// A digit as an INFO body carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// The key.
    pub digit: Digit,
    /// How long it was held, if the body says so.
    pub duration: Option<Duration>,
}

/// The longest body that is looked at; an honest one has some thirty octets.
const MAX_BODY: usize = 1_024;

impl Info {
    /// Reads a body of the given `Content-Type` (parameters are ignored).
    ///
    /// ```
    /// use core::time::Duration;
    /// use switchboard_dtmf::Digit;
    /// use switchboard_dtmf::info::Info;
    ///
    /// let info = Info::parse("application/dtmf-relay", b"Signal= 5\r\nDuration= 160\r\n")?;
    /// assert_eq!(info.digit, Digit::D5);
    /// assert_eq!(info.duration, Some(Duration::from_millis(160)));
    /// # Ok::<(), switchboard_dtmf::info::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error`] with the place and the kind: another media type (answer 415), or a body that
    /// holds no digit (answer 400, or 200 where a flash is to be ignored).
    pub fn parse(content_type: &str, body: &[u8]) -> Result<Self, Error> {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if body.len() > MAX_BODY {
            return Err(Error::new(MAX_BODY, ErrorKind::TooLong));
        }
        if media_type.eq_ignore_ascii_case(DTMF_RELAY) {
            relay(body)
        } else if media_type.eq_ignore_ascii_case(DTMF) {
            let (offset, value) = trim(0, body);
            Ok(Self { digit: key(offset, value)?, duration: None })
        } else {
            Err(Error::new(0, ErrorKind::MediaType))
        }
    }

    /// The body of [`DTMF_RELAY`] for this digit, to be written out; without a duration it says
    /// 160 ms.
    ///
    /// ```
    /// # use switchboard_dtmf::Digit;
    /// # use switchboard_dtmf::info::{DTMF_RELAY, Info};
    /// let info = Info { digit: Digit::Pound, duration: None };
    /// let body = info.relay_body().to_string();
    /// assert_eq!(body, "Signal=#\r\nDuration=160\r\n");
    /// assert_eq!(Info::parse(DTMF_RELAY, body.as_bytes())?.digit, Digit::Pound);
    /// # Ok::<(), switchboard_dtmf::info::Error>(())
    /// ```
    #[must_use]
    pub fn relay_body(&self) -> impl fmt::Display + use<> {
        let duration = self.duration.unwrap_or(Duration::from_millis(160));
        RelayBody { digit: self.digit, millis: duration.as_millis() }
    }
}

/// Tells a request that came again from one that is new, by its CSeq number: for who has no
/// transaction layer that does it (RFC 3261 section 17.2.2). One for each dialog.
///
/// ```
/// use switchboard_dtmf::info::Repeats;
///
/// let mut repeats = Repeats::new();
/// assert!(!repeats.is_repeat(7));
/// assert!(repeats.is_repeat(7)); // the answer was lost: answer again, count once
/// assert!(!repeats.is_repeat(8));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeats {
    newest: Option<u32>,
    /// Bit `i`: `newest - i` has come.
    seen: u64,
}

impl Repeats {
    /// Nothing has come.
    #[must_use]
    pub const fn new() -> Self {
        Self { newest: None, seen: 0 }
    }

    /// True if this number has come before, or is so old (64 numbers) that it must have.
    pub fn is_repeat(&mut self, cseq: u32) -> bool {
        let newest = *self.newest.get_or_insert(cseq);
        if cseq > newest {
            self.seen = self.seen.checked_shl(cseq - newest).unwrap_or(0);
            self.newest = Some(cseq);
        }
        let Some(bit) = 1_u64.checked_shl(newest.saturating_sub(cseq)) else { return true };
        let is_repeat = self.seen & bit != 0;
        self.seen |= bit;
        is_repeat
    }
}

struct RelayBody {
    digit: Digit,
    millis: u128,
}

impl fmt::Display for RelayBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal={}\r\nDuration={}\r\n", self.digit, self.millis)
    }
}

fn relay(body: &[u8]) -> Result<Info, Error> {
    let (mut digit, mut duration) = (None, None);
    let mut offset = 0;
    for line in body.split(|octet| matches!(octet, b'\r' | b'\n')) {
        if let Some(equals) = line.iter().position(|octet| *octet == b'=') {
            let (_, name) = trim(0, &line[..equals]);
            let (at, value) = trim(offset + equals + 1, &line[equals + 1..]);
            if name.eq_ignore_ascii_case(b"signal") {
                if digit.is_some() {
                    return Err(Error::new(offset, ErrorKind::Repeated));
                }
                digit = Some(key(at, value)?);
            } else if name.eq_ignore_ascii_case(b"duration") {
                duration = Some(millis(at, value)?);
            }
        } else if !trim(0, line).1.is_empty() {
            return Err(Error::new(offset, ErrorKind::Syntax));
        }
        offset += line.len() + 1;
    }
    match digit {
        Some(digit) => Ok(Info { digit, duration }),
        None => Err(Error::new(body.len(), ErrorKind::NoSignal)),
    }
}

fn key(offset: usize, value: &[u8]) -> Result<Digit, Error> {
    let digit = match value {
        [] => return Err(Error::new(offset, ErrorKind::NoSignal)),
        [one] => Digit::from_ascii(*one),
        [b'1', one @ b'0'..=b'5'] => Digit::from_event(10 + one - b'0'),
        _ => None,
    };
    digit.ok_or(Error::new(offset, ErrorKind::NotADigit))
}

/// Whole milliseconds, at most 5 digits of them.
fn millis(offset: usize, value: &[u8]) -> Result<Duration, Error> {
    if value.is_empty() || value.len() > 5 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Error::new(offset, ErrorKind::Duration));
    }
    let millis = value.iter().fold(0, |sum, octet| sum * 10 + u64::from(octet - b'0'));
    Ok(Duration::from_millis(millis))
}

/// Takes white space off both ends; keeps count of where the rest begins.
fn trim(offset: usize, text: &[u8]) -> (usize, &[u8]) {
    let start = text.trim_ascii_start();
    (offset + text.len() - start.len(), start.trim_ascii_end())
}

/// Why a body is not a digit, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} at octet {offset}: {}", .kind.wrong(), .kind.right())]
pub struct Error {
    offset: usize,
    kind: ErrorKind,
}

impl Error {
    fn new(offset: usize, kind: ErrorKind) -> Self {
        Self { offset, kind }
    }

    /// Octets of the body before the fault; 0 when the fault is the media type.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What was wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// What was wrong with an INFO body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The media type is neither of the two.
    MediaType,
    /// A line that is not `name=value`.
    Syntax,
    /// No signal.
    NoSignal,
    /// Two signals.
    Repeated,
    /// The signal is not one of the sixteen digits.
    NotADigit,
    /// The duration is not a number of milliseconds.
    Duration,
    /// The body is far longer than one digit needs.
    TooLong,
}

impl ErrorKind {
    const fn wrong(self) -> &'static str {
        match self {
            Self::MediaType => "foreign media type",
            Self::Syntax => "not a line of the form name=value",
            Self::NoSignal => "no signal",
            Self::Repeated => "second signal",
            Self::NotADigit => "not a digit",
            Self::Duration => "not a duration",
            Self::TooLong => "body too long",
        }
    }

    const fn right(self) -> &'static str {
        match self {
            Self::MediaType => "it can be application/dtmf-relay or application/dtmf",
            Self::Syntax | Self::NoSignal => "a line Signal=5 is needed",
            Self::Repeated => "one body carries one signal",
            Self::NotADigit => "0 to 9, *, #, A to D, or 10 to 15 are",
            Self::Duration => "0 to 99999 milliseconds are",
            Self::TooLong => "1024 octets are the most",
        }
    }
}

#[cfg(test)]
mod tests;
