#![no_main]
//! A collector under any operations, beside the reference of its tests: the same refusals, the same
//! timers and the same outputs, whenever they are taken.
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use switchboard_dtmf::Instant;

use api::*;
use reference::{Event, Reference};

/// What the reference is written against.
mod api {
    pub use core::time::Duration;
    pub use switchboard_dialstring::{Digit, Match};
    pub use switchboard_dtmf::collector::*;
    pub use switchboard_dtmf::{DigitSet, Digits};
}

#[path = "../../crates/dtmf/src/collector/tests/reference.rs"]
mod reference;

#[derive(Arbitrary, Debug)]
enum Operation {
    Begin {
        min: u8,
        max: u8,
        terminators: u8,
        cancel: u8,
        swallow: bool,
        first: Option<u16>,
        inter: u16,
        critical: Option<u16>,
        overall: Option<u16>,
        extra: u16,
        long_press: Option<u16>,
        playing: bool,
        keep: bool,
    },
    Press(u8),
    Release,
    PromptEnded,
    Wait(u16),
    Flush,
    Abort,
    Drain,
}

/// Dialable: every text of one to four decimals whose digits' sum is even, and those that start so.
fn dialable(digits: &[Digit]) -> Match {
    let sum: u32 = digits.iter().map(|digit| u32::from(digit.event())).sum();
    if digits.len() > 4 || digits.iter().any(|digit| !digit.is_decimal()) {
        return Match::None;
    }
    Match::new(sum % 2 == 0, digits.len() < 4)
}

/// Few keys, so that sets and digits meet.
fn key(code: u8) -> Digit {
    const KEYS: [Digit; 6] = [Digit::D1, Digit::D2, Digit::D5, Digit::Pound, Digit::Star, Digit::A];
    KEYS[usize::from(code) % KEYS.len()]
}

fn keys(bits: u8) -> DigitSet {
    match bits % 4 {
        0 => DigitSet::EMPTY,
        1 => DigitSet::POUND,
        2 => DigitSet::STAR,
        _ => DigitSet::of(&[Digit::Pound, Digit::Star, Digit::D5]),
    }
}

fn time(millis: u16) -> Duration {
    // The longest that the collector's short timers count, and never zero.
    Duration::from_millis(u64::from(millis).clamp(1, 65_534))
}

/// `None` stands for taking the outputs.
fn event(operation: Operation) -> Option<Event> {
    Some(match operation {
        Operation::Begin {
            min,
            max,
            terminators,
            cancel,
            swallow,
            first,
            inter,
            critical,
            overall,
            extra,
            long_press,
            playing,
            keep,
        } => Event::Begin(
            Policy {
                min,
                max,
                terminators: keys(terminators),
                cancel: keys(cancel),
                mismatch: if swallow { Mismatch::Swallow } else { Mismatch::AtOnce },
                first_digit: first.map(time),
                inter_digit: time(inter),
                critical: critical.map(time),
                overall: overall.map(time),
                extra_digit: Duration::from_millis(u64::from(extra).min(65_534)),
                long_press: long_press.map(time),
            },
            if playing { Prompt::Playing } else { Prompt::Silent },
            if keep { Earlier::Keep } else { Earlier::Flush },
        ),
        Operation::Press(code) => Event::Digit(key(code)),
        Operation::Release => Event::Release,
        Operation::PromptEnded => Event::PromptEnded,
        Operation::Wait(millis) => Event::Wait(millis.into()),
        Operation::Flush => Event::Flush,
        Operation::Abort => Event::Abort,
        Operation::Drain => return None,
    })
}

fuzz_target!(|input: (bool, Vec<Operation>)| {
    let (type_ahead, operations) = input;
    let type_ahead = if type_ahead { TypeAhead::On } else { TypeAhead::Off };
    let mut machine = Collector::new(type_ahead);
    let mut reference = Reference::new(type_ahead, dialable);
    let mut now = Instant::EPOCH;
    for operation in operations {
        let Some(event) = event(operation) else {
            drain(&mut machine, &mut reference);
            continue;
        };
        let matcher = &dialable;
        let result = match &event {
            Event::Begin(policy, prompt, earlier) => {
                let (prompt, earlier) = (*prompt, *earlier);
                machine.handle(now, Input::Begin { policy, prompt, earlier, matcher })
            }
            Event::Digit(digit) => machine.handle(now, Input::Press { digit: *digit, matcher }),
            Event::Wait(millis) => {
                now += Duration::from_millis(*millis);
                machine.handle_timeout(now);
                Ok(())
            }
            Event::PromptEnded => machine.handle(now, Input::PromptEnded),
            Event::Release => machine.handle(now, Input::Release),
            Event::Flush => machine.handle(now, Input::Flush),
            Event::Abort => machine.handle(now, Input::Abort),
        };
        assert_eq!(result, reference.apply(&event));
        assert_eq!(machine.is_collecting(), reference.is_collecting());
        assert_eq!(machine.poll_timeout(), reference.due().map(Instant::from_millis));
        assert!(machine.digits().len() <= Digits::CAPACITY);
    }
    drain(&mut machine, &mut reference);
});

fn drain(machine: &mut Collector, reference: &mut Reference) {
    let said: Vec<_> = std::iter::from_fn(|| machine.poll_output()).collect();
    assert_eq!(said, reference.drain());
}
