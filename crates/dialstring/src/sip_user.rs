//! SIP user parts (RFC 3261 section 19.1.6, RFC 4967).

use crate::dial_string::DialString;
use crate::error::{ErrorKind, ParseError};
use crate::grammar::MAX_INPUT;
use crate::options::{Options, plain, too_long};
use crate::prepared::{ESCAPE, Prepared, escape};
use crate::tel;

/// How the user part of a SIP URI is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SipUser {
    /// What somebody dialled on a phone that puts it into the Request-URI as it is: `;` and `#`
    /// separate an extension, whether they come escaped (`%3B`, `%23`) or not. What follows a `;`
    /// with a `=` is a parameter all the same: `;ext=42`, `;phone-context=example.com`.
    Dialled,
    /// A telephone number (`;user=phone`) or dial string (`;user=dialstring`): an unescaped `;`
    /// begins a parameter, and only `;ext=` is an extension.
    Telephone,
}

impl DialString {
    /// Reads the user part of a SIP URI, escapes and all, without an allocation.
    ///
    /// ```
    /// use switchboard_dialstring::{DialString, SipUser};
    ///
    /// let dialled = DialString::from_sip_user("03012345%2342", SipUser::Dialled)?;
    /// assert_eq!(dialled.to_string(), "03012345#42");
    /// let phone = DialString::from_sip_user("+493012345;42", SipUser::Telephone)?;
    /// assert_eq!(phone.to_string(), "+493012345"); // ";42" was a parameter
    /// # Ok::<(), switchboard_dialstring::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// [`ParseError`] with the offset, in the user part as it stands, and the kind of the first
    /// fault.
    pub fn from_sip_user(user: &str, kind: SipUser) -> Result<Self, ParseError> {
        Options::new().parse_sip_user(user, kind)
    }
}

pub(crate) fn parse(
    options: &Options,
    user: &str,
    kind: SipUser,
) -> Result<DialString, ParseError> {
    let first = user.bytes().position(|octet| matches!(octet, b';' | b'%'));
    let Some(first) = first else { return unescaped(options, user) };
    let split = user.bytes().skip(first).position(|octet| octet == b';');
    let split = split.map_or(user.len(), |behind| first + behind);
    let (head, parameters) = user.split_at(split);
    if kind == SipUser::Dialled && !begins_with_named(parameters) {
        return match user.as_bytes()[first] {
            b'%' if *options == Options::new() => escaped(user.as_bytes(), first),
            _ => unescaped(options, user),
        };
    }
    let dialled = unescaped(options, head)?;
    let parameters = tel::parameters(user, split)?;
    parameters.behind(dialled, user)
}

/// `;name=`: a parameter, not an extension.
fn begins_with_named(parameters: &str) -> bool {
    let mut behind = parameters.bytes().skip(1);
    behind.find(|octet| matches!(octet, b';' | b'=')) == Some(b'=')
}

pub(crate) fn unescaped(options: &Options, user: &str) -> Result<DialString, ParseError> {
    if *options == Options::new() {
        return match user.bytes().position(|octet| octet == b'%') {
            None => plain(user.as_bytes()),
            Some(escape) => escaped(user.as_bytes(), escape),
        };
    }
    let mut prepared = Prepared::new();
    prepared.escaped(user)?;
    options.plain(&mut prepared)
}

/// Reads a user part by the strict settings, with its escapes undone, of which the first stands at
/// an offset. Where in the user part an octet came from is worked out when there is an error alone.
fn escaped(user: &[u8], first: usize) -> Result<DialString, ParseError> {
    let mut text = [0; MAX_INPUT];
    if user.len() > MAX_INPUT {
        return Err(too_long(user));
    }
    text[..first].copy_from_slice(&user[..first]);
    let (mut len, mut at) = (first, first);
    // Never longer than what it comes from.
    while let (Some(&octet), Some(slot)) = (user.get(at), text.get_mut(len)) {
        (*slot, at) = match octet {
            b'%' => match escape(user, at) {
                Some(octet) => (octet, at + ESCAPE),
                None => return Err(ParseError::new(at, ErrorKind::BadEscape, user)),
            },
            octet => (octet, at + 1),
        };
        len += 1;
    }
    plain(&text[..len]).map_err(|error| {
        let mut at = 0;
        for _ in 0..error.offset() {
            at += if user.get(at) == Some(&b'%') { ESCAPE } else { 1 };
        }
        error.moved_to(at.min(user.len()))
    })
}

/// Reads a `sip:` or `sips:` URI that stands as text: its user part, as a telephone number.
pub(crate) fn from_sip_uri(text: &str) -> Result<DialString, ParseError> {
    let octets = text.as_bytes();
    let scheme = text.find(':').unwrap_or_default();
    let user = scheme + 1;
    let end = text[user..].find(['@', '?']).map_or(text.len(), |at| user + at);
    if !text[end..].starts_with('@') {
        return Err(ParseError::new(user, ErrorKind::NoNumber, octets));
    }
    // A password stands behind a colon; it is no part of what is dialled.
    let end = text[user..end].find(':').map_or(end, |at| user + at);
    parse(&Options::new(), &text[user..end], SipUser::Telephone)
        .map_err(|error| error.moved_to(user + error.offset()))
}
