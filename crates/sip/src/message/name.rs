//! Header field names (RFC 3261 section 7.3.1 and 7.3.3): compared without regard to case, compact forms included.

use core::fmt;

/// How many fields of one name a message may hold, and what a comma in its value means (RFC 3261 section 7.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// At most one field, with one value.
    Single,
    /// Any number of fields, each a comma-separated list.
    List,
    /// Any number of fields, each one value whatever commas it holds (the authentication family, section 7.3.1).
    Repeated,
}

macro_rules! names {
    ($($variant:ident $text:literal $compact:literal $rule:ident,)+) => {
        /// A header field name that this crate knows; every other name is text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
        }

        const ALL: &[(HeaderName, &str, u8, Rule)] = &[
            $((HeaderName::$variant, $text, $compact, Rule::$rule),)+
        ];
    };
}

names! {
    Accept "Accept" b'\0' List,
    AcceptContact "Accept-Contact" b'a' List,
    AcceptEncoding "Accept-Encoding" b'\0' List,
    AcceptLanguage "Accept-Language" b'\0' List,
    AlertInfo "Alert-Info" b'\0' List,
    Allow "Allow" b'\0' List,
    AllowEvents "Allow-Events" b'u' List,
    AuthenticationInfo "Authentication-Info" b'\0' Single,
    Authorization "Authorization" b'\0' Repeated,
    CallId "Call-ID" b'i' Single,
    CallInfo "Call-Info" b'\0' List,
    Contact "Contact" b'm' List,
    ContentDisposition "Content-Disposition" b'\0' Single,
    ContentEncoding "Content-Encoding" b'e' List,
    ContentId "Content-ID" b'\0' Single,
    ContentLanguage "Content-Language" b'\0' List,
    ContentLength "Content-Length" b'l' Single,
    ContentType "Content-Type" b'c' Single,
    CSeq "CSeq" b'\0' Single,
    Date "Date" b'\0' Single,
    Diversion "Diversion" b'\0' List,
    ErrorInfo "Error-Info" b'\0' List,
    Event "Event" b'o' Single,
    Expires "Expires" b'\0' Single,
    FlowTimer "Flow-Timer" b'\0' Single,
    From "From" b'f' Single,
    HistoryInfo "History-Info" b'\0' List,
    Identity "Identity" b'y' Single,
    InfoPackage "Info-Package" b'\0' Single,
    InReplyTo "In-Reply-To" b'\0' List,
    Join "Join" b'\0' Single,
    MaxForwards "Max-Forwards" b'\0' Single,
    MimeVersion "MIME-Version" b'\0' Single,
    MinExpires "Min-Expires" b'\0' Single,
    MinSe "Min-SE" b'\0' Single,
    Organization "Organization" b'\0' Single,
    PAccessNetworkInfo "P-Access-Network-Info" b'\0' List,
    PAssertedIdentity "P-Asserted-Identity" b'\0' List,
    Path "Path" b'\0' List,
    PPreferredIdentity "P-Preferred-Identity" b'\0' List,
    Priority "Priority" b'\0' Single,
    Privacy "Privacy" b'\0' Single,
    ProxyAuthenticate "Proxy-Authenticate" b'\0' Repeated,
    ProxyAuthorization "Proxy-Authorization" b'\0' Repeated,
    ProxyRequire "Proxy-Require" b'\0' List,
    RAck "RAck" b'\0' Single,
    Reason "Reason" b'\0' List,
    RecordRoute "Record-Route" b'\0' List,
    RecvInfo "Recv-Info" b'\0' List,
    ReferredBy "Referred-By" b'b' Single,
    ReferSub "Refer-Sub" b'\0' Single,
    ReferTo "Refer-To" b'r' Single,
    RejectContact "Reject-Contact" b'j' List,
    RemotePartyId "Remote-Party-ID" b'\0' List,
    Replaces "Replaces" b'\0' Single,
    ReplyTo "Reply-To" b'\0' Single,
    RequestDisposition "Request-Disposition" b'd' List,
    Require "Require" b'\0' List,
    RetryAfter "Retry-After" b'\0' Single,
    Route "Route" b'\0' List,
    RSeq "RSeq" b'\0' Single,
    Server "Server" b'\0' Single,
    ServiceRoute "Service-Route" b'\0' List,
    SessionExpires "Session-Expires" b'x' Single,
    SipEtag "SIP-ETag" b'\0' Single,
    SipIfMatch "SIP-If-Match" b'\0' Single,
    Subject "Subject" b's' Single,
    SubscriptionState "Subscription-State" b'\0' Single,
    Supported "Supported" b'k' List,
    TargetDialog "Target-Dialog" b'\0' Single,
    Timestamp "Timestamp" b'\0' Single,
    To "To" b't' Single,
    Unsupported "Unsupported" b'\0' List,
    UserAgent "User-Agent" b'\0' Single,
    UserToUser "User-to-User" b'\0' List,
    Via "Via" b'v' List,
    Warning "Warning" b'\0' List,
    WwwAuthenticate "WWW-Authenticate" b'\0' Repeated,
}

