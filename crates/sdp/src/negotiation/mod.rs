//! Offer and answer (RFC 3264) for one audio stream.

mod agreed;
mod describe;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

pub use agreed::{Agreed, AgreedEvents, AgreedKeys};

use crate::error::AudioError;
use crate::{Codec, Crypto, Direction, Media, RemoteAudio, Session};

/// What this side wants of an audio stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAudio {
    /// Where RTP is received; RTCP on the next port.
    pub address: SocketAddr,
    /// The codecs, best first; where there are none, [`Codec::DEFAULT`].
    pub codecs: Vec<Codec>,
    /// The payload type of telephone-events in an offer, 96 to 127, with the clock of the first codec; those with the
    /// clock of another codec have the next free ones. An answer takes the offer's.
    /// `None`, or a type that is not dynamic: none are wanted.
    pub telephone_event: Option<u8>,
    /// This side's direction.
    pub direction: Direction,
    /// The packet length in milliseconds that is asked for.
    pub ptime: Option<u16>,
    /// Whether to offer RTCP on the port of RTP (RFC 5761). An offer of it is always taken.
    pub rtcp_mux: bool,
    /// Whether audio is encrypted (SRTP by RFC 4568). Keys travel in the description: use it where
    /// that is encrypted itself.
    pub encryption: Encryption,
}

/// Whether audio is encrypted, and this side's keys, best first. Give every offer and answer of a
/// dialog the same keys until they shall change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// SRTP is refused.
    #[default]
    Off,
    /// Offered beside plain RTP (RFC 8643), and taken where it is offered.
    Allowed(Vec<Crypto>),
    /// Plain RTP is refused.
    Required(Vec<Crypto>),
}

impl Encryption {
    pub(crate) fn keys(&self) -> &[Crypto] {
        match self {
            Self::Off => &[],
            Self::Allowed(keys) | Self::Required(keys) => keys,
        }
    }

    /// Whether audio of the other side could be taken.
    pub(crate) fn check(&self, remote: &RemoteAudio) -> Result<(), AudioError> {
        let medium = remote.medium;
        let common = || {
            let suites = self.keys().iter().map(|own| own.suite);
            suites.into_iter().any(|suite| remote.crypto.iter().any(|key| key.suite == suite))
        };
        match self {
            Self::Off if remote.is_secure => Err(AudioError::Transport { medium }),
            Self::Allowed(_) if remote.is_secure && !common() => Err(AudioError::NoKey { medium }),
            Self::Required(_) if !common() => Err(AudioError::NotEncrypted { medium }),
            _ => Ok(()),
        }
    }
}

impl LocalAudio {
    /// A-law, then mu-law, telephone-events as 101, both ways, 20 ms, not encrypted.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            codecs: Codec::DEFAULT.to_vec(),
            telephone_event: Some(101),
            direction: Direction::SendRecv,
            ptime: Some(20),
            rtcp_mux: false,
            encryption: Encryption::Off,
        }
    }

    pub(crate) fn codecs(&self) -> &[Codec] {
        if self.codecs.is_empty() { &Codec::DEFAULT } else { &self.codecs }
    }

    pub(crate) fn event_type(&self) -> Option<u8> {
        self.telephone_event.filter(|payload_type| (96..=127).contains(payload_type))
    }

    /// The payload types of telephone-events, one a clock rate (RFC 4733 section 7.1: theirs is that of
    /// the audio).
    pub(crate) fn events(&self) -> Vec<(u8, u32)> {
        let mut types: Vec<(u8, u32)> = Vec::new();
        let Some(mut next) = self.event_type() else { return types };
        for codec in self.codecs() {
            if types.iter().any(|(_, clock)| *clock == codec.clock_rate()) {
                continue;
            }
            while self.codecs().iter().any(|codec| codec.payload_type() == next) {
                next = if next == 127 { 96 } else { next + 1 };
            }
            types.push((next, codec.clock_rate()));
            next = if next == 127 { 96 } else { next + 1 };
        }
        types
    }

    /// The same in another direction: [`Direction::SendOnly`] puts the other side on hold.
    #[must_use]
    pub const fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }
}

