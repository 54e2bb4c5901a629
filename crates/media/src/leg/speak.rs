//! What a leg's peer is sent by the leg itself: digits, prompts, tones, silence.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::BufMut as _;
use switchboard_rtp::{RtpTimestamp, TelephoneEvent};

use super::digits::Said;
use super::playout::Source;
use super::voice::Voice;
use super::{FIRST_PACKET_WAIT, Leg, MAX_CATCH_UP, MAX_SAMPLES, RELAY_HOLD};
use crate::outputs::Outputs;
use crate::{Channel, EventKind, PlayEnd, SAMPLE_RATE, StreamConfig};

impl Leg {
    pub(super) fn start_digits(&mut self, now: Instant) {
        let Some(agreed) = &self.agreed else { return };
        if self.digits.can_start() {
            let clock = agreed.stream.telephone_event.map(|format| format.clock);
            let timestamp = self.outgoing.begin_at(now);
            self.digits.start(now, timestamp, clock, agreed.stream.ptime);
        }
    }

    pub(super) fn drain_digits(&mut self, now: Instant, out: &mut Outputs) {
        while let Some(said) = self.digits.poll_output() {
            match said {
                Said::Packet(packet) => {
                    let event = TelephoneEvent {
                        event: packet.event,
                        end: packet.end,
                        volume: packet.volume,
                        duration: packet.duration,
                    };
                    self.send_own_event(RtpTimestamp(packet.timestamp), packet.marker, event, out);
                }
                Said::Finished => out.event(self.id, EventKind::DigitsSent),
            }
            self.start_digits(now);
        }
        self.start_digits(now);
    }

    fn send_own_event(
        &mut self,
        timestamp: RtpTimestamp,
        marker: bool,
        event: TelephoneEvent,
        out: &mut Outputs,
    ) {
        let Some(agreed) = &self.agreed else { return };
        let Some(format) = agreed.stream.telephone_event else { return };
        let Some(destination) = agreed.destination() else { return };
        let header = self.outgoing.event(timestamp, marker, format.payload_types.send);
        let secured = self.secured.as_deref_mut();
        out.transmit(self.id, Channel::Rtp, destination, secured, |buffer| {
            header.write(buffer);
            event.write(buffer);
        });
        self.outgoing.packets += 1;
        self.outgoing.octets += TelephoneEvent::LEN as u64;
    }

    /// Plays every packet that is due.
    pub(super) fn tick(&mut self, now: Instant, out: &mut Outputs) {
        while let Some(agreed) = &mut self.agreed {
            let due = agreed.playout.due();
            if due > now {
                return;
            }
            if now - due > MAX_CATCH_UP && agreed.playout.skip_to(now) {
                self.outgoing.interrupt();
                continue;
            }
            agreed.playout.advance();
            self.play_packet(due, out);
        }
    }

    /// Sends the packet of one tick.
    fn play_packet(&mut self, due: Instant, out: &mut Outputs) {
        let Some(agreed) = &self.agreed else { return };
        let (stream, destination) = (agreed.stream, agreed.destination());
        let count = (stream.ptime.as_millis() as usize) * (SAMPLE_RATE as usize / 1_000);
        let (mut samples, mut codes) = ([0; MAX_SAMPLES], [0; MAX_SAMPLES]);
        let samples = &mut samples[..count.min(MAX_SAMPLES)];
        let codes = &mut codes[..count.min(MAX_SAMPLES)];
        let law = stream.codec.law();
        let Some(sound) = self.sound(due, (&stream, destination), samples, codes, out) else {
            return;
        };
        let Some(destination) = destination else {
            self.outgoing.interrupt();
            return;
        };
        let payload = match (sound, law) {
            (Sound::Codes, _) => codes,
            (Sound::Samples, Some(law)) => {
                for (code, sample) in codes.iter_mut().zip(samples) {
                    *code = law.encode(*sample);
                }
                codes
            }
            (Sound::Samples, None) => Voice::say(&mut self.voice, stream.codec, samples),
        };
        let units = stream.codec.clock_rate().units(stream.ptime);
        let header = self.outgoing.audio(due, units, stream.payload_types.send);
        let secured = self.secured.as_deref_mut();
        out.transmit(self.id, Channel::Rtp, destination, secured, |buffer| {
            header.write(buffer);
            buffer.put_slice(payload);
        });
        self.outgoing.packets += 1;
        self.outgoing.octets += payload.len() as u64;
    }

    /// What is to be heard at this tick; `None`: no packet is sent.
    fn sound(
        &mut self,
        due: Instant,
        (stream, destination): (&StreamConfig, Option<SocketAddr>),
        samples: &mut [i16],
        codes: &mut [u8],
        out: &mut Outputs,
    ) -> Option<Sound> {
        if self.digits.is_sounding() {
            return None;
        }
        if self.digits.fill(samples) {
            return Some(Sound::Samples);
        }
        if let Source::Audio(playing) = &mut self.source {
            // The peer must be heard before it can be sent to: the beginning waits for it.
            let waits = destination.is_none() && stream.direction.sends();
            if waits && playing.is_fresh() && due < playing.since + FIRST_PACKET_WAIT {
                return None;
            }
            let (sound, is_over) = match stream.codec.law() {
                Some(law) => (Sound::Codes, playing.fill_codes(law, codes)),
                None => (Sound::Samples, playing.fill_samples(samples)),
            };
            if is_over {
                let token = playing.token;
                self.source = Source::Nothing;
                if let Some(token) = token {
                    out.event(self.id, EventKind::Played { token, end: PlayEnd::Complete });
                }
            }
            return Some(sound);
        }
        let is_mixed = self.mixed.as_mut().is_some_and(|mixed| mixed.fill(samples));
        if self.relayed.is_some_and(|relayed| due < relayed + RELAY_HOLD) {
            // Packets of the other side flow, or a press of it that no audio is to be mixed into.
            return None;
        }
        if !is_mixed && let Some(noise) = &mut self.noise {
            noise.fill(samples);
        }
        Some(Sound::Samples)
    }
}

/// How a packet's audio was made.
enum Sound {
    /// As codes of the stream's law.
    Codes,
    Samples,
}