impl HeaderName {
    /// The name as it is written, in its long form.
    pub const fn as_str(self) -> &'static str {
        ALL[self as usize].1
    }

    /// The one-letter compact form, where RFC 3261 section 7.3.3 or a later RFC gives one.
    pub const fn compact(self) -> Option<char> {
        match ALL[self as usize].2 {
            b'\0' => None,
            letter => Some(letter as char),
        }
    }

    /// The name at this position of [`ALL`].
    pub(crate) fn from_id(id: u8) -> Option<HeaderName> {
        ALL.get(usize::from(id)).map(|known| known.0)
    }

    pub(crate) const fn rule(self) -> Rule {
        ALL[self as usize].3
    }

    /// Whether a message may hold this field once only, with one value.
    pub const fn is_single(self) -> bool {
        matches!(self.rule(), Rule::Single)
    }

    /// The known name that `name` writes, in long or compact form, in any case.
    pub fn from_bytes(name: &[u8]) -> Option<HeaderName> {
        let id = match name {
            [] => return None,
            [letter] => compact(*letter),
            _ => *ANY_CASE.get(slot(name))?,
        };
        let (known, long, ..) = ALL.get(usize::from(id))?;
        (name.len() == 1 || long.as_bytes().eq_ignore_ascii_case(name)).then_some(*known)
    }
}

/// The known name in the first `length` octets, written as [`HeaderName::as_str`] writes it or in
/// compact form, which is how nearly all senders write it; [`NONE`] where [`HeaderName::from_bytes`] must look closer.
#[inline(always)]
pub(super) fn as_usual(octets: &[u8], length: usize) -> u8 {
    let Some(words) = Words::read(octets, length) else { return NONE };
    let Some(known) = USUAL.get(usize::from(SLOTS[words.hash(FACTOR)])) else { return NONE };
    if known.words != words {
        return NONE;
    }
    // The words hold all octets of a name of up to sixteen.
    let long = || ALL[usize::from(known.id)].1.as_bytes();
    if length > 16 && octets.get(..length) != Some(long()) {
        return NONE;
    }
    known.id
}

/// No name.
pub(super) const NONE: u8 = u8::MAX;

/// A name as numbers that are compared at once: its first and last eight octets, which overlap; of a shorter name, its
/// octets and zeros.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Words {
    first: u64,
    last: u64,
    length: u8,
}

impl Words {
    #[inline]
    fn read(octets: &[u8], length: usize) -> Option<Words> {
        let first = u64::from_le_bytes(*octets.first_chunk()?);
        let (first, last) = if length < 8 {
            let first = first & !(u64::MAX << (8 * length));
            (first, first)
        } else {
            (first, u64::from_le_bytes(*octets.get(length - 8..)?.first_chunk()?))
        };
        Some(Words { first, last, length: length as u8 })
    }

    const fn of(name: &[u8]) -> Words {
        let mut first = 0;
        let mut last = 0;
        let mut at = 0;
        let kept = if name.len() < 8 { name.len() } else { 8 };
        while at < kept {
            first |= (name[at] as u64) << (8 * at);
            last |= (name[name.len() - kept + at] as u64) << (8 * at);
            at += 1;
        }
        Words { first, last, length: name.len() as u8 }
    }

    #[inline]
    const fn hash(self, factor: u64) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(23)).wrapping_mul(factor);
        (mixed >> (u64::BITS - SLOT_BITS)) as usize
    }
}

const SLOT_BITS: u32 = 11;

/// A name in the form that nearly all senders use.
#[derive(Clone, Copy)]
struct Usual {
    words: Words,
    id: u8,
}

/// How many names have a compact form.
const COMPACTS: usize = {
    let mut count = 0;
    let mut id = 0;
    while id < ALL.len() {
        count += (ALL[id].2 != 0) as usize;
        id += 1;
    }
    count
};

