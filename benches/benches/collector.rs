//! What a digit costs: in the collector, alone and with a million of them at once, and in the
//! telephone-event receiver. There is no peer: no crate offers either machine by itself.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use switchboard_dialstring::{Digit, Match};
use switchboard_dtmf::collector::{Collector, Earlier, Input, Policy, Prompt};
use switchboard_dtmf::receiver::{self, Receiver};
use switchboard_dtmf::{Instant, TelephoneEvent};

/// Extensions of three digits, 100 to 199.
fn dialable(digits: &[Digit]) -> Match {
    match digits {
        [Digit::D1] | [Digit::D1, _] => Match::May,
        [Digit::D1, _, _] => Match::Full,
        _ => Match::None,
    }
}

const DIGITS: [Digit; 3] = [Digit::D1, Digit::D0, Digit::D1];

fn begin(collector: &mut Collector, now: Instant) {
    let (policy, prompt, earlier) = (&Policy::DEFAULT, Prompt::Playing, Earlier::Flush);
    let input = Input::Begin { policy, prompt, earlier, matcher: &dialable };
    collector.handle(now, input).expect("idle");
}

fn press(collector: &mut Collector, now: Instant, digit: Digit) {
    collector.handle(now, Input::Press { digit, matcher: &dialable }).expect("room");
}

/// A stage of three digits with its outcome: five events.
fn stage(collector: &mut Collector, now: Instant) {
    begin(collector, now);
    for digit in DIGITS {
        press(collector, now, digit);
    }
    while let Some(output) = collector.poll_output() {
        black_box(output);
    }
}

fn collector(c: &mut Criterion) {
    let mut group = c.benchmark_group("collector");
    group.throughput(Throughput::Elements(5));
    group.bench_function("stage of three digits", |b| {
        let mut collector = Collector::default();
        let mut now = Instant::EPOCH;
        b.iter(|| {
            now += Duration::from_millis(100);
            stage(&mut collector, black_box(now));
        });
    });

    const MANY: usize = 1_000_000;
    let mut many = vec![Collector::default(); MANY];
    group.throughput(Throughput::Elements(5 * MANY as u64));
    group.sample_size(10);
    group.bench_function("a million stages, digit by digit", |b| {
        let mut now = Instant::EPOCH;
        b.iter(|| {
            now += Duration::from_millis(100);
            many.iter_mut().for_each(|collector| begin(collector, now));
            for digit in DIGITS {
                many.iter_mut().for_each(|collector| press(collector, now, digit));
            }
            for collector in &mut many {
                while let Some(output) = collector.poll_output() {
                    black_box(output);
                }
            }
        });
    });
    group.finish();
}

fn receiver(c: &mut Criterion) {
    let mut group = c.benchmark_group("receiver");
    group.throughput(Throughput::Elements(8));
    group.bench_function("press of eight packets", |b| {
        let mut receiver = Receiver::default();
        let mut now = Instant::EPOCH;
        let mut packet = TelephoneEvent { ssrc: 1, ..TelephoneEvent::default() };
        b.iter(|| {
            packet.timestamp = packet.timestamp.wrapping_add(1_600);
            for at in 0..8 {
                now += Duration::from_millis(20);
                packet.sequence = packet.sequence.wrapping_add(1);
                packet.marker = at == 0;
                packet.end = at >= 5;
                packet.duration = 160 * (at + 1).min(6);
                receiver.handle(now, receiver::Input::Event(black_box(&packet))).expect("no flood");
            }
            while let Some(output) = receiver.poll_output() {
                black_box(output);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, collector, receiver);
criterion_main!(benches);
