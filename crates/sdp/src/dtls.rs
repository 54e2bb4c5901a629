use core::fmt;

use crate::{Media, Session};

/// The DTLS attributes of a medium (RFC 8122, RFC 5763): read, not used. Their lines are kept in the description
/// whether they can be read or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dtls<'a> {
    /// The `a=fingerprint` lines that can be read: the medium's own or else the session's.
    pub fingerprints: Vec<Fingerprint<'a>>,
    /// `a=setup`: the medium's own or else the session's.
    pub setup: Option<Setup>,
}

impl<'a> Dtls<'a> {
    /// What a description says of one of its media.
    #[must_use]
    pub fn of(session: &'a Session, media: &'a Media) -> Self {
        let mut fingerprints: Vec<_> =
            media.attributes("fingerprint").filter_map(Fingerprint::parse).collect();
        if media.attributes("fingerprint").next().is_none() {
            fingerprints =
                session.attributes("fingerprint").filter_map(Fingerprint::parse).collect();
        }
        let setup = media.attributes("setup").next().or(session.attributes("setup").next());
        Self { fingerprints, setup: setup.and_then(Setup::parse) }
    }
}

/// Who opens the connection (RFC 4145 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// This side.
    Active,
    /// The other side.
    Passive,
    /// Either: the answer says.
    ActPass,
    /// Nobody for now.
    HoldConn,
}

impl Setup {
    /// Reads the attribute's value.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        [Self::Active, Self::Passive, Self::ActPass, Self::HoldConn]
            .into_iter()
            .find(|setup| setup.as_str().eq_ignore_ascii_case(value.trim()))
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::ActPass => "actpass",
            Self::HoldConn => "holdconn",
        }
    }
}

/// The hash of a certificate (RFC 8122 section 5).
///
/// ```
/// use switchboard_sdp::Fingerprint;
///
/// let line = "sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB";
/// let fingerprint = Fingerprint::parse(line).expect("a fingerprint");
/// assert_eq!((fingerprint.hash, fingerprint.octets.len()), ("sha-1", 20));
/// assert_eq!(fingerprint.to_string(), line);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint<'a> {
    /// The hash function's name, as written; it compares without case.
    pub hash: &'a str,
    /// The hash.
    pub octets: Vec<u8>,
}

impl<'a> Fingerprint<'a> {
    /// Reads the attribute's value. `None` where the octets are no pairs of hexadecimal digits with colons, or not
    /// as many as a known hash has; small letters, which the grammar does not know, are taken.
    #[must_use]
    pub fn parse(value: &'a str) -> Option<Self> {
        let (hash, octets) = value.trim().split_once(' ')?;
        let pair = |pair: &str| {
            let digits = pair.len() == 2 && pair.bytes().all(|octet| octet.is_ascii_hexdigit());
            u8::from_str_radix(pair, 16).ok().filter(|_| digits)
        };
        let octets: Vec<u8> = octets.split(':').map(pair).collect::<Option<_>>()?;
        let is_whole = match hash.to_ascii_lowercase().as_str() {
            "sha-1" => octets.len() == 20,
            "sha-224" => octets.len() == 28,
            "sha-256" => octets.len() == 32,
            "sha-384" => octets.len() == 48,
            "sha-512" => octets.len() == 64,
            "md5" | "md2" => octets.len() == 16,
            other => !other.is_empty(),
        };
        is_whole.then_some(Self { hash, octets })
    }
}

impl fmt::Display for Fingerprint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hash)?;
        for (n, octet) in self.octets.iter().enumerate() {
            write!(f, "{}{octet:02X}", if n == 0 { ' ' } else { ':' })?;
        }
        Ok(())
    }
}
