//! Digits through channels that lose, repeat and reorder packets.

use std::{collections::BTreeSet, string::String, vec::Vec};

use proptest::prelude::*;

use super::super::*;
use crate::sender::{self, Plan};

/// SplitMix64: the same seed makes the same channel.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    loss: u64,
    repeats: u64,
    /// The most that a packet is delayed, in milliseconds.
    jitter: u64,
    /// The audio packets between the presses are told to the receiver.
    audio_is_told: bool,
    /// Packets lost in a row once one is lost.
    burst: u64,
}

enum Packet {
    Event(TelephoneEvent),
    Audio(u16),
}

/// The packets of a phone that sends audio every 20 ms, and events in its place.
fn phone(digits: &[Digit], clock_rate: u32, tone: u64, gap: u64, seed: u64) -> Vec<(u64, Packet)> {
    let mut random = Random(seed);
    let mut sequence = random.next() as u16;
    let config = sender::Config {
        clock_rate,
        tone: Duration::from_millis(tone),
        gap: Duration::from_millis(gap),
        ..Default::default()
    };
    let mut sender = sender::Sender::new(config);
    let plan: Plan = digits.iter().copied().collect();
    let input = sender::Input::Send { plan: &plan, timestamp: random.next() as u32 };
    let mut packets = Vec::new();
    for tick in 0.. {
        let now = tick * 20;
        if tick == 25 {
            sender.handle(Instant::from_millis(now), input).expect("idle");
        }
        sender.handle_timeout(Instant::from_millis(now));
        let (mut quiet, mut done) = (true, false);
        while let Some(output) = sender.poll_output() {
            match output {
                sender::Output::Packet(packet) => {
                    quiet = false;
                    packets.push((
                        now,
                        Packet::Event(TelephoneEvent {
                            ssrc: 7,
                            sequence,
                            timestamp: packet.timestamp,
                            marker: packet.marker,
                            event: packet.event,
                            end: packet.end,
                            volume: packet.volume,
                            duration: packet.duration,
                        }),
                    ));
                    sequence = sequence.wrapping_add(1);
                }
                sender::Output::Finished => done = true,
            }
        }
        if quiet {
            packets.push((now, Packet::Audio(sequence)));
            sequence = sequence.wrapping_add(1);
        }
        if done {
            break;
        }
    }
    packets
}

/// What arrives, in order of arrival.
fn transmit(packets: &[(u64, Packet)], channel: Channel, random: &mut Random) -> Vec<(u64, usize)> {
    let mut arrivals = Vec::new();
    let mut losing = 0;
    for (at, (sent, _)) in packets.iter().enumerate() {
        if losing == 0 && random.percent(channel.loss) {
            losing = 1 + random.below(channel.burst);
        }
        if losing > 0 {
            losing -= 1;
            continue;
        }
        for _ in 0..1 + u64::from(random.percent(channel.repeats)) {
            arrivals.push((sent + random.below(channel.jitter + 1), at));
        }
    }
    arrivals.sort_by_key(|(time, _)| *time);
    arrivals
}

/// Runs a receiver on what arrives; checks that starts and ends alternate.
fn receive(
    config: Config,
    packets: &[(u64, Packet)],
    arrivals: &[(u64, usize)],
    audio: bool,
) -> String {
    let mut receiver = Receiver::new(config);
    let mut heard = String::new();
    let mut down = None;
    let mut drain = |receiver: &mut Receiver| {
        while let Some(output) = receiver.poll_output() {
            match output {
                Output::Start { digit } => {
                    assert_eq!(down.replace(digit), None, "a start before the last one's end");
                    heard.push(digit.as_char());
                }
                Output::End { digit, .. } => assert_eq!(down.take(), Some(digit)),
            }
        }
    };
    for (time, at) in arrivals {
        let now = Instant::from_millis(*time);
        while let Some(due) = receiver.poll_timeout()
            && due <= now
        {
            receiver.handle_timeout(due);
            drain(&mut receiver);
        }
        match &packets[*at].1 {
            Packet::Event(event) => receiver.handle(now, Input::Event(event)).expect("no flood"),
            Packet::Audio(sequence) if audio => {
                let input = Input::Other { ssrc: 7, sequence: *sequence };
                receiver.handle(now, input).expect("no flood");
            }
            Packet::Audio(_) => {}
        }
        drain(&mut receiver);
    }
    while let Some(due) = receiver.poll_timeout() {
        receiver.handle_timeout(due);
        drain(&mut receiver);
    }
    assert_eq!(down, None, "every press ends");
    heard
}

/// The digits of which at least one packet arrives.
fn expected(packets: &[(u64, Packet)], arrivals: &[(u64, usize)]) -> String {
    let arrived: BTreeSet<usize> = arrivals.iter().map(|(_, at)| *at).collect();
    let (mut out, mut last) = (String::new(), None);
    for at in arrived {
        if let Packet::Event(event) = &packets[at].1
            && last.replace(event.timestamp) != Some(event.timestamp)
        {
            out.push(event.digit().expect("a digit").as_char());
        }
    }
    out
}

