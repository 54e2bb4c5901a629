//! Descriptions that this side writes.

use std::net::IpAddr;

use super::{Agreed, Encryption, LocalAudio, Slot};
use crate::line::Line;
use crate::{Codec, Connection, Crypto, Direction, Media, Origin, Session, Text};

pub(super) fn session(
    session_id: u64,
    version: u64,
    address: IpAddr,
    local: &LocalAudio,
    media: Vec<Media>,
) -> Session {
    let origin = Origin::ours(session_id, version, address);
    let connection = Connection::Ip(local.address.ip());
    let line = |kind, value: &str| Line::new(kind, Text::ours(value));
    let lines = vec![
        line(b'o', &origin.to_string()),
        line(b's', "-"),
        line(b'c', &connection.to_string()),
        line(b't', "0 0"),
    ];
    Session { origin, connection: Some(connection), lines, media }
}

/// Audio as it is offered.
pub(super) fn offer(local: &LocalAudio) -> Media {
    let is_secure = matches!(local.encryption, Encryption::Required(_));
    let mut audio = Audio::new(local, if is_secure { "RTP/SAVP" } else { "RTP/AVP" });
    for codec in local.codecs() {
        audio.codec(codec.payload_type(), *codec);
    }
    for (payload_type, clock_rate) in local.events() {
        audio.events(payload_type, clock_rate);
    }
    audio.media.lines.extend(local.encryption.keys().iter().map(Crypto::line));
    if local.rtcp_mux {
        audio.attribute("rtcp-mux");
    }
    audio.end(local.direction, local.ptime)
}

/// Audio as it is answered: the codec that was chosen, and the transport of the offer.
pub(super) fn answer(agreed: &Agreed, local: &LocalAudio, offer: &Session) -> Media {
    let mut audio = Audio::new(local, offer.media[agreed.remote.medium].protocol());
    audio.codec(agreed.receive, agreed.codec);
    if let Some(events) = &agreed.events {
        audio.events(events.receive, events.clock_rate);
    }
    audio.media.lines.extend(agreed.keys.map(|keys| keys.send.line()));
    if agreed.rtcp_mux {
        audio.attribute("rtcp-mux");
    }
    audio.end(agreed.direction, local.ptime)
}

/// The offer's media: the one that is taken, and the others refused (RFC 3264 section 6).
pub(super) fn slots(offer: &Session, taken: usize) -> Vec<Slot> {
    let slot = |(at, media): (usize, &Media)| {
        if at == taken {
            return Slot::Audio;
        }
        Slot::Refused(Media {
            port: 0,
            port_count: None,
            connection: None,
            lines: Vec::new(),
            ..media.clone()
        })
    };
    offer.media.iter().enumerate().map(slot).collect()
}

struct Audio {
    media: Media,
}

impl Audio {
    fn new(local: &LocalAudio, protocol: &str) -> Self {
        Self {
            media: Media {
                medium: Text::ours("audio"),
                port: local.address.port(),
                port_count: None,
                protocol: Text::ours(protocol),
                formats: Vec::new(),
                connection: None,
                lines: Vec::new(),
            },
        }
    }

    fn attribute(&mut self, value: &str) {
        self.media.lines.push(Line::new(b'a', Text::ours(value)));
    }

    fn format(&mut self, payload_type: u8, encoding: &str) {
        self.media.formats.push(Text::ours(&payload_type.to_string()));
        self.attribute(&format!("rtpmap:{payload_type} {encoding}"));
    }

    fn codec(&mut self, payload_type: u8, codec: Codec) {
        let (name, clock_rate) = (codec.name(), codec.clock_rate());
        match codec.channels() {
            1 => self.format(payload_type, &format!("{name}/{clock_rate}")),
            channels => self.format(payload_type, &format!("{name}/{clock_rate}/{channels}")),
        }
        if let Some(parameters) = codec.parameters() {
            self.attribute(&format!("fmtp:{payload_type} {parameters}"));
        }
    }

    fn events(&mut self, payload_type: u8, clock_rate: u32) {
        self.format(payload_type, &format!("telephone-event/{clock_rate}"));
        self.attribute(&format!("fmtp:{payload_type} 0-15"));
    }

    fn end(mut self, direction: Direction, ptime: Option<u16>) -> Media {
        if let Some(ptime) = ptime {
            self.attribute(&format!("ptime:{ptime}"));
        }
        self.attribute(direction.as_str());
        self.media
    }
}
