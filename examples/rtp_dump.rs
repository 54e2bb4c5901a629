//! Prints RTP and RTCP datagrams, one line each: give them as hexadecimal, or none to see samples.
#![allow(clippy::print_stdout, reason = "the lines are what it is run for")]

use switchboard_rtp::rtcp::{Compound, RtcpPacket};
use switchboard_rtp::{Packet, ParseError, TelephoneEvent, is_rtcp};

/// Audio, a key press as telephone-event 101, a receiver report with goodbye, and junk.
const SAMPLES: [&str; 4] = [
    "80080001000000a00000002ad5d5d5d5",
    "80e50002000001400000002a058a0320",
    "80c900010000002a81cb00010000002a",
    "8008",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let datagrams: Vec<&str> = match arguments.as_slice() {
        [] => SAMPLES.to_vec(),
        given => given.iter().map(String::as_str).collect(),
    };
    for text in datagrams {
        let line = match octets(text) {
            None => "not hexadecimal".to_owned(),
            Some(datagram) => describe(&datagram).unwrap_or_else(|error| format!("junk: {error}")),
        };
        println!("{line}");
    }
}

fn describe(datagram: &[u8]) -> Result<String, ParseError> {
    if is_rtcp(datagram) {
        let packets = Compound::parse(datagram)?.packets().map(|packet| match packet {
            RtcpPacket::SenderReport { ssrc, sender, reports } => {
                let blocks = reports.iter().count();
                format!("SR {ssrc}: {} packets sent, {blocks} reports", sender.packets)
            }
            RtcpPacket::ReceiverReport { ssrc, reports } => {
                format!("RR {ssrc}: {} reports", reports.iter().count())
            }
            RtcpPacket::SourceDescription(_) => "SDES".to_owned(),
            RtcpPacket::Goodbye(goodbye) => {
                format!("BYE {}", goodbye.sources().map(|s| s.to_string()).collect::<String>())
            }
            other => format!("{other:?}"),
        });
        return Ok(packets.collect::<Vec<_>>().join("; "));
    }
    let packet = Packet::parse(datagram)?;
    let header = packet.header();
    let marker = if header.marker { " marker" } else { "" };
    let mut line = format!(
        "RTP {}: type {} number {} time {}{marker}, {} octets",
        header.ssrc,
        header.payload_type,
        header.sequence_number,
        header.timestamp,
        packet.payload().len(),
    );
    // Dynamic types mean what SDP says; four octets are most likely a telephone-event.
    if header.payload_type.get() >= 96 && packet.payload().len() == TelephoneEvent::LEN {
        let event = TelephoneEvent::parse(packet.payload())?;
        let end = if event.end { ", over" } else { "" };
        line += &format!(": event {} for {} units{end}", event.event, event.duration);
    }
    Ok(line)
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let (pairs, rest) = digits.as_ref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
