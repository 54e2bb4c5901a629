use super::{Encryption, LocalAudio};
use crate::error::AudioError;
use crate::{Codec, Crypto, Direction, RemoteAudio};

/// What both sides agreed on, as this side uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// What the other side said: its address, its formats.
    pub remote: RemoteAudio,
    /// The voice codec that is sent.
    pub codec: Codec,
    /// The payload type in which it is sent.
    pub send: u8,
    /// The payload type in which it is received.
    pub receive: u8,
    /// Telephone-events, where both sides have them.
    pub events: Option<AgreedEvents>,
    /// This side's direction: what it may send and will receive.
    pub direction: Direction,
    /// The packet length to send in milliseconds: the other side's wish, or 20.
    pub ptime: u16,
    /// RTCP uses the port of RTP, both ways.
    pub rtcp_mux: bool,
    /// The keys, where both sides encrypt; `None`: plain RTP.
    pub keys: Option<AgreedKeys>,
}

/// Keys that both sides know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgreedKeys {
    /// What this side seals with.
    pub send: Crypto,
    /// What the other side seals with.
    pub receive: Crypto,
}

/// Telephone-events that both sides have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AgreedEvents {
    /// The payload type in which they are sent.
    pub send: u8,
    /// The payload type in which they are received.
    pub receive: u8,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// The digits that the other side receives, a bit an event code.
    pub digits: u16,
}

impl Agreed {
    /// The first of this side's codecs that the offer has. Payload types are the offer's, both
    /// ways (RFC 3264 section 6.1).
    pub(super) fn from_offer(remote: RemoteAudio, local: &LocalAudio) -> Result<Self, AudioError> {
        let common =
            local.codecs().iter().find_map(|&codec| Some((codec, remote.format_of(codec)?)));
        let (codec, format) = common.ok_or(AudioError::NoCommonCodec)?;
        let payload_type = format.payload_type;
        let events =
            remote.telephone_event_at(codec.clock_rate()).filter(|_| local.event_type().is_some());
        let events = events.map(|event| AgreedEvents {
            send: event.payload_type,
            receive: event.payload_type,
            clock_rate: event.clock_rate,
            digits: event.digits,
        });
        // Their first line with a suite of ours; ours answers under its tag (RFC 4568 section 5.1.2).
        let keys = remote.crypto.iter().find_map(|receive| {
            let own = local.encryption.keys().iter().find(|own| own.suite == receive.suite)?;
            Some(AgreedKeys { send: own.with_tag(receive.tag), receive: *receive })
        });
        let mux = remote.rtcp_mux;
        let mut agreed = Self::new(remote, local, codec, (payload_type, payload_type), events);
        (agreed.keys, agreed.rtcp_mux) = (keys, mux);
        Ok(agreed)
    }

    /// The first codec of the answer that was offered. The other side is sent the payload types of
    /// its answer and sends those of the offer (RFC 3264 section 7).
    pub(super) fn from_answer(remote: RemoteAudio, local: &LocalAudio) -> Result<Self, AudioError> {
        let common = remote.formats.iter().find_map(|format| {
            let codec = format.codec().filter(|codec| local.codecs().contains(codec))?;
            Some((codec, format.payload_type))
        });
        let (codec, send) = common.ok_or(AudioError::NoCommonCodec)?;
        let types = local.events();
        let events = remote.telephone_event_at(codec.clock_rate()).and_then(|event| {
            let (receive, _) = types.iter().find(|(_, clock)| *clock == event.clock_rate)?;
            Some(AgreedEvents {
                send: event.payload_type,
                receive: *receive,
                clock_rate: event.clock_rate,
                digits: event.digits,
            })
        });
        // The answer's line has the tag and suite of one that was offered (RFC 4568 section 5.1.3).
        let keys = remote.crypto.iter().find_map(|receive| {
            let fits = |own: &&Crypto| (own.tag, own.suite) == (receive.tag, receive.suite);
            let send = *local.encryption.keys().iter().find(fits)?;
            Some(AgreedKeys { send, receive: *receive })
        });
        if keys.is_none()
            && (remote.is_secure || matches!(local.encryption, Encryption::Required(_)))
        {
            return Err(AudioError::NoKey { medium: remote.medium });
        }
        let mux = remote.rtcp_mux && local.rtcp_mux;
        let mut agreed = Self::new(remote, local, codec, (send, codec.payload_type()), events);
        (agreed.keys, agreed.rtcp_mux) = (keys, mux);
        Ok(agreed)
    }

    fn new(
        remote: RemoteAudio,
        local: &LocalAudio,
        codec: Codec,
        (send, receive): (u8, u8),
        events: Option<AgreedEvents>,
    ) -> Self {
        Self {
            direction: remote.direction.reversed().and(local.direction),
            ptime: remote.ptime.unwrap_or(20),
            remote,
            codec,
            send,
            receive,
            events,
            rtcp_mux: false,
            keys: None,
        }
    }
}
