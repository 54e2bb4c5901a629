//! What a leg's peer is sent on from another leg.

use std::time::Instant;

use bytes::BufMut as _;
use switchboard_dtmf::receiver::Output as Press;
use switchboard_rtp::{HEADER_LEN, TelephoneEvent};

use super::digits::Job;
use super::playout::Source;
use super::{Heard, Leg};
use crate::Channel;
use crate::outputs::Outputs;

impl Leg {
    /// Sends on what another leg, or this one in an echo, has heard.
    pub(crate) fn relay(&mut self, now: Instant, heard: &Heard<'_>, out: &mut Outputs) {
        let Some(agreed) = &self.agreed else { return };
        let Some(destination) = agreed.destination() else { return };
        let plays = matches!(self.source, Source::Audio(_));
        if plays || self.digits.is_sounding() || self.digits.is_audible() {
            return;
        }
        let (leg, stream) = (self.id, &agreed.stream);
        match *heard {
            Heard::Pause { noise } => {
                self.noise = Some(noise);
                return;
            }
            Heard::Audio { header, codec, payload } => {
                self.noise = None;
                let to = stream.codec;
                if !codec.relays_to(to) {
                    // The hall decodes it.
                    return;
                }
                let units = codec.units(payload);
                let payload_type = stream.payload_types.send;
                let header = self.outgoing.relayed_audio(now, &header, units, payload_type);
                let Some(header) = header else { return };
                let secured = self.secured.as_deref_mut();
                out.transmit(leg, Channel::Rtp, destination, secured, |buffer| {
                    header.write(buffer);
                    buffer.put_slice(payload);
                    if let (Some(law), Some(to)) = (codec.law(), to.law()) {
                        law.translate(to, &mut buffer[HEADER_LEN..]);
                    }
                });
                self.outgoing.octets += payload.len() as u64;
            }
            Heard::Event { .. } if self.is_echo() => return,
            Heard::Event { header, clock, reports } => {
                let Some(format) = stream.telephone_event else { return };
                let (same, payload_type) = (clock == format.clock, format.payload_types.send);
                let header = self.outgoing.relayed_event(now, &header, same, payload_type);
                let Some(header) = header else { return };
                let reports = reports.chunks(TelephoneEvent::LEN);
                let events = reports.filter_map(|report| TelephoneEvent::parse(report).ok());
                let scaled = events.map(|event| {
                    let units = u64::from(event.duration) * u64::from(format.clock.get())
                        / u64::from(clock.get());
                    TelephoneEvent { duration: u16::try_from(units).unwrap_or(u16::MAX), ..event }
                });
                let secured = self.secured.as_deref_mut();
                let mut octets = 0;
                out.transmit(leg, Channel::Rtp, destination, secured, |buffer| {
                    header.write(buffer);
                    for event in scaled {
                        event.write(buffer);
                        octets += TelephoneEvent::LEN as u64;
                    }
                });
                self.outgoing.octets += octets;
            }
        }
        self.outgoing.packets += 1;
        self.relayed = Some(now);
    }

    /// A press of the other side, for a peer that takes no telephone-events.
    pub(crate) fn pass_press(&mut self, now: Instant, press: Press, out: &mut Outputs) {
        let takes_events = self.agreed.as_ref().is_some_and(|a| a.stream.telephone_event.is_some());
        if let (Press::End { digit, duration }, false) = (press, takes_events) {
            self.tick(now, out);
            // Full: the other side presses faster than tones can be sent; there is no more to do.
            let _ = self.digits.push(Job::press(digit, duration));
            self.start_digits(now);
        }
    }
}