/// Negotiates one audio stream for the length of a dialog, as offerer and as answerer.
///
/// ```text
///            offer()                    accept(), withdraw()
///   agreed ──────────────▶ offered ──────────────────────────▶ agreed
///     │ ▲
///     └─┘ answer()
/// ```
///
/// The session identifier stays; the version is one higher in each description that differs from
/// the last one, and the media keep their number and order (RFC 3264 section 8).
///
/// ```
/// use switchboard_sdp::{LocalAudio, Negotiation, Session};
///
/// let (anna, ben) = ("192.0.2.1:4000".parse()?, "192.0.2.2:5000".parse()?);
/// let (mut caller, mut callee) = (Negotiation::new(1, anna), Negotiation::new(2, ben));
///
/// let offer = caller.offer(&LocalAudio::new(anna)).to_string();
/// let heard = Session::parse(offer.as_bytes())?;
/// let (answer, at_ben) = callee.answer(&heard, &LocalAudio::new(ben))?;
/// let at_anna = caller.accept(&answer)?;
///
/// assert_eq!(at_anna.remote.address, ben);
/// assert_eq!(at_ben.remote.address, anna);
/// assert_eq!(at_anna.codec, at_ben.codec);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Negotiation {
    session_id: u64,
    version: u64,
    address: IpAddr,
    /// The last description sent, to tell whether the next one differs.
    last: Option<Session>,
    /// One of each medium of the dialog, in order; before the first exchange there are none.
    slots: Vec<Slot>,
    offered: Option<LocalAudio>,
    /// The payload type in which telephone-events are received: it stays for the dialog
    /// (RFC 3264 section 8.3.2).
    event_type: Option<u8>,
}

/// What stands in the place of a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Slot {
    Audio,
    /// A medium that is not taken: the `m=` line of the answer, with port 0.
    Refused(Media),
}

impl Negotiation {
    /// A negotiation of a dialog. The identifier is unique among this host's sessions; the address
    /// is the one in `o=`, whose port is not used.
    #[must_use]
    pub fn new(session_id: u64, address: SocketAddr) -> Self {
        Self {
            session_id,
            version: 0,
            address: address.ip(),
            last: None,
            slots: Vec::new(),
            offered: None,
            event_type: None,
        }
    }

    /// Makes an offer (RFC 3264 section 5), the first one or a later one in the dialog. It replaces
    /// an offer that was not answered.
    pub fn offer(&mut self, local: &LocalAudio) -> Session {
        if self.slots.is_empty() {
            self.slots.push(Slot::Audio);
        }
        let mut local = local.clone();
        local.telephone_event = local.event_type().map(|own| self.event_type.unwrap_or(own));
        let session = self.describe(&local, &describe::offer(&local));
        self.offered = Some(local);
        session
    }

    /// Answers an offer (RFC 3264 section 6): one audio stream is taken, with one codec and
    /// telephone-events if both sides have them; every other medium is refused with port 0.
    ///
    /// # Errors
    /// [`AudioError`], whose [`status`](AudioError::status) answers the request; nothing changed.
    pub fn answer(
        &mut self,
        offer: &Session,
        local: &LocalAudio,
    ) -> Result<(Session, Agreed), AudioError> {
        let remote = RemoteAudio::from_session_with(offer, &local.encryption)?;
        let agreed = Agreed::from_offer(remote, local)?;
        let audio = describe::answer(&agreed, local, offer);
        self.slots = describe::slots(offer, agreed.remote.medium);
        self.offered = None;
        self.event_type = agreed.events.map(|events| events.receive).or(self.event_type);
        Ok((self.describe(local, &audio), agreed))
    }

    /// Takes the answer to this side's offer (RFC 3264 section 7).
    ///
    /// # Errors
    /// [`AudioError::NoOffer`] where none is open; otherwise what is wrong with the answer, and
    /// the offer stays open.
    pub fn accept(&mut self, answer: &Session) -> Result<Agreed, AudioError> {
        let offered = self.offered.as_ref().ok_or(AudioError::NoOffer)?;
        let medium = self.slots.iter().position(|slot| *slot == Slot::Audio).unwrap_or_default();
        if answer.media.len() != self.slots.len() || answer.media[medium].medium() != "audio" {
            return Err(AudioError::AnswerMismatch);
        }
        let remote = RemoteAudio::from_medium(answer, &answer.media[medium], medium)?;
        offered.encryption.check(&remote)?;
        let agreed = Agreed::from_answer(remote, offered)?;
        self.offered = None;
        self.event_type = agreed.events.map(|events| events.receive).or(self.event_type);
        Ok(agreed)
    }

    /// Forgets an offer that was refused (RFC 3261 section 14.1): what was agreed before stays.
    pub fn withdraw(&mut self) {
        self.offered = None;
    }

    /// An offer of this side waits for its answer.
    #[must_use]
    pub const fn is_offered(&self) -> bool {
        self.offered.is_some()
    }

    /// Puts the media together, with a new version where they differ from the last ones.
    fn describe(&mut self, local: &LocalAudio, audio: &Media) -> Session {
        let media = self.slots.iter().map(|slot| match slot {
            Slot::Audio => audio.clone(),
            Slot::Refused(media) => media.clone(),
        });
        let media: Vec<_> = media.collect();
        let session = |version| {
            describe::session(self.session_id, version, self.address, local, media.clone())
        };
        let same = session(self.version);
        if self.last.as_ref() != Some(&same) {
            self.version += 1;
        }
        let session = session(self.version);
        self.last = Some(session.clone());
        session
    }
}
