#![no_main]
//! Presses of an orderly phone through any channel that the receiver waits for: what is lost, what
//! comes twice and in which order is the input's. Every press of which a packet comes is told
//! once, in the order of sending, with its start before its end; no other is. Beside it, any
//! octets as a redundant payload: no more reports than octets allow.
use std::collections::BTreeSet;
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use switchboard_dtmf::payload::{Events, Header};
use switchboard_dtmf::receiver::{Config, Input, Output, Receiver};
use switchboard_dtmf::{Instant, TelephoneEvent};

#[derive(Arbitrary, Debug)]
struct Stream {
    clock: u8,
    sequence: u16,
    timestamp: u32,
    /// Audio packets between the presses count in the sequence numbers.
    audio: bool,
    presses: Vec<Press>,
    /// Packets that come, by their place in the stream, and by how many milliseconds late.
    deliveries: Vec<(u8, u8)>,
    octets: Vec<u8>,
}

#[derive(Arbitrary, Debug)]
struct Press {
    event: u8,
    reports: u8,
    gap: u8,
    no_marker: bool,
}

/// When each packet is sent, and what it is.
fn sent(stream: &Stream, clock_rate: u32) -> Vec<(u64, TelephoneEvent)> {
    let units = |millis: u64| (millis * u64::from(clock_rate) / 1_000) as u32;
    let (mut packets, mut now, mut sequence) = (Vec::new(), 0, stream.sequence);
    for press in stream.presses.iter().take(8) {
        let reports = 2 + u64::from(press.reports % 12);
        for at in 1..=reports + 2 {
            let event = TelephoneEvent {
                ssrc: 7,
                sequence,
                timestamp: stream.timestamp.wrapping_add(units(now)),
                marker: at == 1 && !press.no_marker,
                event: press.event % 16,
                end: at >= reports,
                volume: 10,
                duration: units(20 * at.min(reports)) as u16,
            };
            packets.push((now + 20 * at, event));
            sequence = sequence.wrapping_add(1);
        }
        let gap = 60 + u64::from(press.gap);
        if stream.audio {
            sequence = sequence.wrapping_add((gap / 20) as u16);
        }
        now += 20 * reports + gap;
    }
    packets
}

fn drain(receiver: &mut Receiver, down: &mut Option<u8>, heard: &mut Vec<u8>) {
    while let Some(output) = receiver.poll_output() {
        match output {
            Output::Start { digit } => {
                assert_eq!(down.replace(digit.event()), None);
                heard.push(digit.event());
            }
            Output::End { digit, .. } => assert_eq!(down.take(), Some(digit.event())),
        }
    }
}

fuzz_target!(|stream: Stream| {
    let clock_rate = [8_000, 16_000, 48_000][usize::from(stream.clock % 3)];
    let packets = sent(&stream, clock_rate);
    let mut arrivals: Vec<_> = stream
        .deliveries
        .iter()
        .filter(|_| !packets.is_empty())
        .map(|(place, late)| {
            let place = usize::from(*place) % packets.len();
            (packets[place].0 + u64::from(*late).min(200), place)
        })
        .collect();
    arrivals.sort_by_key(|(time, _)| *time);

    let mut receiver = Receiver::new(Config { clock_rate, ..Config::default() });
    let (mut down, mut heard) = (None, Vec::new());
    for (time, place) in &arrivals {
        let now = Instant::from_millis(*time);
        while let Some(due) = receiver.poll_timeout().filter(|due| *due <= now) {
            receiver.handle_timeout(due);
            drain(&mut receiver, &mut down, &mut heard);
        }
        receiver.handle(now, Input::Event(&packets[*place].1)).expect("no flood");
        drain(&mut receiver, &mut down, &mut heard);
    }
    while let Some(due) = receiver.poll_timeout() {
        receiver.handle_timeout(due + Duration::from_micros(1));
        drain(&mut receiver, &mut down, &mut heard);
    }
    assert_eq!(down, None);

    let arrived: BTreeSet<usize> = arrivals.iter().map(|(_, place)| *place).collect();
    let mut expected: Vec<(u32, u8)> = arrived
        .iter()
        .map(|place| (packets[*place].1.timestamp, packets[*place].1.event))
        .collect();
    expected.dedup();
    let expected: Vec<u8> = expected.into_iter().map(|(_, event)| event).collect();
    assert_eq!(heard, expected);

    let header = Header { ssrc: 1, sequence: 2, timestamp: 3, marker: true };
    if let Ok(events) = Events::parse_redundant(header, 101, &stream.octets) {
        assert!(events.count() * 4 <= stream.octets.len());
    }
});