fn check(channel: Channel, seed: u64, digits: &[Digit], clock_rate: u32, tone: u64, gap: u64) {
    let packets = phone(digits, clock_rate, tone, gap, seed);
    let arrivals = transmit(&packets, channel, &mut Random(seed ^ 0x5eed));
    let config = Config { clock_rate, ..Config::default() };
    let heard = receive(config, &packets, &arrivals, channel.audio_is_told);
    assert_eq!(
        heard,
        expected(&packets, &arrivals),
        "seed {seed}, {channel:?}, clock {clock_rate}, tone {tone}, gap {gap}, digits {digits:?}"
    );
}

#[test]
fn eight_digits_come_out_exactly_of_any_channel() {
    let mut random = Random(1);
    for seed in 0..4_000 {
        let digits: Vec<Digit> =
            (0..8).map(|_| Digit::ALL[random.below(3 + random.0 % 14) as usize]).collect();
        let channel = Channel {
            loss: random.below(51),
            repeats: random.below(51),
            jitter: random.below(201),
            audio_is_told: random.percent(50),
            burst: 1 + random.below(4),
        };
        let clock_rate = [8_000, 16_000, 48_000][random.below(3) as usize];
        let (tone, gap) = (40 + 20 * random.below(11), 40 + 20 * random.below(11));
        check(channel, seed, &digits, clock_rate, tone, gap);
    }
}

/// A phone of another make: how it sends is drawn, each press has a length of its own, and the
/// sequence numbers count audio packets too or do not.
fn other_phone(random: &mut Random, digits: &[Digit], clock_rate: u32) -> Vec<(u64, Packet)> {
    let interval = 10 * (1 + random.below(5));
    let counts_audio = random.percent(50);
    let units = |millis: u64| (millis * u64::from(clock_rate) / 1_000) as u32;
    let (mut sequence, origin) = (random.next() as u16, random.next() as u32);
    let mut packets = Vec::new();
    let mut now = 500;
    for digit in digits {
        let length = 40 + random.below(260);
        let mut reports: Vec<_> =
            (1..).map(|at| at * interval).take_while(|at| *at < length).collect();
        let ends = length + 2 * interval;
        reports.extend((length..=ends).step_by(interval as usize));
        for (at, report) in reports.iter().enumerate() {
            packets.push((
                now + report,
                Packet::Event(TelephoneEvent {
                    ssrc: 7,
                    sequence,
                    timestamp: origin.wrapping_add(units(now)),
                    marker: at == 0,
                    event: digit.event(),
                    end: *report >= length,
                    volume: 10,
                    duration: units(*report.min(&length)) as u16,
                }),
            ));
            sequence = sequence.wrapping_add(1);
        }
        let gap = (40 + random.below(260)).max(2 * interval + 1);
        if counts_audio {
            for at in (ends - length..gap).step_by(20) {
                packets.push((now + length + at, Packet::Audio(sequence)));
                sequence = sequence.wrapping_add(1);
            }
        }
        now += length + gap;
    }
    packets
}

/// Packets that are delayed by as much as the receiver waits, and let go in clumps, in any order.
#[test]
fn other_phones_come_out_exactly_of_any_channel_that_the_receiver_waits_for() {
    let mut random = Random(2);
    for seed in 0..4_000 {
        let keys = 1 + random.below(16);
        let digits: Vec<Digit> = (0..8).map(|_| Digit::ALL[random.below(keys) as usize]).collect();
        let reorder = [200, 500, 1_000][random.below(3) as usize];
        let clump = 1 + random.below(reorder / 2);
        let channel = Channel {
            loss: random.below(51),
            repeats: random.below(51),
            jitter: random.below(reorder - clump + 1),
            audio_is_told: random.percent(50),
            burst: 1 + random.below(4),
        };
        let clock_rate = [8_000, 16_000, 48_000][random.below(3) as usize];
        let mut source = Random(seed);
        let packets = other_phone(&mut source, &digits, clock_rate);
        let arrivals = transmit(&packets, channel, &mut source);
        let mut arrivals: Vec<_> = arrivals
            .into_iter()
            .map(|(time, at)| (time.next_multiple_of(clump), source.next(), at))
            .collect();
        arrivals.sort_unstable();
        let arrivals: Vec<_> = arrivals.into_iter().map(|(time, _, at)| (time, at)).collect();
        let reorder = Duration::from_millis(reorder);
        let config = Config { clock_rate, reorder, ..Config::default() };
        assert_eq!(
            receive(config, &packets, &arrivals, channel.audio_is_told),
            expected(&packets, &arrivals),
            "seed {seed}, {channel:?}, clumps of {clump} ms, clock {clock_rate}, digits {digits:?}"
        );
    }
}

proptest! {
    /// However the packets come within the time that late ones are known as such, a press is
    /// never told of twice.
    #[test]
    fn any_order_of_any_packets_tells_no_press_twice(
        order in proptest::collection::vec(0_usize..60, 0..200),
        gaps in proptest::collection::vec(0_u64..3, 200),
    ) {
        let packets = phone(&[Digit::D1, Digit::D1, Digit::D2, Digit::D1], 8_000, 100, 100, 3);
        let mut now = 0;
        let arrivals: Vec<_> = order
            .iter()
            .zip(gaps)
            .map(|(at, gap)| {
                now += gap;
                (now, at % packets.len())
            })
            .collect();
        let heard = receive(Config::default(), &packets, &arrivals, true);
        let ones = heard.matches('1').count();
        prop_assert!(ones <= 3 && heard.matches('2').count() <= 1 && heard.len() <= 4, "{}", heard);
    }
}
