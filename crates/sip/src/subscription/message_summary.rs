//! ```
//! use switchboard_sip::subscription::message_summary::{Count, MessageSummary};
//!
//! let voice = Count { new: 2, old: 8, urgent: None };
//! let summary = MessageSummary::of_voice("sip:anna@192.0.2.1", voice);
//! let text = "Messages-Waiting: yes\r\nMessage-Account: sip:anna@192.0.2.1\r\nVoice-Message: 2/8\r\n";
//! assert_eq!(summary.to_string(), text);
//! assert_eq!(MessageSummary::parse(text.as_bytes()), Some(summary));
//! ```

use std::fmt;

/// The name of the package.
pub const PACKAGE: &str = "message-summary";
/// The type of its bodies.
pub const BODY: &str = "application/simple-message-summary";

/// How many messages there are of one kind (RFC 3842 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Not heard yet.
    pub new: u32,
    /// Heard.
    pub old: u32,
    /// Urgent ones of both.
    pub urgent: Option<(u32, u32)>,
}

/// The messages of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MessageSummary {
    /// Whose, as a URI.
    pub account: Option<String>,
    /// Voice messages. Without counts, whether there are new ones is all that is told.
    pub voice: Option<Count>,
    /// The lamp, where no counts say it.
    pub waiting: bool,
}

impl MessageSummary {
    /// The voice messages of a mailbox.
    #[must_use]
    pub fn of_voice(account: &str, voice: Count) -> Self {
        Self { account: Some(account.to_owned()), voice: Some(voice), waiting: voice.new > 0 }
    }

    /// Reads a body; `None` if it has no Messages-Waiting. Other kinds of messages and header
    /// fields of messages are passed over.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        let (name, waiting) = lines.next()?;
        if !name.trim().eq_ignore_ascii_case("Messages-Waiting") {
            return None;
        }
        let mut summary =
            Self { waiting: waiting.trim().eq_ignore_ascii_case("yes"), ..Self::default() };
        for (name, value) in lines {
            let value = value.trim();
            if name.trim().eq_ignore_ascii_case("Message-Account") {
                summary.account = Some(value.to_owned());
            } else if name.trim().eq_ignore_ascii_case("Voice-Message") {
                summary.voice = Some(count(value)?);
            }
        }
        Some(summary)
    }
}

impl fmt::Display for MessageSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.voice.map_or(self.waiting, |voice| voice.new > 0);
        write!(f, "Messages-Waiting: {}\r\n", if waiting { "yes" } else { "no" })?;
        if let Some(account) = &self.account {
            // On one line, whatever it holds.
            let account = account.replace(|symbol: char| symbol.is_control(), " ");
            write!(f, "Message-Account: {account}\r\n")?;
        }
        let Some(Count { new, old, urgent }) = self.voice else { return Ok(()) };
        write!(f, "Voice-Message: {new}/{old}")?;
        if let Some((new, old)) = urgent {
            write!(f, " ({new}/{old})")?;
        }
        f.write_str("\r\n")
    }
}

/// `2/8 (0/2)`
fn count(value: &str) -> Option<Count> {
    fn pair(text: &str) -> Option<(u32, u32)> {
        let (new, old) = text.split_once('/')?;
        Some((new.trim().parse().ok()?, old.trim().parse().ok()?))
    }
    let (all, urgent) = match value.split_once('(') {
        Some((all, urgent)) => (all, Some(pair(urgent.trim_end().strip_suffix(')')?)?)),
        None => (value, None),
    };
    let (new, old) = pair(all)?;
    Some(Count { new, old, urgent })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 3842 section 5.2 with urgent ones, and bodies that are none.
    #[test]
    fn bodies() {
        let body = b"Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n\
            Voice-Message: 4/8 (1/2)\r\nVideo-Message: 0/0\r\n\r\nSubject: call me\r\n";
        let summary = MessageSummary::parse(body).unwrap();
        assert_eq!(summary.voice, Some(Count { new: 4, old: 8, urgent: Some((1, 2)) }));
        assert!(summary.waiting);
        let none = MessageSummary::of_voice("sip:a@x\r\nEvil: 1", Count::default());
        assert_eq!(none.to_string().lines().count(), 3);
        assert!(!MessageSummary::parse(none.to_string().as_bytes()).unwrap().waiting);
        for bad in [
            &b""[..],
            b"x",
            b"Voice-Message: 1/2",
            b"\xff",
            b"Messages-Waiting: no\r\nVoice-Message: 1",
        ] {
            assert_eq!(MessageSummary::parse(bad), None, "{bad:?}");
        }
    }
}
