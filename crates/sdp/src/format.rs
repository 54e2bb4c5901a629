use crate::error::AudioError;
use crate::media::Media;
use crate::{Codec, Text, codec};

/// A payload type of an RTP stream and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Encoding name, as written.
    pub name: Text,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Channels, 1 where nothing is said.
    pub channels: u8,
    /// Parameters of the `fmtp` line.
    pub parameters: Option<Text>,
}

/// Telephone-events (RFC 4733) as one side describes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TelephoneEvent {
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// The digits that the side receives, a bit an event code: bit 0 for `0`, bit 11 for `#`.
    pub digits: u16,
}

impl TelephoneEvent {
    /// Every digit, 0 to 15: what is meant without `fmtp` (RFC 4733 section 2.4.1).
    pub const ALL_DIGITS: u16 = u16::MAX;

    /// Telephone-events for every digit.
    #[must_use]
    pub const fn new(payload_type: u8, clock_rate: u32) -> Self {
        Self { payload_type, clock_rate, digits: Self::ALL_DIGITS }
    }

    /// True when the side receives this event.
    #[must_use]
    pub const fn receives(&self, event: u8) -> bool {
        event < 16 && self.digits & (1 << event) != 0
    }
}

impl Format {
    /// The voice codec, if it is one of those that are negotiated here.
    #[must_use]
    pub fn codec(&self) -> Option<Codec> {
        Codec::of(self.name.as_str(), self.clock_rate, self.channels)
    }

    pub(crate) fn is_telephone_event(&self) -> bool {
        self.name.as_str().eq_ignore_ascii_case("telephone-event")
    }
}

/// The formats of an RTP medium, each payload type once. One without `rtpmap` is what RFC 3551
/// says, and left out where it says nothing.
pub(crate) fn formats(media: &Media, medium: usize) -> Result<Vec<Format>, AudioError> {
    let rtpmaps = table(media, "rtpmap").ok_or(AudioError::BadRtpmap { medium })?;
    let fmtps = table(media, "fmtp").ok_or(AudioError::BadFmtp { medium })?;
    let mut formats: Vec<Format> = Vec::with_capacity(media.formats.len());
    for format in media.formats() {
        let payload_type = payload_type(format).ok_or(AudioError::BadPayloadType { medium })?;
        if formats.iter().any(|known| known.payload_type == payload_type) {
            continue;
        }
        let (name, clock_rate, channels) = match rtpmaps[usize::from(payload_type)] {
            Some(rtpmap) => encoding(rtpmap).ok_or(AudioError::BadRtpmap { medium })?,
            None => match codec::static_payload_type(payload_type) {
                Some(known) => known,
                None => continue,
            },
        };
        let parameters = fmtps[usize::from(payload_type)].map(Text::ours);
        formats.push(Format {
            payload_type,
            name: Text::ours(name),
            clock_rate,
            channels,
            parameters,
        });
    }
    Ok(formats)
}

/// An attribute's values by payload type, the first of each: `type SP value`.
fn table<'a>(media: &'a Media, name: &'a str) -> Option<[Option<&'a str>; 128]> {
    let mut table = [None; 128];
    for value in media.attributes(name) {
        let (format, rest) = value.trim_start().split_once(' ')?;
        let slot = table.get_mut(usize::from(payload_type(format)?))?;
        _ = slot.get_or_insert(rest.trim());
    }
    Some(table)
}

fn payload_type(format: &str) -> Option<u8> {
    let digits = format.bytes().all(|octet| octet.is_ascii_digit());
    format.parse().ok().filter(|&payload_type: &u8| digits && payload_type < 128)
}

/// `encoding-name "/" clock-rate [ "/" encoding-params ]` (RFC 8866 section 6.6)
fn encoding(rtpmap: &str) -> Option<(&str, u32, u8)> {
    let mut parts = rtpmap.split('/');
    let (name, clock_rate) = (parts.next()?, parts.next()?.parse().ok()?);
    let channels = parts.next().map_or(Some(1), |channels| channels.parse().ok())?;
    let token = |octet: u8| octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&octet);
    let good = !name.is_empty() && name.bytes().all(token) && clock_rate > 0 && channels > 0;
    (good && parts.next().is_none()).then_some((name, clock_rate, channels))
}

/// `fmtp` of telephone-events: event codes and ranges of them with commas (RFC 4733 section 2.4.1).
pub(crate) fn telephone_event(format: &Format) -> Option<TelephoneEvent> {
    let mut event = TelephoneEvent::new(format.payload_type, format.clock_rate);
    let Some(parameters) = &format.parameters else { return Some(event) };
    let list = parameters.as_str().split(';').next().unwrap_or_default();
    let list = list.trim().strip_prefix("events=").unwrap_or(list.trim());
    event.digits = 0;
    for range in list.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u8, u8) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        if first > last {
            return None;
        }
        for code in first..=last.min(15) {
            event.digits |= 1 << code;
        }
    }
    Some(event)
}
