//! SIP user parts (RFC 3261 section 19.1.6, RFC 4967).

use crate::dial_string::DialString;
use crate::error::{ErrorKind, ParseError};
use crate::options::{Options, plain};
use crate::prepared::Prepared;
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
    let split = user.find(';').unwrap_or(user.len());
    let (head, parameters) = user.split_at(split);
    if kind == SipUser::Dialled && !begins_with_named(parameters) {
        return unescaped(options, user);
    }
    let dialled = unescaped(options, head)?;
    let parameters = tel::parameters(user, split)?;
    parameters.behind(dialled, user)
}

/// `;name=`: a parameter, not an extension.
fn begins_with_named(parameters: &str) -> bool {
    let Some(rest) = parameters.strip_prefix(';') else { return false };
    let name = rest.split([';', '=']).next().unwrap_or_default();
    rest[name.len()..].starts_with('=')
}

pub(crate) fn unescaped(options: &Options, user: &str) -> Result<DialString, ParseError> {
    if *options == Options::new() && !user.contains('%') {
        return plain(user.as_bytes());
    }
    let mut prepared = Prepared::new();
    prepared.escaped(user)?;
    options.plain(&mut prepared)
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
