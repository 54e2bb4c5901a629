use std::net::{IpAddr, SocketAddr};

use crate::error::AudioError;
use crate::format::{Format, TelephoneEvent, formats, telephone_event};
use crate::media::Media;
use crate::{Codec, Crypto, Direction, Encryption, Session};

/// What the other side says about its audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAudio {
    /// Where it wants RTP. Unspecified (`0.0.0.0`) for hold by address (RFC 3264 section 8.4).
    pub address: SocketAddr,
    /// Where it wants RTCP: the next port unless `a=rtcp` says otherwise (RFC 3605).
    pub rtcp: SocketAddr,
    /// It takes RTCP on the port of RTP (RFC 5761).
    pub rtcp_mux: bool,
    /// Its transport is `RTP/SAVP` or `RTP/SAVPF`: it wants SRTP and nothing else.
    pub is_secure: bool,
    /// Its keys (RFC 4568), best first; beside `RTP/AVP` they are a wish (RFC 8643).
    pub crypto: Vec<Crypto>,
    /// Its formats, best first, telephone-events among them.
    pub formats: Vec<Format>,
    /// Its telephone-events, of the clock rate of its first voice codec where there are several.
    pub telephone_event: Option<TelephoneEvent>,
    /// Its direction, from its own side; hold by address counts as not receiving.
    pub direction: Direction,
    /// The packet length that it asks for, in milliseconds, 1 to 200.
    pub ptime: Option<u16>,
    /// The index of the `m=` line.
    pub medium: usize,
}

impl RemoteAudio {
    /// Reads the first audio stream that can be used without encryption.
    ///
    /// # Errors
    /// [`AudioError`], whose [`status`](AudioError::status) answers the request: of the first
    /// audio stream where none can be used.
    pub fn from_session(session: &Session) -> Result<Self, AudioError> {
        Self::from_session_with(session, &Encryption::Off)
    }

    /// Reads the first audio stream that can be used with this encryption.
    ///
    /// # Errors
    /// As [`from_session`](Self::from_session).
    pub fn from_session_with(
        session: &Session,
        encryption: &Encryption,
    ) -> Result<Self, AudioError> {
        let mut first = None;
        let audio = session.media.iter().enumerate().filter(|(_, media)| media.medium() == "audio");
        for (medium, media) in audio {
            let read = Self::from_medium(session, media, medium);
            match read.and_then(|audio| encryption.check(&audio).map(|()| audio)) {
                Ok(audio) => return Ok(audio),
                Err(error) => _ = first.get_or_insert(error),
            }
        }
        Err(first.unwrap_or(AudioError::NoAudio))
    }

    pub(crate) fn from_medium(
        session: &Session,
        media: &Media,
        medium: usize,
    ) -> Result<Self, AudioError> {
        if media.port == 0 {
            return Err(AudioError::Refused);
        }
        let is_secure = match media.protocol() {
            "RTP/AVP" | "RTP/AVPF" => false,
            "RTP/SAVP" | "RTP/SAVPF" => true,
            _ => return Err(AudioError::Transport { medium }),
        };
        let crypto = Crypto::of(media);
        if is_secure && crypto.is_empty() {
            return Err(AudioError::NoKey { medium });
        }
        let connection = media.connection.as_ref().or(session.connection.as_ref());
        let connection = connection.ok_or(AudioError::NoConnection { medium })?;
        let ip = connection.ip().ok_or(AudioError::NotAnAddress { medium })?;
        if !is_unicast(ip) {
            return Err(AudioError::NotUnicast { medium });
        }
        let formats = formats(media, medium)?;
        let telephone_event = events(&formats, medium)?;
        let direction = session.direction_of(media);
        let address = SocketAddr::new(ip, media.port);
        Ok(Self {
            address,
            rtcp: rtcp(media, address),
            rtcp_mux: media.attributes("rtcp-mux").next().is_some(),
            is_secure,
            crypto,
            telephone_event,
            direction: Direction::new(
                direction.sends(),
                direction.receives() && !ip.is_unspecified(),
            ),
            ptime: media.attributes("ptime").next().and_then(ptime),
            medium,
            formats,
        })
    }

    /// The other side does not want to hear us: we are on hold.
    #[must_use]
    pub const fn holds(&self) -> bool {
        !self.direction.receives()
    }

    /// The format of a codec, if it is among them.
    #[must_use]
    pub fn format_of(&self, codec: Codec) -> Option<&Format> {
        self.formats.iter().find(|format| format.codec() == Some(codec))
    }

    /// Its telephone-events of this clock rate, or else [`telephone_event`](Self::telephone_event).
    #[must_use]
    pub fn telephone_event_at(&self, clock_rate: u32) -> Option<TelephoneEvent> {
        let mut named = self.formats.iter().filter(|format| format.is_telephone_event());
        let exact = named.find(|format| format.clock_rate == clock_rate);
        exact.and_then(telephone_event).or(self.telephone_event)
    }

    /// The codecs that are negotiated here, best first.
    pub fn codecs(&self) -> impl Iterator<Item = Codec> {
        self.formats.iter().filter_map(Format::codec)
    }
}

const fn is_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_multicast() && !ip.is_broadcast(),
        IpAddr::V6(ip) => !ip.is_multicast(),
    }
}

/// The telephone-events with the clock rate of the first voice codec, or else the first.
fn events(formats: &[Format], medium: usize) -> Result<Option<TelephoneEvent>, AudioError> {
    let clock_rate = formats.iter().find(|format| format.codec().is_some()).map(|f| f.clock_rate);
    let named = || formats.iter().filter(|format| format.is_telephone_event());
    let best = named().find(|format| Some(format.clock_rate) == clock_rate).or(named().next());
    best.map(|format| telephone_event(format).ok_or(AudioError::BadFmtp { medium })).transpose()
}

/// `a=rtcp:port` (RFC 3605). An address behind it is read over: RTCP goes to the host of the RTP,
/// so that a description cannot aim it at a third one.
fn rtcp(media: &Media, rtp: SocketAddr) -> SocketAddr {
    let named = media.attributes("rtcp").next().and_then(|value| value.split(' ').next());
    let port = named.and_then(|port| port.parse().ok()).or(rtp.port().checked_add(1));
    SocketAddr::new(rtp.ip(), port.unwrap_or(rtp.port()))
}

fn ptime(value: &str) -> Option<u16> {
    value.trim().parse().ok().filter(|ptime| (1..=200).contains(ptime))
}
