use core::fmt;

use crate::{Media, Session};

/// The ICE attributes of a medium (RFC 8839): read, not used. Their lines are kept in the description whether they
/// can be read or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ice<'a> {
    /// `a=ice-ufrag`: 4 to 256 characters (section 5.4), the medium's own or else the session's.
    pub ufrag: Option<&'a str>,
    /// `a=ice-pwd`: 22 to 256 characters (section 5.4), the medium's own or else the session's.
    pub password: Option<&'a str>,
    /// The tokens of `a=ice-options` (section 5.6), of the session and the medium.
    pub options: Vec<&'a str>,
    /// The `a=candidate` lines that can be read, in order.
    pub candidates: Vec<Candidate<'a>>,
    /// `a=ice-lite` at the session (section 5.3).
    pub is_lite: bool,
}

impl<'a> Ice<'a> {
    /// What a description says of one of its media.
    #[must_use]
    pub fn of(session: &'a Session, media: &'a Media) -> Self {
        let either = |name: &'static str, least: usize| {
            let mut values = media.attributes(name).chain(session.attributes(name));
            values.find(|value| (least..=256).contains(&value.len()) && value.bytes().all(is_ice))
        };
        let options = session.attributes("ice-options").chain(media.attributes("ice-options"));
        Self {
            ufrag: either("ice-ufrag", 4),
            password: either("ice-pwd", 22),
            options: options.flat_map(str::split_ascii_whitespace).collect(),
            candidates: media.attributes("candidate").filter_map(Candidate::parse).collect(),
            is_lite: session.attributes("ice-lite").next().is_some(),
        }
    }
}

/// An address at which a side may be reached: `a=candidate` (RFC 8839 section 5.1).
///
/// ```
/// use switchboard_sdp::{Candidate, CandidateKind};
///
/// let line = "2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998";
/// let candidate = Candidate::parse(line).expect("a candidate");
/// assert_eq!((candidate.kind, candidate.port), (CandidateKind::ServerReflexive, 45664));
/// assert_eq!(candidate.related, Some(("203.0.113.141", 8998)));
/// assert_eq!(candidate.to_string(), line);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// 1 to 32 characters: candidates of the same base and kind share it.
    pub foundation: &'a str,
    /// 1 for RTP, 2 for RTCP, up to 256.
    pub component: u16,
    /// `UDP`, or another transport (RFC 6544), as written.
    pub transport: &'a str,
    /// 1 to 2^31 - 1; the higher, the better.
    pub priority: u32,
    /// An address or a host name.
    pub address: &'a str,
    /// The port.
    pub port: u16,
    /// What kind of address it is.
    pub kind: CandidateKind<'a>,
    /// The address and port that it was derived from (`raddr`, `rport`).
    pub related: Option<(&'a str, u16)>,
    /// What follows, as names and values.
    pub extensions: Vec<(&'a str, &'a str)>,
}

/// The kind of a [`Candidate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CandidateKind<'a> {
    /// `host`: an interface's own address.
    Host,
    /// `srflx`: how a STUN server sees it.
    ServerReflexive,
    /// `prflx`: how the other side sees it.
    PeerReflexive,
    /// `relay`: at a TURN server.
    Relayed,
    /// Another token.
    Other(&'a str),
}

impl<'a> CandidateKind<'a> {
    /// The token behind `typ`.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Host => "host",
            Self::ServerReflexive => "srflx",
            Self::PeerReflexive => "prflx",
            Self::Relayed => "relay",
            Self::Other(token) => token,
        }
    }

    fn of(token: &'a str) -> Self {
        match token {
            "host" => Self::Host,
            "srflx" => Self::ServerReflexive,
            "prflx" => Self::PeerReflexive,
            "relay" => Self::Relayed,
            other => Self::Other(other),
        }
    }
}

impl<'a> Candidate<'a> {
    /// Reads the attribute's value; `None` for what the grammar refuses.
    #[must_use]
    pub fn parse(value: &'a str) -> Option<Self> {
        let mut fields = value.split(' ');
        let foundation = fields.next()?;
        if !(1..=32).contains(&foundation.len()) || !foundation.bytes().all(is_ice) {
            return None;
        }
        let component = number(fields.next()?).filter(|n| (1..=256).contains(n))? as u16;
        let transport = fields.next().filter(|token| is_token(token))?;
        let priority = number(fields.next()?).filter(|n| (1..1 << 31).contains(n))?;
        let address = fields.next().filter(|address| is_token(address))?;
        let port = u16::try_from(number(fields.next()?)?).ok()?;
        if fields.next()? != "typ" {
            return None;
        }
        let kind = CandidateKind::of(fields.next().filter(|token| is_token(token))?);
        let (mut address_of, mut port_of, mut extensions) = (None, None, Vec::new());
        while let Some(name) = fields.next() {
            let value = fields.next().filter(|value| is_token(name) && is_token(value))?;
            match name {
                "raddr" if address_of.is_none() => address_of = Some(value),
                "rport" if port_of.is_none() => port_of = Some(u16::try_from(number(value)?).ok()?),
                _ => extensions.push((name, value)),
            }
        }
        // One without the other says nothing.
        let related = match (address_of, port_of) {
            (Some(address), Some(port)) => Some((address, port)),
            (None, None) => None,
            _ => return None,
        };
        Some(Self {
            foundation,
            component,
            transport,
            priority,
            address,
            port,
            kind,
            related,
            extensions,
        })
    }
}

impl fmt::Display for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { foundation, component, transport, priority, address, port, .. } = self;
        write!(f, "{foundation} {component} {transport} {priority} {address} {port}")?;
        write!(f, " typ {}", self.kind.as_str())?;
        if let Some((address, port)) = self.related {
            write!(f, " raddr {address} rport {port}")?;
        }
        self.extensions.iter().try_for_each(|(name, value)| write!(f, " {name} {value}"))
    }
}

/// `ice-char = ALPHA / DIGIT / "+" / "/"`
const fn is_ice(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/')
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic())
}

/// Digits alone, 10 at most.
fn number(text: &str) -> Option<u32> {
    let digits = (1..=10).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}
