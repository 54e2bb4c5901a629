#![no_main]
//! A receiver under any packets. Starts and ends alternate, no more presses are told than there
//! are (SSRC, event, timestamp) among the digits' packets and repeats of them allow, and none of a
//! code that is not a digit.
use std::collections::HashSet;
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use switchboard_dtmf::receiver::{Input, Output, Receiver};
use switchboard_dtmf::{Instant, TelephoneEvent};

#[derive(Arbitrary, Debug)]
struct Packet {
    wait: u8,
    ssrc: bool,
    sequence: u16,
    timestamp: u16,
    marker: bool,
    event: u8,
    end: bool,
    duration: u16,
    audio: bool,
}

fuzz_target!(|packets: Vec<Packet>| {
    let mut receiver = Receiver::default();
    let mut now = Instant::EPOCH;
    let (mut identities, mut markers) = (HashSet::new(), 0);
    let (mut down, mut starts) = (None, 0);
    for packet in packets {
        now += Duration::from_millis(packet.wait.into());
        let event = TelephoneEvent {
            ssrc: packet.ssrc.into(),
            sequence: packet.sequence,
            timestamp: packet.timestamp.into(),
            marker: packet.marker,
            event: packet.event % 20,
            end: packet.end,
            volume: 0,
            duration: packet.duration,
        };
        let _ = if packet.audio {
            receiver.handle(now, Input::Other { ssrc: event.ssrc, sequence: event.sequence })
        } else {
            if event.digit().is_some() {
                identities.insert((event.ssrc, event.event, event.timestamp));
                markers += usize::from(event.marker && !event.end);
            }
            receiver.handle(now, Input::Event(&event))
        };
        while let Some(output) = receiver.poll_output() {
            match output {
                Output::Start { digit } => {
                    assert_eq!(down.replace(digit), None);
                    starts += 1;
                }
                Output::End { digit, .. } => assert_eq!(down.take(), Some(digit)),
            }
        }
    }
    // An identity that has been forgotten among sixteen others may be told again; with fewer it
    // is told once, and once more for each marker that begins it anew.
    if identities.len() <= 16 {
        assert!(starts <= identities.len() + markers, "{starts} of {}", identities.len());
    }
    while let Some(due) = receiver.poll_timeout() {
        assert!(due > now);
        now = due;
        receiver.handle_timeout(now);
        while let Some(output) = receiver.poll_output() {
            match output {
                Output::Start { digit } => assert_eq!(down.replace(digit), None),
                Output::End { digit, .. } => assert_eq!(down.take(), Some(digit)),
            }
        }
    }
    assert_eq!(down, None);
});