/// The long names, then the compact ones.
static USUAL: [Usual; ALL.len() + COMPACTS] = USUAL_NAMES;

const USUAL_NAMES: [Usual; ALL.len() + COMPACTS] = {
    let mut names =
        [Usual { words: Words { first: 0, last: 0, length: 0 }, id: NONE }; ALL.len() + COMPACTS];
    let mut compact = ALL.len();
    let mut id = 0;
    while id < ALL.len() {
        names[id] = Usual { words: Words::of(ALL[id].1.as_bytes()), id: id as u8 };
        if ALL[id].2 != 0 {
            names[compact] = Usual { words: Words::of(&[ALL[id].2]), id: id as u8 };
            compact += 1;
        }
        id += 1;
    }
    names
};

/// A factor with which no two names share a slot, looked for when this is compiled.
const FACTOR: u64 = {
    let mut factor = 0x9e37_79b9_7f4a_7c15_u64;
    while slots(factor).is_none() {
        factor = factor.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f) | 1;
    }
    factor
};

/// The places of the names in [`USUAL`] by their [`Words::hash`].
static SLOTS: [u8; 1 << SLOT_BITS] = match slots(FACTOR) {
    Some(table) => table,
    None => [NONE; 1 << SLOT_BITS],
};

const fn slots(factor: u64) -> Option<[u8; 1 << SLOT_BITS]> {
    let mut table = [NONE; 1 << SLOT_BITS];
    let mut at = 0;
    while at < USUAL_NAMES.len() {
        let slot = USUAL_NAMES[at].words.hash(factor);
        if table[slot] != NONE {
            return None;
        }
        table[slot] = at as u8;
        at += 1;
    }
    Some(table)
}

/// The long names by [`slot`]; that no two share one is checked when this is compiled.
static ANY_CASE: [u8; 512] = {
    let mut table = [NONE; 512];
    let mut id = 0;
    while id < ALL.len() {
        let slot = slot(ALL[id].1.as_bytes());
        assert!(table[slot] == NONE, "two names in one slot: choose other factors");
        table[slot] = id as u8;
        id += 1;
    }
    table
};

/// The compact names by their letter.
static COMPACT: [u8; 26] = {
    let mut table = [NONE; 26];
    let mut id = 0;
    while id < ALL.len() {
        if ALL[id].2 != 0 {
            table[(ALL[id].2 - b'a') as usize] = id as u8;
        }
        id += 1;
    }
    table
};

fn compact(letter: u8) -> u8 {
    let place = usize::from(letter.to_ascii_lowercase().wrapping_sub(b'a'));
    COMPACT.get(place).copied().unwrap_or(NONE)
}

/// A number that differs for all long names, the same in any case; `name` is not empty.
const fn slot(name: &[u8]) -> usize {
    const fn lower(octet: u8) -> usize {
        (octet | 0x20) as usize
    }
    let length = name.len();
    let (first, middle, last) = (name[0], name[length / 2], name[length - 1]);
    (length + 3 * lower(first) + 7 * lower(middle) + 24 * lower(last)) % 512
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Any header field name: one that is known, or text.
///
/// Made from a [`HeaderName`] or from `&str`, so that functions take either.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a>(pub(crate) Repr<'a>);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Repr<'a> {
    Known(HeaderName),
    Other(&'a str),
}

impl<'a> Name<'a> {
    /// The name as it is written: the long form if it is known.
    pub fn as_str(&self) -> &'a str {
        match self.0 {
            Repr::Known(known) => known.as_str(),
            Repr::Other(text) => text,
        }
    }

    /// The known name, if it is one.
    pub fn known(&self) -> Option<HeaderName> {
        match self.0 {
            Repr::Known(known) => Some(known),
            Repr::Other(_) => None,
        }
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Repr::Known(a), Repr::Known(b)) => a == b,
            (Repr::Other(a), Repr::Other(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        }
    }
}

impl Eq for Name<'_> {}

impl From<HeaderName> for Name<'_> {
    fn from(known: HeaderName) -> Self {
        Name(Repr::Known(known))
    }
}

impl<'a> From<&'a str> for Name<'a> {
    fn from(text: &'a str) -> Self {
        match HeaderName::from_bytes(text.as_bytes()) {
            Some(known) => Name(Repr::Known(known)),
            None => Name(Repr::Other(text)),
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
