//! The next message from this one: what a proxy, a transaction or a registrar changes, the rest copied octet for octet.

use core::fmt;
use core::net::SocketAddr;
use std::io::Write as _;

use bytes::Bytes;

use super::builder::{BuildError, unfold};
use super::chars::is_token;
use super::cursor::Cursor;
use super::params::Items;
use super::value::check;
use super::{HeaderName, MAX_NAME, Message, Name, Rule, Via};

/// Collects changes to a [`Message`]; [`Editor::finish`] makes the changed message.
///
/// Changes act on the header fields that the message has, not on those added here.
/// The first mistake is kept and told by [`Editor::finish`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Editor<'m> {
    message: &'m Message,
    start_line: Option<Vec<u8>>,
    /// Changed entries by their number, `None` for one that is taken out.
    changed: Vec<(usize, Option<Vec<u8>>)>,
    /// Lines added, each before the entry of that number; the number of entries means at the end.
    added: Vec<(usize, Vec<u8>)>,
    body: Option<Bytes>,
    error: Option<BuildError>,
}

impl<'m> Editor<'m> {
    pub(super) fn new(message: &'m Message) -> Self {
        Editor {
            message,
            start_line: None,
            changed: Vec::new(),
            added: Vec::new(),
            body: None,
            error: None,
        }
    }

    /// Replaces the Request-URI. Does nothing to a response.
    pub fn request_uri(mut self, uri: impl fmt::Display) -> Self {
        if self.message.is_request() {
            let line = format!("{} {uri} SIP/2.0", self.message.method());
            self.check(line.as_bytes(), "the start line");
            self.start_line = Some(line.into_bytes());
        }
        self
    }

    /// Puts a Via on top.
    pub fn push_via(self, via: impl fmt::Display) -> Self {
        self.push(HeaderName::Via, via)
    }

    /// Takes the topmost Via off (RFC 3261 section 16.7).
    pub fn pop_via(self) -> Self {
        self.pop(HeaderName::Via)
    }

    /// Writes into the topmost Via of a received request where it came from: the received parameter if the sent-by
    /// host is another or rport asks, and rport's value if it asks (RFC 3261 section 18.2.1, RFC 3581 section 4).
    /// What the sender wrote in their place is dropped.
    pub fn stamp_source(mut self, source: SocketAddr) -> Self {
        let at = usize::from(self.message.frame.via);
        let value = self.value(at);
        let mut cursor = Cursor::new(&value);
        let Ok(via) = Via::read(&mut cursor) else { return self };
        let asks = via.rport().is_some();
        let params = via.params().as_bytes();
        let start = (params.as_ptr() as usize).wrapping_sub(value.as_ptr() as usize);
        let mut stamped = value[..start].to_vec();
        for param in via.params() {
            let ours =
                ["received", "rport"].iter().any(|name| param.name.eq_ignore_ascii_case(name));
            if !ours {
                let _ = write!(stamped, ";{}", param.name);
                if let Some(value) = param.value {
                    let _ = write!(stamped, "={value}");
                }
            }
        }
        if asks || super::Host::of(via.host()).ip() != Some(source.ip()) {
            let _ = write!(stamped, ";received={}", source.ip());
        }
        if asks {
            let _ = write!(stamped, ";rport={}", source.port());
        }
        stamped.extend_from_slice(&value[start + params.len()..]);
        self.change(at, Some(stamped));
        self
    }

    /// Adds a tag to To, if it has none.
    pub fn to_tag(mut self, tag: &str) -> Self {
        if !is_token(tag.as_bytes()) {
            self.error.get_or_insert(BuildError::Tag);
        } else if self.message.to_tag().is_none() {
            let at = usize::from(self.message.frame.to);
            let mut value = self.value(at);
            let _ = write!(value, ";tag={tag}");
            self.change(at, Some(value));
        }
        self
    }

