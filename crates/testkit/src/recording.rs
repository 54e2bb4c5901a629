//! What a peer hears, put into order by its timestamps.

use crate::{Law, Voice};

/// A telephone-event as it was heard: one for each timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardEvent {
    /// The event code.
    pub event: u8,
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// The longest duration claimed, in timestamp units.
    pub duration: u16,
    /// How many packets said so.
    pub packets: u32,
    /// How many of them had the E bit.
    pub ends: u32,
    /// Whether one had the marker bit.
    pub marker: bool,
}

/// The audio and telephone-events of one direction.
#[derive(Clone, Debug)]
pub struct Recording {
    voice: Box<dyn Voice>,
    event_payload_type: u8,
    samples: Vec<i16>,
    /// SSRC, and the timestamp of sample 0 within it.
    stream: Option<(u32, u32)>,
    events: Vec<HeardEvent>,
    headers: Vec<HeardHeader>,
}

/// The header of a packet that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardHeader {
    /// The payload type.
    pub payload_type: u8,
    /// The marker bit.
    pub marker: bool,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp.
    pub timestamp: u32,
    /// The stream.
    pub ssrc: u32,
}

impl Recording {
    /// Nothing heard yet; codes of payload types other than 0 and 8 are read by `law`.
    #[must_use]
    pub fn new(law: Law) -> Self {
        Self::with_voice(Box::new(law))
    }

    /// The same with another codec, whose payloads must come in order.
    #[must_use]
    pub fn with_voice(voice: Box<dyn Voice>) -> Self {
        Self {
            voice,
            event_payload_type: 101,
            samples: Vec::new(),
            stream: None,
            events: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Sets the payload type of telephone-events (101).
    pub fn set_event_payload_type(&mut self, payload_type: u8) {
        self.event_payload_type = payload_type;
    }

    /// The audio, at 8000 Hz; what did not come is silence.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// The last so many samples.
    #[must_use]
    pub fn last(&self, samples: usize) -> &[i16] {
        &self.samples[self.samples.len().saturating_sub(samples)..]
    }

    /// The telephone-events, in order of arrival.
    #[must_use]
    pub fn events(&self) -> &[HeardEvent] {
        &self.events
    }

    /// The keys pressed, one for each event.
    #[must_use]
    pub fn keys(&self) -> String {
        let key = |event: &HeardEvent| b"0123456789*#ABCD".get(usize::from(event.event));
        self.events.iter().map(|event| key(event).map_or('?', |key| char::from(*key))).collect()
    }

    /// The headers of all packets, in order of arrival.
    #[must_use]
    pub fn headers(&self) -> &[HeardHeader] {
        &self.headers
    }

    /// Takes a datagram; what is no RTP packet without CSRC, extension and padding is ignored.
    pub fn handle(&mut self, datagram: &[u8]) {
        let Some((head, payload)) = datagram.split_first_chunk::<12>() else { return };
        if head[0] != 0x80 || (192..=223).contains(&head[1]) {
            return;
        }
        let header = HeardHeader {
            payload_type: head[1] & 0x7f,
            marker: head[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ssrc: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
        };
        self.headers.push(header);
        if header.payload_type == self.event_payload_type {
            self.event(&header, payload);
        } else {
            self.audio(&header, payload);
        }
    }

    fn event(&mut self, header: &HeardHeader, payload: &[u8]) {
        let [event, flags, high, low] = *payload else { return };
        let (duration, end) = (u16::from_be_bytes([high, low]), u32::from(flags >> 7));
        let known = self
            .events
            .iter_mut()
            .find(|known| (known.event, known.timestamp) == (event, header.timestamp));
        if let Some(known) = known {
            known.packets += 1;
            known.ends += end;
            known.duration = known.duration.max(duration);
            known.marker |= header.marker;
            return;
        }
        let (timestamp, marker) = (header.timestamp, header.marker);
        self.events.push(HeardEvent { event, timestamp, duration, packets: 1, ends: end, marker });
    }

    fn audio(&mut self, header: &HeardHeader, payload: &[u8]) {
        let heard = match header.payload_type {
            0 => Law::Mu.hear(payload),
            8 => Law::A.hear(payload),
            _ => self.voice.hear(payload),
        };
        let units = self.voice.units();
        let origin = match self.stream {
            Some((ssrc, origin)) if ssrc == header.ssrc => origin,
            // Another stream goes on where the one before ended.
            _ => header.timestamp.wrapping_sub(self.samples.len() as u32 * units),
        };
        self.stream = Some((header.ssrc, origin));
        let at = header.timestamp.wrapping_sub(origin) as i32 / units as i32;
        // What lies before the beginning is lost, and nobody waits an hour.
        let Some(at) = usize::try_from(at).ok().filter(|at| *at < 8_000 * 3_600) else { return };
        if self.samples.len() < at + heard.len() {
            self.samples.resize(at + heard.len(), 0);
        }
        self.samples[at..at + heard.len()].copy_from_slice(&heard);
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::{Clock, Link, RtpPeer, Say, Wire, audio};

    #[test]
    fn a_lossy_wire_is_heard_as_gaps_and_presses_as_one() {
        let mut clock = Clock::new();
        let (a, b) = (([10, 0, 0, 1], 4_000).into(), ([10, 0, 0, 2], 4_000).into());
        let mut anna = RtpPeer::new(clock.now(), 1, a, b, Law::Mu);
        let mut ben = RtpPeer::new(clock.now(), 2, b, a, Law::A);
        let jitter = Duration::from_millis(50);
        let mut wire = Wire::new(5, Link { loss: 0.1, jitter, ..Link::default() });
        anna.say(Say::Tone(1_000.0, -10.0));
        anna.press('5', Duration::from_millis(100));
        while clock.elapsed() < Duration::from_secs(4) {
            clock.advance(Duration::from_millis(5));
            anna.handle_timeout(clock.now());
            while let Some(sent) = anna.poll_transmit() {
                wire.send(clock.now(), sent.source, sent.destination, sent.payload);
            }
            while let Some(datagram) = wire.receive(clock.now()) {
                ben.handle(&datagram.payload);
            }
        }
        assert_eq!(ben.heard().keys(), "5");
        let lost = audio::gaps(ben.heard().samples(), -50.0, Duration::from_millis(20));
        assert!((5..40).contains(&lost.len()), "{lost:?}");
        let between = ben.heard().samples()[..lost[0].start.as_millis() as usize * 8].to_vec();
        assert!((audio::level_dbm0(&between, 1_000.0) + 10.0).abs() < 0.5);
    }
}
