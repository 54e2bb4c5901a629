//! ```
//! use switchboard_sip::subscription::dialog_info::{CallState, DialogInfo, DialogOf, Direction};
//!
//! let ringing = DialogOf::new("1", CallState::Early).direction(Direction::Recipient);
//! let body = DialogInfo::new("sip:102@192.0.2.1", 3).with(ringing).to_string();
//! assert!(body.contains(r#"<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="3""#));
//! assert!(body.contains(r#"<dialog id="1" direction="recipient"><state>early</state></dialog>"#));
//! ```

use std::fmt;

/// The name of the package.
pub const PACKAGE: &str = "dialog";
/// The type of its bodies.
pub const BODY: &str = "application/dialog-info+xml";

/// How far a dialog is (RFC 4235 section 3.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallState {
    /// A request without any answer.
    Trying,
    /// A provisional answer without a dialog.
    Proceeding,
    /// It rings.
    Early,
    /// It is answered.
    Confirmed,
    /// It is over.
    Terminated,
}

impl CallState {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Proceeding => "proceeding",
            Self::Early => "early",
            Self::Confirmed => "confirmed",
            Self::Terminated => "terminated",
        }
    }
}

/// Which side of the dialog the observed one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// They call.
    Initiator,
    /// They are called.
    Recipient,
}

/// One dialog of the one who is observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogOf {
    id: String,
    state: CallState,
    direction: Option<Direction>,
    remote: Option<(String, String)>,
}

impl DialogOf {
    /// A dialog by its id, which is unique among those of its document.
    #[must_use]
    pub fn new(id: impl Into<String>, state: CallState) -> Self {
        Self { id: id.into(), state, direction: None, remote: None }
    }

    /// Which side called.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = Some(direction);
        self
    }

    /// Who is at the other end: the name to show, and the URI.
    #[must_use]
    pub fn remote(mut self, name: impl Into<String>, uri: impl Into<String>) -> Self {
        self.remote = Some((name.into(), uri.into()));
        self
    }
}

/// The dialogs of one, all of them: a full state (RFC 4235 section 4). [`fmt::Display`] writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogInfo {
    entity: String,
    version: u32,
    dialogs: Vec<DialogOf>,
}

impl DialogInfo {
    /// No dialogs. The version goes up by one with each document of a subscription, from 0
    /// ([`Notifier::told`](super::Notifier::told)).
    #[must_use]
    pub fn new(entity: impl Into<String>, version: u32) -> Self {
        Self { entity: entity.into(), version, dialogs: Vec::new() }
    }

    /// One more dialog.
    #[must_use]
    pub fn with(mut self, dialog: DialogOf) -> Self {
        self.dialogs.push(dialog);
        self
    }
}

impl fmt::Display for DialogInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, entity) = (self.version, Escaped(&self.entity));
        write!(
            f,
            "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" \
             version=\"{version}\" state=\"full\" entity=\"{entity}\">"
        )?;
        for dialog in &self.dialogs {
            write!(f, "\r\n<dialog id=\"{}\"", Escaped(&dialog.id))?;
            match dialog.direction {
                Some(Direction::Initiator) => f.write_str(" direction=\"initiator\">")?,
                Some(Direction::Recipient) => f.write_str(" direction=\"recipient\">")?,
                None => f.write_str(">")?,
            }
            write!(f, "<state>{}</state>", dialog.state.as_str())?;
            if let Some((name, uri)) = &dialog.remote {
                let (name, uri) = (Escaped(name), Escaped(uri));
                write!(
                    f,
                    "<remote><identity display=\"{name}\">{uri}</identity>\
                     <target uri=\"{uri}\"/></remote>"
                )?;
            }
            f.write_str("</dialog>")?;
        }
        f.write_str("\r\n</dialog-info>\r\n")
    }
}

/// Text that can be nothing but text in XML 1.0.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for symbol in self.0.chars() {
            match symbol {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                // Not allowed in XML 1.0 even when escaped.
                symbol if symbol.is_control() => f.write_char(' ')?,
                '\u{fffe}' | '\u{ffff}' => f.write_char(' ')?,
                symbol => f.write_char(symbol)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_as_the_standard_writes_it() {
        let text = DialogInfo::new("sip:102@x", 0)
            .with(
                DialogOf::new("a<b", CallState::Confirmed)
                    .direction(Direction::Initiator)
                    .remote("Anna \"A\" & Co\n", "sip:101@x"),
            )
            .with(DialogOf::new("2", CallState::Terminated))
            .to_string();
        let expected = "<?xml version=\"1.0\"?>\r\n\
            <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" entity=\"sip:102@x\">\r\n\
            <dialog id=\"a&lt;b\" direction=\"initiator\"><state>confirmed</state>\
            <remote><identity display=\"Anna &quot;A&quot; &amp; Co \">sip:101@x</identity>\
            <target uri=\"sip:101@x\"/></remote></dialog>\r\n\
            <dialog id=\"2\"><state>terminated</state></dialog>\r\n\
            </dialog-info>\r\n";
        assert_eq!(text, expected);
    }
}