    /// Makes this the only header field of its name: in the place of the first there is, or at the end.
    pub fn set<'n>(mut self, name: impl Into<Name<'n>>, value: impl fmt::Display) -> Self {
        let name = name.into();
        let value = self.checked(name, value);
        match self.positions(name).split_first() {
            Some((&first, rest)) => {
                self.change(first, Some(value));
                rest.iter().for_each(|&at| self.change(at, None));
            }
            None => self.add(usize::MAX, name, &value),
        }
        self
    }

    /// Adds a header field before the first of its name, or before all.
    pub fn push<'n>(mut self, name: impl Into<Name<'n>>, value: impl fmt::Display) -> Self {
        let name = name.into();
        let value = self.checked(name, value);
        let at = self.positions(name).first().copied().unwrap_or(0);
        self.add(at, name, &value);
        self
    }

    /// Adds a header field at the end.
    pub fn append<'n>(mut self, name: impl Into<Name<'n>>, value: impl fmt::Display) -> Self {
        let name = name.into();
        let value = self.checked(name, value);
        self.add(usize::MAX, name, &value);
        self
    }

    /// Takes all header fields of this name out.
    pub fn remove<'n>(mut self, name: impl Into<Name<'n>>) -> Self {
        for at in self.positions(name.into()) {
            self.change(at, None);
        }
        self
    }

    /// Takes the first value out: of a comma list only its first item.
    pub fn pop<'n>(mut self, name: impl Into<Name<'n>>) -> Self {
        let name = name.into();
        if let Some(&at) = self.positions(name).first() {
            let value = self.value(at);
            let is_list = name.known().is_none_or(|known| known.rule() == Rule::List);
            let mut items = Items::new(&value);
            let rest = if is_list { items.next().and_then(|_| items.rest()) } else { None };
            let rest = rest.map(<[u8]>::to_vec);
            self.change(at, rest);
        }
        self
    }

    /// Replaces the body and its Content-Type.
    pub fn body(self, content_type: impl fmt::Display, body: impl Into<Bytes>) -> Self {
        let mut editor = self.set(HeaderName::ContentType, content_type);
        editor.body = Some(body.into());
        editor
    }

    /// Takes the body out, and what describes it.
    pub fn without_body(self) -> Self {
        let mut editor = self
            .remove(HeaderName::ContentType)
            .remove(HeaderName::ContentEncoding)
            .remove(HeaderName::ContentDisposition)
            .remove(HeaderName::ContentLanguage);
        editor.body = Some(Bytes::new());
        editor
    }

    /// The changed message.
    ///
    /// # Errors
    /// The first mistake made, or what [`Message::parse`] finds wrong with the result.
    pub fn finish(mut self) -> Result<Message, BuildError> {
        if let Some(body) = &self.body {
            let length = body.len();
            self = self.set_length(length);
        }
        if let Some(error) = self.error {
            return Err(error);
        }
        let bytes = self.message.as_bytes();
        let entries = self.message.index.entries();
        let head = entries.first().map_or(0, |entry| entry.line_start());
        let mut out = Vec::with_capacity(bytes.len() + 256);
        match &self.start_line {
            Some(line) => {
                out.extend_from_slice(line);
                out.extend_from_slice(b"\r\n");
            }
            None => out.extend_from_slice(&bytes[..head]),
        }
        for (at, entry) in entries.iter().enumerate() {
            self.write_added(&mut out, |before| before == at);
            match self.changed.iter().rfind(|change| change.0 == at) {
                None => out.extend_from_slice(&bytes[entry.line_start()..entry.line_end(bytes)]),
                Some((_, None)) => {}
                Some((_, Some(value))) => write_line(&mut out, entry.name(bytes), value),
            }
        }
        self.write_added(&mut out, |before| before >= entries.len());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(self.body.as_deref().unwrap_or(self.message.body()));
        Ok(Message::parse(out)?)
    }

    fn set_length(mut self, length: usize) -> Self {
        let name = HeaderName::ContentLength;
        let value = length.to_string().into_bytes();
        match self.positions(name.into()).first() {
            Some(&at) => self.change(at, Some(value)),
            None => self.add(usize::MAX, name.into(), &value),
        }
        self
    }

    fn write_added(&self, out: &mut Vec<u8>, here: impl Fn(usize) -> bool) {
        for (_, line) in self.added.iter().filter(|added| here(added.0)) {
            out.extend_from_slice(line);
        }
    }

    fn positions(&self, name: Name<'_>) -> Vec<usize> {
        let bytes = self.message.as_bytes();
        let entries = self.message.index.entries().iter().enumerate();
        let alive =
            |at: usize| !matches!(self.changed.iter().rfind(|c| c.0 == at), Some((_, None)));
        entries.filter(|(at, e)| e.is_named(name, bytes) && alive(*at)).map(|(at, _)| at).collect()
    }

    /// The value of an entry as it is now, on one line.
    fn value(&self, at: usize) -> Vec<u8> {
        if let Some((_, Some(value))) = self.changed.iter().rfind(|change| change.0 == at) {
            return value.clone();
        }
        let mut value = Vec::new();
        if let Some(entry) = self.message.index.entries().get(at) {
            unfold(entry.value(self.message.as_bytes()), &mut value);
        }
        value
    }

    fn change(&mut self, at: usize, value: Option<Vec<u8>>) {
        self.changed.push((at, value));
    }

    fn add(&mut self, before: usize, name: Name<'_>, value: &[u8]) {
        let known = name.known();
        if known == Some(HeaderName::ContentLength) && self.body.is_none() {
            self.error.get_or_insert(BuildError::Reserved(HeaderName::ContentLength));
        }
        if !is_token(name.as_str().as_bytes()) || name.as_str().len() > MAX_NAME {
            self.error.get_or_insert(BuildError::Name);
        }
        let taken = |line: &(usize, Vec<u8>)| {
            line.1.starts_with(name.as_str().as_bytes())
                && line.1.get(name.as_str().len()) == Some(&b':')
        };
        if let Some(known) = known.filter(|known| known.is_single())
            && (!self.positions(name).is_empty() || self.added.iter().any(taken))
        {
            self.error.get_or_insert(BuildError::Duplicate(known));
        }
        let mut line = Vec::with_capacity(name.as_str().len() + value.len() + 4);
        write_line(&mut line, name.as_str().as_bytes(), value);
        self.added.push((before, line));
    }

    fn checked(&mut self, name: Name<'_>, value: impl fmt::Display) -> Vec<u8> {
        let value = value.to_string().into_bytes();
        self.check(&value, name.as_str());
        value
    }

    fn check(&mut self, octets: &[u8], name: &str) {
        if let Err(source) = check(octets) {
            self.error.get_or_insert(BuildError::ControlOctet { name: name.to_owned(), source });
        }
    }
}

fn write_line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
